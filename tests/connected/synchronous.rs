//! Synchronous calls through the front door: they wait for what comes of their messages, and no longer than they should.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    front::{Far, create, gateway, lists, rows, states, told},
    gateway::{envelope, request, security},
    house::{list, send, sms},
};

const A: &str = "+4915112345601";
const B: &str = "+4915112345602";
const WAIT: Duration = Duration::from_secs(30);
/// In real time, for what would otherwise never end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connectly error.
fn error(code: &str, message: &str) -> String {
    format!("{{\"message\":\"{message}\",\"type\":\"ERROR_TYPE_INVALID_REQUEST\",\"code\":\"{code}\"}}")
}

#[tokio::test]
async fn the_answer_tells_what_came_of_each_message() {
    let far = Far::start().await;
    let gateway = gateway(&far, |_| {}).await;
    far.answers(201, "{\"id\":\"01A\"}");
    far.answers(400, &error("ERROR_CODE_MESSAGE_TEXT_EMPTY", "Text is empty"));
    let answer = create(&gateway, "<Options/>", &[sms(A), list("one"), sms(A)].concat()).await;
    let rows = rows(&answer);
    assert_eq!(rows[..2], ["OK - [connectly] accepted", "OK - Created List."]);
    assert!(
        rows[2].starts_with("Error 3000")
            && rows[2].ends_with("[connectly ERROR_CODE_MESSAGE_TEXT_EMPTY] Text is empty"),
        "{rows:?}"
    );
    let text = |path: &str| answer.text(&format!("CreateResponse/{path}"));
    assert_eq!(text("OverallStatus").as_deref(), Some("Has Errors"));
    assert_eq!(
        (text("Results#0/NewID").as_deref(), text("Results#0/NewObjectID").as_deref()),
        (Some("0"), Some("01A"))
    );
    let detail = text("Results#2/ResultDetailXML").unwrap();
    assert!(detail.starts_with("<BackendError ") && detail.contains("httpStatus=\"400\""), "{detail}");
    assert_eq!(lists(&gateway).await, ["one"]);
    gateway.stop().await;
}

#[tokio::test]
async fn who_finds_no_room_goes_when_there_is_some() {
    let far = Far::start().await;
    let gateway = gateway(&far, |connector| connector.at_once = 2).await;
    // A message of before is to be forgotten one day: nobody else may be meant by that.
    create(&gateway, "<Options/>", &sms(A)).await;
    let many: String = (10..17).map(|at| sms(&format!("+49151123456{at}"))).collect();
    let answer = tokio::time::timeout(PATIENCE, create(&gateway, "<Options/>", &many)).await;
    let answer = answer.expect("all have gone: the clock stands, so that nothing but the room can bring them on");
    assert_eq!(rows(&answer), vec!["OK - [connectly] accepted"; 7]);
    assert_eq!(far.came().len(), 8);
    gateway.stop().await;
}

