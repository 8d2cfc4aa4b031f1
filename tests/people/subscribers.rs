//! Create, Update and Delete of subscribers.

use envoi::message::Operation::{Create, Delete, Update};

use super::house::{ACCOUNT, House, OTHER, save, subscriber};

const ADA: &str = "<EmailAddress>ada@example.com</EmailAddress><SubscriberKey>Ada-1</SubscriberKey>";

const NOTHING: &str = "OK Nothing was done, as SaveAction Nothing asks";

#[test]
fn answers_are_those_that_were_captured() {
    let house = House::new();
    let douglas = "<EmailAddress>douglas@accenture.com</EmailAddress><SubscriberKey>1234512345</SubscriberKey>";
    let (rows, answer) = house.send(Create, &subscriber(douglas));
    let id = rows[0].new_id;
    assert_eq!(
        answer,
        format!(
            "<CreateResponse xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><StatusCode>OK</StatusCode>\
             <StatusMessage>Created Subscriber.</StatusMessage><OrdinalID>0</OrdinalID><NewID>{id}</NewID>\
             <Object xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" /><ID>{id}</ID><ObjectID xsi:nil=\"true\" />\
             <EmailAddress>douglas@accenture.com</EmailAddress><SubscriberKey>1234512345</SubscriberKey></Object></Results>\
             <RequestID>REQUEST</RequestID><OverallStatus>OK</OverallStatus></CreateResponse>"
        )
    );
    let (_, answer) = house.send(Create, &subscriber(douglas));
    assert_eq!(
        answer,
        "<CreateResponse xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><StatusCode>Error</StatusCode>\
         <StatusMessage>The subscriber is already on the list</StatusMessage><OrdinalID>0</OrdinalID>\
         <ErrorCode>12014</ErrorCode><NewID>0</NewID><Object xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" />\
         <ObjectID xsi:nil=\"true\" /><EmailAddress>douglas@accenture.com</EmailAddress>\
         <SubscriberKey>1234512345</SubscriberKey></Object></Results>\
         <RequestID>REQUEST</RequestID><OverallStatus>Error</OverallStatus></CreateResponse>"
    );
    let (_, answer) = house.send(Delete, &subscriber(douglas));
    assert_eq!(
        answer,
        "<DeleteResponse xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Results><StatusCode>OK</StatusCode>\
         <StatusMessage>Subscriber deleted</StatusMessage><OrdinalID>0</OrdinalID></Results>\
         <RequestID>REQUEST</RequestID><OverallStatus>OK</OverallStatus></DeleteResponse>"
    );
}

#[test]
fn what_is_kept_of_a_new_subscriber() {
    let house = House::new();
    let id = house.create(&subscriber(
        "<PartnerKey xsi:nil='true'/><ObjectID xsi:nil='true'/><EmailAddress> ada@example.com </EmailAddress>\
         <Attributes><Name>First Name</Name><Value>Ada</Value></Attributes><UnsubscribedDate>2001-01-01T00:00:00Z</UnsubscribedDate>",
    ));
    let kept = house.kept(ACCOUNT, "Subscriber", id).unwrap();
    let texts = [
        ("ID", Some(id.to_string())),
        ("EmailAddress", Some("ada@example.com".into())),
        ("SubscriberKey", Some("ada@example.com".into())),
        ("Status", Some("Active".into())),
        ("EmailTypePreference", Some("HTML".into())),
        ("CreatedDate", Some("2021-12-30T12:00:06Z".into())),
        ("ModifiedDate", Some("2021-12-30T12:00:06Z".into())),
        ("Attributes.Name", Some("First Name".into())),
        ("Attributes.Value", Some("Ada".into())),
        ("UnsubscribedDate", None),
    ];
    for (member, expected) in texts {
        assert_eq!(kept.text(member).map(str::to_owned), expected, "{member}");
    }
    for absent in ["PartnerKey", "ObjectID", "Lists"] {
        assert!(kept.get(absent).is_none(), "{absent} is kept");
    }
}

