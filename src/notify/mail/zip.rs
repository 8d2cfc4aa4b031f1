//! A ZIP archive of one file (PKWARE APPNOTE 6.3): deflate as flate2 has it, and the headers around it. Pure.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};

use crate::clock::Time;

/// Deflate, and the version that has it.
const DEFLATE: u16 = 8;
const STORED: u16 = 0;
const VERSION: u16 = 20;
/// The name is UTF-8.
const UTF8: u16 = 1 << 11;

/// An archive with this file in it. Results are far shorter than the 4 GiB that the format ends at.
pub(super) fn one(name: &str, content: &[u8], at: Time) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(content);
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail; if it ever does, the file is stored as it is.
    let (method, data) = match encoder.write_all(content).and_then(|()| encoder.finish()) {
        Ok(data) => (DEFLATE, data),
        Err(_) => (STORED, content.to_vec()),
    };
    let (time, date) = dos(at);
    let mut common = Vec::new();
    for word in [VERSION, UTF8, method, time, date] {
        common.extend(word.to_le_bytes());
    }
    for long in [crc.sum(), length(&data), length(content)] {
        common.extend(long.to_le_bytes());
    }
    common.extend(short(name.as_bytes()).to_le_bytes());
    common.extend(0_u16.to_le_bytes());

    let mut out = b"PK\x03\x04".to_vec();
    out.extend(&common);
    out.extend(name.as_bytes());
    out.extend(&data);
    let start = length(&out);
    out.extend(b"PK\x01\x02");
    out.extend(VERSION.to_le_bytes());
    out.extend(&common);
    // Comment, disk, internal attributes; external ones; where the file begins.
    out.extend([0; 6]);
    out.extend([0; 4]);
    out.extend(0_u32.to_le_bytes());
    out.extend(name.as_bytes());
    let size = length(&out) - start;
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend(1_u16.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

fn short(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}

/// MS-DOS time and date, in UTC; 1980 is where they begin.
fn dos(at: Time) -> (u16, u16) {
    let Ok(moment) = jiff::Timestamp::from_millisecond(at.millis()) else { return (0, 33) };
    let at = moment.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u16::try_from(number).unwrap_or(0);
    let year = u16::try_from(i32::from(at.year()) - 1980).unwrap_or(0).min(127);
    let time = part(at.hour()) << 11 | part(at.minute()) << 5 | part(at.second()) / 2;
    (time, year << 9 | part(at.month()) << 5 | part(at.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_ms_dos() {
        // 2021-12-30T12:00:06Z
        assert_eq!(dos(Time::from_millis(1_640_865_606_250)), (12 << 11 | 3, 41 << 9 | 12 << 5 | 30));
    }
}
