//! What a mail about results says: a subject, a text, and the same as HTML. Pure.
//!
//! It is for people: short, bounded whatever the call was, without links and images, in the reader's own colours. Programs
//! read the attachment.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    conversation::respond::Event,
    mail::one_line,
    object::{self, Node},
    schema::Schema,
    store::Outcome,
};

use super::{super::cut::LIMITS, Told};

/// Rows of a table; more are counted.
const ROWS: usize = 50;
/// Characters of one value.
const VALUE: usize = 300;
/// Characters of an id in the subject.
const SUBJECT: usize = 100;

/// What is said, before it has a form.
pub(super) struct Summary {
    state: &'static str,
    about: String,
    facts: Vec<(&'static str, String)>,
    tables: Vec<Table>,
    closing: &'static str,
}

struct Table {
    title: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// How many are not shown.
    more: usize,
}

/// Says what is told.
pub(super) fn of(told: &Told, schema: &Arc<Schema>) -> Summary {
    let state = match told.event {
        Event::CallOk => "OK",
        Event::CallError | Event::Error => "Error",
        Event::Complete => "Complete",
        Event::Timeout => "Timeout",
        Event::Expired => "Expired",
        Event::Deleted => "Deleted",
    };
    let of_call = matches!(told.event, Event::CallOk | Event::CallError);
    let part = told.parts.iter().find(|part| part.sequence == told.about);
    let operation = part.map_or("Call", |part| part.operation.as_str());
    let whole = match told.name.is_single() {
        true => format!("request {}", shown(told.name.id(), SUBJECT)),
        false => format!("conversation {}", shown(told.name.id(), SUBJECT)),
    };
    let about = match (of_call, told.name.is_single()) {
        (true, true) => format!("{operation}, {whole}"),
        (true, false) => format!("{operation}, part {} of {} of {whole}", told.about, told.calls),
        (false, _) => whole,
    };
    let mut facts = vec![("State", state.to_owned())];
    let mut fact = |name, value: String| {
        if !value.is_empty() {
            facts.push((name, value));
        }
    };
    if !told.name.is_single() {
        fact("ConversationID", shown(told.name.id(), VALUE));
        fact("Parts", format!("{} of {} came", told.parts.len(), told.calls));
    }
    for name in ["RequestID", "SequenceCode", "OverallStatusCode", "StatusMessage", "ErrorCode"] {
        fact(name, shown(told.field(name), VALUE));
    }
    fact("First accepted", told.opened.seconds());
    fact("Ended", told.ended.map(|ended| ended.seconds()).unwrap_or_default());
    fact("Account (MID)", told.account.to_string());
    let mut tables = Vec::new();
    if !of_call && told.parts.len() > 1 {
        tables.push(parts(told));
    }
    if let Some(detail) = told.detail() {
        tables.extend(objects(detail, schema));
    }
    let closing = match (told.detail().is_some(), told.target.include_results) {
        (true, _) => "The results of every object are attached as XML.",
        (false, true) => "There are no results to attach: this call was not run.",
        (false, false) => {
            "Results were not asked for (IncludeResults); they can be retrieved as ResultItem and ResultMessage."
        }
    };
    Summary { state, about, facts, tables, closing }
}

fn parts(told: &Told) -> Table {
    let row = |part: &super::super::render::PartTold| {
        let outcome = match part.outcome {
            Some(Outcome::Ok) => "OK",
            Some(Outcome::Error) => "Error",
            Some(Outcome::NotCompleted) => "not completed",
            None => "not run yet",
        };
        let finished = part.finished.map(|finished| finished.seconds()).unwrap_or_default();
        let objects = part.objects.to_string();
        vec![
            part.sequence.to_string(),
            shown(&part.operation, VALUE),
            objects,
            outcome.to_owned(),
            finished,
            shown(&part.request_id, VALUE),
        ]
    };
    Table {
        title: "Parts",
        head: vec!["Sequence", "Call", "Objects", "Outcome", "Finished", "RequestID"],
        rows: told.parts.iter().take(ROWS).map(row).collect(),
        more: told.parts.len().saturating_sub(ROWS),
    }
}

/// A row for each object, those with errors first; none when the results are of another shape.
fn objects(detail: &str, schema: &Arc<Schema>) -> Option<Table> {
    let tree = object::read(detail.to_owned(), schema, &LIMITS).ok()?;
    let mut found = Vec::new();
    for results in tree.root().children_named("Results") {
        match results.child("StatusCode") {
            Some(_) => found.push(results),
            None => found.extend(results.children().filter(|child| child.child("StatusCode").is_some())),
        }
    }
    if found.is_empty() {
        return None;
    }
    let all = found.len();
    let text = |node: Node<'_>, name: &str| {
        node.child(name).filter(|child| !child.is_nil()).map(|child| shown(&child.text(), VALUE)).unwrap_or_default()
    };
    found.sort_by_key(|row| text(*row, "StatusCode") == "OK");
    let row = |row: &Node<'_>| {
        let correlation = row.child("Object").map(|object| text(object, "CorrelationID")).unwrap_or_default();
        let mut values = vec![text(*row, "OrdinalID"), correlation];
        values.extend(["StatusCode", "ErrorCode", "StatusMessage"].map(|name| text(*row, name)));
        values
    };
    Some(Table {
        title: "Objects",
        head: vec!["OrdinalID", "CorrelationID", "StatusCode", "ErrorCode", "StatusMessage"],
        rows: found.iter().take(ROWS).map(row).collect(),
        more: all.saturating_sub(ROWS),
    })
}