#[test]
fn refusals() {
    let house = House::new();
    house.create(&subscriber(ADA));
    let table = [
        // Who is valid and who is not.
        (Create, "<SubscriberKey>new</SubscriberKey>", "12000 InvalidEmailAddress"),
        (Create, "<EmailAddress>nobody</EmailAddress>", "12000 InvalidEmailAddress"),
        (Create, "<EmailAddress/>", "12000 InvalidEmailAddress"),
        (Create, "<EmailAddress xsi:nil='true'/><SubscriberKey>new</SubscriberKey>", "12000 InvalidEmailAddress"),
        (Update, "<SubscriberKey>ada-1</SubscriberKey><EmailAddress>a@b</EmailAddress>", "12000 InvalidEmailAddress"),
        // Who is there and who is not.
        (Create, ADA, "12014 The subscriber is already on the list"),
        (Create, "<SubscriberKey>ADA-1</SubscriberKey>", "12014 The subscriber is already on the list"),
        (Create, "<EmailAddress>ADA@example.com</EmailAddress>", "12014 The subscriber is already on the list"),
        (Update, "<SubscriberKey>bob</SubscriberKey>", "12015 Subscriber Key Not Found"),
        (
            Update,
            "<SubscriberKey>bob</SubscriberKey><EmailAddress>ada@example.com</EmailAddress>",
            "12015 Subscriber Key Not Found",
        ),
        (Update, "<EmailAddress>bob@example.com</EmailAddress>", "12001 SubscriberNotFound"),
        (Update, "<ID>7</ID>", "12001 SubscriberNotFound"),
        (Update, "<Status>Active</Status>", "12001 SubscriberNotFound"),
        (Delete, "<SubscriberKey>bob</SubscriberKey>", "12015 Subscriber Key Not Found"),
        (Delete, "<EmailAddress>bob@example.com</EmailAddress>", "12001 SubscriberNotFound"),
        (Delete, "<Status>Active</Status>", "12001 SubscriberNotFound"),
        // What a status may be.
        (
            Create,
            "<EmailAddress>b@example.com</EmailAddress><Status>Held</Status>",
            "12016 A subscriber cannot be created with the status Held",
        ),
        (
            Create,
            "<EmailAddress>b@example.com</EmailAddress><Status>Deleted</Status>",
            "12016 A subscriber cannot be created with the status Deleted",
        ),
    ];
    for (operation, members, expected) in table {
        assert_eq!(house.one(operation, &subscriber(members)), expected, "{} {members}", operation.name());
    }
    let row = house.one(Create, &subscriber("<EmailAddress>b@example.com</EmailAddress><Status>Asleep</Status>"));
    assert!(row.starts_with("2 ") && row.contains("Asleep") && row.contains("Unsubscribed"), "{row}");
    assert_eq!(house.all(ACCOUNT, "Subscriber").len(), 1);
}