#[tokio::test]
async fn what_has_not_begun_when_the_wait_is_over_is_taken_back() {
    let far = Far::start().await;
    let gateway = gateway(&far, |_| {}).await;
    far.hold().await;
    let clock = gateway.clock.clone();
    // Two for one recipient: the second waits for the first.
    let objects = [sms(A), sms(A), list("one")].concat();
    let (answer, ()) = tokio::join!(create(&gateway, "<Options/>", &objects), async {
        far.arrived(1).await;
        clock.advance(WAIT);
    });
    let rows = rows(&answer);
    assert!(rows[0].contains("in doubt, it may have arrived"), "{rows:?}");
    let why = format!("[connectly] taken back before it was sent: an earlier message to {A} was not settled");
    assert!(rows[1].ends_with(&why), "{rows:?}");
    assert_eq!(rows[2], "OK - Created List.", "the rest of the call is done");
    far.release();
    told(&gateway, "POST", "/time?by=600000").await;
    assert_eq!((far.came().len(), states(&gateway).await), (1, vec!["delivered".to_owned(), "withdrawn".to_owned()]));
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_between_two_attempts_when_the_wait_is_over_is_not_tried_again() {
    let far = Far::start().await;
    let gateway =
        gateway(&far, |connector| (connector.first_delay, connector.longest_delay) = (10 * WAIT, 10 * WAIT)).await;
    far.answers(429, &error("ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED", "slow down"));
    let (clock, addr) = (gateway.clock.clone(), &gateway);
    let object = sms(A);
    let (answer, ()) = tokio::join!(create(&gateway, "<Options/>", &object), async {
        far.arrived(1).await;
        // Its attempt has ended when it is owed again.
        for _ in 0..10_000 {
            let list = told(addr, "GET", "/deliveries").await;
            if list[0]["tries"] == 1 && list[0]["state"] == "owed" {
                break;
            }
        }
        clock.advance(WAIT);
    });
    let rows = rows(&answer);
    assert!(rows[0].ends_with("[connectly ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED] slow down"), "{rows:?}");
    told(&gateway, "POST", "/time?by=6000000").await;
    assert_eq!((far.came().len(), states(&gateway).await), (1, vec!["withdrawn".to_owned()]));
    gateway.stop().await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_changes_nothing() {
    let far = Far::start().await;
    let gateway = gateway(&far, |_| {}).await;
    far.hold().await;
    let objects = [sms(A), list("one"), send(&[B])].concat();
    let text = envelope(&security("demo", "demo-password"), &request("CreateRequest", "<Options/>", &objects));
    let head = format!(
        "POST /Service.asmx HTTP/1.1\r\nHost: {}\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: Create\r\n\
         Content-Length: {}\r\n\r\n",
        gateway.addr,
        text.len()
    );
    let mut stream = TcpStream::connect(gateway.addr).await.unwrap();
    stream.write_all(&[head.as_bytes(), text.as_bytes()].concat()).await.unwrap();
    far.arrived(2).await;
    drop(stream);
    far.release();
    for _ in 0..10_000 {
        if !lists(&gateway).await.is_empty() {
            break;
        }
    }
    assert_eq!(lists(&gateway).await, ["one"]);
    assert_eq!(states(&gateway).await, ["delivered", "delivered"]);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_urgent_goes_before_what_came_first() {
    let far = Far::start().await;
    let gateway = gateway(&far, |connector| connector.at_once = 1).await;
    far.hold().await;
    let queued = |priority: &str| {
        format!("<Options><RequestType>Asynchronous</RequestType><QueuePriority>{priority}</QueuePriority></Options>")
    };
    let number = |at: u32| format!("+49151123456{at}");
    let bulk: String = (10..13).map(|at| sms(&number(at))).collect();
    create(&gateway, &queued("Low"), &bulk).await;
    far.arrived(1).await;
    create(&gateway, &queued("Medium"), &sms(&number(20))).await;
    create(&gateway, &queued("High"), &sms(&number(30))).await;
    while states(&gateway).await.len() < 5 {}
    let asked = sms(A);
    let (answer, ()) = tokio::join!(create(&gateway, "<Options/>", &asked), async {
        while states(&gateway).await.len() < 6 {}
        far.release();
    });
    assert_eq!(rows(&answer), ["OK - [connectly] accepted"]);
    told(&gateway, "POST", "/time?by=0").await;
    let came = far.came();
    let expected = [number(10), number(30), A.to_owned(), number(20), number(11), number(12)];
    assert_eq!(came.len(), expected.len());
    for (came, number) in came.iter().zip(&expected) {
        assert!(came.contains(number), "{expected:?} {came}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn who_was_taken_back_is_told_how_many_stood_before_him() {
    let far = Far::start().await;
    let gateway = gateway(&far, |connector| connector.at_once = 1).await;
    far.hold().await;
    let many: String = (10..15).map(|at| sms(&format!("+49151123456{at}"))).collect();
    let urgent = "<Options><RequestType>Asynchronous</RequestType><QueuePriority>High</QueuePriority></Options>";
    create(&gateway, urgent, &many).await;
    far.arrived(1).await;
    let (clock, asked) = (gateway.clock.clone(), sms(A));
    let (answer, ()) = tokio::join!(create(&gateway, "<Options/>", &asked), async {
        while states(&gateway).await.len() < 6 {}
        clock.advance(WAIT);
    });
    let expected = "[connectly] taken back before it was sent: connector:pbx had 4 messages before it (at_once 1, per_second 1000, wait 30s)";
    assert!(rows(&answer)[0].ends_with(expected), "{:?}", rows(&answer));
    far.release();
    gateway.stop().await;
}

#[tokio::test]
async fn who_finds_a_connector_at_rest_is_told_until_when() {
    let far = Far::start().await;
    let gateway = gateway(&far, |connector| connector.first_delay = WAIT * 10).await;
    far.answers(429, "{\"code\":\"ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED\",\"message\":\"slow down\"}");
    create(&gateway, "<Options><RequestType>Asynchronous</RequestType></Options>", &sms(A)).await;
    told(&gateway, "POST", "/time?by=0").await;
    let rests = told(&gateway, "GET", "/targets").await[0]["rests_until"].as_str().unwrap().to_owned();
    let (clock, asked) = (gateway.clock.clone(), sms("+4915112345699"));
    let (answer, ()) = tokio::join!(create(&gateway, "<Options/>", &asked), async {
        while states(&gateway).await.len() < 2 {}
        clock.advance(WAIT);
    });
    let expected = format!("[connectly] taken back before it was sent: connector:pbx rests until {rests}");
    assert!(rows(&answer)[0].ends_with(&expected), "{:?}", rows(&answer));
    gateway.stop().await;
}
