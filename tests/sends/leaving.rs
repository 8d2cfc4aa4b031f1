//! Links for unsubscribing: what they do to lists and subscribers, and the page behind them, through the front door.

use envoi::{
    backend::triggered_send::{Leaving, Left},
    message::Operation::Delete,
};

use crate::{
    front::page,
    gateway::Gateway,
    house::{House, object, subscriber, to, triggered},
};

#[test]
fn a_link_leaves_the_list_once() {
    let house = House::ready("<List><CustomerKey>readers</CustomerKey></List>");
    house.create(&triggered(&to("ada", "ada@example.com")));
    let token = house.token(&house.only());
    let readers = Some("Readers & Co".to_owned());
    assert_eq!(house.leaving(&token), Leaving { list: readers.clone(), done: false });
    assert_eq!(house.leave(&token), Left::Now);
    assert_eq!(house.leave(&token), Left::Before);
    assert_eq!(house.leaving(&token), Leaving { list: readers, done: true });
    assert_eq!(house.status("ada"), "Active");
    let [event] = house.all("UnsubEvent").try_into().unwrap();
    let send = house.only();
    for (member, expected) in [
        ("SubscriberKey", "ada"),
        ("EventType", "Unsubscribe"),
        ("IsMasterUnsubscribed", "false"),
        ("List.ID", &send.list.to_string()),
        ("SendID", &send.definition.to_string()),
        ("BatchID", &send.batch.to_string()),
    ] {
        assert_eq!(event.text(member), Some(expected), "{member}");
    }
    assert_eq!(house.summary(), "OptOuts 1, Queued 1");
    // What waits for him does not leave any more, and nothing new is taken.
    let unsubscribed = "The subscriber system status is unsubscribed";
    assert_eq!(house.render(&send).unwrap_err().reason, unsubscribed);
    assert_eq!(house.trigger(&to("ada", "ada@example.com")).1, [format!("0 1 {unsubscribed}")]);
}

#[test]
fn without_a_list_it_is_all_mail() {
    let house = House::ready("");
    house.create(&triggered(&to("ada", "ada@example.com")));
    let token = house.token(&house.only());
    assert_eq!(house.leaving(&token), Leaving { list: None, done: false });
    assert_eq!((house.leave(&token), house.leave(&token)), (Left::Now, Left::Before));
    assert_eq!(house.status("ada"), "Unsubscribed");
    let [event] = house.all("UnsubEvent").try_into().unwrap();
    assert_eq!(event.text("IsMasterUnsubscribed"), Some("true"));
}

#[test]
fn what_is_gone_is_left_for_good() {
    let house = House::ready("<List><CustomerKey>readers</CustomerKey></List>");
    house.create(&triggered(&to("ada", "ada@example.com")));
    let token = house.token(&house.only());
    assert!(house.one(Delete, &object("List", "<CustomerKey>readers</CustomerKey>")).starts_with("OK "));
    assert_eq!(house.leave(&token), Left::Now);
    assert_eq!(house.status("ada"), "Unsubscribed");
    assert!(house.one(Delete, &subscriber("ada", "")).starts_with("OK "));
    assert_eq!(house.leaving(&token), Leaving { list: None, done: true });
    assert_eq!(house.leave(&token), Left::Before);
}

#[tokio::test]
async fn a_link_that_is_none_is_refused_in_words() {
    let gateway = Gateway::start().await;
    for token in ["x", &"A".repeat(108), &"A".repeat(5000), "%00", "-_-"] {
        for (method, body) in [("GET", ""), ("POST", "List-Unsubscribe=One-Click")] {
            let answer = page(&gateway, method, &format!("/unsubscribe/{token}"), body).await;
            assert_eq!(answer.status, 404, "{token}");
            assert!(answer.body.contains("<h1>This link does not work</h1>"), "{}", answer.body);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            assert!(
                answer.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'"))
            );
        }
    }
    assert_eq!(page(&gateway, "PUT", "/unsubscribe/x", "").await.status, 405);
    gateway.stop().await;
}
