//! What the body of an Operation names of its own: senders and channels, for which the same lists hold as for a message.

use serde_json::Value;

use super::settled::{CHANNELS, List, SENDERS, Settled};
use crate::{
    connector::{
        Operation, System,
        problem::{Problem, problem},
    },
    message::code,
};

/// Stands in a path for each entry of a list.
const EACH: &str = "[]";

/// What stands at a place of a body.
enum Names {
    Sender,
    Channel,
    /// Who speaks, where it is no end user: he is the other side.
    Speaker,
    /// A session of a PBX, which has a channel and a sender that nobody here knows.
    Session,
}

/// Where the bodies of an operation name a sender, a channel or a session (facts/backends sections 1 to 3).
fn places(operation: &Operation) -> &'static [(&'static [&'static str], Names)] {
    match (operation.system, operation.name) {
        (System::Salesforce, "consent" | "conversation" | "messagingSession") => {
            &[(&["channelAddressIdentifier"], Names::Channel)]
        }
        (System::Salesforce, "conversationHistory") => &[
            (&["channelAddressIdentifier"], Names::Channel),
            (&["conversationEntries", EACH, "sender"], Names::Speaker),
        ],
        (System::Salesforce, "conversationEntry") => &[(&["sender", "subject"], Names::Sender)],
        (System::Yeastar, "message_campaign/create") => {
            &[(&["sender"], Names::Sender), (&["channel_type"], Names::Channel), (&["omnichannel_id"], Names::Channel)]
        }
        (
            System::Yeastar,
            "message_session/archive"
            | "message_session/close"
            | "message_session/transfer"
            | "message_session/unarchive",
        ) => &[(&["session_id"], Names::Session)],
        (System::Connectly, "send/campaigns") => &[(&["entries", EACH, "sender"], Names::Sender)],
        _ => &[],
    }
}

/// The body as it leaves: with senders and channels in the form that a list allows.
///
/// # Errors
/// It names what callers may not name: the place, and the same as of a message.
pub(super) fn permitted(settled: &Settled<'_>, operation: &Operation, body: String) -> Result<String, Problem> {
    let is_limited = settled.is_limited(&SENDERS) || settled.is_limited(&CHANNELS);
    let places = places(operation);
    let Some(mut value) = serde_json::from_str::<Value>(&body).ok().filter(|_| is_limited && !places.is_empty()) else {
        return Ok(body);
    };
    for (path, names) in places {
        at(&mut value, path, "", &mut |found, place| names.check(settled, found, place))?;
    }
    Ok(value.to_string())
}

/// What is wrong at a place.
fn wrong(place: &str, expected: &str) -> Problem {
    problem(code::CONNECTOR_VALUE, format!("PartnerProperty Body: {place}: expected {expected}"))
}

/// Goes to all that stands at a path. Readers of JSON differ in whether letters of a name do, so their case is nothing here.
fn at(
    value: &mut Value,
    path: &[&str],
    place: &str,
    check: &mut dyn FnMut(&mut Value, &str) -> Result<(), Problem>,
) -> Result<(), Problem> {
    match path {
        _ if value.is_null() => Ok(()),
        [] => check(value, place),
        [EACH, rest @ ..] => {
            let entries = value.as_array_mut().ok_or_else(|| wrong(place, "a list"))?;
            entries.iter_mut().enumerate().try_for_each(|(n, entry)| at(entry, rest, &format!("{place}[{n}]"), check))
        }
        [name, rest @ ..] => {
            let members = value.as_object_mut().ok_or_else(|| wrong(place, "an object"))?;
            let mut named = members.iter_mut().filter(|(own, _)| own.eq_ignore_ascii_case(name));
            let dot = if place.is_empty() { "" } else { "." };
            named.try_for_each(|(own, value)| at(value, rest, &format!("{place}{dot}{own}"), check))
        }
    }
}

impl Names {
    fn check(&self, settled: &Settled<'_>, found: &mut Value, place: &str) -> Result<(), Problem> {
        match self {
            Self::Sender => listed(settled, &SENDERS, found, place),
            Self::Channel => listed(settled, &CHANNELS, found, place),
            Self::Speaker => {
                let role = found.get("role").and_then(Value::as_str).unwrap_or_default();
                match role.eq_ignore_ascii_case("EndUser") {
                    true => Ok(()),
                    false => {
                        at(found, &["subject"], place, &mut |found, place| listed(settled, &SENDERS, found, place))
                    }
                }
            }
            Self::Session => Err(wrong(place, &settled.no_session())),
        }
    }
}

