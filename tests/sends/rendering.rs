//! How a mail is built: names, escaping, parts, sender, and what stops it at the last moment.

use envoi::{
    mail::Mailbox,
    message::Operation::{Delete, Update},
};

use crate::house::{House, attributes, object, subscriber, to, to_with, triggered};

fn email(members: &str) -> String {
    object("Email", &format!("<CustomerKey>welcome</CustomerKey>{members}"))
}

impl House {
    fn change(&self, changed: &str) {
        let said = self.one(Update, changed);
        assert!(said.starts_with("OK "), "{said}");
    }

    fn change_definition(&self, members: &str) {
        self.change(&object("TriggeredSendDefinition", &format!("<CustomerKey>hello</CustomerKey>{members}")));
    }
}

#[test]
fn a_mail_has_its_sender_subject_parts_and_link() {
    let house = House::ready("<List><CustomerKey>readers</CustomerKey></List>");
    house.create(&triggered(&to_with("ada", &[("First Name", "Ada"), ("Last Name", "Lovelace")])));
    let letter = house.render(&house.only()).unwrap();
    assert_eq!(letter.from, Mailbox::named("The Shop", "shop@example.com"));
    assert_eq!(letter.reply_to, None);
    assert_eq!(letter.to, Mailbox::named("Ada Lovelace", "ada@example.com"));
    assert_eq!(letter.subject, "Hello ada@example.com");
    assert_eq!(letter.html.as_deref(), Some("<p>Hi ada@example.com</p>"));
    assert_eq!(letter.text, "Hi ada@example.com");
    assert_eq!(letter.list.1, "Readers & Co");
    let link = letter.unsubscribe.unwrap();
    assert!(link.starts_with("https://mc.example/soap/unsubscribe/"), "{link}");
    assert!(!link.contains("ada"), "{link}");
}

#[test]
fn names_are_filled_from_the_send_the_subscriber_and_the_system() {
    let house = House::ready("<List><CustomerKey>readers</CustomerKey></List>");
    house.change(&email(
        "<TextBody>%%FIRST name%%|%%City%%|%%Shared%%|%%subscriberkey%%|%%xtlongdate%%|%%memberid%%|%%Member_BusName%%|\
         %%_listname%%|%%replyname%%|%%emailname_%%|%%view_email_url%%|50%% off, 20%%|%%unsub_center_url%%</TextBody>\
         <HTMLBody></HTMLBody>",
    ));
    house.create(&subscriber("ada", &attributes(&[("City", "London"), ("First Name", "Augusta")])));
    let common = attributes(&[("Shared", "all"), ("First Name", "Somebody")]);
    let ada = to_with("ada", &[("First Name", "Ada")]);
    house.create(&triggered(&format!("{common}{ada}")));
    let letter = house.render(&house.only()).unwrap();
    let link = letter.unsubscribe.unwrap();
    let expected = format!(
        "Ada|London|all|ada|Thursday, December 30, 2021|100001|Example|Readers & Co|The Shop|Welcome||50%% off, 20%%|{link}"
    );
    assert_eq!((letter.text, letter.html), (expected, None));
}

#[test]
fn what_strangers_typed_stays_text() {
    let nasty = "&lt;script&gt;alert(1)&lt;/script&gt;";
    let body =
        "<HTMLBody>&lt;p title=&quot;%%Name%%&quot;&gt;%%Name%%&lt;/p&gt;</HTMLBody><Subject>For %%Name%%</Subject>";
    let build = |house: House| {
        let house = house.furnished("");
        house.change(&email(body));
        house.create(&triggered(&to_with("ada", &[("Name", &format!("{nasty}\r\nBcc: x@example.com"))])));
        house.render(&house.only()).unwrap()
    };
    let letter = build(House::new());
    let safe = "&lt;script&gt;alert(1)&lt;/script&gt;\nBcc: x@example.com";
    assert_eq!(letter.html.unwrap(), format!("<p title=\"{safe}\">{safe}</p>"));
    assert_eq!(letter.subject, "For <script>alert(1)</script> Bcc: x@example.com");
    assert_eq!(letter.text, "<script>alert(1)</script> Bcc: x@example.com");
    // Callers who send markup on purpose can have it.
    let raw = build(House::with(|settings| settings.raw_attributes = true));
    assert!(raw.html.unwrap().contains("<p title=\"<script>"));
}

