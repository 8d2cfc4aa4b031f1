//! What callers may name: senders and channels, where the connector or its route limits them.

use super::{
    super::phone,
    settled::{CHANNELS, List, SENDERS, Settled},
};
use crate::{
    connector::{
        System,
        pattern::fits,
        problem::{Problem, problem},
    },
    message::code,
};

impl Settled<'_> {
    /// Whether the caller may name what he names. A session has a channel and a sender that nobody here knows: where those are
    /// limited, a PBX, whose sessions are counted, is asked for none.
    pub(super) fn allowed(&self) -> Result<(), Problem> {
        // Who names the default has said nothing.
        let is_default = |named: &String| self.default(|defaults| &defaults.extension).as_ref() == Some(named);
        let extension = self.extra("Extension").filter(|named| !is_default(named));
        for (list, named, extension) in
            [(&SENDERS, self.named_sender(), extension), (&CHANNELS, self.named_channel(), None)]
        {
            if !self.is_limited(list) {
                continue;
            }
            if let Some(named) = named {
                self.permitted(list, &named)?;
            }
            // An extension is no number of the world.
            if let Some(bad) = extension.filter(|own| !self.list(list).0.iter().any(|pattern| fits(pattern, own))) {
                return Err(self.refused(list, &bad));
            }
            if self.system() == System::Yeastar && self.extra("Session").is_some() {
                let what = format!("PartnerProperty Session: expected {}", self.no_session());
                return Err(problem(code::CONNECTOR_VALUE, what));
            }
        }
        Ok(())
    }

    /// What the caller names, in the form that leaves.
    ///
    /// # Errors
    /// He may not name it.
    pub(super) fn permitted(&self, list: &List, named: &str) -> Result<String, Problem> {
        if self.default(list.default).as_deref() == Some(named) {
            return Ok(named.to_owned());
        }
        self.listed(list, named).ok_or_else(|| self.refused(list, named))
    }

    /// Whether callers may name some alone.
    pub(super) fn is_limited(&self, list: &List) -> bool {
        !self.list(list).0.is_empty()
    }

    /// Why a session of a PBX may not be named.
    pub(super) fn no_session(&self) -> String {
        let list = if self.is_limited(&SENDERS) { &SENDERS } else { &CHANNELS };
        format!("none, since `{}` of {} limits what it may be", list.name, self.whose(list))
    }

    fn refused(&self, list: &List, bad: &str) -> Problem {
        problem(list.code, format!("{bad}: expected one of `{}` of {}", list.name, self.whose(list)))
    }

    fn whose(&self, list: &List) -> String {
        match self.list(list) {
            (_, true) => format!("the route {}", self.route.name),
            (_, false) => format!("the connector {}", self.connector.name),
        }
    }

    /// What the caller names in the form that a list allows, which is the form that leaves: as he wrote it, or as the number
    /// that it is (`0151 1` and `+49 151 1` are one). None where the list allows neither.
    pub(super) fn listed(&self, list: &List, named: &str) -> Option<String> {
        let (list, _) = self.list(list);
        let allowed = |text: &String| list.is_empty() || list.iter().any(|pattern| fits(pattern, text));
        let number = || phone::e164(named, self.country().as_deref()).ok();
        Some(named.to_owned()).filter(allowed).or_else(|| number().filter(allowed))
    }

    /// The list that holds, and whether it is the route's.
    fn list(&self, list: &List) -> (&Vec<String>, bool) {
        match (list.of)(&self.route.allowed) {
            own if own.is_empty() => ((list.of)(&self.connector.allowed), false),
            own => (own, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        Action, Planned, System,
        sample::{error, object, one, planned, properties},
    };

    const SMS: &str = "SMSTriggeredSend";

    #[test]
    fn callers_name_the_senders_and_channels_that_they_may() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let sms = |extras: &[(&str, &str)], from: &str| {
            object(SMS, &format!("{}<Message>Hi</Message><Number>0151 12345678</Number>{from}", properties(extras)))
        };
        let from = "<FromAddress>0800 12345</FromAddress>";
        let named = |extra: (&str, &str)| sms(&[extra], "");
        let limited = |system, on_route: bool| {
            one(system, |connector, route| {
                let allowed = if on_route { &mut route.allowed } else { &mut connector.allowed };
                (allowed.senders, allowed.channels) = (texts(&["+49800*", "12"]), texts(&["whatsapp"]));
                // A route's lists stand before its connector's.
                if on_route {
                    connector.allowed.senders = texts(&["nobody"]);
                }
            })
        };
        for on_route in [false, true] {
            let (connectly, yeastar) = (limited(System::Connectly, on_route), limited(System::Yeastar, on_route));
            let whose = if on_route { "of the route to" } else { "of the connector" };
            for good in [sms(&[], ""), sms(&[], from), named(("Sender", "+4980099")), named(("Channel", "whatsapp"))] {
                planned(&connectly, "Create", &good).unwrap();
                planned(&yeastar, "Create", &good).unwrap();
            }
            planned(&yeastar, "Create", &named(("Extension", "12"))).unwrap();
            for bad in [named(("Sender", "+4981")), sms(&[("Sender", "0900 1")], from), named(("Extension", "13"))] {
                error(planned(&yeastar, "Create", &bad), 4_000_010, whose);
            }
            error(
                planned(&connectly, "Create", &named(("Sender", "+4981"))),
                4_000_010,
                "+4981: expected one of `senders`",
            );
            error(
                planned(&connectly, "Create", &named(("Channel", "sms"))),
                4_000_011,
                "sms: expected one of `channels`",
            );
            // The default is everybody's.
            let plain = one(System::Connectly, |connector, _| {
                connector.defaults.channel = Some("sms".to_owned());
                connector.allowed.channels = texts(&["whatsapp"]);
            });
            planned(&plain, "Create", &named(("Channel", "sms"))).unwrap();
            error(planned(&plain, "Create", &named(("Channel", "rcs"))), 4_000_011, "rcs: expected");
            // Whose session it is, nobody knows.
            error(planned(&yeastar, "Create", &named(("Session", "12"))), 4_000_005, "Session");
            error(planned(&yeastar, "Delete", &named(("Session", "12"))), 4_000_005, "Session");
            // FromAddress is the channel of Salesforce.
            error(planned(&limited(System::Salesforce, on_route), "Create", &sms(&[], from)), 4_000_011, "0800 12345");
        }
        planned(&one(System::Yeastar, |_, _| {}), "Create", &named(("Sender", "anything"))).unwrap();
    }

    #[test]
    fn what_leaves_is_what_the_list_allows() {
        let sms = |extras: &[(&str, &str)]| {
            object(SMS, &format!("{}<Message>Hi</Message><Number>0151 12345678</Number>", properties(extras)))
        };
        let limited = |system| {
            one(system, |connector, _| {
                let lists = &mut connector.allowed;
                lists.senders = vec!["+4980012345".into(), "0800 9".into(), "demo-bot".into()];
                lists.channels = vec!["+4930*".into(), "whatsapp".into()];
            })
        };
        let sender = |from: &str| {
            planned(&limited(System::Yeastar), "Create", &sms(&[("Sender", from)])).unwrap().messages.remove(0).sender
        };
        for (named, leaves) in [
            ("0800 12345", "+4980012345"),
            ("0049 (800) 123-45", "+4980012345"),
            ("+4980012345", "+4980012345"),
            // As the operator wrote it.
            ("0800 9", "0800 9"),
        ] {
            assert_eq!(sender(named).as_deref(), Some(leaves), "{named}");
        }
        let salesforce = limited(System::Salesforce);
        let found = planned(&salesforce, "Create", &sms(&[("Channel", "030 1234567"), ("Sender", "demo-bot")]));
        let message = found.unwrap().messages.remove(0);
        assert_eq!((message.channel.as_str(), message.sender.as_deref()), ("+49301234567", Some("demo-bot")));
        // Without a list a DID is what the PBX calls it; an extension is no number of the world.
        let free = planned(&one(System::Yeastar, |_, _| {}), "Create", &sms(&[("Sender", "0800 12345")]));
        assert_eq!(free.unwrap().messages.remove(0).sender.as_deref(), Some("0800 12345"));
        let extension = planned(&limited(System::Yeastar), "Create", &sms(&[("Extension", "080012345")]));
        error(extension, 4_000_010, "080012345");
    }

    #[test]
    fn an_extension_sends_where_one_is_named() {
        let texts = |planned: Result<Planned, (i64, String)>| match planned.unwrap().messages.remove(0).action {
            Action::Text(text) => text.attributes,
            Action::Template(template) => template.parameters,
            other => panic!("{other:?}"),
        };
        let sms = |extras: &[(&str, &str)]| {
            object(SMS, &format!("{}<Message>Hi</Message><Number>0151 12345678</Number>", properties(extras)))
        };
        let own = one(System::Yeastar, |_, route| route.defaults.extension = Some("1000".into()));
        let expected = |number: &str| vec![("sender_no".to_owned(), number.to_owned())];
        assert_eq!(texts(planned(&own, "Create", &sms(&[]))), expected("1000"));
        assert_eq!(texts(planned(&own, "Create", &sms(&[("Extension", "1001")]))), expected("1001"));
        let extras = properties(&[("Template", "t"), ("Language", "de")]);
        let template = object(SMS, &format!("{extras}<Number>0151 12345678</Number>"));
        assert_eq!(texts(planned(&own, "Create", &template)), expected("1000"));
        error(planned(&own, "Create", &sms(&[("Extension", "api")])), 4_000_005, "`api` is no extension");
        let none = one(System::Connectly, |_, _| {});
        assert_eq!(texts(planned(&none, "Create", &sms(&[]))), vec![]);
        error(planned(&none, "Create", &sms(&[("Extension", "1001")])), 4_000_005, "PartnerProperty Extension");
    }
}
