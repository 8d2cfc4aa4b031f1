//! JSON as the systems write it: the strict form, and what the samples of their pages have beside.

use serde_json::Value;

/// Reads a body. A byte order mark, and commas before a closing bracket (Yeastar's page has one), are forgiven; all else that is
/// no JSON is none.
pub(in crate::connector) fn read(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).ok().or_else(|| serde_json::from_slice(&without_commas(body)).ok())
}

/// The bytes without commas that only white space parts from a closing bracket, outside of strings.
fn without_commas(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for &byte in body {
        match (in_string, byte) {
            (true, b'"') if !is_escaped => in_string = false,
            (false, b'"') => in_string = true,
            (false, b'}' | b']') => {
                let end = out.iter().rposition(|byte: &u8| !byte.is_ascii_whitespace());
                if let Some(end) = end.filter(|end| out.get(*end) == Some(&b',')) {
                    out.truncate(end);
                }
            }
            _ => {}
        }
        is_escaped = in_string && byte == b'\\' && !is_escaped;
        out.push(byte);
    }
    out
}

/// A text, or a number as text: ids and codes come as both.
pub(in crate::connector) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

/// The text at the first of these names that has one.
pub(in crate::connector) fn first(value: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| value.get(name).and_then(text))
}
