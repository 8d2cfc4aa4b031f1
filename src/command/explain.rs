//! `envoi explain`: what an error code means and what to do about it, from the tables that the server answers with.
//!
//! It asks no server.

use std::fmt::Write;

use clap::Args;

use super::{Exit, complain, say};
use crate::{
    conversation::code::{Rule, TABLE},
    message::code,
};

#[derive(Args)]
pub(super) struct Explain {
    /// The ErrorCode of a Result; without it, all codes are listed.
    code: Option<i64>,
}

pub(super) fn explain(explain: &Explain) -> Exit {
    match explain.code {
        None => say(&list()),
        Some(code) => match about(code) {
            Some(text) => say(&text),
            None => complain(Exit::Failed, &format!("this server raises no code {code}; `envoi explain` lists all")),
        },
    }
}

/// Every code with its text, in order.
fn list() -> String {
    let rules = TABLE.iter().map(|rule| (rule.code, rule.text));
    let others = code::ALL.iter().map(|(_, error)| (error.code, error.text));
    let mut all: Vec<_> = rules.chain(others).collect();
    // Stable, so that both tables keep their order; two codes stand in both.
    all.sort_by_key(|(code, _)| *code);
    all.dedup();
    all.into_iter().fold(String::new(), |mut out, (code, text)| {
        let _ = writeln!(out, "{code:>6}  {}", text.replace("{}", "…"));
        out
    })
}

fn about(code: i64) -> Option<String> {
    let rules: Vec<_> = TABLE.iter().filter(|rule| rule.code == code).collect();
    if rules.is_empty() {
        let (error, meaning) = code::MEANINGS.iter().find(|(error, _)| error.code == code)?;
        return Some(format!("{code}  {}\n\nMeans   {meaning}\n", error.text.replace("{}", "…")));
    }
    Some(rules.into_iter().map(paragraph).collect::<Vec<_>>().join("\n"))
}

fn paragraph(rule: &Rule) -> String {
    let Rule { code, text, when, effect, remedy, .. } = rule;
    format!("{code}  {text}\n\nWhen    {when}\nEffect  {effect}\nDo      {remedy}\n")
}
