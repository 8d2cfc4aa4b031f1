//! A whole gateway with a way for mail to leave, asked from outside: by SOAP, over its pages, at its operators' listener.

use std::time::Duration;

use envoi::{mail::Way, server::Parts};

use crate::{
    gateway::{Answer, Gateway, PARTNER_API, request},
    house::{definition, object},
};

pub(crate) const URL: &str = "https://mc.example/soap";

/// One with what a triggered send needs; its mail is captured unless `change` says otherwise.
pub(crate) async fn ready(more: &str, change: impl FnOnce(&mut Parts)) -> Gateway {
    let gateway = Gateway::start_with(|parts| {
        parts.mail.way = Way::Memory;
        parts.server.public_url = Some(URL.to_owned());
        change(parts);
    })
    .await;
    let furniture = [
        object("List", "<CustomerKey>readers</CustomerKey><ListName>Readers &amp; Co</ListName>"),
        object(
            "Email",
            "<CustomerKey>welcome</CustomerKey><Name>W</Name><HTMLBody>&lt;p&gt;Hi %%emailaddr%%&lt;/p&gt;</HTMLBody>\
             <Subject>Hello %%emailaddr%%</Subject>",
        ),
        object(
            "SenderProfile",
            "<CustomerKey>shop</CustomerKey><Name>S</Name><FromAddress>s@example.com</FromAddress>",
        ),
        definition(more),
    ];
    let made = create(&gateway, "", &furniture.concat()).await;
    assert_eq!(made.text("CreateResponse/OverallStatus").as_deref(), Some("OK"), "{}", made.body);
    gateway
}

pub(crate) async fn create(gateway: &Gateway, options: &str, objects: &str) -> Answer {
    gateway.call("Create", &request("CreateRequest", &format!("<Options>{options}</Options>"), objects)).await
}

/// Asks the operators' listener.
pub(crate) async fn admin(gateway: &Gateway, method: &str, path: &str) -> Answer {
    let answer = Answer::to_operator(gateway.admin, method, path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

/// Moves the clock; returns when what became due has been worked off and sent.
pub(crate) async fn advance(gateway: &Gateway, by: Duration) {
    admin(gateway, "POST", &format!("/time?by={}", by.as_millis())).await;
}

/// The captured mails, the oldest first, each as it would have been sent.
pub(crate) async fn mails(gateway: &Gateway) -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(&admin(gateway, "GET", "/mail").await.body).unwrap();
    let mut mails = Vec::new();
    for one in list.as_array().unwrap().iter().rev() {
        mails.push(admin(gateway, "GET", &format!("/mail/one?id={}", one["id"])).await.body);
    }
    mails
}

/// A header field of a mail, unfolded.
pub(crate) fn field(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// Asks for a page below the public URL, as a proxy hands it on.
pub(crate) async fn page(gateway: &Gateway, method: &str, path: &str, body: &str) -> Answer {
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: mc.example\r\n{kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    gateway.raw(request.as_bytes()).await
}

/// The values of properties of what a filter finds, each object's in one line.
pub(crate) async fn found(gateway: &Gateway, kind: &str, properties: &[&str], filter: &str) -> Vec<String> {
    let names: String = properties.iter().map(|name| format!("<Properties>{name}</Properties>")).collect();
    let message = format!(
        "<RetrieveRequestMsg xmlns=\"{PARTNER_API}\"><RetrieveRequest><ObjectType>{kind}</ObjectType>{names}{filter}\
         </RetrieveRequest></RetrieveRequestMsg>"
    );
    let answer = gateway.call("Retrieve", &message).await;
    assert_eq!(answer.text("RetrieveResponseMsg/OverallStatus").as_deref(), Some("OK"), "{}", answer.body);
    let value = |at: usize, name: &str| {
        let path = format!("RetrieveResponseMsg/Results#{at}/{}", name.replace('.', "/"));
        answer.text(&path).unwrap_or_default()
    };
    (0..answer.count("RetrieveResponseMsg/Results"))
        .map(|at| properties.iter().map(|name| value(at, name)).collect::<Vec<_>>().join(" "))
        .collect()
}

/// A filter of one comparison.
pub(crate) fn filter(property: &str, operator: &str, value: &str) -> String {
    let element = if property.ends_with("Date") { "DateValue" } else { "Value" };
    format!(
        "<Filter xsi:type=\"SimpleFilterPart\"><Property>{property}</Property><SimpleOperator>{operator}</SimpleOperator>\
         <{element}>{value}</{element}></Filter>"
    )
}