#[test]
fn every_way_to_name_one() {
    let mut house = House::new();
    let id = house.create(&subscriber(ADA));
    house.later(60);
    let ways = [
        "<SubscriberKey>ADA-1</SubscriberKey><EmailAddress>countess@example.com</EmailAddress>".to_owned(),
        "<EmailAddress>Countess@Example.com</EmailAddress>".to_owned(),
        format!("<ID>{id}</ID><EmailAddress>ada@example.org</EmailAddress>"),
        format!("<ID>{id}</ID>"),
    ];
    for way in ways {
        assert_eq!(house.one(Update, &subscriber(&way)), "OK Updated Subscriber.", "{way}");
    }
    let kept = house.kept(ACCOUNT, "Subscriber", id).unwrap();
    assert_eq!(kept.text("SubscriberKey"), Some("Ada-1"));
    assert_eq!(kept.text("EmailAddress"), Some("ada@example.org"));
    assert_eq!(kept.text("CreatedDate"), Some("2021-12-30T12:00:06Z"));
    assert_eq!(kept.text("ModifiedDate"), Some("2021-12-30T12:01:06Z"));
    // The old addresses name nobody any more.
    assert_eq!(
        house.one(Update, &subscriber("<EmailAddress>ada@example.com</EmailAddress>")),
        "12001 SubscriberNotFound"
    );
    // Key and ID must agree; 0 is how proxies write an unset ID.
    let refused = "2 Exception occurred during the look-up of Subscriber: SubscriberKey";
    for operation in [Update, Delete] {
        for wrong in [
            format!("<SubscriberKey>no</SubscriberKey><ID>{id}</ID>"),
            "<SubscriberKey>Ada-1</SubscriberKey><ID>7</ID>".into(),
        ] {
            let said = house.one(operation, &subscriber(&wrong));
            assert!(said.starts_with(refused) && said.ends_with("do not name the same object"), "{said}");
        }
    }
    assert_eq!(house.one(Delete, &subscriber("<ID>0</ID>")), "12001 SubscriberNotFound");
    let both = format!("<SubscriberKey>ada-1</SubscriberKey><ID>{id}</ID><Lists/>");
    assert_eq!(house.one(Update, &subscriber(&both)), "OK Updated Subscriber.");
    // With an ID the address is data, which a Delete does not look at.
    let by_id = format!("<EmailAddress>ada@example.com</EmailAddress><ID>{id}</ID>");
    assert_eq!(house.one(Delete, &subscriber(&by_id)), "OK Subscriber deleted");
    assert_eq!(house.all(ACCOUNT, "Subscriber"), []);
}

#[test]
fn two_keys_may_share_an_address() {
    let house = House::new();
    let first =
        house.create(&subscriber("<EmailAddress>team@example.com</EmailAddress><SubscriberKey>one</SubscriberKey>"));
    let second =
        house.create(&subscriber("<EmailAddress>team@example.com</EmailAddress><SubscriberKey>two</SubscriberKey>"));
    let by_address = subscriber("<EmailAddress>team@example.com</EmailAddress><Status>Held</Status>");
    assert_eq!(house.one(Update, &by_address), "OK Updated Subscriber.");
    let status = |id| house.kept(ACCOUNT, "Subscriber", id).unwrap().text("Status").map(str::to_owned);
    assert_eq!((status(first).as_deref(), status(second).as_deref()), (Some("Held"), Some("Active")));
}

#[test]
fn save_options() {
    let address = "<EmailAddress>ada@example.com</EmailAddress>";
    let table = [
        (Create, "UpdateAdd", "OK Created Subscriber.", "OK Created Subscriber."),
        (Update, "UpdateAdd", "OK Updated Subscriber.", "OK Updated Subscriber."),
        (Create, "AddOnly", "OK Created Subscriber.", "12014 The subscriber is already on the list"),
        (Update, "AddOnly", "OK Updated Subscriber.", "68001 UpdateSingle: SaveAction: AddOnly violation"),
        (Create, "UpdateOnly", "68000 CreateSingle: SaveAction: UpdateOnly violation", "OK Created Subscriber."),
        (Update, "UpdateOnly", "12001 SubscriberNotFound", "OK Updated Subscriber."),
        (Create, "Default", "OK Created Subscriber.", "12014 The subscriber is already on the list"),
        (Update, "nothing", NOTHING, NOTHING),
        (Create, "Nothing", NOTHING, NOTHING),
        (Create, "DELETE", "OK Subscriber deleted", "OK Subscriber deleted"),
        (Update, "Delete", "OK Subscriber deleted", "OK Subscriber deleted"),
    ];
    for (operation, action, absent, present) in table {
        let request = save(action) + &subscriber(address);
        let house = House::new();
        assert_eq!(house.one(operation, &request), absent, "{} {action} of nobody", operation.name());
        let house = House::new();
        let id = house.create(&subscriber(address));
        let (rows, _) = house.send(operation, &request);
        assert_eq!(rows.len(), 1);
        assert_eq!(house.one(operation, &request), present, "{} {action} of somebody", operation.name());
        let unmoved = ["nothing", "delete"].contains(&&*action.to_lowercase());
        if rows[0].is_ok() && !unmoved {
            assert_eq!(rows[0].new_id, id);
        }
        let left = usize::from(!action.eq_ignore_ascii_case("delete"));
        assert_eq!(house.all(ACCOUNT, "Subscriber").len(), left, "{} {action}", operation.name());
    }
}

