//! A file inside a PartnerProperty: `data:TYPE;name=NAME;base64,…` (RFC 2397).

use base64::{Engine, engine::general_purpose::STANDARD};

/// A file, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its media type.
    pub(crate) media_type: String,
    /// Its name.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
}

impl File {
    /// Reads it; `None` where it is no such address.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (head, data) = text.trim().strip_prefix("data:")?.split_once(',')?;
        let head = head.strip_suffix(";base64")?;
        let (media_type, parameters) = head.split_once(';').unwrap_or((head, ""));
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+/".contains(c);
        if media_type.split('/').count() != 2 || !media_type.chars().all(token) {
            return None;
        }
        let name = parameters.split(';').find_map(|parameter| parameter.strip_prefix("name="));
        // It stands in a header between quotation marks.
        let name = name.map(|name| name.replace(|c: char| c.is_control() || matches!(c, '"' | '\\' | '/'), "_"));
        let joined: String = data.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(joined).ok()?;
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "file".to_owned());
        Some(Self { media_type: media_type.to_owned(), name, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read() {
        let file = File::read("data:image/png;name=a\"b.png;base64,aGVs\n bG8=").unwrap();
        let expected = File { media_type: "image/png".into(), name: "a_b.png".into(), bytes: b"hello".to_vec() };
        assert_eq!(file, expected);
        assert_eq!(File::read("data:text/plain;base64,").unwrap().name, "file");
        for wrong in
            ["https://example.com/a.png", "data:image/png,abc", "data:;base64,aGVsbG8=", "data:image/png;base64,%"]
        {
            assert_eq!(File::read(wrong), None, "{wrong}");
        }
    }
}