fn listed(settled: &Settled<'_>, list: &List, found: &mut Value, place: &str) -> Result<(), Problem> {
    if !settled.is_limited(list) {
        return Ok(());
    }
    let named = match &*found {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(wrong(place, "a text")),
    };
    let leaves = settled
        .permitted(list, &named)
        .map_err(|(code, text)| (code, format!("PartnerProperty Body: {place}: {text}")))?;
    if leaves != named {
        *found = leaves.into();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::{
        Action, System,
        sample::{object, one, planned, properties},
    };

    /// The body that leaves, or why it does not.
    fn asked(system: System, name: &str, body: &Value, free: bool) -> Result<Value, (i64, String)> {
        let connectors = one(system, |connector, _| {
            connector.defaults.channel = Some("own".into());
            if !free {
                connector.allowed.senders = vec!["+49800*".into(), "demo-bot".into()];
                connector.allowed.channels = vec!["whatsapp".into(), "7".into()];
            }
        });
        let extras = properties(&[("Operation", name), ("Body", &body.to_string())]);
        let message = planned(&connectors, "Create", &object("SMSTriggeredSend", &extras))?.messages.remove(0);
        match message.action {
            Action::Other { body, .. } => Ok(serde_json::from_str(&body).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bodies_name_what_a_message_may_name() {
        let (sf, ys, cn) = (System::Salesforce, System::Yeastar, System::Connectly);
        let history = |role: &str, subject: &str| {
            json!({ "channelAddressIdentifier": "own", "conversationEntries": [
                { "sender": { "role": "EndUser", "subject": "somebody" } },
                { "sender": { "role": role, "subject": subject } },
            ] })
        };
        let campaign = |sender: Value, kind: &str, id: Value| json!({ "sender": sender, "channel_type": kind, "omnichannel_id": id });
        for (system, name, body) in [
            (sf, "consent", json!({ "channelAddressIdentifier": "own" })),
            (sf, "conversation", json!({ "channelAddressIdentifier": "whatsapp" })),
            (sf, "conversationEntry", json!({ "sender": { "subject": "demo-bot" } })),
            (sf, "conversationHistory", history("Chatbot", "demo-bot")),
            (sf, "participant", json!({ "participants": [{ "subject": "anybody" }] })),
            (ys, "message_campaign/create", campaign(json!("+49800 1"), "whatsapp", json!(7))),
            (ys, "message_campaign/create", json!({ "name": "no more" })),
            (ys, "message_session/list", json!({})),
            (
                cn,
                "send/campaigns",
                json!({ "entries": [{ "client": "c" }, { "sender": "+498001" }, { "sender": null }] }),
            ),
            (cn, "create/template", json!({ "name": "sender" })),
        ] {
            assert_eq!(asked(system, name, &body, false).as_ref(), Ok(&body), "{name}");
        }
        for (system, name, body, code, text) in [
            (
                sf,
                "consent",
                json!({ "channelAddressIdentifier": "other" }),
                4_000_011,
                "Body: channelAddressIdentifier: The connector does not allow the channel other: expected one of `channels`",
            ),
            (
                sf,
                "conversation",
                json!({ "ChannelAddressIdentifier": "other" }),
                4_000_011,
                "Body: ChannelAddressIdentifier: ",
            ),
            (
                sf,
                "messagingSession",
                json!({ "channelAddressIdentifier": ["own"] }),
                4_000_005,
                "channelAddressIdentifier: expected a text",
            ),
            (
                sf,
                "conversationEntry",
                json!({ "sender": { "subject": "bot", "role": "EndUser" } }),
                4_000_010,
                "sender.subject: ",
            ),
            (sf, "conversationEntry", json!({ "sender": "bot" }), 4_000_005, "sender: expected an object"),
            (
                sf,
                "conversationHistory",
                history("Agent", "somebody"),
                4_000_010,
                "conversationEntries[1].sender.subject: ",
            ),
            (
                ys,
                "message_campaign/create",
                campaign(json!("+4981"), "whatsapp", json!(7)),
                4_000_010,
                "Body: sender: ",
            ),
            (ys, "message_campaign/create", campaign(Value::Null, "sms", json!(7)), 4_000_011, "channel_type: "),
            (ys, "message_campaign/create", campaign(Value::Null, "whatsapp", json!(8)), 4_000_011, "omnichannel_id: "),
            (ys, "message_session/close", json!({ "session_id": 12 }), 4_000_005, "session_id: expected none"),
            (cn, "send/campaigns", json!({ "entries": [{}, { "sender": "+4981" }] }), 4_000_010, "entries[1].sender: "),
            (cn, "send/campaigns", json!({ "entries": { "sender": "+4981" } }), 4_000_005, "entries: expected a list"),
        ] {
            let (found, why) = asked(system, name, &body, false).unwrap_err();
            assert!(found == code && why.contains(text), "{name}: {found} {why}");
            assert_eq!(asked(system, name, &body, true).as_ref(), Ok(&body), "{name}: without lists all is as it is");
        }
    }

    #[test]
    fn a_number_in_a_body_leaves_as_the_list_has_it() {
        let body = json!({ "entries": [{ "sender": "0800 123" }] });
        let left = asked(System::Connectly, "send/campaigns", &body, false).unwrap();
        assert_eq!(left["entries"][0]["sender"], "+49800123");
    }
}
