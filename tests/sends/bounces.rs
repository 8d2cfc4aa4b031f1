//! Mail that comes back after it was taken: reports of several mail servers, given to `envoi bounce` as a mail alias does.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use envoi::{
    mail::{ReturnPath, Way},
    server::Parts,
};
use serde_json::Value;

use crate::{
    front::{admin, advance, create, filter, found, ready},
    gateway::{Answer, Gateway, request},
    house::{DAY, object, to, triggered},
    sink::{Act, Manners, Sink},
};

pub(crate) const HIGH: &str = "<QueuePriority>High</QueuePriority>";
pub(crate) const ADA: &str = "ada@example.com";

pub(crate) const POSTFIX: &str = include_str!("reports/postfix.eml");
pub(crate) const EXIM: &str = include_str!("reports/exim.eml");
const EXCHANGE: &str = include_str!("reports/exchange.eml");
const SENDMAIL: &str = include_str!("reports/sendmail.eml");

/// A gateway whose mail goes to a sink.
pub(crate) struct Post {
    pub(crate) gateway: Gateway,
    pub(crate) sink: Sink,
}

impl Post {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        let sink = Sink::start(Manners::default()).await;
        let relay = sink.settings();
        let gateway = ready("", |parts| {
            parts.mail.way = Way::Relay;
            parts.mail.relay = relay;
            change(parts);
        });
        Self { gateway: gateway.await, sink }
    }

    /// Sends to ada; gives the id of the delivery as the mail tells it.
    pub(crate) async fn sent(&self) -> String {
        let before = self.sink.seen().messages.len();
        create(&self.gateway, HIGH, &triggered(&to("ada", ADA))).await;
        advance(&self.gateway, Duration::ZERO).await;
        let messages = self.sink.seen().messages;
        assert_eq!(messages.len(), before + 1);
        let mail = String::from_utf8(messages.last().unwrap().clone()).unwrap();
        let id = crate::front::field(&mail, "Message-ID").unwrap();
        id.trim_start_matches('<').split('@').next().unwrap().to_owned()
    }

    /// Gives a mail to the program, as a mail server does: its exit code and what it says.
    pub(crate) async fn bounce(&self, mail: impl Into<Vec<u8>>) -> (i32, String) {
        bounce(&format!("http://{}", self.gateway.admin), mail.into()).await
    }

    pub(crate) async fn counts(&self) -> String {
        let members = ["Sent", "Bounces", "NotSentDueToError", "Queued"];
        found(&self.gateway, "TriggeredSendSummary", &members, "").await.remove(0)
    }

    pub(crate) async fn status(&self) -> String {
        found(&self.gateway, "Subscriber", &["Status"], &filter("SubscriberKey", "equals", "ada")).await.remove(0)
    }

    pub(crate) async fn bounces(&self) -> Vec<String> {
        let members = ["EventType", "SMTPCode", "BounceCategory", "BounceType", "SMTPReason"];
        found(&self.gateway, "BounceEvent", &members, "").await
    }

    pub(crate) async fn delivery(&self, id: &str) -> Value {
        serde_json::from_str(&admin(&self.gateway, "GET", &format!("/delivery?id={id}")).await.body).unwrap()
    }
}

pub(crate) async fn bounce(admin: &str, mail: Vec<u8>) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(["bounce", "--admin", admin]).env_remove("ENVOI_ADMIN");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The gateway answers on this thread.
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&mail).unwrap();
        child.wait_with_output().unwrap()
    });
    let output = ended.await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

/// A report about this mail to this recipient.
pub(crate) fn about(report: &str, id: &str, to: &str) -> String {
    report.replace("@ID@", id).replace("@TO@", to)
}

