//! Objects written by the schema: its members in its order and nothing that it lacks, so that strict clients can read
//! them; or, apart from that, everything as it was received.

use std::borrow::Cow;

use super::{
    Node, Object, Value, Writer,
    chars::{is_ncname, trim},
    value,
};
use crate::schema::{Field, Kind, PARTNER_API, Schema, Simple, TypeId};

impl Writer {
    /// An object for an answer: `xsi:type` always, members in schema order, only members that the schema has;
    /// `PartnerKey` and `ObjectID` are nil in every APIObject that has none.
    pub fn object(&mut self, element: &str, object: &Object, schema: &Schema) {
        let ty = schema.type_named(&object.kind);
        Echo::new(schema).write(self, element, Held::Object(object), ty, &[]);
    }

    /// The same straight from a request, with some members set to other texts: the echo of what was created.
    pub fn node(&mut self, element: &str, node: Node<'_>, overlay: &[(&str, &str)]) {
        let schema = node.schema();
        Echo::new(schema).write(self, element, Held::Node(node), node.ty(), overlay);
    }

    /// An object as it was received: members in their own order, with those that the schema does not know. The default
    /// namespace around it must be the PartnerAPI's.
    pub fn received(&mut self, element: &str, object: &Object, schema: &Schema) {
        let attributes = schema.type_named(&object.kind).map(|_| ("xsi:type", &*object.kind));
        self.begin(element, attributes.as_slice());
        self.enclose(element, |writer| {
            for member in &object.members {
                writer.received_member(&member.name, &member.value, PARTNER_API, schema);
            }
        });
    }

    /// `default` is the default namespace around the member.
    fn received_member(&mut self, name: &str, value: &Value, default: &str, schema: &Schema) {
        let (ns, name) = match name.strip_prefix('{').and_then(|name| name.split_once('}')) {
            Some((ns, local)) => (ns, local),
            None => (PARTNER_API, name),
        };
        if !is_ncname(name) {
            return;
        }
        let mut attributes = Vec::new();
        if ns != default {
            attributes.push(("xmlns", ns));
        }
        match value {
            Value::Nil => {
                attributes.push(("xsi:nil", "true"));
                self.text_with(name, &attributes, "");
            }
            Value::Text(text) => self.text_with(name, &attributes, text),
            Value::Object(object) => {
                let xsi_type;
                if schema.type_named(&object.kind).is_some() {
                    xsi_type = if ns == PARTNER_API { object.kind.to_string() } else { format!("api:{}", object.kind) };
                    if ns != PARTNER_API {
                        attributes.push(("xmlns:api", PARTNER_API));
                    }
                    attributes.push(("xsi:type", &xsi_type));
                }
                self.begin(name, &attributes);
                self.enclose(name, |writer| {
                    for member in &object.members {
                        writer.received_member(&member.name, &member.value, ns, schema);
                    }
                });
            }
        }
    }
}

