//! An operator's word on a mail of which nobody knows whether it left, or that is not to be waited for any longer.

use std::{process::Command, time::Duration};

use crate::{
    bounces::{ADA, HIGH, POSTFIX, Post, about},
    front::{admin, advance, create, filter, found},
    house::{to, triggered},
    sink::{Act, Manners},
};

/// Says what became of a delivery as an operator does: exit code, and what is said.
async fn settle(post: &Post, id: &str, outcome: &str) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(["settle", id, outcome, "--admin", &format!("http://{}", post.gateway.admin)]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A mail to ada at which the relay does this once: the gateway, the mail's id, its state.
async fn met(when: &'static str, act: Act) -> (Post, String, String) {
    let post = Post::new().await;
    post.sink.will(Manners::default().act(when, act));
    create(&post.gateway, HIGH, &triggered(&to("ada", ADA))).await;
    advance(&post.gateway, Duration::ZERO).await;
    let all: serde_json::Value = serde_json::from_str(&admin(&post.gateway, "GET", "/deliveries").await.body).unwrap();
    let text = |name: &str| all[0][name].as_str().unwrap().to_owned();
    let (id, state) = (text("id"), text("state"));
    (post, id, state)
}

/// Mails that have come whole to the relay.
fn came(post: &Post) -> usize {
    post.sink.seen().messages.len()
}

async fn events(post: &Post, kind: &str) -> Vec<String> {
    let reason = if kind == "NotSentEvent" {
        ["SubscriberKey", "PartnerProperties.Value"].as_slice()
    } else {
        &["SubscriberKey"]
    };
    found(&post.gateway, kind, reason, &filter("SubscriberKey", "equals", "ada")).await
}

#[tokio::test]
async fn a_mail_in_doubt_was_sent_when_an_operator_says_so() {
    let (post, id, state) = met("BODY", Act::Close).await;
    assert_eq!((state.as_str(), post.counts().await.as_str()), ("in doubt", "0 0 0 1"));
    assert!(events(&post, "SentEvent").await.is_empty());
    assert_eq!(settle(&post, &id, "delivered").await, (0, format!("{id} delivered\n")));
    assert_eq!((events(&post, "SentEvent").await, post.counts().await.as_str()), (vec!["ada".into()], "1 0 0 0"));
    let delivery = post.delivery(&id).await;
    assert_eq!(delivery["attempts"][1]["status"], "an operator says that it was delivered", "{delivery}");
    // It has an end, so nothing more can be said of it by hand ...
    for outcome in ["delivered", "failed"] {
        let refused = "envoi: it is delivered, expected one in doubt, accepted or owed\n".to_owned();
        assert_eq!(settle(&post, &id, outcome).await, (64, refused));
    }
    advance(&post.gateway, Duration::from_secs(24 * 3600)).await;
    assert_eq!((came(&post), events(&post, "SentEvent").await.len()), (1, 1));
    // ... but a mail server may say it, and an operator may send it again.
    assert_eq!(post.bounce(about(POSTFIX, &id, ADA)).await.0, 0);
    assert_eq!(post.counts().await, "0 1 0 0");
    admin(&post.gateway, "POST", &format!("/redeliver?id={id}")).await;
    advance(&post.gateway, Duration::ZERO).await;
    assert_eq!((came(&post), post.counts().await.as_str()), (2, "1 0 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_mail_in_doubt_was_not_sent_when_an_operator_says_so() {
    let (post, id, _) = met("BODY", Act::Close).await;
    assert_eq!(settle(&post, &id, "failed").await, (0, format!("{id} failed\n")));
    assert_eq!(events(&post, "NotSentEvent").await, ["ada an operator says that it failed"]);
    assert_eq!((events(&post, "SentEvent").await.len(), post.counts().await.as_str()), (0, "0 0 1 0"));
    assert_eq!(post.status().await, "Active");
    let (exit, said) = settle(&post, &id, "delivered").await;
    assert!(exit == 64 && said.contains("it is failed"), "{exit} {said}");
    admin(&post.gateway, "POST", &format!("/redeliver?id={id}")).await;
    advance(&post.gateway, Duration::ZERO).await;
    assert_eq!((came(&post), post.counts().await.as_str()), (2, "1 0 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_mail_that_waits_to_be_tried_again_is_not_when_an_operator_has_spoken() {
    for (outcome, counts) in [("delivered", "1 0 0 0"), ("failed", "0 0 1 0")] {
        let (post, id, state) = met("RCPT", Act::Say("451 4.3.0 later")).await;
        assert_eq!(state, "owed");
        assert_eq!(settle(&post, &id, outcome).await, (0, format!("{id} {outcome}\n")));
        advance(&post.gateway, Duration::from_secs(24 * 3600)).await;
        assert_eq!((came(&post), post.counts().await.as_str()), (0, counts), "{outcome}");
        post.gateway.stop().await;
    }
}

#[tokio::test]
async fn a_mail_that_is_under_way_cannot_be_settled() {
    let post = Post::new().await;
    post.sink.will(Manners::default().act("BODY", Act::Silence));
    create(&post.gateway, HIGH, &triggered(&to("ada", ADA))).await;
    post.sink.until(|seen| seen.messages.len() == 1).await;
    let all: serde_json::Value = serde_json::from_str(&admin(&post.gateway, "GET", "/deliveries").await.body).unwrap();
    let (exit, said) = settle(&post, all[0]["id"].as_str().unwrap(), "delivered").await;
    assert_eq!((exit, said.as_str()), (64, "envoi: it is sending, expected one in doubt, accepted or owed\n"));
    assert_eq!(settle(&post, "nobody", "failed").await, (1, "envoi: there is no such delivery\n".to_owned()));
    // The relay never answers: the gateway goes with the test.
}