#[tokio::test]
async fn a_report_of_each_mail_server_is_the_bounce_that_it_would_have_been_at_once() {
    for (report, expected, status) in [
        (
            POSTFIX.to_owned(),
            "HardBounce 550 Hard bounce delayed 5.1.1 <ada@example.com>: Recipient address rejected: User unknown in virtual \
             mailbox table",
            "Bounced",
        ),
        // Without an enhanced code: that it was the answer to RCPT stands in the words alone.
        (EXIM.to_owned(), "HardBounce 550 Hard bounce delayed no such mailbox here", "Bounced"),
        (
            EXIM.replace("after RCPT TO:<@TO@>:", "after end of data:"),
            "OtherBounce 550 Technical/Other bounce delayed no such mailbox here",
            "Active",
        ),
        (
            EXCHANGE.replace('\n', "\r\n"),
            "HardBounce 550 Hard bounce delayed 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "Bounced",
        ),
        (SENDMAIL.to_owned(), "SoftBounce 552 Soft bounce delayed 5.2.2 mailbox full", "Active"),
        // Given up after days: nothing is known of the address.
        (
            POSTFIX.replace("Status: 5.1.1", "Status: 4.4.1").replace("smtp; 550 5.1.1 <@TO@>", "X-Postfix; connect"),
            "OtherBounce  Technical/Other bounce delayed connect: Recipient address rejected: User unknown in virtual mailbox \
             table",
            "Active",
        ),
    ] {
        let post = Post::new().await;
        let id = post.sent().await;
        assert_eq!(post.counts().await, "1 0 0 0");
        let report = about(&report, &id, "Ada@Example.COM");
        let (exit, said) = post.bounce(report.clone()).await;
        let kind = expected.split(' ').next().unwrap();
        assert!(exit == 0 && said.starts_with(&format!("{id} {kind}: ")), "{exit} {said}");
        assert_eq!(post.bounces().await, [expected.replace("ada@example.com", "Ada@Example.COM")]);
        assert_eq!((post.status().await.as_str(), post.counts().await.as_str()), (status, "0 1 0 0"));
        let delivery = post.delivery(&id).await;
        let outcomes = delivery["attempts"].as_array().unwrap().iter().map(|attempt| attempt["outcome"].as_str());
        assert_eq!(outcomes.collect::<Vec<_>>(), [Some("delivered"), Some("bounced")], "{delivery}");
        assert_eq!(delivery["state"], "failed", "{delivery}");
        // Heard again, it changes nothing.
        let (exit, said) = post.bounce(report).await;
        assert_eq!((exit, said), (0, format!("{id} nothing has changed: it had come back, or failed, before\n")));
        assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (1, "0 1 0 0"));
        assert_eq!(post.delivery(&id).await, delivery);
        post.gateway.stop().await;
    }
}

