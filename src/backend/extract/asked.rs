//! What an ExtractRequest asks for.
//!
//! StartDate, EndDate, OutputFileName, HasColumnHeaders, Format, ColumnDelimiter, QuoteText, CharacterEncoding and _AsyncID are
//! names that clients of the service send (the documentation of Extract; FuelSDK-Java); the others are ours. A name that is
//! not known is refused: whoever sends it expects something of it.

use std::collections::HashSet;

use crate::{
    clock::Time,
    message::code,
    object::{Node, Object, Value, value},
};

use super::{
    super::{Failure, row},
    file, made,
};

/// Name, DataType (WSDL), default, and whether it may be left out.
pub(super) const PARAMETERS: &[(&str, &str, &str, bool)] = &[
    ("OutputFileName", "string", "", false),
    ("StartDate", "datetime", "", true),
    ("EndDate", "datetime", "", true),
    ("RequestID", "string", "", true),
    ("ConversationID", "string", "", true),
    ("StatusCode", "string", "", true),
    ("HasColumnHeaders", "bool", "true", true),
    ("ColumnDelimiter", "string", ",", true),
    ("QuoteText", "bool", "false", true),
    ("Format", "string", "csv", true),
    ("CharacterEncoding", "string", "UTF-8", true),
    ("Overwrite", "bool", "false", true),
    ("_AsyncID", "integer", "0", true),
];

/// The request, understood.
#[derive(Debug)]
pub(super) struct Asked {
    /// The file's name, without a path.
    pub(super) file: String,
    pub(super) overwrite: bool,
    /// As the index has it.
    pub(super) request_id: Option<String>,
    pub(super) headers: bool,
    pub(super) delimiter: char,
    pub(super) quote_all: bool,
    conversation_id: Option<String>,
    status: Option<String>,
    start: Option<Time>,
    end: Option<Time>,
    /// As they came.
    parameters: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn read(node: Node<'_>, now: Time) -> Result<Self, Failure> {
        let mut asked = Self {
            file: String::new(),
            overwrite: false,
            request_id: None,
            headers: true,
            delimiter: ',',
            quote_all: false,
            conversation_id: None,
            status: None,
            start: None,
            end: None,
            parameters: Vec::new(),
        };
        let mut seen = HashSet::new();
        let all = node.child("Parameters").into_iter().flat_map(|all| all.children_named("Parameter"));
        for parameter in all.filter(|parameter| !parameter.is_nil()) {
            let name = parameter.given("Name").unwrap_or_default();
            let value = parameter.child("Value").filter(|value| !value.is_nil());
            let value = value.map(|value| value.text().into_owned()).unwrap_or_default();
            let known = PARAMETERS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(&name));
            let Some((known, ..)) = known else {
                let names: Vec<_> = PARAMETERS.iter().map(|(known, ..)| *known).collect();
                return Err(wrong(
                    &name,
                    &format!("is no parameter of this data extract: expected {}", names.join(", ")),
                ));
            };
            if !seen.insert(*known) {
                return Err(wrong(known, "is given twice"));
            }
            // An empty value is that of a form that nobody has filled in; a delimiter may be a space or a tab.
            if !value.trim().is_empty() || *known == "ColumnDelimiter" && !value.is_empty() {
                asked.take(known, &value, now)?;
            }
            asked.parameters.push(((*known).to_owned(), value));
        }
        if asked.file.is_empty() {
            return Err(wrong("OutputFileName", "is missing"));
        }
        if asked.start.zip(asked.end).is_some_and(|(start, end)| end < start) {
            return Err(wrong("EndDate", "lies before StartDate"));
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &str, now: Time) -> Result<(), Failure> {
        let text = value.trim();
        let boolean = || value::boolean(&text.to_lowercase()).ok_or_else(|| expected(name, text, "true or false"));
        let date = || row::date(text).ok_or_else(|| expected(name, text, "a date such as 2026-03-01T12:00:00Z"));
        let only = |word: &str| match text.eq_ignore_ascii_case(word) {
            true => Ok(()),
            false => Err(expected(name, text, &format!("{word}, the only one there is"))),
        };
        match name {
            "OutputFileName" => self.file = file::name(text, now).map_err(|why| expected(name, text, &why))?,
            "StartDate" => self.start = Some(date()?),
            "EndDate" => self.end = Some(date()?),
            "RequestID" => self.request_id = Some(text.to_lowercase()),
            // Free text, compared as it is.
            "ConversationID" => self.conversation_id = Some(value.to_owned()),
            "StatusCode" => match ["OK", "Error"].into_iter().find(|known| known.eq_ignore_ascii_case(text)) {
                Some(known) => self.status = Some(known.to_owned()),
                None => return Err(expected(name, text, "OK or Error")),
            },
            "HasColumnHeaders" => self.headers = boolean()?,
            "QuoteText" => self.quote_all = boolean()?,
            "Overwrite" => self.overwrite = boolean()?,
            "ColumnDelimiter" => {
                let word = if text.eq_ignore_ascii_case("tab") || text == "\\t" { "\t" } else { value };
                let mut chars = word.chars();
                self.delimiter = match (chars.next(), chars.next()) {
                    (Some(c @ (',' | ';' | '|' | '\t')), None) => c,
                    _ => return Err(expected(name, text, "one of , ; | and tab")),
                };
            }
            "Format" => only("csv")?,
            "CharacterEncoding" => only("UTF-8")?,
            _ => only("0")?,
        }
        Ok(())
    }

    /// Whether a ResultItem belongs into the file. Both dates count in.
    pub(super) fn wants(&self, item: &Object) -> bool {
        let is = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| item.text(name) == Some(wanted.as_str()))
        };
        let within = match made(item) {
            Some(at) => self.start.is_none_or(|start| at >= start) && self.end.is_none_or(|end| at <= end),
            None => self.start.is_none() && self.end.is_none(),
        };
        within && is(&self.conversation_id, "ConversationID") && is(&self.status, "StatusCode")
    }

    /// The request as the answer repeats it.
    pub(super) fn request(&self, id: &str) -> Object {
        let mut request = Object::new("ExtractRequest");
        request.set_text("ID", id);
        request.set("Options", Value::Object(Object::default()));
        let mut all = Object::default();
        for (name, value) in &self.parameters {
            let mut parameter = Object::default();
            parameter.set_text("Name", name.as_str());
            parameter.set_text("Value", value.as_str());
            all.push("Parameter", Value::Object(parameter));
        }
        request.set("Parameters", Value::Object(all));
        request
    }
}

fn expected(name: &str, value: &str, expected: &str) -> Failure {
    wrong(name, &format!("is {value:?}: expected {expected}"))
}

fn wrong(name: &str, what: &str) -> Failure {
    Failure::about(code::EXCEPTION, &format!("Extract: parameter {name} {what}"))
}
