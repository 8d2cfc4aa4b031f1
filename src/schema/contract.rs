//! The contract as it is served: whole, or slimmed to the objects that a client names; always with the client's own
//! addresses, so that no generator leaves for another host.
//!
//! Documents are cut from the embedded text, declaration by declaration. Writing them anew would lose what generators
//! need: the XML writer leaves out the prefixes that `xsd:schema` repeats, and libxml2 looks for them there.

use std::collections::HashSet;

use super::wsdl::PARTNER_API_WSDL;
use super::{EnumId, Kind, Schema, TypeId};

/// Where the embedded WSDL says that the service is.
const ADDRESS: &str = "http://127.0.0.1:8080/Service.asmx";
/// How the embedded WSDL imports the faults.
const IMPORT: &str = "schemaLocation=\"ETFrameworkFault.xsd\"";

/// Bases whose derived types stand for one object type each (see [`COMPANIONS`]) or are reached by a field of their own.
const BY_OBJECT: [&str; 4] = ["Options", "Result", "TaskResult", "APIProperty"];
/// Derived types of those bases that calls about any object may use.
const ALWAYS: [&str; 2] = ["NullAPIProperty", "RetrieveOptions"];
/// Results and options that the service uses for one object type, whose own fields do not lead to them.
const COMPANIONS: [(&str, &[&str]); 6] = [
    ("TriggeredSend", &["TriggeredSendCreateResult"]),
    ("DataExtension", &["DataExtensionCreateResult", "DataExtensionUpdateResult", "DataExtensionDeleteResult"]),
    ("DataExtensionObject", &["DataExtensionCreateResult", "DataExtensionUpdateResult", "DataExtensionDeleteResult"]),
    ("ContactEvent", &["ContactEventCreateResult"]),
    ("ContentValidation", &["ContentValidationResult", "ContentValidationTaskResult"]),
    ("Campaign", &["CampaignPerformOptions"]),
];

/// Why a slim WSDL cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SlimError {
    /// Names that are no types of the contract.
    #[error("the WSDL has no type {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", nor "))]
    Unknown(Vec<UnknownType>),
}

/// A name that is no type, and those that may have been meant.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownType {
    /// The name as it was given.
    pub name: String,
    /// Types of similar names, nearest first; perhaps none.
    pub near: Vec<String>,
}

impl std::fmt::Display for UnknownType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.near.is_empty() { Ok(()) } else { write!(f, " (did you mean {}?)", self.near.join(" or ")) }
    }
}

/// The whole WSDL, for a service whose endpoint is `base_url` followed by `/Service.asmx`.
pub fn wsdl(base_url: &str) -> String {
    addressed(PARTNER_API_WSDL, base_url)
}

/// The schema of fault details, which the WSDL imports.
pub fn fault_xsd() -> &'static str {
    include_str!("../../wsdl/ETFrameworkFault.xsd")
}

/// The WSDL with every operation, but of the types only those that calls about `objects` can hold.
///
/// `objects` are names of complex types; `schema` must be the embedded one.
///
/// # Errors
/// When a name is no type of the contract.
pub fn slim(schema: &Schema, objects: &[&str], base_url: &str) -> Result<String, SlimError> {
    let mut named = Vec::new();
    let mut unknown = Vec::new();
    for name in objects {
        match schema.type_named(name) {
            Some(id) => named.push(id),
            None => unknown.push(UnknownType { name: (*name).to_owned(), near: near(schema, name) }),
        }
    }
    if !unknown.is_empty() {
        return Err(SlimError::Unknown(unknown));
    }
    let needed = Needed::of(schema, &named);
    let document = Document::of(PARTNER_API_WSDL);
    let mut text = String::with_capacity(PARTNER_API_WSDL.len());
    text.push_str(document.head);
    for declaration in document.declarations.iter().filter(|declaration| needed.holds(schema, declaration)) {
        text.push_str(declaration.text);
    }
    text.push_str(document.tail);
    Ok(addressed(&text, base_url))
}

fn addressed(wsdl: &str, base_url: &str) -> String {
    let base = base_url.trim_end_matches('/');
    let base = base.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    wsdl.replacen(IMPORT, &format!("schemaLocation=\"{base}/ETFrameworkFault.xsd\""), 1).replacen(
        ADDRESS,
        &format!("{base}/Service.asmx"),
        1,
    )
}

/// The types that some messages can hold.
#[derive(Default)]
struct Needed {
    types: HashSet<TypeId>,
    enums: HashSet<EnumId>,
}

impl Needed {
    fn of(schema: &Schema, named: &[TypeId]) -> Self {
        let mut needed = Self::default();
        for operation in schema.operations() {
            for kind in [&operation.input, &operation.output].into_iter().filter_map(|name| schema.element(name)) {
                needed.add(schema, kind);
            }
        }
        let companions = COMPANIONS.iter().filter(|(object, _)| {
            let object = schema.type_named(object);
            object.is_some_and(|object| named.iter().any(|found| schema.is_a(*found, object)))
        });
        let names = ALWAYS.iter().chain(companions.flat_map(|(_, companions)| companions.iter()));
        for id in names.filter_map(|name| schema.type_named(name)).chain(named.iter().copied()) {
            needed.add(schema, Kind::Complex(id));
        }
        needed
    }

