//! The kinds of values: how each is read from text, checked and written.
//!
//! A file may hold numbers, booleans and lists as TOML has them; environment and flags give text. Both come here as
//! text, so that all three accept the same.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::Config;
use crate::{
    message::host::host,
    server::{Network, NotANetwork},
};

/// A kind of value, with its bounds and the place in [`Config`] where it goes.
pub(super) enum Kind<C: 'static = Config> {
    /// Bytes: `10MiB`, `64KiB`, `1024`.
    Size { min: u64, max: u64, put: fn(&mut C, u64) },
    /// `1079s`, `5m`, `14d`, `250ms`; a number alone could be anything.
    Duration { min: Duration, max: Duration, put: fn(&mut C, Duration) },
    /// A whole number.
    Number { min: u64, max: u64, put: fn(&mut C, u64) },
    /// `127.0.0.1:8080`
    Address { put: fn(&mut C, SocketAddr) },
    /// Addresses and blocks of them, separated by commas.
    Networks { put: fn(&mut C, Vec<Network>) },
    /// Names of hosts or addresses, without port, separated by commas.
    Hosts { put: fn(&mut C, Vec<String>) },
    /// `true` or `false`
    Flag { put: fn(&mut C, bool) },
    /// One of a few words.
    Choice { of: &'static [&'static str], put: fn(&mut C, &str) },
    /// Text, checked.
    Text { check: fn(&str) -> Result<(), String>, put: fn(&mut C, String) },
    /// Text that is never shown, and not taken from arguments.
    Secret { put: fn(&mut C, String) },
    /// A file that has to be there.
    File { put: fn(&mut C, PathBuf) },
    /// A directory, made when it is missing.
    Directory { put: fn(&mut C, PathBuf) },
    /// A list of texts without commas in them.
    Texts { put: fn(&mut C, Vec<String>) },
}

/// What stands for a secret where settings are shown.
const HIDDEN: &str = "not shown";

