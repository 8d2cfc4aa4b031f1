//! A batch at a time: how a Retrieve is continued, by whom, for how long, and what changed since the last one.

use envoi::{
    backend::retrieve::{EXPIRES_AFTER, MAX_OPEN},
    message::Operation::{Delete, Retrieve},
    store::Settings,
};

use super::house::{House, parts, simple, subscriber};

fn fill(house: &mut House, keys: std::ops::Range<usize>) {
    let objects: String = keys.map(|n| subscriber(&format!("s{n:04}"), "")).collect();
    house.create(&objects);
}

/// The status of a first batch, its keys, and the id of the answer.
fn first(house: &mut House, size: usize, more: &str) -> (String, Vec<String>, String) {
    let request = format!(
        "<RetrieveRequest><ObjectType>Subscriber</ObjectType><Properties>SubscriberKey</Properties>{more}\
         <Options><BatchSize>{size}</BatchSize></Options></RetrieveRequest>"
    );
    ask(house, &request)
}

fn ask(house: &mut House, children: &str) -> (String, Vec<String>, String) {
    let answer = house.send(Retrieve, children);
    let id = answer.split("<RequestID>").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let (status, keys) = parts(&answer, &["SubscriberKey"]);
    (status, keys, id)
}

fn next(id: &str) -> String {
    format!("<RetrieveRequest><ContinueRequest>{id}</ContinueRequest></RetrieveRequest>")
}

#[test]
fn a_retrieve_is_continued_in_every_spelling_of_the_sdks() {
    let spellings: [fn(&str) -> String; 3] = [
        next,
        |id| {
            format!(
                "<RetrieveRequest><ObjectType></ObjectType><ContinueRequest>{id}</ContinueRequest></RetrieveRequest>"
            )
        },
        |id| format!("<ContinueRequest> {id} </ContinueRequest>"),
    ];
    for spell in spellings {
        for by_original in [false, true] {
            let mut house = House::new();
            fill(&mut house, 0..10);
            let (mut status, mut all, mut id) = first(&mut house, 4, "");
            let original = id.clone();
            assert_eq!((status.as_str(), all.len()), ("MoreDataAvailable", 4));
            let mut sizes = vec![4];
            while status == "MoreDataAvailable" {
                let (again, keys, latest) = ask(&mut house, &spell(if by_original { &original } else { &id }));
                assert_ne!(latest, id, "every answer has an id of its own");
                sizes.push(keys.len());
                all.extend(keys);
                (status, id) = (again, latest);
            }
            assert_eq!((status.as_str(), sizes), ("OK", vec![4, 4, 2]));
            assert_eq!(all, (0..10).map(|n| format!("s{n:04}")).collect::<Vec<_>>());
            // Asked once too often, there is no more.
            assert_eq!(ask(&mut house, &spell(&id)).1, [""; 0]);
        }
    }
}

#[test]
fn a_batch_that_is_just_full_is_the_last() {
    let mut house = House::new();
    fill(&mut house, 0..6);
    for (size, status) in [(6, "OK"), (7, "OK"), (5, "MoreDataAvailable"), (2500, "OK"), (9999, "OK"), (0, "OK")] {
        assert_eq!(first(&mut house, size, "").0, status, "{size}");
    }
    let (status, keys, _) = first(&mut house, 2, &simple("SubscriberKey", "IN", &["s0001", "s0005"]));
    assert_eq!((status.as_str(), keys.len()), ("OK", 2));
}

#[test]
fn more_than_2500_come_in_batches_of_2500() {
    let mut house = House::new();
    for n in 0..6 {
        fill(&mut house, n * 500..(n + 1) * 500);
    }
    let (status, keys, id) = first(&mut house, 0, "");
    assert_eq!((status.as_str(), keys.len()), ("MoreDataAvailable", 2500));
    let (status, keys, _) = ask(&mut house, &next(&id));
    assert_eq!((status.as_str(), keys.len(), keys[0].as_str()), ("OK", 500, "s2500"));
}

