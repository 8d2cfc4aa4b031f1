//! Slim WSDLs hold together: whatever object is named, no declaration refers to one that was left out.

use std::collections::HashSet;

use envoi::schema::{Schema, contract};

use super::tree::Element;
use super::{BASE, CREATE, xmllint};

fn slim(schema: &Schema, objects: &[&str]) -> String {
    contract::slim(schema, objects, BASE).expect("known names")
}

/// The names of a document's types, after a check that every reference in it is met.
fn whole(text: &str) -> HashSet<String> {
    let wsdl = Element::parse(text);
    let schema = wsdl.only("types").only("schema");
    let names = |kinds: &[&str]| -> HashSet<String> {
        let declared = schema.children.iter().filter(|child| kinds.contains(&&*child.name));
        declared.map(|child| child.attribute("name").expect("a name").to_owned()).collect()
    };
    let types = names(&["complexType", "simpleType"]);
    let elements = names(&["element"]);
    schema.walk(&mut |element| {
        for reference in ["type", "base"] {
            if let Some(name) = element.attribute(reference).and_then(|name| name.strip_prefix("tns:")) {
                assert!(types.contains(name), "{name} is left out");
            }
        }
    });
    assert_eq!(wsdl.only("portType").all("operation").count(), 13);
    for message in wsdl.all("message") {
        let element = message.only("part").name_in("element").expect("an element");
        assert!(elements.contains(element), "{element} is left out");
    }
    types
}

#[test]
fn every_object_alone_makes_a_whole_document() {
    let schema = Schema::embedded().expect("the contract");
    let objects = schema.types().filter(|(id, _)| schema.is_a(*id, schema.api_object()));
    let mut count = 0;
    for (_, object) in objects {
        let name = schema.name(object.name());
        let types = whole(&slim(&schema, &[name]));
        assert!(types.contains(name), "{name} was asked for");
        assert!(types.len() < 316, "{name} leaves nothing out");
        count += 1;
    }
    assert_eq!(count, 151);
}

#[test]
fn naming_every_object_leaves_out_next_to_nothing() {
    let schema = Schema::embedded().expect("the contract");
    let names: Vec<_> = schema.types().map(|(id, _)| schema.type_name(id)).collect();
    let named: Vec<_> = names.into_iter().filter(|name| schema.type_named(name).is_some()).collect();
    let types = whole(&slim(&schema, &named));
    let left_out: Vec<_> = schema
        .enumerations()
        .iter()
        .map(|found| schema.name(found.name))
        .filter(|name| !types.contains(*name))
        .collect();
    // Simple types that no field of the contract uses.
    let text = contract::wsdl(BASE);
    for name in &left_out {
        assert!(!text.contains(&format!("type=\"tns:{name}\"")), "{name} is used");
    }
    assert_eq!(types.len() + left_out.len(), 316);
}

#[test]
fn objects_bring_what_calls_about_them_hold() {
    let schema = Schema::embedded().expect("the contract");
    let always = [
        "SimpleFilterPart",
        "ComplexFilterPart",
        "CreateOptions",
        "RetrieveOptions",
        "NullAPIProperty",
        "DailyRecurrence",
    ];
    let subscriber = whole(&slim(&schema, &["Subscriber"]));
    for name in always.into_iter().chain(["Attribute", "SubscriberList", "EmailAddress", "SubscriberStatus"]) {
        assert!(subscriber.contains(name), "{name}");
    }
    for name in ["TriggeredSendCreateResult", "DataExtensionCreateResult", "Portfolio", "QueryDefinition"] {
        assert!(!subscriber.contains(name), "{name}");
    }
    let send = whole(&slim(&schema, &["TriggeredSend"]));
    assert!(
        ["TriggeredSendCreateResult", "SubscriberResult", "TriggeredSendDefinition"]
            .iter()
            .all(|name| send.contains(*name))
    );
    let row = whole(&slim(&schema, &["DataExtensionObject"]));
    assert!(["DataExtensionUpdateResult", "DataExtensionError"].iter().all(|name| row.contains(*name)));
}

#[test]
fn a_slim_document_is_smaller() {
    let schema = Schema::embedded().expect("the contract");
    let (slim, full) = (slim(&schema, &["Subscriber", "TriggeredSend"]), contract::wsdl(BASE));
    let types = whole(&slim).len();
    println!("slim: {} of {} bytes, {types} of 316 types", slim.len(), full.len());
    // Every object has an owner, a user, whose business unit leads to profiles, definitions, lists and e-mails: half of
    // the contract is reachable from any message.
    assert!(slim.len() * 100 < full.len() * 60, "{} of {} bytes", slim.len(), full.len());
    assert!(types < 170, "{types} types");
}

#[test]
fn slim_schemas_compile_and_judge() {
    let schema = Schema::embedded().expect("the contract");
    let row = r#"<CreateRequest xmlns="http://exacttarget.com/wsdl/partnerAPI"
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Options/><Objects xsi:type="DataExtensionObject">
        <CustomerKey>k</CustomerKey><Properties><Property xsi:type="NullAPIProperty"><Name>a</Name><Value/></Property>
        </Properties></Objects></CreateRequest>"#;
    let status = r#"<SystemStatusRequestMsg xmlns="http://exacttarget.com/wsdl/partnerAPI"/>"#;
    let cases: [(&[&str], &str); 5] = [
        (&["Subscriber"], CREATE),
        (&["Subscriber", "TriggeredSend"], CREATE),
        (&["DataExtensionObject"], row),
        (&["Automation", "Asset"], status),
        (&[], status),
    ];
    for (objects, instance) in cases {
        if let Some((good, said)) = xmllint(&slim(&schema, objects), instance) {
            assert!(good, "{objects:?}: {said}");
        }
    }
    // A type that was left out is not known to the slim schema.
    assert!(xmllint(&slim(&schema, &["Subscriber"]), row).is_none_or(|(good, _)| !good));
}
