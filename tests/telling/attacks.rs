//! Receivers that lie, and callers who would have the gateway reach what only it can reach.

use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use envoi::notify::Resolver;

use crate::{
    house::{Asynchronous, House, list},
    receiver::{Authority, Receiver, Reply, all_at, local, pair, pair_with, to},
};

/// How long one is waited for who never answers. It is real time, in which a machine under load still makes a connection, and no
/// longer than the rest of an answer is waited for.
const BRIEF: Duration = Duration::from_secs(2);

async fn outcome(house: &House, url: &str) -> (String, String) {
    house.create(&to(Asynchronous::new(), url, "OnCallComplete", ""), &list(url)).await;
    house.idle().await;
    let all = house.deliveries().await;
    let id = all.last().unwrap()["id"].as_str().unwrap().to_owned();
    house.attempts(&id).await.pop().unwrap()
}

#[tokio::test]
async fn inner_addresses_are_refused_by_name_and_by_number() {
    for ip in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ] {
        let ip: IpAddr = ip.parse().unwrap();
        let (house, receiver) = pair_with(|parts| {
            parts.notify.allow_networks.clear();
            parts.notify.resolver = all_at(ip);
        })
        .await;
        let literal = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        for url in [receiver.url("/"), format!("https://{literal}:{}/", receiver.addr.port())] {
            let (how, why) = outcome(&house, &url).await;
            assert_eq!(how, "refused", "{url} at {ip}: {why}");
            assert!(why.contains("is not public"), "{why}");
        }
        assert_eq!(receiver.connections(), 0, "{ip}");
    }
}

