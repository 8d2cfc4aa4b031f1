//! The ports of the simulated backends: HTTP/1, requests read whole, faults in between.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited, combinators::BoxBody};
use hyper::{Request, Response, StatusCode, body::Frame, body::Incoming, header, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{
    Asked, Reply, Reset, Served, What,
    told::{limited, told, too_long},
};

/// Bytes of a request that are read: the largest file and what is around it.
const MOST: usize = 26 << 20;
/// The wait before a port is asked again that gave an error.
const PAUSE: Duration = Duration::from_millis(100);

type Body = BoxBody<Bytes, Closed>;

/// The connection is closed without an answer, or within it.
#[derive(Debug, thiserror::Error)]
#[error("closed as it was asked for")]
struct Closed;

/// Serves until the runtime ends.
pub(super) async fn serve(listener: TcpListener, served: Arc<Served>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            served.clock.after(PAUSE).await;
            continue;
        };
        let served = Arc::clone(&served);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let served = Arc::clone(&served);
                async move { respond(&served, request).await }
            });
            // A caller that goes away, or a reset that was asked for, ends the connection and nothing else.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(served: &Served, request: Request<Incoming>) -> Result<Response<Body>, Closed> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let mut asked = Asked {
        method: parts.method.to_string(),
        query: query(parts.uri.query().unwrap_or_default()),
        headers: parts.headers,
        body: Vec::new(),
        path,
    };
    let (delay, what) = served.faults.next(served.name, asked.is_login());
    if what == Some(What::Reset(Reset::Before)) {
        return Err(Closed);
    }
    let is_whole = match Limited::new(body, MOST).collect().await {
        Ok(body) => {
            asked.body = body.to_bytes().to_vec();
            true
        }
        Err(error) if error.is::<LengthLimitError>() => false,
        Err(_) => return Err(Closed),
    };
    let mut retry_after = None;
    let reply = match &what {
        _ if !is_whole => {
            let (status, body) = too_long(served.system, &asked.path);
            Reply::new(status, body)
        }
        Some(What::Code(code)) => {
            let (status, body) = told(served.system, code, &asked.path);
            Reply::new(status, body)
        }
        Some(What::Limit(after)) => {
            retry_after = *after;
            let (status, body) = limited(served.system);
            Reply::new(status, body)
        }
        _ => served.answer(&asked),
    };
    for event in reply.webhooks {
        served.webhooks.tell(served.name, served.system, &event);
    }
    if let Some(delay) = delay {
        served.clock.after(delay).await;
    }
    let text = Bytes::from(reply.body.to_string());
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK))
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(after) = retry_after {
        response = response.header(header::RETRY_AFTER, after.as_secs());
    }
    let body = match what {
        Some(What::Reset(Reset::After)) => return Err(Closed),
        Some(What::Reset(Reset::Body)) => {
            response = response.header(header::CONTENT_LENGTH, text.len());
            Half(Some(text.slice(..text.len() / 2))).boxed()
        }
        _ => http_body_util::Full::new(text).map_err(|never: Infallible| match never {}).boxed(),
    };
    response.body(body).map_err(|_| Closed)
}

/// Half of a body, and then nothing more.
struct Half(Option<Bytes>);

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(Closed)))
    }
}

/// Names and values of a query.
pub(super) fn query(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// Percent-decoding.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.split_at_checked(2).and_then(|(hex, rest)| Some((u8::from_str_radix(hex, 16).ok()?, rest))) {
            Some((byte, rest)) => {
                plain.push(byte);
                plain.extend(rest.bytes());
            }
            None => plain.extend(part.bytes()),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
