//! Create, Update and Delete of lists, and what a demonstration begins with.

use envoi::{
    message::Operation::{Create, Delete, Update},
    store::Settings,
};

use super::house::{ACCOUNT, House, list, save, subscriber};

#[test]
fn a_list_lives() {
    let mut house = House::new();
    let (rows, answer) = house.send(
        Create,
        &list("<CustomerKey>news</CustomerKey><ListName>News</ListName><Description>All of it</Description>"),
    );
    let id = rows[0].new_id;
    assert!(id > 0 && rows[0].new_object_id.is_none(), "{rows:?}");
    assert!(
        answer.contains(&format!(
            "<StatusMessage>Created List.</StatusMessage><OrdinalID>0</OrdinalID><NewID>{id}</NewID>\
         <Object xsi:type=\"List\"><PartnerKey xsi:nil=\"true\" /><ID>{id}</ID><ObjectID xsi:nil=\"true\" />\
         <CustomerKey>news</CustomerKey><ListName>News</ListName><Description>All of it</Description></Object>"
        )),
        "{answer}"
    );
    let kept = house.kept(ACCOUNT, "List", id).unwrap();
    assert_eq!(kept.text("Type"), Some("Private"));
    assert_eq!(kept.text("ListClassification"), Some("ExactTargetList"));
    let guid = kept.text("ObjectID").unwrap().to_owned();

    house.later(1);
    let ways = [
        format!("<ID>{id}</ID>"),
        "<CustomerKey>NEWS</CustomerKey>".to_owned(),
        format!("<ObjectID>{guid}</ObjectID>"),
    ];
    for (n, way) in ways.iter().enumerate() {
        let change = list(&format!("{way}<ListName>News {n}</ListName><Description/>"));
        assert_eq!(house.one(Update, &change), "OK Updated List.", "{way}");
    }
    let kept = house.kept(ACCOUNT, "List", id).unwrap();
    assert_eq!(kept.text("ListName"), Some("News 2"));
    assert_eq!(kept.text("Description"), Some(""));
    assert_eq!(kept.text("ModifiedDate"), Some("2021-12-30T12:00:07Z"));

    assert_eq!(house.one(Delete, &list("<CustomerKey>news</CustomerKey>")), "OK List deleted");
    assert_eq!(house.kept(ACCOUNT, "List", id), None);
    // Like a delete in SQL.
    assert_eq!(house.one(Delete, &list("<CustomerKey>news</CustomerKey>")), "OK List deleted");
}

#[test]
fn refusals() {
    let house = House::new();
    house.create(&list("<CustomerKey>news</CustomerKey><ListName>News</ListName>"));
    let other = house.create(&list("<CustomerKey>other</CustomerKey><ListName>Other</ListName>"));
    let all = house.all_subscribers();
    let fifty = "ä".repeat(50);
    house.create(&list(&format!("<ListName>{fifty}</ListName>")));
    let table = [
        (
            Create,
            "<Description>no name</Description>".to_owned(),
            "2 Exception occurred during [Create]: List.ListName is required",
        ),
        (Create, format!("<ListName>{fifty}x</ListName>"), "13010 The list name is longer than 50 characters"),
        (
            Update,
            format!("<ID>{other}</ID><ListName>{fifty}x</ListName>"),
            "13010 The list name is longer than 50 characters",
        ),
        (Create, "<ListName>NEWS</ListName>".to_owned(), "1 NEWS already exists"),
        (Create, "<ListName>All Subscribers</ListName>".to_owned(), "1 All Subscribers already exists"),
        (Create, "<CustomerKey>News</CustomerKey><ListName>Else</ListName>".to_owned(), "1 News already exists"),
        (Update, format!("<ID>{other}</ID><ListName>news</ListName>"), "1 news already exists"),
        (Update, format!("<ID>{other}</ID><CustomerKey>news</CustomerKey>"), "1 news already exists"),
        (Update, "<CustomerKey>none</CustomerKey>".to_owned(), "13000 List not found: none"),
        (
            Update,
            "<ListName>News</ListName>".to_owned(),
            "13000 List not found: neither ID nor ObjectID nor CustomerKey is given",
        ),
        (
            Delete,
            "<ListName>News</ListName>".to_owned(),
            "13000 List not found: neither ID nor ObjectID nor CustomerKey is given",
        ),
        (Delete, format!("<ID>{all}</ID>"), "5 Cannot perform Delete on the All Subscribers list"),
        (
            Update,
            format!("<ID>{all}</ID><ListName>Nobody</ListName>"),
            "5 Cannot perform Update on the All Subscribers list",
        ),
    ];
    for (operation, members, expected) in table {
        assert_eq!(house.one(operation, &list(&members)), expected, "{} {members}", operation.name());
    }
    assert_eq!(house.all(ACCOUNT, "List").len(), 4);
}