/// A value to be written, owned or in a request.
#[derive(Clone, Copy)]
enum Held<'a> {
    Node(Node<'a>),
    Object(&'a Object),
    Value(&'a Value),
    Text(&'a str),
    Nil,
}

/// What is written at a place of a type's list of fields.
type Item<'a> = (u16, Held<'a>);

struct Echo<'a> {
    schema: &'a Schema,
    /// The places of `PartnerKey` and `ObjectID` in every APIObject; inherited fields come first.
    always: [Option<u16>; 2],
    /// The members of the objects being written, the outer ones before the inner.
    items: Vec<Item<'a>>,
}

impl<'a> Echo<'a> {
    fn new(schema: &'a Schema) -> Self {
        let base = schema.get(schema.api_object());
        let place = |name| base.field(schema.name_id(name)?).map(|(at, _)| narrow(at));
        Self { schema, always: [place("PartnerKey"), place("ObjectID")], items: Vec::with_capacity(32) }
    }

    fn write(
        &mut self,
        writer: &mut Writer,
        element: &str,
        held: Held<'a>,
        ty: Option<TypeId>,
        overlay: &[(&str, &'a str)],
    ) {
        let Some(ty) = ty else {
            // Nothing is known that could be said of it.
            return writer.empty(element);
        };
        match self.nameable(ty) {
            Some(name) => writer.begin(element, &[("xsi:type", name)]),
            None => writer.begin(element, &[]),
        }
        writer.enclose(element, |writer| self.members(writer, held, ty, overlay));
    }

    fn members(&mut self, writer: &mut Writer, held: Held<'a>, ty: TypeId, overlay: &[(&str, &'a str)]) {
        let first = self.items.len();
        let of_type = self.schema.get(ty);
        match held {
            Held::Node(node) => {
                for child in node.children().filter(|child| child.is_ours()) {
                    if let Some((at, _)) = child.name_id().and_then(|id| of_type.field(id)) {
                        self.items.push((narrow(at), Held::Node(child)));
                    }
                }
            }
            Held::Object(object) | Held::Value(Value::Object(object)) => {
                for member in &object.members {
                    if let Some((at, _)) = self.schema.name_id(&member.name).and_then(|id| of_type.field(id)) {
                        self.items.push((narrow(at), Held::Value(&member.value)));
                    }
                }
            }
            Held::Value(_) | Held::Text(_) | Held::Nil => {}
        }
        for (name, text) in overlay {
            if let Some((at, _)) = self.schema.name_id(name).and_then(|id| of_type.field(id)) {
                let at = narrow(at);
                let mut place = 0;
                self.items.retain(|item| {
                    place += 1;
                    place <= first || item.0 != at
                });
                self.items.push((at, Held::Text(text)));
            }
        }
        if self.schema.is_a(ty, self.schema.api_object()) {
            for at in self.always.into_iter().flatten() {
                if !self.items.iter().skip(first).any(|item| item.0 == at) {
                    self.items.push((at, Held::Nil));
                }
            }
        }
        if let Some(mine) = self.items.get_mut(first..) {
            // Stable: repeated members keep their order.
            mine.sort_by_key(|item| item.0);
        }
        let (mut last, mut repeated) = (None, 0_u32);
        let end = self.items.len();
        for place in first..end {
            let Some(&(at, held)) = self.items.get(place) else { break };
            let Some(field) = of_type.fields().get(usize::from(at)) else { continue };
            repeated = if last == Some(at) { repeated + 1 } else { 1 };
            last = Some(at);
            if field.max.is_none_or(|max| repeated <= max) {
                self.member(writer, field, held);
            }
        }
        self.items.truncate(first);
    }

    fn member(&mut self, writer: &mut Writer, field: &Field, held: Held<'a>) {
        let name = self.schema.name(field.name);
        if held.is_nil() {
            if field.nillable || field.min > 0 {
                writer.nil(name);
            }
            return;
        }
        match field.kind {
            Kind::Complex(declared) => {
                let ty = held.ty(self.schema).filter(|ty| self.schema.is_a(*ty, declared)).unwrap_or(declared);
                if self.schema.get(ty).is_abstract() {
                    return;
                }
                match self.nameable(ty).filter(|_| ty != declared) {
                    Some(xsi_type) => writer.begin(name, &[("xsi:type", xsi_type)]),
                    None => writer.begin(name, &[]),
                }
                writer.enclose(name, |writer| self.members(writer, held, ty, &[]));
            }
            kind => {
                let Some(text) = held.text() else { return };
                if kind == Kind::Simple(Simple::String) {
                    writer.text(name, &text);
                    return;
                }
                // Clients with generated types cannot read an answer that has a value of another type in it. The Result
                // tells what was wrong; the object leaves it out.
                if value::fits(&text, kind, self.schema) {
                    // White space around a word of an enumeration is not part of it for us, and wrong by the schema.
                    writer.text(name, if matches!(kind, Kind::Enum(_)) { trim(&text) } else { &text });
                }
            }
        }
    }

    /// The name that `xsi:type` can say, which anonymous types do not have.
    fn nameable(&self, ty: TypeId) -> Option<&'a str> {
        let name = self.schema.type_name(ty);
        (self.schema.type_named(name) == Some(ty)).then_some(name)
    }
}

impl<'a> Held<'a> {
    fn is_nil(self) -> bool {
        match self {
            Self::Node(node) => node.is_nil(),
            Self::Nil | Self::Value(Value::Nil) => true,
            Self::Object(_) | Self::Value(_) | Self::Text(_) => false,
        }
    }

    /// The text of a leaf.
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Node(node) => (!node.has_children()).then(|| node.text()),
            Self::Value(Value::Text(text)) => Some(Cow::Borrowed(text)),
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Object(_) | Self::Value(_) | Self::Nil => None,
        }
    }

    /// The complex type it says it is.
    fn ty(self, schema: &Schema) -> Option<TypeId> {
        match self {
            Self::Node(node) => node.ty(),
            Self::Object(object) | Self::Value(Value::Object(object)) => schema.type_named(&object.kind),
            Self::Value(_) | Self::Text(_) | Self::Nil => None,
        }
    }
}

/// What a node holds, cut to the members that `APIObject` declares.
pub fn base_of(node: Node<'_>, schema: &Schema) -> Object {
    let mut object = node.to_object();
    if let Some((_, kind)) = node.xsi_type() {
        object.kind = kind.into();
    }
    only_base(&object, schema)
}

/// The members that every APIObject has: what `OnlyIncludeBase` leaves of an object.
pub fn only_base(object: &Object, schema: &Schema) -> Object {
    let base = schema.get(schema.api_object());
    let is_base = |name: &str| schema.name_id(name).and_then(|id| base.field(id)).is_some();
    Object {
        kind: object.kind.clone(),
        members: object.members.iter().filter(|member| is_base(&member.name)).cloned().collect(),
    }
}

fn narrow(place: usize) -> u16 {
    // A schema has fewer names than this, and so has a type.
    u16::try_from(place).unwrap_or(u16::MAX)
}
