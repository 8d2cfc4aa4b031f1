//! Where values come from (flags, environment, file) and how they become a [`Config`].

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::de::DeTable;

use super::{
    Config, Effective, accounts, connectors,
    document::{Problem, Source, text},
    near::perhaps,
    table::{Setting, settings},
};
use crate::file;

/// What was given, in the order in which it counts: flags, environment, file.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The configuration file: its name for messages, and its text.
    pub file: Option<(PathBuf, String)>,
    /// The environment. Settings are in variables that begin with `ENVOI_`; connectors name theirs.
    pub environment: Vec<(String, String)>,
    /// Key, value, and the flag for messages.
    pub flags: Vec<(String, String, String)>,
}

/// Variables that commands, samples and tests take beside the settings.
const OTHER_VARIABLES: [&str; 11] = [
    "ENVOI_ACCOUNT",
    "ENVOI_ADMIN",
    "ENVOI_CLIENT_ID",
    "ENVOI_CLIENT_SECRET",
    "ENVOI_CONFIG",
    "ENVOI_LONG",
    "ENVOI_PASSWORD",
    "ENVOI_REQUIRE_ALL",
    "ENVOI_TOKEN",
    "ENVOI_URL",
    "ENVOI_USER",
];

/// A value that was given, and where.
struct Given {
    text: Result<String, String>,
    place: String,
    base: PathBuf,
}

impl Config {
    /// Reads and checks everything. The accounts come from the file (and the one that it names), or from `accounts`.
    pub fn load(layers: &Layers) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut given = BTreeMap::new();
        let mut config = Self::empty();
        let mut directory = accounts::Drafts::default();
        let mut drafts = connectors::Drafts::default();
        if let Some((path, text)) = &layers.file {
            let source = Source::new(path, text);
            let table = source.parse(&mut problems);
            read_file(&source, table.get_ref(), &mut given, (&mut directory, &mut drafts), &mut problems);
        }
        read_environment(&layers.environment, &mut given, &mut config.warnings);
        for (key, value, flag) in &layers.flags {
            match setting(key) {
                Some(setting) => {
                    // Every user of the machine can read arguments.
                    let text = match setting.kind.secret() {
                        true => {
                            Err("is a secret, and not taken from an argument: use a file or the environment".into())
                        }
                        false => Ok(value.clone()),
                    };
                    given.insert(setting.key, Given { text, place: flag.clone(), base: PathBuf::new() });
                }
                None => problems.push(unknown(flag.clone(), key)),
            }
        }
        for setting in settings() {
            apply(&mut config, setting, given.get(setting.key), &mut problems);
        }
        if let Some(path) = config.accounts_file.clone() {
            read_accounts(&path, &mut directory, &mut problems);
        }
        directory.settle(&mut config, &mut problems);
        drafts.settle(&mut config, &layers.environment, &mut problems);
        config.cross_check(&mut problems);
        only_whole_lines(&mut problems);
        problems.sort_by_cached_key(Problem::order);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}

/// Takes back what was found on lines that are no TOML: it would be guesswork.
fn only_whole_lines(problems: &mut Vec<Problem>) {
    let not_toml = |problem: &Problem| problem.key.is_empty();
    let torn: Vec<_> = problems.iter().filter(|problem| not_toml(problem)).map(|p| p.place.clone()).collect();
    problems.retain(|problem| not_toml(problem) || !torn.contains(&problem.place));
}

fn apply(config: &mut Config, setting: &'static Setting, given: Option<&Given>, problems: &mut Vec<Problem>) {
    let (text, place, base) = match given {
        Some(given) => (given.text.as_deref(), given.place.as_str(), given.base.as_path()),
        None => (Ok(setting.default), super::DEFAULT, Path::new("")),
    };
    let put = match text {
        // Empty means unset, for the settings that have no default.
        Ok("") if setting.default.is_empty() => Ok(String::new()),
        Ok(text) => setting.kind.put(config, text, base),
        Err(what) => Err(what.to_owned()),
    };
    let value = put.unwrap_or_else(|what| {
        problems.push(Problem { place: place.into(), key: setting.key.into(), what });
        String::new()
    });
    config.effective.push(Effective { key: setting.key, value, origin: place.into() });
}

