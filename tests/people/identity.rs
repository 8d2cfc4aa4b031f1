//! What names an object, and what does not; and what is never done.

use envoi::message::Operation::{Create, Delete, Update};

use super::house::{ACCOUNT, House, list, object, save};

const NONE: &str = "is named by none of ObjectID, CustomerKey, ID";

#[test]
fn what_names_nothing_is_refused() {
    let house = House::new();
    let email = |members: &str| object("Email", members);
    let id = house.create(&email("<CustomerKey>a</CustomerKey><Name>A</Name>"));
    house.create(&email("<CustomerKey>b</CustomerKey><Name>B</Name>"));
    let guid = house.kept(ACCOUNT, "Email", id).unwrap().text("ObjectID").unwrap().to_owned();
    let delete_nothing = format!("2 Exception occurred during [Delete]: Email {NONE}");
    let update_nothing =
        "2 Exception occurred during [Update]: Email not found: none of ObjectID, CustomerKey, ID is given";
    let differ =
        |given: &str| format!("2 Exception occurred during the look-up of Email: {given} do not name the same object");
    let missing = |what: &str| format!("2 Exception occurred during [Update]: Email not found: {what}");
    let table = [
        (Delete, String::new(), delete_nothing.clone()),
        (Delete, "<Name>A</Name>".to_owned(), delete_nothing.clone()),
        (Delete, "<ID>0</ID><Name>A</Name>".to_owned(), delete_nothing),
        (Update, "<ID>0</ID><Name>A</Name>".to_owned(), update_nothing.to_owned()),
        (Update, "<ID>424242</ID><Name>A</Name>".to_owned(), missing("ID 424242")),
        (Update, "<ObjectID>none</ObjectID><Name>A</Name>".to_owned(), missing("ObjectID none")),
        (Update, "<CustomerKey>none</CustomerKey><Name>A</Name>".to_owned(), missing("none")),
        (Delete, format!("<ID>{id}</ID><CustomerKey>b</CustomerKey>"), differ(&format!("CustomerKey b and ID {id}"))),
        (Update, format!("<ID>{id}</ID><CustomerKey>c</CustomerKey>"), differ(&format!("CustomerKey c and ID {id}"))),
        (
            Delete,
            format!("<ObjectID>{guid}</ObjectID><CustomerKey>b</CustomerKey>"),
            differ(&format!("ObjectID {guid} and CustomerKey b")),
        ),
        (
            Update,
            format!("<ObjectID>{guid}</ObjectID><ID>{id}</ID><CustomerKey>A</CustomerKey>"),
            "OK Updated Email".to_owned(),
        ),
        (Delete, "<ID>0</ID><CustomerKey>none</CustomerKey>".to_owned(), "OK Deleted Email".to_owned()),
    ];
    for (operation, members, expected) in table {
        assert_eq!(house.one(operation, &email(&members)), expected, "{} {members}", operation.name());
    }
    let nothing = save("Delete") + &email("<Name>A</Name>");
    assert_eq!(house.one(Create, &nothing), format!("2 Exception occurred during [Create]: Email {NONE}"));
    assert_eq!(house.all(ACCOUNT, "Email").len(), 2);
    let definition = object("TriggeredSendDefinition", "<CustomerKey>none</CustomerKey>");
    assert_eq!(house.one(Update, &definition), "17010 Customer Key not found: none");
}

#[test]
fn a_list_is_deleted_by_identifiers_that_agree() {
    let house = House::new();
    let id = house.create(&list("<CustomerKey>a</CustomerKey><ListName>A</ListName>"));
    house.create(&list("<CustomerKey>b</CustomerKey><ListName>B</ListName>"));
    let differ = |key: &str| {
        format!(
            "2 Exception occurred during the look-up of List: ID {id} and CustomerKey {key} do not name the same object"
        )
    };
    for key in ["b", "none"] {
        let both = list(&format!("<ID>{id}</ID><CustomerKey>{key}</CustomerKey>"));
        assert_eq!(house.one(Delete, &both), differ(key));
    }
    let new = list("<ID>424242</ID><CustomerKey>b</CustomerKey><ListName>C</ListName>");
    let refused =
        "2 Exception occurred during the look-up of List: ID 424242 and CustomerKey b do not name the same object";
    assert_eq!(house.one(Create, &new), refused);
    let ada = "<SubscriberKey>ada</SubscriberKey><EmailAddress>ada@example.com</EmailAddress>";
    let member = format!("{ada}<Lists><ID>{id}</ID><CustomerKey>b</CustomerKey></Lists>");
    assert_eq!(house.one(Create, &object("Subscriber", &member)), differ("b"));
    let other = format!("<ID>{id}</ID><ObjectID>none</ObjectID><ListName>C</ListName>");
    let said = house.one(Update, &list(&other));
    assert!(said.ends_with(&format!("ID {id} and ObjectID none do not name the same object")), "{said}");
    let both = list(&format!("<ID>{id}</ID><CustomerKey>a</CustomerKey>"));
    assert_eq!(house.one(Delete, &both), "OK List deleted");
}

