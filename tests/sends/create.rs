//! Create of TriggeredSend: every refusal, who gets nothing and why, who is made, and what is owed when.

use envoi::{
    mail::Mailbox,
    message::Operation::{Create, Delete, Update},
};

use crate::house::{House, attributes, object, subscriber, to, to_with, triggered};

const INCOMPLETE: &str = "18001 The Triggered Send Definition is not completely configured or in a new status: ";

#[test]
fn a_send_is_owed_to_each_subscriber() {
    let house =
        House::ready("<AutoAddSubscribers>true</AutoAddSubscribers><List><CustomerKey>readers</CustomerKey></List>");
    let (_, body) = house.send(Create, &triggered(&(to("ada", "ada@example.com") + &to("bob", "bob@example.com"))));
    // Captured: the subtype, and no Object.
    let expected = "<CreateResponse xmlns=\"http://exacttarget.com/wsdl/partnerAPI\">\
        <Results xsi:type=\"TriggeredSendCreateResult\"><StatusCode>OK</StatusCode>\
        <StatusMessage>Created TriggeredSend</StatusMessage><OrdinalID>0</OrdinalID><NewID>0</NewID></Results>\
        <RequestID>REQUEST</RequestID><OverallStatus>OK</OverallStatus></CreateResponse>";
    assert_eq!(body, expected);
    let owed = house.owed();
    assert_eq!(house.addresses(), ["ada@example.com", "bob@example.com"]);
    assert!(owed.iter().all(|(send, _)| send.batch == owed[0].0.batch), "{owed:?}");
    let list: i64 = house.kept("List", "readers").text("CustomerKey").map(|_| owed[0].0.list).unwrap();
    assert_eq!(
        house.all("List").iter().find(|kept| kept.text("ID") == Some(&list.to_string())).unwrap().text("ListName"),
        Some("Readers & Co")
    );
    assert_eq!(house.status("ada"), "Active");
    assert_eq!(house.summary(), "Queued 2");
    // A second call is another batch.
    house.create(&triggered(&to("ada", "ada@example.com")));
    let again = house.owed();
    assert_eq!((again.len(), again[2].0.batch == again[0].0.batch), (3, false));
    assert_eq!(again[2].0.subscriber, again[0].0.subscriber);
}

#[test]
fn a_definition_must_be_named_there_started_and_whole() {
    let house = House::ready("");
    let ada = to("ada", "ada@example.com");
    let unnamed = "18002 The Triggered Send Object must contain the Triggered Send ID or the Customer Key";
    assert_eq!(house.one(Create, &object("TriggeredSend", &ada)), unnamed);
    let nothing = format!("<TriggeredSendDefinition><Name>hello</Name></TriggeredSendDefinition>{ada}");
    assert_eq!(house.one(Create, &object("TriggeredSend", &nothing)), unnamed);
    let other = format!("<TriggeredSendDefinition><CustomerKey>none</CustomerKey></TriggeredSendDefinition>{ada}");
    assert_eq!(house.one(Create, &object("TriggeredSend", &other)), "18002 Invalid Customer Key");
    let guid = house.kept("TriggeredSendDefinition", "hello").text("ObjectID").unwrap().to_owned();
    let by_guid = format!("<TriggeredSendDefinition><ObjectID>{guid}</ObjectID></TriggeredSendDefinition>{ada}");
    assert_eq!(house.one(Create, &object("TriggeredSend", &by_guid)), "OK Created TriggeredSend");
    let set = |members: &str| {
        let changed = object("TriggeredSendDefinition", &format!("<CustomerKey>hello</CustomerKey>{members}"));
        assert!(house.one(Update, &changed).starts_with("OK "), "{members}");
        house.one(Create, &triggered(&ada))
    };
    let table = [
        ("<TriggeredSendStatus>New</TriggeredSendStatus>", "its status is New, expected Active"),
        ("<TriggeredSendStatus>Inactive</TriggeredSendStatus>", "its status is Inactive, expected Active"),
        (
            "<TriggeredSendStatus>Active</TriggeredSendStatus><Email><CustomerKey>none</CustomerKey></Email>",
            "its Email is not given or not found",
        ),
        (
            "<Email><CustomerKey>welcome</CustomerKey></Email><List><CustomerKey>none</CustomerKey></List>",
            "its List is not found",
        ),
        (
            "<List><CustomerKey>readers</CustomerKey></List><SenderProfile><CustomerKey>no</CustomerKey></SenderProfile>",
            "its SenderProfile is not found",
        ),
    ];
    for (members, what) in table {
        assert_eq!(set(members), format!("{INCOMPLETE}{what}"), "{members}");
    }
    let shop = "<SenderProfile><CustomerKey>shop</CustomerKey></SenderProfile>";
    assert_eq!(set(shop), "OK Created TriggeredSend");
    assert_eq!(house.owed().len(), 2);
    for method in [Update, Delete] {
        let cannot = format!("5 Cannot perform {} on objects of type TriggeredSend", method.name());
        assert_eq!(house.one(method, &triggered(&ada)), cannot);
    }
}

