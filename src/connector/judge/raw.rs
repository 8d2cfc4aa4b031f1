//! What is kept of an answer's bytes: bounded, UTF-8, and without secrets.

use crate::{
    connector::{Answer, Api, Connector, Verdict, encoded},
    message::client::Secret,
};

/// Characters of a message that are kept.
const LINE: usize = 500;

/// What must not be kept, wherever it stands: as it is, as JSON or a URL has it.
pub(super) fn secrets(connector: &Connector, token: Option<&Secret>) -> Vec<String> {
    let own = match &connector.api {
        Api::Salesforce { private_key, .. } => private_key.expose(),
        Api::Yeastar { client_secret, .. } => client_secret.expose(),
        Api::Connectly { api_key, .. } => api_key.expose(),
    };
    let webhook = connector.webhook_secret.as_ref().map(|secret| secret.expose());
    let all = [Some(own), webhook, token.map(|token| token.expose())].into_iter().flatten();
    // Of a short one nobody can say whether it is meant.
    let mut forms: Vec<String> = all.filter(|secret| secret.len() >= 4).flat_map(forms).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The ways in which a text is written in answers.
fn forms(secret: &str) -> [String; 5] {
    let json = serde_json::Value::from(secret).to_string();
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json).to_owned();
    let in_url = encoded(secret);
    [secret.to_owned(), json.replace('/', "\\/"), json, in_url.to_ascii_lowercase(), in_url]
}

/// A body as it is kept, at most so many bytes; what is missing at its end is told there.
pub(super) fn keep(answer: &Answer, most: usize, secrets: &[String]) -> String {
    let body = &answer.body;
    // What is masked may stand across the bound: more is read than is kept.
    let head = body.get(..body.len().min(most + 3 * Verdict::RAW)).unwrap_or_default();
    let mut text = masked(&String::from_utf8_lossy(head), secrets);
    if text.len() <= most && head.len() == body.len() && !answer.is_cut {
        return text;
    }
    let end = text.floor_char_boundary(most.saturating_sub(MARK));
    text.truncate(end);
    let more = if answer.is_cut { "more than " } else { "" };
    text.push_str(&format!(" … (cut: {end} of {more}{} bytes)", body.len()));
    text
}

/// Bytes that the mark of a cut takes at most: two numbers of twenty digits in its words.
const MARK: usize = 80;

/// A message as it is kept: one line.
pub(super) fn line(text: &str, secrets: &[String]) -> String {
    let text: String = text
        .chars()
        .take(4 * LINE)
        .map(|c| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c })
        .collect();
    masked(&text, secrets).trim().chars().take(LINE).collect()
}

/// Names of which the value is a secret.
const NAMES: [&str; 9] = [
    "access_token",
    "refresh_token",
    "id_token",
    "password",
    "secret",
    "assertion",
    "api_key",
    "api-key",
    "authorization",
];

/// The text with secrets as `…`: those of the connector, the values of [`NAMES`], and bearer tokens.
fn masked(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "…");
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // ASCII alone changes its case, so places in `lower` are places in `text`.
    let lower = text.to_ascii_lowercase();
    let mut places = places(&lower).into_iter();
    loop {
        let from = text.len() - rest.len();
        let Some((at, name)) = places.by_ref().find(|(at, _)| *at >= from) else { break };
        let end = at + name.len();
        let value = text.get(end..).unwrap_or_default();
        let gap = value.len() - value.trim_start_matches(['"', '\'', ':', '=', ' ', '\\']).len();
        let start = end + gap;
        let value = text.get(start..).unwrap_or_default();
        let has_scheme = SCHEMES.iter().any(|scheme| lower.get(start..).is_some_and(|value| value.starts_with(scheme)));
        let ends =
            |c: char| matches!(c, '"' | '\'' | ',' | '&' | '}' | '<' | '\\' | '\n' | '\r') || (c == ' ' && !has_scheme);
        let length = value.find(ends).unwrap_or(value.len());
        // `password` in a sentence has no value.
        let has_value = name == BEARER || text.get(end..start).is_some_and(|gap| gap.contains([':', '=']));
        out += text.get(from..start).unwrap_or_default();
        if has_value && length > 0 {
            out.push('…');
            rest = text.get(start + length..).unwrap_or_default();
        } else {
            rest = text.get(start..).unwrap_or_default();
        }
    }
    out + rest
}

/// What stands before the secret of an `Authorization`.
const SCHEMES: [&str; 2] = [BEARER, "basic "];

const BEARER: &str = "bearer ";

/// Where names stand, from the first on, of those that begin at one place the longest first.
fn places(lower: &str) -> Vec<(usize, &'static str)> {
    let names = NAMES.iter().copied().chain([BEARER]);
    let mut places: Vec<_> = names.flat_map(|name| lower.match_indices(name).map(move |(at, _)| (at, name))).collect();
    places.sort_unstable_by_key(|(at, name)| (*at, usize::MAX - name.len()));
    places
}
