//! Settings of asynchronous calls.

use super::{DAY, HOUR, Setting, flag, place, row, seconds};
use crate::config::value::Kind;

pub(super) const ROWS: &[Setting] = &[
    row(
        "queue.workers",
        "16",
        Kind::Number { min: 1, max: 256, put: |c, v| c.queue.workers = place(v) },
        "Conversations that are worked on at once; the parts of one run one after the other.",
    ),
    row(
        "queue.message",
        "Queued",
        Kind::Text { check: spoken, put: |c, v| c.queue.message = v },
        "StatusMessage of the immediate answer to an asynchronous call.",
    ),
    row(
        "queue.gap",
        "5m",
        seconds(1, DAY, |c, v| c.backend.conversations.gap = v),
        "The longest time between two accepted parts of a conversation; after it the conversation times out.",
    ),
    row(
        "queue.horizon",
        "30d",
        seconds(1, 365 * DAY, |c, v| c.backend.conversations.horizon = v),
        "How far ahead ScheduledTime may lie.",
    ),
    row(
        "queue.retention",
        "30d",
        seconds(60, 3650 * DAY, |c, v| c.backend.conversations.retention = v),
        "How long results of asynchronous calls can be retrieved. ConversationIDs stay used for ever.",
    ),
    row(
        "queue.high",
        "0ms",
        seconds(0, HOUR, |c, v| c.backend.conversations.high = v),
        "How often triggered sends of QueuePriority High are taken up, asynchronous calls and the mail of synchronous ones; 0ms is at once.",
    ),
    row(
        "queue.medium",
        "1m",
        seconds(0, HOUR, |c, v| c.backend.conversations.medium = v),
        "How often those of Medium are taken up, which is the default.",
    ),
    row(
        "queue.low",
        "5m",
        seconds(0, DAY, |c, v| c.backend.conversations.low = v),
        "How often those of Low are taken up.",
    ),
    row(
        "queue.send_response_to",
        "20",
        Kind::Number {
            min: 1,
            max: 10_000,
            put: |c, v| c.backend.conversations.max_targets = usize::try_from(v).unwrap_or(usize::MAX),
        },
        "SendResponseTo entries of one call; more are refused with ErrorCode 218.",
    ),
    row(
        "queue.unique_correlation_ids",
        "true",
        flag(|c, v| c.backend.conversations.unique_correlation_ids = v),
        "Whether the objects of an asynchronous call must have different CorrelationIDs (ErrorCode 204).",
    ),
    row(
        "queue.delete_within",
        "",
        seconds(60, 365 * DAY, |c, v| c.backend.conversations.delete_within = Some(v)),
        "A ScheduledRequest can be deleted only when its ScheduledTime is nearer than this; without it at any time.",
    ),
    row(
        "queue.insecure_loopback",
        "false",
        flag(|c, v| c.backend.conversations.insecure_loopback = v),
        "Whether results may be posted to http: addresses that name this machine (localhost, 127.0.0.0/8, [::1]), else ErrorCode 227; not by a redirect from another host.",
    ),
    row(
        "queue.insecure_hosts",
        "",
        Kind::Hosts { put: |c, v| c.backend.conversations.insecure_hosts = v },
        "Hosts to which results may be posted over http:.",
    ),
    row(
        "queue.open",
        "100000",
        Kind::Number { min: 1, max: 1_000_000_000, put: |c, v| c.backend.conversations.max_open = v },
        "Conversations and single asynchronous calls of one account that are not done; one more is a fault.",
    ),
    row(
        "queue.bytes",
        "4GiB",
        Kind::Size { min: 1 << 20, max: 1 << 50, put: |c, v| c.backend.conversations.max_queued_bytes = v },
        "Bytes of calls that wait in one account; more is a fault.",
    ),
];

fn spoken(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must say something".to_owned()) } else { Ok(()) }
}
