//! What the WSDL says: types, their bases, fields in order, enumerations, global elements, operations.
//!
//! This room is pure: it never sees a request, a socket, a disk or the time. It is filled once at start from
//! `wsdl/partnerapi.wsdl` and never changes afterwards. Stored records keep names, never the ids of this table.

mod builder;
pub mod contract;
mod declare;
mod wsdl;

use std::collections::HashMap;
use std::ops::Range;

pub use builder::{Builder, FieldDecl, SchemaError};

/// The PartnerAPI's target namespace (WSDL).
pub const PARTNER_API: &str = "http://exacttarget.com/wsdl/partnerAPI";

/// A complex type of one [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(u16);

/// An enumeration (or other restricted simple type) of one [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnumId(u16);

/// A name that one [`Schema`] knows: of an element, a field or a type. Dense, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u16);

impl NameId {
    /// The place of this name in the schema's list of names.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The built-in simple types that the WSDL uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Simple {
    /// xsd:string
    String,
    /// xsd:boolean
    Boolean,
    /// xsd:byte
    Byte,
    /// xsd:short
    Short,
    /// xsd:int
    Int,
    /// xsd:long
    Long,
    /// xsd:integer
    Integer,
    /// xsd:nonNegativeInteger
    NonNegativeInteger,
    /// xsd:decimal
    Decimal,
    /// xsd:double (and xsd:float)
    Double,
    /// xsd:dateTime
    DateTime,
    /// xsd:time
    Time,
    /// xsd:base64Binary
    Base64,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value of a built-in type.
    Simple(Simple),
    /// A value of a restricted simple type.
    Enum(EnumId),
    /// An object; `xsi:type` may name a type derived from it.
    Complex(TypeId),
}

/// One member of a complex type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The element's name.
    pub name: NameId,
    /// What it holds.
    pub kind: Kind,
    /// `minOccurs`
    pub min: u32,
    /// `maxOccurs`; `None` is unbounded.
    pub max: Option<u32>,
    /// `nillable`
    pub nillable: bool,
}

/// Members of which at most one may stand (`xsd:choice`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Their places in [`Type::fields`].
    pub members: Range<usize>,
    /// Whether one must stand.
    pub required: bool,
}

/// A complex type with every member it has, inherited ones first, in the order of the WSDL.
#[derive(Debug)]
pub struct Type {
    name: NameId,
    base: Option<TypeId>,
    is_abstract: bool,
    fields: Vec<Field>,
    inherited: usize,
    by_name: HashMap<NameId, u16>,
    ancestors: Vec<TypeId>,
    choices: Vec<Choice>,
    open: bool,
}

impl Type {
    /// The type's name.
    pub fn name(&self) -> NameId {
        self.name
    }

    /// The type that it extends.
    pub fn base(&self) -> Option<TypeId> {
        self.base
    }

    /// Whether the WSDL declares it abstract.
    pub fn is_abstract(&self) -> bool {
        self.is_abstract
    }

    /// Every member, inherited ones first, in schema order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The groups of members of which at most one may stand; such members have a `min` of 0.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Whether elements of any name may follow the members (`xsd:any`).
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The members that the type itself declares.
    pub fn own_fields(&self) -> &[Field] {
        self.fields.get(self.inherited..).unwrap_or_default()
    }

    /// The member called `name`, with its place in [`Type::fields`].
    pub fn field(&self, name: NameId) -> Option<(usize, &Field)> {
        let at = usize::from(*self.by_name.get(&name)?);
        Some((at, self.fields.get(at)?))
    }
}

/// A restricted simple type.
#[derive(Debug)]
pub struct Enumeration {
    /// The type's name.
    pub name: NameId,
    /// The base, a built-in type.
    pub base: Simple,
    /// The values that are allowed; empty when the type restricts by a pattern.
    pub values: Vec<Box<str>>,
    /// The `pattern` facet as it is written.
    pub pattern: Option<Box<str>>,
}

/// One operation of the port type.
#[derive(Debug)]
pub struct OperationDef {
    /// `Create`
    pub name: Box<str>,
    /// The soapAction; on this service the bare operation name.
    pub action: Box<str>,
    /// The global element of the request's body.
    pub input: Box<str>,
    /// The global element of the answer's body.
    pub output: Box<str>,
}

/// The whole contract. Ids of one schema mean nothing to another.
#[derive(Debug)]
pub struct Schema {
    names: Vec<Box<str>>,
    name_ids: HashMap<Box<str>, NameId>,
    types: Vec<Type>,
    type_ids: HashMap<NameId, TypeId>,
    enums: Vec<Enumeration>,
    elements: HashMap<NameId, Kind>,
    operations: Vec<OperationDef>,
    root: TypeId,
}

impl Schema {
    /// The id of a name, when the schema knows it.
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        self.name_ids.get(name).copied()
    }

    /// The text of a name; empty for an id of another schema.
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(id.index()).map_or("", |name| name)
    }

    /// The complex type called `name`. Case matters, as on the service. Anonymous types are not found by name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.type_ids.get(&self.name_id(name)?).copied()
    }

    /// The type called `name`, complex or restricted. Anonymous types are not found by name.
    pub fn kind_named(&self, name: &str) -> Option<Kind> {
        let id = self.name_id(name)?;
        let restricted = || self.enums.iter().position(|found| found.name == id).and_then(|at| u16::try_from(at).ok());
        let complex = self.type_ids.get(&id).copied().map(Kind::Complex);
        complex.or_else(|| restricted().map(|at| Kind::Enum(EnumId(at))))
    }

    /// The type behind an id.
    ///
    /// # Panics
    /// On an id of another, larger schema: a mistake in the program.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this schema alone")]
    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id.0)]
    }

    /// The name of a type.
    pub fn type_name(&self, id: TypeId) -> &str {
        self.name(self.get(id).name)
    }

    /// The restricted simple type behind an id.
    ///
    /// # Panics
    /// On an id of another, larger schema: a mistake in the program.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this schema alone")]
    pub fn enumeration(&self, id: EnumId) -> &Enumeration {
        &self.enums[usize::from(id.0)]
    }

    /// What a global element holds.
    pub fn element(&self, name: &str) -> Option<Kind> {
        self.elements.get(&self.name_id(name)?).copied()
    }

    /// Whether `found` is `base` or derives from it.
    pub fn is_a(&self, found: TypeId, base: TypeId) -> bool {
        found == base || self.get(found).ancestors.contains(&base)
    }

    /// `APIObject`, the base of everything that can be created.
    pub fn api_object(&self) -> TypeId {
        self.root
    }

    /// Whether objects of a type can be created and asked for: it derives from `APIObject`, and is not that itself.
    pub fn is_object_type(&self, ty: TypeId) -> bool {
        ty != self.root && self.is_a(ty, self.root)
    }

    /// The operations, in the WSDL's order.
    pub fn operations(&self) -> &[OperationDef] {
        &self.operations
    }

    /// Every complex type, in the order of the WSDL; anonymous ones stand before the type that holds them.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        (0..).map(TypeId).zip(&self.types)
    }

    /// Every restricted simple type, in the order of the WSDL.
    pub fn enumerations(&self) -> &[Enumeration] {
        &self.enums
    }
}
