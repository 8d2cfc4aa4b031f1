//! One HTTP exchange with a server: for `envoi send` and `envoi doctor`. HTTPS trusts the system's roots and `--ca`.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use super::{Exit, complain};
use crate::{message::host, trust};

/// No answer of ours is longer.
const MAX_ANSWER: usize = 256 << 20;
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// For what ends when its work is done: a clock that waits for receivers, a copy of a large store.
pub(super) const WHOLE_WORK: Duration = Duration::from_secs(24 * 3600);

/// Complains of a URL at which nobody can be: that is no failure of the network, which ends by itself. A password in it is not
/// repeated.
pub(super) fn usable(argument: &str, text: &str) -> Result<(), Exit> {
    let read = host::url(text).map_err(|unfit| unfit.to_string());
    let read = read.and_then(|start| match start.rest.contains('#') || text.parse::<Uri>().is_err() {
        true => Err("expected no more than a path behind the host".to_owned()),
        false => Ok(()),
    });
    read.map_err(|why| complain(Exit::Usage, &format!("{argument}: {why}")))
}

/// A connection pool with its trust.
pub(super) struct Caller {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    patience: Duration,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answered {
    /// What an operators' listener says that does not do as it was asked.
    pub(super) fn complaint(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        let said = body.get("error").and_then(Value::as_str);
        said.map_or_else(|| String::from_utf8_lossy(&self.body).trim().to_owned(), str::to_owned)
    }
}

impl Caller {
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, String> {
        // A machine without roots can still talk http, and https by `--ca`.
        let own = ca.map(trust::authorities).transpose().map_err(|error| error.to_string())?.unwrap_or_default();
        let config = trust::client(trust::system(), &own).map_err(|error| error.to_string())?;
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        Ok(Self { client: Client::builder(TokioExecutor::new()).build(connector), patience: PATIENCE })
    }

    /// Waits so long for an answer.
    pub(super) fn waiting(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(super) async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: impl Into<Bytes>,
    ) -> Result<Answered, String> {
        // A query may name what nobody else is to know: the id of a mail.
        let (shown, _) = url.split_once('?').unwrap_or((url, ""));
        let uri: Uri = url.parse().map_err(|error| format!("{shown}: {error}"))?;
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("User-Agent", concat!("envoi/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body.into())).map_err(|error| format!("{shown}: {error}"))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| format!("{shown}: {}", chain(&error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, MAX_ANSWER)
                .collect()
                .await
                .map_err(|error| format!("{shown}: {}", chain(&*error)))?;
            Ok(Answered { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
        };
        let patience = self.patience;
        tokio::time::timeout(patience, exchange).await.map_err(|_| format!("{shown}: no answer within {patience:?}"))?
    }
}

/// An error with its causes: hyper's own text is just "client error (Connect)".
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
