//! What is wrong with a row: one error for every problem, of keys and of values, in the shape of the service's results.

use std::borrow::Cow;

use crate::{
    message::{Row, code},
    object::{Member, Object, Value},
};

use super::{
    super::{Failure, plan::Method},
    cell::Mistake,
};

/// The xsi:type of a row's Results; it follows the method, not what happened (facts/wire section 5).
pub(crate) const fn subtype(method: Method) -> &'static str {
    match method {
        Method::Create => "DataExtensionCreateResult",
        Method::Update => "DataExtensionUpdateResult",
        Method::Delete => "DataExtensionDeleteResult",
    }
}

/// Problems of one row, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    keys: Vec<(Box<str>, Mistake)>,
    values: Vec<(Box<str>, Mistake)>,
}

impl Problems {
    /// A problem with a column: of the key, or of the other values.
    pub(crate) fn add(&mut self, key: bool, column: &str, mistake: Mistake) {
        let list = if key { &mut self.keys } else { &mut self.values };
        list.push((column.into(), mistake));
    }

    /// Nothing when there are none.
    pub(crate) fn settle(self, method: Method) -> Result<(), Failure> {
        let all = || self.keys.iter().chain(&self.values).map(|(_, mistake)| mistake);
        let Some(first) = all().next() else {
            return Ok(());
        };
        let same = all().all(|mistake| mistake.code == first.code);
        let code = if same { first.code } else { code::ROW_ERROR.code };
        let texts: Vec<_> = all().map(|mistake| mistake.text.as_str()).collect();
        let text = texts.join("; ");
        Err(refused(method, code, text, &self.keys, &self.values))
    }
}

/// A refusal that is not about single columns.
pub(crate) fn refuse(method: Method, code: i64, text: String) -> Failure {
    refused(method, code, text, &[], &[])
}

/// A refusal that is about the key as a whole; every column of it is named.
pub(crate) fn refuse_key<'c>(
    method: Method,
    code: i64,
    text: String,
    columns: impl Iterator<Item = &'c str>,
) -> Failure {
    let keys: Vec<_> = columns.map(|column| (column.into(), Mistake { code, text: text.clone() })).collect();
    refused(method, code, text, &keys, &[])
}

fn refused(
    method: Method,
    code: i64,
    text: String,
    keys: &[(Box<str>, Mistake)],
    values: &[(Box<str>, Mistake)],
) -> Failure {
    let mut extra = vec![Member { name: "ErrorMessage".into(), value: Value::Text(text.as_str().into()) }];
    extra.extend(errors("KeyErrors", "KeyError", keys));
    // DataExtensionDeleteResult has no ValueErrors.
    if method != Method::Delete {
        extra.extend(errors("ValueErrors", "ValueError", values));
    }
    let row = Row::error(0, code, Cow::Owned(text));
    Failure::Refused(Box::new(Row { subtype: Some(subtype(method)), extra, ..row }))
}

fn errors(list: &str, item: &str, of: &[(Box<str>, Mistake)]) -> Option<Member> {
    if of.is_empty() {
        return None;
    }
    let mut errors = Object::default();
    for (column, mistake) in of {
        let mut error = Object::default();
        error.set_text("Name", column.clone());
        error.set_text("ErrorCode", mistake.code.to_string());
        error.set_text("ErrorMessage", mistake.text.as_str());
        errors.push(item, Value::Object(error));
    }
    Some(Member { name: list.into(), value: Value::Object(errors) })
}
