//! A whole gateway in this process with a stopped clock, its operators' side, and the words of asynchronous calls.

use std::path::Path;

use envoi::{clock::Time, server::Parts};

use crate::gateway::{Answer, Gateway, PARTNER_API, request};

pub(crate) struct House {
    pub(crate) gateway: Gateway,
}

/// Options of an asynchronous call.
#[derive(Clone, Default)]
pub(crate) struct Asynchronous(String);

impl Asynchronous {
    pub(crate) fn new() -> Self {
        Self("<RequestType>Asynchronous</RequestType>".to_owned())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0 += &format!("<{name}>{value}</{name}>");
        self
    }

    pub(crate) fn part(id: &str, sequence: u32, calls: u32) -> Self {
        Self::new()
            .with("ConversationID", id)
            .with("SequenceCode", &sequence.to_string())
            .with("CallsInConversation", &calls.to_string())
    }

    /// The members alone.
    pub(crate) fn members(&self) -> &str {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        format!("<Options>{}</Options>", self.0)
    }
}

/// A list as an object; a second one of that name is an error, so it tells how often a part was applied.
pub(crate) fn list(name: &str) -> String {
    format!("<Objects xsi:type=\"List\"><ListName>{name}</ListName></Objects>")
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        Self { gateway: Gateway::start_with(change).await }
    }

    /// With settings as a configuration file has them.
    pub(crate) async fn configured(settings: &[(&str, &str)]) -> Self {
        let flags = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned(), "--set".to_owned()));
        let layers = envoi::config::Layers { flags: flags.collect(), ..Default::default() };
        let config = envoi::config::Config::load(&layers).expect("good settings");
        Self::with(|parts| (parts.backend, parts.queue) = (config.backend, config.queue)).await
    }

    pub(crate) async fn on_disk(path: &Path, at: Time) -> Self {
        Self::with(|parts| {
            parts.store.path = Some(path.to_owned());
            parts.clock = envoi::clock::Clock::stopped_at(at);
        })
        .await
    }

    /// Runs the program as an operator of this server does: exit code, stdout, stderr.
    pub(crate) async fn operate(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_envoi"));
        command.args(arguments).args(["--admin", &format!("http://{}/", self.gateway.admin)]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
        (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
    }

    /// A call of any operation.
    pub(crate) async fn call(&self, operation: &str, options: &Asynchronous, objects: &str) -> Answer {
        let root = root(operation);
        self.gateway.call(operation, &request(root, &options.text(), objects)).await
    }

    pub(crate) async fn create(&self, options: &Asynchronous, objects: &str) -> Answer {
        self.gateway.call("Create", &request("CreateRequest", &options.text(), objects)).await
    }

    /// Creates a list in a part; gives the ErrorCode, if it was refused.
    pub(crate) async fn part(&self, id: &str, sequence: u32, calls: u32, name: &str) -> Option<String> {
        self.create(&Asynchronous::part(id, sequence, calls), &list(name))
            .await
            .text("CreateResponse/Results/ErrorCode")
    }

    pub(crate) async fn delete(&self, object: &str) -> Answer {
        self.gateway.call("Delete", &request("DeleteRequest", "<Options/>", object)).await
    }

    /// Moves the clock; returns when what became due has been worked off.
    pub(crate) async fn advance(&self, seconds: u64) {
        let answer = self.admin("POST", &format!("/time?by={}", seconds * 1000)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Waits until everything that is due has been worked off.
    pub(crate) async fn idle(&self) {
        self.advance(0).await;
    }

    pub(crate) async fn admin(&self, method: &str, path: &str) -> Answer {
        Answer::to_operator(self.gateway.admin, method, path).await
    }

    pub(crate) async fn conversation(&self, id: &str) -> serde_json::Value {
        let answer = self.admin("GET", &format!("/conversation?id={id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        self.conversation(id).await["state"].as_str().expect("a state").to_owned()
    }

    pub(crate) async fn retrieve(&self, kind: &str, properties: &[&str], filter: &str) -> Answer {
        let properties: String = properties.iter().map(|name| format!("<Properties>{name}</Properties>")).collect();
        let message = format!(
            "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest><ObjectType>{kind}</ObjectType>{properties}\
             {filter}</RetrieveRequest></RetrieveRequestMsg>"
        );
        self.gateway.call("Retrieve", &message).await
    }

    /// One property of what a filter finds.
    pub(crate) async fn values(&self, kind: &str, property: &str, filter: &str) -> Vec<String> {
        let answer = self.retrieve(kind, &[property], filter).await;
        let status = answer.text("RetrieveResponseMsg/OverallStatus");
        assert!(matches!(status.as_deref(), Some("OK" | "MoreDataAvailable")), "{}", answer.body);
        let count = answer.count("RetrieveResponseMsg/Results");
        (0..count)
            .map(|at| answer.text(&format!("RetrieveResponseMsg/Results#{at}/{property}")).unwrap_or_default())
            .collect()
    }

    /// The names of the lists that were created, in the order of their creation.
    pub(crate) async fn lists(&self) -> Vec<String> {
        let mut names = self.values("List", "ListName", "").await;
        names.retain(|name| name != "All Subscribers");
        names
    }
}

/// The element of an operation's request.
pub(crate) fn root(operation: &str) -> &'static str {
    match operation {
        "Create" => "CreateRequest",
        "Update" => "UpdateRequest",
        "Delete" => "DeleteRequest",
        _ => "PerformRequestMsg",
    }
}

/// The way to the first row of an answer.
pub(crate) fn row(operation: &str) -> &'static str {
    match operation {
        "Create" => "CreateResponse/Results",
        "Update" => "UpdateResponse/Results",
        "Delete" => "DeleteResponse/Results",
        _ => "PerformResponseMsg/Results/Result",
    }
}

pub(crate) fn equals(property: &str, value: &str) -> String {
    format!(
        "<Filter xsi:type=\"SimpleFilterPart\"><Property>{property}</Property>\
         <SimpleOperator>equals</SimpleOperator><Value>{value}</Value></Filter>"
    )
}
