//! What operators see of deliveries, by HTTP, by commands and in metrics.

use crate::{
    house::{Asynchronous, list},
    receiver::{Reply, pair, to},
};

#[tokio::test]
async fn deliveries_are_listed_shown_counted_and_sent_again() {
    let (house, receiver) = pair().await;
    receiver.will([Reply::Status(200, vec![]), Reply::Status(302, vec![]), Reply::Status(503, vec![])]);
    for name in ["taken", "refused", "late"] {
        let options = to(Asynchronous::part(name, 1, 1), &receiver.url("/hook?token=hidden"), "OnCallComplete", "");
        house.create(&options, &list(name)).await;
        house.idle().await;
    }
    let (code, out, error) = house.operate(&["deliveries"]).await;
    assert_eq!(error, "envoi: 1 failed: `envoi delivery ID` says why, `envoi redeliver ID` owes it again\n");
    let heading = out.lines().next().unwrap();
    for name in ["STATE", "KIND", "OWED SINCE", "TRIES", "TO", "LAST SAID"] {
        let at = heading.find(name).unwrap();
        let begins = |line: &str| {
            let signs: Vec<char> = line.chars().collect();
            signs[at - 1] == ' ' && signs[at] != ' '
        };
        assert!(out.lines().skip(1).all(begins), "{name}: {out}");
    }
    let states: Vec<_> = out.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!((code, states), (0, vec!["owed", "failed", "delivered"]), "{out}");
    assert!(!out.contains("hidden") && out.contains("/hook?…"), "{out}");
    let (_, out, _) = house.operate(&["deliveries", "--failed", "--json"]).await;
    let failed: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["conversation"]), (1, &"refused".into()));
    let id = failed[0]["id"].as_str().unwrap().to_owned();
    let (_, out, _) = house.operate(&["delivery", &id]).await;
    assert!(
        out.contains("conversation  refused\n") && out.contains("  refused  ") && out.contains("HTTP 302"),
        "{out}"
    );
    assert!(out.contains(&format!(": given up; `envoi redeliver {id}` owes it again\n")), "{out}");
    assert!(out.contains("\nkind          post: results, by HTTPS callback\n"), "{out}");
    let (_, out, _) = house.operate(&["deliveries", "--conversation", "late"]).await;
    assert_eq!(out.lines().count(), 2);
    let (_, out, error) = house.operate(&["deliveries", "--after", &id]).await;
    assert!(out.lines().count() == 2 && out.contains("delivered") && error.is_empty(), "{out} {error}");
    let (_, out, error) = house.operate(&["deliveries", "--limit", "2"]).await;
    assert!(
        out.lines().count() == 3 && error.starts_with(&format!("envoi: there are more: `--after {id}` goes on")),
        "{error}"
    );
    let (_, out, error) = house.operate(&["deliveries", "--account", "7"]).await;
    assert_eq!((out.as_str(), error.as_str()), ("", "envoi: there is no such delivery\n"));
    let (_, out, error) = house.operate(&["targets"]).await;
    assert!(out.starts_with("BREAKER  FAILURES  FAILING SINCE ") && out.contains("\nclosed   1 "), "{out}");
    assert!(
        out.contains("https://hooks.example:") && error.contains("`envoi redeliver --target TARGET`"),
        "{out} {error}"
    );
    let (_, out, _) = house.operate(&["conversation", "late"]).await;
    assert!(
        out.contains("\n              `envoi deliveries --conversation 'late'` shows them with their ids\n"),
        "{out}"
    );

    let page = house.admin("GET", "/metrics").await.body;
    for line in [
        "envoi_deliveries{kind=\"post\",state=\"failed\"} 1",
        "envoi_deliveries{kind=\"post\",state=\"owed\"} 1",
        "envoi_delivery_attempts_total{kind=\"post\",outcome=\"delivered\"} 1",
        "envoi_delivery_attempts_total{kind=\"post\",outcome=\"refused\"} 1",
        "envoi_deliveries_oldest_seconds 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
    }
    assert_eq!(page.matches("# TYPE envoi_deliveries gauge").count(), 1);

    let (code, out, _) = house.operate(&["redeliver", &id]).await;
    assert_eq!((code, out.as_str()), (0, "1 owed again\n"));
    house.idle().await;
    let owed = house.conversation("refused").await["owed"][0].as_str().unwrap().to_owned();
    assert!(owed.ends_with("/hook?… for part 1: delivered"), "{owed}");
    let (code, _, error) = house.operate(&["redeliver", "nobody"]).await;
    assert_eq!((code, error.as_str()), (1, "envoi: there is no delivery nobody\n"));
    assert_eq!(house.operate(&["redeliver"]).await.0, 64);
    assert_eq!(house.admin("POST", "/redeliver?target=zzz").await.status, 404);
    assert_eq!(house.admin("GET", "/deliveries?state=nothing").await.status, 400);
    assert_eq!(house.admin("GET", "/delivery?id=nobody").await.status, 404);
    assert_eq!(house.admin("GET", "/redeliver?id=x").await.status, 405);
}

#[tokio::test]
async fn a_callback_that_waits_for_its_next_attempt_ends_by_an_operators_word() {
    for (outcome, state) in [("delivered", "delivered"), ("failed", "failed")] {
        let (house, receiver) = pair().await;
        receiver.will([Reply::Status(503, vec![])]);
        house.create(&to(Asynchronous::part("c", 1, 1), &receiver.url("/"), "OnCallComplete", ""), &list("a")).await;
        house.idle().await;
        let owed = house.deliveries().await;
        let id = owed[0]["id"].as_str().unwrap();
        assert_eq!(owed[0]["state"], "owed");
        let (code, out, _) = house.operate(&["settle", id, outcome]).await;
        assert_eq!((code, out), (0, format!("{id} {state}\n")));
        house.advance(24 * 3600).await;
        assert_eq!((receiver.seen().len(), &house.deliveries().await[0]["state"]), (1, &state.into()));
        let (code, _, error) = house.operate(&["settle", id, outcome]).await;
        assert_eq!((code, error), (64, format!("envoi: it is {state}, expected one in doubt, accepted or owed\n")));
    }
}

#[tokio::test]
async fn results_that_are_still_owed_are_not_forgotten() {
    let (house, receiver) = pair().await;
    receiver.will((0..1000).map(|_| Reply::Status(503, vec![("retry-after", "86400".to_owned())])));
    house.create(&to(Asynchronous::part("c", 1, 1), &receiver.url("/"), "OnCallComplete", ""), &list("a")).await;
    house.idle().await;
    house.advance(2 * 24 * 3600).await;
    assert_eq!(house.deliveries().await[0]["state"], "owed");
    house.advance(40 * 24 * 3600).await;
    // Given up after three days, forgotten with its conversation after thirty.
    assert!(house.deliveries().await.is_empty());
    assert_eq!(house.admin("GET", "/conversation?id=c").await.status, 404);
}
