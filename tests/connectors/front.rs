//! The front door as a user has it: connectors and routes written in a configuration file, three systems behind one call.

use std::fs;

use envoi::config::{Config, Layers};

use crate::{
    gateway::{Gateway, request},
    house::{CONNECTLY, SALESFORCE, YEASTAR, number, rows},
    system::{ORG, OUR_NUMBER, System, key_pair, python},
};

#[tokio::test]
async fn routes_of_a_file_lead_one_call_to_three_systems_and_the_store() {
    if !python() {
        return;
    }
    let [salesforce, yeastar, connectly] = [SALESFORCE, YEASTAR, CONNECTLY].map(System::start);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("client-secret"), "client-secret\n").unwrap();
    let text = format!(
        r#"
[[connector]]
name = "crm"
system = "salesforce"
base_url = "http://{salesforce}/api/v1"
login_url = "http://{salesforce}"
consumer_key = "consumer"
user = "robot@example.com"
private_key_file = "{key}"
org_id = "{ORG}"
authorization_context = "our_channel"
defaults = {{ channel = "web" }}

[[connector]]
name = "pbx"
system = "yeastar"
base_url = "http://{yeastar}/openapi/v1.0"
client_id = "client"
client_secret_file = "client-secret"
defaults = {{ channel = "whatsapp", sender = "{OUR_NUMBER}", country = "DE" }}

[[connector]]
name = "wa"
system = "connectly"
base_url = "http://{connectly}/v1"
business = "business-1"
api_key_env = "WA_KEY"
defaults = {{ sender = "{OUR_NUMBER}", country = "DE", language = "en" }}

[[route]]
types = ["SMSTriggeredSend"]
definition = "kept*"
to = "store"

[[route]]
types = ["SMSTriggeredSend"]
to = "crm"
properties = {{ Desk = "yes" }}

[[route]]
types = ["SMSTriggeredSend"]
definition = "wa_*"
to = "wa"

[[route]]
types = ["SMSTriggeredSend"]
to = "pbx"
"#,
        salesforce = salesforce.addr,
        yeastar = yeastar.addr,
        connectly = connectly.addr,
        key = key_pair().join("private.pem").display(),
    );
    let path = folder.path().join("envoi.toml");
    fs::write(&path, &text).unwrap();
    let layers = Layers {
        file: Some((path, text)),
        environment: vec![("WA_KEY".to_owned(), "api-key-1".to_owned())],
        ..Layers::default()
    };
    let config = Config::load(&layers).unwrap_or_else(|problems| panic!("{problems:?}"));
    let gateway = Gateway::start_with(|parts| parts.connectors = config.connectors).await;
    let object = |definition: &str, extra: &str, at: u32| {
        format!(
            "<Objects xsi:type=\"SMSTriggeredSend\">{extra}<SMSTriggeredSendDefinition><CustomerKey>{definition}\
             </CustomerKey></SMSTriggeredSendDefinition><Message>{definition}</Message><Number>{}</Number></Objects>",
            number(at)
        )
    };
    let desk = "<PartnerProperties><Name>Desk</Name><Value>yes</Value></PartnerProperties>";
    let objects =
        [object("wa_hello", "", 1), object("desk", desk, 2), object("other", "", 3), object("kept_here", "", 4)];
    let answer = gateway.call("Create", &request("CreateRequest", "<Options/>", &objects.concat())).await;
    let statuses: Vec<_> = rows(&answer).into_iter().map(|row| row.status).collect();
    assert_eq!(statuses[..3], ["OK", "OK", "OK"], "{}", answer.body);
    assert_eq!(statuses.len(), 4, "{}", answer.body);
    assert_eq!(connectly.texts().await, ["wa_hello"]);
    assert_eq!(salesforce.texts().await, ["desk"]);
    assert_eq!(yeastar.texts().await, ["other"]);
}
