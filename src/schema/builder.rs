//! Puts a [`Schema`] together from declarations in any order, and checks that they fit.
//!
//! It never reads XML: whoever does (the WSDL reader, a test) tells it what was declared.

use std::collections::HashMap;
use std::ops::Range;

use super::{Choice, EnumId, Enumeration, Field, Kind, NameId, OperationDef, Schema, Simple, Type, TypeId};

/// Why declarations do not make a schema.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SchemaError {
    /// Something names a type that nothing declares.
    #[error("{place} names the type {missing}, which is not declared")]
    Missing {
        /// Who names it.
        place: String,
        /// What it names.
        missing: String,
    },
    /// A type is its own ancestor.
    #[error("the type {0} extends itself")]
    Circle(String),
    /// A name is declared twice, or there are more than 65,535 of them.
    #[error("{0}")]
    Unfit(String),
    /// The document is not a WSDL that this room reads.
    #[error("the WSDL cannot be read: {0}")]
    Unreadable(String),
}

/// A member as it is declared: names instead of ids. `type_name` is a built-in with the prefix `xsd:`, or a declared type.
#[derive(Clone, Debug)]
pub struct FieldDecl {
    /// The element's name.
    pub name: String,
    /// `xsd:int`, `Subscriber`, …
    pub type_name: String,
    /// `minOccurs`
    pub min: u32,
    /// `maxOccurs`; `None` is unbounded.
    pub max: Option<u32>,
    /// `nillable`
    pub nillable: bool,
}

#[derive(Debug)]
struct TypeDecl {
    name: String,
    anonymous: bool,
    base: Option<String>,
    is_abstract: bool,
    fields: Vec<FieldDecl>,
    choices: Vec<(Range<usize>, bool)>,
    open: bool,
}

/// Collects declarations; [`Builder::finish`] makes the schema.
#[derive(Debug, Default)]
pub struct Builder {
    types: Vec<TypeDecl>,
    enums: Vec<(String, Simple, Vec<String>, Option<String>)>,
    elements: Vec<(String, String)>,
    operations: Vec<OperationDef>,
}

impl Builder {
    /// Declares a named complex type.
    pub fn complex(&mut self, name: &str, base: Option<&str>, is_abstract: bool, fields: Vec<FieldDecl>) {
        self.declare(name, false, base, is_abstract, fields);
    }

    /// Declares a complex type without a name of its own. `name` must be unique and is only shown (`Describe`, errors);
    /// refer to it in [`FieldDecl::type_name`] and [`Builder::element`].
    pub fn anonymous(&mut self, name: &str, base: Option<&str>, fields: Vec<FieldDecl>) {
        self.declare(name, true, base, false, fields);
    }

    fn declare(&mut self, name: &str, anonymous: bool, base: Option<&str>, is_abstract: bool, fields: Vec<FieldDecl>) {
        self.types.push(TypeDecl {
            name: name.into(),
            anonymous,
            base: base.map(Into::into),
            is_abstract,
            fields,
            choices: Vec::new(),
            open: false,
        });
    }

    /// Declares that of a type's own `members` (by place in its own fields) at most one may stand; one must, when
    /// `required`. The members themselves are declared with a `min` of 0. The type is declared before.
    pub fn choice(&mut self, type_name: &str, members: Range<usize>, required: bool) {
        if let Some(decl) = self.declared(type_name) {
            decl.choices.push((members, required));
        }
    }

    /// Declares that a type takes any elements after its members (`xsd:any`). The type is declared before.
    pub fn any(&mut self, type_name: &str) {
        if let Some(decl) = self.declared(type_name) {
            decl.open = true;
        }
    }

    fn declared(&mut self, type_name: &str) -> Option<&mut TypeDecl> {
        self.types.iter_mut().rev().find(|decl| decl.name == type_name)
    }

    /// Declares a restricted simple type.
    pub fn simple(&mut self, name: &str, base: Simple, values: Vec<String>, pattern: Option<String>) {
        self.enums.push((name.into(), base, values, pattern));
    }

