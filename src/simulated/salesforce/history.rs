//! `POST /conversationHistory`: what was said elsewhere, of the last 24 hours.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Done, Salesforce,
    interaction::{check_entry, check_time},
    participant,
};
use crate::{
    clock::Time,
    simulated::{
        Reply,
        check::{Wrong, list, need, needed, number},
        settings::CHANNEL,
    },
};

/// Who took part, and from when to when.
struct Present<'v> {
    subject: &'v str,
    from: i64,
    until: i64,
}

impl Salesforce {
    pub(super) fn history(&mut self, body: &Value, now: Time) -> Done {
        let channel = needed(body, "channelAddressIdentifier", 240, "10069")?;
        need(channel == CHANNEL, "10069", "channelAddressIdentifier", "is no channel of the org")?;
        let has_ended = check_session(body.get("messagingSession"))?;
        let (mut present, mut user) = (Vec::new(), None);
        for one in list(body, "conversationParticipants", 3, "10078")? {
            let (subject, is_chatbot) = participant(one.get("participant").unwrap_or(&Value::Null))?;
            let from = number(one, "joinedTime", "10067")?;
            let left = one.get("leftTime").map(|_| number(one, "leftTime", "10067")).transpose()?;
            need(left.is_none_or(|left| from < left), "10067", "joinedTime", "expected a time before leftTime")?;
            match is_chatbot {
                true => need(left.is_some() || !has_ended, "10066", "leftTime", "required of a chatbot")?,
                false => {
                    need(left.is_none(), "10065", "leftTime", "expected none of an end user")?;
                    need(
                        user.replace(subject).is_none(),
                        "10044",
                        "conversationParticipants",
                        "expected one end user",
                    )?;
                }
            }
            present.push(Present { subject, from, until: left.unwrap_or(i64::MAX) });
        }
        let user = user.ok_or_else(|| Wrong::new("10042", "conversationParticipants", "expected an end user"))?;
        let mut ids = BTreeSet::new();
        let given = list(body, "conversationEntries", 25, "10078")?;
        for one in given {
            let at = check_time(one, "clientTimestamp", now)?;
            let (subject, is_chatbot) = participant(one.get("sender").unwrap_or(&Value::Null))?;
            let sender = present.iter().find(|known| known.subject == subject);
            let sender = sender.ok_or_else(|| Wrong::new("10068", "sender", "is not among the participants"))?;
            let was_there = (sender.from..=sender.until).contains(&at);
            need(was_there, "10074", "clientTimestamp", "is outside the time of its sender")?;
            let id = check_entry(one.get("entryPayload").unwrap_or(&Value::Null), is_chatbot)?;
            need(ids.insert(id), "10073", "entryPayload.id", "is there twice")?;
        }
        let (id, session) = self.conversation(channel, user);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            given.iter().for_each(|entry| conversation.remember(entry.clone()));
        }
        let body = json!({ "success": true, "conversationIdentifier": id, "messagingSessionId": session });
        Ok(Reply::new(202, body))
    }
}

/// The session that it was, where it is given: whether it has ended.
fn check_session(session: Option<&Value>) -> Result<bool, Wrong> {
    let Some(session) = session else {
        return Ok(false);
    };
    let start = number(session, "startTime", "10061")?;
    let end = session.get("endTime").map(|_| number(session, "endTime", "10064")).transpose()?;
    need(end.is_none_or(|end| end > start), "10064", "endTime", "expected a time after startTime")?;
    Ok(end.is_some())
}