#[test]
fn copies_that_have_no_address_are_refused_with_their_definition() {
    let house = House::ready("");
    let set = |operation, key: &str, members: &str| {
        let members = format!("<CustomerKey>{key}</CustomerKey><Name>N</Name>{members}");
        house.one(operation, &object("TriggeredSendDefinition", &members))
    };
    for member in ["CCEmail", "BccEmail"] {
        for (operation, key) in [(Create, "new"), (Update, "hello")] {
            for (text, wrong) in [
                ("nowhere", "nowhere"),
                ("a@b.example, c@", "c@"),
                ("a@b.example b@c.example", "a@b.example b@c.example"),
                ("a@b.example&#13;&#10;Bcc: c@d.example", "a@b.example\\r\\nBcc: c@d.example"),
                ("\u{e4}da@example.com", "\u{e4}da@example.com"),
            ] {
                let said = set(operation, key, &format!("<{member}>{text}</{member}>"));
                let method = operation.name();
                let what =
                    format!("[{method}]: TriggeredSendDefinition.{member} holds \"{wrong}\", expected addresses");
                assert!(said.contains(&what), "{said}");
            }
            let many = "a@b.example;".repeat(100);
            let said = set(operation, key, &format!("<{member}>{many}</{member}>"));
            assert!(said.contains("has 100 addresses, expected at most 99"), "{said}");
        }
        let good = format!("<{member}>a@b.example; Ada &lt;%%Boss%%@example.com&gt;,,</{member}>");
        assert!(set(Update, "hello", &good).starts_with("OK "));
        assert!(set(Update, "hello", &format!("<{member}></{member}>")).starts_with("OK "));
    }
    assert_eq!(house.all("TriggeredSendDefinition").len(), 1, "nothing of the refused is kept");
    assert_eq!(house.one(Create, &triggered(&to("ada", "ada@example.com"))), "OK Created TriggeredSend");
}

#[test]
fn an_email_must_have_something_to_send() {
    let house = House::ready("");
    let ada = to("ada", "ada@example.com");
    let with = |key: &str, members: &str| {
        house.create(&object("Email", &format!("<CustomerKey>{key}</CustomerKey><Name>N</Name>{members}")));
        let email = format!("<CustomerKey>hello</CustomerKey><Email><CustomerKey>{key}</CustomerKey></Email>");
        assert!(house.one(Update, &object("TriggeredSendDefinition", &email)).starts_with("OK "));
        house.one(Create, &triggered(&ada))
    };
    assert_eq!(with("a", "<TextBody>x</TextBody>"), format!("{INCOMPLETE}neither it nor its Email has a subject"));
    let empty = with("b", "<Subject>s</Subject>");
    assert_eq!(empty, format!("{INCOMPLETE}its Email has neither HTMLBody nor TextBody"));
    let script = with("c", "<Subject>s</Subject><TextBody>%%=v(@name)=%%</TextBody>");
    assert_eq!(script, format!("{INCOMPLETE}its TextBody holds AMPscript, which this server does not run"));
    assert_eq!(with("d", "<Subject>s</Subject><TextBody>t</TextBody>"), "OK Created TriggeredSend");
}

