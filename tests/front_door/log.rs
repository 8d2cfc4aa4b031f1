//! The access log: what it tells and what it never tells.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use crate::house::house_with;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_request_is_one_line_without_secrets() {
    let page = Page::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(page.clone());
    // With a second subscriber, a place in the code that another test reaches first is offered to both, and not to that
    // test's own, which is none.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _default = tracing::subscriber::set_default(subscriber.finish());
    let mut house = house_with(|settings| settings.drain_timeout = Duration::from_millis(100)).await;
    let secrets = "X-Request-Id: r-1\r\nAuthorization: Bearer tok-secret\r\nCookie: c-secret\r\n";
    let head = "POST /v2/Service.asmx?token=query-secret HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n";
    assert_eq!(house.ask(&format!("{head}{secrets}\r\nbody-secret")).await.status(), 200);
    let mut gone = house.connect().await;
    gone.send("POST /Service.asmx HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-2\r\nX-Do: wait\r\nContent-Length: 0\r\n\r\n")
        .await;
    house.arrived(2).await;
    house.stop();
    house.ended().await;
    let text = || String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let told = text();
    assert!(!told.contains("secret"), "{told}");
    let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access: Vec<_> = lines.iter().filter(|line| line["fields"]["http.path"].is_string()).collect();
    assert_eq!(access.len(), 2);
    let fields = &access[0]["fields"];
    assert_eq!((&fields["request.id"], &fields["http.path"]), (&"r-1".into(), &"/v2/Service.asmx".into()));
    assert_eq!((&fields["http.method"], &fields["http.status"]), (&"POST".into(), &200.into()));
    assert_eq!((&fields["bytes.received"], &fields["bytes.sent"]), (&11.into(), &11.into()));
    assert_eq!((&fields["operation"], &fields["outcome"]), (&"Create".into(), &"ok".into()));
    let cut = &access[1]["fields"];
    assert_eq!((&cut["request.id"], &cut["outcome"]), (&"r-2".into(), &"abandoned".into()));
    assert!(fields["duration_ms"].as_f64().unwrap() > 0.0);
}
