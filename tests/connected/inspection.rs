//! What fsck says of conversations that wait for connectors.

use std::path::{Path, PathBuf};

use envoi::{
    backend::{CATALOGUE, connected},
    clock::Clock,
    store::{Asker, Report, Settings, Stopped, Store, StoreError, Transaction},
};
use tempfile::TempDir;

use crate::{
    front::{Far, create, gateway_at, states, told},
    gateway::Gateway,
    house::{list, sms},
};

fn check(data: &Path, repair: bool) -> Report {
    Stopped::open(data, 1 << 20).unwrap().check(&CATALOGUE, repair).unwrap()
}

/// Withdraws what the only conversation waits for, and tells nobody.
fn forsake(data: &Path) {
    let store =
        Store::open_with(&Settings { path: Some(data.to_owned()), ..Settings::default() }, &Clock::system()).unwrap();
    let work = |txn: &mut Transaction<'_>| -> Result<(), StoreError> {
        let delivery = txn.deliveries().list(None, None, 1, &|_| true)?.remove(0);
        let Asker::Part { name, sequence } = &delivery.content.outgoing().unwrap().asker else { panic!("a part asks") };
        let job = txn.conversations().part(name, *sequence)?.unwrap().results.job;
        connected::give_up(txn, name, job, delivery.changed, delivery.changed)
    };
    store.write_blocking(work).unwrap();
}

/// A system that has asked for a rest, and what a gateway has left that has stopped since: a conversation that waits for its
/// message, and holds a list back.
async fn waiting() -> (Far, TempDir, PathBuf) {
    let (far, folder) = (Far::start().await, tempfile::tempdir().unwrap());
    let data = folder.path().join("data");
    let gateway = gateway_at(&far, Some(&data), |_| {}).await;
    far.answers(429, "{\"code\":\"ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED\",\"message\":\"slow down\"}");
    let objects = [sms("+4915112345601"), list("one")].concat();
    create(&gateway, "<Options><RequestType>Asynchronous</RequestType></Options>", &objects).await;
    told(&gateway, "POST", "/time?by=0").await;
    assert_eq!(states(&gateway).await, ["owed"]);
    gateway.stop().await;
    (far, folder, data)
}

#[tokio::test]
async fn who_waits_is_sound_and_who_waits_for_nothing_is_found_and_goes_on() {
    let (far, _folder, data) = waiting().await;
    assert_eq!(check(&data, false).findings, []);
    let path = data.clone();
    tokio::task::spawn_blocking(move || forsake(&path)).await.unwrap();
    let report = check(&data, true);
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert_eq!(report.findings[0].expected, "a moment: its part waits for nothing");
    assert_eq!((report.left, check(&data, false).findings), (0, vec![]));
    let gateway = gateway_at(&far, Some(&data), |_| {}).await;
    told(&gateway, "POST", "/time?by=0").await;
    assert_eq!(crate::front::lists(&gateway).await, ["one"]);
    let conversations = told(&gateway, "GET", "/conversations").await;
    assert_eq!(conversations[0]["state"], "Error", "{conversations}");
    gateway.stop().await;
    assert_eq!(check(&data, false).findings, []);
}

#[tokio::test]
async fn what_waits_for_a_connector_that_is_configured_no_more_is_shown_and_can_be_settled() {
    let (far, _folder, data) = waiting().await;
    let gateway = Gateway::start_with(|parts| parts.store.path = Some(data.clone())).await;
    told(&gateway, "POST", "/time?by=86400").await;
    let targets = told(&gateway, "GET", "/targets").await;
    assert_eq!((&targets[0]["target"], &targets[0]["breaker"]), (&"connector:pbx".into(), &"unknown".into()));
    let deliveries = told(&gateway, "GET", "/deliveries").await;
    assert_eq!((&deliveries[0]["state"], far.came().len()), (&"owed".into(), 1));
    let id = deliveries[0]["id"].as_str().unwrap();
    told(&gateway, "POST", &format!("/settle?id={id}&as=failed")).await;
    told(&gateway, "POST", "/time?by=0").await;
    assert_eq!(crate::front::lists(&gateway).await, ["one"]);
    assert_eq!(told(&gateway, "GET", "/conversations").await[0]["state"], "Error");
    gateway.stop().await;
}
