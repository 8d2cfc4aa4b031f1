//! A request as it is shown to people: whole, but for its secrets.

use super::Request;

/// What stands for a secret.
const HIDDEN: &str = "…";

impl Request {
    /// The request below a base URL, with `…` for every secret. A body that is no text is told by its size.
    pub fn shown(&self, base: &str) -> String {
        let whole = self.target.starts_with("https://") || self.target.starts_with("http://");
        let mut out = format!("{} {}{}", self.method, if whole { "" } else { base }, self.target);
        if let Some((name, _)) = &self.query_secret {
            out.push_str(if self.target.contains('?') { "&" } else { "?" });
            out.push_str(&format!("{name}={HIDDEN}"));
        }
        out.push('\n');
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\n"));
        }
        for (name, secret) in &self.secret_headers {
            let scheme = if secret.expose().starts_with("Bearer ") { "Bearer " } else { "" };
            out.push_str(&format!("{name}: {scheme}{HIDDEN}\n"));
        }
        if let Some(content_type) = &self.content_type {
            out.push_str(&format!("Content-Type: {content_type}\n"));
        }
        if self.is_secret {
            out.push_str(&format!("\n{HIDDEN}\n"));
        } else if !self.body.is_empty() {
            let body = match std::str::from_utf8(&self.body) {
                Ok(text) => text.trim_end().replace("\r\n", "\n"),
                Err(_) => self.torn(),
            };
            out.push_str(&format!("\n{body}\n"));
        }
        out
    }

    /// A body with bytes in it that are no text: the text before them, and how much follows.
    fn torn(&self) -> String {
        let text = self.body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        // What looks like text at the beginning of a file is not.
        let head = text.rfind("\r\n\r\n").map_or("", |end| text.get(..end).unwrap_or_default());
        format!("{}\n\n({} more bytes)", head.replace("\r\n", "\n"), self.body.len().saturating_sub(head.len()))
    }
}
