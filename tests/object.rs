//! Reading envelopes as real clients write them, and writing objects as the service does.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "object/schema.rs"]
mod schema;

use envoi::{
    object::{Limits, Object, ReadErrorKind, Tree, Value, Writer, only_base, read},
    schema::PARTNER_API,
};

fn tree(text: &str) -> Tree {
    read(text.into(), &schema::small(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const CREATE: &str = r#"<?xml version='1.0' encoding="utf-8" ?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">
  <s:Body>
    <CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI">
      <Objects x:type="Subscriber"><PartnerKey x:nil="true" /><ID x:nil="1"/><EmailAddress>a&amp;b@example.com</EmailAddress></Objects>
      <Options/>
      <p:Objects xmlns:p="http://exacttarget.com/wsdl/partnerAPI" x:type=" p:VipSubscriber ">
        <p:Lists><p:ID>7</p:ID></p:Lists>
        <p:Level>3</p:Level>
        <p:Lists><p:ID> 8 </p:ID></p:Lists>
        <Unknown xmlns="urn:other" a="1"><Deep/></Unknown>
        <EmailAddress xmlns=""><![CDATA[a&b]]>-<!-- no -->c</EmailAddress>
      </p:Objects>
    </CreateRequest>
  </s:Body>
  <s:Header><h:fueloauth xmlns:h="http://exacttarget.com">
    token
  </h:fueloauth></s:Header>
</s:Envelope>
"#;

#[test]
fn an_envelope_is_read_by_the_schema() {
    let tree = tree(CREATE);
    let schema = tree.schema();
    let name = |ty: Option<_>| ty.map(|ty| schema.type_name(ty));
    let envelope = tree.root();
    assert_eq!((envelope.name(), envelope.ns()), ("Envelope", "http://schemas.xmlsoap.org/soap/envelope/"));
    assert_eq!(envelope.children().map(|child| child.name()).collect::<Vec<_>>(), ["Body", "Header"]);
    let request = envelope.child("Body").and_then(|body| body.children().next()).expect("a message");
    assert_eq!(
        (request.name(), request.ns(), name(request.ty())),
        ("CreateRequest", PARTNER_API, Some("CreateRequest"))
    );
    assert_eq!(name(request.child("Options").expect("options").ty()), Some("CreateOptions"));
    let objects: Vec<_> = request.children_named("Objects").collect();
    assert_eq!(name(objects[0].ty()), Some("Subscriber"));
    assert_eq!(objects[0].xsi_type(), Some((PARTNER_API, "Subscriber")));
    assert!(objects[0].child("PartnerKey").expect("a key").is_nil());
    assert!(objects[0].child("ID").expect("an id").is_nil());
    assert_eq!(objects[0].child_text("ID"), None);
    assert_eq!(objects[0].child_text("EmailAddress").as_deref(), Some("a&b@example.com"));
    assert_eq!(objects[0].text(), "");
    assert_eq!(name(objects[1].ty()), Some("VipSubscriber"));
    let ids = objects[1].children_named("Lists").filter_map(|list| list.child_text("ID"));
    assert_eq!(ids.collect::<Vec<_>>(), ["7", " 8 "]);
    assert_eq!(objects[1].child_text("EmailAddress").as_deref(), Some("a&b-c"));
    let unknown = objects[1].child("Unknown").expect("kept");
    assert_eq!((unknown.ns(), unknown.ty(), unknown.attribute("", "a").as_deref()), ("urn:other", None, Some("1")));
    let token = envelope.child("Header").and_then(|header| header.child("fueloauth")).expect("a token");
    assert_eq!(token.text().trim(), "token");
    let list = objects[1].children_named("Lists").nth(1).and_then(|list| list.child("ID")).expect("an id");
    assert_eq!((list.path().as_str(), list.position()), ("CreateRequest.Objects[1].Lists[1].ID", (10, 18)));
    assert_eq!(list.raw(), "<p:ID> 8 </p:ID>");
    assert_eq!(token.path(), "Envelope.Header.fueloauth");
}

#[test]
fn an_object_keeps_everything() {
    let tree = tree(CREATE);
    let request = tree.root().child("Body").and_then(|body| body.child("CreateRequest")).expect("a message");
    let object = request.children_named("Objects").nth(1).expect("two").to_object();
    assert_eq!(&*object.kind, "VipSubscriber");
    let names: Vec<_> = object.members.iter().map(|member| &*member.name).collect();
    assert_eq!(names, ["Lists", "Level", "Lists", "{urn:other}Unknown", "EmailAddress"]);
    assert_eq!(object.text("Lists.ID"), Some("7"));
    assert_eq!(object.text("EmailAddress"), Some("a&b-c"));
}

#[test]
fn an_echo_has_the_schemas_order_and_nothing_else() {
    let tree = tree(CREATE);
    let request = tree.root().child("Body").and_then(|body| body.child("CreateRequest")).expect("a message");
    let objects: Vec<_> = request.children_named("Objects").collect();
    let mut writer = Writer::new();
    writer.node("Object", objects[0], &[("ID", "12"), ("EmailAddress", "<x>")]);
    assert_eq!(
        writer.as_str(),
        "<Object xsi:type=\"Subscriber\"><PartnerKey xsi:nil=\"true\" /><ID>12</ID><ObjectID xsi:nil=\"true\" />\
         <EmailAddress>&lt;x&gt;</EmailAddress></Object>"
    );
    let expected = "<Object xsi:type=\"VipSubscriber\"><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
         <EmailAddress>a&amp;b-c</EmailAddress>\
         <Lists><PartnerKey xsi:nil=\"true\" /><ID>7</ID><ObjectID xsi:nil=\"true\" /></Lists>\
         <Lists><PartnerKey xsi:nil=\"true\" /><ID>8</ID><ObjectID xsi:nil=\"true\" /></Lists><Level>3</Level></Object>";
    let mut writer = Writer::new();
    writer.node("Object", objects[1], &[]);
    assert_eq!(writer.as_str(), expected);
    let mut writer = Writer::new();
    writer.object("Object", &objects[1].to_object(), tree.schema());
    assert_eq!(writer.as_str(), expected);
}

#[test]
fn only_what_every_object_has_is_the_base() {
    let schema = schema::small();
    let mut object = Object::new("Subscriber");
    object.set_text("ID", "1");
    object.set_text("EmailAddress", "a@example.com");
    object.set("PartnerKey", Value::Nil);
    let base = only_base(&object, &schema);
    assert_eq!(base.members.iter().map(|member| &*member.name).collect::<Vec<_>>(), ["ID", "PartnerKey"]);
}

#[test]
fn limits_are_told_with_their_place() {
    let schema = schema::small();
    let small = Limits { depth: 3, attributes: 2, namespaces: 2, name: 5, value: 20, text: 6, elements: 4 };
    let wide = "<a xmlns:b='u' xmlns:c='v'><d xmlns:e='w'/></a>";
    for (text, what, limit, place) in [
        ("<a><b><c><d/></c></b></a>", "elements are nested too deeply", 3, (1, 10)),
        ("<a>\n <b c='1' d='2' e='3'/></a>", "an element has too many attributes", 2, (2, 17)),
        (wide, "there are too many namespace declarations in scope", 2, (1, 31)),
        ("<a><bcdefg/></a>", "a name is too long", 5, (1, 5)),
        ("<a b='012345678901234567890'/>", "an attribute's value is too long", 20, (1, 7)),
        ("<a>1234<!-- -->567</a>", "the text of an element is too long", 6, (1, 16)),
        ("<a><b/><b/><b/><b/></a>", "there are too many elements", 4, (1, 16)),
    ] {
        let error = read(text.into(), &schema, &small).expect_err(text);
        assert_eq!(error.kind, ReadErrorKind::Limit { what, limit }, "{text}");
        assert_eq!((error.line, error.column), place, "{text}");
    }
}

#[test]
fn xsi_types_that_do_not_fit_are_recorded_alone() {
    let head = "<CreateRequest xmlns='http://exacttarget.com/wsdl/partnerAPI' xmlns:i='http://www.w3.org/2001/XMLSchema-instance' \
                xmlns:xsd='http://www.w3.org/2001/XMLSchema'>";
    for (xsi_type, seen, ty) in [
        ("Subscriber", (PARTNER_API, "Subscriber"), "Subscriber"),
        ("&#83;ubscriber", (PARTNER_API, "Subscriber"), "Subscriber"),
        ("xsd:string", ("http://www.w3.org/2001/XMLSchema", "string"), "APIObject"),
        ("ClientID", (PARTNER_API, "ClientID"), "APIObject"),
        ("Nobody", (PARTNER_API, "Nobody"), "APIObject"),
        ("q:Subscriber", ("", "q:Subscriber"), "APIObject"),
        ("1 2", ("", "1 2"), "APIObject"),
        ("", ("", ""), "APIObject"),
    ] {
        let tree = tree(&format!("{head}<Objects i:type='{xsi_type}'/></CreateRequest>"));
        let object = tree.root().children().next().expect("an object");
        assert_eq!(object.xsi_type(), Some(seen), "{xsi_type}");
        assert_eq!(object.ty().map(|ty| tree.schema().type_name(ty)), Some(ty), "{xsi_type}");
    }
}