#[tokio::test]
async fn what_is_no_bounce_of_the_subscriber_changes_nothing() {
    let post = Post::new().await;
    let id = post.sent().await;
    let delayed = about(include_str!("reports/postfix_delayed.eml"), &id, ADA);
    assert_eq!(post.bounce(delayed).await, (0, "nothing has changed: it is delayed\n".to_owned()));
    let relayed = about(POSTFIX, &id, ADA).replace("Action: failed", "Action: relayed");
    assert_eq!(post.bounce(relayed).await.0, 0);
    let copy = about(POSTFIX, &id, "boss@example.com");
    let expected =
        format!("{id} nothing has changed: it is about another recipient than the one whom the mail was for\n");
    assert_eq!(post.bounce(copy.clone()).await, (0, expected));
    // Ids of others, one that nearly is ours, and none.
    let nearly = format!("{}{}", &id[..35], if id.ends_with('0') { '1' } else { '0' });
    for other in [nearly.as_str(), "00000000-0000-8000-8000-000000000000"] {
        let (exit, said) = post.bounce(about(POSTFIX, other, ADA)).await;
        assert_eq!((exit, said.as_str()), (65, "envoi: it is about no mail of this server (any more)\n"));
    }
    let (exit, said) = post.bounce(about(POSTFIX, "4711", ADA)).await;
    assert!(exit == 65 && said.contains("neither what came back nor the address of the report has the id"), "{said}");
    assert!(post.bounces().await.is_empty());
    assert_eq!((post.status().await.as_str(), post.counts().await.as_str()), ("Active", "1 0 0 0"));
    assert_eq!(post.delivery(&id).await["state"], "delivered");
    // One report may tell of both; and an alias of his is told by the address that we had sent to.
    let group = "\nFinal-Recipient: rfc822; ada@elsewhere.example\nOriginal-Recipient: rfc822;ada@example.com\nAction: failed\n\
         Status: 5.1.1\n\n--4JQ1Zj2rXdz8.1640865609/relay.example.com\nContent-Description: Undelivered";
    let both = copy.replace("\n--4JQ1Zj2rXdz8.1640865609/relay.example.com\nContent-Description: Undelivered", group);
    let (exit, said) = post.bounce(both).await;
    assert_eq!((exit, said.lines().count()), (0, 2), "{said}");
    assert!(said.ends_with(&format!("{id} HardBounce: 5.1.1\n")), "{said}");
    assert_eq!((post.status().await.as_str(), post.counts().await.as_str()), ("Bounced", "0 1 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn three_hard_ones_over_fifteen_days_hold_him() {
    let post = Post::new().await;
    for (days, expected) in [(0, "Bounced"), (8, "Bounced"), (8, "Held")] {
        advance(&post.gateway, DAY * days).await;
        let id = post.sent().await;
        assert_eq!(post.bounce(about(POSTFIX, &id, ADA)).await.0, 0);
        assert_eq!(post.status().await, expected);
    }
    let refused = create(&post.gateway, HIGH, &triggered(&to("ada", ADA))).await;
    assert_eq!(refused.text("CreateResponse/Results/SubscriberFailures/ErrorCode").as_deref(), Some("2"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn the_return_path_alone_tells_which_mail_it_was() {
    let path = ReturnPath::parse("bounces+{id}@example.com").unwrap();
    let post = Post::with(|parts| parts.mail.return_path = Some(path)).await;
    let id = post.sent().await;
    let mails: Vec<_> =
        post.sink.seen().commands.into_iter().filter(|command| command.starts_with("MAIL FROM")).collect();
    assert_eq!(mails, [format!("MAIL FROM:<bounces+{id}@example.com>")]);
    // A mail server on the way has given the mail an id of its own.
    let report = about(POSTFIX, "4711", ADA).replace("To: s@example.com", &format!("To: <bounces+{id}@example.com>"));
    assert_eq!(post.bounce(report).await.0, 0);
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (1, "0 1 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn results_by_mail_that_come_back_are_seen_by_operators() {
    let post = Post::new().await;
    let options = "<Options><RequestType>Asynchronous</RequestType><SendResponseTo><ResponseType>email</ResponseType>\
         <ResponseAddress>ops@example.com</ResponseAddress><RespondWhen>Always</RespondWhen></SendResponseTo></Options>";
    let list = object("List", "<CustomerKey>other</CustomerKey><ListName>Other</ListName>");
    post.gateway.call("Create", &request("CreateRequest", options, &list)).await;
    advance(&post.gateway, Duration::from_secs(600)).await;
    let [mail] = post.sink.seen().messages.try_into().unwrap();
    let mail = String::from_utf8(mail).unwrap();
    let id = crate::front::field(&mail, "Message-ID").unwrap();
    let id = id.trim_start_matches('<').split('@').next().unwrap().to_owned();
    let (exit, said) = post.bounce(about(POSTFIX, &id, "ops@example.com")).await;
    assert!(exit == 0 && said.starts_with(&format!("{id} bounced: SMTP 550 5.1.1 ")), "{exit} {said}");
    let delivery = post.delivery(&id).await;
    assert_eq!((&delivery["kind"], &delivery["state"]), (&"email".into(), &"failed".into()), "{delivery}");
    assert!(post.bounces().await.is_empty());
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_mail_that_is_under_way_or_goes_out_again_is_asked_for_later() {
    let post = Post::new().await;
    post.sink.will(Manners::default().act("BODY", Act::Silence));
    create(&post.gateway, HIGH, &triggered(&to("ada", ADA))).await;
    post.sink.until(|seen| seen.messages.len() == 1).await;
    let all: Value = serde_json::from_str(&admin(&post.gateway, "GET", "/deliveries").await.body).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(all[0]["state"], "sending");
    let (exit, said) = post.bounce(about(POSTFIX, &id, ADA)).await;
    assert_eq!((exit, said.as_str()), (75, "envoi: the attempt to send it has not ended here: ask again\n"));
    assert!(post.bounces().await.is_empty());
    // The relay never answers: the gateway goes with the test.
}

#[tokio::test]
async fn a_report_ends_the_doubt_whether_a_mail_left() {
    let post = Post::new().await;
    post.sink.will(Manners::default().act("BODY", Act::Close));
    create(&post.gateway, HIGH, &triggered(&to("ada", ADA))).await;
    advance(&post.gateway, Duration::ZERO).await;
    let all: Value = serde_json::from_str(&admin(&post.gateway, "GET", "/deliveries").await.body).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&all[0]["state"], post.counts().await.as_str()), (&"in doubt".into(), "0 0 0 1"));
    assert_eq!(post.bounce(about(POSTFIX, &id, ADA)).await.0, 0);
    assert_eq!(post.counts().await, "0 1 0 0");
    // What an operator sends again counts where it stands, and waits for its own report.
    let queued = Manners::default().act("RCPT", Act::Say("451 4.3.0 later"));
    post.sink.will(queued);
    admin(&post.gateway, "POST", &format!("/redeliver?id={id}")).await;
    advance(&post.gateway, Duration::ZERO).await;
    assert_eq!(post.counts().await, "0 0 0 1");
    let (exit, said) = post.bounce(about(POSTFIX, &id, ADA)).await;
    assert_eq!((exit, said), (0, format!("{id} nothing has changed: it waits to go out, so it is tried anyway\n")));
    advance(&post.gateway, Duration::from_secs(3600)).await;
    assert_eq!(post.counts().await, "1 0 0 0");
    // That one is about the attempt before.
    let (exit, said) = post.bounce(about(POSTFIX, &id, ADA).replace('\n', "\r\n")).await;
    assert_eq!((exit, said), (0, format!("{id} nothing has changed: this report was heard before\n")));
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (1, "1 0 0 0"));
    let another = about(POSTFIX, &id, ADA)
        .replace("Arrival-Date: Thu, 30 Dec 2021 12:00:07", "Arrival-Date: Thu, 30 Dec 2021 13:00:09");
    assert_eq!(post.bounce(another).await.0, 0);
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (2, "0 1 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_with_its_place_and_kept_from_coming_again() {
    let post = Post::new().await;
    let id = post.sent().await;
    let whole = about(POSTFIX, &id, ADA);
    let part = "\n--4JQ1Zj2rXdz8.1640865609/relay.example.com\nContent-Type: text/plain\n\nx\n";
    let group = "\nFinal-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n";
    let status = "recipient 1 of its message/delivery-status:";
    for (mail, expected) in [
        (about(include_str!("reports/qmail.eml"), &id, ADA), "it is a bounce in qmail's own words (QSBMF)".to_owned()),
        (
            about(include_str!("reports/exim_text.eml"), &id, ADA),
            "its Content-Type is \"\", expected multipart/report with report-type=delivery-status".to_owned(),
        ),
        (String::new(), "its Content-Type is \"\"".to_owned()),
        ("\u{0}\u{1}\u{2}".to_owned(), "its Content-Type is \"\"".to_owned()),
        (
            whole.replace("report-type=delivery-status", "report-type=disposition-notification"),
            "its Content-Type is \"multipart/report; report-type=disposition-notification;".to_owned(),
        ),
        (whole.replace("message/delivery-status", "text/x-status"), "is message/delivery-status".to_owned()),
        (
            whole.replace("Final-Recipient: rfc822; ada@example.com", "Final-Recipient: ada"),
            format!("{status} Final-Recipient is \"ada\", expected a type and an address"),
        ),
        (whole.replace("Action: failed\n", ""), format!("{status} Action is \"\", expected failed, delayed")),
        (
            whole.replace("Action: failed", "Action: \u{1b}[31mlost"),
            format!("{status} Action is \"[31mlost\", expected failed"),
        ),
        (whole.replace("Status: 5.1.1", "Status: 5"), format!("{status} Status is \"5\", expected three numbers")),
        (
            whole.replace("Status: 5.1.1", "Status: 2.1.1"),
            "status is \"2.1.1\", expected a code of RFC 3463 such as 5.1.1".to_owned(),
        ),
        (
            whole.replacen(part.split("Content").next().unwrap(), &part.repeat(21), 1),
            "parts, expected at most 20".to_owned(),
        ),
        (
            whole.replace(
                "\nFinal-Recipient: rfc822; ada@example.com",
                &(group.repeat(200) + "\nFinal-Recipient: rfc822; b@c.d"),
            ),
            "recipients, expected at most 200".to_owned(),
        ),
    ] {
        let (exit, said) = post.bounce(mail.clone()).await;
        assert!(exit == 65 && said.contains(&expected), "{exit} {said}\n{mail}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    // Of a long mail only the beginning matters.
    let long = whole.replace("\nHi\n", &format!("\n{}\n", "Hi there, how are you?\n".repeat(200_000)));
    assert!(long.len() > 4 << 20);
    assert_eq!(post.bounces().await.len(), 0);
    assert_eq!(post.bounce(long).await.0, 0);
    assert_eq!(post.bounces().await.len(), 1);
    // A part within parts, and so on, ends.
    let deep: String =
        (0..20_000).map(|n| format!("--{n}\nContent-Type: multipart/mixed; boundary={}\n\n", n + 1)).collect();
    let deep = format!("Content-Type: multipart/report; boundary=0\n\n{deep}");
    let (exit, said) = post.bounce(deep).await;
    assert!(exit == 65 && said.contains("the mail cannot be read: "), "{exit} {said}");
    // Nobody listens there, and no other test is given the port: the mail server keeps it.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let (exit, said) = bounce(&format!("http://{}", held.local_addr().unwrap()), whole.into_bytes()).await;
    assert!(exit == 75 && said.contains("Connect") && said.contains("/bounce: "), "{exit} {said}");
    assert!(!said.contains(&id), "who has it can have the subscriber bounced: {said}");
    post.gateway.stop().await;
}

#[tokio::test]
async fn the_operators_listener_says_what_it_expects() {
    let gateway = ready("", |_| {}).await;
    for (query, expected) in [
        ("", "id is missing"),
        ("id=1", "recipient is missing"),
        ("id=1&recipient=a@example.com", "status is missing"),
        ("id=1&recipient=a@example.com&status=5.1", "status is \"5.1\", expected a code of RFC 3463 such as 5.1.1"),
        ("id=1&recipient=a@example.com&status=5.1.1&report=x", "report is \"x\", expected 16 hexadecimal digits"),
    ] {
        let answer = asked(&gateway, "POST", query).await;
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((answer.status, told["error"].as_str()), (400, Some(expected)), "{query}");
    }
    assert_eq!(asked(&gateway, "GET", "").await.status, 405);
    gateway.stop().await;
}

async fn asked(gateway: &Gateway, method: &str, query: &str) -> Answer {
    Answer::to_operator(gateway.admin, method, &format!("/bounce?{query}")).await
}
