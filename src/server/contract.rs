//! Serving the contract: the WSDL, its slim forms and the fault schema, with validators, gzip and a small cache.
//! It renders nothing itself; what a document says is the schema room's.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::Compression;
use hyper::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY},
};
use sha2::{Digest, Sha256};

use super::{Outbound, coding};

/// When the documents were last changed; clients compare it with the time of their copy. Change it with wsdl/.
const REVISED: &str = "Sun, 22 Nov 2026 00:00:00 GMT";
/// Rendered documents kept. The host and the list of objects are the client's to choose, so the number must be bounded.
const KEPT: usize = 32;
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");

/// Renders the documents of the contract; the schema room does it.
pub struct Contract {
    /// The WSDL with all its addresses below this URL.
    pub wsdl: fn(&str) -> String,
    /// The WSDL with only what these objects reach, or what is wrong with the list.
    pub slim: Box<Slim>,
    /// The fault schema that the WSDL imports.
    pub fault_xsd: fn() -> &'static str,
}

/// Renders a slim WSDL from object names and a base URL.
pub type Slim = dyn Fn(&[&str], &str) -> Result<String, String> + Send + Sync;

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contract")
    }
}

/// Which document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The WSDL, or with object names its slim form.
    Wsdl {
        /// Scheme and host to write into it.
        base_url: String,
        /// Sorted, without doubles; empty means all.
        objects: Vec<String>,
    },
    /// The fault schema.
    FaultXsd,
}

/// The contract with its rendered documents.
#[derive(Debug)]
pub(crate) struct Library {
    contract: Arc<Contract>,
    shelf: Mutex<VecDeque<(Wanted, Arc<Document>)>>,
    /// Rendering is work that anyone may ask for; it never takes more than a thread.
    press: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Document {
    plain: Bytes,
    gzip: Option<Bytes>,
    tag: String,
}

impl Library {
    /// An empty shelf.
    pub(crate) fn new(contract: Contract) -> Self {
        Self { contract: Arc::new(contract), shelf: Mutex::default(), press: tokio::sync::Mutex::default() }
    }

    /// The answer to GET (HEAD is the same; the front door takes the body off).
    pub(crate) async fn answer(&self, wanted: Wanted, request: &HeaderMap) -> Outbound {
        match self.find(wanted).await {
            Ok(document) => document.answer(request),
            Err(wrong) => Outbound::new(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", wrong + "\n"),
        }
    }

    async fn find(&self, wanted: Wanted) -> Result<Arc<Document>, String> {
        if let Some(document) = self.kept(&wanted) {
            return Ok(document);
        }
        let _turn = self.press.lock().await;
        if let Some(document) = self.kept(&wanted) {
            return Ok(document);
        }
        let (contract, asked) = (Arc::clone(&self.contract), wanted.clone());
        let rendering = tokio::task::spawn_blocking(move || contract.render(&asked).map(Document::new));
        let document = rendering.await.map_err(|_| "The document could not be made.".to_owned())??;
        let document = Arc::new(document);
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() >= KEPT {
            shelf.pop_front();
        }
        shelf.push_back((wanted, Arc::clone(&document)));
        Ok(document)
    }

    fn kept(&self, wanted: &Wanted) -> Option<Arc<Document>> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.iter().find(|(kept, _)| kept == wanted).map(|(_, document)| Arc::clone(document))
    }
}

impl Contract {
    fn render(&self, wanted: &Wanted) -> Result<String, String> {
        match wanted {
            Wanted::Wsdl { base_url, objects } if objects.is_empty() => Ok((self.wsdl)(base_url)),
            Wanted::Wsdl { base_url, objects } => {
                let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
                (self.slim)(&objects, base_url)
            }
            Wanted::FaultXsd => Ok((self.fault_xsd)().to_owned()),
        }
    }
}

impl Document {
    fn new(text: String) -> Self {
        let plain = Bytes::from(text);
        let hash = Sha256::digest(&plain);
        let tag = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { gzip: coding::gzip(&plain, Compression::best()), plain, tag }
    }

    fn answer(&self, request: &HeaderMap) -> Outbound {
        let gzip = self.gzip.clone().filter(|_| coding::wants_gzip(request));
        // Two forms of one document are two entities to a strong validator.
        let tag = if gzip.is_some() { format!("\"{}-gzip\"", self.tag) } else { format!("\"{}\"", self.tag) };
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: HeaderValue| headers.insert(name, value);
        set(LAST_MODIFIED, HeaderValue::from_static(REVISED));
        set(VARY, HeaderValue::from_static("accept-encoding, host"));
        if let Ok(value) = HeaderValue::from_str(&tag) {
            set(ETAG, value);
        }
        if self.unchanged(request) {
            return Outbound { status: StatusCode::NOT_MODIFIED, headers, body: Bytes::new(), report: None };
        }
        set(CONTENT_TYPE, XML);
        if gzip.is_some() {
            set(hyper::header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let body = gzip.unwrap_or_else(|| self.plain.clone());
        Outbound { status: StatusCode::OK, headers, body, report: None }
    }

    /// If-None-Match decides when it is there; If-Modified-Since only then when not.
    fn unchanged(&self, request: &HeaderMap) -> bool {
        let mut tags = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).peekable();
        if tags.peek().is_some() {
            return tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
                tag == "*" || tag.strip_suffix("-gzip").unwrap_or(tag) == self.tag
            });
        }
        let since = request.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        since.and_then(moment).zip(moment(REVISED)).is_some_and(|(since, revised)| since >= revised)
    }
}

/// The three date formats of HTTP are all read; only the first is in use.
fn moment(text: &str) -> Option<jiff::Timestamp> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].iter().find_map(|format| {
        let date = jiff::civil::DateTime::strptime(format, text).ok()?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}
