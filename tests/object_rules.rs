//! Rules for all inputs: what is written is read again; how an envelope is spelt does not matter; nothing panics.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "object/schema.rs"]
mod schema;
#[path = "object/spelling.rs"]
mod spelling;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use envoi::{
    object::{Limits, Member, Node, Object, Tree, Value, Writer, decode, read},
    schema::{Kind, Schema, TypeId},
};
use proptest::prelude::*;
use spelling::{Choices, Element};

fn tree(text: String, schema: &Arc<Schema>) -> Tree {
    read(text.clone(), schema, &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const AROUND: &str = "<CreateRequest xmlns=\"http://exacttarget.com/wsdl/partnerAPI\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">";

fn read_back(written: Writer, schema: &Arc<Schema>) -> Object {
    let text = format!("{AROUND}{}</CreateRequest>", written.into_string());
    tree(text, schema).root().children().next().expect("an object").to_object()
}

/// Text with everything that is awkward in XML.
fn odd_text() -> impl Strategy<Value = Box<str>> {
    let odd = prop_oneof![
        Just("<&>\"'".to_owned()),
        Just("]]>".to_owned()),
        Just(" \r\n\t\r ".to_owned()),
        Just("&amp;&#65;".to_owned()),
        Just("\u{85}\u{2028}\u{FEFF}\u{FFFD}\u{10FFFF}".to_owned()),
        "[a-z ]{0,8}",
        any::<String>().prop_map(|text| text.chars().filter(|c| is_xml(*c)).collect()),
    ];
    prop::collection::vec(odd, 0..4).prop_map(|parts| parts.concat().into())
}

fn is_xml(c: char) -> bool {
    !c.is_ascii_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

fn object(schema: Arc<Schema>, ty: TypeId, depth: u32) -> BoxedStrategy<Object> {
    let mut members: Vec<BoxedStrategy<Member>> = Vec::new();
    for field in schema.get(ty).fields() {
        let name: Box<str> = schema.name(field.name).into();
        let value = match field.kind {
            Kind::Complex(_) if depth == 0 => Just(Value::Nil).boxed(),
            Kind::Complex(declared) => object(Arc::clone(&schema), declared, depth - 1).prop_map(Value::Object).boxed(),
            Kind::Simple(_) | Kind::Enum(_) => prop_oneof![odd_text().prop_map(Value::Text), Just(Value::Nil)].boxed(),
        };
        members.push(value.prop_map(move |value| Member { name: name.clone(), value }).boxed());
    }
    members.push(unknown(3));
    let kind: Box<str> = schema.type_name(ty).into();
    prop::collection::vec(prop::strategy::Union::new(members), 0..6)
        .prop_map(move |members| Object { kind: kind.clone(), members })
        .boxed()
}

fn unknown(depth: u32) -> BoxedStrategy<Member> {
    let name = prop_oneof![Just("Foo"), Just("{}Foo"), Just("{urn:other}B\u{E9}-\u{10000}"), Just("{urn:a&\"<b>}ID")];
    let leaf = prop_oneof![odd_text().prop_map(Value::Text), Just(Value::Nil)].boxed();
    let value = if depth == 0 {
        leaf
    } else {
        let inner = prop::collection::vec(unknown(depth - 1), 1..3);
        let inner = (prop_oneof![Just(""), Just("ClientID")], inner);
        prop_oneof![leaf, inner.prop_map(|(kind, members)| Value::Object(Object { kind: kind.into(), members }))]
            .boxed()
    };
    (name, value).prop_map(|(name, value)| Member { name: name.into(), value }).boxed()
}

/// The small schema of these tests, or the whole PartnerAPI.
fn schema_of(whole: bool) -> Arc<Schema> {
    static SCHEMAS: [OnceLock<Arc<Schema>>; 2] = [OnceLock::new(), OnceLock::new()];
    let schema = if whole {
        SCHEMAS[1].get_or_init(|| Arc::new(Schema::embedded().expect("the WSDL that is compiled in")))
    } else {
        SCHEMAS[0].get_or_init(schema::small)
    };
    Arc::clone(schema)
}

/// An object, and whether it is one of the whole PartnerAPI.
fn any_object() -> impl Strategy<Value = (bool, Object)> {
    let of = |whole: bool, depth: u32| {
        let schema = schema_of(whole);
        let named = |ty: &TypeId| schema.type_named(schema.type_name(*ty)) == Some(*ty);
        let types = schema.types().map(|(ty, _)| ty).filter(|ty| schema.is_a(*ty, schema.api_object()) && named(ty));
        let types: Vec<TypeId> = types.collect();
        let of_type = move |ty| object(schema_of(whole), ty, depth);
        prop::sample::select(types).prop_flat_map(of_type).prop_map(move |object| (whole, object))
    };
    prop_oneof![of(false, 3), of(true, 1)]
}

/// All that a tree says, so that two can be compared.
fn told(node: Node<'_>) -> Vec<String> {
    let ty = node.ty().map(|ty| node.schema().type_name(ty));
    let mut all = vec![format!(
        "{{{}}}{} {:?} {ty:?} {:?} nil={} {:?}",
        node.ns(),
        node.name(),
        node.kind(),
        node.xsi_type(),
        node.is_nil(),
        node.text()
    )];
    all.extend(node.children().flat_map(told));
    all.push("end".into());
    all
}

fn envelope() -> impl Strategy<Value = (bool, Element)> {
    any_object().prop_map(|(whole, object)| (whole, Element::envelope(&object, &schema_of(whole))))
}

/// Everything that can be asked of a tree.
fn ask(node: Node<'_>) {
    let _ = (told(node).len(), node.path(), node.position(), node.raw(), node.depth(), node.attributes().count());
    let _ = (node.to_value(), node.field(), envoi::object::value::check_node(node), node.child("ID"));
    let mut writer = Writer::new();
    writer.node("Object", node, &[("ID", "1")]);
    node.children().for_each(ask);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_received_is_read_again((whole, object) in any_object()) {
        let schema = schema_of(whole);
        let mut writer = Writer::new();
        writer.received("Objects", &object, &schema);
        prop_assert_eq!(read_back(writer, &schema), object);
    }

    #[test]
    fn an_answer_holds_what_the_schema_has((whole, object) in any_object()) {
        let schema = schema_of(whole);
        let mut first = Writer::new();
        first.object("Objects", &object, &schema);
        let seen = read_back(first, &schema);
        prop_assert_eq!(&seen.kind, &object.kind);
        let ty = schema.type_named(&object.kind).expect("declared");
        let place = |member: &Member| schema.get(ty).field(schema.name_id(&member.name)?).map(|(at, _)| at);
        prop_assert!(seen.members.iter().map(place).is_sorted() && seen.members.iter().all(|member| place(member).is_some()));
        prop_assert!(seen.get("PartnerKey").is_some() && seen.get("ObjectID").is_some());
        for name in ["EmailAddress", "SubscriberKey", "CustomerKey"] {
            let field = schema.name_id(name).and_then(|id| schema.get(ty).field(id)).map(|(_, field)| field);
            // Nil is left out where the schema has no nil and needs no value.
            let stays = |value: &Value| *value != Value::Nil || field.is_some_and(|field| field.nillable || field.min > 0);
            let sent = object.get(name).filter(|value| field.is_some() && stays(value));
            prop_assert_eq!(seen.get(name), sent);
        }
        let mut second = Writer::new();
        second.object("Objects", &seen, &schema);
        prop_assert_eq!(read_back(second, &schema), seen);
    }

    #[test]
    fn spelling_does_not_matter((whole, element) in envelope(), choices in prop::collection::vec(any::<u8>(), 1..200)) {
        let schema = schema_of(whole);
        let plain = tree(element.spelt(&mut Choices::none()), &schema);
        let (bytes, content_type) = element.sent(&mut Choices::of(&choices));
        let text = decode(Bytes::from(bytes), content_type.as_deref());
        let text = text.unwrap_or_else(|error| panic!("{error}: {content_type:?}"));
        prop_assert_eq!(told(tree(text, &schema).root()), told(plain.root()));
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), content_type in any::<Option<String>>()) {
        if let Ok(text) = decode(Bytes::from(bytes), content_type.as_deref())
            && let Ok(tree) = read(text, &schema_of(true), &Limits::default())
        {
            ask(tree.root());
        }
    }

    #[test]
    fn nothing_panics_on_markup(text in "[<>/!?&;#x=a:'\" \\]\\[CDATAxmlns\r\n-]{0,60}") {
        if let Ok(tree) = read(text, &schema_of(true), &Limits::default()) {
            ask(tree.root());
        }
    }

    #[test]
    fn nothing_panics_on_broken_envelopes(
        (whole, element) in envelope(),
        choices in prop::collection::vec(any::<u8>(), 1..100),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, any::<prop::sample::Index>()), 1..6),
    ) {
        let mut text: Vec<char> = element.spelt(&mut Choices::of(&choices)).chars().collect();
        for (at, len, to) in cuts {
            let at = at.index(text.len() + 1);
            let taken: Vec<char> = text.drain(at..(at + len).min(text.len())).collect();
            let to = to.index(text.len() + 1);
            text.splice(to..to, taken);
        }
        if let Ok(tree) = read(text.into_iter().collect(), &schema_of(whole), &Limits::default()) {
            ask(tree.root());
        }
    }
}