    /// Declares a global element.
    pub fn element(&mut self, name: &str, type_name: &str) {
        self.elements.push((name.into(), type_name.into()));
    }

    /// Declares an operation.
    pub fn operation(&mut self, operation: OperationDef) {
        self.operations.push(operation);
    }

    /// The schema of all that was declared.
    ///
    /// # Errors
    /// When a declared name is missing, repeated, or a type extends itself. `APIObject` must be among the types.
    pub fn finish(self) -> Result<Schema, SchemaError> {
        Table::default().fill(self)
    }
}

#[derive(Default)]
struct Table {
    names: Vec<Box<str>>,
    name_ids: HashMap<Box<str>, NameId>,
    complex: HashMap<String, TypeId>,
    simple: HashMap<String, EnumId>,
}

impl Table {
    fn fill(mut self, declared: Builder) -> Result<Schema, SchemaError> {
        for (at, decl) in declared.types.iter().enumerate() {
            let id = TypeId(narrow(at)?);
            if self.complex.insert(decl.name.clone(), id).is_some() {
                return Err(SchemaError::Unfit(format!("the type {} is declared twice", decl.name)));
            }
        }
        let mut enums = Vec::with_capacity(declared.enums.len());
        for (at, (name, base, values, pattern)) in declared.enums.into_iter().enumerate() {
            let id = EnumId(narrow(at)?);
            if self.simple.insert(name.clone(), id).is_some() || self.complex.contains_key(&name) {
                return Err(SchemaError::Unfit(format!("the type {name} is declared twice")));
            }
            enums.push(Enumeration {
                name: self.intern(&name)?,
                base,
                values: values.into_iter().map(Into::into).collect(),
                pattern: pattern.map(Into::into),
            });
        }
        let mut types = Vec::with_capacity(declared.types.len());
        let mut type_ids = HashMap::new();
        for decl in &declared.types {
            let name = self.intern(&decl.name)?;
            if let (false, Some(&id)) = (decl.anonymous, self.complex.get(&decl.name)) {
                type_ids.insert(name, id);
            }
            types.push(self.complete(decl, name, &declared.types)?);
        }
        let mut elements = HashMap::new();
        for (name, type_name) in &declared.elements {
            let kind = self.kind(type_name, name)?;
            if elements.insert(self.intern(name)?, kind).is_some() {
                return Err(SchemaError::Unfit(format!("the element {name} is declared twice")));
            }
        }
        let root = self
            .complex
            .get("APIObject")
            .copied()
            .ok_or_else(|| SchemaError::Missing { place: "the schema".into(), missing: "APIObject".into() })?;
        Ok(Schema {
            names: self.names,
            name_ids: self.name_ids,
            types,
            type_ids,
            enums,
            elements,
            operations: declared.operations,
            root,
        })
    }

    fn complete(&mut self, decl: &TypeDecl, name: NameId, all: &[TypeDecl]) -> Result<Type, SchemaError> {
        let mut line = vec![decl];
        let mut ancestors = Vec::new();
        let mut next = decl.base.as_ref();
        while let Some(base) = next {
            let id = self
                .complex
                .get(base)
                .copied()
                .ok_or_else(|| SchemaError::Missing { place: decl.name.clone(), missing: base.clone() })?;
            if ancestors.contains(&id) || *base == decl.name {
                return Err(SchemaError::Circle(decl.name.clone()));
            }
            let Some(base) = all.get(usize::from(id.0)) else {
                return Err(SchemaError::Circle(decl.name.clone()));
            };
            ancestors.push(id);
            line.push(base);
            next = base.base.as_ref();
        }
        let mut fields = Vec::new();
        let mut by_name = HashMap::new();
        let mut choices = Vec::new();
        let mut open = false;
        let mut inherited = 0;
        for step in line.into_iter().rev() {
            inherited = fields.len();
            open |= step.open;
            for (members, required) in &step.choices {
                let members = inherited + members.start..inherited + members.end;
                choices.push(Choice { members, required: *required });
            }
            for field in &step.fields {
                let id = self.intern(&field.name)?;
                let place = format!("{}.{}", step.name, field.name);
                by_name.insert(id, narrow(fields.len())?);
                fields.push(Field {
                    name: id,
                    kind: self.kind(&field.type_name, &place)?,
                    min: field.min,
                    max: field.max,
                    nillable: field.nillable,
                });
            }
        }
        Ok(Type {
            name,
            base: ancestors.first().copied(),
            is_abstract: decl.is_abstract,
            fields,
            inherited,
            by_name,
            ancestors,
            choices,
            open,
        })
    }