#[test]
fn large_objects_fill_a_batch_early() {
    let mut house = House::new();
    let text = "x".repeat(1 << 20);
    for n in 0..10 {
        house.create(&format!("<Objects xsi:type='Email'><CustomerKey>{n}</CustomerKey><Name>n</Name><HTMLBody>{text}</HTMLBody></Objects>"));
    }
    let (status, found) = house.retrieve("Email", &["CustomerKey", "HTMLBody"], "");
    assert_eq!((status.as_str(), found.len()), ("MoreDataAvailable", 8));
    let rest = house.send(Retrieve, "<RetrieveRequest><ContinueRequest>R11</ContinueRequest></RetrieveRequest>");
    assert_eq!(parts(&rest, &["CustomerKey"]), ("OK".to_owned(), vec!["8".to_owned(), "9".to_owned()]));
    // What is not asked for does not count.
    assert_eq!(house.values("Email", "CustomerKey", "").len(), 10);
}

#[test]
fn what_is_made_and_deleted_meanwhile_disturbs_nothing() {
    let mut house = House::new();
    fill(&mut house, 0..6);
    let (_, mut all, id) = first(&mut house, 2, "");
    let gone = ["s0001", "s0002"]
        .map(|key| format!("<Objects xsi:type='Subscriber'><SubscriberKey>{key}</SubscriberKey></Objects>"));
    house.send(Delete, &gone.concat());
    fill(&mut house, 6..8);
    let (status, keys, id) = ask(&mut house, &next(&id));
    assert_eq!((status.as_str(), keys.clone()), ("MoreDataAvailable", vec!["s0003".to_owned(), "s0004".to_owned()]));
    all.extend(keys);
    let (status, keys, id) = ask(&mut house, &next(&id));
    assert_eq!(status, "MoreDataAvailable");
    all.extend(keys);
    all.extend(ask(&mut house, &next(&id)).1);
    assert_eq!(all, ["s0000", "s0001", "s0003", "s0004", "s0005", "s0006", "s0007"]);
}

#[test]
fn a_filter_and_its_properties_hold_over_all_batches() {
    let mut house = House::new();
    fill(&mut house, 0..50);
    let (status, keys, id) = first(&mut house, 3, &simple("SubscriberKey", "like", &["%7"]));
    assert_eq!((status.as_str(), keys.len()), ("MoreDataAvailable", 3));
    let answer = house.send(Retrieve, &next(&id));
    assert!(answer.contains("<SubscriberKey>s0037</SubscriberKey>") && !answer.contains("EmailAddress"), "{answer}");
    assert!(answer.contains("<OverallStatus>OK<"), "{answer}");
}

#[test]
fn the_last_batch_can_be_had_again() {
    let mut house = House::new();
    fill(&mut house, 0..5);
    let (_, _, id) = first(&mut house, 2, "");
    let (_, second, id) = ask(&mut house, &next(&id));
    let repeat = |id: &str| {
        format!(
            "<RetrieveRequest><ContinueRequest>{id}</ContinueRequest><RepeatLastResult>true</RepeatLastResult></RetrieveRequest>"
        )
    };
    let (status, again, id) = ask(&mut house, &repeat(&id));
    assert_eq!((status.as_str(), &again), ("MoreDataAvailable", &second));
    let (status, third, id) = ask(&mut house, &next(&id));
    assert_eq!((status.as_str(), &third[..]), ("OK", &["s0004".to_owned()][..]));
    assert_eq!(ask(&mut house, &repeat(&id)).1, third);
    let error = house.error("Subscriber", &["ID"], "<RepeatLastResult>true</RepeatLastResult>");
    assert_eq!(error, "Error: RepeatLastResult needs the ContinueRequest whose last result is to be repeated");
}

