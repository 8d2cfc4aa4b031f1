//! What may be sent in place of a message that ran into a state with a known way out (facts/backends section 5.3). Off unless the
//! connector's `remedies` are on; a remedy has no remedy of its own, so there is at most one more request.

use super::{Action, Connector, Message, Standing, System, Text, Verdict};

/// The message that is sent once in place of a refused one: a fallback template where the window for free texts is closed,
/// the same without its session where that is closed, archived or gone. It keeps the key: it is the same message.
pub fn remedy(connector: &Connector, message: &Message, verdict: &Verdict) -> Option<Message> {
    if !connector.remedies || verdict.standing != Standing::Refused {
        return None;
    }
    let Action::Text(text) = &message.action else {
        return None;
    };
    let action = match (message.system, verdict.code.as_deref()?) {
        (System::Yeastar, "70657")
        | (
            System::Connectly,
            "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"
            | "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION",
        ) => Action::Template(text.fallback.clone()?),
        // Only with channel, number and recipient a new session can be opened.
        (System::Yeastar, "70653" | "70655" | "80014" | "80016") => {
            text.session.as_ref()?;
            message.sender.as_ref()?;
            Action::Text(Text { session: None, ..text.clone() })
        }
        _ => return None,
    };
    Some(Message { action, ..message.clone() })
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Template, sample::connector},
        *,
    };

    fn message(system: System, text: Text) -> Message {
        Message {
            connector: system.name().into(),
            system,
            action: Action::Text(text),
            recipient: "+491511111111".into(),
            channel: "whatsapp".into(),
            sender: Some("0800".into()),
            key: "k".into(),
            ordinal: 0,
            place: 0,
            kind: "SMSTriggeredSend".into(),
            definition: None,
            subscriber: None,
        }
    }

    fn refused(code: &str) -> Verdict {
        Verdict {
            standing: Standing::Refused,
            code: Some(code.into()),
            kind: None,
            http: 200,
            message: String::new(),
            trace: None,
            id: None,
            after_ms: None,
            raw: String::new(),
        }
    }

    fn tried(system: System, text: &Text, code: &str) -> Option<Message> {
        let on = Connector { remedies: true, ..connector(system) };
        let message = message(system, text.clone());
        assert_eq!(remedy(&connector(system), &message, &refused(code)), None, "off by default");
        let again = Verdict { standing: Standing::Again, ..refused(code) };
        assert_eq!(remedy(&on, &message, &again), None, "only what is refused for good");
        remedy(&on, &message, &refused(code))
    }

    #[test]
    fn a_closed_window_is_passed_by_the_fallback_template() {
        let template = Template { name: "reopen".into(), language: "de".into(), parameters: Vec::new() };
        let text = Text { text: "Hi".into(), fallback: Some(template.clone()), ..Text::default() };
        for (system, code) in [
            (System::Yeastar, "70657"),
            (System::Connectly, "ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW"),
            (System::Connectly, "ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION"),
        ] {
            let instead = tried(system, &text, code).unwrap();
            assert_eq!((&instead.action, instead.key.as_str()), (&Action::Template(template.clone()), "k"));
            let on = Connector { remedies: true, ..connector(system) };
            assert_eq!(remedy(&on, &instead, &refused(code)), None, "it has none of its own");
            assert_eq!(tried(system, &Text { fallback: None, ..text.clone() }, code), None);
        }
        assert_eq!(tried(System::Connectly, &text, "ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT"), None);
        assert_eq!(tried(System::Salesforce, &text, "70657"), None);
    }

    #[test]
    fn a_session_that_is_over_is_left_once() {
        let text = Text { text: "Hi".into(), session: Some("12".into()), ..Text::default() };
        for code in ["70653", "70655", "80014", "80016"] {
            let instead = tried(System::Yeastar, &text, code).unwrap();
            assert_eq!(instead.action, Action::Text(Text { session: None, ..text.clone() }));
            let on = Connector { remedies: true, ..connector(System::Yeastar) };
            assert_eq!(remedy(&on, &instead, &refused(code)), None);
        }
        assert_eq!(tried(System::Connectly, &text, "80014"), None);
    }
}
