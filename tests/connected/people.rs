//! Subscribers who are contacts of a system and kept here too: here changes what there was accepted.

use envoi::{
    connector::{Action, ContactChange, Standing},
    message::Operation,
};

use crate::{
    engine::single,
    house::{House, accepted, list, sms, verdict},
};

fn person(key: &str, members: &str) -> String {
    format!("<Objects xsi:type=\"Subscriber\"><SubscriberKey>{key}</SubscriberKey>{members}</Objects>")
}

const EMAIL: &str = "<EmailAddress>ada@example.com</EmailAddress>";
const PHONE: &str = "<Attributes><Name>Phone</Name><Value>+4915112345601</Value></Attributes>";

fn subscribers(house: &House) -> Vec<String> {
    let line = |object: &envoi::object::Object| {
        let text = |member: &str| object.text(member).unwrap_or("-").to_owned();
        format!("{} {}", text("SubscriberKey"), text("EmailAddress"))
    };
    house.objects("Subscriber").iter().map(line).collect()
}

/// What was asked of the system last.
fn asked(house: &House) -> ContactChange {
    let last = house.deliveries().pop().unwrap();
    match &last.content.outgoing().unwrap().message.action {
        Action::Contact(change) => change.settled().expect("something was sent"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_contact_is_made_changed_and_removed_by_the_id_that_it_was_given() {
    let house = House::new();
    house.system.answers("ada", &[accepted("31")]);
    house.run();
    house.create(&[person("ada", &format!("{EMAIL}{PHONE}"))]).await;
    house.advance(0).await;
    assert_eq!(house.items(), ["OK - [yeastar] accepted"]);
    assert!(house.answers()[0].contains("<NewID>31</NewID>"), "{}", house.answers()[0]);
    assert_eq!(subscribers(&house), ["ada ada@example.com"]);
    let changed = person("Ada", "<EmailAddress>new@example.com</EmailAddress>");
    house.call(Operation::Update, None, single(), &[changed]).await;
    house.advance(0).await;
    assert!(matches!(asked(&house), ContactChange::Update(id, _) if id == "31"), "keys do not differ by case");
    assert_eq!(subscribers(&house), ["ada new@example.com"]);
    house.call(Operation::Delete, None, single(), &[person("ada", "")]).await;
    house.advance(0).await;
    assert_eq!(asked(&house), ContactChange::Delete("31".to_owned()));
    assert_eq!(subscribers(&house), Vec::<String>::new());
    house.call(Operation::Update, None, single(), &[person("ada", EMAIL)]).await;
    house.advance(0).await;
    assert!(house.items()[3].starts_with("Error "), "{:?}", house.items());
    assert_eq!(house.system.came().len(), 3, "it is known no more, so nothing is sent");
}

#[tokio::test]
async fn what_the_system_refuses_changes_nothing_here() {
    let house = House::new();
    house.system.answers("ada", &[verdict(Standing::Refused, "40003", "DUPLICATE KEY VALUE")]);
    house.run();
    house.create(&[person("ada", &format!("{EMAIL}{PHONE}"))]).await;
    house.advance(0).await;
    assert_eq!(house.items(), ["Error 2040003 [yeastar 40003] DUPLICATE KEY VALUE"]);
    assert_eq!(subscribers(&house), Vec::<String>::new());
}

#[tokio::test]
async fn what_would_be_refused_here_is_not_sent_there() {
    let house = House::new();
    house.run();
    let ada = person("ada", &format!("{EMAIL}{PHONE}"));
    house.create(std::slice::from_ref(&ada)).await;
    house.advance(0).await;
    house.create(&[ada, person("bob", &format!("<EmailAddress>no address</EmailAddress>{PHONE}"))]).await;
    house.advance(0).await;
    assert_eq!(house.system.came(), ["ada"]);
    let items = house.items();
    assert!(items[1].starts_with("Error 12014 ") && items[2].starts_with("Error 12000 "), "{items:?}");
}

#[tokio::test]
async fn who_is_kept_here_and_gone_there_is_made_again_by_an_update() {
    let house = House::new();
    let gone = verdict(Standing::Refused, "70128", "CONTACTS_NOT_EXISTED");
    house.system.answers("ada", &[accepted("31"), gone.clone(), accepted("32"), gone]);
    house.run();
    let ada = person("ada", &format!("{EMAIL}{PHONE}"));
    let call = async |operation, object: &String| {
        house.call(operation, None, single(), std::slice::from_ref(object)).await;
        house.advance(0).await;
        house.items().pop().unwrap()
    };
    assert_eq!(call(Operation::Create, &ada).await, "OK - [yeastar] accepted");
    // Somebody has removed it on the PBX, which says so once.
    assert_eq!(call(Operation::Update, &ada).await, "Error 2070128 [yeastar 70128] CONTACTS_NOT_EXISTED");
    // What clients do who are told that he is there already: the same as an Update.
    assert_eq!(call(Operation::Create, &ada).await, "Error 12014 The subscriber is already on the list");
    let nameless = call(Operation::Update, &person("ada", EMAIL)).await;
    assert_eq!(nameless, "Error 4000006 The connector knows no contact of SubscriberKey ada", "without a number");
    assert_eq!(call(Operation::Update, &ada).await, "OK - [yeastar] accepted");
    assert!(matches!(asked(&house), ContactChange::Create(_)));
    assert_eq!((house.system.came().len(), subscribers(&house)), (3, vec!["ada ada@example.com".to_owned()]));
    // Gone again: he is no prisoner here.
    assert_eq!(call(Operation::Delete, &ada).await, "Error 2070128 [yeastar 70128] CONTACTS_NOT_EXISTED");
    assert!(call(Operation::Delete, &ada).await.starts_with("OK "));
    assert_eq!((house.system.came().len(), subscribers(&house)), (4, Vec::new()));
}

#[tokio::test]
async fn a_contact_without_an_address_is_kept_there_alone() {
    let house = House::new();
    house.system.answers("ada", &[accepted("7")]);
    house.run();
    house.create(&[person("ada", PHONE)]).await;
    house.advance(0).await;
    assert_eq!((house.items(), subscribers(&house)), (vec!["OK - [yeastar] accepted".to_owned()], Vec::new()));
    house.create(&[person("bob", &format!("<Lists><ID>1</ID></Lists>{}", PHONE.replace("601", "602")))]).await;
    house.advance(0).await;
    assert!(house.items()[1].starts_with("Error 13000 "), "a list that is none: {:?}", house.items());
    house.call(Operation::Delete, None, single(), &[person("ada", "")]).await;
    house.advance(0).await;
    assert_eq!(asked(&house), ContactChange::Delete("7".to_owned()));
    assert_eq!(house.items()[2], "OK - [yeastar] accepted");
}

#[tokio::test]
async fn a_contact_that_is_remembered_is_not_made_again() {
    let house = House::new();
    house.system.answers("ada", &[accepted("7")]);
    house.run();
    house.create(&[person("ada", PHONE)]).await;
    house.advance(0).await;
    // With an address and without: the contact is there already.
    house.create(&[person("Ada", PHONE)]).await;
    house.create(&[person("ada", &format!("{EMAIL}{PHONE}"))]).await;
    house.advance(0).await;
    assert_eq!(house.items()[1..], ["Error 12014 The subscriber is already on the list"; 2]);
    assert_eq!((house.system.came().len(), subscribers(&house)), (1, Vec::new()));
    house.call(Operation::Delete, None, single(), &[person("ada", "")]).await;
    house.advance(0).await;
    assert_eq!(asked(&house), ContactChange::Delete("7".to_owned()), "it is the first that is known");
    house.create(&[person("ada", PHONE)]).await;
    house.advance(0).await;
    assert_eq!(house.items()[4], "OK - [yeastar] accepted");
}

#[tokio::test]
async fn a_contact_that_is_not_kept_here_is_told_to_be_on_no_list_here() {
    let house = House::new();
    house.run();
    // A route without types leaves a List here.
    house.create(&[list("readers")]).await;
    house.advance(0).await;
    let id = house
        .objects("List")
        .iter()
        .find(|list| list.text("ListName") == Some("readers"))
        .map(|list| list.text("ID").unwrap().to_owned());
    let on = format!("<Lists><ID>{}</ID></Lists>", id.unwrap());
    house.create(&[person("ada", &format!("{PHONE}{on}"))]).await;
    house.advance(0).await;
    let told = "OK - [yeastar] accepted; on no list here, where nobody is kept without an EmailAddress";
    assert_eq!(house.items()[1], told);
    house.create(&[person("bob", &format!("{}{EMAIL}{on}", PHONE.replace("601", "602")))]).await;
    house.advance(0).await;
    assert_eq!(house.items()[2], "OK - [yeastar] accepted");
}

#[tokio::test]
async fn what_says_nothing_to_the_system_is_done_here_and_asked_of_nobody() {
    let house = House::new();
    house.system.answers("ada", &[accepted("31")]);
    house.run();
    let call = async |operation, object: &str| {
        house.call(operation, None, single(), &[object.to_owned()]).await;
        house.advance(0).await;
        house.items().pop().unwrap()
    };
    let (create, update) = (Operation::Create, Operation::Update);
    assert_eq!(call(create, &person("ada", &format!("{EMAIL}{PHONE}"))).await, "OK - [yeastar] accepted");
    assert_eq!(call(create, &list("readers")).await, "OK - Created List.");
    let list = house.objects("List").into_iter().find(|list| list.text("ListName") == Some("readers")).unwrap();
    let lists = format!("<Lists><ID>{}</ID></Lists>", list.text("ID").unwrap());
    assert_eq!(call(update, &person("ada", &lists)).await, "OK - Updated Subscriber.");
    let nobody = "Error 4000006 The connector knows no contact of SubscriberKey bob";
    assert_eq!(call(update, &person("bob", &lists)).await, nobody);
    let out = "<Status>Unsubscribed</Status>";
    assert_eq!(call(update, &person("Ada", out)).await, "OK - Updated Subscriber.");
    assert_eq!(house.objects("Subscriber")[0].text("Status"), Some("Unsubscribed"));
    // Her number stands in an attribute alone, and a send names that alone.
    let refused = call(create, &sms("+4915112345601")).await;
    assert!(refused.starts_with("Error ") && refused.contains("nsubscribed"), "{refused}");
    assert_eq!(house.system.came(), ["ada"], "the system was asked once");
}

#[tokio::test]
async fn an_opt_out_behind_a_change_that_is_under_way_waits_for_it_and_holds() {
    let house = House::new();
    house.system.answers("ada", &[verdict(Standing::Again, "70082", "later"), accepted("31")]);
    house.run();
    house.create(&[person("ada", PHONE)]).await;
    house.advance(0).await;
    let out = person("ada", "<Status>Unsubscribed</Status>");
    house.call(Operation::Update, None, single(), &[out]).await;
    house.advance(0).await;
    assert_eq!(house.items(), Vec::<String>::new(), "both are under way");
    house.advance(60).await;
    assert_eq!(house.items(), ["OK - [yeastar] accepted", "OK - Updated Subscriber."]);
    house.create(&[sms("+4915112345601")]).await;
    house.advance(0).await;
    assert!(house.items()[2].starts_with("Error "), "{:?}", house.items());
    assert_eq!(house.system.came(), ["ada", "ada"]);
}