#[test]
fn it_belongs_to_who_began_it() {
    let mut house = House::new();
    fill(&mut house, 0..5);
    let (_, _, id) = first(&mut house, 2, "");
    let unknown = format!("Error: The ContinueRequest {} is unknown or has expired", id.to_lowercase());
    house.enter("other");
    assert_eq!(ask(&mut house, &next(&id)).0, unknown);
    house.enter("demo");
    house.act_for(super::house::UNIT);
    assert_eq!(ask(&mut house, &next(&id)).0, unknown);
    house.act_for(super::house::ACCOUNT);
    assert_eq!(ask(&mut house, &next(&id.to_lowercase())).1.len(), 2);
    assert_eq!(ask(&mut house, &next("never")).0, "Error: The ContinueRequest never is unknown or has expired");
}

#[test]
fn it_is_not_kept_for_ever() {
    let mut house = House::new();
    fill(&mut house, 0..5);
    let (_, _, old) = first(&mut house, 2, "");
    house.later(EXPIRES_AFTER.as_secs() + 1);
    assert!(ask(&mut house, &next(&old)).0.contains("is unknown or has expired"));
    let (_, _, oldest) = first(&mut house, 2, "");
    let (_, _, second) = first(&mut house, 2, "");
    for _ in 2..=MAX_OPEN {
        first(&mut house, 2, "");
    }
    assert!(ask(&mut house, &next(&oldest)).0.contains("is unknown or has expired"));
    assert_eq!(ask(&mut house, &next(&second)).0, "MoreDataAvailable");
}

#[test]
fn it_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { path: Some(folder.path().to_owned()), ..Settings::default() };
    let mut house = House::at(&settings);
    fill(&mut house, 0..5);
    let (_, mut all, id) = first(&mut house, 2, &simple("SubscriberKey", "greaterThan", &["s0000"]));
    drop(house);
    let mut house = House::at(&settings);
    let (status, keys, _) = ask(&mut house, &next(&id));
    all.extend(keys);
    assert_eq!((status.as_str(), all), ("OK", ["s0001", "s0002", "s0003", "s0004"].map(str::to_owned).to_vec()));
}

const SINCE: &str = "<RetrieveAllSinceLastBatch>true</RetrieveAllSinceLastBatch>";

#[test]
fn only_what_changed_since_the_last_batch_comes_again() {
    let mut house = House::new();
    fill(&mut house, 0..3);
    let keys = |house: &mut House, more: &str| house.values("Subscriber", "SubscriberKey", &format!("{SINCE}{more}"));
    assert_eq!(keys(&mut house, "").len(), 3);
    assert_eq!(keys(&mut house, ""), [""; 0], "at once");
    fill(&mut house, 3..4);
    assert_eq!(keys(&mut house, ""), ["s0003"], "in the same second");
    house.later(5);
    let change = "<Options/>".to_owned() + &subscriber("s0001", "<Status>Unsubscribed</Status>");
    house.send(envoi::message::Operation::Update, &change);
    assert_eq!(keys(&mut house, ""), ["s0001"]);
    house.later(600);
    assert_eq!(keys(&mut house, ""), [""; 0]);
    fill(&mut house, 4..5);
    house.later(600);
    assert_eq!(keys(&mut house, ""), ["s0004"]);
    // Another filter, another caller: batches of their own.
    assert_eq!(keys(&mut house, &simple("SubscriberKey", "like", &["%1"])), ["s0001"]);
    house.enter("other");
    assert_eq!(keys(&mut house, "").len(), 5);
    let error = house.error("BusinessUnit", &["ID"], SINCE);
    assert_eq!(error, "Error: RetrieveAllSinceLastBatch is not supported for BusinessUnit");
}

#[test]
fn a_batch_since_the_last_has_batches_too() {
    let mut house = House::new();
    fill(&mut house, 0..5);
    let (status, mut all, id) = first(&mut house, 2, SINCE);
    assert_eq!(status, "MoreDataAvailable");
    let (_, keys, id) = ask(&mut house, &next(&id));
    all.extend(keys);
    all.extend(ask(&mut house, &next(&id)).1);
    assert_eq!(all.len(), 5);
    assert_eq!(first(&mut house, 2, SINCE).1, [""; 0]);
    house.later(1);
    fill(&mut house, 5..6);
    assert_eq!(first(&mut house, 2, SINCE).1, ["s0005"]);
}
