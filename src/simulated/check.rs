//! Why a request is refused, and the words in which the members of a body are checked.

use serde_json::Value;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The system's code.
    pub(super) code: &'static str,
    /// The member, header or argument that is wrong.
    pub(super) field: String,
    /// What is wrong with it; of a value that is there already, the value.
    pub(super) why: String,
}

impl Wrong {
    pub(super) fn new(code: &'static str, field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { code, field: field.into(), why: why.into() }
    }
}

/// Refuses where it does not hold.
pub(super) fn need(holds: bool, code: &'static str, field: &str, why: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong::new(code, field, why)) }
}

/// Text at a path of members.
pub(super) fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    value.pointer(path)?.as_str()
}

/// A member that is a text of at least one and at most so many characters.
pub(super) fn needed<'v>(value: &'v Value, name: &str, most: usize, code: &'static str) -> Result<&'v str, Wrong> {
    let found = value.get(name).ok_or_else(|| Wrong::new(code, name, "required"))?;
    let found = found.as_str().ok_or_else(|| Wrong::new(code, name, "expected a text"))?;
    need(!found.is_empty(), code, name, "is empty")?;
    need(found.chars().count() <= most, code, name, &format!("expected {most} characters at most"))?;
    Ok(found)
}

/// A member that is one of these texts.
pub(super) fn one_of<'v>(value: &'v Value, name: &str, all: &[&str], code: &'static str) -> Result<&'v str, Wrong> {
    let found = text(value, &format!("/{name}")).filter(|found| all.contains(found));
    found.ok_or_else(|| Wrong::new(code, name, format!("expected one of {}", all.join(", "))))
}

/// A member that is a list of at least one and at most so many entries.
pub(super) fn list<'v>(value: &'v Value, name: &str, most: usize, code: &'static str) -> Result<&'v [Value], Wrong> {
    let found = value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    need(!found.is_empty(), code, name, "expected a list that is not empty")?;
    need(found.len() <= most, code, name, &format!("expected {most} at most"))?;
    Ok(found)
}

/// A member that is a whole number.
pub(super) fn number(value: &Value, name: &str, code: &'static str) -> Result<i64, Wrong> {
    let found = value.get(name).ok_or_else(|| Wrong::new(code, name, "required"))?;
    found.as_i64().ok_or_else(|| Wrong::new(code, name, "expected a whole number"))
}

/// A number as everybody writes it (E.164).
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|digit| digit.is_ascii_digit())
}
