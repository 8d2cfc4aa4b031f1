//! Reading a request's body within its limits of size and time, and taking gzip or deflate off it. It never looks into
//! what the bytes say.
//!
//! hyper has no limit for bodies, neither of size nor of time; both are ours.

use std::{io::Read, pin::pin};

use bytes::{Bytes, BytesMut};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Body, Incoming},
    header::{CONTENT_ENCODING, EXPECT},
};
use tokio::time::{Duration, sleep, timeout};

use super::{BodyError, Settings, budget::Share};

/// What decoding may produce before the ratio counts: small bodies of one repeated word are no attack.
const FREE: usize = 64 << 10;
/// The most that is reserved ahead for a declared length.
const PROMISED: usize = 1 << 20;
/// Decoding more than this leaves the reactor's threads.
const INLINE: usize = 16 << 10;

/// Reads the whole body; `received` is told how many bytes came over the wire. `share` holds its bytes in the budget of all
/// bodies; the caller keeps it as long as the body.
pub(crate) async fn read(
    body: Incoming,
    headers: &HeaderMap,
    settings: &Settings,
    received: &mut u64,
    share: &mut Share,
) -> Result<Bytes, BodyError> {
    let coding = coding(headers)?;
    let sent = collect(body, headers, settings, received, share).await?;
    let Some(coding) = coding else { return Ok(sent) };
    let (limit, inflation) = (settings.max_body, settings.max_inflation);
    if sent.len() <= INLINE && sent.len().saturating_mul(inflation) <= FREE {
        return decode(coding, &sent, limit, inflation);
    }
    // What it will become is not known before; the surplus goes back at once.
    hold(share, limit, settings).await?;
    let decoded = tokio::task::spawn_blocking(move || decode(coding, &sent, limit, inflation));
    let decoded = decoded.await.unwrap_or(Err(BodyError::Broken))?;
    share.hold(decoded.len()).await;
    Ok(decoded)
}

/// Takes a place for so many bytes; who waits too long for one is refused rather than kept.
async fn hold(share: &mut Share, bytes: usize, settings: &Settings) -> Result<(), BodyError> {
    timeout(settings.body_timeout, share.hold(bytes)).await.map_err(|_| BodyError::Crowded)
}

