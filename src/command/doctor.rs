//! `envoi doctor --client NAME`: the lines that point a client at envoi, then whether the address answers as it needs.

use std::sync::Arc;

use clap::Args;
use hyper::Method;

use super::{
    Exit, Reach,
    call::{Answered, Caller},
    clients::{self, CLIENTS, Client},
    complain, pretty, say,
    send::{base, token, token_url, tree},
};
use crate::{config::demo, message::client::Secret, schema::Schema};

#[derive(Args)]
pub(super) struct Doctor {
    /// The SOAP client: one of those that `envoi doctor` lists without this, in any usual spelling.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    #[command(flatten)]
    reach: Reach,
    /// The API client that the checks log in as; its secret comes from ENVOI_CLIENT_SECRET.
    #[arg(long, default_value = demo::CLIENT_ID)]
    id: String,
    /// The SOAP user that the lines name.
    #[arg(long, default_value = demo::USER)]
    user: String,
    /// Only show the lines; check nothing.
    #[arg(long)]
    offline: bool,
}

/// What a check found, or why it failed.
type Check = Result<String, String>;

pub(super) async fn examine(doctor: &Doctor) -> Exit {
    let Some(name) = &doctor.client else {
        let list: String = CLIENTS.iter().map(|c| format!("{:32}{}\n", c.names.join(", "), c.title)).collect();
        return say(&list);
    };
    let Some(client) = clients::named(name) else {
        let names: Vec<_> = CLIENTS.iter().filter_map(|client| client.names.first().copied()).collect();
        let perhaps = clients::near(name).map_or_else(String::new, |near| format!("; perhaps `{near}` is meant"));
        let known = names.join(", ");
        return complain(Exit::Usage, &format!("no client `{name}` is known{perhaps}: expected {known}"));
    };
    let caller = match doctor.reach.caller() {
        Ok(caller) => caller,
        Err(exit) => return exit,
    };
    let shown = say(&doctor.lines(client));
    if doctor.offline || shown != Exit::Ok {
        return shown;
    }
    let schema = match Schema::embedded() {
        Ok(schema) => Arc::new(schema),
        Err(error) => return complain(Exit::Internal, &error.to_string()),
    };
    let mut all_good = true;
    let mut tell = |what: &str, check: &Check| {
        all_good &= check.is_ok();
        let (mark, text) = match check {
            Ok(text) => ("good", text),
            Err(text) => ("FAIL", text),
        };
        say(&format!("{mark}  {what}: {text}\n"))
    };
    tell("WSDL", &doctor.wsdl(&caller).await);
    let given = doctor.token(&caller).await;
    tell("token", &given.as_ref().map(|_| "given".to_owned()).map_err(Clone::clone));
    if let Ok(given) = given {
        tell("GetSystemStatus", &doctor.status(&caller, &given, &schema).await);
    }
    if all_good { Exit::Ok } else { Exit::Failed }
}

impl Doctor {
    fn lines(&self, client: &Client) -> String {
        let fill = |text: &str| {
            let text = text.replace("{soap}", &self.reach.url).replace("{wsdl}", &self.wsdl_url());
            let base = base(&self.reach.url);
            let text = text.replace("{base}", base).replace("{root}", base.trim_end_matches('/'));
            text.replace("{id}", &self.id).replace("{user}", &self.user)
        };
        let notes: String = client.notes.iter().map(|note| format!("- {}\n", fill(note))).collect();
        format!("{}\n\n{}\n\n{notes}\n", client.title, fill(client.lines))
    }

    fn wsdl_url(&self) -> String {
        format!("{}?wsdl", self.reach.url)
    }

    async fn wsdl(&self, caller: &Caller) -> Check {
        let answer = caller.call(Method::GET, &self.wsdl_url(), &[], "").await?;
        let text = String::from_utf8_lossy(&answer.body);
        let location = text.split("location=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let location =
            location.filter(|url| url.to_ascii_lowercase().ends_with("service.asmx")).last().unwrap_or_default();
        match answer.status {
            200 if location.eq_ignore_ascii_case(&self.reach.url) => Ok(format!("its endpoint is {location}")),
            200 => Err(format!("its endpoint is `{location}`, not {}: set server.public_url", self.reach.url)),
            status => Err(format!("HTTP {status}")),
        }
    }

    async fn token(&self, caller: &Caller) -> Result<Secret, String> {
        let secret = match std::env::var("ENVOI_CLIENT_SECRET") {
            Ok(secret) => Secret::new(secret),
            Err(_) if self.id == demo::CLIENT_ID => Secret::new(demo::CLIENT_SECRET),
            Err(_) => return Err(format!("put the secret of `{}` into ENVOI_CLIENT_SECRET", self.id)),
        };
        token(caller, &token_url(&self.reach.url), &self.id, &secret).await
    }

    async fn status(&self, caller: &Caller, token: &Secret, schema: &Arc<Schema>) -> Check {
        let envelope = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
                        <SystemStatusRequestMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Options/>\
                        </SystemStatusRequestMsg></s:Body></s:Envelope>";
        let headers = [
            ("Content-Type", "text/xml; charset=utf-8".to_owned()),
            ("SOAPAction", "\"GetSystemStatus\"".to_owned()),
            ("Authorization", format!("Bearer {}", token.expose())),
        ];
        let Answered { status, headers, body } = caller.call(Method::POST, &self.reach.url, &headers, envelope).await?;
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
        let answer = tree(body, content_type, schema).map_err(|error| format!("HTTP {status}: {error}"))?;
        match pretty::complaint(answer.root()) {
            Some(complaint) => Err(complaint),
            None if status == 200 => Ok("OK".to_owned()),
            None => Err(format!("HTTP {status}")),
        }
    }
}
