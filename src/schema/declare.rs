//! From the shapes of the WSDL to the [`Schema`] that leads the gateway.
//!
//! It reads no XML itself and checks nothing that [`Builder`] checks.

use super::wsdl::{ComplexType, Definitions, Element, MessageName, PARTNER_API_WSDL, Particle};
use super::{Builder, FieldDecl, OperationDef, Schema, SchemaError, Simple};

impl Schema {
    /// The schema of the WSDL that is compiled in.
    ///
    /// # Errors
    /// When that file is damaged: a mistake in the build, which tests exclude.
    pub fn embedded() -> Result<Self, SchemaError> {
        Self::from_wsdl(PARTNER_API_WSDL)
    }

    /// The schema of a trusted WSDL (yaserde must not read what others send).
    pub(super) fn from_wsdl(text: &str) -> Result<Self, SchemaError> {
        let definitions: Definitions =
            yaserde::de::from_str(text).map_err(|error| SchemaError::Unreadable(error.to_string()))?;
        definitions.declare()?.finish()
    }
}

impl Definitions {
    fn declare(self) -> Result<Builder, SchemaError> {
        let mut builder = Builder::default();
        for simple in self.types.schema.simple {
            let base = simple.restriction.base.strip_prefix("xsd:").and_then(Simple::named);
            let base = base.ok_or_else(|| SchemaError::Missing {
                place: simple.name.clone(),
                missing: simple.restriction.base.clone(),
            })?;
            let values = simple.restriction.values.into_iter().map(|facet| facet.value).collect();
            builder.simple(&simple.name, base, values, simple.restriction.pattern.map(|facet| facet.value));
        }
        for complex in self.types.schema.complex {
            let name = complex.name.clone().unwrap_or_default();
            declare_complex(&mut builder, &name, complex, false);
        }
        for element in self.types.schema.elements {
            let type_name =
                declare_type_of(&mut builder, element.type_name, element.anonymous, || element.name.clone());
            builder.element(&element.name, &type_name);
        }
        for operation in self.port_type.operations {
            let bound = self.binding.operations.iter().find(|bound| bound.name == operation.name);
            let bound = bound.ok_or_else(|| SchemaError::Unreadable(format!("{} is not bound", operation.name)))?;
            let element = |message: &MessageName| {
                let name = local(&message.message);
                let found = self.messages.iter().find(|message| message.name == name);
                found
                    .map(|message| local(&message.part.element).into())
                    .ok_or_else(|| SchemaError::Missing { place: operation.name.clone(), missing: name.to_owned() })
            };
            builder.operation(OperationDef {
                action: bound.soap.action.as_str().into(),
                input: element(&operation.input)?,
                output: element(&operation.output)?,
                name: operation.name.into(),
            });
        }
        Ok(builder)
    }
}

fn declare_complex(builder: &mut Builder, name: &str, complex: ComplexType, anonymous: bool) {
    let (base, group) = match complex.content {
        Some(content) => (Some(content.extension.base), content.extension.sequence),
        None => (None, complex.sequence),
    };
    let base = base.as_deref().map(local);
    let mut fields = Vec::new();
    let mut choices = Vec::new();
    let mut open = false;
    for particle in group.map_or_else(Vec::new, |group| group.particles) {
        match particle {
            Particle::Element(element) => fields.push(declare_field(builder, name, element)),
            Particle::Choice(group) => {
                let required = group.required;
                let first = fields.len();
                for particle in group.particles {
                    if let Particle::Element(element) = particle {
                        fields.push(FieldDecl { min: 0, ..declare_field(builder, name, element) });
                    }
                }
                choices.push((first..fields.len(), required));
            }
            Particle::Any => open = true,
        }
    }
    if anonymous {
        builder.anonymous(name, base, fields);
    } else {
        builder.complex(name, base, complex.is_abstract == Some(true), fields);
    }
    for (members, required) in choices {
        builder.choice(name, members, required);
    }
    if open {
        builder.any(name);
    }
}

fn declare_field(builder: &mut Builder, place: &str, element: Element) -> FieldDecl {
    let Element { name, type_name, min, max, nillable, anonymous } = element;
    let type_name = declare_type_of(builder, type_name, anonymous, || format!("{place}.{name}"));
    FieldDecl {
        name,
        type_name,
        min: min.unwrap_or(1),
        max: match max.as_deref() {
            Some("unbounded") => None,
            Some(number) => Some(number.parse().unwrap_or(1)),
            None => Some(1),
        },
        nillable: nillable == Some(true),
    }
}

fn declare_type_of(
    builder: &mut Builder,
    type_name: Option<String>,
    anonymous: Option<ComplexType>,
    place: impl FnOnce() -> String,
) -> String {
    match (type_name, anonymous) {
        (Some(type_name), _) if type_name.starts_with("xsd:") => type_name,
        (Some(type_name), _) => local(&type_name).to_owned(),
        (None, Some(complex)) => {
            let place = place();
            declare_complex(builder, &place, complex, true);
            place
        }
        (None, None) => "xsd:anyType".to_owned(),
    }
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Kind;

    #[test]
    fn the_embedded_wsdl_makes_a_schema() {
        let schema = Schema::embedded().expect("the contract");
        assert_eq!(schema.enumerations().len(), 63);
        assert_eq!(schema.operations().len(), 13);
        let Some(Kind::Complex(request)) = schema.element("CreateRequest") else { panic!("an anonymous type") };
        let objects = schema.name_id("Objects").expect("a known name");
        let (at, objects) = schema.get(request).field(objects).expect("a member");
        assert_eq!((at, objects.kind, objects.max), (1, Kind::Complex(schema.api_object()), None));
    }

    #[test]
    fn a_choice_keeps_its_place() {
        let schema = Schema::embedded().expect("the contract");
        let map = schema.get(schema.type_named("FieldMap").expect("a type of the contract"));
        let names: Vec<_> = map.fields().iter().map(|field| schema.name(field.name)).collect();
        assert_eq!(names, ["SourceName", "SourceOrdinal", "DestinationName"]);
        assert_eq!(map.choices().len(), 1);
        assert_eq!((map.choices()[0].members.clone(), map.choices()[0].required), (0..2, true));
    }

    #[test]
    fn nested_types_without_names_are_named_after_their_place() {
        let schema = Schema::embedded().expect("the contract");
        let shown: Vec<_> = schema.types().map(|(id, _)| schema.type_name(id)).collect();
        assert!(shown.contains(&"DataExtension.Fields"));
        assert_eq!(schema.type_named("DataExtension.Fields"), None);
    }

    #[test]
    fn a_damaged_wsdl_is_refused() {
        let cut = &PARTNER_API_WSDL[..PARTNER_API_WSDL.len() / 2];
        assert!(matches!(Schema::from_wsdl(cut), Err(SchemaError::Unreadable(_))));
        let orphan = PARTNER_API_WSDL.replace("type=\"tns:ClientID\"", "type=\"tns:Nobody\"");
        assert!(matches!(Schema::from_wsdl(&orphan), Err(SchemaError::Missing { .. })));
    }
}
