//! What callers may name: senders and channels, where the connector or its route limits them.

use super::{super::phone, settled::Settled};
use crate::{
    connector::{
        Allowed, System,
        pattern::fits,
        problem::{Problem, problem},
    },
    message::code,
};

impl Settled<'_> {
    /// Whether the caller may name what he names. A session has a channel and a sender that nobody here knows: where those are
    /// limited, a PBX, whose sessions are counted, is asked for none.
    pub(super) fn allowed(&self) -> Result<(), Problem> {
        type List = fn(&Allowed) -> &Vec<String>;
        let lists: [(List, &str, _, _); 2] = [
            (
                |allowed| &allowed.senders,
                "senders",
                code::SENDER_NOT_ALLOWED,
                [self.named_sender(), self.extra("Extension")],
            ),
            (|allowed| &allowed.channels, "channels", code::CHANNEL_NOT_ALLOWED, [self.named_channel(), None]),
        ];
        for (list, name, code, named) in lists {
            let (route, connector) = (list(&self.route.allowed), list(&self.connector.allowed));
            let (list, whose) = match route.is_empty() {
                true => (connector, format!("the connector {}", self.connector.name)),
                false => (route, format!("the route {}", self.route.name)),
            };
            if list.is_empty() {
                continue;
            }
            let fits = |text: &str| list.iter().any(|pattern| fits(pattern, text));
            for named in named.into_iter().flatten() {
                // `0151 1` and `+49 151 1` are one number.
                let number = phone::e164(&named, self.country().as_deref()).ok();
                if !fits(&named) && !number.is_some_and(|number| fits(&number)) {
                    return Err(problem(code, format!("{named}: expected one of `{name}` of {whose}")));
                }
            }
            if self.system() == System::Yeastar && self.extra("Session").is_some() {
                let what =
                    format!("PartnerProperty Session: expected none, since `{name}` of {whose} limits what it may be");
                return Err(problem(code::CONNECTOR_VALUE, what));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{
        Action, Planned, System,
        sample::{object, one, planned, properties},
    };

    const SMS: &str = "SMSTriggeredSend";

    fn error(planned: Result<Planned, (i64, String)>, code: i64, part: &str) {
        let (found, text) = planned.unwrap_err();
        assert!(found == code && text.contains(part), "{found} {text}");
    }

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
            // Whose session it is, nobody knows.
            error(planned(&yeastar, "Create", &named(("Session", "12"))), 4_000_005, "Session");
            error(planned(&yeastar, "Delete", &named(("Session", "12"))), 4_000_005, "Session");
            // FromAddress is the channel of Salesforce.
            error(planned(&limited(System::Salesforce, on_route), "Create", &sms(&[], from)), 4_000_011, "0800 12345");
        }
        planned(&one(System::Yeastar, |_, _| {}), "Create", &named(("Sender", "anything"))).unwrap();
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
        let template = sms(&[("Template", "t"), ("Language", "de")]);
        assert_eq!(texts(planned(&own, "Create", &template)), expected("1000"));
        error(planned(&own, "Create", &sms(&[("Extension", "api")])), 4_000_005, "`api` is no extension");
        let none = one(System::Connectly, |_, _| {});
        assert_eq!(texts(planned(&none, "Create", &sms(&[("Extension", "1001")]))), vec![]);
    }
}