    fn kind(&self, type_name: &str, place: &str) -> Result<Kind, SchemaError> {
        let found = match type_name.strip_prefix("xsd:") {
            Some(built_in) => Simple::named(built_in).map(Kind::Simple),
            None => self
                .complex
                .get(type_name)
                .copied()
                .map(Kind::Complex)
                .or_else(|| self.simple.get(type_name).copied().map(Kind::Enum)),
        };
        found.ok_or_else(|| SchemaError::Missing { place: place.into(), missing: type_name.into() })
    }

    fn intern(&mut self, name: &str) -> Result<NameId, SchemaError> {
        if let Some(id) = self.name_ids.get(name) {
            return Ok(*id);
        }
        let id = NameId(narrow(self.names.len())?);
        self.names.push(name.into());
        self.name_ids.insert(name.into(), id);
        Ok(id)
    }
}

impl Simple {
    /// The built-in type of this local name of the XML Schema namespace.
    pub fn named(local: &str) -> Option<Self> {
        Some(match local {
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "byte" => Self::Byte,
            "short" => Self::Short,
            "int" => Self::Int,
            "long" => Self::Long,
            "integer" => Self::Integer,
            "nonNegativeInteger" => Self::NonNegativeInteger,
            "decimal" => Self::Decimal,
            "double" | "float" => Self::Double,
            "dateTime" => Self::DateTime,
            "time" => Self::Time,
            "base64Binary" => Self::Base64,
            _ => return None,
        })
    }
}

fn narrow(at: usize) -> Result<u16, SchemaError> {
    u16::try_from(at).map_err(|_| SchemaError::Unfit("more than 65,535 declarations".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, type_name: &str) -> FieldDecl {
        FieldDecl { name: name.into(), type_name: type_name.into(), min: 0, max: Some(1), nillable: false }
    }

    #[test]
    fn inherited_members_come_first() {
        let mut builder = Builder::default();
        builder.complex("Subscriber", Some("APIObject"), false, vec![field("EmailAddress", "xsd:string")]);
        builder.complex("APIObject", None, false, vec![field("ID", "xsd:int")]);
        let schema = builder.finish().expect("declarations that fit");
        let subscriber = schema.type_named("Subscriber").expect("declared above");
        let names: Vec<_> = schema.get(subscriber).fields().iter().map(|f| schema.name(f.name)).collect();
        assert_eq!(names, ["ID", "EmailAddress"]);
        assert!(schema.is_a(subscriber, schema.api_object()));
        assert_eq!(schema.get(subscriber).own_fields().len(), 1);
    }

    #[test]
    fn declarations_that_do_not_fit_are_refused() {
        let mut builder = Builder::default();
        builder.complex("APIObject", None, false, vec![field("Owner", "Nobody")]);
        let missing = SchemaError::Missing { place: "APIObject.Owner".into(), missing: "Nobody".into() };
        assert_eq!(builder.finish().err(), Some(missing));

        let mut builder = Builder::default();
        builder.complex("APIObject", Some("B"), false, vec![]);
        builder.complex("B", Some("APIObject"), false, vec![]);
        assert!(matches!(builder.finish(), Err(SchemaError::Circle(_))));
    }
}