    /// Adds a type and all that it cannot be declared without; the schema is deep, so without recursion.
    fn add(&mut self, schema: &Schema, kind: Kind) {
        let mut left = vec![kind];
        while let Some(kind) = left.pop() {
            let id = match kind {
                Kind::Simple(_) => continue,
                Kind::Enum(id) => {
                    self.enums.insert(id);
                    continue;
                }
                Kind::Complex(id) => id,
            };
            if !self.types.insert(id) {
                continue;
            }
            let found = schema.get(id);
            left.extend(found.base().map(Kind::Complex));
            left.extend(found.fields().iter().map(|field| field.kind));
            if stands_for_all(schema, id) {
                left.extend(
                    schema.types().map(|(other, _)| other).filter(|other| schema.is_a(*other, id)).map(Kind::Complex),
                );
            }
        }
    }

    fn holds(&self, schema: &Schema, declaration: &Declaration<'_>) -> bool {
        let kind =
            if declaration.is_element { schema.element(declaration.name) } else { schema.kind_named(declaration.name) };
        match kind {
            Some(Kind::Complex(id)) => self.types.contains(&id),
            Some(Kind::Enum(id)) => self.enums.contains(&id),
            Some(Kind::Simple(_)) | None => true,
        }
    }
}

/// Whether a field of this type needs all derived types: filters, recurrences, addresses, …; not objects, which the
/// client names.
fn stands_for_all(schema: &Schema, id: TypeId) -> bool {
    let by_object = BY_OBJECT.iter().filter_map(|name| schema.type_named(name));
    !by_object.chain([schema.api_object()]).any(|base| schema.is_a(id, base))
}

/// A WSDL in pieces. The file's own form is relied on: a declaration of the schema begins and ends on lines that are
/// indented by six spaces.
struct Document<'a> {
    head: &'a str,
    declarations: Vec<Declaration<'a>>,
    tail: &'a str,
}

struct Declaration<'a> {
    name: &'a str,
    is_element: bool,
    text: &'a str,
}

impl<'a> Document<'a> {
    fn of(text: &'a str) -> Self {
        let mut declarations: Vec<Declaration<'a>> = Vec::new();
        let mut head = None;
        let (mut at, mut begun) = (0, 0);
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            let begins = line.starts_with("      <xsd:") && !line.starts_with("      <xsd:import");
            if begins {
                begun = at;
                head.get_or_insert(at);
            }
            if line.starts_with("      </xsd:") || (begins && line.trim_end().ends_with("/>")) {
                let text = text.get(begun..end).unwrap_or_default();
                let name = text.split('"').nth(1).unwrap_or_default();
                declarations.push(Declaration {
                    name,
                    is_element: text.trim_start().starts_with("<xsd:element"),
                    text,
                });
            }
            at = end;
        }
        let head = head.unwrap_or(text.len());
        let tail = head + declarations.iter().map(|declaration| declaration.text.len()).sum::<usize>();
        Self { head: text.get(..head).unwrap_or_default(), declarations, tail: text.get(tail..).unwrap_or_default() }
    }
}

/// Up to three types whose names are like `name`.
fn near(schema: &Schema, name: &str) -> Vec<String> {
    let wanted = name.to_ascii_lowercase();
    let mut found: Vec<(usize, &str)> = schema
        .types()
        .map(|(id, _)| (id, schema.type_name(id)))
        .filter(|(id, known)| schema.type_named(known) == Some(*id))
        .map(|(_, known)| (distance(&wanted, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= name.len().min(60) / 3)
        .collect();
    found.sort_unstable();
    found.truncate(3);
    found.into_iter().map(|(_, known)| known.to_owned()).collect()
}

/// How many letters must be put in, taken out or changed between two names.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 20 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let best = (diagonal + usize::from(x != y)).min(*cell + 1).min(left + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_are_the_whole() {
        let document = Document::of(PARTNER_API_WSDL);
        let joined: String = document.declarations.iter().map(|declaration| declaration.text).collect();
        assert!(format!("{}{joined}{}", document.head, document.tail) == PARTNER_API_WSDL);
        assert_eq!(document.declarations.len(), 253 + 63 + 59);
        assert!(
            document.head.ends_with("ETFrameworkFault.xsd\"/>\n") && document.tail.starts_with("    </xsd:schema>")
        );
    }

    #[test]
    fn addresses_stand_in_the_file_once() {
        assert_eq!(PARTNER_API_WSDL.matches(ADDRESS).count(), 1);
        assert_eq!(PARTNER_API_WSDL.matches(IMPORT).count(), 1);
    }

    #[test]
    fn companions_are_types_of_the_contract() {
        let schema = Schema::embedded().expect("the contract");
        let names = COMPANIONS.iter().flat_map(|(object, companions)| companions.iter().chain([object]));
        for name in names.chain(&ALWAYS).chain(&BY_OBJECT) {
            assert!(schema.type_named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn unknown_names_are_told_with_their_neighbours() {
        let schema = Schema::embedded().expect("the contract");
        let Err(error) = slim(&schema, &["subscriber", "List", "Xyzzy"], "http://h") else {
            panic!("two unknown names")
        };
        assert!(error.to_string().starts_with("the WSDL has no type subscriber (did you mean Subscriber"), "{error}");
        assert!(error.to_string().ends_with("nor Xyzzy"), "{error}");
        assert_eq!(
            slim(&schema, &["DataExtention"], "http://h"),
            Err(SlimError::Unknown(vec![UnknownType {
                name: "DataExtention".into(),
                near: vec!["DataExtension".into()],
            }]))
        );
    }

    #[test]
    fn distances_are_counted_in_letters() {
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("list", "list")], [3, 3, 0]);
    }
}
