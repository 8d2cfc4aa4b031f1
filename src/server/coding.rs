//! Compressing answers: only for who asks for gzip by name (unasked gzip breaks fifteen of the clients known).

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::{HeaderMap, header::ACCEPT_ENCODING};

/// Whether Accept-Encoding names gzip with a quality above zero. `*`, `none`, `compress` and all else mean identity.
pub(crate) fn wants_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named =
            parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip"));
        named && parts.all(|parameter| !refuses(parameter))
    })
}

/// `q=0`, `q=0.0`, or a quality that is none.
fn refuses(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && !value.trim().parse::<f32>().is_ok_and(|quality| quality > 0.0)
}

/// The gzip form, or nothing if it cannot be made.
pub(crate) fn gzip(plain: &[u8], level: Compression) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), level);
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(value: &str) -> bool {
        wants_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]))
    }

    #[test]
    fn gzip_is_given_only_to_who_names_it() {
        for asked in ["gzip", "gzip,deflate", "br, GZIP;q=0.5", "deflate;q=1, gzip ; q = 1.0", "x-gzip"] {
            assert!(wants(asked), "{asked}");
        }
        for other in
            ["", "none", "identity", "compress", "*", "gzip;q=0", "gzip; q=0.000", "gzip;q=x", "gzipped", "deflate"]
        {
            assert!(!wants(other), "{other}");
        }
        assert!(!wants_gzip(&HeaderMap::new()));
    }
}
