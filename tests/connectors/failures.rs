//! Answers that do not come, or come wrong: cut before, in and after the body, slow, of another type, too long, too many.

use std::time::Duration;

use envoi::connector::Ambiguous;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};

use crate::{
    house::{ALL, CONNECTLY, SALESFORCE, World, YEASTAR, connector, number, part, row, sms},
    system::{System, python},
};

/// A token is there already, so that the fault meets the message.
async fn warm(world: &World) {
    let answer = world.patiently(world.create("", &sms(&number(99), "warm"))).await;
    assert_eq!(row(&answer).status, "OK", "{}", answer.body);
}

/// What was taken after the first.
async fn taken(world: &World) -> usize {
    world.system.taken().await.len() - 1
}

async fn asked(world: &World) -> usize {
    world.system.log(0).await.iter().filter(|entry| !entry["path"].as_str().unwrap_or("").ends_with("token")).count()
        - 1
}

/// Faults of which nobody can say from here whether the message was taken; and whether it was.
fn doubtful() -> Vec<(Value, bool)> {
    vec![
        (json!({"kind": "cut_body"}), false),
        (json!({"kind": "cut_after"}), false),
        (json!({"kind": "cut_after", "take": true}), true),
        (json!({"kind": "cut_answer"}), true),
        (json!({"kind": "type", "type": "text/html", "body": "<html>Welcome</html>", "take": true}), true),
        (json!({"kind": "type", "type": "application/json", "body": "{", "take": true}), true),
        (json!({"kind": "status", "status": 200, "take": true}), true),
        (json!({"kind": "status", "status": 502, "body": "Bad Gateway"}), false),
        (json!({"kind": "long", "bytes": 3_000_000, "take": true}), true),
    ]
}

#[tokio::test]
async fn what_is_in_doubt_is_not_sent_again_when_it_is_to_stop() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        world.system.set(json!({"token_seconds": 1_000_000_000})).await;
        warm(&world).await;
        let mut expected = 0;
        for (at, (fault, was_taken)) in doubtful().into_iter().enumerate() {
            world.system.will(json!([fault])).await;
            let text = format!("message {at}");
            let answer = world.patiently(world.create("", &sms(&number(1), &text))).await;
            let row = row(&answer);
            assert_eq!(row.status, "Error", "{system} {fault}: {row:?}");
            assert!(row.message.contains("in doubt"), "{system} {fault}: {row:?}");
            assert!(row.code.is_some_and(|code| code > 1_000_000), "{system} {fault}: {row:?}");
            expected += usize::from(was_taken);
            world.advance(24 * 3600).await;
            assert_eq!((taken(&world).await, asked(&world).await), (expected, at + 1), "{system} {fault}");
            assert_eq!(world.states().await.last().unwrap(), "in doubt", "{system} {fault}");
        }
    }
}

#[tokio::test]
async fn what_is_in_doubt_is_sent_again_under_the_same_key_when_that_is_chosen() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::with(system, |connector| connector.on_ambiguous = Ambiguous::Retry).await;
        warm(&world).await;
        for (at, (fault, was_taken)) in doubtful().into_iter().enumerate() {
            let before = (taken(&world).await, asked(&world).await);
            world.system.will(json!([fault])).await;
            let answer = world.patiently(world.create("", &sms(&number(1), &format!("message {at}")))).await;
            assert_eq!(row(&answer).status, "OK", "{system} {fault}: {}", answer.body);
            let after = (taken(&world).await, asked(&world).await);
            assert_eq!(after, (before.0 + 1 + usize::from(was_taken), before.1 + 2), "{system} {fault}");
            // The second time has the key of the first: the system, or whoever reads its log, can tell.
            let last = world.system.requests().await.pop().unwrap();
            assert_eq!(last["duplicate"], was_taken, "{system} {fault}: {last:#}");
        }
    }
}

#[tokio::test]
async fn a_system_that_cannot_be_reached_has_taken_nothing_and_is_tried_again() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        warm(&world).await;
        world.system.order(json!({"refuse": true})).await;
        world.create(&part("c", 1, 1), &sms(&number(1), "hello")).await;
        world.idle().await;
        assert_eq!(world.states().await.last().unwrap(), "owed", "{system}");
        world.advance(15).await;
        world.system.order(json!({"refuse": false})).await;
        for _ in 0..20 {
            world.advance(30).await;
        }
        assert_eq!(world.state("c").await, "Complete", "{system}");
        assert_eq!(taken(&world).await, 1, "{system}");
    }
}

