//! Rules for all inputs: what is written is read again; how an envelope is spelt does not matter; nothing panics.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "object/schema.rs"]
mod schema;
#[path = "object/spelling.rs"]
mod spelling;

use std::sync::Arc;

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

fn subscriber() -> impl Strategy<Value = Object> {
    let schema = schema::small();
    let kinds = ["Subscriber", "VipSubscriber", "SubscriberList", "APIObject"];
    prop::sample::select(kinds.to_vec()).prop_flat_map(move |kind| {
        let ty = schema.type_named(kind).expect("declared");
        object(Arc::clone(&schema), ty, 3)
    })
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

fn envelope() -> impl Strategy<Value = Element> {
    subscriber().prop_map(|object| Element::envelope(&object, &schema::small()))
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
    fn what_was_received_is_read_again(object in subscriber()) {
        let schema = schema::small();
        let mut writer = Writer::new();
        writer.received("Objects", &object, &schema);
        prop_assert_eq!(read_back(writer, &schema), object);
    }

    #[test]
    fn an_answer_holds_what_the_schema_has(object in subscriber()) {
        let schema = schema::small();
        let mut first = Writer::new();
        first.object("Objects", &object, &schema);
        let seen = read_back(first, &schema);
        prop_assert_eq!(&seen.kind, &object.kind);
        let ty = schema.type_named(&object.kind).expect("declared");
        let place = |member: &Member| schema.get(ty).field(schema.name_id(&member.name)?).map(|(at, _)| at);
        prop_assert!(seen.members.iter().map(place).is_sorted() && seen.members.iter().all(|member| place(member).is_some()));
        prop_assert!(seen.get("PartnerKey").is_some() && seen.get("ObjectID").is_some());
        for name in ["EmailAddress", "SubscriberKey", "CustomerKey"] {
            let known = schema.name_id(name).and_then(|id| schema.get(ty).field(id)).is_some();
            // Nil where the schema has no nil is left out.
            let sent = object.get(name).filter(|value| known && **value != Value::Nil);
            prop_assert_eq!(seen.get(name), sent);
        }
        let mut second = Writer::new();
        second.object("Objects", &seen, &schema);
        prop_assert_eq!(read_back(second, &schema), seen);
    }

    #[test]
    fn spelling_does_not_matter(element in envelope(), choices in prop::collection::vec(any::<u8>(), 1..200)) {
        let schema = schema::small();
        let plain = tree(element.spelt(&mut Choices::none()), &schema);
        let (bytes, content_type) = element.sent(&mut Choices::of(&choices));
        let text = decode(Bytes::from(bytes), content_type.as_deref());
        let text = text.unwrap_or_else(|error| panic!("{error}: {content_type:?}"));
        prop_assert_eq!(told(tree(text, &schema).root()), told(plain.root()));
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), content_type in any::<Option<String>>()) {
        if let Ok(text) = decode(Bytes::from(bytes), content_type.as_deref())
            && let Ok(tree) = read(text, &schema::small(), &Limits::default())
        {
            ask(tree.root());
        }
    }

    #[test]
    fn nothing_panics_on_markup(text in "[<>/!?&;#x=a:'\" \\]\\[CDATAxmlns\r\n-]{0,60}") {
        if let Ok(tree) = read(text, &schema::small(), &Limits::default()) {
            ask(tree.root());
        }
    }

    #[test]
    fn nothing_panics_on_broken_envelopes(
        element in envelope(),
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
        if let Ok(tree) = read(text.into_iter().collect(), &schema::small(), &Limits::default()) {
            ask(tree.root());
        }
    }
}
