//! Results by e-mail, from the call that asks for them to the message that Python reads; attachments are judged by xmllint.

use std::{collections::HashSet, fs, process::Command, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use envoi::mail::{Attach, RelaySettings, Way};
use serde_json::Value;

use crate::{
    gateway::{Answer, Gateway, request},
    judge::valid,
    messages::read,
    sink::{Act::Say, Manners, Sink},
};

struct House(Gateway);

impl House {
    async fn new() -> Self {
        Self(Gateway::start_with(|parts| parts.mail.way = Way::Memory).await)
    }

    async fn admin(&self, method: &str, path: &str) -> Answer {
        Answer::to_operator(self.0.admin, method, path).await
    }

    /// Moves the clock, and waits until what became due is done.
    async fn advance(&self, seconds: u64) {
        let answer = self.admin("POST", &format!("/time?by={}", seconds * 1000)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// An asynchronous Create.
    async fn create(&self, options: &str, objects: &str) {
        let options = format!("<Options><RequestType>Asynchronous</RequestType>{options}</Options>");
        let answer = self.0.call("Create", &request("CreateRequest", &options, objects)).await;
        assert_eq!(answer.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    }

    async fn list(&self) -> Vec<Value> {
        let answer = self.admin("GET", "/mail").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str::<Vec<Value>>(&answer.body).unwrap()
    }

    /// Everything captured as Python reads it, the oldest first.
    async fn read(&self) -> Option<Vec<Value>> {
        let folder = tempfile::tempdir().unwrap();
        for line in self.list().await {
            let id = line["id"].as_u64().unwrap();
            let answer = self.admin("GET", &format!("/mail/one?id={id}")).await;
            assert!(answer.head.to_lowercase().contains("content-type: message/rfc822"), "{}", answer.head);
            assert_eq!(line["size"], answer.body.len());
            fs::write(folder.path().join(format!("{id:05}.eml")), answer.body).unwrap();
        }
        read(folder.path())
    }
}

fn respond(when: &str, members: &str) -> String {
    format!(
        "<SendResponseTo><ResponseType>email</ResponseType><ResponseAddress>ada@example.com</ResponseAddress>\
         <RespondWhen>{when}</RespondWhen>{members}</SendResponseTo>"
    )
}

const RESULTS: &str = "<IncludeResults>true</IncludeResults>";
const OBJECTS: &str = "<IncludeResults>true</IncludeResults><IncludeObjects>true</IncludeObjects>";
const BASE: &str =
    "<IncludeResults>true</IncludeResults><IncludeObjects>true</IncludeObjects><OnlyIncludeBase>true</OnlyIncludeBase>";

fn list(name: &str, correlation: &str) -> String {
    format!(
        "<Objects xsi:type=\"List\"><CorrelationID>{correlation}</CorrelationID><ListName>{name}</ListName></Objects>"
    )
}

fn text(part: &Value) -> String {
    String::from_utf8(STANDARD.decode(part["bytes"].as_str().unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn results_are_attached_as_the_synchronous_answer() {
    let house = House::new().await;
    for members in [RESULTS, OBJECTS, BASE] {
        house.create(&respond("OnCallComplete", members), &(list("One", "c-1") + &list("One", "c-2"))).await;
        house.advance(0).await;
    }
    let Some(mails) = house.read().await else { return };
    assert_eq!(mails.len(), 3);
    let mut documents = Vec::new();
    for mail in &mails {
        assert_eq!(mail["defects"], serde_json::json!([]));
        assert_eq!(mail["to"], serde_json::json!(["", "ada@example.com"]));
        assert_eq!(mail["from"], serde_json::json!(["envoi", "envoi@localhost"]));
        let subject = mail["subject"].as_str().unwrap();
        assert!(subject.starts_with("Error: Create, request "), "{subject}");
        let shape = serde_json::json!([
            "multipart/mixed",
            [["multipart/alternative", ["text/plain", "text/html"]], "application/xml"]
        ]);
        assert_eq!(mail["shape"], shape);
        assert_eq!(mail["parts"][2]["name"], "results.xml");
        assert_eq!(mail["plain"]["Auto-Submitted"], "auto-generated");
        assert_eq!(mail["plain"]["List-Id"], "<results.100001.localhost>");
        let document = text(&mail["parts"][2]);
        assert!(document.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<CreateResponse "), "{document}");
        documents.push(document);
        let (plain, html) = (text(&mail["parts"][0]), text(&mail["parts"][1]));
        for said in [&plain, &html] {
            assert!(
                said.contains("OverallStatusCode") && said.contains("The results of every object are attached"),
                "{said}"
            );
            assert!(!said.contains("http://") && !said.contains("<img") && !said.contains("<a "), "{said}");
        }
    }
    let names = ["<Object", "<ListName>One", "<CorrelationID>c-2"];
    let held = documents.iter().map(|document| names.map(|name| document.contains(name))).collect::<Vec<_>>();
    assert_eq!(held, [[false, false, false], [true, true, true], [true, false, true]]);
    assert!(text(&mails[1]["parts"][0]).contains("CorrelationID c-2"), "{}", text(&mails[1]["parts"][0]));
    valid(documents);
}

#[tokio::test]
async fn attachments_of_every_operation_are_valid_whatever_was_asked_for() {
    let house = House::new().await;
    let list = |more: &str| format!("<Objects xsi:type=\"List\"><CustomerKey>k</CustomerKey>{more}</Objects>");
    let perform = "<Action>start</Action><Definitions><Definition xsi:type=\"TriggeredSendDefinition\">\
        <CustomerKey>none</CustomerKey></Definition></Definitions>";
    let calls = [
        ("Create", "CreateRequest", list("<ListName>One</ListName>")),
        ("Update", "UpdateRequest", list("<ListName>Two</ListName>")),
        ("Perform", "PerformRequestMsg", perform.to_owned()),
        ("Delete", "DeleteRequest", list("")),
    ];
    for (operation, root, objects) in &calls {
        for members in [RESULTS, OBJECTS, BASE] {
            let told = respond("OnCallComplete", members);
            let options = format!("<Options><RequestType>Asynchronous</RequestType>{told}</Options>");
            let answer = house.0.call(operation, &request(root, &options, objects)).await;
            assert!(answer.body.contains("<OverallStatus>OK</OverallStatus>"), "{}", answer.body);
            house.advance(0).await;
        }
    }
    let late = "<ConversationID>late</ConversationID><SequenceCode>1</SequenceCode><CallsInConversation>2</CallsInConversation>";
    house
        .create(&(late.to_owned() + &respond("OnConversationError", OBJECTS)), &list("<ListName>late</ListName>"))
        .await;
    house.advance(400).await;
    let Some(mails) = house.read().await else { return };
    assert_eq!(mails.len(), 3 * calls.len() + 1);
    let (late, told) = mails.split_last().unwrap();
    assert_eq!(late["shape"], serde_json::json!(["multipart/alternative", ["text/plain", "text/html"]]));
    assert!(late["subject"].as_str().unwrap().starts_with("Timeout"), "what was not run has no answer to attach");
    let documents: Vec<_> = told.iter().map(|mail| text(&mail["parts"][2])).collect();
    for document in documents.iter().filter(|document| !document.contains("<CreateResponse")) {
        assert!(document.contains("<Object "), "{document}");
    }
    valid(documents);
}

#[tokio::test]
async fn results_can_be_zipped_as_the_service_does() {
    let house =
        House(Gateway::start_with(|parts| (parts.mail.way, parts.mail.attachment) = (Way::Memory, Attach::Zip)).await);
    house.create(&respond("Always", RESULTS), &list("One", "a")).await;
    house.advance(0).await;
    let Some(mails) = house.read().await else { return };
    let part = &mails[0]["parts"][2];
    assert_eq!((part["name"].as_str(), part["type"].as_str()), (Some("results.zip"), Some("application/zip")));
    let archive = part["archive"].as_object().unwrap();
    assert_eq!(archive.keys().collect::<Vec<_>>(), ["results.xml"]);
    let document = String::from_utf8(STANDARD.decode(archive["results.xml"].as_str().unwrap()).unwrap()).unwrap();
    valid(vec![document]);
}

#[tokio::test]
async fn a_bare_notice_has_no_attachment() {
    let house = House::new().await;
    house.create(&respond("OnCallComplete", "<IncludeObjects>true</IncludeObjects>"), &list("One", "a")).await;
    house.advance(0).await;
    let Some(mails) = house.read().await else { return };
    assert_eq!(mails[0]["shape"], serde_json::json!(["multipart/alternative", ["text/plain", "text/html"]]));
    assert!(mails[0]["subject"].as_str().unwrap().starts_with("OK: Create, request "));
    assert!(text(&mails[0]["parts"][0]).contains("Results were not asked for"));
}

#[tokio::test]
async fn the_mails_of_a_conversation_are_one_thread() {
    let house = House::new().await;
    let part = |sequence: u32, id: &str| {
        format!(
            "<ConversationID>{id}</ConversationID><SequenceCode>{sequence}</SequenceCode><CallsInConversation>2</CallsInConversation>"
        )
    };
    for (sequence, name) in [(1, "One"), (2, "Two")] {
        let told = respond("OnCallComplete", RESULTS) + &respond("OnConversationComplete", RESULTS);
        house.create(&(part(sequence, "order 7") + &told), &list(name, "a")).await;
    }
    house.create(&(part(1, "order 8") + &respond("OnConversationError", RESULTS)), &list("Three", "a")).await;
    house.advance(0).await;
    house.advance(400).await;
    let Some(mails) = house.read().await else { return };
    let mut subjects: Vec<_> = mails.iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "Complete: conversation order 7",
            "OK: Create, part 1 of 2 of conversation order 7",
            "OK: Create, part 2 of 2 of conversation order 7",
            "Timeout: conversation order 8",
        ]
    );
    let field =
        |name: &str| mails.iter().map(|mail| mail["plain"][name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let ids: HashSet<_> = field("Message-ID").into_iter().collect();
    let roots: HashSet<_> = field("References").into_iter().collect();
    assert_eq!((ids.len(), roots.len()), (4, 2));
    assert_eq!(field("References"), field("In-Reply-To"));
    assert!(ids.is_disjoint(&roots));
    let whole = mails.iter().find(|mail| mail["subject"].as_str().unwrap().starts_with("Complete")).unwrap();
    let said = text(&whole["parts"][0]);
    assert!(said.contains("- Sequence 1, Call Create, Objects 1, Outcome OK, Finished 2026-03-01T12:00:00Z"), "{said}");
    assert!(said.contains("- Sequence 2, Call Create"), "{said}");
}

#[tokio::test]
async fn a_callers_text_stays_where_it_belongs() {
    let house = House::new().await;
    let id = "x&#13;&#10;Bcc: eve@example.com&#10;&lt;script&gt;alert(1)&lt;/script&gt; Größe";
    let place = format!(
        "<ConversationID>{id}</ConversationID><SequenceCode>1</SequenceCode><CallsInConversation>1</CallsInConversation>"
    );
    house.create(&(place + &respond("OnConversationComplete", RESULTS)), &list("&lt;b&gt;bold", "&amp;lt;")).await;
    house.advance(0).await;
    let Some(mails) = house.read().await else { return };
    let headers = mails[0]["headers"].as_array().unwrap();
    assert!(headers.iter().all(|name| name != "Bcc"), "{headers:?}");
    let subject = mails[0]["subject"].as_str().unwrap();
    assert!(subject.contains("Bcc: eve@example.com <script>alert(1)</script> Größe"), "{subject}");
    let html = text(&mails[0]["parts"][1]);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"), "{html}");
}

#[tokio::test]
async fn many_objects_are_counted_and_those_with_errors_come_first() {
    let house = House::new().await;
    let mut objects: String = (0..70).map(|number| list(&format!("L{number}"), &format!("c{number}"))).collect();
    objects += &list("L0", "again");
    house.create(&respond("OnCallComplete", OBJECTS), &objects).await;
    house.advance(0).await;
    let Some(mails) = house.read().await else { return };
    let said = text(&mails[0]["parts"][0]);
    let rows: Vec<_> = said.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(rows.len(), 51, "{said}");
    assert!(rows[0].contains("CorrelationID again") && rows[0].contains("StatusCode Error"), "{said}");
    assert_eq!(rows[50], "- and 21 more");
    assert!(text(&mails[0]["parts"][2]).contains("<OrdinalID>69"), "the attachment has them all");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_and_one_that_no_mail_takes_is_given_up_and_seen() {
    let house = House::new().await;
    for address in ["", "nobody at all", "a@x, b@x", "Ada &lt;a@x>"] {
        let told = respond("OnCallComplete", RESULTS).replace("ada@example.com", address);
        let options = format!("<Options><RequestType>Asynchronous</RequestType>{told}</Options>");
        let answer = house.0.call("Create", &request("CreateRequest", &options, &list("One", "a"))).await;
        assert_eq!(answer.text("CreateResponse/Results/ErrorCode").as_deref(), Some("227"), "{}", answer.body);
    }
    // A letter, but one that no name of a host may have.
    let told = respond("OnCallComplete", RESULTS).replace("ada@example.com", "ada@\u{115F}.example");
    house.create(&told, &list("One", "a")).await;
    house.advance(0).await;
    assert_eq!(house.list().await.len(), 0);
    let answer = house.admin("GET", "/deliveries").await;
    let deliveries: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(deliveries.as_array().unwrap().len(), 1, "{deliveries}");
    assert_eq!(
        (deliveries[0]["state"].as_str(), deliveries[0]["kind"].as_str()),
        (Some("failed"), Some("email")),
        "{deliveries}"
    );
    let answer = house.admin("GET", &format!("/delivery?id={}", deliveries[0]["id"].as_str().unwrap())).await;
    let said = "ResponseAddress of SendResponseTo: To holds no address that mail can be sent to";
    assert!(answer.body.contains(said), "{}", answer.body);
}

#[tokio::test]
async fn the_same_message_goes_out_again_after_a_refusal_for_now() {
    let manners = Manners::default().act("RCPT", Say("451 4.7.1 greylisted")).act("BODY", Say("451 4.3.0 later"));
    let sink = Sink::start(manners).await;
    let relay = RelaySettings { timeout: Duration::from_secs(60), ..sink.settings() };
    let house = House(Gateway::start_with(|parts| (parts.mail.way, parts.mail.relay) = (Way::Relay, relay)).await);
    house.create(&respond("OnCallComplete", RESULTS), &list("One", "a")).await;
    house.advance(0).await;
    assert_eq!((sink.said("RCPT"), sink.seen().messages.len()), (1, 0));
    // Farther apart than any wait between attempts.
    for _ in 0..2 {
        house.advance(6 * 3600).await;
    }
    let seen = sink.seen();
    assert_eq!((sink.said("RCPT"), seen.messages.len()), (3, 2));
    assert!(seen.messages[0] == seen.messages[1], "the second attempt sent something else");
    house.advance(24 * 3600).await;
    assert_eq!(sink.seen().messages.len(), 2, "and no more once it was taken");
}

#[tokio::test]
async fn without_a_way_out_results_stay_owed_and_go_out_when_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, mail) = (folder.path().join("data"), folder.path().join("mail"));
    let path = data.clone();
    let house = House(Gateway::start_with(|parts| parts.store.path = Some(path)).await);
    house.create(&respond("OnCallComplete", RESULTS), &list("One", "a")).await;
    house.advance(7 * 24 * 3600).await;
    house.0.stop().await;
    let way = Way::Folder(mail.clone());
    let house = House(Gateway::start_with(|parts| (parts.store.path, parts.mail.way) = (Some(data), way)).await);
    house.advance(1).await;
    assert_eq!(house.list().await.len(), 1);
    assert_eq!(fs::read_dir(&mail).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lists_and_prints() {
    let house = House::new().await;
    house.create(&respond("OnCallComplete", RESULTS), &list("One", "a")).await;
    house.advance(0).await;
    let run = |arguments: &[&str]| {
        let admin = format!("http://{}", house.0.admin);
        let output =
            Command::new(env!("CARGO_BIN_EXE_envoi")).arg("mail").args(arguments).args(["--admin", &admin]).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said, _) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("    1  2026-03-01T12:00:00Z  ada@example.com  OK: Create, request "), "{said}");
    assert_eq!(said.lines().count(), 1);
    let (code, said, _) = run(&["1"]);
    assert_eq!(code, Some(0));
    assert_eq!(said, house.admin("GET", "/mail/one?id=1").await.body);
    let (code, _, complaint) = run(&["2"]);
    assert_eq!((code, complaint.as_str()), (Some(1), "envoi: there is no such mail (any more)\n"));
    let (code, said, _) = run(&["--json"]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()[0]["to"], "ada@example.com");
}