#[test]
fn save_options() {
    let house = House::new();
    let id = house.create(&list("<ListName>News</ListName>"));
    let request = save("UpdateAdd") + &list("<ListName>news</ListName><Description>again</Description>");
    let (rows, _) = house.send(Create, &request);
    assert_eq!((rows[0].code, rows[0].new_id), (None, id));
    assert_eq!(house.kept(ACCOUNT, "List", id).unwrap().text("Description"), Some("again"));
    let fresh = save("UpdateAdd") + &list("<CustomerKey>fresh</CustomerKey><ListName>Fresh</ListName>");
    assert_eq!(house.say(Update, &fresh), ["OK Updated List."]);
    assert_eq!(
        house.say(Create, &(save("UpdateOnly") + &list("<ListName>None</ListName>"))),
        ["68000 CreateSingle: SaveAction: UpdateOnly violation"]
    );
}

#[test]
fn a_list_may_come_with_its_subscribers() {
    let house = House::new();
    let ada = house.create(&subscriber("<EmailAddress>ada@example.com</EmailAddress>"));
    let members = "<Subscribers><EmailAddress>ada@example.com</EmailAddress></Subscribers>\
                   <Subscribers><EmailAddress>grace@example.com</EmailAddress></Subscribers>";
    let id = house.create(&list(&format!("<ListName>News</ListName>{members}")));
    assert_eq!(house.members(id), ["ada@example.com Active", "grace@example.com Active"]);
    let all = house.all_subscribers();
    assert_eq!(house.lists_of(ada), [format!("{all} Active"), format!("{id} Active")]);
    let bad = "<ListName>Bad</ListName><Subscribers><EmailAddress>nobody</EmailAddress></Subscribers>";
    assert_eq!(house.one(Create, &list(bad)), "12000 InvalidEmailAddress");
    assert_eq!(house.all(ACCOUNT, "List").len(), 2);
}

#[test]
fn a_demonstration_begins_once() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { path: Some(folder.path().to_owned()), ..Settings::default() };
    let house = House::at(&settings);
    let rows = house.seed();
    assert_eq!(
        rows[..4],
        ["OK Created List.", "OK Created Subscriber.", "OK Created Subscriber.", "OK Created Subscriber."]
    );
    assert!(rows.iter().all(|row| row.starts_with("OK ")), "{rows:?}");
    let (id, _) =
        house.all(ACCOUNT, "List").into_iter().find(|(_, list)| list.text("CustomerKey") == Some("demo-list")).unwrap();
    assert_eq!(house.members(id), ["ada Active", "alan Active", "grace Active"]);
    assert_eq!(house.one(Delete, &subscriber("<SubscriberKey>alan</SubscriberKey>")), "OK Subscriber deleted");
    drop(house);
    let house = House::at(&settings);
    assert_eq!(house.seed(), [""; 0]);
    assert_eq!(house.members(id), ["ada Active", "grace Active"]);
    assert_eq!(house.members(house.all_subscribers()), ["ada Active", "grace Active"]);
}