async fn collect(
    mut body: Incoming,
    headers: &HeaderMap,
    settings: &Settings,
    received: &mut u64,
    share: &mut Share,
) -> Result<Bytes, BodyError> {
    let limit = settings.max_body;
    let too_large = BodyError::TooLarge { limit };
    let declared = body.size_hint().lower();
    if declared > limit as u64 && headers.contains_key(EXPECT) {
        // Whoever asked first hears it before sending anything.
        return Err(too_large);
    }
    // A body of one piece, the usual case, is not copied.
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    let mut rate = pin!(sleep(settings.body_timeout));
    loop {
        let frame = tokio::select! {
            biased;
            frame = timeout(settings.body_timeout, body.frame()) => frame.map_err(|_| BodyError::TooSlow)?,
            () = rate.as_mut(), if settings.body_min_rate > 0 => return Err(BodyError::TooSlow),
        };
        let data = match frame {
            None => break,
            Some(Err(_)) => return Err(BodyError::Broken),
            // Trailers say nothing that is wanted here.
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        *received += data.len() as u64;
        if first.len().max(whole.len()) + data.len() > limit {
            // Most clients write all before they read: an answer now, and the close after it, would be lost to them.
            drop((first, whole));
            let rest = discard(&mut body, limit.saturating_mul(4), received);
            let _late = timeout(settings.body_timeout, rest).await;
            return Err(too_large);
        }
        hold(share, first.len().max(whole.len()) + data.len(), settings).await?;
        if let Some(earned) = (data.len() as u64 * 1000).checked_div(u64::from(settings.body_min_rate)) {
            let deadline = rate.deadline() + Duration::from_millis(earned);
            // A burst does not pay for hours of dripping: credit ends where the first grant did.
            let most = sleep(settings.body_timeout).deadline();
            rate.as_mut().reset(deadline.min(most));
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            // What is declared is not yet sent: room for it is not given on a promise.
            whole.reserve(usize::try_from(declared).unwrap_or(limit).min(limit).min(PROMISED));
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// Reads on to the end of a body that nobody wants, but not for ever.
async fn discard(body: &mut Incoming, most: usize, received: &mut u64) {
    let mut left = most;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        *received += length as u64;
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
}

/// What Content-Encoding asks to take off; several codings on one another are not spoken.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, BodyError> {
    let mut found = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().map_err(|_| BodyError::UnknownCoding)?;
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let coding = match name.to_ascii_lowercase().as_str() {
                "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                _ => return Err(BodyError::UnknownCoding),
            };
            if found.replace(coding).is_some() {
                return Err(BodyError::UnknownCoding);
            }
        }
    }
    Ok(found)
}

fn decode(coding: Coding, sent: &[u8], limit: usize, inflation: usize) -> Result<Bytes, BodyError> {
    match coding {
        Coding::Gzip => drain(MultiGzDecoder::new(sent), "gzip", sent.len(), limit, inflation),
        // HTTP's deflate is zlib's format, but some clients send it bare.
        Coding::Deflate if zlib(sent) => drain(ZlibDecoder::new(sent), "deflate", sent.len(), limit, inflation),
        Coding::Deflate => drain(DeflateDecoder::new(sent), "deflate", sent.len(), limit, inflation),
    }
}

fn zlib(sent: &[u8]) -> bool {
    matches!(sent, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

/// Decodes no more than is allowed, whatever the sender promised.
fn drain(
    decoder: impl Read,
    coding: &'static str,
    sent: usize,
    limit: usize,
    inflation: usize,
) -> Result<Bytes, BodyError> {
    let inflated = sent.saturating_mul(inflation).max(FREE);
    let allowed = limit.min(inflated);
    let mut whole = Vec::new();
    let mut bounded = decoder.take(allowed as u64 + 1);
    bounded.read_to_end(&mut whole).map_err(|_| BodyError::Corrupt { coding })?;
    match whole.len() > allowed {
        true if inflated < limit => Err(BodyError::Inflated { limit: inflation }),
        true => Err(BodyError::TooLarge { limit }),
        false => Ok(Bytes::from(whole)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use hyper::header::HeaderValue;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_in_members_and_both_kinds_of_deflate_are_decoded() {
        let mut members = gzip(b"<Envelope>");
        members.extend(gzip(b"</Envelope>"));
        assert_eq!(decode(Coding::Gzip, &members, 1000, 200).unwrap(), "<Envelope></Envelope>");
        let mut wrapped = ZlibEncoder::new(Vec::new(), Compression::fast());
        wrapped.write_all(b"<a/>").unwrap();
        assert_eq!(decode(Coding::Deflate, &wrapped.finish().unwrap(), 1000, 200).unwrap(), "<a/>");
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(b"<a/>").unwrap();
        assert_eq!(decode(Coding::Deflate, &bare.finish().unwrap(), 1000, 200).unwrap(), "<a/>");
    }

    #[test]
    fn what_grows_too_much_is_refused_before_it_has_grown() {
        let bomb = gzip(&vec![b' '; 4 << 20]);
        assert_eq!(decode(Coding::Gzip, &bomb, 1 << 20, 2000), Err(BodyError::TooLarge { limit: 1 << 20 }));
        assert_eq!(decode(Coding::Gzip, &bomb, 64 << 20, 200), Err(BodyError::Inflated { limit: 200 }));
        assert_eq!(decode(Coding::Gzip, &bomb, 4 << 20, 2000).unwrap().len(), 4 << 20);
    }

    #[test]
    fn cut_or_foreign_bytes_are_corrupt() {
        let whole = gzip(b"<Envelope/>");
        let corrupt = Err(BodyError::Corrupt { coding: "gzip" });
        assert_eq!(decode(Coding::Gzip, &whole[..whole.len() - 3], 1000, 200), corrupt);
        assert_eq!(decode(Coding::Gzip, b"<Envelope/>", 1000, 200), corrupt);
        assert_eq!(decode(Coding::Deflate, b"<Envelope/>", 1000, 200), Err(BodyError::Corrupt { coding: "deflate" }));
    }

    #[test]
    fn codings_are_read_liberally_but_never_guessed() {
        let asked =
            |value: &'static str| coding(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(value))]));
        assert_eq!(asked("GZip"), Ok(Some(Coding::Gzip)));
        assert_eq!(asked("identity, x-gzip"), Ok(Some(Coding::Gzip)));
        assert_eq!(asked(""), Ok(None));
        assert_eq!(asked("br"), Err(BodyError::UnknownCoding));
        assert_eq!(asked("gzip, gzip"), Err(BodyError::UnknownCoding));
    }
}