#[test]
fn without_a_sender_nothing_is_sent_but_by_the_configured_one() {
    let bare = object(
        "TriggeredSendDefinition",
        "<CustomerKey>hello</CustomerKey><Name>H</Name><TriggeredSendStatus>Active</TriggeredSendStatus>\
         <Email><CustomerKey>welcome</CustomerKey></Email>",
    );
    let make = |house: House| {
        house.create(&object(
            "Email",
            "<CustomerKey>welcome</CustomerKey><Name>W</Name><TextBody>t</TextBody><Subject>s</Subject>",
        ));
        house.create(&bare);
        house
    };
    let house = make(House::new());
    let none = "no FromAddress is given by its SenderProfile, its SendClassification or itself";
    assert_eq!(house.one(Create, &triggered(&to("ada", "ada@example.com"))), format!("{INCOMPLETE}{none}"));
    let house = make(House::with(|settings| settings.from = Some(Mailbox::named("Us", "us@example.com"))));
    house.create(&triggered(&to("ada", "ada@example.com")));
    assert_eq!(house.render(&house.only()).unwrap().from, Mailbox::named("Us", "us@example.com"));
}

#[test]
fn without_a_way_for_mail_to_leave_every_send_is_refused() {
    let house = House::with(|settings| settings.possible = false).furnished("");
    let refused = "18006 Unable to send: no mail backend is configured on this server";
    assert_eq!(house.one(Create, &triggered(&to("ada", "ada@example.com"))), refused);
    assert!(house.owed().is_empty() && house.all("Subscriber").is_empty());
}

#[test]
fn each_subscriber_fails_alone() {
    let house = House::ready("");
    house.create(&subscriber("gone", "<Status>Unsubscribed</Status>"));
    house.create(&subscriber("held", ""));
    assert!(house.one(Update, &subscriber("held", "<Status>Held</Status>")).starts_with("OK "));
    house.create(&subscriber("known", ""));
    let id = house.kept("Subscriber", "known").text("ID").unwrap().to_owned();
    let all = [
        to("ada", "ada@example.com"),
        to("bad", "no address"),
        "<Subscribers><SubscriberKey>nobody</SubscriberKey></Subscribers>".to_owned(),
        "<Subscribers><PartnerKey xsi:nil=\"true\"/></Subscribers>".to_owned(),
        "<Subscribers><ID>42</ID></Subscribers>".to_owned(),
        format!("<Subscribers><ID>{id}</ID><SubscriberKey>ada</SubscriberKey></Subscribers>"),
        to("ada2", "ADA@example.com"),
        to("gone", "gone@example.com"),
        "<Subscribers><SubscriberKey>HELD</SubscriberKey></Subscribers>".to_owned(),
        "<Subscribers><SubscriberKey>known</SubscriberKey></Subscribers>".to_owned(),
        "<Subscribers><EmailAddress>known@example.com</EmailAddress></Subscribers>".to_owned(),
    ];
    let (said, failures) = house.trigger(&all.concat());
    assert_eq!(said, "OK Created TriggeredSend");
    let expected = [
        "1 5 The subscriber email address is invalid",
        "2 4 The subscriber has no email address",
        "3 8 The subscriber key and subscriber ID are missing",
        "4 7 The subscriber ID provided is invalid",
        "5 13 The subscriber key in the system does not match the subscriber key provided",
        "6 6 The subscriber email is the same as that of another job subscriber",
        "7 1 The subscriber system status is unsubscribed",
        "8 2 The subscriber system status is held",
        "10 6 The subscriber email is the same as that of another job subscriber",
    ];
    assert_eq!(failures, expected);
    assert_eq!(house.addresses(), ["ada@example.com", "known@example.com"]);
    assert_eq!(house.summary(), "NotSentDueToOptOut 1, NotSentDueToUndeliverable 1, NotSentDueToError 7, Queued 2");
    // Those who are known and excluded have an event; whoever is nobody has none.
    let keys: Vec<_> =
        house.all("NotSentEvent").iter().map(|event| event.text("SubscriberKey").unwrap().to_owned()).collect();
    assert_eq!(keys, ["gone", "held"]);
}

