//! Whether all that a caller names has its place in a message. Nothing of it is left out without a word; a default may be: it is
//! not the caller's.

use super::settled::Settled;
use crate::{
    connector::{
        Action, System,
        problem::{Problem, problem},
    },
    message::code,
};

/// PartnerProperties that say something of a message.
const NAMES: [&str; 7] = ["Attachment", "Body", "Campaign", "Extension", "Session", "Tag", "TemplateID"];

/// An error where something that the caller names has no place in the message.
pub(super) fn placed(settled: &Settled<'_>, action: &Action, has_message: bool) -> Result<(), Problem> {
    let is_template = matches!(action, Action::Template(_));
    if is_template && has_message {
        let what = "Message: a template has its own text: expected Message or PartnerProperty Template, not both";
        return Err(problem(code::CONNECTOR_VALUE, what));
    }
    // By what a route is chosen says something already.
    let chooses = |name: &str| settled.route.properties.keys().any(|own| own.eq_ignore_ascii_case(name));
    for name in NAMES.into_iter().filter(|name| !chooses(name)) {
        let has_session = settled.extra("Session").is_some();
        let why = misplaced(settled.system(), name, is_template, has_message, has_session);
        if let Some(why) = why.filter(|_| settled.extra(name).is_some()) {
            return Err(problem(code::CONNECTOR_VALUE, format!("PartnerProperty {name}: {why}")));
        }
    }
    Ok(())
}

