//! Rows of text by RFC 4180: CR and LF after each, quotes where they are needed, a quote inside doubled.

use std::io::{self, Write};

/// What a spreadsheet takes for the beginning of a formula.
const FORMULAS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A table that is being written.
pub(super) struct Table<W: Write> {
    out: W,
    delimiter: char,
    quote_all: bool,
    guard: bool,
}

impl<W: Write> Table<W> {
    /// `guard` puts an apostrophe before what would be a formula.
    pub(super) fn new(out: W, delimiter: char, quote_all: bool, guard: bool) -> Self {
        Self { out, delimiter, quote_all, guard }
    }

    pub(super) fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let mut line = String::new();
        for (at, field) in fields.into_iter().enumerate() {
            if at > 0 {
                line.push(self.delimiter);
            }
            self.field(&mut line, field);
        }
        line.push_str("\r\n");
        self.out.write_all(line.as_bytes())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn field(&self, line: &mut String, field: &str) {
        let guarded = self.guard && field.starts_with(FORMULAS) && field.parse::<f64>().is_err();
        let special = |c: char| c == self.delimiter || matches!(c, '"' | '\r' | '\n');
        let quoted =
            self.quote_all || guarded || field.contains(special) || field.starts_with(' ') || field.ends_with(' ');
        if quoted {
            line.push('"');
        }
        if guarded {
            line.push('\'');
        }
        match quoted {
            true => line.push_str(&field.replace('"', "\"\"")),
            false => line.push_str(field),
        }
        if quoted {
            line.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(delimiter: char, quote_all: bool, guard: bool, fields: &[&str]) -> String {
        let mut out = Vec::new();
        Table::new(&mut out, delimiter, quote_all, guard).row(fields.iter().copied()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let fields = ["a", "", "b,c", "d\"e", "f\r\ng", " h", "i|j"];
        assert_eq!(line(',', false, true, &fields), "a,,\"b,c\",\"d\"\"e\",\"f\r\ng\",\" h\",i|j\r\n");
        assert_eq!(line('|', false, true, &["b,c", "i|j"]), "b,c|\"i|j\"\r\n");
        assert_eq!(line(',', true, true, &["a", ""]), "\"a\",\"\"\r\n");
    }

    #[test]
    fn formulas_are_defused_and_numbers_are_not() {
        let fields = ["=1+1", "+41 79", "-5", "@x", "\tx", "a=b", "-1e3"];
        let guarded = "\"'=1+1\",\"'+41 79\",-5,\"'@x\",\"'\tx\",a=b,-1e3\r\n";
        assert_eq!(line(',', false, true, &fields), guarded);
        assert_eq!(line(',', false, false, &fields), "=1+1,+41 79,-5,@x,\tx,a=b,-1e3\r\n");
    }
}
