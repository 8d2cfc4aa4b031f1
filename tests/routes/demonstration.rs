//! `envoi demo --connectors` as a new user meets it: the samples, every failure on demand, webhooks by hand, and who writes.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::envelope;

/// A demonstration with simulated backends, which ends with the test.
struct Demo {
    child: Child,
    /// What it printed before it was ready.
    banner: String,
    url: String,
    admin: String,
}

impl Demo {
    fn start() -> Self {
        let ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
        command.args(["demo", "--connectors"]).args(ports).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (mut admin, mut url, mut banner) = (String::new(), String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(found) = line.strip_prefix("admin ") {
                admin = found.to_owned();
            }
            if let Some(found) = line.strip_prefix("ready ") {
                url = format!("{found}/Service.asmx");
                break;
            }
            banner += &(line + "\n");
        }
        assert!(!url.is_empty() && !admin.is_empty());
        Self { child, banner, url, admin }
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/connectors");
        command.args(arguments).env("ENVOI_URL", &self.url).env("ENVOI_ADMIN", &self.admin).current_dir(samples);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demonstration_shows_every_system_and_its_failures() {
    let demo = Demo::start();
    // A webhook may tell that it was delivered before its call is answered, so it is not said which of the two stands there.
    for (file, exit, parts) in [
        ("chat-text.xml", 0, ["[salesforce] accepted", "NewObjectID"]),
        ("chat-consent.xml", 0, ["[salesforce] accepted", "OK"]),
        ("pbx-text.xml", 0, ["[yeastar] ", "NewID"]),
        ("pbx-contact.xml", 0, ["[yeastar] ", "NewID"]),
        ("pbx-list.xml", 0, ["[yeastar] accepted", "NewID"]),
        ("pbx-list.xml", 1, ["4000013", "regulars"]),
        ("whatsapp-new-template.xml", 0, ["[connectly] accepted; the template is PENDING", "NewObjectID"]),
        ("whatsapp-text.xml", 0, ["[connectly] ", "NewObjectID"]),
        ("whatsapp-template.xml", 0, ["SubscriberFailures", "4000001"]),
        ("whatsapp-window-closed.xml", 1, ["ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", "3000010"]),
    ] {
        let (code, out) = demo.run(&["send", file]);
        assert!(code == exit && parts.iter().all(|part| out.contains(part)), "{file}: {code}\n{out}");
    }
    for (fault, file, part) in [
        (["connectly", "--code", "ERROR_CODE_BUSINESS_REACHED_LIMITS"], "whatsapp-text.xml", "3000011"),
        (["yeastar", "--code", "70123"], "pbx-text.xml", "2070123"),
        (["salesforce", "--code", "10022"], "chat-consent.xml", "1010022"),
        // Of the others a webhook may tell that it arrived all the same.
        (["salesforce", "--reset", "after"], "chat-text.xml", "in doubt"),
        (["salesforce", "--reset", "body"], "chat-text.xml", "in doubt"),
    ] {
        let set = [&["fault", "set"], fault.as_slice()].concat();
        assert_eq!(demo.run(&set).0, 0, "{fault:?}");
        let (code, out) = demo.run(&["send", file]);
        assert!(code == 1 && out.contains(part), "{fault:?}: {code}\n{out}");
    }
    // A token that is not valid any more is asked for anew; a limit ends by itself.
    for fault in [["salesforce", "--code", "10004"], ["connectly", "--limit", "--retry-after=1s"]] {
        assert_eq!(demo.run(&[&["fault", "set"], fault.as_slice()].concat()).0, 0);
        let file = if fault[0] == "salesforce" { "chat-text.xml" } else { "whatsapp-text.xml" };
        let (code, out) = demo.run(&["send", file]);
        assert!(code == 0 && out.contains("<OverallStatus>OK</OverallStatus>"), "{fault:?}: {code}\n{out}");
    }
    let (code, out) = demo.run(&["fault", "set", "yeastar", "--code", "10025"]);
    assert!(code == 64 && out.contains("yeastar has no code `10025`"), "{out}");
    let (code, out) = demo.run(&["fault", "set", "pbx", "--delay", "2s"]);
    assert!(code == 64 && out.contains("expected one of"), "{out}");
    assert_eq!(demo.run(&["fault", "set", "yeastar", "--delay", "2"]).0, 64);
    assert_eq!(demo.run(&["fault", "set", "yeastar", "--clear"]).0, 0);
    let (code, out) = demo.run(&["fault", "list"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "connectly: nothing is set\nsalesforce: nothing is set\nyeastar: nothing is set\n")
    );
}

/// A webhook by hand, as the demonstration prints it, with this id.
fn by_hand(demo: &Demo, id: &str, secret: &str) -> String {
    let start = demo.banner.find("id=NewObjectID; body=").expect("it prints how");
    let script = demo.banner[start..].split("\n\n").next().unwrap_or_default();
    let script = script.replacen("NewObjectID", id, 1).replace("demo-webhook-secret-0123456789ab", secret);
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_demonstration_tells_what_becomes_of_a_message_as_it_is_told_to() {
    let demo = Demo::start();
    let fault = |arguments: &[&str]| demo.run(&[&["fault"], arguments].concat());
    let send = || {
        let (code, out) = demo.run(&["send", "whatsapp-text.xml"]);
        assert_eq!(code, 0, "{out}");
        let id = out.split_once("<NewObjectID>").unwrap().1.split_once('<').unwrap().0.to_owned();
        (id, out)
    };
    assert_eq!(fault(&["set", "connectly", "--receipt", "silent", "--times", "2"]).0, 0);
    let (id, out) = send();
    assert!(out.contains("[connectly] accepted"), "nobody has told more of it: {out}");
    for tool in ["openssl", "curl"] {
        if let Err(why) = Command::new(tool).arg("--help").output() {
            assert!(std::env::var_os("ENVOI_REQUIRE_ALL").is_none_or(|value| value != "1"), "{tool}: {why}");
            eprintln!("SKIPPED: the webhook by hand. {tool}: {why}");
            return;
        }
    }
    let secret = "demo-webhook-secret-0123456789ab";
    assert_eq!(by_hand(&demo, &id, "another"), "The signature does not fit.\n");
    assert_eq!(by_hand(&demo, &id, secret), "taken\n");
    assert_eq!(by_hand(&demo, &id, secret), "nothing new\n");
    assert_eq!(by_hand(&demo, "01JZZZZZZZZZZZZZZZZZZZZZZZ", secret), "unknown message\n");
    send();
    // The next is told of, a moment after its call is answered or before.
    let opted_out = "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT";
    let (_, out) = fault(&["set", "connectly", "--receipt", "failed", "--because", opted_out]);
    assert!(out.starts_with(&format!("connectly: a message is told to have failed with {opted_out}, once\n")), "{out}");
    demo.run(&["send", "whatsapp-text.xml"]);
    let mut told = (0..200).map(|_| demo.run(&["deliveries"]).1);
    assert!(told.any(|out| out.contains(opted_out)), "{}", demo.run(&["deliveries"]).1);
    for (arguments, part) in [
        (
            ["set", "connectly", "--receipt", "read", "--because", "x"].as_slice(),
            "--because goes with --receipt failed",
        ),
        (&["set", "connectly", "--receipt", "failed", "--because", "x"], "connectly has no code `x`"),
        (&["set", "connectly", "--receipt", "lost"], "silent"),
        (&["set", "salesforce", "--receipt", "read"], "salesforce has no webhooks"),
        (&["set", "yeastar", "--code", "send_fail"], "--receipt failed --because send_fail"),
        (&["inbound", "salesforce", "+12025550100"], "expected yeastar or connectly"),
        (&["inbound", "connectly", "0202"], "`0202` is no telephone number"),
        (&["inbound", "pbx", "+12025550100"], "no simulated backend `pbx`"),
    ] {
        let (code, out) = fault(arguments);
        assert!(code == 64 && out.contains(part), "{arguments:?}: {code}\n{out}");
    }
}

#[test]
fn who_writes_to_the_demonstration_may_be_answered_and_every_operation_can_be_asked_for() {
    let demo = Demo::start();
    let number = "+12025550100";
    let (code, out) = demo.run(&["send", "whatsapp-window-closed.xml"]);
    assert!(code == 1 && out.contains("OUTSIDE_OF_ELIGIBILITY_WINDOW"), "{out}");
    let (code, out) = demo.run(&["fault", "inbound", "connectly", number, "--text", "Is it ready?"]);
    assert!(code == 0 && out.starts_with(&format!("connectly: {number} wrote, and may be written to freely until 20")));
    let (code, out) = demo.run(&["send", "whatsapp-window-closed.xml"]);
    assert!(code == 0 && out.contains("<OverallStatus>OK</OverallStatus>"), "{out}");
    let (dir, file) = (tempfile::tempdir().unwrap(), "operation.xml");
    let security = "<Header><Security xmlns=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"><UsernameToken><Username>demo</Username><Password>demo-password</Password></UsernameToken></Security></Header>";
    for (definition, operation, body, part) in [
        ("wa_x", "get/templates", "{}", "APPROVED"),
        ("pbx_x", "message_session/list", "{}", "SUCCESS"),
        ("pbx_x", "message_session/get", "{\"id\":1}", "80014"),
        ("chat_x", "cancelRoute", "{\"conversationIdentifier\":\"c\"}", "1010025"),
    ] {
        let property = |name: &str, value: &str| {
            let value = value.replace('"', "&quot;");
            format!("<PartnerProperties><Name>{name}</Name><Value>{value}</Value></PartnerProperties>")
        };
        let members = format!(
            "{}{}<SMSTriggeredSendDefinition><CustomerKey>{definition}</CustomerKey></SMSTriggeredSendDefinition><Number>{number}</Number>",
            property("Operation", operation),
            property("Body", body)
        );
        let envelope =
            envelope("Create", "SMSTriggeredSend", &members).replacen("<Body", &format!("{security}<Body"), 1);
        fs::write(dir.path().join(file), envelope).unwrap();
        let (_, out) = demo.run(&["send", dir.path().join(file).to_str().unwrap()]);
        assert!(out.contains(part), "{operation}: {out}");
    }
}
