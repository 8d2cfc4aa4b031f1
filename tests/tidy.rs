//! Holds the rules of the house that the compiler does not: rooms import downwards, files say what they are, and stay short.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "tidy/rings.rs"]
mod rings;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rooms, in the order in which they may know of each other: each imports only those before it.
const ROOMS: &[&str] = &[
    "clock",
    "file",
    "trust",
    "schema",
    "object",
    "soap",
    "message",
    "conversation",
    "connector",
    "store",
    "mail",
    "backend",
    "notify",
    "queue",
    "simulated",
    "server",
    "config",
    "command",
    "main",
];

/// Rooms without a socket, a disk, a clock, a thread or async.
const PURE: &[&str] = &["schema", "object", "soap", "message", "conversation", "connector"];

/// Files that are tables: long because their data is.
const TABLES: &[&str] = &["src/connector/codes/table.rs"];

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("sources are text");
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 20, "found only {} sources", found.len());
    found
}

fn relative(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn room(path: &Path) -> String {
    let relative = relative(path);
    let first = relative.trim_start_matches("src/").split('/').next().unwrap_or_default().to_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The code before the tests at the foot of a file.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

#[test]
fn rooms_import_downwards() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let here = room(&path);
        if here == "lib" {
            continue;
        }
        let place = ROOMS.iter().position(|room| *room == here).unwrap_or_else(|| panic!("{here} is no room"));
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                // use crate::{ a::B, c::{D, E} }: the names at depth one.
                Some(list) => top_names(list),
                None => vec![rest],
            };
            for name in names {
                let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let Some(other) = ROOMS.iter().position(|room| *room == name) else { continue };
                if other > place {
                    wrong.push(format!("{} imports {name}", relative(&path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn top_names(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(list[start..at].trim());
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn files_say_what_they_hold() {
    let silent: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| relative(&path)).collect();
    assert!(silent.is_empty(), "no //! at the head of: {}", silent.join(", "));
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(path, text)| text.lines().count() > 400 && !TABLES.contains(&relative(path).as_str()))
        .map(|(path, text)| format!("{} has {} lines", relative(&path), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn pure_rooms_have_no_effects() {
    let effects = ["std::net", "std::fs", "std::thread", "tokio::", "async fn", "sled::", "std::env", "hyper::"];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if PURE.contains(&room(&path).as_str()) {
            let found = effects.iter().filter(|effect| code(&text).contains(**effect));
            wrong.extend(found.map(|effect| format!("{} uses {effect}", relative(&path))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_outside_thing_has_one_place() {
    // (what, the only places that may name it)
    let rules: &[(&str, &[&str])] = &[
        ("sled::", &["src/store/"]),
        ("quick_xml", &["src/object/"]),
        ("yaserde", &["src/schema/", "src/message/"]),
        ("SystemTime::now", &["src/clock.rs"]),
        ("Instant::now", &["src/clock.rs"]),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let place = relative(&path);
        for (what, only) in rules {
            let named = code(&text).lines().any(|line| line.contains(what) && !line.trim_start().starts_with("//"));
            if named && !only.iter().any(|only| place.starts_with(only)) {
                wrong.push(format!("{place} names {what}, which only {} may", only.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
