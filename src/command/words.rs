//! What the states, kinds and outcomes mean that commands print, once for their help and for what they say. A test holds that there
//! is a word for each.

/// A name and what it means.
pub(super) type Word = (&'static str, &'static str);

/// Of deliveries.
pub(super) const STATES: &[Word] = &[
    ("owed", "not sent yet, or to be tried again: see `next try`"),
    ("sending", "an attempt is under way"),
    ("accepted", "the system behind the connector has taken it, and its webhook is to tell what became of it"),
    ("delivered", "taken by whom it is for"),
    ("failed", "given up; `envoi redeliver ID` owes it again"),
    (
        "in doubt",
        "it may or may not have arrived, and is not sent again unasked: `envoi redeliver ID` sends it again, and \
         `envoi settle ID delivered` or `envoi settle ID failed` says what became of it",
    ),
    ("withdrawn", "no longer owed, and never sent"),
];

/// What deliveries are of.
pub(super) const KINDS: &[Word] = &[
    ("post", "results, by HTTPS callback"),
    ("email", "results, by e-mail"),
    ("file", "results, into callback.drop_folder"),
    ("send", "a mail of a triggered send, to a subscriber"),
    ("message", "what a connector is to do: a text, a contact, a consent"),
];

/// How attempts end.
pub(super) const OUTCOMES: &[Word] = &[
    ("delivered", "it was taken"),
    ("retry", "it was not taken, and may be later"),
    ("refused", "it was not taken, and will not be"),
    ("gone", "the target asks for no more (410)"),
    ("uncertain", "it was sent, and no answer came"),
    ("interrupted", "the server ended meanwhile"),
    ("bounced", "no attempt: what had been taken has come back (`envoi bounce`)"),
];

/// What a system answered to the last attempt.
pub(super) const STANDINGS: &[Word] = &[
    ("accepted", "the system has taken it"),
    ("partial", "the system has done a part of it"),
    ("processing", "the system is still at it"),
    ("refused", "it was not taken, and will not be"),
    ("again", "it was not taken, and may be later"),
    ("limited", "it was not taken since there were too many; the whole connector rests"),
    ("unauthorized", "the log-in was not taken; it is renewed"),
    ("ambiguous", "nobody knows whether it was taken"),
];

/// What a webhook told of a message.
pub(super) const RECEIPTS: &[Word] = &[
    ("sent", "on its way"),
    ("delivered", "it has arrived"),
    ("read", "it has arrived, and was read"),
    ("failed", "it has not arrived"),
];

/// Of the breaker of a target.
pub(super) const BREAKERS: &[Word] = &[
    ("closed", "everything is let through"),
    ("open", "the target failed too often and rests"),
    ("half-open", "it has rested, and is probed with one delivery at a time"),
    ("limited", "it asked to be left alone for a while"),
    ("unknown", "no connector of this name is configured: what waits stays owed"),
];

/// Of conversations.
pub(super) const CONVERSATIONS: &[Word] = &[
    ("Open", "parts are missing"),
    ("Closed", "all parts are in, and none has begun"),
    ("Processing", "its parts are run, one after the other"),
    ("Complete", "all parts were run without an error"),
    ("Error", "a part failed, or one came that broke the rules: see `cause`; what came after it was not run"),
    ("Timeout", "a part came too late or not at all; nothing was run"),
    ("Unreadable", "its record is damaged: stop the server and run `envoi fsck`"),
];

/// What became of parts.
pub(super) const FATES: &[Word] = &[
    ("Waiting", "not begun"),
    ("Running", "begun"),
    ("Completed", "run without an error"),
    ("Failed", "run, with an error"),
    ("NotCompleted", "never to be run: one before it failed"),
    ("TimedOut", "never to be run: another came too late"),
];

/// The meaning of a name.
pub(super) fn meaning(words: &[Word], name: &str) -> &'static str {
    words.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning)
}

fn list(title: &str, words: &[Word]) -> String {
    let lines = words.iter().map(|(name, meaning)| format!("  {name:13} {meaning}\n"));
    format!("{title}:\n{}\n", lines.collect::<String>())
}

const TIMES: &str = "Times are UTC (Z), as in the log.";

/// For `envoi deliveries --help`.
pub(super) fn of_deliveries() -> String {
    let columns = list(
        "Columns",
        &[
            ("ID", "to name it to `envoi delivery`, `redeliver` and `settle`; the `webhook-id` of a callback"),
            ("STATE", "where it stands, below"),
            ("KIND", "what it is, below"),
            ("OWED SINCE", "when it was first owed"),
            ("TRIES", "how many attempts have begun"),
            ("TO", "the address; of a message its connector, channel and recipient"),
            ("LAST SAID", "what the other side said to the last attempt, or the webhook after it"),
        ],
    );
    format!("{columns}{}{}{TIMES}", list("States", STATES), list("Kinds", KINDS))
}

/// For `envoi delivery --help`.
pub(super) fn of_delivery() -> String {
    let lines = list(
        "Lines (and where they stand in --json)",
        &[
            ("state", "where it stands, below, since when (state, changed)"),
            ("kind", "what it is, below (kind)"),
            ("to", "the address; of a message its connector, channel and recipient"),
            ("request", "RequestID of a call without a ConversationID; `part` is the SequenceCode"),
            ("tells", "what has happened, and what SendResponseTo asked to be told of (event, when)"),
            ("target", "the place that rests when it fails, and its breaker, below (target, place)"),
            ("next try", "when it is tried again (due)"),
            ("waits until", "so long the webhook has; then it has failed (due)"),
            ("request key", "the same at every attempt, for the system to know a message again (key)"),
            ("answer", "what the system made of the last attempt, below (verdict.standing, verdict.http)"),
            ("webhook told", "what became of it afterwards, below (receipt, receipt_error)"),
            ("asks", "whether its call waits until `envoi settle` says what became of it (asks)"),
        ],
    );
    let attempts = list("Outcomes of attempts", OUTCOMES) + &list("Answers", STANDINGS) + &list("Webhooks", RECEIPTS);
    let places = list("Breakers", BREAKERS);
    format!("{lines}{}{}{attempts}{places}{TIMES}", list("States", STATES), list("Kinds", KINDS))
}

