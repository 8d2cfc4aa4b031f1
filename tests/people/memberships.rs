//! Who is on which list: entries of `Lists`, and lists as containers.

use envoi::message::Operation::{Create, Delete, Update};

use super::house::{ACCOUNT, House, list, save, subscriber};

/// A house with one list and Ada, who is not on it.
fn house() -> (House, i64, i64) {
    let house = House::new();
    let news = house.create(&list("<CustomerKey>news</CustomerKey><ListName>News</ListName>"));
    let ada =
        house.create(&subscriber("<EmailAddress>ada@example.com</EmailAddress><SubscriberKey>ada</SubscriberKey>"));
    (house, news, ada)
}

fn entry(list: i64, more: &str) -> String {
    format!("<Lists><ID>{list}</ID>{more}</Lists>")
}

fn ada(lists: &str) -> String {
    subscriber(&format!("<SubscriberKey>ada</SubscriberKey>{lists}"))
}

#[test]
fn the_helpers_of_the_sdks_work() {
    // AddSubscriberToList: Create; on 12014 the same as an Update.
    let (house, news, id) = house();
    let request = subscriber(&format!(
        "<EmailAddress>ada@example.com</EmailAddress><SubscriberKey>ada</SubscriberKey>\
         <Lists><PartnerKey xsi:nil='true'/><ID>{news}</ID><ObjectID xsi:nil='true'/><Action>create</Action></Lists>"
    ));
    assert_eq!(house.one(Create, &request), "12014 The subscriber is already on the list");
    assert_eq!(house.members(news), [""; 0]);
    assert_eq!(house.one(Update, &request), "OK Updated Subscriber.");
    assert_eq!(house.members(news), ["ada Active"]);
    assert_eq!(house.lists_of(id), [format!("{} Active", house.all_subscribers()), format!("{news} Active")]);
    // A new one is put on it at once.
    let grace = subscriber(&format!(
        "<EmailAddress>grace@example.com</EmailAddress>{}",
        entry(news, "<Action>create</Action>")
    ));
    house.create(&grace);
    assert_eq!(house.members(news), ["ada Active", "grace@example.com Active"]);
}

#[test]
fn every_action() {
    // (on the list before, SaveOption, entry, answer, members after)
    let table: [(bool, &str, &str, &str, &[&str]); 17] = [
        (false, "", "<Action>create</Action>", "OK Updated Subscriber.", &["ada Active"]),
        (
            false,
            "",
            "<Action>Create</Action><Status>Unsubscribed</Status>",
            "OK Updated Subscriber.",
            &["ada Unsubscribed"],
        ),
        (false, "", "", "OK Updated Subscriber.", &["ada Active"]),
        (false, "", "<Action>upsert</Action>", "OK Updated Subscriber.", &["ada Active"]),
        (false, "", "<Action>UPDATE</Action>", "13007 Not On List", &[]),
        (false, "", "<Action>delete</Action>", "13007 Not On List", &[]),
        (false, "UpdateAdd", "<Action>update</Action>", "OK Updated Subscriber.", &["ada Active"]),
        (false, "UpdateAdd", "<Action>delete</Action>", "13007 Not On List", &[]),
        (true, "", "<Action>create</Action>", "13006 On List Already", &["ada Active"]),
        (true, "", "", "OK Updated Subscriber.", &["ada Active"]),
        (true, "", "<Status>Held</Status>", "OK Updated Subscriber.", &["ada Held"]),
        (
            true,
            "",
            "<Action>upsert</Action><Status>Unsubscribed</Status>",
            "OK Updated Subscriber.",
            &["ada Unsubscribed"],
        ),
        (
            true,
            "",
            "<Action>update</Action><Status>Unsubscribed</Status>",
            "OK Updated Subscriber.",
            &["ada Unsubscribed"],
        ),
        (true, "", "<Action>update</Action>", "OK Updated Subscriber.", &["ada Active"]),
        (true, "", "<Action>Delete</Action>", "OK Updated Subscriber.", &[]),
        (
            true,
            "UpdateAdd",
            "<Action>create</Action><Status>Unsubscribed</Status>",
            "OK Updated Subscriber.",
            &["ada Unsubscribed"],
        ),
        (
            true,
            "",
            "<Action>erase</Action>",
            "2 Exception occurred during Subscriber.Lists: Action must be create, update, delete or upsert, not erase",
            &["ada Active"],
        ),
    ];
    for (before, action, members, expected, after) in table {
        let (house, news, _) = house();
        if before {
            assert_eq!(house.one(Update, &ada(&entry(news, ""))), "OK Updated Subscriber.");
        }
        let options = if action.is_empty() { String::new() } else { save(action) };
        let row = house.one(Update, &(options + &ada(&entry(news, members))));
        assert_eq!(row, expected, "{before} {action} {members}");
        assert_eq!(house.members(news), after, "{before} {action} {members}");
    }
}

