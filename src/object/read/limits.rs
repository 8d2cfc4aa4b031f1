//! How much of a document is read. The size of the whole body is the server's to limit.

/// Limits of one document. Each is a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes of one element, declarations of namespaces included.
    pub attributes: usize,
    /// Declarations of namespaces in scope at one place.
    pub namespaces: usize,
    /// Bytes of a name, prefix included.
    pub name: usize,
    /// Bytes of an attribute's value, as it is written.
    pub value: usize,
    /// Bytes of the text of one element, as it is written.
    pub text: usize,
    /// Elements of the document.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            attributes: 64,
            namespaces: 64,
            name: 256,
            value: 8 * 1024,
            text: 8 * 1024 * 1024,
            elements: 2_000_000,
        }
    }
}
