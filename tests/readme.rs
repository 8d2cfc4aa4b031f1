//! README says what the program does: its tables of settings, error codes and scopes are the program's own.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::{
    env, fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use envoi::{
    config,
    conversation::code::{Rule, TABLE},
    message::{client::Scopes, code},
};

/// Held while a table is written: the tests here run side by side.
static README: Mutex<()> = Mutex::new(());

/// Holds that what stands in README between two marks is what the program says.
fn hold(mark: &str, expected: &str) {
    let _alone = README.lock().unwrap_or_else(PoisonError::into_inner);
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme.split_once(&begin).expect("the table's beginning");
    let (found, after) = rest.split_once(&end).expect("the table's end");
    if found != expected && env::var_os("ENVOI_UPDATE").is_some() {
        fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).expect("README.md is written");
    }
    assert_eq!(found, expected, "run once with ENVOI_UPDATE=1 for each table");
}

#[test]
fn the_table_of_settings_is_the_programs() {
    hold("settings", &config::markdown());
}

#[test]
fn the_table_of_scopes_is_the_programs() {
    hold("scopes", &Scopes::markdown());
}

#[test]
fn the_table_of_error_codes_is_the_programs() {
    let mut expected = String::from("| Code | StatusMessage |\n|---|---|\n");
    for (_, error) in code::ALL {
        // `{}` stands for what the call was about.
        expected += &format!("| {} | {} |\n", error.code, error.text.replace("{}", "…"));
    }
    hold("codes", &expected);
    let mut expected =
        String::from("| Code | StatusMessage | When | Effect | What the caller can do |\n|---|---|---|---|---|\n");
    for Rule { code, text, when, effect, remedy, .. } in TABLE {
        expected += &format!("| {code} | {text} | {when} | {effect} | {remedy} |\n");
    }
    hold("conversation codes", &expected);
}

#[test]
fn there_are_two_commands_to_set_up_and_go() {
    let readme = include_str!("../README.md");
    assert!(readme.contains("## Run it\n\n```sh\ncargo run --release -- demo\n```"));
    assert!(readme.contains("## Test it\n\n```sh\ncargo test\n```"));
    let ci = include_str!("../.ci/run");
    assert!(ci.contains("ENVOI_REQUIRE_ALL=1 cargo test\n"), ".ci/run runs the command of the README");
}

#[test]
fn the_table_of_connector_numbers_is_the_programs() {
    hold("connector numbers", &envoi::connector::codes::markdown());
}

#[test]
fn the_table_of_connector_fields_is_the_programs() {
    hold("connector", &config::connector_markdown());
}

#[test]
fn the_table_of_route_fields_is_the_programs() {
    hold("route", &config::route_markdown());
}