fn setting(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

fn read_file(
    source: &Source<'_>,
    table: &DeTable<'_>,
    given: &mut BTreeMap<&'static str, Given>,
    (directory, connectors): (&mut accounts::Drafts, &mut connectors::Drafts),
    problems: &mut Vec<Problem>,
) {
    let base = source.path.parent().unwrap_or(Path::new("")).to_owned();
    for (name, value) in table {
        let section = name.get_ref().as_ref();
        let place = || source.place(&name.span());
        if accounts::LISTS.contains(&section) {
            directory.read(source, section, value, problems);
        } else if connectors::LISTS.contains(&section) {
            connectors.read(source, section, value, problems);
        } else if let Some(fields) = value.get_ref().as_table() {
            for (field, value) in fields {
                let key = format!("{section}.{}", field.get_ref());
                let place = source.place(&field.span());
                match setting(&key) {
                    Some(setting) => {
                        let text = text(value.get_ref());
                        given.insert(setting.key, Given { text, place, base: base.clone() });
                    }
                    None => problems.push(unknown(place, &key)),
                }
            }
        } else {
            problems.push(unknown(place(), section));
        }
    }
}

fn read_environment(
    environment: &[(String, String)],
    given: &mut BTreeMap<&'static str, Given>,
    warnings: &mut Vec<Problem>,
) {
    for setting in settings() {
        let name = setting.environment();
        if let Some((_, value)) = environment.iter().find(|(variable, _)| *variable == name) {
            given.insert(setting.key, Given { text: Ok(value.clone()), place: name, base: PathBuf::new() });
        }
    }
    // A misspelt one is worth a word, but not the start.
    let known: Vec<_> = settings().map(Setting::environment).chain(OTHER_VARIABLES.map(str::to_owned)).collect();
    for (variable, _) in environment.iter().filter(|(variable, _)| variable.starts_with("ENVOI_")) {
        let set_by_cluster = ["ENVOI_PORT", "ENVOI_SERVICE_"].iter().any(|start| variable.starts_with(start));
        if !set_by_cluster && !known.contains(variable) {
            let perhaps = perhaps(variable, known.iter().map(String::as_str));
            let what = format!("no setting has this name{perhaps}; it is ignored");
            warnings.push(Problem { place: variable.clone(), key: String::new(), what });
        }
    }
}

fn read_accounts(path: &Path, directory: &mut accounts::Drafts, problems: &mut Vec<Problem>) {
    let text = match file::read_text(path, file::LONGEST_SETTINGS) {
        Ok(text) => text,
        Err(error) => {
            let (place, key) = (path.display().to_string(), "access.accounts".into());
            return problems.push(Problem { place, key, what: error.to_string() });
        }
    };
    let source = Source::new(path, &text);
    let table = source.parse(problems);
    for (name, value) in table.get_ref() {
        let section = name.get_ref().as_ref();
        if accounts::LISTS.contains(&section) {
            directory.read(&source, section, value, problems);
        } else {
            problems.push(unknown(source.place(&name.span()), section));
        }
    }
}

/// An unknown key, with the one that was perhaps meant.
fn unknown(place: String, key: &str) -> Problem {
    let perhaps = perhaps(key, settings().map(|setting| setting.key).chain(accounts::LISTS).chain(connectors::LISTS));
    Problem { place, key: key.into(), what: format!("there is no such setting{perhaps}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_near_the_one_that_was_meant() {
        let problem = unknown("envoi.toml:3".into(), "server.lisen");
        let expected = "envoi.toml:3: server.lisen: there is no such setting; perhaps `server.listen` is meant";
        assert_eq!(problem.to_string(), expected);
    }
}