#[test]
fn definition_profile_and_owner_say_who_sends() {
    let house = House::ready("<EmailSubject>Order %%Number%%</EmailSubject>");
    house.change(&object(
        "SenderProfile",
        "<CustomerKey>shop</CustomerKey><FromName>Shop %%City%%</FromName><ReplyToAddress>help@example.com</ReplyToAddress>\
         <ReplyToDisplayName>Help</ReplyToDisplayName>",
    ));
    house.change_definition("<PreHeader>Hi &lt; %%City%%</PreHeader>");
    let ada = [("Number", "7"), ("City", "L\u{f8}ten")];
    house.create(&triggered(&to_with("ada", &ada)));
    let letter = house.render(&house.only()).unwrap();
    assert_eq!(letter.subject, "Order 7");
    assert_eq!(letter.from, Mailbox::named("Shop L\u{f8}ten", "shop@example.com"));
    assert_eq!(letter.reply_to, Some(Mailbox::named("Help", "help@example.com")));
    let html = letter.html.unwrap();
    assert!(
        html.starts_with("<div style=\"display:none;") && html.contains(">Hi &lt; L\u{f8}ten</div><p>Hi "),
        "{html}"
    );
    let owner = "<Subscribers><Owner><FromName>Carol</FromName><FromAddress>carol@example.com</FromAddress></Owner>\
        <EmailAddress>bob@example.com</EmailAddress><Attributes><Name>Number</Name><Value>8</Value></Attributes>\
        <Attributes><Name>City</Name><Value>Rome</Value></Attributes><SubscriberKey>bob</SubscriberKey></Subscribers>";
    house.create(&triggered(owner));
    let letter = house.render(&house.owed()[1].0).unwrap();
    assert_eq!(letter.from, Mailbox::named("Carol", "carol@example.com"));
}

#[test]
fn who_wants_text_gets_text() {
    let house = House::ready("");
    house.change(&email("<TextBody>Plain words</TextBody>"));
    house.create(&subscriber("ada", "<EmailTypePreference>Text</EmailTypePreference>"));
    house.create(&triggered(&(to("ada", "ada@example.com") + &to("bob", "bob@example.com"))));
    let letters: Vec<_> = house.owed().iter().map(|(send, _)| house.render(send).unwrap()).collect();
    assert_eq!((letters[0].text.as_str(), letters[0].html.is_some()), ("Plain words", false));
    assert_eq!((letters[1].text.as_str(), letters[1].html.is_some()), ("Plain words", true));
}

#[test]
fn what_has_changed_since_is_looked_at_again() {
    let house = House::ready("");
    house.create(&triggered(&to("ada", "ada@example.com")));
    let send = house.only();
    // A corrected e-mail corrects what waits, and a pause holds nothing back that was accepted.
    house.change(&email("<Subject>Better</Subject>"));
    house.change_definition("<TriggeredSendStatus>Inactive</TriggeredSendStatus>");
    assert_eq!(house.render(&send).unwrap().subject, "Better");
    let why = |house: &House| house.render(&send).unwrap_err().reason;
    house.change(&email("<Subject>%%Nothing%%</Subject>"));
    assert!(why(&house).contains("%%Nothing%% is no attribute"), "{}", why(&house));
    house.change(&email("<Subject>%%[ set @a = 1 ]%%</Subject>"));
    let script = "The TriggeredSendDefinition cannot send: its subject holds AMPscript, which this server does not run";
    assert_eq!(why(&house), script);
    house.change(&email("<Subject>s</Subject>"));
    house.change(&subscriber("ada", "<Status>Unsubscribed</Status>"));
    assert_eq!(why(&house), "The subscriber system status is unsubscribed");
    house.change(&subscriber("ada", "<Status>Held</Status>"));
    assert_eq!(why(&house), "The subscriber system status is held");
    house.change(&object("SenderProfile", "<CustomerKey>shop</CustomerKey><FromAddress>nowhere</FromAddress>"));
    house.change(&subscriber("ada", "<Status>Active</Status>"));
    assert!(why(&house).ends_with("its FromAddress is \"nowhere\", expected an address"), "{}", why(&house));
    house.change(&object("SenderProfile", "<CustomerKey>shop</CustomerKey><FromAddress>s@example.com</FromAddress>"));
    assert!(house.one(Delete, &subscriber("ada", "")).starts_with("OK "));
    assert_eq!(why(&house), "The subscriber is no longer there");
    let definition = object("TriggeredSendDefinition", "<CustomerKey>hello</CustomerKey>");
    assert!(house.one(Delete, &definition).starts_with("OK "));
    assert_eq!(why(&house), "The TriggeredSendDefinition is no longer there");
}
