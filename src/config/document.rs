//! A file of the configuration as it is written: its tables, where in it something stands, and what is wrong there.

use std::{fmt, ops::Range, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Something wrong in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `envoi.toml:12`, the name of an environment variable, or a flag.
    pub place: String,
    /// The setting.
    pub key: String,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl Problem {
    /// By file and line, so that one can go through the file once.
    pub(super) fn order(&self) -> (String, u32) {
        let line = self.place.rsplit_once(':').and_then(|(file, line)| Some((file.to_owned(), line.parse().ok()?)));
        line.unwrap_or((self.place.clone(), 0))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.place, &self.key].into_iter().filter(|part| !part.is_empty()) {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// A file, to tell lines from places in it.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    text: &'a str,
    /// Where each line but the first begins: a file may have many thousands, and each setting's place is told.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text, lines: text.match_indices('\n').map(|(at, _)| at + 1).collect() }
    }

    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.path.display(), self.lines.partition_point(|line| *line <= span.start) + 1)
    }

    /// The tables of the file; what is not TOML is told, each place once.
    pub(super) fn parse(&self, problems: &mut Vec<Problem>) -> Spanned<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        problems.extend(errors.into_iter().map(|error| Problem {
            place: self.place(&error.span().unwrap_or_default()),
            key: String::new(),
            what: error.message().trim().replace('\n', ", "),
        }));
        table
    }
}

/// Numbers, booleans and lists in the form in which environment and flags give them.
pub(super) fn text(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Ok(flag.to_string()),
        DeValue::Array(values) => {
            let texts: Result<Vec<_>, _> = values.iter().map(|value| text(value.get_ref())).collect();
            texts.map(|texts| texts.join(","))
        }
        other => Err(format!("a {} cannot stand here", other.type_str())),
    }
}
