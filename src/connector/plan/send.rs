//! SMSTriggeredSend: one text to one number. TriggeredSend: one message to each of its subscribers.

use std::{borrow::Cow, collections::HashSet};

use super::{
    Planned, recipient,
    settled::{Said, Settled},
};
use crate::{
    connector::{
        Action, Message, SENDER_NO, SESSION_ID, System, Template, Text,
        attribute::{attribute, attributes, merged, own_attributes},
        problem::{Problem, problem},
        route,
    },
    message::{code, personalize},
    object::Node,
};

/// The message of an SMSTriggeredSend.
pub(super) fn single(settled: &Settled<'_>) -> Result<Message, Problem> {
    let node = settled.planning.node;
    let subscriber = node.child("Subscriber");
    let attributes = attributes(node);
    let number = settled.extra("Recipient").or_else(|| node.given("Number"));
    let recipient = recipient::of(settled, number, subscriber, &attributes)?;
    let message = node.child_text("Message").filter(|text| !text.trim().is_empty()).map(Cow::into_owned);
    one(settled, Receiver { recipient, subscriber, attributes, text: message }, 0)
}

/// The messages of a TriggeredSend.
pub(super) fn each(settled: &Settled<'_>) -> Result<Planned, Problem> {
    let node = settled.planning.node;
    let common = own_attributes(node);
    let (mut planned, mut seen) = (Planned::default(), HashSet::new());
    for (place, subscriber) in (0..).zip(node.children_named("Subscribers").filter(|subscriber| !subscriber.is_nil())) {
        let attributes = merged(&common, own_attributes(subscriber));
        let message = recipient::of(settled, None, Some(subscriber), &attributes).and_then(|recipient| {
            if !seen.insert(recipient.clone()) {
                return Err(problem(code::RECIPIENT_TWICE, recipient));
            }
            one(settled, Receiver { recipient, subscriber: Some(subscriber), attributes, text: None }, place)
        });
        match message {
            Ok(message) => planned.messages.push(message),
            Err((code, text)) => planned.failures.push((place, key_of(subscriber), code, text)),
        }
    }
    match planned.messages.is_empty() && planned.failures.is_empty() {
        true => Err(problem(code::SEND_NO_SUBSCRIBERS, "")),
        false => Ok(planned),
    }
}

/// One who is to get a message.
struct Receiver<'n> {
    recipient: String,
    subscriber: Option<Node<'n>>,
    attributes: Vec<(String, String)>,
    /// The text that the object itself holds.
    text: Option<String>,
}

fn key_of(subscriber: Node<'_>) -> Option<String> {
    subscriber.given("SubscriberKey").or_else(|| subscriber.given("EmailAddress"))
}

fn one(settled: &Settled<'_>, receiver: Receiver<'_>, place: u32) -> Result<Message, Problem> {
    let Some(channel) = settled.channel() else {
        let what = "the connector needs a channel: PartnerProperty Channel, or `channel` in the defaults of its route";
        return Err(problem(code::CONNECTOR_VALUE, what));
    };
    let action = said(settled, &receiver)?;
    super::place::placed(settled, &action, receiver.text.is_some())?;
    let has_session = match &action {
        Action::Text(text) => text.session.is_some(),
        Action::Template(template) => template.session().is_some(),
        _ => false,
    };
    if settled.system() == System::Yeastar && !has_session && settled.sender().is_none() {
        let what = "the connector needs the DID number of its channel: FromAddress, PartnerProperty Sender, or `sender` in the defaults of its route";
        return Err(problem(code::CONNECTOR_VALUE, what));
    }
    let subscriber = receiver.subscriber.and_then(key_of);
    Ok(Message { subscriber, ..settled.message(action, receiver.recipient, channel, place) })
}

/// What is said to him: what the object says itself, a file that it names, the defaults, the template that its definition names.
fn said(settled: &Settled<'_>, receiver: &Receiver<'_>) -> Result<Action, Problem> {
    if let Some(name) = settled.extra("Template") {
        return Ok(Action::Template(template(settled, name, receiver)?));
    }
    if let Some(said) = &receiver.text {
        return Ok(Action::Text(text(settled, said.clone(), receiver)?));
    }
    let (has_file, default) = (settled.extra("Attachment").is_some(), settled.default_said());
    // A default has no claim on a place that the caller's own file takes.
    let takes_both = |said: &Said| settled.system() == System::Salesforce && matches!(said, Said::Body(_));
    let is_file_alone = has_file && default.as_ref().is_some_and(|said| !takes_both(said));
    let said = settled.extra("Body").map(Said::Body).or(default.filter(|_| !is_file_alone));
    match said {
        Some(Said::Template(name)) => Ok(Action::Template(template(settled, name, receiver)?)),
        Some(Said::Body(body)) => Ok(Action::Text(text(settled, filled(&body, receiver)?, receiver)?)),
        None => match by_definition(settled).filter(|_| !is_file_alone) {
            Some(name) => Ok(Action::Template(template(settled, name, receiver)?)),
            // A file alone says something too.
            None if has_file => Ok(Action::Text(text(settled, String::new(), receiver)?)),
            None => {
                let what = "expected Message, PartnerProperty Template or Body, or `template` or `body` in the defaults of its route";
                Err(problem(code::NO_TEXT, what))
            }
        },
    }
}