#[test]
fn with_nobody_left_it_is_an_error() {
    let house = House::ready("");
    let (_, body) = house.send(Create, &triggered(&(to("a", "nowhere") + "<Subscribers xsi:nil=\"true\"/>")));
    let expected = "<Results xsi:type=\"TriggeredSendCreateResult\"><StatusCode>Error</StatusCode><StatusMessage>Unable to \
        queue Triggered Send request. There are no valid subscribers.</StatusMessage><OrdinalID>0</OrdinalID>\
        <ErrorCode>180008</ErrorCode><NewID>0</NewID><SubscriberFailures><Subscriber><PartnerKey xsi:nil=\"true\" />\
        <ObjectID xsi:nil=\"true\" /><EmailAddress>nowhere</EmailAddress><SubscriberKey>a</SubscriberKey></Subscriber>\
        <ErrorCode>5</ErrorCode><ErrorDescription>The subscriber email address is invalid</ErrorDescription>\
        <Ordinal>0</Ordinal></SubscriberFailures></Results>";
    assert!(body.contains(expected), "{body}");
    let none = "180007 The Triggered Send Object must have subscribers associated with it";
    assert_eq!(house.one(Create, &triggered("")), none);
    assert_eq!(house.one(Create, &triggered("<Subscribers xsi:nil=\"true\"/>")), none);
    assert!(house.owed().is_empty() && house.all("Subscriber").is_empty());
    assert_eq!(house.summary(), "NotSentDueToError 1");
}

#[test]
fn lists_and_classifications_decide_who_is_written_to() {
    let house = House::ready(
        "<List><CustomerKey>readers</CustomerKey></List>\
         <ExclusionListCollection><List><CustomerKey>never</CustomerKey></List></ExclusionListCollection>",
    );
    let ada = to("ada", "ada@example.com");
    let missing = "a list of its ExclusionListCollection is not found";
    assert_eq!(house.one(Create, &triggered(&ada)), format!("{INCOMPLETE}{missing}"));
    house.create(&object("List", "<CustomerKey>never</CustomerKey><ListName>Never</ListName>"));
    let place =
        |list: &str, status: &str| format!("<Lists><CustomerKey>{list}</CustomerKey><Status>{status}</Status></Lists>");
    house.create(&subscriber("left", &place("readers", "Unsubscribed")));
    house.create(&subscriber("never", &place("never", "Active")));
    house.create(&subscriber("gone", "<Status>Unsubscribed</Status>"));
    house.create(&subscriber("bounced", ""));
    assert!(house.one(Update, &subscriber("bounced", "<Status>Bounced</Status>")).starts_with("OK "));
    let all: String =
        ["left", "never", "gone", "bounced"].iter().map(|key| to(key, &format!("{key}@example.com"))).collect();
    let (_, failures) = house.trigger(&all);
    let unsubscribed = "1 The subscriber system status is unsubscribed";
    let expected = [
        format!("0 {unsubscribed}"),
        "1 27 The subscriber was excluded by a suppression list".to_owned(),
        format!("2 {unsubscribed}"),
    ];
    assert_eq!(failures, expected);
    // Operational mail goes to those who have unsubscribed, unless the classification honors the list.
    let class = |honors: &str| {
        object(
            "SendClassification",
            &format!(
                "<CustomerKey>receipts</CustomerKey><SendClassificationType>Operational</SendClassificationType><Name>R</Name>\
                 <HonorPublicationListOptOutsForTransactionalSends>{honors}</HonorPublicationListOptOutsForTransactionalSends>"
            ),
        )
    };
    house.create(&class("false"));
    let classified =
        "<CustomerKey>hello</CustomerKey><SendClassification><CustomerKey>receipts</CustomerKey></SendClassification>";
    assert!(house.one(Update, &object("TriggeredSendDefinition", classified)).starts_with("OK "));
    assert_eq!(house.trigger(&all).1, ["1 27 The subscriber was excluded by a suppression list"]);
    assert!(house.one(Update, &class("true")).starts_with("OK "));
    assert_eq!(house.trigger(&all).1.len(), 2);
}