/// A value on one line, cut where it is too long.
fn shown(text: &str, most: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

impl Summary {
    pub(super) fn subject(&self) -> String {
        format!("{}: {}", self.state, self.about)
    }

    pub(super) fn text(&self) -> String {
        let mut out = format!("{}: {}\n\n", self.state, self.about);
        for (name, value) in &self.facts {
            // Writing into a String does not fail, here and below.
            let _ = writeln!(out, "{name:18} {value}");
        }
        for table in &self.tables {
            let _ = writeln!(out, "\n{}", table.title);
            for row in &table.rows {
                let cells = table.head.iter().zip(row).filter(|(_, value)| !value.is_empty());
                let cells: Vec<_> = cells.map(|(name, value)| format!("{name} {value}")).collect();
                let _ = writeln!(out, "- {}", cells.join(", "));
            }
            if table.more > 0 {
                let _ = writeln!(out, "- and {} more", table.more);
            }
        }
        let _ = write!(out, "\n{}\n", self.closing);
        out
    }

    pub(super) fn html(&self) -> String {
        let mut out = String::from(HEAD);
        let _ = writeln!(out, "<h1 style=\"font-size:1.2em\">{}: {}</h1>", escaped(self.state), escaped(&self.about));
        out += "<table role=\"presentation\">\n";
        for (name, value) in &self.facts {
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\" style=\"{CELL}\">{}</th><td style=\"{CELL}\">{}</td></tr>",
                escaped(name),
                escaped(value)
            );
        }
        out += "</table>\n";
        for table in &self.tables {
            let _ = writeln!(out, "<h2 style=\"font-size:1em\">{}</h2>\n<table>\n<tr>", escaped(table.title));
            for name in &table.head {
                let _ = writeln!(out, "<th scope=\"col\" style=\"{CELL}\">{}</th>", escaped(name));
            }
            out += "</tr>\n";
            for row in &table.rows {
                out += "<tr>\n";
                for value in row {
                    let _ = writeln!(out, "<td style=\"{CELL}\">{}</td>", escaped(value));
                }
                out += "</tr>\n";
            }
            out += "</table>\n";
            if table.more > 0 {
                let _ = writeln!(out, "<p>and {} more</p>", table.more);
            }
        }
        let _ = write!(out, "<p>{}</p>\n</body>\n</html>\n", escaped(self.closing));
        out
    }
}

/// No colour but that of the lines: readers have their own, also dark ones.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
    <title>Results</title>\n</head>\n<body style=\"font-family:sans-serif\">\n";
const CELL: &str = "text-align:left;vertical-align:top;padding:2px 12px 2px 0;border-bottom:1px solid #888";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
