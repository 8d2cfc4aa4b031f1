//! One message over one connection, and what can be said of it afterwards.

use std::{error::Error as _, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt, Rset},
        extension::{Extension, MailBodyParameter, MailParameter},
        response::Response,
    },
};
use tokio::time::timeout;

use super::Turn;
use crate::{
    mail::{
        Composed, Sent,
        sent::{OF_COPIES, OF_MESSAGE},
    },
    trust,
};

/// The message goes out in pieces of this size, so that it is not copied whole.
const PIECE: usize = 64 << 10;
/// A relay that breaks off within a message has usually said why, and one that refuses a mail resets at once.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// No status is longer, in characters.
const STATUS: usize = 300;
/// Replies that complain of the log-in and not of the mail (RFC 4954).
const LOG_IN: [u16; 4] = [530, 534, 535, 538];

/// Hands a message over, with these copies. `reply` is how long each reply may take, `data` how long the message and its reply.
pub(super) async fn carry(
    smtp: &mut AsyncSmtpConnection,
    mail: &Composed,
    copies: &[String],
    reply: Duration,
    data: Duration,
) -> Turn {
    let (Ok(from), Ok(to)) = (mail.from.parse::<Address>(), mail.to.parse::<Address>()) else {
        // compose() has looked at both.
        return Turn::usable(refused("an address is none".to_owned()));
    };
    let mut parameters = Vec::new();
    if !mail.bytes.is_ascii() || !mail.from.is_ascii() || !mail.to.is_ascii() {
        let info = smtp.server_info();
        if !info.supports_feature(Extension::SmtpUtfEight) || !info.supports_feature(Extension::EightBitMime) {
            let status = "5.6.7 the address is not ASCII, and the relay does not take SMTPUTF8".to_owned();
            return Turn::usable(refused(status));
        }
        parameters = vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
    }
    let mut answered = false;
    for (is_sender, command) in
        [(true, Mail::new(Some(from), parameters).to_string()), (false, Rcpt::new(to, Vec::new()).to_string())]
    {
        let said = timeout(reply, smtp.command(command)).await;
        match said {
            Ok(Ok(_)) => answered = true,
            Ok(Err(error)) => {
                let turn = declined(smtp, &error, answered).await;
                return if is_sender { of_sender(turn) } else { turn };
            }
            Err(_) => return Turn::broken(retry(late(reply)), answered),
        }
    }
    // Whom the mail is for has been taken: a copy that is refused does not keep it from him.
    let mut without: Option<(usize, String)> = None;
    for copy in copies {
        let Ok(copy) = copy.parse::<Address>() else { continue };
        match timeout(reply, smtp.command(Rcpt::new(copy, Vec::new()))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) if is_reply(&error) && u16_of(&error) != Some(421) => {
                let (count, first) = without.unwrap_or_else(|| (0, said(&error)));
                without = Some((count + 1, first));
            }
            Ok(Err(error)) => return Turn { at_copy: true, ..Turn::broken(verdict(&error), answered) },
            Err(_) => return Turn { at_copy: true, ..Turn::broken(retry(late(reply)), answered) },
        }
    }
    let has_copies = copies.len() > without.as_ref().map_or(0, |(count, _)| *count);
    match timeout(reply, smtp.command(Data)).await {
        Ok(Ok(response)) if response.has_code(354) => {}
        // Anything sent now would be taken for commands.
        Ok(Ok(response)) => {
            let status = format!("{}, in answer to DATA", answer(&response));
            return Turn::broken(retry(status), answered);
        }
        Ok(Err(error)) => {
            let turn = declined(smtp, &error, answered).await;
            return Turn { sent: of_message(turn.sent, has_copies), ..turn };
        }
        Err(_) => return Turn::broken(retry(late(reply)), answered),
    }
    let (sent, usable) = message(smtp, &mail.bytes, has_copies, data).await;
    let sent = match (sent, without) {
        (Sent::Accepted { status }, Some((count, first))) => {
            Sent::Accepted { status: line(&format!("{status}; not to {count} of {} copies: {first}", copies.len())) }
        }
        (sent, _) => sent,
    };
    Turn { sent, usable, answered, at_copy: false }
}

/// A relay that does not take the message for good had taken its recipient.
fn of_message(sent: Sent, has_copies: bool) -> Sent {
    match sent {
        Sent::Refused { status } => refused(status + if has_copies { OF_COPIES } else { OF_MESSAGE }),
        other => other,
    }
}

