//! One request file and how it is posted: as `envoi send` and curl would.
//!
//! `NN-Action-what.request.xml` is an envelope and goes to /Service.asmx; `NN-token-what.request.json` goes to /v2/token. What an
//! operator does stands in `NN-DEED-what.request.txt`: `time` moves the clock as `envoi time` does, `mail` shows the newest mail
//! to somebody as `envoi mail` does, `results` the results.xml that is attached to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{gateway::Answer, house::House};

pub(crate) const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// A request of a story.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// `01`
    pub(crate) number: String,
    /// `Create`; `token` for the token endpoint, `none` for an envelope that names no action; an operator's deed.
    pub(crate) action: String,
    pub(crate) request: PathBuf,
    pub(crate) response: PathBuf,
}

impl Exchange {
    /// The exchange of a request's file, when the file is one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (stem, end) = name.split_once(".request.").filter(|(_, end)| ["xml", "json", "txt"].contains(end))?;
        let mut parts = stem.splitn(3, '-');
        let (number, action, _what) = (parts.next()?, parts.next()?, parts.next()?);
        let end = match action {
            "time" => "json",
            "mail" => "eml",
            "results" => "xml",
            _ => end,
        };
        let response = format!("{stem}.response.{end}");
        Some(Self {
            number: number.to_owned(),
            action: action.to_owned(),
            request: path.to_owned(),
            response: path.with_file_name(response),
        })
    }

    /// Every exchange of a folder, in order.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let mut found: Vec<_> = files(folder).iter().filter_map(|path| Self::of(path)).collect();
        found.sort_by(|a, b| a.request.cmp(&b.request));
        found
    }

    /// Whether it is an operator's deed.
    pub(crate) fn is_operators(&self) -> bool {
        matches!(&*self.action, "time" | "mail" | "results")
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.request).unwrap_or_else(|error| panic!("{}: {error}", self.request.display()))
    }

    /// Posts `text`, which is the file's with its placeholders filled in.
    pub(crate) async fn post(&self, house: &House, text: &str) -> Answer {
        if self.is_operators() {
            return house.operate(&self.action, text.trim()).await;
        }
        if self.action == "token" {
            return house.post("/v2/token", &[("Content-Type", "application/json")], text.as_bytes()).await;
        }
        let quoted = format!("\"{}\"", self.action);
        let with_action = format!("application/soap+xml; charset=utf-8; action={quoted}");
        // The envelope's own wsa:Action is left to speak for itself.
        let named = self.action != "none" && !text.contains("/addressing\"");
        let headers = match (is_soap_12(text), named) {
            (true, true) => vec![("Content-Type", &*with_action)],
            (true, false) => vec![("Content-Type", "application/soap+xml; charset=utf-8")],
            (false, true) => vec![("Content-Type", "text/xml; charset=utf-8"), ("SOAPAction", &*quoted)],
            (false, false) => vec![("Content-Type", "text/xml; charset=utf-8")],
        };
        house.post("/Service.asmx", &headers, text.as_bytes()).await
    }

    /// What is wrong with the answer apart from its body: faults travel under 500, all else under 200, and the content
    /// type is that of the request's version (facts/wire 1.5 and 8).
    pub(crate) fn complaint(&self, request: &str, answer: &Answer) -> Option<String> {
        let (status, content_type) = if self.is_operators() {
            (200, "")
        } else if self.action == "token" {
            (if answer.body.contains("\"error\"") { 401 } else { 200 }, "application/json")
        } else {
            let content_type =
                if is_soap_12(request) { "application/soap+xml; charset=utf-8" } else { "text/xml; charset=utf-8" };
            (if answer.body.contains("<soap:Fault>") { 500 } else { 200 }, content_type)
        };
        let (found, of) = (answer.status, answer.header("content-type").unwrap_or_default());
        let fits = found == status && of.starts_with(content_type);
        (!fits).then(|| format!("answered with HTTP {found}, {of:?}; expected HTTP {status}, {content_type:?}"))
    }
}

fn is_soap_12(text: &str) -> bool {
    text.contains(SOAP_12)
}

/// The files of a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    found.sort();
    found
}

/// `samples/`
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The folders of stories; `clients` and `callbacks` hold programs, and what is in `connectors` is sent by tests/routes.rs.
pub(crate) fn stories() -> Vec<PathBuf> {
    let story = |path: &PathBuf| {
        path.is_dir()
            && path.file_name().is_some_and(|name| name != "clients" && name != "callbacks" && name != "connectors")
    };
    let found: Vec<_> = files(&root()).into_iter().filter(story).collect();
    assert!(found.len() > 10, "only {} stories in {}", found.len(), root().display());
    found
}