/// The CustomerKey of a TriggeredSendDefinition names a template where nothing else says what is sent.
fn by_definition(settled: &Settled<'_>) -> Option<String> {
    let is_mail = route::kind_of(settled.planning.node) == "TriggeredSend";
    let has_templates = settled.system() != System::Salesforce;
    route::definition_of(settled.planning.node).filter(|_| is_mail && has_templates)
}

fn text(settled: &Settled<'_>, text: String, receiver: &Receiver<'_>) -> Result<Text, Problem> {
    let attachment = settled.extra("Attachment");
    if let Some(attachment) = &attachment {
        check_attachment(settled.system(), attachment)?;
        if settled.system() != System::Salesforce && !text.is_empty() {
            let what = format!(
                "PartnerProperty Attachment: {} sends a text or a file in one message, not both",
                settled.system().name()
            );
            return Err(problem(code::CONNECTOR_VALUE, what));
        }
    }
    let session = settled.extra("Session");
    let attributes = match settled.system() {
        System::Salesforce => receiver.attributes.clone(),
        System::Yeastar => {
            let tag = settled.extra("Tag").map(|tag| ("tag".to_owned(), tag));
            tag.into_iter().chain(extension(settled)?).collect()
        }
        System::Connectly => campaign(settled),
    };
    if settled.system() == System::Yeastar
        && let Some(session) = &session
    {
        super::operation::number(session)?;
    }
    if settled.system() == System::Salesforce && session.is_some() && settled.sender().is_none() {
        let what = "a message in a conversation needs who speaks: PartnerProperty Sender, or `sender` in the defaults of its route";
        return Err(problem(code::CONNECTOR_VALUE, what));
    }
    let fallback = settled.default(|defaults| &defaults.fallback_template);
    // What the fallback lacks is found out now or never: it is one more way out, and none of the message itself.
    let fallback = fallback.and_then(|name| template(settled, name, receiver).ok());
    Ok(Text { text, attachment, attributes, session, fallback })
}

fn extension(settled: &Settled<'_>) -> Result<Option<(String, String)>, Problem> {
    Ok(settled.extension()?.map(|extension| (SENDER_NO.to_owned(), extension)))
}

fn campaign(settled: &Settled<'_>) -> Vec<(String, String)> {
    settled.extra("Campaign").map(|name| ("campaignName".to_owned(), name)).into_iter().collect()
}

/// The channel of a PBX that has templates.
const WHATSAPP: &str = "whatsapp";

/// Bytes of a file that Salesforce takes: 25 MB, read as what they can be at most (facts/backends section 1).
const LARGEST_FILE: usize = 25 << 20;

/// A file as the system wants it.
fn check_attachment(system: System, attachment: &str) -> Result<(), Problem> {
    let (fits, expected) = match system {
        System::Salesforce => match crate::connector::request::File::read(attachment) {
            Some(file) if file.bytes.len() > LARGEST_FILE => {
                let what = format!(
                    "PartnerProperty Attachment: the file has {} bytes, and Salesforce takes 25 MB ({LARGEST_FILE} bytes) at most",
                    file.bytes.len()
                );
                return Err(problem(code::CONNECTOR_VALUE, what));
            }
            file => (file.is_some(), "data:TYPE;base64,… since Salesforce takes the file itself"),
        },
        System::Connectly => (
            attachment.starts_with("https://") || attachment.starts_with("http://"),
            "an address that begins with https://, which Connectly fetches",
        ),
        System::Yeastar => {
            let is_object = serde_json::from_str::<serde_json::Value>(attachment).is_ok_and(|value| value.is_object());
            (
                is_object || !attachment.starts_with('{'),
                "the id of an uploaded file, or what message/batchupload told of it",
            )
        }
    };
    match fits {
        true => Ok(()),
        false => Err(problem(code::CONNECTOR_VALUE, format!("PartnerProperty Attachment: expected {expected}"))),
    }
}

/// Parameters by which a template is filled, as the systems name them.
fn is_parameter(name: &str) -> bool {
    ["header_", "body_", "button"].iter().any(|start| name.starts_with(start))
}