#[test]
fn attributes_that_nobody_knows_stop_a_mail_before_it_is_queued() {
    let house = House::ready("<SendSourceCustomerKey>orders</SendSourceCustomerKey>");
    let body = "<CustomerKey>welcome</CustomerKey><TextBody>%%First Name%% %%City%% %%Total%% %%xtyear%%</TextBody>";
    assert!(house.one(Update, &object("Email", body)).starts_with("OK "));
    let ada = |attributes: &[(&str, &str)]| house.trigger(&to_with("ada", attributes)).1;
    let unknown = |name: &str| {
        format!(
            "0 26 An error occurred when attempting to build an email for the subscriber: %%{name}%% is no attribute of the \
             send, of the subscriber or of the account"
        )
    };
    assert_eq!(ada(&[]), [unknown("First Name")]);
    assert_eq!(ada(&[("first name", "Ada")]), [unknown("City")]);
    // Known is what the send says, what the subscriber has, what the account defines, what the send's data extension has.
    house.create(&object("PropertyDefinition", "<Name>City</Name>"));
    assert_eq!(ada(&[("first name", "Ada")]), [unknown("Total")]);
    house.create(&object(
        "DataExtension",
        "<CustomerKey>orders</CustomerKey><Name>Orders</Name><Fields><Field><Name>Total</Name><FieldType>Text</FieldType>\
         </Field></Fields>",
    ));
    assert!(ada(&[("first name", "Ada")]).is_empty());
    let common = attributes(&[("First Name", "Everybody")]);
    assert!(house.trigger(&format!("{common}{}", to("bob", "bob@example.com"))).1.is_empty());
    house.create(&object("PropertyDefinition", "<Name>Country</Name><IsRequired>true</IsRequired>"));
    let required = "0 10 There are required attribute values missing for the subscriber: country";
    assert_eq!(ada(&[("First Name", "Ada")]), [required]);
    assert!(ada(&[("First Name", "Ada"), ("COUNTRY", "UK")]).is_empty());
}