/// Why there is no place for a PartnerProperty; none where there is one (facts/backends sections 1 to 3).
fn misplaced(
    system: System,
    name: &str,
    is_template: bool,
    has_message: bool,
    has_session: bool,
) -> Option<&'static str> {
    use System::{Connectly, Salesforce, Yeastar};
    match (name, system) {
        ("Attachment", _) if is_template => Some(
            "a template has no file beside it: expected the attribute header_image or header_video, or no template",
        ),
        ("Attachment", Salesforce) if has_session => {
            Some("an entry of a conversation is a text: expected no Session with a file")
        }
        ("Body", _) if is_template => Some("a template has its own text"),
        ("Body", _) if has_message => Some("Message says the text already"),
        ("Campaign", Salesforce | Yeastar) => Some("only Connectly takes the name of a campaign"),
        ("Extension", Salesforce | Connectly) => Some("only a PBX (Yeastar) has extensions"),
        ("Session", Connectly) => Some("Connectly has no sessions"),
        ("Tag", Salesforce | Connectly) => Some("only Yeastar takes a tag, for a message of Facebook"),
        ("Tag", Yeastar) if is_template => Some("a template of WhatsApp has no tag"),
        ("TemplateID", Salesforce | Connectly) => Some("only a template of Yeastar has an id"),
        ("TemplateID", Yeastar) if !is_template => Some("the message is no template"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        Action, Connector, Route, System, Text,
        sample::{object, one, planned, properties},
    };

    const SMS: &str = "SMSTriggeredSend";
    const FILE: &str = "data:text/plain;base64,aGVsbG8=";

    fn sms(extras: &[(&str, &str)], text: &str) -> crate::object::Tree {
        object(SMS, &format!("{}{text}<Number>+4915112345678</Number>", properties(extras)))
    }

    /// With every default that a send can have.
    fn with(system: System, change: impl FnOnce(&mut Connector, &mut Route)) -> super::super::super::Connectors {
        one(system, |connector, route| {
            let defaults = &mut route.defaults;
            (defaults.language, defaults.sender) = (Some("de".into()), Some("0800".into()));
            change(connector, route);
        })
    }

    #[test]
    fn what_a_caller_names_has_its_place_or_is_an_error() {
        use System::{Connectly, Salesforce, Yeastar};
        const TEXT: &str = "<Message>Hi</Message>";
        let template = ("Template", "t");
        type Case<'a> = (System, &'a [(&'a str, &'a str)], &'a str, &'a str);
        let cases: [Case<'_>; 18] = [
            (Salesforce, &[("Session", "c1"), ("Attachment", FILE)], TEXT, "Attachment"),
            (Salesforce, &[("Campaign", "May")], TEXT, "Campaign"),
            (Salesforce, &[("Tag", "T")], TEXT, "Tag"),
            (Salesforce, &[("Extension", "1")], TEXT, "Extension"),
            (Connectly, &[template, ("Attachment", "https://a/b.png")], "", "Attachment"),
            (Connectly, &[template], TEXT, "Message"),
            (Connectly, &[template, ("Body", "Hi")], "", "Body"),
            (Connectly, &[("Session", "12")], TEXT, "Session"),
            (Connectly, &[("Tag", "T")], TEXT, "Tag"),
            (Connectly, &[("Extension", "1")], TEXT, "Extension"),
            (Connectly, &[("TemplateID", "1")], TEXT, "TemplateID"),
            (Connectly, &[("Body", "Hi")], TEXT, "Body"),
            (Yeastar, &[template, ("Attachment", "5")], "", "Attachment"),
            (Yeastar, &[template], TEXT, "Message"),
            (Yeastar, &[template, ("Tag", "T")], "", "Tag"),
            (Yeastar, &[("Campaign", "May")], TEXT, "Campaign"),
            (Yeastar, &[("TemplateID", "1")], TEXT, "TemplateID"),
            (Yeastar, &[("Attachment", "5")], TEXT, "Attachment"),
        ];
        for (system, extras, text, name) in cases {
            let (code, told) = planned(&with(system, |_, _| {}), "Create", &sms(extras, text)).unwrap_err();
            let starts = [format!("PartnerProperty {name}: "), format!("{name}: ")];
            assert!(code == 4_000_005 && starts.iter().any(|start| told.contains(start)), "{extras:?} {code} {told}");
        }
        let chosen = with(Yeastar, |_, route| {
            route.properties.insert("campaign".into(), "May".into());
        });
        planned(&chosen, "Create", &sms(&[("Campaign", "May")], TEXT)).unwrap();
    }

    #[test]
    fn a_default_without_a_place_is_nobodys_mistake() {
        let text = |system, extras: &[(&str, &str)], change: fn(&mut Route)| {
            let connectors = with(system, |_, route| change(route));
            match planned(&connectors, "Create", &sms(extras, "")).unwrap().messages.remove(0).action {
                Action::Text(Text { text, attachment, .. }) => (text, attachment.is_some()),
                other => panic!("{other:?}"),
            }
        };
        let body = |route: &mut Route| route.defaults.body = Some("Hello".into());
        let template = |route: &mut Route| route.defaults.template = Some("t".into());
        for (system, file) in [(System::Connectly, "https://a/b.png"), (System::Yeastar, "5")] {
            assert_eq!(text(system, &[("Attachment", file)], body), (String::new(), true));
            assert_eq!(text(system, &[("Attachment", file)], template), (String::new(), true));
            assert_eq!(text(system, &[], body), ("Hello".to_owned(), false));
        }
        assert_eq!(text(System::Salesforce, &[("Attachment", FILE)], body), ("Hello".to_owned(), true));
        // Message stands before a template of the route, and an extension of the route says nothing to Connectly.
        let connectly = with(System::Connectly, |_, route| {
            (route.defaults.template, route.defaults.extension) = (Some("t".into()), Some("1".into()));
        });
        let found = planned(&connectly, "Create", &sms(&[], "<Message>Hi</Message>")).unwrap().messages.remove(0);
        assert!(matches!(found.action, Action::Text(text) if text.text == "Hi"));
    }

    #[test]
    fn a_template_goes_into_its_session() {
        let yeastar = with(System::Yeastar, |connector, route| {
            (connector.defaults.sender, route.defaults.sender) = (None, None);
        });
        let found = planned(&yeastar, "Create", &sms(&[("Template", "t"), ("Session", "012")], "")).unwrap();
        let message = &found.messages[0];
        assert_eq!(message.session().as_deref(), Some("12"));
        let connector = yeastar.connectors["yeastar"].clone();
        let request = super::super::super::request(&connector, message, None, crate::clock::Time::from_millis(0));
        let body: serde_json::Value = serde_json::from_slice(&request.unwrap().body).unwrap();
        assert_eq!((&body["session_id"], &body["msg_kind"]), (&12.into(), &1.into()));
        assert!(body.get("to").is_none() && !body["whatsapp_msg_param"].to_string().contains("session"), "{body}");
    }
}