#[test]
fn what_would_be_sent_is_refused() {
    let house = House::new();
    let refused = |kind: &str| format!("18006 Unable to send: this server sends no {kind}");
    for kind in ["Send", "SMSTriggeredSend", "VoiceTriggeredSend", "ContactEvent"] {
        assert_eq!(house.one(Create, &object(kind, "")), refused(kind));
        assert_eq!(house.one(Create, &(save("UpdateAdd") + &object(kind, ""))), refused(kind));
        assert_eq!(house.one(Update, &object(kind, "")), format!("5 Cannot perform Update on objects of type {kind}"));
        assert_eq!(house.all(ACCOUNT, kind), []);
    }
    let (_, answer) = house.send(Create, &object("ContactEvent", ""));
    assert!(answer.contains("<Results xsi:type=\"ContactEventCreateResult\"><StatusCode>Error<"), "{answer}");
}

#[test]
fn messages_say_what_happened() {
    let house = House::new();
    let made = object("Email", "<CustomerKey>a</CustomerKey><Name>A</Name>");
    for (operation, action, expected) in [
        (Create, "nothing", "OK Nothing was done, as SaveAction Nothing asks"),
        (Create, "updateadd", "OK Created Email"),
        (Create, "UpdateAdd", "OK Created Email"),
        (Update, "UpdateAdd", "OK Updated Email"),
        (Update, "NOTHING", "OK Nothing was done, as SaveAction Nothing asks"),
        (Update, "Delete", "OK Deleted Email"),
        (Create, "Delete", "OK Deleted Email"),
    ] {
        assert_eq!(house.one(operation, &(save(action) + &made)), expected, "{} {action}", operation.name());
    }
}

#[test]
fn save_options_are_read_strictly_where_they_are_well_placed() {
    let house = House::new();
    let made = object("Email", "<CustomerKey>a</CustomerKey><Name>A</Name>");
    let with = |options: &str| format!("<Options><SaveOptions>{options}</SaveOptions></Options>{made}");
    house.create(&made);
    let taken = "1 a already exists";
    for (options, expected) in [
        ("<SaveOption><SaveAction>UpdateAdd</SaveAction></SaveOption>", "OK Created Email"),
        ("<SaveOption><PropertyName/><SaveAction>UpdateAdd</SaveAction></SaveOption>", "OK Created Email"),
        (
            "<SaveOption><PropertyName>EMAIL</PropertyName><SaveAction>UpdateAdd</SaveAction></SaveOption>",
            "OK Created Email",
        ),
        ("<SaveOption><PropertyName>List</PropertyName><SaveAction>UpdateAdd</SaveAction></SaveOption>", taken),
        ("<SaveOption><PropertyName>*</PropertyName><SaveAction/></SaveOption>", taken),
        ("<SaveAction>UpdateAdd</SaveAction>", taken),
        ("<PropertyName>*</PropertyName><SaveAction>Nonsense</SaveAction>", taken),
        ("UpdateAdd", taken),
    ] {
        assert_eq!(house.one(Create, &with(options)), expected, "{options}");
    }
}

#[test]
fn a_client_that_cannot_be_found_is_not_the_callers_own() {
    let house = House::new();
    let refused = |what: &str| format!("4 The user does not have access to account {what}");
    for (client, expected) in [
        ("<PartnerClientKey>key</PartnerClientKey>", Some("key")),
        ("<CustomerID>key</CustomerID>", Some("key")),
        ("<CustomerKey>key</CustomerKey>", Some("key")),
        ("<CustomerKey>100002</CustomerKey>", None),
        ("<CustomerKey>7</CustomerKey>", Some("7")),
        ("<EnterpriseID>100002</EnterpriseID>", Some("100002")),
        (
            "<EnterpriseID>100001</EnterpriseID><UserID>5</UserID><CreatedBy>5</CreatedBy><ModifiedBy>5</ModifiedBy>",
            None,
        ),
        ("<ID>0</ID><ClientID>0</ClientID><PartnerClientKey/>", None),
        ("<ID>100002</ID><PartnerClientKey>key</PartnerClientKey>", None),
        ("<ID>7</ID>", Some("7")),
    ] {
        let key = "<CustomerKey>a</CustomerKey><Name>A</Name>";
        let own = object("Email", &format!("<Client>{client}</Client>{key}"));
        let by_options = format!("<Options><Client>{client}</Client></Options>{}", object("Email", key));
        let expected = expected.map_or("OK Deleted Email".to_owned(), refused);
        assert_eq!(house.one(Delete, &own), expected, "{client}");
        assert_eq!(house.one(Delete, &by_options), expected, "{client} in Options");
    }
    let other = object("Email", "<Client><CustomerKey>100002</CustomerKey></Client><Name>A</Name>");
    house.create(&other);
    assert_eq!((house.all(ACCOUNT, "Email").len(), house.all(super::house::OTHER, "Email").len()), (0, 1));
}