#[test]
fn subscribers_are_made_and_changed_as_the_definition_says() {
    let attributes_of = |house: &House, key: &str| {
        let kept = house.kept("Subscriber", key);
        kept.all("Attributes")
            .filter_map(|value| value.as_object()?.text("Value").map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let members = |house: &House| house.all("List").len();
    // Neither added nor updated: he is made, with nothing but what names him.
    let house = House::ready("<List><CustomerKey>readers</CustomerKey></List>");
    house.create(&triggered(&to_with("ada", &[("City", "London")])));
    assert_eq!((attributes_of(&house, "ada"), members(&house)), (vec![], 2));
    assert_eq!(house.status("ada"), "Active");
    // Updated: also his address, never his status.
    let update = "<CustomerKey>hello</CustomerKey><AutoUpdateSubscribers>true</AutoUpdateSubscribers>";
    assert!(house.one(Update, &object("TriggeredSendDefinition", update)).starts_with("OK "));
    let changed = "<Subscribers><EmailAddress>new@example.com</EmailAddress><Attributes><Name>City</Name><Value>Paris</Value>\
        </Attributes><SubscriberKey>ada</SubscriberKey><Status>Unsubscribed</Status></Subscribers>";
    house.create(&triggered(changed));
    assert_eq!(attributes_of(&house, "ada"), ["Paris"]);
    assert_eq!(house.kept("Subscriber", "ada").text("EmailAddress"), Some("new@example.com"));
    assert_eq!(house.status("ada"), "Active");
    // Not updated: the mail goes to the address of the call, and his own stays.
    let stay = "<CustomerKey>hello</CustomerKey><AutoUpdateSubscribers>false</AutoUpdateSubscribers>";
    assert!(house.one(Update, &object("TriggeredSendDefinition", stay)).starts_with("OK "));
    house.create(&triggered(&to("ada", "other@example.com")));
    assert_eq!(house.addresses(), ["ada@example.com", "new@example.com", "other@example.com"]);
    assert_eq!(house.kept("Subscriber", "ada").text("EmailAddress"), Some("new@example.com"));
}

#[test]
fn a_mail_is_due_by_its_priority() {
    // Twelve o'clock and six seconds.
    for (options, after) in [
        ("<QueuePriority>High</QueuePriority>", 0),
        ("<QueuePriority>Medium</QueuePriority>", 54_000),
        ("", 54_000),
        ("<QueuePriority>Low</QueuePriority>", 294_000),
        ("<Priority>2</Priority>", 0),
    ] {
        let house = House::ready("");
        let call = format!("<Options>{options}</Options>{}", triggered(&to("ada", "ada@example.com")));
        house.create(&call);
        assert_eq!(house.owed()[0].1.millis() - house.now.millis(), after, "{options}");
    }
}

#[test]
fn other_sends_stay_refused() {
    let house = House::ready("");
    for kind in ["Send", "SMSTriggeredSend", "VoiceTriggeredSend", "ContactEvent"] {
        let refused = format!("18006 Unable to send: this server sends no {kind}");
        assert_eq!(house.one(Create, &object(kind, "")), refused);
    }
}

#[test]
fn a_sender_without_a_usable_address_is_refused_at_once() {
    let house = House::ready("");
    let ada = to("ada", "ada@example.com");
    let profile = |address: &str| {
        let members = format!("<CustomerKey>shop</CustomerKey><FromAddress>{address}</FromAddress>");
        assert!(house.one(Update, &object("SenderProfile", &members)).starts_with("OK "), "{address}");
        house.one(Create, &triggered(&ada))
    };
    for (address, shown) in [
        ("shop", "shop"),
        ("shop@", "shop@"),
        ("Shop &lt;>", "Shop <>"),
        ("shop@example.com&#13;&#10;Bcc: eve@example.com", "shop@example.com\\r\\nBcc: eve@example.com"),
    ] {
        let expected = format!("{INCOMPLETE}its FromAddress is \"{shown}\", expected an address");
        assert_eq!(profile(address), expected, "{address}");
    }
    assert!(house.owed().is_empty());
    assert_eq!(profile("%%emailaddr%%"), "OK Created TriggeredSend");
    assert_eq!(profile("The Shop &lt;shop@example.com>"), "OK Created TriggeredSend");
    let owner = "<Owner><FromName>Eve</FromName><FromAddress>eve</FromAddress></Owner></Subscribers>";
    let (said, failures) = house.trigger(&ada.replace("</Subscribers>", owner));
    assert!(said.starts_with("180008 "), "{said}");
    let why = "An error occurred when attempting to build an email for the subscriber";
    assert_eq!(failures, [format!("0 26 {why}: the FromAddress of Owner is no address: \"eve\"")]);
    assert_eq!(house.owed().len(), 2);
}
