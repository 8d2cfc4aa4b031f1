//! README says what the program does: its table of error codes is the program's own.

use std::{env, fs, path::Path};

use envoi::{
    conversation::code::{Rule, TABLE},
    message::code,
};

/// Holds the text between two markers to what it should be, and writes it when asked to.
fn holds(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = readme.split_once(&begin).expect("the table's beginning");
    let (found, after) = rest.split_once(&end).expect("the table's end");
    if found != expected && env::var_os("ENVOI_UPDATE").is_some() {
        fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).expect("README.md is written");
    }
    assert_eq!(found, expected, "run with ENVOI_UPDATE=1, once for each table, and again without");
}

#[test]
fn the_tables_of_error_codes_are_the_programs() {
    let mut expected = String::from("| Code | StatusMessage |\n|---|---|\n");
    for (_, error) in code::ALL {
        // `{}` stands for what the call was about.
        expected += &format!("| {} | {} |\n", error.code, error.text.replace("{}", "…"));
    }
    holds("codes", &expected);
    let mut expected =
        String::from("| Code | StatusMessage | When | Effect | What the caller can do |\n|---|---|---|---|---|\n");
    for Rule { code, text, when, effect, remedy, .. } in TABLE {
        expected += &format!("| {code} | {text} | {when} | {effect} | {remedy} |\n");
    }
    holds("conversation codes", &expected);
}

#[test]
fn there_are_two_commands_to_set_up_and_go() {
    let readme = include_str!("../README.md");
    assert!(readme.contains("## Run it\n\n```sh\ncargo run --release -- demo\n```"));
    assert!(readme.contains("## Test it\n\n```sh\ncargo test\n```"));
    let ci = include_str!("../.ci/run");
    assert!(ci.contains("ENVOI_REQUIRE_ALL=1 cargo test\n"), ".ci/run runs the command of the README");
}
