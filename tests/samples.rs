//! The stories of samples/, told to a whole gateway: each request is posted, each answer must be the one beside it.
//!
//! Expected answers are written by `ENVOI_UPDATE=1 cargo test --test samples`, which fails when it wrote something: what it
//! wrote is to be read before it is kept.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly, in its helpers too"
)]

#[path = "samples/diff.rs"]
mod diff;
#[path = "samples/eml.rs"]
mod eml;
#[path = "samples/exchange.rs"]
mod exchange;
#[path = "wire/gateway.rs"]
#[allow(dead_code, reason = "shared with the tests of the wire")]
mod gateway;
#[allow(dead_code, reason = "the validating test uses the rest")]
#[path = "samples/house.rs"]
mod house;
#[path = "samples/layout.rs"]
mod layout;
#[path = "samples/mask.rs"]
mod mask;

use std::{fs, path::Path};

use exchange::{Exchange, files, root, stories};
use gateway::schema;
use house::House;
use mask::Mask;

fn shown(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string()
}

#[tokio::test]
async fn every_story_is_answered_as_it_is_written() {
    let update = std::env::var_os("ENVOI_UPDATE").is_some_and(|value| value == "1");
    let (mut wrong, mut told) = (Vec::new(), 0);
    for story in stories() {
        let house = House::of(&story).await;
        let mut mask = Mask::default();
        for exchange in Exchange::all(&story) {
            told += 1;
            let request = mask.fill(&exchange.text());
            // So that an answer does not depend on how soon the one before was given.
            house.idle().await;
            let answer = exchange.post(&house, &request).await;
            let place = shown(&exchange.response);
            if let Some(complaint) = exchange.complaint(&request, &answer) {
                wrong.push(format!("{place}: {complaint}\n{}", answer.body));
            }
            let found = match exchange.action.as_str() {
                "token" => mask.hide_json(&exchange.number, &answer.body),
                "time" => answer.body.trim_end().to_owned() + "\n",
                "mail" => mask.hide_mail(&exchange.number, &answer.body),
                // A document of its own has a line for its declaration.
                _ => layout::lines(&mask.hide(&exchange.number, &request, &answer.body.replacen("?>\n", "?>", 1))),
            };
            let expected = fs::read_to_string(&exchange.response).unwrap_or_default();
            if found == expected {
                continue;
            }
            if update {
                fs::write(&exchange.response, &found).expect("samples can be written");
                wrong
                    .push(format!("{place}: rewritten; read it before you keep it\n{}", diff::diff(&expected, &found)));
            } else {
                wrong.push(format!("{place}: not the expected answer\n{}", diff::diff(&expected, &found)));
            }
        }
    }
    assert!(told > 40, "only {told} requests were posted");
    assert!(wrong.is_empty(), "{} of {told} differ\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_file_has_its_place() {
    let mut wrong = Vec::new();
    for story in stories() {
        let exchanges = Exchange::all(&story);
        let numbers: Vec<_> = exchanges.iter().map(|exchange| exchange.number.clone()).collect();
        let expected: Vec<_> = (1..=exchanges.len()).map(|number| format!("{number:02}")).collect();
        if numbers != expected || exchanges.is_empty() {
            wrong.push(format!("{}: requests are numbered {numbers:?}", shown(&story)));
        }
        for path in files(&story) {
            let used = path.file_name().is_some_and(|name| name == "README.md")
                || exchanges.iter().any(|exchange| exchange.request == path || exchange.response == path);
            if !used {
                wrong.push(format!("{} is used by no test", shown(&path)));
            }
        }
    }
    let list = fs::read_to_string(root().join("README.md")).unwrap_or_default();
    for path in files(&root()) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        if name != "README.md" && !(path.is_dir() && list.contains(&format!("({name}/)"))) {
            wrong.push(format!("samples/README.md does not list {name}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_readme_names_its_files_and_how_to_run_them() {
    let mut wrong = Vec::new();
    let mut folders = stories();
    // Programs, and envelopes for another server, each run as its README says.
    let programs = ["clients", "callbacks", "connectors"].map(|name| root().join(name));
    folders.extend(programs.clone());
    for folder in folders {
        let place = shown(&folder);
        let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        if !readme.starts_with("# ") || !readme.contains("```") {
            wrong.push(format!("{place}/README.md has no title or no command"));
        }
        for path in files(&folder) {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            if name != "README.md" && !name.contains(".response.") && !readme.contains(name) {
                wrong.push(format!("{place}/README.md does not name {name}"));
            }
        }
        if !programs.contains(&folder) && !readme.contains("envoi send") && !readme.contains("curl") {
            wrong.push(format!("{place}/README.md does not say how to run it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn addresses_are_nobodys() {
    let mut wrong = Vec::new();
    for exchange in stories().iter().flat_map(|story| Exchange::all(story)) {
        for word in exchange.text().split(|c: char| c.is_whitespace() || "<>\"".contains(c)) {
            let domain = word.rsplit_once('@').map(|(_, domain)| domain);
            if domain.is_some_and(|domain| domain != "example.com") {
                wrong.push(format!("{}: {word}", shown(&exchange.request)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `envoi send` takes the action from the body's root; where a file's name says another, the README must name the action.
#[test]
fn names_say_the_action_that_the_message_has() {
    let mut wrong = Vec::new();
    for story in stories() {
        let readme = fs::read_to_string(story.join("README.md")).unwrap_or_default();
        for exchange in Exchange::all(&story) {
            let known = schema().operations().iter().find(|operation| *operation.action == *exchange.action);
            let ways = [format!("--action {}", exchange.action), format!("SOAPAction: \"{}\"", exchange.action)];
            let said = ways.iter().any(|way| readme.contains(way));
            if !said && known.is_some_and(|operation| !exchange.text().contains(&*operation.input)) {
                wrong.push(shown(&exchange.request));
            }
        }
    }
    assert!(wrong.is_empty(), "these do not hold the message of their action: {}", wrong.join(", "));
}
