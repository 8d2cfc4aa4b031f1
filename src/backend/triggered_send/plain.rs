//! The text of an HTML body, for the readers of an e-mail that has no text of its own. Pure.
//!
//! It is no renderer: tags become line breaks or nothing, a link its words and its address, references their characters.

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "div",
    "dl",
    "dt",
    "dd",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// Of these an empty line is left before and behind.
const APART: &[&str] = &["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul"];
/// Elements whose content is nothing to read.
const SILENT: &[&str] = &["head", "script", "style", "title"];

/// The text of an HTML document or fragment. Lines end with `\n`; never more than one empty line together.
pub(crate) fn plain(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    let mut link: Option<(String, usize)> = None;
    while !rest.is_empty() {
        let (text, tag) = rest.split_once('<').map_or((rest, None), |(text, tag)| (text, Some(tag)));
        page.words(text);
        let Some(tag) = tag else { break };
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            page.words("<");
            rest = tag;
            continue;
        }
        let (inside, after) = split_tag(tag);
        rest = after;
        let closes = inside.starts_with('/');
        let name = inside.trim_start_matches('/');
        let name = name.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default().to_ascii_lowercase();
        if SILENT.contains(&name.as_str()) && !closes {
            rest = behind(rest, &name);
            continue;
        }
        match (name.as_str(), closes) {
            ("br", _) => page.line(),
            ("li", false) => {
                page.block(false);
                page.words("- ");
            }
            ("td" | "th", true) => page.words(" "),
            ("a", false) => link = attribute(inside, "href").map(|address| (address, page.text.len())),
            ("a", true) => {
                if let Some((address, from)) = link.take() {
                    page.address(&address, from);
                }
            }
            (name, _) if BLOCKS.contains(&name) => page.block(APART.contains(&name)),
            _ => {}
        }
    }
    page.text.truncate(page.text.trim_end().len());
    page.text
}

/// The inside of a tag and what follows it; a `>` in quotes does not end it.
fn split_tag(tag: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => {
                let (inside, rest) = tag.split_at_checked(at).unwrap_or((tag, ""));
                return (inside, rest.strip_prefix('>').unwrap_or(rest));
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    (tag, "")
}

/// What follows the end tag of an element.
fn behind<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once("</") {
        if tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return tag.split_once('>').map_or("", |(_, rest)| rest);
        }
        rest = tag;
    }
    ""
}

/// The value of an attribute in the inside of a tag.
fn attribute(inside: &str, wanted: &str) -> Option<String> {
    let mut rest = inside.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('=').map(str::trim_start) {
            None => ("", after),
            Some(value) => match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                Some(quote) => value.get(1..)?.split_once(quote).unwrap_or((value.get(1..)?, "")),
                None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
            },
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(unescaped(value.trim()));
        }
        // A lone `=` is no name; it must not be met again.
        rest = if name.is_empty() { next.trim_start_matches('=').trim_start() } else { next.trim_start() };
    }
    None
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Adds words, with one space for any white space.
    fn words(&mut self, text: &str) {
        for c in unescaped(text).chars() {
            if !c.is_whitespace() {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
    }

    fn line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn block(&mut self, apart: bool) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if self.text.is_empty() {
            return;
        }
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        if apart && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds the address of a link whose words began at a place; what is its own address is said once.
    fn address(&mut self, address: &str, from: usize) {
        let words = self.text.get(from..).unwrap_or_default().trim();
        let bare = |text: &str| text.trim_start_matches("mailto:").trim_end_matches('/').to_owned();
        if address.is_empty() || address.starts_with('#') || bare(words) == bare(address) {
            return;
        }
        let address = if words.is_empty() { address.to_owned() } else { format!(" ({address})") };
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push_str(&address);
    }
}

/// Character references as their characters; what is none stays.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        match named.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((c, after)) => {
                plain.push(c);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace());
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "euro" => '€',
        "pound" => '£',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::plain;
    use proptest::prelude::*;

    #[test]
    fn html_becomes_what_one_would_read() {
        for (html, expected) in [
            ("", ""),
            ("Hello", "Hello"),
            ("<p>Hello  <b>Ada</b>,</p>\n<p>bye</p>", "Hello Ada,\n\nbye"),
            ("one<br>two<br/>three", "one\ntwo\nthree"),
            ("<html><head><title>T</title><style>p{}</style></head><body>B</body></html>", "B"),
            ("<SCRIPT>if (a < b) { x('</p>') }</SCRIPT>B", "B"),
            ("a<!-- <p>no</p> -->b", "ab"),
            ("<ul><li>one</li><li>two</li></ul>end", "- one\n- two\n\nend"),
            ("<a href=\"https://e.example/?a=1&amp;b=2\">Look</a>.", "Look (https://e.example/?a=1&b=2)."),
            ("<a class=x href='https://e.example/'>https://e.example</a>", "https://e.example"),
            ("<a href=mailto:a@b.co>a@b.co</a>", "a@b.co"),
            ("<a name=\"top\">Top</a> <a href=\"#top\">up</a>", "Top up"),
            ("<a href=\"https://e.example\"><img src=x></a>", "https://e.example"),
            ("a &lt;b&gt; &amp;amp; &#65;&#x42; &nope; R&D", "a <b> &amp; AB &nope; R&D"),
            ("1 < 2 <p title=\"a > b\">x</p>", "1 < 2\n\nx"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<div><div>a</div></div><div>b</div>", "a\nb"),
            ("<a href", ""),
            ("<a href==x>y</a>", "y (=x)"),
        ] {
            assert_eq!(plain(html), expected, "{html}");
        }
    }

    proptest! {
        #[test]
        fn it_ends_for_every_text(html in "[<>/a-c!='\" &;#-]{0,60}") {
            prop_assert!(!plain(&html).contains("\n\n\n"));
        }
    }
}