/// A certificate for 127.0.0.1 in PEM files, and itself.
fn certificate(folder: &std::path::Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("certificate.pem"), made.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    CertificateDer::from_pem_slice(made.pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn over_tls_a_connection_that_ends_before_its_handshake_has_carried_nothing() {
    if !python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = certificate(folder.path());
    for name in ALL {
        let system = System::over_tls(name, &folder.path().join("certificate.pem"), &folder.path().join("key.pem"));
        // Each answer ends its connection, so that the next message needs one.
        system.set(json!({"close": true})).await;
        let mut connector = connector(system.name, system.addr, "https");
        connector.ca = vec![authority.clone()];
        let world = World::of(system, connector, |_| {}).await;
        warm(&world).await;
        world.system.will(json!([{"kind": "cut_before"}])).await;
        let answer = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
        assert_eq!(row(&answer).status, "OK", "{name}: {}", answer.body);
        assert_eq!(taken(&world).await, 1, "{name}");
        assert_eq!(world.system.log(0).await.iter().filter(|entry| entry["fault"] == "cut_before").count(), 1);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    if !python() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let system = System::over_tls(CONNECTLY, &folder.path().join("certificate.pem"), &folder.path().join("key.pem"));
    let mut connector = connector(system.name, system.addr, "https");
    connector.max_attempts = 2;
    let world = World::of(system, connector, |_| {}).await;
    let answer = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
    assert_eq!(row(&answer).status, "Error", "{}", answer.body);
    assert!(world.system.log(0).await.is_empty(), "the key did not leave");
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_one_that_never_comes_leaves_the_message_in_doubt() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        warm(&world).await;
        let before = world.system.log(0).await.len();
        world.system.will(json!([{"kind": "hold"}])).await;
        let options = part("c", 1, 1);
        let answer = world.create(&options, &sms(&number(1), "slow")).await;
        assert_eq!(row(&answer).status, "OK");
        world.system.log(before + 1).await;
        assert_eq!(world.states().await.last().unwrap(), "sending");
        assert_ne!(world.state("c").await, "Complete");
        world.system.order(json!({"release": true})).await;
        world.idle().await;
        assert_eq!(world.state("c").await, "Complete", "{system}");

        // Real time, and only what never answers takes it. A log-in that takes longer is asked for again, so it is not warm.
        let world = World::with(system, |connector| {
            connector.timeout = Duration::from_secs(1);
            connector.max_attempts = 100;
        })
        .await;
        world.system.will(json!([{"kind": "hold"}])).await;
        let answer = world.patiently(world.create("", &sms(&number(1), "never"))).await;
        let row = row(&answer);
        assert!(row.status == "Error" && row.message.contains("in doubt"), "{system}: {row:?}");
        // It may have been given up before the system came to read it.
        world.system.has_come(1).await;
        assert_eq!(world.system.texts().await, ["never"], "{system}: sent once");
    }
}

#[tokio::test]
async fn too_many_requests_rest_the_connector_for_as_long_as_the_system_asks() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        warm(&world).await;
        world.system.will(json!([{"kind": "status", "status": 429, "headers": {"Retry-After": "600"}}])).await;
        world.create(&part("a", 1, 1), &sms(&number(1), "first")).await;
        world.idle().await;
        world.create(&part("b", 1, 1), &sms(&number(2), "second")).await;
        world.advance(590).await;
        assert_eq!(asked(&world).await, 1, "{system}: the second waits too");
        for _ in 0..10 {
            world.advance(60).await;
        }
        assert_eq!((taken(&world).await, asked(&world).await), (2, 3), "{system}");
        assert_eq!([world.state("a").await, world.state("b").await], ["Complete", "Complete"], "{system}");
    }
}

#[tokio::test]
async fn too_many_requests_without_a_word_on_how_long_are_tried_later() {
    if !python() {
        return;
    }
    for system in ALL {
        let world = World::new(system).await;
        warm(&world).await;
        world.system.will(json!([{"kind": "status", "status": 429}])).await;
        let answer = world.patiently(world.create("", &sms(&number(1), "first"))).await;
        assert_eq!(row(&answer).status, "OK", "{system}: {}", answer.body);
        assert_eq!((taken(&world).await, asked(&world).await), (1, 2), "{system}");
        let times: Vec<i64> =
            world.system.requests().await.iter().map(|entry| entry["now"].as_i64().unwrap()).collect();
        assert!(times[2] > times[1], "{system}: {times:?}");
    }
}

#[tokio::test]
async fn the_text_of_a_rate_limit_is_one_without_a_code() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    warm(&world).await;
    let body = json!({"code": 99_999, "message": "Interaction request rate limit exceeded"}).to_string();
    world
        .system
        .will(json!([{"kind": "status", "status": 400, "body": body, "headers": {"Content-Type": "application/json"}}]))
        .await;
    let answer = world.patiently(world.create("", &sms(&number(1), "first"))).await;
    assert_eq!(row(&answer).status, "OK", "{}", answer.body);
    assert_eq!(asked(&world).await, 2);
}

#[tokio::test]
async fn an_answer_with_the_errors_of_the_vendors_samples_is_read() {
    if !python() {
        return;
    }
    // A comma too many, and ids as strings.
    let world = World::new(YEASTAR).await;
    world.system.set(json!({"loose": true})).await;
    let answer = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
    assert_eq!(row(&answer).status, "OK", "{}", answer.body);
    // No id: accepted all the same.
    world.system.set(json!({"loose": false, "ids": false})).await;
    let answer = world.patiently(world.create("", &sms(&number(1), "hello"))).await;
    assert_eq!(row(&answer).status, "OK", "{}", answer.body);
    assert_eq!(world.system.taken().await.len(), 2);
}

#[tokio::test]
async fn a_refusal_without_a_code_is_no_doubt() {
    if !python() {
        return;
    }
    let world = World::new(SALESFORCE).await;
    let body = json!({"kind": "type", "type": "application/json", "status": 202, "body": "{\"success\": false}"});
    world.system.will(json!([body, {"kind": "code", "code": "SESSION_NOT_FOUND", "shape": "reason"}])).await;
    let refused = row(&world.patiently(world.create("", &sms(&number(1), "hello"))).await);
    assert_eq!(refused.code, Some(1_900_006), "{refused:?}");
    assert_eq!(refused.message, "[salesforce] refused, and the answer does not say why");
    let reason = row(&world.patiently(world.create("", &sms(&number(1), "hello"))).await);
    assert_eq!(reason.code, Some(1_990_001), "{reason:?}");
}
