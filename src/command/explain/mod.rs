//! `envoi explain`: what an error code means and what to do about it, from the tables that the server answers with.
//!
//! It asks no server.

mod systems;

use std::fmt::Write;

use clap::Args;

use super::{Exit, complain, say};
use crate::{
    backend::triggered_send::problems,
    connector::System,
    conversation::{
        Rejection, Unfit,
        code::{Rule, TABLE},
    },
    message::code,
    soap::fault::{API_CODES, ApiCode},
};

#[derive(Args)]
#[command(after_long_help = HELP)]
pub(super) struct Explain {
    /// The code of a Result, of one of SubscriberFailures or of a fault; or a system behind a connector (salesforce, yeastar,
    /// connectly). Without it, all codes are listed.
    #[arg(value_name = "CODE|SYSTEM", allow_negative_numbers = true)]
    code: Option<String>,
    /// A code of that system as it stands in its answers, or its name; without it, the system's codes are listed.
    #[arg(value_name = "ITS CODE", allow_negative_numbers = true)]
    native: Option<String>,
}

const HELP: &str = "Lists: without an argument number and text of every code of ours; with a system its own code, the number that \
stands for it in ErrorCode, the class, and its name.\n\nOf one code: When or Where it comes, what it Means, its Class, its Number, the \
Effect that it has here, and what to Do. Classes: ok, client (mend the request), auth (the log-in), not-found, conflict, rate-limit \
(the connector rests, then it is tried again), transient and server (tried again where that is safe).";

pub(super) fn explain(explain: &Explain) -> Exit {
    let Some(word) = explain.code.as_deref() else {
        let systems = System::ALL.map(System::name).join(" | ");
        return say(&format!("{}\nCodes of systems behind connectors: envoi explain {systems}\n", list()));
    };
    let system = systems::named(word);
    let told = match (system, explain.native.as_deref()) {
        (Some(system), None) => Ok(systems::list(system)),
        (Some(system), Some(code)) => systems::about(system, code),
        (None, Some(_)) => return complain(Exit::Usage, &format!("{word} is no system; {EXPECTED}")),
        (None, None) => match word.parse() {
            Ok(code) => about(code)
                .or_else(|| systems::by_number(code))
                .ok_or_else(|| format!("this server raises no code {code}; `envoi explain` lists all")),
            Err(_) => match everywhere(word) {
                Some(text) => Ok(text),
                None => return complain(Exit::Usage, &format!("{word} is no code; {EXPECTED}")),
            },
        },
    };
    match told {
        Ok(text) => say(&text),
        Err(why) => complain(Exit::Failed, &why),
    }
}

const EXPECTED: &str = "expected a number, or salesforce, yeastar or connectly with one of its codes";

/// A code that is a name says itself whose it is.
fn everywhere(word: &str) -> Option<String> {
    let found: Vec<String> = System::ALL.into_iter().filter_map(|system| systems::about(system, word).ok()).collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

/// Every code with its text, in order.
fn list() -> String {
    let rules = TABLE.iter().map(|rule| (rule.code, rule.text));
    let results = code::ALL.iter().map(|(_, error)| (error.code, error.text));
    let faults = API_CODES.iter().map(|api| (i64::from(api.code), api.text));
    let mut all: Vec<_> = rules.chain(results).chain(problems()).chain(faults).collect();
    // Stable, so that all tables keep their order; two codes stand in both of the first.
    all.sort_by_key(|(code, _)| *code);
    all.dedup();
    all.into_iter().fold(String::new(), |mut out, (code, text)| {
        let _ = writeln!(out, "{code:>6}  {}", text.replace("{}", "…"));
        out
    })
}

/// All that a code means: where it stands tells which it is.
fn about(code: i64) -> Option<String> {
    let rules: Vec<_> = TABLE.iter().filter(|rule| rule.code == code).collect();
    let results = code::MEANINGS.iter().filter(|(error, _)| error.code == code);
    let results = results.filter(|(error, _)| rules.iter().all(|rule| rule.text != error.text));
    let results = results.map(|(error, meaning)| {
        format!("{code}  {}\n\nWhere   Results of a call\nMeans   {meaning}\n", error.text.replace("{}", "…"))
    });
    let sends = problems().filter(|(number, _)| *number == code).map(|(_, text)| {
        let means = "this one subscriber of the triggered send gets no mail";
        format!("{code}  {text}\n\nWhere   SubscriberFailures of a TriggeredSend's Result\nMeans   {means}\n")
    });
    let faults = API_CODES.iter().filter(|api| i64::from(api.code) == code).map(|ApiCode { text, when, .. }| {
        format!("{code}  {text}\n\nWhere   a soap:Server fault, detail/apifault/Code\nMeans   {when}\n")
    });
    let all: Vec<_> = rules.iter().map(|rule| paragraph(rule)).chain(results).chain(sends).chain(faults).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn paragraph(rule: &Rule) -> String {
    let Rule { code, text, when, effect, remedy, .. } = rule;
    let reasons = if rule.rejection == Rejection::Insecure { Unfit::ALL.as_slice() } else { &[] };
    let reasons = reasons.iter().fold(String::new(), |out, why| out + &format!("Reason  the address {why}\n"));
    format!("{code}  {text}\n\nWhen    {when}\n{reasons}Effect  {effect}\nDo      {remedy}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_with_all_its_meanings() {
        for line in list().lines() {
            let (code, text) = line.trim_start().split_once("  ").unwrap();
            assert!(about(code.parse().unwrap()).unwrap().contains(text), "{line}");
        }
        for (code, words) in [
            (2, ["Exception occurred during", "system status is held", "apifault/Code"].as_slice()),
            (7, &["subscriber ID provided is invalid"]),
            (10, &["required attribute values missing"]),
            (13, &["does not match the subscriber key provided", "database problems"]),
            (17, &["Rate Limited"]),
            (227, &["has a user part", "1 to 65535", "four numbers", "is empty", "is no URL", "is not https"]),
            (26, &["attempting to build an email"]),
            (27, &["suppression list"]),
        ] {
            let said = about(code).unwrap();
            for word in words {
                assert!(said.contains(word), "{code}: {said}");
            }
        }
        assert_eq!(about(209).unwrap().matches("209  ").count(), 1);
        assert_eq!(about(999), None);
    }
}
