//! Reports of mail that are odd, late or about somebody's other address; and what answers in the place of the server.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    bounces::{ADA, EXIM, HIGH, POSTFIX, Post, about, bounce},
    front::{admin, advance, create},
    gateway::request,
    house::{object, to, triggered},
    sink::{Act, Manners},
};

#[tokio::test]
async fn an_address_that_is_not_his_any_more_says_nothing_of_him() {
    let post = Post::new().await;
    let id = post.sent().await;
    let moved = object("Subscriber", "<SubscriberKey>ada</SubscriberKey><EmailAddress>new@example.com</EmailAddress>");
    let moved = post.gateway.call("Update", &request("UpdateRequest", "<Options/>", &moved)).await;
    assert_eq!(moved.text("UpdateResponse/OverallStatus").as_deref(), Some("OK"), "{}", moved.body);
    let (exit, said) = post.bounce(about(POSTFIX, &id, ADA)).await;
    assert!(exit == 0 && said.starts_with(&format!("{id} HardBounce: SMTP 550 5.1.1 ")), "{exit} {said}");
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (1, "0 1 0 0"));
    assert_eq!(post.status().await, "Active");
    // Nor at once; ada@ stands in the call alone.
    for (address, expected) in [(ADA, "Active"), ("NEW@Example.com", "Bounced")] {
        post.sink.will(Manners::default().act("RCPT", Act::Say("550 5.1.1 no such user")));
        create(&post.gateway, HIGH, &triggered(&to("ada", address))).await;
        advance(&post.gateway, Duration::ZERO).await;
        assert_eq!(post.status().await, expected, "{address}");
    }
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (3, "0 3 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_group_that_cannot_be_read_takes_no_other_with_it() {
    let group =
        |recipient: &str, status: &str| format!("\nFinal-Recipient: {recipient}\nAction: failed\nStatus: {status}\n");
    let end = "\n--4JQ1Zj2rXdz8.1640865609/relay.example.com\nContent-Description: Undelivered";
    let first = "\nFinal-Recipient: rfc822; ada@example.com";
    for (odd, why) in [
        (group("x400; foo", "5.1.1"), "Final-Recipient is \"x400; foo\", expected a type and an address"),
        (group("rfc822; b@example.com", "5.x.y"), "Status is \"5.x.y\", expected three numbers"),
        (group("rfc822; b@example.com", "2.1.1"), "status is \"2.1.1\", expected a code of RFC 3463"),
        ("\n Action: failed\n".to_owned(), "Header cannot start with a space"),
    ] {
        for before in [true, false] {
            let post = Post::new().await;
            let id = post.sent().await;
            let report = about(POSTFIX, &id, ADA);
            let report = match before {
                true => report.replace(first, &format!("{odd}{first}")),
                false => report.replace(end, &format!("{odd}{end}")),
            };
            let (exit, said) = post.bounce(report).await;
            assert!(exit == 0 && said.contains(&format!("{id} HardBounce: ")) && said.contains(why), "{exit} {said}");
            assert_eq!(post.status().await, "Bounced");
            post.gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn a_long_original_in_base64_is_read_as_far_as_it_comes() {
    let post = Post::new().await;
    let id = post.sent().await;
    let original = format!("From: s@example.com\nMessage-ID: <{id}@example.com>\n\n{}", "Hi there\n".repeat(200_000));
    let coded = STANDARD.encode(original);
    let lines: Vec<&str> = coded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let report = about(POSTFIX, &id, ADA);
    let (head, _) = report.split_once("Content-Type: message/rfc822").unwrap();
    let head = format!("{head}Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n");
    // Wherever the cut falls.
    for odd in 0..4 {
        let head = head.replacen("\n\nThis is a MIME", &format!("\n\n{}This is a MIME", "x".repeat(odd)), 1);
        let (exit, said) = post.bounce(format!("{head}{}\n", lines.join("\n"))).await;
        assert!(exit == 0 && said.starts_with(&id), "{odd}: {exit} {said}");
    }
    assert_eq!((post.bounces().await.len(), post.status().await.as_str()), (1, "Bounced"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_report_without_times_is_told_from_another_by_its_own_id() {
    let post = Post::new().await;
    let id = post.sent().await;
    let report = about(EXIM, &id, ADA);
    let another = report.replace("Message-Id: <E1n2uAx", "Message-Id: <E1n3aBc");
    for (report, heard) in [(&report, false), (&report, true), (&another, false), (&report, true), (&another, true)] {
        let (exit, said) = post.bounce(report.clone()).await;
        let expected =
            if heard { "nothing has changed: this report was heard before" } else { "HardBounce: SMTP 550 no such" };
        assert!(exit == 0 && said.starts_with(&format!("{id} {expected}")), "{exit} {said}");
        if !heard {
            admin(&post.gateway, "POST", &format!("/redeliver?id={id}")).await;
            advance(&post.gateway, Duration::ZERO).await;
        }
    }
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (2, "1 0 0 0"));
    let outcomes = post.delivery(&id).await["attempts"].as_array().unwrap().len();
    assert_eq!(outcomes, 5);
    post.gateway.stop().await;
}

#[tokio::test]
async fn a_report_that_comes_again_after_many_attempts_is_counted_once() {
    let post = Post::new().await;
    let id = post.sent().await;
    let report = about(POSTFIX, &id, ADA);
    assert_eq!(post.bounce(report.clone()).await.0, 0);
    let said = post.delivery(&id).await["attempts"][1]["status"].as_str().unwrap().to_owned();
    let (_, mark) = said.split_once(" (report ").unwrap();
    assert_eq!(mark.len(), 17, "sixteen digits, for operators: {said}");
    for _ in 0..22 {
        admin(&post.gateway, "POST", &format!("/redeliver?id={id}")).await;
        advance(&post.gateway, Duration::ZERO).await;
    }
    let delivery = post.delivery(&id).await;
    let attempts = delivery["attempts"].as_array().unwrap();
    assert!(attempts.len() == 20 && attempts.iter().all(|attempt| attempt["outcome"] == "delivered"), "{delivery}");
    let (exit, said) = post.bounce(report).await;
    assert_eq!((exit, said), (0, format!("{id} nothing has changed: this report was heard before\n")));
    assert_eq!((post.bounces().await.len(), post.counts().await.as_str()), (1, "1 0 0 0"));
    post.gateway.stop().await;
}

#[tokio::test]
async fn characters_that_are_not_seen_do_nothing() {
    let post = Post::new().await;
    let id = post.sent().await;
    let odd = "Recipient \u{202e}\u{1b}[31m\u{2066}\u{feff}address";
    let (exit, said) = post.bounce(about(POSTFIX, &id, ADA).replace("Recipient address", odd)).await;
    assert_eq!(exit, 0, "{said}");
    let delivery = admin(&post.gateway, "GET", &format!("/delivery?id={id}")).await.body;
    let event = post.bounces().await.remove(0);
    for told in [said, delivery, event] {
        assert!(told.contains("Recipient   [31m  address"), "{told}");
    }
    post.gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_the_operators_listener_is_asked_again() {
    let id = "0019d671-8b83-8f3a-9c5e-2f6f3f6a0d4c";
    for answer in ["404 Not Found", "400 Bad Request", "200 OK", "502 Bad Gateway"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let body = "{\"error\": \"no such page\"}";
            let answer =
                format!("HTTP/1.1 {answer}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let (exit, said) = bounce(&url, about(POSTFIX, id, ADA).into_bytes()).await;
        let status = answer.split(' ').next().unwrap();
        assert_eq!(said, format!("envoi: {url}: HTTP {status} is no answer of the operators' listener of envoi\n"));
        assert_eq!(exit, 75);
        other.await.unwrap();
    }
}