const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const DURATIONS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl<C> Kind<C> {
    /// Reads a value into its place, and gives it as it is in force. Relative paths start at `base`. The error says what
    /// was expected.
    pub(super) fn put(&self, config: &mut C, text: &str, base: &std::path::Path) -> Result<String, String> {
        match self {
            Self::Size { min, max, put } => {
                let bytes = scaled(text, &SIZES, Some(1)).ok_or("expected a number of bytes such as 64KiB or 10MiB")?;
                let bytes = within(bytes, *min, *max, size)?;
                put(config, bytes);
                Ok(size(bytes))
            }
            Self::Duration { min, max, put } => {
                let millis = scaled(text, &DURATIONS, None).ok_or_else(|| no_duration(text))?;
                let millis = within(millis, millis_of(*min), millis_of(*max), duration)?;
                put(config, Duration::from_millis(millis));
                Ok(duration(millis))
            }
            Self::Number { min, max, put } => {
                let number = text.replace('_', "").parse().map_err(|_| "expected a whole number".to_owned())?;
                let number = within(number, *min, *max, |number| number.to_string())?;
                put(config, number);
                Ok(number.to_string())
            }
            Self::Address { put } => {
                let address: SocketAddr =
                    text.parse().map_err(|_| "expected ADDRESS:PORT such as 127.0.0.1:8080 or [::1]:0".to_owned())?;
                put(config, address);
                Ok(address.to_string())
            }
            Self::Networks { put } => {
                let parts: Vec<_> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
                let networks: Result<Vec<Network>, NotANetwork> = parts.iter().map(|part| part.parse()).collect();
                put(config, networks.map_err(|error| error.to_string())?);
                Ok(parts.join(","))
            }
            Self::Hosts { put } => {
                let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
                let hosts = hosts.map(|text| host(text).map(str::to_lowercase)).collect::<Result<Vec<_>, _>>();
                let hosts = hosts.map_err(|unfit| unfit.to_string())?;
                let shown = hosts.join(",");
                put(config, hosts);
                Ok(shown)
            }
            Self::Flag { put } => {
                put(config, text.parse().map_err(|_| "expected true or false".to_owned())?);
                Ok(text.to_owned())
            }
            Self::Choice { of, put } if of.contains(&text) => {
                put(config, text);
                Ok(text.to_owned())
            }
            Self::Choice { of, .. } => Err(format!("`{text}` is not known: expected {}", of.join(" or "))),
            Self::Text { check, put } => {
                check(text)?;
                put(config, text.to_owned());
                Ok(text.to_owned())
            }
            Self::Secret { put } => {
                put(config, text.to_owned());
                Ok(HIDDEN.to_owned())
            }
            Self::File { put } => {
                let path = base.join(text);
                crate::file::find(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                put(config, path.clone());
                Ok(path.display().to_string())
            }
            Self::Directory { put } => {
                let path = base.join(text);
                if path.exists() && !path.is_dir() {
                    return Err(format!("{} is not a directory", path.display()));
                }
                put(config, path.clone());
                Ok(path.display().to_string())
            }
            Self::Texts { put } => {
                let texts: Vec<_> =
                    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
                let shown = texts.join(",");
                put(config, texts);
                Ok(shown)
            }
        }
    }

    /// The kind and bounds in words, for the settings table.
    pub(super) fn words(&self) -> String {
        let between = |min: String, max: String| format!("{min} to {max}");
        match self {
            Self::Size { min, max, .. } => between(size(*min), size(*max)),
            Self::Duration { min, max, .. } => between(duration(millis_of(*min)), duration(millis_of(*max))),
            Self::Number { min, max, .. } => between(min.to_string(), max.to_string()),
            Self::Address { .. } => "address:port".into(),
            Self::Networks { .. } => "addresses, blocks".into(),
            Self::Hosts { .. } => "hosts".into(),
            Self::Flag { .. } => "true or false".into(),
            Self::Choice { of, .. } => of.join(" or "),
            Self::Text { .. } => "text".into(),
            Self::Secret { .. } => "secret".into(),
            Self::File { .. } => "file".into(),
            Self::Directory { .. } => "directory".into(),
            Self::Texts { .. } => "list of texts".into(),
        }
    }

    /// Whether the file writes it without quotation marks.
    pub(super) fn bare(&self) -> bool {
        matches!(self, Self::Number { .. } | Self::Flag { .. })
    }

    /// Whether it is never shown.
    pub(super) fn secret(&self) -> bool {
        matches!(self, Self::Secret { .. })
    }

    /// Whether the file writes it as a list.
    pub(super) fn listed(&self) -> bool {
        matches!(self, Self::Networks { .. } | Self::Hosts { .. } | Self::Texts { .. })
    }
}

/// `bare` is what a number without a unit counts; `None` where it has to have one.
fn scaled(text: &str, units: &[(&str, u64)], bare: Option<u64>) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.replace('_', "").parse().ok()?;
    let unit = unit.trim();
    let scale = if unit.is_empty() { bare? } else { units.iter().find(|(name, _)| *name == unit)?.1 };
    number.checked_mul(scale)
}

fn no_duration(text: &str) -> String {
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return format!("expected a duration such as {digits}s: a number alone has no unit");
    }
    "expected a duration such as 250ms, 30s, 5m, 2h or 14d".to_owned()
}

fn within(value: u64, min: u64, max: u64, show: fn(u64) -> String) -> Result<u64, String> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(format!("{} is out of range: expected {} to {}", show(value), show(min), show(max)))
}

fn millis_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn size(bytes: u64) -> String {
    let whole = SIZES.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

fn duration(millis: u64) -> String {
    let whole = DURATIONS.iter().rev().find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{millis}ms"), |(name, unit)| format!("{}{name}", millis / unit))
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    ::toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_have_units() {
        let bytes = |text| scaled(text, &SIZES, Some(1));
        assert_eq!((bytes("10MiB"), bytes("64 KiB"), bytes("1_024")), (Some(10 << 20), Some(64 << 10), Some(1024)));
        let millis = |text| scaled(text, &DURATIONS, None);
        assert_eq!((millis("1079s"), millis("5m"), millis("250ms")), (Some(1_079_000), Some(300_000), Some(250)));
        assert_eq!((millis("1079"), millis("0")), (None, None));
        assert_eq!(no_duration("5"), "expected a duration such as 5s: a number alone has no unit");
        for wrong in ["", "x", "5 min", "-1", "1.5s", "99999999999999999999", "9999999999999999d"] {
            assert_eq!((bytes(wrong), millis(wrong)), (None, None), "{wrong}");
        }
        assert_eq!(
            (size(10 << 20), size(1023), duration(300_000), duration(0)),
            ("10MiB".into(), "1023B".into(), "5m".into(), "0ms".into())
        );
    }
}