fn template(settled: &Settled<'_>, name: String, receiver: &Receiver<'_>) -> Result<Template, Problem> {
    if settled.system() == System::Salesforce {
        let what = "Salesforce takes texts, not templates: expected Message, or `body` in the defaults of its route";
        return Err(problem(code::CONNECTOR_CANNOT, what));
    }
    if settled.system() == System::Yeastar
        && let Some(channel) = settled.channel().filter(|channel| channel != WHATSAPP)
    {
        let what = format!(
            "a template, {name}, goes over the channel whatsapp alone, and the channel is {channel}: expected Message, PartnerProperty Body, or `body` in the defaults of its route"
        );
        return Err(problem(code::NO_TEXT, what));
    }
    let locale = receiver.subscriber.and_then(|subscriber| subscriber.child("Locale")?.given("LocaleCode"));
    // WhatsApp writes en_US what the service writes en-US.
    let language = locale
        .map(|code| code.replace('-', "_"))
        .or_else(|| settled.extra("Language"))
        .or_else(|| settled.default(|defaults| &defaults.language));
    let Some(language) = language else {
        let what = format!(
            "the template {name} needs a language: Locale of the subscriber, PartnerProperty Language, or `language` in the defaults of its route"
        );
        return Err(problem(code::CONNECTOR_VALUE, what));
    };
    let mut parameters = Vec::new();
    for (place, attribute_name) in (1..).zip(settled.parameters()) {
        let Some(value) = attribute(&receiver.attributes, attribute_name) else {
            return Err(problem(code::NO_ATTRIBUTE, attribute_name));
        };
        parameters.push((format!("body_{place}"), value.to_owned()));
    }
    let named = receiver.attributes.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    parameters = merged(&parameters, named.filter(|(name, _)| is_parameter(name)).collect());
    match settled.system() {
        System::Yeastar => {
            parameters.extend(settled.extra("TemplateID").map(|id| ("template_id".to_owned(), id)));
            if let Some(session) = settled.extra("Session") {
                super::operation::number(&session)?;
                parameters.push((SESSION_ID.to_owned(), session));
            }
            parameters.extend(extension(settled)?);
        }
        System::Connectly => parameters.extend(campaign(settled)),
        System::Salesforce => {}
    }
    Ok(Template { name, language, parameters })
}

/// A body with the attributes in place of its marks.
fn filled(body: &str, receiver: &Receiver<'_>) -> Result<String, Problem> {
    let member = |name: &str| match name.to_lowercase().as_str() {
        "subscriberkey" | "_subscriberkey" => receiver.subscriber?.given("SubscriberKey"),
        "emailaddr" | "emailaddress" => receiver.subscriber?.given("EmailAddress"),
        _ => None,
    };
    let value = |name: &str| {
        let own = attribute(&receiver.attributes, name).map(|value| Cow::Owned(value.to_owned()));
        own.or_else(|| member(name).map(Cow::Owned))
    };
    personalize::fill(body, value).map_err(|name| problem(code::NO_ATTRIBUTE, name))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;
    use crate::connector::sample::{object, one, planned};

    #[test]
    fn a_file_that_is_too_large_is_told_with_its_size() {
        let file = |bytes: usize| format!("data:text/plain;base64,{}", STANDARD.encode(vec![b'x'; bytes]));
        assert_eq!(check_attachment(System::Salesforce, &file(LARGEST_FILE)), Ok(()));
        let (code, text) = check_attachment(System::Salesforce, &file(LARGEST_FILE + 1)).unwrap_err();
        assert_eq!(
            (code, text.as_str()),
            (
                4_000_005,
                "PartnerProperty Attachment: the file has 26214401 bytes, and Salesforce takes 25 MB (26214400 bytes) at most"
            )
        );
    }

    #[test]
    fn a_template_goes_over_whatsapp_alone() {
        let subscriber = "<Subscribers><SubscriberKey>+4915112345678</SubscriberKey></Subscribers>";
        let definition = "<TriggeredSendDefinition><CustomerKey>welcome</CustomerKey></TriggeredSendDefinition>";
        let send = object("TriggeredSend", &format!("{definition}{subscriber}"));
        let over = |channel: &str, body: Option<&str>| {
            let connectors = one(System::Yeastar, |_, route| {
                route.defaults.channel = Some(channel.into());
                (route.defaults.language, route.defaults.body) = (Some("en".into()), body.map(Into::into));
            });
            planned(&connectors, "Create", &send)
        };
        assert!(matches!(over("whatsapp", None).unwrap().messages.remove(0).action, Action::Template(_)));
        let (_, _, code, text) = over("general", None).unwrap().failures.remove(0);
        assert!(code == 4_000_003 && text.contains("welcome") && text.contains("the channel is general"), "{text}");
        assert!(matches!(over("general", Some("Hi")).unwrap().messages.remove(0).action, Action::Text(_)));
    }
}
