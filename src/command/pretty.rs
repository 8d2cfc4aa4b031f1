//! An answer for human eyes: indented XML, and whether it says yes.

use crate::object::Node;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The element with everything in it, one element a line. Names lose their prefixes; attributes are kept.
pub(super) fn indented(node: Node<'_>) -> String {
    let mut out = String::new();
    write(node, 0, &mut out);
    out
}

fn write(node: Node<'_>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let name = node.name();
    out.push_str(&format!("{indent}<{name}"));
    for (ns, attribute, value) in node.attributes() {
        let prefix = if ns == XSI { "xsi:" } else { "" };
        out.push_str(&format!(" {prefix}{attribute}=\"{}\"", escaped(&value)));
    }
    let text = node.text();
    if node.has_children() {
        out.push_str(">\n");
        if !text.trim().is_empty() {
            out.push_str(&format!("{indent}  {}\n", escaped(text.trim())));
        }
        for child in node.children() {
            write(child, depth + 1, out);
        }
        out.push_str(&format!("{indent}</{name}>\n"));
    } else if text.is_empty() {
        out.push_str(" />\n");
    } else {
        out.push_str(&format!(">{}</{name}>\n", escaped(&text)));
    }
}

/// Control characters are shown, not sent: an answer must not steer the terminal.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            _ if character.is_control() => out.push_str(&character.escape_unicode().to_string()),
            _ => out.push(character),
        }
    }
    out
}

/// What the answer complains of: its fault, or its OverallStatus.
pub(super) fn complaint(envelope: Node<'_>) -> Option<String> {
    let body = envelope.child("Body")?;
    let answer = body.children().next()?;
    if answer.name() == "Fault" {
        let text = answer.child_text("faultstring").or_else(|| answer.child("Reason")?.child_text("Text"));
        return Some(format!("fault: {}", text.as_deref().unwrap_or("without a text")));
    }
    let status = answer.child_text("OverallStatus")?;
    let good = matches!(&*status, "OK" | "MoreDataAvailable");
    (!good).then(|| format!("OverallStatus {status}"))
}
