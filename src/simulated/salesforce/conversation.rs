//! Conversations: opened, spoken in, read back, ended; who takes part in them, and consent.

use serde_json::{Value, json};

use super::{
    Done, Salesforce, channel, check_attributes,
    interaction::{check_entry, check_time},
    participant, taken,
};
use crate::{
    clock::Time,
    simulated::{
        Reply,
        check::{Wrong, list, need, needed, number, one_of, text},
    },
};

impl Salesforce {
    /// `POST /conversation`: twice for one end user of a channel is the same conversation.
    pub(super) fn open(&mut self, body: &Value) -> Done {
        let channel = channel(body, "10052")?;
        let given = body.get("participants").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        need(!given.is_empty(), "10039", "participants", "expected one")?;
        let users = given.iter().filter(|one| text(one, "/role") == Some("EndUser")).count();
        need(users <= 1, "10044", "participants", "expected one end user")?;
        need(given.len() == 1, "10053", "participants", "expected one")?;
        let (user, is_chatbot) = participant(given.first().unwrap_or(&Value::Null))?;
        need(!is_chatbot, "10042", "participants", "expected an end user")?;
        check_attributes(body)?;
        let (id, session) = self.conversation(channel, user);
        let body = json!({ "success": true, "conversationIdentifier": id, "messagingSessionId": session });
        Ok(Reply::new(202, body))
    }

    /// `PATCH /consent`.
    pub(super) fn consent(&mut self, body: &Value) -> Done {
        let user = needed(body, "endUserClientId", 240, "10020")?;
        let channel = channel(body, "10017")?;
        let all = ["OptedOut", "ImplicitlyOptedIn", "ExplicitlyOptedIn", "DoublyOptedIn"];
        let status = one_of(body, "consentStatus", &all, "10021")?;
        self.consents.insert((channel.to_owned(), user.to_owned()), status.to_owned());
        taken(200)
    }

    /// `POST /messagingSession`: a session that has ended is none any more; the next message begins another.
    pub(super) fn session(&mut self, body: &Value) -> Done {
        channel(body, "10017")?;
        let user = needed(body, "endUserClientId", 240, "10020")?;
        let operation = one_of(body, "operation", &["End", "Inactivate"], "10102")?;
        if body.get("operationBy").is_some() {
            one_of(body, "operationBy", &["EndUser", "System"], "10103")?;
        }
        let id = needed(body, "conversationIdentifier", 240, "10018")?.to_owned();
        let gone = || Wrong::new("SESSION_NOT_FOUND", "conversationIdentifier", "has no session");
        let conversation = self.conversations.get_mut(&id).filter(|known| !known.has_ended).ok_or_else(gone)?;
        need(conversation.user == user, "10105", "endUserClientId", "is not in the conversation")?;
        let session = body.get("sessionId");
        let is_its = session.is_none_or(|session| session.as_str() == Some(&conversation.session));
        need(is_its, "SESSION_NOT_FOUND", "sessionId", "is not the conversation's")?;
        conversation.has_ended = operation == "End";
        taken(200)
    }

    /// `POST /conversationEntry`: a participant speaks. Nothing is said to an end user who has opted out.
    pub(super) fn say(&mut self, body: &Value, now: Time) -> Done {
        let (subject, is_chatbot) = participant(body.get("sender").unwrap_or(&Value::Null))?;
        let one = list(body, "conversationEntries", 1, "10045")?.first().unwrap_or(&Value::Null);
        let at = check_time(one, "clientTimestamp", now)?;
        let payload = one.get("entryPayload").unwrap_or(&Value::Null);
        let id = check_entry(payload, is_chatbot)?;
        let (named, conversation) = self.named(body)?;
        need(is_chatbot || conversation.user == subject, "10068", "sender", "is not in the conversation")?;
        need(!conversation.has_ended, "10071", "conversationIdentifier", "has no session any more")?;
        let key = (conversation.channel.clone(), conversation.user.clone());
        let has_left = self.consents.get(&key).is_some_and(|status| status == "OptedOut");
        need(!is_chatbot || !has_left, "15103", "the end user", "has opted out")?;
        if let Some(conversation) = self.conversations.get_mut(&named) {
            if is_chatbot && conversation.chatbots.len() < super::ENTRIES {
                conversation.chatbots.insert(subject.to_owned());
            }
            let sender = body.get("sender");
            conversation.remember(
                json!({ "identifier": id, "clientTimestamp": at, "sender": sender, "entryPayload": payload }),
            );
        }
        taken(202)
    }

    /// `GET /conversationEntry`: what was said between two moments.
    pub(super) fn entries(&mut self, body: &Value) -> Done {
        let start = number(body, "startTime", "10090")?;
        need(start >= 0, "10090", "startTime", "expected milliseconds since 1970")?;
        let end = body.get("endTime").map(|_| number(body, "endTime", "10091")).transpose()?.unwrap_or(i64::MAX);
        need(end > start, "10091", "endTime", "expected a time after startTime")?;
        let limit = body.get("limit").map(|_| number(body, "limit", "10092")).transpose()?.unwrap_or(20);
        need((1..=20).contains(&limit), "10092", "limit", "expected 1 to 20")?;
        let (_, conversation) = self.named(body)?;
        let at = |entry: &&Value| entry.get("clientTimestamp").and_then(Value::as_i64).unwrap_or_default();
        let found = conversation.entries.iter().filter(|entry| (start..end).contains(&at(entry)));
        let found: Vec<_> = found.take(usize::try_from(limit).unwrap_or(20)).collect();
        Ok(Reply::new(200, json!({ "success": true, "conversationEntries": found })))
    }

    /// `POST /acknowledgement`.
    pub(super) fn acknowledge(&mut self, body: &Value) -> Done {
        let (subject, is_chatbot) = participant(body.get("sender").unwrap_or(&Value::Null))?;
        let given = list(body, "acknowledgements", 25, "10089")?;
        for one in given {
            one_of(one, "acknowledgementType", &["Read", "Delivered"], "10089")?;
            for name in ["acknowledgedConversationEntryIdentifier", "acknowledgmentCreatedConversationEntryIdentifier"]
            {
                needed(one, name, 240, "10089")?;
            }
            need(one.get("acknowledgementTimestamp").is_some(), "10089", "acknowledgementTimestamp", "required")?;
        }
        let (_, conversation) = self.named(body)?;
        need(is_chatbot || conversation.user == subject, "10068", "sender", "is not in the conversation")?;
        taken(200)
    }

    /// `POST /participant`: chatbots that have spoken can be taken out, and the end user.
    pub(super) fn participant(&mut self, body: &Value) -> Done {
        one_of(body, "operation", &["Remove"], "10097")?;
        let one = list(body, "participants", 1, "10039")?.first().unwrap_or(&Value::Null);
        let (subject, is_chatbot) = participant(one)?;
        let (_, conversation) = self.named(body)?;
        let is_there = if is_chatbot { conversation.chatbots.remove(subject) } else { conversation.user == subject };
        need(is_there, "10036", "participants", "is not in the conversation")?;
        taken(200)
    }
}
