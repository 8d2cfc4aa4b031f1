//! README says what the program does: its table of error codes is the program's own.

use std::{env, fs, path::Path};

use envoi::message::code;

const BEGIN: &str = "<!-- codes -->\n";
const END: &str = "<!-- /codes -->";

#[test]
fn the_table_of_error_codes_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (found, after) = rest.split_once(END).expect("the table's end");
    let mut expected = String::from("| Code | StatusMessage |\n|---|---|\n");
    for (_, error) in code::ALL {
        // `{}` stands for what the call was about.
        expected += &format!("| {} | {} |\n", error.code, error.text.replace("{}", "…"));
    }
    if found != expected && env::var_os("ENVOI_UPDATE").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{expected}{END}{after}")).expect("README.md is written");
    }
    assert_eq!(found, expected, "run once with ENVOI_UPDATE=1");
}

#[test]
fn there_are_two_commands_to_set_up_and_go() {
    let readme = include_str!("../README.md");
    assert!(readme.contains("## Run it\n\n```sh\ncargo run --release -- demo\n```"));
    assert!(readme.contains("## Test it\n\n```sh\ncargo test\n```"));
    let ci = include_str!("../.ci/run");
    assert!(ci.contains("ENVOI_REQUIRE_ALL=1 cargo test\n"), ".ci/run runs the command of the README");
}
