//! Names for what changes from run to run: `{01.NewID}` is the identifier that first stood in the NewID of answer 01.
//!
//! The same value has the same name through a whole story, and a request may say the name where it means the value. Dates
//! need no names: the clock stands.

use std::collections::HashMap;

use envoi::config::demo;

use crate::eml;

/// Members of the token endpoint's answers that are secrets.
const TOKENS: [&str; 2] = ["access_token", "refresh_token"];

/// The names of one story.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    /// Value and name, in the order of their appearance.
    named: Vec<(String, String)>,
    names: HashMap<String, usize>,
}

impl Mask {
    /// A request with values in place of names.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.named.iter().fold(text.to_owned(), |text, (value, name)| text.replace(name, value))
    }

    /// An answer with names in place of values. What the client made up itself keeps its value.
    pub(crate) fn hide(&mut self, number: &str, sent: &str, answer: &str) -> String {
        let mut out = String::new();
        let mut rest = 0;
        while let Some((start, end)) = self.next(answer, rest, sent) {
            let value = &answer[start..end];
            let name = self.name(number, value, enclosing(answer, start));
            out += &answer[rest..start];
            out += &name;
            rest = end;
        }
        out + &answer[rest..]
    }

    /// A mail, likewise: boundaries, Message-IDs and links are as random as identifiers are, and nobody reads base64.
    pub(crate) fn hide_mail(&mut self, number: &str, mail: &str) -> String {
        let mut text = eml::unfolded(mail);
        for boundary in eml::boundaries(mail) {
            text = text.replace(boundary, &self.name(number, boundary, "boundary"));
        }
        for (before, after, place) in
            [("Message-ID: <", "@", "Message-ID"), ("<conversation-", "@", "thread"), ("/unsubscribe/", ">", "link")]
        {
            if let Some((value, _)) = text.split_once(before).and_then(|(_, rest)| rest.split_once(after)) {
                let value = value.to_owned();
                text = text.replace(&value, &self.name(number, &value, place));
            }
        }
        for file in eml::encoded(mail) {
            text = text.replace(&file.replace('\r', ""), &format!("{{{number}.file}}"));
        }
        self.hide(number, "", &text)
    }

    /// An answer of the token endpoint, likewise.
    pub(crate) fn hide_json(&mut self, number: &str, answer: &str) -> String {
        let mut document: serde_json::Value =
            serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
        for member in TOKENS {
            if let Some(token) = document.get_mut(member) {
                let value = token.as_str().expect("tokens are strings").to_owned();
                *token = self.name(number, &value, member).into();
            }
        }
        serde_json::to_string_pretty(&document).expect("JSON") + "\n"
    }

    fn name(&mut self, number: &str, value: &str, place: &str) -> String {
        if let Some((_, name)) = self.named.iter().find(|(known, _)| known == value) {
            return name.clone();
        }
        let base = format!("{number}.{place}");
        let count = self.names.entry(base.clone()).or_default();
        *count += 1;
        let name = if *count == 1 { format!("{{{base}}}") } else { format!("{{{base}.{count}}}") };
        self.named.push((value.to_owned(), name.clone()));
        name
    }

    /// Where the next value to hide stands: a GUID or a ULID anywhere, a number that is the whole text of an identifier.
    fn next(&self, text: &str, from: usize, sent: &str) -> Option<(usize, usize)> {
        let bytes = text.as_bytes();
        (from..text.len()).find_map(|at| {
            if let Some(value) = bytes.get(at..at + 36).filter(|value| is_guid(value)) {
                let value = std::str::from_utf8(value).expect("ASCII");
                return (self.knows(value) || !sent.contains(value)).then_some((at, at + 36));
            }
            let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
            if (at == 0 || !is_word(at - 1)) && !is_word(at + 26) && bytes.get(at..at + 26).is_some_and(is_ulid) {
                return Some((at, at + 26));
            }
            if at == 0 || bytes[at - 1] != b'>' || !bytes[at].is_ascii_digit() {
                return None;
            }
            let end = at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (value, element) = (&text[at..end], enclosing(text, at));
            let identifies = element.ends_with("ID") && element != "OrdinalID" && bytes.get(end) == Some(&b'<');
            let fixed = value == "0" || value == demo::ACCOUNT.to_string();
            let own = sent.contains(&format!(">{value}<")) && !self.knows(value);
            (identifies && !fixed && !own).then_some((at, end))
        })
    }

    fn knows(&self, value: &str) -> bool {
        self.named.iter().any(|(known, _)| known == value)
    }
}

fn is_guid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// An id as Connectly makes them: 26 letters and digits of Crockford's Base32.
fn is_ulid(bytes: &[u8]) -> bool {
    bytes.starts_with(b"01") && bytes.iter().all(|byte| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(byte))
}

/// The element in whose text, or in whose start tag, this place is.
fn enclosing(text: &str, at: usize) -> &str {
    let tag = &text[text[..at].rfind('<').map_or(0, |open| open + 1)..];
    let name = tag.split([' ', '>', '/']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

#[test]
fn values_are_named_after_the_place_where_they_first_stood() {
    let mut mask = Mask::default();
    let guid = "4f0a1ff2-1967-45af-b709-5ffd50ecbe96";
    let own = "d78f77be-0e99-48f1-8b99-75b6dc7ca74a";
    let sent = format!("<MessageID>{own}</MessageID><ID>12</ID>");
    let answer = format!(
        "<a:RelatesTo>{own}</a:RelatesTo><A b=\"x-{guid}\"><NewID>7</NewID><ID>7</ID><ID>12</ID><ID>100001</ID>\
         <OrdinalID>3</OrdinalID><NewID>0</NewID></A><NewID>8</NewID>"
    );
    let hidden = mask.hide("01", &sent, &answer);
    let expected = format!(
        "<a:RelatesTo>{own}</a:RelatesTo><A b=\"x-{{01.A}}\"><NewID>{{01.NewID}}</NewID><ID>{{01.NewID}}</ID><ID>12</ID>\
         <ID>100001</ID><OrdinalID>3</OrdinalID><NewID>0</NewID></A><NewID>{{01.NewID.2}}</NewID>"
    );
    assert_eq!(hidden, expected);
    assert_eq!(mask.fill("<ID>{01.NewID.2}</ID>"), "<ID>8</ID>");
    assert_eq!(mask.hide("02", "<ID>8</ID>", "<ID>8</ID>"), "<ID>{01.NewID.2}</ID>");
}
