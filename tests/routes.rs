//! Connectors and routes as a user writes them: every mistake with its place, what is shown, and `envoi route`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test ends where it is wrong")]

#[path = "routes/demonstration.rs"]
mod demonstration;

use std::{fs, path::Path, process::Command};

use envoi::{
    config::{Config, Layers, toml},
    connector::{Api, CompleteOn, To},
};

const SECRET: &str = "hush-hush-hush";

/// A directory with a configuration, and files with secrets beside it.
fn written(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret"), format!("{SECRET}\n")).unwrap();
    fs::write(dir.path().join("short"), "x").unwrap();
    fs::write(dir.path().join("elliptic.pem"), rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let path = dir.path().join("envoi.toml");
    fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    (dir, path)
}

fn layers(path: &str) -> Layers {
    let environment =
        vec![("PBX_SECRET".to_owned(), SECRET.to_owned()), ("ENVOI_WA_KEY".to_owned(), SECRET.to_owned())];
    Layers { file: Some((path.into(), fs::read_to_string(path).unwrap())), environment, ..Layers::default() }
}

/// Every complaint, a line each; places are lines of the file.
fn complaints(text: &str) -> String {
    let (dir, path) = written(text);
    let problems = Config::load(&layers(&path)).map(|config| config.effective).unwrap_err();
    let dir = format!("{}/", dir.path().display());
    problems.iter().map(|problem| format!("{problem}\n").replace(&dir, "")).collect()
}

const WHOLE: &str = r#"
[[account]]
mid = 7

[[connector]]
name = "wa"
system = "connectly"
business = "b1"
api_key_env = "ENVOI_WA_KEY"
webhook_secret_file = "secret"
complete_on = "delivered"
timeout = "5s"
connect_timeout = "5s"

[connector.defaults]
country = "de"
language = "de"
parameters = ["FirstName", "Order"]

[[connector]]
name = "pbx"
system = "yeastar"
base_url = "https://pbx.example:8088/openapi/v1.0/"
client_id = "client"
client_secret_file = "secret"
on_ambiguous = "ask"
record = true
operations = ["message/get", "message_session/close"]
senders = ["0800", "10*"]
defaults = { channel = "whatsapp", sender = "0800", extension = "1000" }

[[route]]
types = ["SMSTriggeredSend"]
definition = "wa_*"
accounts = [7]
to = "wa"

[[route]]
name = "kept"
to = "store"
[route.properties]
Channel = "none"

[[route]]
name = "the rest"
to = "pbx"
channels = ["whatsapp"]
[route.defaults]
body = "Hi %%First Name%%"
"#;

#[test]
fn what_is_written_is_in_force() {
    let (_dir, path) = written(WHOLE);
    let config = Config::load(&layers(&path)).unwrap();
    let (wa, pbx) = (&config.connectors.connectors["wa"], &config.connectors.connectors["pbx"]);
    assert_eq!(
        (wa.base.as_str(), wa.per_second, wa.complete_on),
        ("https://api.connectly.ai/v1", 200, CompleteOn::Delivered)
    );
    assert_eq!((pbx.base.as_str(), pbx.per_second, pbx.record), ("https://pbx.example:8088/openapi/v1.0", 10, true));
    assert_eq!(
        (wa.operations.len(), pbx.operations.as_slice()),
        (0, ["message/get", "message_session/close"].map(str::to_owned).as_slice())
    );
    assert!(matches!(&wa.api, Api::Connectly { business, api_key } if business == "b1" && api_key.expose() == SECRET));
    assert!(matches!(&pbx.api, Api::Yeastar { client_secret, .. } if client_secret.expose() == SECRET));
    assert_eq!((wa.defaults.country.as_deref(), wa.defaults.parameters.len()), (Some("DE"), 2));
    let routes = &config.connectors.routes;
    assert_eq!(routes.iter().map(|route| route.name.as_str()).collect::<Vec<_>>(), ["route 1", "kept", "the rest"]);
    assert_eq!((routes[0].accounts.as_slice(), &routes[1].to), ([7].as_slice(), &To::Store));
    // A variable that a connector names is no misspelt setting.
    assert!(config.warnings.iter().all(|warning| warning.place != "ENVOI_WA_KEY"), "{:?}", config.warnings);
}

#[test]
fn what_is_shown_can_be_read_again_and_holds_no_secret() {
    let (_dir, path) = written(WHOLE);
    let config = Config::load(&layers(&path)).unwrap();
    let shown = toml(&config);
    assert!(!shown.contains(SECRET) && !format!("{config:?}").contains(SECRET));
    let lists = shown.split_once("\n[[connector]]").unwrap().1;
    let again = format!("[[account]]\nmid = 7\n\n[[connector]]{lists}");
    let again = again.replace("# api_key: not shown", "api_key_file = \"secret\"");
    let again = again.replace("# client_secret: not shown", "client_secret_file = \"secret\"");
    let again = again.replace("# webhook_secret: not shown", "webhook_secret_file = \"secret\"");
    let (_dir, path) = written(&again);
    let read = Config::load(&layers(&path)).unwrap();
    assert_eq!(format!("{:?}", read.connectors), format!("{:?}", config.connectors));
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = r#"[[account]]
mid = 7
[[connector]]
name = "Wrong Name"
sistem = "yeastar"
[[connector]]
name = "wa"
system = "connectly"
base_url = "http://api.example/v1"
api_key_file = "short"
org_id = "00D000000000001"
timeout = "5"
complete_on = "delivered"
[connector.defaults]
country = "Germany"
chanel = "sms"
extension = "12"
[[connector]]
name = "wa"
system = "yeastar"
[[connector]]
name = "pbx"
system = "yeastar"
base_url = "https://user@pbx.example"
client_id = "c"
client_secret_file = "secret"
client_secret_env = "PBX_SECRET"
first_delay = "10m"
[[connector]]
name = "sf"
system = "salesforce"
base_url = "https://x.my.salesforce-scrt.com/api/v1"
private_key_file = "elliptic.pem"
consumer_key = "k"
user = "u"
org_id = "00D"
complete_on = "delivered"
[[route]]
to = "w"
types = ["SmsTriggeredSend", "DataFolder"]
accounts = [8, "x"]
[[route]]
types = ["Subscriber"]
to = "mail"
defaults = { body = "x" }
[[route]]
properties = { Brand = 1 }
too = "pbx"
[route.attributes]
Tier = "gold"
"#;
    let told = complaints(text);
    let expected = "\
envoi.toml:3: connector.system: is missing: expected salesforce or yeastar or connectly
envoi.toml:4: connector.name: expected lower-case letters, digits, - and _, at most 64
envoi.toml:5: connector.sistem: there is no such setting; perhaps `system` is meant
envoi.toml:6: connector.business: is missing
envoi.toml:9: connector.base_url: http:// would send secrets in the clear: expected https://HOST, or http://127.0.0.1:PORT to this machine itself
envoi.toml:10: connector.api_key_file: what it holds is no secret: expected 8 characters or more
envoi.toml:11: connector.org_id: is of salesforce, and this connector's system is connectly
envoi.toml:12: connector.timeout: expected a duration such as 5s: a number alone has no unit
envoi.toml:13: connector.complete_on: delivered needs webhooks: expected webhook_secret_file or webhook_secret_env too
envoi.toml:15: connector.defaults.country: expected a country of two letters (ISO 3166-1), such as DE
envoi.toml:16: connector.defaults.chanel: there is no such setting; perhaps `channel` is meant
envoi.toml:17: connector.defaults.extension: is of yeastar, and this connector's system is connectly
envoi.toml:19: connector.name: there is another connector `wa`
envoi.toml:24: connector.base_url: expected a URL without a user in it
envoi.toml:27: connector.client_secret_env: is set, and client_secret_file too: expected one of them
envoi.toml:28: connector.first_delay: is longer than longest_delay
envoi.toml:29: connector.authorization_context: is missing
envoi.toml:33: connector.private_key_file: expected an RSA key of 2048 bits or more: WrongAlgorithm
envoi.toml:36: connector.org_id: expected the 15 letters and digits of an organisation, such as 00D000000000001
envoi.toml:37: connector.complete_on: Salesforce tells of no delivery by webhook: expected accepted
envoi.toml:39: route.to: there is no connector `w`; perhaps `wa` is meant: expected one of store, mail, wa, pbx, sf
envoi.toml:40: route.types: `SmsTriggeredSend` is no object type of the contract (case matters); perhaps `SMSTriggeredSend` is meant
envoi.toml:40: route.types: a DataFolder cannot go to a connector: expected some of Email, List, SMSTriggeredSend, Subscriber, TriggeredSend, TriggeredSendDefinition
envoi.toml:41: route.accounts: there is no account 8
envoi.toml:41: route.accounts: `x` is no account: expected its number (MID)
envoi.toml:43: route.types: a Subscriber cannot be mailed: expected TriggeredSend
envoi.toml:45: route.defaults: are of routes that lead to a connector
envoi.toml:46: route.to: is missing: expected store, mail, or the name of a connector
envoi.toml:47: route.properties.Brand: expected text, in which * stands for any characters
envoi.toml:48: route.too: there is no such setting; perhaps `to` is meant
";
    assert_eq!(told, expected);
    let numbered = |url: &str| {
        format!(
            "[[connector]]\nname = \"a\"\nsystem = \"connectly\"\nbusiness = \"b\"\napi_key_file = \"secret\"\nbase_url = \"{url}\"\n"
        )
    };
    for host in ["127.1", "2130706433", "0x7f.0.0.1"] {
        let told = complaints(&numbered(&format!("https://{host}/v1")));
        let expected = format!(
            "envoi.toml:6: connector.base_url: `{host}` is no host: expected a name, or an address of four numbers such as 192.0.2.7\n"
        );
        assert_eq!(told, expected);
    }
    assert_eq!(complaints("connector = 1\n"), "envoi.toml:1: connector: expected a list: write `[[connector]]`\n");
    let named = "[[connector]]\nname = \"a\"\nsystem = \"yeastar\"\nbase_url = \"https://a\"\nclient_id = \"c\"\nclient_secret_env = \"NOT_THERE\"\n";
    assert_eq!(
        complaints(named),
        "envoi.toml:6: connector.client_secret_env: there is no environment variable of this name\n"
    );
    let unknown = "[[connector]]\nname = \"a\"\nsystem = \"connectly\"\nbusiness = \"b\"\napi_key_file = \"secret\"\noperations = [\"get/template\", \"message/get\"]\n";
    let all = "expected some of create/template, create/webhooks, get/templates, send/campaigns, update/webhooks";
    assert_eq!(
        complaints(unknown),
        format!(
            "envoi.toml:6: connector.operations: connectly has no operation `get/template`; perhaps `get/templates` is meant: {all}\n\
             envoi.toml:6: connector.operations: connectly has no operation `message/get`: {all}\n"
        )
    );
}

/// Warnings about connectors and routes, a line each; places are lines of the file.
fn warnings(text: &str) -> String {
    let (dir, path) = written(text);
    let config = Config::load(&layers(&path)).unwrap_or_else(|problems| panic!("{problems:?}"));
    let dir = format!("{}/", dir.path().display());
    let lists = |key: &str| key.starts_with("route.") || key.starts_with("connector.");
    let told = config.warnings.iter().filter(|warning| lists(&warning.key));
    told.map(|warning| format!("{warning}\n").replace(&dir, "")).collect()
}

const CONNECTORS: &str = r#"[[account]]
mid = 7
[[account]]
mid = 8
[[user]]
name = "ann"
account = 7
password_hashes = ["$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8wDmqU8XdYFD7JvXl+YS2mVOB8z2vXeC4g2Y9ZkCh1I"]
[[connector]]
name = "wa"
system = "connectly"
business = "b1"
api_key_file = "secret"
[[connector]]
name = "pbx"
system = "yeastar"
base_url = "https://pbx.example/openapi/v1.0"
client_id = "client"
client_secret_file = "secret"
"#;

#[test]
fn what_never_holds_is_told_with_its_line() {
    let routes = r#"[[route]]
to = "wa"
definition = "wa_*"
[[route]]
types = ["Subscriber"]
to = "wa"
[[route]]
types = ["List"]
definition = "x"
to = "store"
[[route]]
types = ["TriggeredSend"]
definition = " x"
accounts = [7, 8]
to = "mail"
[[route]]
definition = "wa_order*"
types = ["SMSTriggeredSend", "TriggeredSend"]
accounts = [7]
to = "mail"
types_are = 1
[route.properties]
Brand = ""
"#;
    // One mistake, and nothing is guessed.
    let mistake = complaints(&format!("{CONNECTORS}{routes}"));
    assert_eq!(mistake.lines().count(), 2, "{mistake}");
    let routes = routes
        .replace("types_are = 1\n", "")
        .replace("types = [\"SMSTriggeredSend\", \"TriggeredSend\"]", "types = [\"TriggeredSend\"]");
    let expected = "\
envoi.toml:15: connector.name: no route leads here
envoi.toml:24: route.types: connectly can do nothing with a Subscriber: every one is answered with an error
envoi.toml:28: route.definition: a List names no definition, so the route never holds
envoi.toml:33: route.accounts: no user and no API client may act for account 8
envoi.toml:32: route.definition: no CustomerKey is ever ` x`: it stands without spaces around it
envoi.toml:40: route.properties: no PartnerProperty Brand is ever ``: values stand without spaces around them, and an empty one is none
";
    assert_eq!(warnings(&format!("{CONNECTORS}{routes}")), expected);
}

#[test]
fn a_route_behind_one_that_takes_all_of_its_objects_is_told() {
    let pair = |early: &str, late: &str| {
        let routes = format!("[[route]]\nname = \"early\"\n{early}\n[[route]]\nname = \"late\"\n{late}\n");
        let told = warnings(&format!("{CONNECTORS}{routes}"));
        let never = told.lines().any(|line| line.contains("`late` never holds: whatever fits it fits `early`"));
        assert_eq!(never, told.contains("never holds"), "{told}");
        never
    };
    for (early, late) in [
        ("to = \"store\"", "to = \"pbx\"\naccounts = [7]"),
        ("to = \"pbx\"", "to = \"pbx\"\ndefinition = \"x\""),
        (
            "to = \"pbx\"\ntypes = [\"SMSTriggeredSend\"]\ndefinition = \"wa*\"",
            "to = \"wa\"\ntypes = [\"SMSTriggeredSend\"]\ndefinition = \"wa_*\"",
        ),
        ("to = \"pbx\"\ntypes = [\"SMSTriggeredSend\", \"TriggeredSend\"]", "to = \"wa\""),
        ("to = \"mail\"", "to = \"pbx\"\ntypes = [\"TriggeredSend\"]"),
        (
            "to = \"pbx\"\ntypes = [\"SMSTriggeredSend\"]\nproperties = { Brand = \"a*\" }",
            "to = \"wa\"\ntypes = [\"SMSTriggeredSend\"]\nproperties = { brand = \"acme\", Desk = \"x\" }",
        ),
    ] {
        assert!(pair(early, late), "{early}\n{late}");
    }
    for (early, late) in [
        ("to = \"pbx\"\naccounts = [7]", "to = \"pbx\""),
        ("to = \"wa\"", "to = \"pbx\""),
        ("to = \"wa\"", "to = \"wa\"\ntypes = [\"SMSTriggeredSend\"]"),
        ("to = \"pbx\"\ndefinition = \"wa_*\"", "to = \"pbx\"\ndefinition = \"wa*\""),
        ("to = \"mail\"", "to = \"pbx\""),
        ("to = \"pbx\"\nattributes = { Tier = \"gold\" }", "to = \"pbx\""),
    ] {
        assert!(!pair(early, late), "{early}\n{late}");
    }
}

/// An envelope with one object.
fn envelope(operation: &str, kind: &str, members: &str) -> String {
    format!(
        r#"<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><{operation}Request xmlns="http://exacttarget.com/wsdl/partnerAPI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Objects xsi:type="{kind}">{members}</Objects></{operation}Request></Body></Envelope>"#
    )
}

fn route(dir: &Path, name: &str, envelope: &str) -> (i32, String, String) {
    route_with(dir, name, envelope, &[])
}

fn route_with(dir: &Path, name: &str, envelope: &str, more: &[&str]) -> (i32, String, String) {
    let file = dir.join(name);
    fs::write(&file, envelope).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ENVOI_")) {
        command.env_remove(name);
    }
    command.args(["route", name, "--config", "envoi.toml"]).args(more).env("ENVOI_WA_KEY", SECRET).current_dir(dir);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_envelope_is_told_its_way_without_a_server() {
    let (dir, _) = written(WHOLE);
    let definition = "<SMSTriggeredSendDefinition><CustomerKey>wa_order</CustomerKey></SMSTriggeredSendDefinition>";
    let sms = format!("{definition}<Message>Hi</Message><Number>0151 12345678</Number>");
    let (exit, out, err) = route(dir.path(), "a.xml", &envelope("Create", "SMSTriggeredSend", &sms));
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    let key = out.split_once(r#""key":""#).unwrap().1.split_once('"').unwrap().0.to_owned();
    let expected = r#"a.xml: Create of 1 objects

object 0: SMSTriggeredSend for account 7
  goes to connector `wa` (connectly) by route `route 1`
  message 0 to +4915112345678 on whatsapp
    POST https://api.connectly.ai/v1/businesses/b1/send/messages
    X-API-Key: …
    Content-Type: application/json
    
    {"callbackData":{"key":"KEY"},"message":{"id":"KEY","text":"Hi"},"recipient":{"channelType":"whatsapp","id":"+4915112345678"}}
"#;
    assert_eq!(out, expected.replace("KEY", &key));

    let subscribers = "<Subscribers><SubscriberKey>+49 151 1</SubscriberKey></Subscribers><Subscribers><SubscriberKey>+4915112345678</SubscriberKey><Attributes><Name>First Name</Name><Value>Ada</Value></Attributes></Subscribers>";
    let extras = "<PartnerProperties><Name>Chanel</Name><Value>x</Value></PartnerProperties>";
    let (exit, out, _) =
        route(dir.path(), "b.xml", &envelope("Create", "TriggeredSend", &format!("{extras}{subscribers}")));
    assert_eq!(exit, 1, "one of its recipients gets nothing");
    for line in [
        "  route `route 1` does not fit: not for TriggeredSend\n  route `kept` does not fit: there is no PartnerProperty Channel\n",
        "  goes to connector `pbx` (yeastar) by route `the rest`\n  the connector records: nothing would leave\n",
        "    POST https://pbx.example:8088/openapi/v1.0/message/send?access_token=…\n",
        r#""msg_body":"Hi Ada""#,
        "  recipient 0 (+49 151 1): error 40000",
        "  PartnerProperty Chanel says nothing here; perhaps `Channel` is meant\n",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }

    let named = "<PartnerProperties><Name>Sender</Name><Value>0900</Value></PartnerProperties>";
    let (exit, out, _) =
        route(dir.path(), "b2.xml", &envelope("Create", "TriggeredSend", &format!("{named}{subscribers}")));
    let refused =
        "error 4000010: The connector does not allow the sender 0900: expected one of `senders` of the connector pbx";
    assert!(exit == 1 && out.contains(refused), "{out}");

    let (exit, out, _) = route(dir.path(), "c.xml", &envelope("Update", "List", "<ListName>a</ListName>"));
    assert!(exit == 0 && out.contains("no route fits: kept here"), "{out}");
    let (exit, out, _) =
        route(dir.path(), "d.xml", &envelope("Delete", "Subscriber", "<SubscriberKey>a</SubscriberKey>"));
    assert!(exit == 0 && out.contains("company_contact/delete?id=0&access_token=…"), "{out}");
    assert!(
        out.ends_with(
            "    (the id 0 stands for that of the contact or phonebook, which only the server knows that made it)\n"
        ),
        "{out}"
    );
    let known = "<SubscriberKey>a</SubscriberKey><PartnerProperties><Name>ContactID</Name><Value>31</Value></PartnerProperties>";
    let (exit, out, _) = route(dir.path(), "d2.xml", &envelope("Delete", "Subscriber", known));
    assert!(exit == 0 && out.contains("delete?id=31&") && !out.contains("stands for"), "{out}");
    let (exit, _, err) = route(dir.path(), "e.xml", "<a/>");
    assert!(exit == 64 && err.contains("no SOAP envelope"), "{err}");
    let (exit, out, _) = route(dir.path(), "f.xml", &envelope("Update", "SMSTriggeredSend", &sms));
    assert!(exit == 1 && out.contains("error 4000004"), "{out}");
    // What the server refuses is told as it would be answered.
    let kept = "<PartnerProperties><Name>Channel</Name><Value>none</Value></PartnerProperties>";
    for (operation, kind, members, parts) in [
        ("Create", "SMSTriggeredSend", kept, ["goes by route `kept`: refused", "error 18006: Unable to send"]),
        ("Create", "VoiceTriggeredSend", "", ["no route fits: refused", "this server sends no VoiceTriggeredSend"]),
        ("Update", "Send", "", ["no route fits: refused", "error 5: Cannot perform Update"]),
        ("Create", "TriggeredSend", kept, ["goes by route `kept`: refused", "error 18006: Unable to send: no mail"]),
    ] {
        let (exit, out, _) = route(dir.path(), "g.xml", &envelope(operation, kind, members));
        assert!(exit == 1 && parts.iter().all(|part| out.contains(part)), "{kind}: {exit}\n{out}");
    }
}

#[test]
fn the_account_is_the_named_one_then_the_users_then_the_first() {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let users = format!(
        "[[user]]\nname = \"demo\"\naccount = 9\npassword_hashes = [\"{hash}\"]\nact_for = [7]\n[[user]]\nname = \"seven\"\naccount = 7\npassword_hashes = [\"{hash}\"]\n"
    );
    // The first of the configuration is not the smallest.
    let accounts = "[[account]]\nmid = 9\n[[account]]\nmid = 7\n";
    let (dir, _) = written(&format!("{accounts}{users}"));
    let whole = |header: &str, options: &str, client: &str| {
        format!(
            r#"<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header>{header}</Header><Body><CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Options>{options}</Options><Objects xsi:type="List">{client}</Objects></CreateRequest></Body></Envelope>"#
        )
    };
    let user = |name: &str| {
        format!("<Security><UsernameToken><Username>{name}</Username><Password>x</Password></UsernameToken></Security>")
    };
    let (demo, seven) = (user("demo"), user("seven"));
    let of = |mid: u64| format!("<Client><ID>{mid}</ID></Client>");
    for (envelope, more, expected) in [
        (whole("", "", ""), [].as_slice(), 9),
        (whole(&demo, "", ""), &[], 9),
        (whole(&seven, "", ""), &[], 7),
        (whole(&user("nobody"), "", ""), &[], 9),
        (whole("<fueloauth>token</fueloauth>", "", ""), &[], 9),
        (whole(&demo, &of(7), ""), &[], 7),
        (whole(&seven, &of(7), &of(9)), &[], 9),
        (whole(&seven, &of(7), &of(7)), &["--account", "9"], 9),
    ] {
        let (exit, out, err) = route_with(dir.path(), "a.xml", &envelope, more);
        assert!(
            exit == 0 && out.contains(&format!("object 0: List for account {expected}\n")),
            "{envelope} {out} {err}"
        );
    }
    let (exit, _, err) = route_with(dir.path(), "a.xml", &whole(&demo, "", ""), &["--account", "99"]);
    assert_eq!((exit, err.as_str()), (64, "envoi: a.xml: there is no account 99: expected one of 7, 9\n"));
    let (exit, _, err) = route(dir.path(), "a.xml", &whole(&demo, "", &of(8)));
    assert_eq!((exit, err.as_str()), (64, "envoi: a.xml: object 0: there is no account 8: expected one of 7, 9\n"));
}

#[test]
fn a_configuration_that_is_wrong_routes_nothing() {
    let (dir, _) = written("[[route]]\nto = \"nowhere\"\n");
    let (exit, out, err) = route(dir.path(), "a.xml", &envelope("Create", "List", ""));
    assert_eq!((exit, out.as_str()), (64, ""));
    assert!(err.contains("envoi.toml:2: route.to: there is no connector `nowhere`"), "{err}");
}

#[test]
fn attributes_of_the_subscribers_of_a_triggered_send_do_not_route() {
    let (dir, _) = written(&format!("{CONNECTORS}[[route]]\nto = \"wa\"\n[route.attributes]\nTier = \"gold\"\n"));
    let attribute = |name: &str| format!("<Attributes><Name>{name}</Name><Value>gold</Value></Attributes>");
    let of_subscriber = format!("<Subscribers>{}</Subscribers>", attribute("tier"));
    for (members, why) in [
        (of_subscriber.clone(), "Tier on the TriggeredSend itself; those of its Subscribers do not route\n"),
        (attribute("Colour") + "<Subscribers/>", "does not fit: there is no Attribute Tier\n"),
        (attribute("TIER") + &of_subscriber, "goes to connector `wa`"),
    ] {
        let (_, out, _) = route(dir.path(), "a.xml", &envelope("Create", "TriggeredSend", &members));
        assert!(out.contains(why), "{members} {out}");
    }
}

#[test]
fn a_channel_that_the_documentation_of_a_pbx_does_not_list_is_told() {
    let told = |given: &str| warnings(&format!("{CONNECTORS}{given}"));
    let listed = "is no channel that the documentation of the PBX lists (general, twilio, telnyx, bandwidth, whatsapp, facebook, livechat): where it has none of that name, it answers 80018";
    let route = "[[route]]\nto = \"pbx\"\ntypes = [\"SMSTriggeredSend\"]\nchannels = [\"general\", \"viber\", \"tel*\"]\n[route.defaults]\nchannel = \"sms\"\n[[route]]\nto = \"wa\"\n[route.defaults]\nchannel = \"sms\"\n";
    let expected = format!(
        "envoi.toml:25: route.defaults.channel: `sms` {listed}\nenvoi.toml:23: route.channels: `viber` {listed}\n"
    );
    assert_eq!(told(route), expected);
}

#[test]
fn a_connection_that_is_given_no_time_has_that_of_its_request() {
    let connector = |times: &str| {
        let text = format!(
            "[[connector]]\nname = \"wa\"\nsystem = \"connectly\"\nbusiness = \"b1\"\napi_key_env = \"ENVOI_WA_KEY\"\n{times}"
        );
        let (_dir, path) = written(&text);
        Config::load(&layers(&path)).map(|config| {
            let connector = &config.connectors.connectors["wa"];
            (connector.connect_timeout.as_secs(), connector.timeout.as_secs())
        })
    };
    assert_eq!(connector("timeout = \"2s\"").ok(), Some((2, 2)));
    assert_eq!(connector("timeout = \"1m\"").ok(), Some((10, 60)));
    let told = complaints(
        "[[connector]]\nname = \"wa\"\nsystem = \"connectly\"\nbusiness = \"b1\"\napi_key_env = \"ENVOI_WA_KEY\"\ntimeout = \"2s\"\nconnect_timeout = \"3s\"\non_ambiguous = \"maybe\"\n",
    );
    assert!(
        told.contains("connector.connect_timeout: 3s is longer than timeout (2s), which it is a part of"),
        "{told}"
    );
    assert!(told.contains("connector.on_ambiguous: `maybe` is not known: expected retry or stop or ask"), "{told}");
}

#[test]
fn a_list_that_limits_nothing_is_a_mistake() {
    for (list, found) in [
        ("senders = [\"\"]", "``"),
        ("channels = [\"whatsapp\", \"\"]", "``"),
        ("senders = [\" x \"]", "` x `"),
        ("senders = \" \"", "` `"),
    ] {
        let told = complaints(&format!("{CONNECTORS}{list}\n[[route]]\nto = \"pbx\"\n{list}\n"));
        let field = list.split(' ').next().unwrap();
        let what = format!("{found} stands in it: expected texts without spaces around them, and none that is empty");
        let expected = format!("envoi.toml:20: connector.{field}: {what}\nenvoi.toml:23: route.{field}: {what}\n");
        assert_eq!(told, expected);
    }
    let told = complaints(&format!("{CONNECTORS}[[route]]\nto = \"pbx\"\nchannels = []\n"));
    assert_eq!(told, "envoi.toml:22: route.channels: expected one or more; leave it out to allow any\n");
    let good = "senders = \"+4930*, 12\"\n[[route]]\nto = \"pbx\"\n";
    assert_eq!(warnings(&format!("{CONNECTORS}{good}")), "envoi.toml:10: connector.name: no route leads here\n");
}

#[test]
fn lists_templates_and_bodies_are_told_their_way() {
    let routes = r#"operations = ["message_campaign/create"]
senders = ["+4989*"]
[[route]]
to = "pbx"
types = ["List", "Subscriber", "SMSTriggeredSend"]
[[route]]
to = "wa"
types = ["TriggeredSendDefinition", "List"]
definition = "wa_*"
defaults = { language = "de", parameters = ["FirstName"] }
"#;
    let expected =
        "envoi.toml:27: route.types: connectly can do nothing with a List: every one is answered with an error\n";
    assert_eq!(
        warnings(&format!("{CONNECTORS}{routes}")),
        expected,
        "bodies are looked into: there is nothing to warn of"
    );
    let (dir, _) = written(&format!("{CONNECTORS}{routes}"));
    let property = |name: &str, value: &str| {
        let value = value.replace('"', "&quot;");
        format!("<PartnerProperties><Name>{name}</Name><Value>{value}</Value></PartnerProperties>")
    };
    let campaign = |body: &str| property("Operation", "message_campaign/create") + &property("Body", body);
    let template = property("Category", "UTILITY") + &property("Body", "Dear %%FirstName%%");
    let definition = |more: &str| format!("{more}<CustomerKey>wa_order</CustomerKey><Name>Order</Name>");
    for (operation, kind, members, exit, parts) in [
        (
            "Create",
            "List",
            "<ListName>red</ListName>".to_owned(),
            0,
            [r#"{"member_select":"sel_specific","name":"red"}"#, "message 0 to red on phonebook"],
        ),
        (
            "Delete",
            "List",
            "<ID>31</ID>".to_owned(),
            0,
            ["phonebook/delete?id=0&access_token=…", "the id 0 stands for that of the contact or phonebook"],
        ),
        (
            "Create",
            "Subscriber",
            "<Lists><ID>31</ID></Lists><SubscriberKey>+4989123456</SubscriberKey>".to_owned(),
            0,
            ["which of its Lists are phonebooks is known to the server alone", "company_contact/create"],
        ),
        (
            "Create",
            "TriggeredSendDefinition",
            definition(&template),
            0,
            [r#""template_components":[{"body":{"text":{"text":"Dear {{1}}"}}}]"#, "create/template"],
        ),
        ("Update", "TriggeredSendDefinition", definition(""), 0, ["so its Update is done here", "kept here"]),
        (
            "Update",
            "TriggeredSendDefinition",
            definition(&template),
            1,
            ["error 4000004", "cannot be done by connectly"],
        ),
        ("Create", "Email", "<TextBody>Hi</TextBody>".to_owned(), 0, ["not for Email", "kept here"]),
        (
            "Create",
            "SMSTriggeredSend",
            campaign(r#"{"sender":"0900"}"#),
            1,
            [
                "error 4000010: PartnerProperty Body: sender: The connector does not allow the sender 0900",
                "of the connector pbx",
            ],
        ),
        (
            "Create",
            "SMSTriggeredSend",
            campaign(r#"{"sender":"+49891"}"#),
            0,
            [r#"{"sender":"+49891"}"#, "campaign/create"],
        ),
    ] {
        let (code, out, _) = route(dir.path(), "a.xml", &envelope(operation, kind, &members));
        assert!(code == exit && parts.iter().all(|part| out.contains(part)), "{operation} {kind}: {code}\n{out}");
    }
}

#[test]
fn thousands_of_routes_are_read_each_with_its_line() {
    use std::fmt::Write as _;
    let mut text = format!(
        "{CONNECTORS}[[route]]\nname = \"wide\"\nto = \"wa\"\ntypes = [\"SMSTriggeredSend\"]\ndefinition = \"w*\"\n"
    );
    for at in 0..3000 {
        writeln!(text, "[[route]]\nto = \"pbx\"\ntypes = [\"SMSTriggeredSend\"]\ndefinition = \"d{at}\"").unwrap();
    }
    text += "[[route]]\nname = \"late\"\ntypes = [\"SMSTriggeredSend\"]\ndefinition = \"w1\"\nto = \"pbx\"\n";
    let expected =
        "envoi.toml:12029: route.to: `late` never holds: whatever fits it fits `wide`, which stands before it\n";
    assert_eq!(warnings(&text), expected);
}

#[cfg(unix)]
#[test]
fn a_secret_without_an_end_is_not_read_to_its_end() {
    let text = format!("{CONNECTORS}ca = \"/dev/zero\"\n[[route]]\nto = \"pbx\"\n")
        .replace("api_key_file = \"secret\"", "api_key_file = \"/dev/zero\"");
    let expected = "\
envoi.toml:13: connector.api_key_file: the file cannot be read: it is too long: expected at most 64 KiB
envoi.toml:20: connector.ca: /dev/zero: I/O error: it is too long: expected at most 4 MiB
";
    assert_eq!(complaints(&text), expected);
}
