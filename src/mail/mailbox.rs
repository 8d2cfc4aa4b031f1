//! Addresses with the names of those whom they belong to. Pure.

use lettre::Address;

use super::{MailError, header};

/// RFC 5321, section 4.5.3.1.3: 256 with the angle brackets.
const LONGEST: usize = 254;

/// A name and an address: `Ada Lovelace <ada@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// What readers show, in any characters; line breaks and other control characters become spaces.
    pub name: Option<String>,
    /// `local@domain`. The domain may be written in any script; a local part beyond ASCII needs a relay with SMTPUTF8.
    pub address: String,
}

impl Mailbox {
    /// An address alone.
    pub fn new(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into() }
    }

    /// An address with a name.
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: Some(name.into()), address: address.into() }
    }

    /// Reads `ada@example.com` or `Ada Lovelace <ada@example.com>`; the name may stand in quotation marks.
    ///
    /// # Errors
    /// When no address stands there.
    pub fn parse(text: &str) -> Result<Self, MailError> {
        let text = text.trim();
        let read = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => {
                let name = name.trim();
                let bare = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
                let name = bare.replace("\\\"", "\"").replace("\\\\", "\\");
                Self { name: Some(name).filter(|name| !name.is_empty()), address: address.trim().to_owned() }
            }
            None => Self::new(text),
        };
        read.checked("From")?;
        Ok(read)
    }

    /// Reads one who gets a copy.
    ///
    /// # Errors
    /// When it is no address in ASCII, or more than one.
    pub fn parse_copy(text: &str) -> Result<Self, MailError> {
        if text.contains([',', ';']) {
            return Err(MailError::Address { field: "Cc", why: "there is more than one" });
        }
        let one = Self::parse(text)?;
        one.plain("Cc")?;
        Ok(one)
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether two addresses are one: in any case of letters, and with the domain in either form.
    pub fn is_same(one: &str, other: &str) -> bool {
        let lawful =
            |text: &str| Self::new(text.trim()).checked("To").map(|address| address.to_string().to_lowercase());
        match (lawful(one), lawful(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
    }

    /// The address as SMTP takes it: its domain in ASCII.
    pub(super) fn checked(&self, field: &'static str) -> Result<Address, MailError> {
        let wrong = |why| MailError::Address { field, why };
        let (local, domain) = self.address.rsplit_once('@').ok_or_else(|| wrong("there is no @ in it"))?;
        // lettre takes quoted local parts, in which nearly anything may stand; nobody's address is one.
        if self.address.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"(),;:\\".contains(c))
            && !domain.starts_with('[')
        {
            return Err(wrong("there is a character in it that has to be quoted"));
        }
        let domain = match domain.is_ascii() {
            true => domain.to_owned(),
            false => idna::domain_to_ascii(domain).map_err(|_| wrong("its domain is none"))?,
        };
        if local.len() + 1 + domain.len() > LONGEST {
            return Err(wrong("it is longer than 254 bytes"));
        }
        if local.starts_with('"') || domain.chars().any(char::is_control) {
            return Err(wrong("there is a character in it that has to be quoted"));
        }
        Address::new(local, domain).map_err(|_| wrong("it is not of the form local@domain"))
    }

    /// The address of one who gets a copy: for him alone no message is made one that needs SMTPUTF8.
    pub(super) fn plain(&self, field: &'static str) -> Result<Address, MailError> {
        let address = self.checked(field)?;
        let lawful = AsRef::<str>::as_ref(&address).is_ascii();
        if lawful { Ok(address) } else { Err(MailError::Address { field, why: "its local part is not ASCII" }) }
    }

    /// The value of a header field of this name, folded.
    pub(super) fn field(&self, field: &'static str, address: &Address) -> String {
        let name = self.name.as_deref().map(header::one_line).filter(|name| !name.is_empty());
        let Some(name) = name else {
            return address.to_string();
        };
        let start = field.len() + ": ".len();
        let phrase = header::phrase(&name, start);
        let last = phrase.rsplit("\r\n").next().map_or(0, str::len);
        let before = if phrase.contains("\r\n") { 0 } else { start };
        let gap = if before + last + address.to_string().len() + 3 > header::LINE { "\r\n " } else { " " };
        format!("{phrase}{gap}<{address}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_are_read_as_people_write_them() {
        let ada = Mailbox::named("Ada Lovelace", "ada@example.com");
        for text in
            ["Ada Lovelace <ada@example.com>", "\"Ada Lovelace\" <ada@example.com>", " Ada Lovelace<ada@example.com> "]
        {
            assert_eq!(Mailbox::parse(text).unwrap(), ada, "{text}");
        }
        assert_eq!(Mailbox::parse("ada@example.com").unwrap(), Mailbox::new("ada@example.com"));
        assert_eq!(Mailbox::parse("<envoi@localhost>").unwrap(), Mailbox::new("envoi@localhost"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let bad = [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada @example.com",
            "a\"b@example.com",
            "\"a b\"@example.com",
            "<ada>@example.com",
            "ada@example.com>\r\nRCPT TO:<eve@example.com",
            "ada@exa mple.com",
            "ada@[127.0.0.1\r\n]",
        ];
        for address in bad {
            assert!(Mailbox::new(address).checked("To").is_err(), "{address:?}");
        }
        assert!(Mailbox::new(format!("{}@example.com", "a".repeat(300))).checked("To").is_err());
    }

    #[test]
    fn a_domain_is_sent_in_ascii() {
        let address = Mailbox::new("ada@bücher.example").checked("To").unwrap();
        assert_eq!(address.to_string(), "ada@xn--bcher-kva.example");
        assert_eq!(Mailbox::new("ada@[127.0.0.1]").checked("To").unwrap().to_string(), "ada@[127.0.0.1]");
    }
}
