//! What operators are told about conversations, as plain data.

use serde::Serialize;

use crate::{
    clock::Time,
    conversation::{Cause, Fate, Settings, State},
    notify::shown,
    queue::Queue,
    store::{Content, Conversations, Deliveries, Delivery, DeliveryState, Kept, Known, Name, Owner, StoreError},
};

/// A conversation in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Its account.
    pub account: u64,
    /// ConversationID; absent for a call without one.
    pub conversation: Option<String>,
    /// RequestID of a call without a ConversationID.
    pub request: Option<String>,
    /// Where it stands.
    pub state: &'static str,
    /// CallsInConversation
    pub calls: u32,
    /// How many parts are in.
    pub received: u32,
    /// When its first part was accepted.
    pub opened: String,
    /// When something happens to it next.
    pub due: Option<String>,
    /// Why it is not worked on: its records cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// Everything about one.
#[derive(Clone, Debug, Serialize)]
pub struct Whole {
    /// As in a list.
    #[serde(flatten)]
    pub line: Line,
    /// Why it is in error.
    pub cause: Option<String>,
    /// How many of its parts cannot be read.
    pub unreadable_parts: u32,
    /// SequenceCodes that have not come: `3` or `5-9`.
    pub missing: Vec<String>,
    /// While parts are missing: how long the next may take.
    pub seconds_left: Option<u64>,
    /// SequenceCodes that `envoi replay --remaining` would send again.
    pub remaining: Vec<u32>,
    /// The conversation whose remainder this is.
    pub renews: Option<String>,
    /// The conversation that was made of its remainder.
    pub renewed_as: Option<String>,
    /// What connectors have to do before it goes on, as `a message to +4930… by pbx: owed, tried 2 times, next 2026-…`.
    pub waits_for: Vec<String>,
    /// Who is and was told, and what was sent for it and is waited for no longer, as `OnCallComplete HttpPost https://… for part 1: delivered`.
    pub owed: Vec<String>,
    /// The parts that are in, in order.
    pub parts: Vec<Part>,
    /// What happened when, in order.
    pub timeline: Vec<Event>,
}

/// A part.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// SequenceCode
    pub sequence: u32,
    /// RequestID
    pub request: String,
    /// The operation.
    pub operation: String,
    /// How many objects it has.
    pub objects: u64,
    /// What became of it.
    pub fate: String,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When.
    pub at: String,
    /// What: `part 2 accepted`, `closed`, `part 1 started`, `complete`.
    pub what: String,
}

/// A line about a conversation; `queue` knows which ones are not worked on.
pub fn line(kept: &Kept, queue: &Queue) -> Line {
    let single = kept.name.is_single();
    Line {
        account: kept.name.account(),
        conversation: kept.name.conversation_id().map(str::to_owned),
        request: single.then(|| kept.name.id().to_owned()),
        state: kept.rules.state().name(),
        calls: kept.rules.calls(),
        received: kept.rules.received().len(),
        opened: kept.rules.opened().to_string(),
        due: queue.due(kept).map(|due| due.to_string()),
        set_aside: queue.set_aside(&kept.name),
    }
}

