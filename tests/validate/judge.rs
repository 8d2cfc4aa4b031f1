//! xmllint as the judge: a parser and a schema compiler that share no code with envoi.

use std::{collections::HashMap, fs, io::ErrorKind, path::Path, process::Command};

/// The schemas that stand beside this file; `partnerapi.xsd` and the fault's come from the gateway.
const SCHEMAS: [&str; 7] = ["answers.xsd", "soap11.xsd", "soap12.xsd", "xml.xsd", "wsa.xsd", "wsse.xsd", "wsu.xsd"];

/// A document to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What a complaint calls it.
    pub(crate) name: String,
    /// The request that it answers.
    pub(crate) request: String,
    pub(crate) text: String,
    /// Whether the request left out members that the schema requires.
    pub(crate) partial: bool,
}

/// Judges documents by a schema.
pub(crate) struct Judge {
    folder: tempfile::TempDir,
}

impl Judge {
    /// `None`, loudly, when there is no xmllint.
    pub(crate) fn new(wsdl: &str, fault_xsd: &str) -> Option<Self> {
        if let Err(error) = Command::new("xmllint").arg("--version").output() {
            assert_eq!(error.kind(), ErrorKind::NotFound, "xmllint: {error}");
            let required = std::env::var_os("ENVOI_REQUIRE_ALL").is_some_and(|value| value == "1");
            assert!(!required, "xmllint is missing, and ENVOI_REQUIRE_ALL=1");
            eprintln!("SKIPPED: 1 test. No answer was validated: xmllint (Debian: libxml2-utils) is missing.");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validate");
        for schema in SCHEMAS {
            fs::copy(here.join(schema), folder.path().join(schema)).expect("a schema is copied");
        }
        fs::write(folder.path().join("partnerapi.xsd"), schema_of(wsdl)).expect("written");
        fs::write(folder.path().join("ETFrameworkFault.xsd"), fault_xsd).expect("written");
        Some(Self { folder })
    }

    /// What is wrong with each document, in one process for all. Line numbers say nothing here and are left out.
    pub(crate) fn complaints(&self, documents: &[Document]) -> Vec<Vec<String>> {
        let names: Vec<_> = (0..documents.len()).map(|at| format!("{at:05}.xml")).collect();
        for (name, document) in names.iter().zip(documents) {
            fs::write(self.folder.path().join(name), &document.text).expect("written");
        }
        let mut found: HashMap<&str, Vec<String>> = HashMap::new();
        // Some systems allow 128 KiB of arguments.
        for batch in names.chunks(2000) {
            let mut command = Command::new("xmllint");
            command.args(["--noout", "--nonet", "--schema", "answers.xsd"]).args(batch);
            let output = command.current_dir(self.folder.path()).output().expect("xmllint runs");
            let said = String::from_utf8_lossy(&output.stderr);
            for line in said.lines() {
                let (name, what) = line.split_once(['.', ' ']).unwrap_or((line, ""));
                let name = format!("{name}.xml");
                let Some(name) = batch.iter().find(|known| **known == name) else { continue };
                match what.strip_prefix("xml ") {
                    Some("validates") => {
                        found.entry(name).or_default();
                    }
                    Some("fails to validate") => {
                        assert!(found.get(&**name).is_some_and(|all| !all.is_empty()), "{said}")
                    }
                    _ => {
                        let what = what.trim_start_matches("xml:").trim_start_matches(|c: char| c.is_ascii_digit());
                        found.entry(name).or_default().push(what.trim_start_matches([':', ' ']).to_owned());
                    }
                }
            }
            let judged = batch.iter().filter(|name| found.contains_key(&***name)).count();
            assert_eq!(judged, batch.len(), "xmllint did not judge everything: {said}");
        }
        names.iter().map(|name| found.remove(&**name).unwrap_or_default()).collect()
    }
}

/// Documents that stand alone are valid by the WSDL that is served.
pub(crate) fn valid(documents: Vec<String>) {
    let wsdl = envoi::schema::contract::wsdl("http://127.0.0.1");
    let Some(judge) = Judge::new(&wsdl, envoi::schema::contract::fault_xsd()) else { return };
    let document = |text: String| Document { name: String::new(), request: String::new(), text, partial: false };
    let documents: Vec<_> = documents.into_iter().map(document).collect();
    for (document, complaints) in documents.iter().zip(judge.complaints(&documents)) {
        assert!(complaints.is_empty(), "{complaints:?}\n{}", document.text);
    }
}

/// The schema in a WSDL, with the prefixes that `definitions` declares around it (facts/clients section 4) and the import
/// pointed at a file beside it.
fn schema_of(wsdl: &str) -> String {
    let definitions = &wsdl[wsdl.find("definitions ").expect("definitions")..];
    let definitions = &definitions[..definitions.find('>').expect("an end of the tag")];
    let start = wsdl.find("<xsd:schema ").expect("a schema");
    let end = wsdl.find("</xsd:schema>").expect("its end") + "</xsd:schema>".len();
    let schema = &wsdl[start..end];
    let tag = &schema[..schema.find('>').expect("an end of the tag")];
    let missing: String = definitions
        .split_whitespace()
        .filter(|attribute| attribute.starts_with("xmlns:"))
        .filter(|attribute| !tag.contains(attribute.split('=').next().unwrap_or_default()))
        .map(|attribute| format!(" {attribute}"))
        .collect();
    let schema = schema.replacen("<xsd:schema", &format!("<xsd:schema{missing}"), 1);
    let at = schema.find("schemaLocation=\"").expect("an import") + "schemaLocation=\"".len();
    let rest = &schema[at..];
    let quote = rest.find('"').expect("its end");
    assert!(rest[..quote].ends_with("/ETFrameworkFault.xsd"), "the import leaves for {}", &rest[..quote]);
    format!("{}ETFrameworkFault.xsd{}", &schema[..at], &rest[quote..])
}