#[test]
fn attributes_merge_and_are_cleared() {
    let house = House::new();
    let attribute =
        |name: &str, value: &str| format!("<Attributes><Name>{name}</Name><Value>{value}</Value></Attributes>");
    let id = house.create(&subscriber(&format!(
        "{ADA}{}{}{}{}",
        attribute("First Name", "Ada"),
        attribute("City", "London"),
        attribute("Title", "Countess"),
        attribute("Born", "1815"),
    )));
    let update = format!(
        "<SubscriberKey>ada-1</SubscriberKey>{}{}\
         <Attributes xsi:type='NullAPIProperty'><Name>title</Name></Attributes>\
         <Attributes><Name>Born</Name><Value xsi:nil='true'/></Attributes>{}",
        attribute("FIRST NAME", "Augusta"),
        attribute("City", ""),
        attribute("Work", "Notes &amp; G"),
    );
    assert_eq!(house.one(Update, &subscriber(&update)), "OK Updated Subscriber.");
    let kept = house.kept(ACCOUNT, "Subscriber", id).unwrap();
    let all = kept.all("Attributes").filter_map(|value| value.as_object());
    let pairs: Vec<_> = all.map(|a| (a.text("Name").unwrap(), a.text("Value").unwrap())).collect();
    assert_eq!(pairs, [("First Name", "Augusta"), ("City", ""), ("Work", "Notes & G")]);
}

#[test]
fn nil_and_empty_members_change_nothing() {
    let house = House::new();
    let id = house.create(&subscriber(&format!("{ADA}<Status>Unsubscribed</Status><PartnerType>gold</PartnerType>")));
    let before = house.kept(ACCOUNT, "Subscriber", id).unwrap();
    assert!(before.text("UnsubscribedDate").is_some());
    let update = "<PartnerKey xsi:nil='true'/><ObjectID xsi:nil='true'/><EmailAddress/><SubscriberKey>ada-1</SubscriberKey>\
                  <Status/><PartnerType xsi:nil='true'/>";
    assert_eq!(house.one(Update, &subscriber(update)), "OK Updated Subscriber.");
    assert_eq!(house.kept(ACCOUNT, "Subscriber", id).unwrap(), before);
}

#[test]
fn a_call_goes_on_behind_one_that_failed() {
    let house = House::new();
    let call: String = [
        subscriber("<EmailAddress>a@example.com</EmailAddress>"),
        subscriber("<EmailAddress>nobody</EmailAddress>"),
        subscriber("<EmailAddress>A@example.com</EmailAddress>"),
        subscriber("<EmailAddress>b@example.com</EmailAddress>"),
    ]
    .concat();
    let (rows, answer) = house.send(Create, &call);
    let codes: Vec<_> = rows.iter().map(|row| (row.ordinal, row.code)).collect();
    assert_eq!(codes, [(0, None), (1, Some(12000)), (2, Some(12014)), (3, None)]);
    assert!(answer.ends_with("<OverallStatus>Has Errors</OverallStatus></CreateResponse>"), "{answer}");
    assert_eq!(house.all(ACCOUNT, "Subscriber").len(), 2);
}

#[test]
fn accounts_do_not_see_each_other() {
    let house = House::new();
    house.create(&subscriber(ADA));
    let there = format!("<Client><ID>{OTHER}</ID></Client>{ADA}");
    house.create(&subscriber(&there));
    let gone = format!("<Options><Client><ID>{OTHER}</ID></Client></Options>{}", subscriber(ADA));
    assert_eq!(house.one(Delete, &gone), "OK Subscriber deleted");
    assert_eq!(house.all(OTHER, "Subscriber"), []);
    assert_eq!(house.all(ACCOUNT, "Subscriber").len(), 1);
    let forbidden = subscriber(&format!("<Client><ID>5</ID></Client>{ADA}"));
    assert_eq!(house.one(Create, &forbidden), "4 The user does not have access to account 5");
}