/// Everything about a conversation, or about the one of a RequestID.
pub fn whole(
    conversations: &Conversations<'_>,
    deliveries: &Deliveries<'_>,
    owner: &impl Owner,
    id: &str,
    now: Time,
    queue: &Queue,
) -> Result<Option<Whole>, StoreError> {
    let settings: &Settings = &queue.backend().settings.conversations;
    let (kept, damage) = match find(conversations, owner, id) {
        Ok(Some(kept)) => (kept, None),
        Ok(None) => return Ok(None),
        Err(StoreError::Corrupt { reason, .. }) => {
            (Box::new(Kept::unreadable(Name::conversation(owner, id))), Some(reason))
        }
        Err(error) => return Err(error),
    };
    let rules = &kept.rules;
    let (stored, unreadable) = conversations.readable_parts(&kept.name)?;
    let mut events: Vec<(Time, u8, String)> = Vec::new();
    for part in &stored {
        events.push((part.accepted, 0, format!("part {} accepted", part.sequence)));
        events.extend(part.started.map(|at| (at, 2, format!("part {} started", part.sequence))));
        let ended = match rules.fate(part.sequence) {
            Some(Fate::Completed) => "finished",
            Some(Fate::Failed) => "failed",
            _ => "not completed",
        };
        events.extend(part.finished.map(|at| (at, 3, format!("part {} {ended}", part.sequence))));
    }
    let is_closed = !matches!(rules.state(), State::Open | State::Timeout) && rules.missing().is_empty();
    events.extend(is_closed.then(|| (rules.last_accepted(), 1, "closed".to_owned())));
    events.extend(kept.ended.map(|at| (at, 4, rules.state().name().to_lowercase())));
    // Parts run one after the other: at one moment, part 1 finishes before part 2 starts.
    events.sort_by_key(|(at, order, _)| (*at, if matches!(order, 2 | 3) { 2 } else { *order }));
    let parts = stored.iter().map(|part| Part {
        sequence: part.sequence,
        request: part.request_id.clone(),
        operation: part.operation.clone(),
        objects: part.objects,
        fate: rules.fate(part.sequence).map(|fate| format!("{fate:?}")).unwrap_or_default(),
    });
    let range = |range: &std::ops::RangeInclusive<u32>| match range.start() == range.end() {
        true => range.start().to_string(),
        false => format!("{}-{}", range.start(), range.end()),
    };
    let owed = deliveries.of_conversation(&kept.name)?;
    Ok(Some(Whole {
        line: line(&kept, queue),
        cause: rules.cause().map(told).or(damage),
        unreadable_parts: unreadable,
        missing: rules.missing().iter().map(range).collect(),
        seconds_left: rules.left(now, settings).map(|left| left.as_secs()),
        remaining: rules.remainder().collect(),
        renews: kept.renews.clone(),
        renewed_as: kept.renewed_as.clone(),
        waits_for: owed.iter().filter(|delivery| is_waited_for(delivery)).map(told_to).collect(),
        owed: owed.iter().filter(|delivery| !is_waited_for(delivery)).map(told_to).collect(),
        parts: parts.collect(),
        timeline: events.into_iter().map(|(at, _, what)| Event { at: at.to_string(), what }).collect(),
    }))
}

/// By ConversationID, else by RequestID.
pub fn find(conversations: &Conversations<'_>, owner: &impl Owner, id: &str) -> Result<Option<Box<Kept>>, StoreError> {
    let mut known = conversations.get(&Name::conversation(owner, id))?;
    if known.is_none()
        && let Some((name, _)) = conversations.of_request(owner, &id.to_lowercase())?
    {
        known = conversations.get(&name)?;
    }
    Ok(match known {
        Some(Known::Kept(kept)) => Some(kept),
        Some(Known::Used) | None => None,
    })
}

/// A delivery in a line.
fn told_to(delivery: &Delivery) -> String {
    let state = delivery.state.name();
    match &delivery.content {
        Content::Results(notice) => {
            let (target, about) = (&notice.target, notice.about);
            format!("{:?} {:?} {} for part {about}: {state}", target.when, target.kind, shown(&target.address))
        }
        Content::Send(send) => format!("a mail to {}: {state}", send.address),
        Content::Message(outgoing) => {
            let message = &outgoing.message;
            let mut line = format!("a message to {} by {}: {state}", message.recipient, message.connector);
            if delivery.tries > 0 {
                let times = if delivery.tries == 1 { "once".to_owned() } else { format!("{} times", delivery.tries) };
                line += &format!(", tried {times}");
            }
            match (delivery.state, delivery.due) {
                (DeliveryState::Owed, Some(due)) => line += &format!(", next {due}"),
                (DeliveryState::Owed, None) => line += ", after another to the same recipient",
                (DeliveryState::Accepted, Some(until)) => line += &format!(", waits for its webhook until {until}"),
                (DeliveryState::InDoubt, _) if outgoing.asks => {
                    line += &format!(", waits for envoi settle {}", delivery.id);
                }
                _ => {}
            }
            line
        }
    }
}

/// Whether it is a message that is not settled.
fn is_waited_for(delivery: &Delivery) -> bool {
    delivery.content.outgoing().is_some() && !delivery.is_settled()
}

fn told(cause: Cause) -> String {
    match cause {
        Cause::Part(sequence) => format!("part {sequence} had an Error result"),
        Cause::CallsChanged => "a part had another CallsInConversation (200)".to_owned(),
        Cause::SequenceRepeated => "a SequenceCode came twice (214)".to_owned(),
        Cause::PartsLost => "the store has lost parts, or cannot read them (201)".to_owned(),
        Cause::Expired => "RequestExpirationTime had passed".to_owned(),
        Cause::Deleted => "it was deleted before it was taken up".to_owned(),
    }
}
