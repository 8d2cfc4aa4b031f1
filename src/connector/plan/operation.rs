//! PartnerProperty `Operation`: another documented operation. And the end of a session, as a Delete of the send in it.

use serde_json::{Value, json};

use super::{recipient, settled::Settled};
use crate::{
    connector::{
        Action, Message, Operation, System,
        attribute::attributes,
        operation::{Arguments, ID, TOKEN},
        problem::{Problem, problem},
    },
    message::code,
};

/// What an `Operation` asks for.
pub(super) fn other(settled: &Settled<'_>, name: &str) -> Result<Message, Problem> {
    let Some(operation) = Operation::named(settled.system(), name) else {
        let known: Vec<_> = Operation::of(settled.system()).map(|operation| operation.name).collect();
        let what =
            format!("no operation `{name}` of {}: expected one of {}", settled.system().name(), known.join(", "));
        return Err(problem(code::CONNECTOR_CANNOT, what));
    };
    if !settled.connector.operations.iter().any(|allowed| allowed == name) {
        let what = format!("{name}: expected it in `operations` of the connector {}", settled.connector.name);
        return Err(problem(code::OPERATION_NOT_ALLOWED, what));
    }
    let session = settled.extra("Session");
    let body = match (settled.extra("Body"), &session) {
        (Some(body), _) => super::body::permitted(settled, operation, checked(&body, operation)?)?,
        (None, Some(session)) => built(settled, name, session)?,
        (None, None) if operation.arguments == Arguments::None => String::new(),
        (None, None) => return Err(no_body(name)),
    };
    // Whatever it is about, what is asked of one session goes one after the other.
    let recipient = session.or_else(|| receiver(settled)).unwrap_or_else(|| name.to_owned());
    let channel = settled.channel().unwrap_or_default();
    let action = Action::Other { operation: name.to_owned(), body };
    Ok(settled.message(action, recipient, channel, 0))
}

/// A Delete of a send in a session ends the session.
pub(super) fn end(settled: &Settled<'_>) -> Result<Message, Problem> {
    let session = settled.extra("Session").unwrap_or_default();
    if settled.system() == System::Yeastar {
        number(&session)?;
    }
    let node = settled.planning.node;
    let (recipient, channel) = match settled.system() {
        // The end user and the channel are part of the request.
        System::Salesforce => {
            let number = settled.extra("Recipient").or_else(|| node.given("Number"));
            let recipient = recipient::of(settled, number, node.child("Subscriber"), &attributes(node))?;
            (recipient, channel(settled)?)
        }
        System::Yeastar | System::Connectly => (session.clone(), settled.channel().unwrap_or_default()),
    };
    let subscriber = node.child("Subscriber").and_then(|subscriber| subscriber.given("SubscriberKey"));
    Ok(Message { subscriber, ..settled.message(Action::End { session }, recipient, channel, 0) })
}

/// The channel address of Salesforce.
pub(super) fn channel(settled: &Settled<'_>) -> Result<String, Problem> {
    settled.channel().ok_or_else(|| {
        let what =
            "the connector needs a channel address: PartnerProperty Channel, or `channel` in the defaults of its route";
        problem(code::CONNECTOR_VALUE, what)
    })
}

/// A session of a PBX is a number.
pub(super) fn number(session: &str) -> Result<i64, Problem> {
    session.parse().map_err(|_| {
        problem(
            code::CONNECTOR_VALUE,
            format!("PartnerProperty Session: `{session}` is no session of a PBX: expected a number"),
        )
    })
}

fn checked(body: &str, operation: &Operation) -> Result<String, Problem> {
    let wrong =
        |why: String| problem(code::CONNECTOR_VALUE, format!("PartnerProperty Body: {why}: expected a JSON object"));
    let has_id = |value: &Value| value.get("id").and_then(Value::as_str).is_some_and(|id| !id.is_empty());
    match serde_json::from_str::<Value>(body) {
        Ok(value @ Value::Object(_)) if operation.path.contains(ID) && !has_id(&value) => {
            Err(problem(code::CONNECTOR_VALUE, "PartnerProperty Body: expected a text `id` in it: the path has it"))
        }
        Ok(Value::Object(members))
            if operation.system == System::Yeastar && members.keys().any(|name| name.eq_ignore_ascii_case(TOKEN)) =>
        {
            let what =
                format!("PartnerProperty Body: expected no `{TOKEN}` in it: the connector's own token goes there");
            Err(problem(code::CONNECTOR_VALUE, what))
        }
        Ok(Value::Object(_)) => Ok(body.to_owned()),
        Ok(_) => Err(wrong("no object".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn no_body(name: &str) -> Problem {
    problem(code::CONNECTOR_VALUE, format!("Operation {name} needs its JSON in PartnerProperty Body"))
}

fn receiver(settled: &Settled<'_>) -> Option<String> {
    let node = settled.planning.node;
    let number = settled.extra("Recipient").or_else(|| node.given("Number"));
    recipient::of(settled, number, node.child("Subscriber"), &attributes(node)).ok()
}

/// The bodies that a session and what else is known make whole.
fn built(settled: &Settled<'_>, name: &str, session: &str) -> Result<String, Problem> {
    let body = match (settled.system(), name) {
        (System::Salesforce, "route") => json!({ "conversationIdentifier": session, "routingType": "Initial" }),
        (System::Salesforce, "cancelRoute") => json!({ "conversationIdentifier": session }),
        (System::Salesforce, "participant") => {
            let subject = receiver(settled).ok_or_else(|| no_body(name))?;
            let participant = json!({ "subject": subject, "role": "EndUser", "appType": "custom" });
            json!({ "conversationIdentifier": session, "operation": "Remove", "participants": [participant] })
        }
        (System::Salesforce, "messagingSession") => {
            let user = receiver(settled).ok_or_else(|| no_body(name))?;
            json!({
                "channelAddressIdentifier": channel(settled)?,
                "conversationIdentifier": session,
                "endUserClientId": user,
                "operation": "End",
            })
        }
        (System::Yeastar, "message_session/close") => json!({ "session_id": number(session)? }),
        (System::Yeastar, "message_session/get") => json!({ "id": number(session)? }),
        // Who does it: a program beyond the PBX, as of every message. A sender is a number of the PBX, and no extension.
        (System::Yeastar, "message_session/archive" | "message_session/unarchive") => {
            json!({ "session_id": number(session)?, "user_type": 9, "user_no": "api" })
        }
        _ => return Err(no_body(name)),
    };
    Ok(body.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        System,
        sample::{error, object, one, planned, properties},
    };

    const SMS: &str = "SMSTriggeredSend";

    #[test]
    fn an_operation_is_done_where_the_connector_lists_it() {
        let tree = |name: &str| object(SMS, &properties(&[("Operation", name), ("Body", "{}")]));
        let some = one(System::Yeastar, |connector, _| connector.operations = vec!["message/get".into()]);
        planned(&some, "Create", &tree("message/get")).unwrap();
        error(planned(&some, "Create", &tree("system/sendemail")), 4_000_009, "operation system/sendemail");
        let none = one(System::Yeastar, |connector, _| connector.operations.clear());
        error(planned(&none, "Create", &tree("message/get")), 4_000_009, "`operations` of the connector yeastar");
        let person = format!("<SubscriberKey>a</SubscriberKey>{}", properties(&[("Operation", "message/get")]));
        error(planned(&none, "Create", &object("Subscriber", &person)), 4_000_009, "message/get");
    }
}