#[tokio::test]
async fn plain_posts_to_this_machine_open_it_to_nothing_else() {
    let (house, receiver) = pair_with(|parts| {
        parts.notify.allow_networks.clear();
        parts.backend.conversations.insecure_loopback = true;
    })
    .await;
    let port = receiver.addr.port();
    for host in ["hooks.example", "localhost", "127.0.0.1"] {
        let (how, why) = outcome(&house, &format!("https://{host}:{port}/")).await;
        assert!(how == "refused" && why.contains("is not public"), "{host}: {how} {why}");
    }
    assert_eq!(receiver.connections(), 0);
    // It arrives, and is no TLS.
    let (how, why) = outcome(&house, &format!("http://localhost:{port}/")).await;
    assert!(how == "uncertain" && receiver.connections() == 1, "{how} {why}");

    let (house, receiver) = pair_with(|parts| parts.backend.conversations.insecure_loopback = true).await;
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let to = format!("http://{host}:{}/x", receiver.addr.port());
        receiver.will([Reply::Status(307, vec![("location", to)])]);
        let (how, why) = outcome(&house, &receiver.url("/")).await;
        assert!(how == "refused" && why.ends_with("is not https, nor allowed without it"), "{host}: {how} {why}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_address_reaches_nothing_that_was_not_looked_at() {
    let authority = Authority::new();
    let good = Receiver::speaking(&["http/1.1"], &authority, &["hooks.example"]).await;
    // Another service of the gateway's own machine, at the same port.
    let (inner, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let listener = tokio::net::TcpListener::bind(("127.0.0.2", good.addr.port())).await.unwrap();
    let reached = Arc::clone(&inner);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            reached.fetch_add(1, Ordering::SeqCst);
        }
    });
    let counted = Arc::clone(&asked);
    let house = House::with(|parts| {
        local(parts, &authority);
        parts.notify.resolver = Resolver::new(move |_| {
            // The allowed address first, the inner one ever after.
            let last = if counted.fetch_add(1, Ordering::SeqCst) == 0 { 1 } else { 2 };
            Box::pin(async move { Ok(vec![IpAddr::from([127, 0, 0, last])]) })
        });
    })
    .await;
    // The connection is not kept, so that the next attempt looks the name up again.
    good.will([Reply::Status(503, vec![("connection", "close".to_owned())])]);
    let (how, _) = outcome(&house, &good.url("/")).await;
    assert_eq!((how.as_str(), asked.load(Ordering::SeqCst)), ("retry", 1), "looked up once for one connection");
    house.advance(30).await;
    let (how, why) = house.attempts(house.deliveries().await[0]["id"].as_str().unwrap()).await.pop().unwrap();
    assert!(how == "refused" && why.contains("127.0.0.2, which is not public"), "{how} {why}");
    assert_eq!((good.seen().len(), asked.load(Ordering::SeqCst)), (1, 2));
    let (how, why) = outcome(&house, &format!("https://other.example:{}/", good.addr.port())).await;
    assert_eq!(how, "refused", "{why}");
    assert_eq!(inner.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn one_inner_address_among_others_is_passed_over() {
    let (house, receiver) = pair_with(|parts| {
        let mixed = ["10.9.9.9", "::1", "127.0.0.1"].map(|ip| ip.parse().unwrap());
        parts.notify.resolver = Resolver::new(move |_| Box::pin(async move { Ok(mixed.to_vec()) }));
    })
    .await;
    assert_eq!(outcome(&house, &receiver.url("/")).await.0, "delivered");
}

#[tokio::test]
async fn redirects_repeat_the_post_and_are_checked_like_the_first_address() {
    let (house, receiver) = pair().await;
    let redirect = |code, to: String| Reply::Status(code, vec![("location", to)]);
    receiver.will([redirect(307, "/second".to_owned()), redirect(308, receiver.url("/third"))]);
    assert_eq!(outcome(&house, &receiver.url("/first")).await.0, "delivered");
    let seen = receiver.seen();
    assert_eq!(seen.iter().map(|seen| seen.path.as_str()).collect::<Vec<_>>(), ["/first", "/second", "/third"]);
    assert!(
        seen.iter()
            .all(|other| other.body == seen[0].body && other.header("webhook-id") == seen[0].header("webhook-id"))
    );
    for (to, why) in [
        ("http://hooks.example/x".to_owned(), "is not https"),
        ("https://169.254.169.254/latest/meta-data".to_owned(), "is not public"),
        ("https://[fd00:ec2::254]/".to_owned(), "is not public"),
        ("https://10.0.0.1/".to_owned(), "is not public"),
        ("https://user:PW@hooks.example/x?SECRET".to_owned(), "https://…@hooks.example/x?… has a user part"),
        ("https://hooks.example:99999/?SECRET".to_owned(), "has a port that is none"),
        ("https://hooks.example:0/".to_owned(), "has a port that is none"),
        ("file:///etc/passwd".to_owned(), "is no URL"),
    ] {
        receiver.will([redirect(307, to.clone())]);
        let (how, said) = outcome(&house, &receiver.url(&format!("/{}", to.len()))).await;
        assert!(how == "refused" && said.contains(why), "{to}: {how} {said}");
        assert!(!said.contains("PW") && !said.contains("SECRET"), "{said}");
    }
    let before = receiver.seen().len();
    receiver.will((0..9).map(|_| redirect(307, "/round".to_owned())));
    assert_eq!(
        outcome(&house, &receiver.url("/round")).await,
        ("refused".to_owned(), "more than 3 redirects".to_owned())
    );
    assert_eq!(receiver.seen().len() - before, 4);
}

#[tokio::test]
async fn a_certificate_of_nobody_or_of_another_name_is_not_accepted() {
    let (authority, other) = (Authority::new(), Authority::new());
    let unknown = Receiver::start(&other, &["hooks.example"]).await;
    let misnamed = Receiver::start(&authority, &["other.example"]).await;
    let house = House::with(|parts| local(parts, &authority)).await;
    for receiver in [unknown, misnamed] {
        let (how, why) = outcome(&house, &receiver.url("/")).await;
        assert_eq!(how, "retry", "{why}");
        assert!(why.contains("certificate"), "{why}");
        assert!(receiver.seen().is_empty() && receiver.connections() > 0);
    }
}

#[tokio::test]
async fn receivers_that_lie_are_uncertain_and_long_answers_are_not_read() {
    let (house, receiver) = pair_with(|parts| parts.notify.breaker_failures = 100).await;
    for bytes in [
        &b""[..],
        b"\x00\x01\x02 this is no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 999999 what\r\n\r\n",
    ] {
        receiver.will([Reply::Raw(bytes)]);
        let (how, why) = outcome(&house, &receiver.url(&format!("/{}", receiver.connections()))).await;
        assert_eq!(how, "uncertain", "{why}");
    }
    receiver.will([Reply::Long(8 << 20)]);
    assert_eq!(outcome(&house, &receiver.url("/long")).await, ("delivered".to_owned(), "HTTP 200".to_owned()));
}

#[tokio::test]
async fn an_answer_without_an_end_counts_by_its_status_and_half_a_connection_is_none() {
    let authority = Authority::new();
    let receiver = Receiver::speaking(&["http/1.1"], &authority, &["hooks.example"]).await;
    let house = async |timeout| {
        House::with(|parts| {
            local(parts, &authority);
            parts.notify.breaker_failures = 100;
            if let Some(timeout) = timeout {
                parts.notify.timeout = timeout;
            }
        })
        .await
    };
    // Who is told by an answer waits for it as long as it takes.
    let (patient, brief) = (house(None).await, house(Some(BRIEF)).await);
    let taken = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    let chunked = b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha";
    let busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n";
    let moved = b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 9\r\n\r\n";
    for (house, reply, how, why) in [
        (&patient, Reply::Held(taken), "delivered", "HTTP 200"),
        (&patient, Reply::Raw(taken), "delivered", "HTTP 200"),
        (&patient, Reply::Held(chunked), "delivered", "HTTP 204"),
        (&patient, Reply::Held(busy), "retry", "HTTP 503"),
        (&brief, Reply::Held(moved), "uncertain", "no answer within 2s"),
        (&brief, Reply::Held(b"HTTP/1.1 200 O"), "uncertain", "no answer within 2s"),
        (&patient, Reply::HalfClosed, "uncertain", "connection closed before message completed"),
    ] {
        let said = format!("{reply:?}");
        receiver.will([reply]);
        let (was, status) = outcome(house, &receiver.url(&format!("/{}", receiver.connections()))).await;
        assert!(was == how && status.contains(why), "{said}: {was} {status}");
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_left() {
    let (house, receiver) = pair_with(|parts| parts.notify.timeout = BRIEF).await;
    receiver.will([Reply::Silence]);
    let (how, why) = outcome(&house, &receiver.url("/")).await;
    assert_eq!((how.as_str(), why.as_str()), ("uncertain", "no answer within 2s"));
    house.advance(15).await;
    let all = receiver.seen();
    assert_eq!(all[0].header("webhook-id"), all[1].header("webhook-id"));
    assert_eq!(house.deliveries().await[0]["state"], "delivered");
}

#[tokio::test]
async fn a_resolver_that_fails_is_asked_again_later() {
    let answers = Arc::new(Mutex::new(vec![true, false]));
    let (house, receiver) = pair_with(|parts| {
        parts.notify.resolver = Resolver::new(move |_| {
            let works = answers.lock().unwrap().pop().unwrap_or(true);
            Box::pin(async move {
                if works { Ok(vec![IpAddr::from([127, 0, 0, 1])]) } else { Err(std::io::Error::other("SERVFAIL")) }
            })
        });
    })
    .await;
    let (how, why) = outcome(&house, &receiver.url("/")).await;
    assert!(how == "retry" && why.contains("hooks.example has no address: SERVFAIL"), "{how} {why}");
    house.advance(15).await;
    assert_eq!(house.deliveries().await[0]["state"], "delivered");
}
