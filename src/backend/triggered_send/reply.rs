//! What mail servers say of a mail that they do not take, and what kind of bounce that is: at once, or by a report later. Pure.

use crate::mail::{OF_COPIES, OF_MESSAGE};

/// What a report says of one recipient (RFC 3464).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Status: `5.1.1`
    pub status: String,
    /// Diagnostic-Code without its type; empty where there is none.
    pub words: String,
    /// Its type is smtp: the words are a reply.
    pub is_reply: bool,
    /// It was the answer to RCPT.
    pub at_recipient: bool,
}

impl Reported {
    /// One line for operators: `SMTP 550 5.1.1 no such user`, or the status with what was said.
    pub fn line(&self) -> String {
        match (self.is_reply, self.words.as_str()) {
            (true, words) => format!("SMTP {words}"),
            (false, "") => self.status.clone(),
            (false, words) => format!("{} {words}", self.status),
        }
    }

    /// The same in the form of what is said at once. Without an enhanced code of the server that refused it, the report's own counts,
    /// unless that says nothing (X.0.0); without both only an answer to RCPT is about the mailbox.
    pub(super) fn reply(&self) -> Reply<'_> {
        let blank = Reply {
            code: "",
            detail: None,
            reason: &self.words,
            of_message: true,
            of_copies: false,
            is_passing: false,
        };
        let said = if self.is_reply { Reply::read(&self.words) } else { blank };
        let (class, own) = self.status.split_once('.').unwrap_or_default();
        Reply {
            detail: said.detail.or(Some(own).filter(|own| *own != "0.0")),
            of_message: !self.at_recipient,
            is_passing: class == "4" || said.code.starts_with('4'),
            ..said
        }
    }
}

/// What a mail server said.
pub(super) struct Reply<'t> {
    /// Three digits, or nothing.
    pub(super) code: &'t str,
    /// The enhanced code (RFC 3463), without the first digit: `1.1`.
    detail: Option<&'t str>,
    pub(super) reason: &'t str,
    /// It was said of the message; the recipient had been taken.
    of_message: bool,
    /// And copies had been taken with him: it may be about one of those.
    of_copies: bool,
    /// It was said again and again until the mail was too old: what it says of the address need not be so for ever.
    is_passing: bool,
}

impl<'t> Reply<'t> {
    pub(super) fn read(said: &'t str) -> Self {
        let said = said.trim();
        let (said, of_copies) = said.strip_suffix(OF_COPIES).map_or((said, false), |said| (said, true));
        let (said, of_message) = said.strip_suffix(OF_MESSAGE).map_or((said, of_copies), |said| (said, true));
        let said = said.strip_prefix("SMTP").map_or(said, str::trim_start);
        let (code, reason) = said.split_once(|c: char| !c.is_ascii_digit()).unwrap_or((said, ""));
        if code.len() != 3 {
            return Self { code: "", detail: None, reason: said, of_message, of_copies, is_passing: false };
        }
        let first = reason.split_whitespace().next().unwrap_or_default();
        let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_enhanced = first.split('.').count() == 3 && first.split('.').all(is_number);
        // Its class is the reply's (RFC 2034 section 4), or it says nothing.
        let detail = first.split_once('.').filter(|(class, _)| is_enhanced && code.starts_with(class));
        let detail = detail.map(|(_, detail)| detail);
        Self { code, detail, reason: reason.trim(), of_message, of_copies, is_passing: false }
    }

    /// It is about the sender's address (RFC 3463, X.1.7 and X.1.8): many servers say so only when they hear the recipient's.
    pub(super) fn is_of_sender(&self) -> bool {
        matches!(self.detail, Some("1.7" | "1.8"))
    }

    /// The address is wrong for good. Without an enhanced code those replies that are about mailboxes (RFC 5321, 4.2.3).
    pub(super) fn is_hard(&self) -> bool {
        match self.detail {
            _ if self.of_copies || self.is_passing => false,
            Some(detail) => detail == "2.1" || (detail.starts_with("1.") && !self.is_of_sender()),
            None => !self.of_message && matches!(self.code, "550" | "551" | "553"),
        }
    }

    /// The mailbox is full, or the mail too large for it.
    fn is_soft(&self) -> bool {
        match self.detail {
            Some(detail) => detail.starts_with("2.") || detail.starts_with("3."),
            None => self.code == "552",
        }
    }