/// For `envoi targets --help`.
pub(super) fn of_targets() -> String {
    let columns = list(
        "Columns",
        &[
            ("BREAKER", "below"),
            ("FAILURES", "in a row"),
            ("FAILING SINCE", "the first of them"),
            ("RESTS UNTIL", "nothing is sent there before"),
            ("TARGET", "scheme, host and port of callbacks, `connector:NAME`, `email` or `send`"),
        ],
    );
    format!("{columns}{}{TIMES}", list("Breakers", BREAKERS))
}

/// For `envoi conversations --help`.
pub(super) fn of_conversations() -> String {
    let columns = list(
        "Columns",
        &[
            ("STATE", "below"),
            ("PARTS", "how many are in, of CallsInConversation"),
            ("OPENED", "when the first was accepted"),
            ("ACCOUNT", "MID"),
            ("CONVERSATION", "its ConversationID; `request` and the RequestID of a call without one"),
        ],
    );
    format!("{columns}{}{TIMES}", list("States", CONVERSATIONS))
}

/// For `envoi conversation --help`.
pub(super) fn of_conversation() -> String {
    let lines = list(
        "Lines (and where they stand in --json)",
        &[
            ("state", "below (state)"),
            ("parts", "how many are in, of CallsInConversation (received, calls)"),
            ("cause", "why it is in error (cause)"),
            ("missing", "SequenceCodes that have not come (missing)"),
            ("times out", "when it ends if no other part comes (due, seconds_left)"),
            ("taken up", "when its first part begins (due)"),
            ("goes on", "when its next part begins, or what it waits for is looked at again (due)"),
            ("forgotten", "when it is removed with its results (due)"),
            ("not run", "SequenceCodes that `envoi replay` would send again (remaining)"),
            ("renews", "the conversation whose rest it is; `renewed as` is the one that was made of its rest"),
            ("waits for", "messages of connectors that have to end before it goes on (waits_for)"),
            ("tells", "who is and was told, and what is and was sent for it (owed)"),
            ("set aside", "why it is not worked on until the next start (set_aside)"),
        ],
    );
    format!("{lines}{}{}{TIMES}", list("States", CONVERSATIONS), list("Fates of parts", FATES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::Standing,
        conversation::{Fate, State},
        store::{Attempted, DeliveryKind, DeliveryState},
    };

    fn names(words: &[Word]) -> Vec<&'static str> {
        words.iter().map(|(name, _)| *name).collect()
    }

    fn sorted<T>(all: impl IntoIterator<Item = T>, name: impl Fn(T) -> String) -> Vec<String> {
        let mut names: Vec<_> = all.into_iter().map(name).collect();
        names.sort();
        names
    }

    fn holds(words: &[Word], expected: &[String]) {
        assert_eq!(sorted(names(words), str::to_owned), expected);
    }

    #[test]
    fn there_is_a_word_for_each() {
        holds(STATES, &sorted(DeliveryState::ALL, |state| state.name().to_owned()));
        holds(CONVERSATIONS, &sorted(State::ALL, |state| state.name().to_owned()));
        holds(KINDS, &sorted(DeliveryKind::ALL, |kind| kind.name().to_owned()));
        // A variant that is new has to be put into the list above it.
        let known = |outcome: Attempted| match outcome {
            Attempted::Delivered
            | Attempted::Retry
            | Attempted::Refused
            | Attempted::Gone
            | Attempted::Uncertain
            | Attempted::Interrupted
            | Attempted::Bounced => outcome.name().to_owned(),
        };
        let outcomes = [
            Attempted::Delivered,
            Attempted::Retry,
            Attempted::Refused,
            Attempted::Gone,
            Attempted::Uncertain,
            Attempted::Interrupted,
            Attempted::Bounced,
        ];
        holds(OUTCOMES, &sorted(outcomes, known));
        let known = |standing: Standing| match standing {
            Standing::Accepted
            | Standing::Partial
            | Standing::Processing
            | Standing::Refused
            | Standing::Again
            | Standing::Limited
            | Standing::Unauthorized
            | Standing::Ambiguous => format!("{standing:?}").to_lowercase(),
        };
        let standings = [
            Standing::Accepted,
            Standing::Partial,
            Standing::Processing,
            Standing::Refused,
            Standing::Again,
            Standing::Limited,
            Standing::Unauthorized,
            Standing::Ambiguous,
        ];
        holds(STANDINGS, &sorted(standings, known));
        let known = |fate: Fate| match fate {
            Fate::Waiting | Fate::Running | Fate::Completed | Fate::Failed | Fate::NotCompleted | Fate::TimedOut => {
                format!("{fate:?}")
            }
        };
        let fates = [Fate::Waiting, Fate::Running, Fate::Completed, Fate::Failed, Fate::NotCompleted, Fate::TimedOut];
        holds(FATES, &sorted(fates, known));
        assert_eq!(meaning(STATES, "sending"), "an attempt is under way");
    }
}
