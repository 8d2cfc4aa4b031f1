//! The commands that ask a running server, as a user runs them.

use crate::house::{Asynchronous, House, list};

#[tokio::test]
async fn conversations_are_listed_shown_moved_on_and_sent_again() {
    let house = House::new().await;
    // What a URL or a terminal could make something else of.
    let id = "Test & List/1 ä";
    house.create(&Asynchronous::part("Test &amp; List/1 ä", 2, 2), &list("two")).await;
    let (code, out, _) = house.operate(&["conversations"]).await;
    assert_eq!(code, 0);
    assert!(
        out.lines().count() == 2 && out.starts_with("STATE  PARTS  OPENED                ACCOUNT  CONVERSATION\n"),
        "{out}"
    );
    assert!(out.ends_with(&format!("\nOpen   1/2    2026-03-01T12:00:00Z  100001   {id}\n")), "{out}");
    let (_, out, _) = house.operate(&["conversation", id]).await;
    for line in [
        "state         Open: parts are missing\n",
        "parts         1 of 2 are in\n",
        "missing       1\n",
        "times out     2026-03-01T12:05:00.001Z, in 300 s\n",
        "\nPART  FATE     OPERATION  OBJECTS  REQUEST\n2     Waiting  Create     1        ",
        "\nWHEN                  WHAT HAPPENED\n2026-03-01T12:00:00Z  part 2 accepted\n",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    let (code, _, error) = house.operate(&["replay", id, "--remaining"]).await;
    assert_eq!(code, 1);
    assert!(error.starts_with("envoi: the conversation has not ended, it is Open"), "{error}");
    let (code, out, _) = house.operate(&["time", "+301s"]).await;
    assert_eq!((code, out.as_str()), (0, "2026-03-01T12:05:01Z\n"));
    let (_, out, _) = house.operate(&["conversation", id, "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["state"], "Timeout");
    let (_, out, _) = house.operate(&["conversation", id]).await;
    assert!(out.contains("\nforgotten     2026-03-31T12:05:0") && !out.contains("due"), "{out}");
    let (code, out, error) = house.operate(&["replay", id, "--remaining", "--as", "again"]).await;
    assert_eq!((code, out.as_str(), error.as_str()), (0, "again with 1 parts\n", ""));
    house.idle().await;
    assert_eq!(house.lists().await, ["two"]);
    let (code, _, error) = house.operate(&["replay", "again", "--remaining"]).await;
    assert_eq!((code, error.as_str()), (1, "envoi: the conversation has no parts that are left to run\n"));
    let (code, _, error) = house.operate(&["conversation", "nobody"]).await;
    assert_eq!((code, error.as_str()), (1, "envoi: there is no such conversation\n"));
    assert_eq!(house.operate(&["time", "5"]).await.0, 64);
    assert_eq!(house.operate(&["replay", id]).await.0, 64, "what to replay is said");
}

#[tokio::test]
async fn a_list_that_is_not_all_says_so_and_an_unknown_state_is_refused() {
    let house = House::new().await;
    for id in ["a", "b", "c"] {
        house.part(id, 1, 2, id).await;
    }
    let (code, out, error) = house.operate(&["conversations", "--limit", "2"]).await;
    assert_eq!((code, out.lines().count()), (0, 3));
    assert_eq!(error, "envoi: there are more than these 2; --limit N shows more, --state fewer\n");
    let (_, out, error) = house.operate(&["conversations", "--limit", "3", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((json.as_array().unwrap().len(), error.as_str()), (3, ""));
    let (code, _, error) = house.operate(&["conversations", "--state", "opne"]).await;
    assert_eq!(code, 64);
    assert!(error.contains("state is \"opne\", expected one of open, closed"), "{error}");
}