#[test]
fn a_list_is_named_in_every_way() {
    let (house, news, _) = house();
    let guid = house.kept(ACCOUNT, "List", news).unwrap().text("ObjectID").unwrap().to_uppercase();
    let ways = [
        format!("<ID>{news}</ID>"),
        format!("<ObjectID>{guid}</ObjectID>"),
        "<CustomerKey>News</CustomerKey>".to_owned(),
        format!("<List><ID>{news}</ID></List>"),
        "<List><CustomerKey>news</CustomerKey></List>".to_owned(),
    ];
    for way in ways {
        assert_eq!(
            house.one(Update, &ada(&format!("<Lists>{way}<Action>create</Action></Lists>"))),
            "OK Updated Subscriber.",
            "{way}"
        );
        assert_eq!(house.members(news), ["ada Active"]);
        assert_eq!(
            house.one(Update, &ada(&format!("<Lists>{way}<Action>delete</Action></Lists>"))),
            "OK Updated Subscriber.",
            "{way}"
        );
        assert_eq!(house.members(news), [""; 0]);
    }
}

#[test]
fn an_unknown_list_takes_the_whole_subscriber_back() {
    let (house, news, id) = house();
    let before = house.kept(ACCOUNT, "Subscriber", id);
    let lists = entry(news, "") + &entry(7, "") + "<Status>Held</Status>";
    assert_eq!(house.one(Update, &ada(&lists)), "13000 List not found: 7");
    assert_eq!(house.members(news), [""; 0]);
    assert_eq!(house.kept(ACCOUNT, "Subscriber", id), before);
    let grace = subscriber(&format!("<EmailAddress>grace@example.com</EmailAddress>{lists}"));
    assert_eq!(house.one(Create, &grace), "12016 A subscriber cannot be created with the status Held");
    let grace =
        subscriber(&format!("<EmailAddress>grace@example.com</EmailAddress>{}", entry(news, "") + &entry(7, "")));
    assert_eq!(house.one(Create, &grace), "13000 List not found: 7");
    assert_eq!(house.all(ACCOUNT, "Subscriber").len(), 1);
    let nameless = ada("<Lists><Action>create</Action></Lists>");
    assert_eq!(house.one(Update, &nameless), "13000 List not found: neither ID nor ObjectID nor CustomerKey is given");
    let subscriber_as_list = ada(&entry(id, ""));
    assert_eq!(house.one(Update, &subscriber_as_list), format!("13000 List not found: {id}"));
}

#[test]
fn all_subscribers_holds_everybody_with_his_own_status() {
    let (house, _, id) = house();
    let all = house.all_subscribers();
    house.create(&subscriber("<EmailAddress>grace@example.com</EmailAddress><Status>Unsubscribed</Status>"));
    house.create(&subscriber("<EmailAddress>alan@example.com</EmailAddress>"));
    assert_eq!(house.members(all), ["ada Active", "alan@example.com Active", "grace@example.com Unsubscribed"]);
    let unsubscribe = entry(all, "<Status>Unsubscribed</Status><Action>update</Action>");
    assert_eq!(house.one(Update, &ada(&unsubscribe)), "OK Updated Subscriber.");
    let kept = house.kept(ACCOUNT, "Subscriber", id).unwrap();
    assert_eq!(kept.text("Status"), Some("Unsubscribed"));
    assert_eq!(kept.text("UnsubscribedDate"), Some("2021-12-30T12:00:06Z"));
    assert_eq!(house.lists_of(id), [format!("{all} Unsubscribed")]);
    assert_eq!(
        house.one(Update, &ada(&entry(all, "<Action>delete</Action>"))),
        "5 Cannot perform Delete on a place on the All Subscribers list"
    );
}

#[test]
fn a_list_can_be_the_container_of_a_call() {
    let (house, news, _) = house();
    let options = |action: &str| {
        format!(
            "<Options xsi:type='UpdateOptions'><Container xsi:type='List'><ID>{news}</ID></Container>{action}</Options>"
        )
    };
    let create =
        format!("<Options xsi:type='CreateOptions'><Container xsi:type='List'><ID>{news}</ID></Container></Options>");
    let two = ["grace", "alan"].map(|name| subscriber(&format!("<EmailAddress>{name}@example.com</EmailAddress>")));
    assert_eq!(house.say(Create, &(create + &two.concat())), ["OK Created Subscriber."; 2]);
    assert_eq!(house.one(Update, &(options("<Action>Create</Action>") + &ada(""))), "OK Updated Subscriber.");
    assert_eq!(house.members(news), ["ada Active", "alan@example.com Active", "grace@example.com Active"]);
    assert_eq!(house.one(Update, &(options("<Action>DELETE</Action>") + &ada(""))), "OK Updated Subscriber.");
    assert_eq!(house.members(news), ["alan@example.com Active", "grace@example.com Active"]);
}

#[test]
fn nothing_is_left_of_what_is_deleted() {
    let (house, news, id) = house();
    let other = house.create(&list("<ListName>Other</ListName>"));
    assert_eq!(house.one(Update, &ada(&(entry(news, "") + &entry(other, "")))), "OK Updated Subscriber.");
    assert_eq!(house.one(Delete, &list(&format!("<ID>{news}</ID>"))), "OK List deleted");
    assert_eq!(house.lists_of(id), [format!("{} Active", house.all_subscribers()), format!("{other} Active")]);
    assert_eq!(house.one(Delete, &ada("")), "OK Subscriber deleted");
    assert_eq!(house.lists_of(id), [""; 0]);
    assert_eq!(house.members(other), [""; 0]);
    // Who comes back is a new one, on no list.
    let again =
        house.create(&subscriber("<EmailAddress>ada@example.com</EmailAddress><SubscriberKey>ada</SubscriberKey>"));
    assert_ne!(again, id);
    assert_eq!(house.lists_of(again).len(), 1);
}