    pub(super) fn event_type(&self) -> &'static str {
        match (self.is_hard(), self.is_soft()) {
            (true, _) => "HardBounce",
            (_, true) => "SoftBounce",
            _ => "OtherBounce",
        }
    }

    pub(super) fn category(&self) -> &'static str {
        match (self.is_hard(), self.is_soft()) {
            (true, _) => "Hard bounce",
            (_, true) => "Soft bounce",
            // Policy and security.
            _ if self.detail.is_some_and(|detail| detail.starts_with("7.")) => "Block bounce",
            _ => "Technical/Other bounce",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart() {
        for (said, code, event_type, category, reason) in [
            ("SMTP 550 5.1.1 no such user", "550", "HardBounce", "Hard bounce", "5.1.1 no such user"),
            ("550 no such user", "550", "HardBounce", "Hard bounce", "no such user"),
            ("SMTP 550 5.7.1 spam", "550", "OtherBounce", "Block bounce", "5.7.1 spam"),
            ("SMTP 552 5.2.2 full", "552", "SoftBounce", "Soft bounce", "5.2.2 full"),
            ("SMTP 552 full", "552", "SoftBounce", "Soft bounce", "full"),
            ("SMTP 554 5.6.0 bad", "554", "OtherBounce", "Technical/Other bounce", "5.6.0 bad"),
            ("SMTP 554 no", "554", "OtherBounce", "Technical/Other bounce", "no"),
            ("SMTP 550 spam, in answer to the message", "550", "OtherBounce", "Technical/Other bounce", "spam"),
            ("SMTP 550 5.1.1 gone, in answer to the message", "550", "HardBounce", "Hard bounce", "5.1.1 gone"),
            (
                "SMTP 550 5.1.1 gone, in answer to the message and its copies",
                "550",
                "OtherBounce",
                "Technical/Other bounce",
                "5.1.1 gone",
            ),
            ("SMTP 554 4.1.1 another class", "554", "OtherBounce", "Technical/Other bounce", "4.1.1 another class"),
            ("SMTP 554 9.1.1 no class", "554", "OtherBounce", "Technical/Other bounce", "9.1.1 no class"),
            ("SMTP 554 5.1.1234 no number", "554", "OtherBounce", "Technical/Other bounce", "5.1.1234 no number"),
            ("SMTP 552 full, in answer to the message", "552", "SoftBounce", "Soft bounce", "full"),
            ("SMTP 550", "550", "HardBounce", "Hard bounce", ""),
            ("SMTP 550-5.1.1 two lines", "550", "HardBounce", "Hard bounce", "5.1.1 two lines"),
            ("no server", "", "OtherBounce", "Technical/Other bounce", "no server"),
            ("", "", "OtherBounce", "Technical/Other bounce", ""),
        ] {
            let reply = Reply::read(said);
            assert_eq!(
                (reply.code, reply.event_type(), reply.category(), reply.reason),
                (code, event_type, category, reason),
                "{said}"
            );
        }
    }

    #[test]
    fn a_report_is_told_apart_as_a_reply_is() {
        for (status, words, is_reply, at_recipient, expected) in [
            ("5.1.1", "550 5.1.1 no such user", true, false, ("550", "HardBounce", "Hard bounce")),
            // Exim's own code says nothing.
            ("5.0.0", "550 5.1.1 no such user", true, false, ("550", "HardBounce", "Hard bounce")),
            ("5.0.0", "550 no such user", true, true, ("550", "HardBounce", "Hard bounce")),
            ("5.0.0", "550 we do not like it", true, false, ("550", "OtherBounce", "Technical/Other bounce")),
            ("5.1.1", "550 no such user", true, false, ("550", "HardBounce", "Hard bounce")),
            ("5.7.1", "550 no", true, true, ("550", "OtherBounce", "Block bounce")),
            ("5.2.2", "552 5.2.2 full", true, true, ("552", "SoftBounce", "Soft bounce")),
            ("4.2.2", "452 4.2.2 full", true, true, ("452", "SoftBounce", "Soft bounce")),
            ("4.1.1", "450 4.1.1 not yet", true, true, ("450", "OtherBounce", "Technical/Other bounce")),
            ("5.1.1", "450 4.1.1 not yet", true, true, ("450", "OtherBounce", "Technical/Other bounce")),
            ("4.4.7", "expired", false, false, ("", "OtherBounce", "Technical/Other bounce")),
            ("5.1.2", "Host not found", false, false, ("", "HardBounce", "Hard bounce")),
            ("5.4.4", "Host not found", false, false, ("", "OtherBounce", "Technical/Other bounce")),
            ("5.1.1", "", false, false, ("", "HardBounce", "Hard bounce")),
            ("5.1.8", "550 5.1.8 who are you", true, true, ("550", "OtherBounce", "Technical/Other bounce")),
        ] {
            let reported = Reported { status: status.to_owned(), words: words.to_owned(), is_reply, at_recipient };
            let reply = reported.reply();
            assert_eq!((reply.code, reply.event_type(), reply.category()), expected, "{reported:?}");
        }
    }
}