/// A relay that does not take our sender for good has said nothing of whom the mail is for: no bounce of his. One that does not
/// take him now takes no mail.
fn of_sender(turn: Turn) -> Turn {
    match turn.sent {
        Sent::Retry { status, .. } => Turn { sent: retry(status), ..turn },
        Sent::Refused { status } => Turn { sent: refused(line(&format!("the sender is refused: {status}"))), ..turn },
        _ => turn,
    }
}

/// The message itself; and whether the connection is good for another.
async fn message(smtp: &mut AsyncSmtpConnection, bytes: &[u8], has_copies: bool, data: Duration) -> (Sent, bool) {
    // lettre ends what it is given with a line break before the dot.
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    // Asked for the piece after the last, all pieces have been written, and what goes out next is the final dot.
    let mut pieces = bytes.chunks(PIECE);
    let mut complete = false;
    let all = std::iter::from_fn(|| {
        let piece = pieces.next();
        complete |= piece.is_none();
        piece
    });
    let said = timeout(data, smtp.message_iter(all)).await;
    match said {
        Ok(Ok(response)) if u16::from(response.code()) / 100 == 2 => {
            (Sent::Accepted { status: answer(&response) }, true)
        }
        Ok(Ok(response)) => (Sent::Uncertain { status: format!("{}{OF_MESSAGE}", answer(&response)) }, false),
        Ok(Err(error)) if is_reply(&error) => (of_message(verdict(&error), has_copies), u16_of(&error) != Some(421)),
        Ok(Err(error)) if complete => {
            let status = format!("no answer to the message, which had been sent whole: {}", said_of(&error));
            (Sent::Uncertain { status }, false)
        }
        Ok(Err(error)) => match timeout(LAST_WORDS, smtp.read_response()).await {
            Ok(Err(last)) if is_reply(&last) => (of_message(verdict(&last), has_copies), false),
            _ => (retry(format!("cut off within the message: {}", said_of(&error))), false),
        },
        Err(_) if complete => {
            let status = format!("no answer within {data:?} to the message, which had been sent whole");
            (Sent::Uncertain { status }, false)
        }
        Err(_) => (retry(format!("the message was not taken within {data:?}")), false),
    }
}

/// After a command that was not obeyed: the connection is good again when the relay resets it.
async fn declined(smtp: &mut AsyncSmtpConnection, error: &Error, before: bool) -> Turn {
    if !is_reply(error) || u16_of(error) == Some(421) {
        return Turn::broken(verdict(error), before);
    }
    let usable = matches!(timeout(LAST_WORDS, smtp.command(Rset)).await, Ok(Ok(_)));
    Turn { usable, ..Turn::usable(verdict(error)) }
}

/// What a reply says, of a recipient or a message; and no reply, or one that ends the connection or asks for a log-in, of the relay.
fn verdict(error: &Error) -> Sent {
    let (status, code) = (said(error), u16_of(error));
    let is_of_relay = code.is_none_or(|code| code == 421 || LOG_IN.contains(&code));
    if error.is_permanent() && !is_of_relay {
        return Sent::Refused { status };
    }
    Sent::Retry { status, alone: is_reply(error) && !is_of_relay }
}

fn is_reply(error: &Error) -> bool {
    error.is_transient() || error.is_permanent()
}

fn u16_of(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

fn retry(status: String) -> Sent {
    Sent::Retry { status, alone: false }
}

fn refused(status: String) -> Sent {
    Sent::Refused { status }
}

fn late(reply: Duration) -> String {
    format!("no reply within {reply:?}")
}

/// `SMTP 250 2.0.0 Ok: queued as 1234`
fn answer(response: &Response) -> String {
    let words: Vec<&str> = response.message().collect();
    line(&format!("SMTP {} {}", response.code(), words.join(" ")))
}

/// What a relay said when it did not obey, or what went wrong with it.
pub(super) fn said(error: &Error) -> String {
    match (u16_of(error), error.source()) {
        (Some(code), Some(words)) => line(&format!("SMTP {code} {words}")),
        _ => said_of(error),
    }
}

fn said_of(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    line(&last.to_string())
}

/// The same without its words: the code, and the enhanced one where there is one.
pub(super) fn code(error: &Error) -> String {
    let Some(code) = u16_of(error) else { return said_of(error) };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let first = words.split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = first.split('.').collect();
    let enhanced = parts.len() == 3
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    if enhanced { format!("SMTP {code} {first}") } else { format!("SMTP {code}") }
}

/// One line of bounded length.
pub(super) fn line(text: &str) -> String {
    let line = crate::mail::harmless(&trust::plain(text));
    if line.chars().count() <= STATUS {
        return line;
    }
    line.chars().take(STATUS - 1).chain(['…']).collect()
}
