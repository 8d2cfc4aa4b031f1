//! A small schema for tests: a corner of the PartnerAPI with every kind of member.

use std::sync::Arc;

use envoi::schema::{Builder, FieldDecl, Schema, Simple};

fn one(name: &str, type_name: &str) -> FieldDecl {
    FieldDecl { name: name.into(), type_name: type_name.into(), min: 0, max: Some(1), nillable: false }
}

fn nillable(name: &str, type_name: &str) -> FieldDecl {
    FieldDecl { nillable: true, ..one(name, type_name) }
}

fn many(name: &str, type_name: &str) -> FieldDecl {
    FieldDecl { max: None, ..one(name, type_name) }
}

/// Subscriber, its lists and attributes, options, and the message that creates them.
pub(crate) fn small() -> Arc<Schema> {
    let mut builder = Builder::default();
    let base = vec![
        one("Client", "ClientID"),
        nillable("PartnerKey", "xsd:string"),
        many("PartnerProperties", "APIProperty"),
        one("ID", "xsd:int"),
        nillable("ObjectID", "xsd:string"),
        one("CustomerKey", "xsd:string"),
    ];
    builder.complex("APIObject", None, false, base);
    builder.complex("ClientID", None, false, vec![one("ID", "xsd:int"), one("EnterpriseID", "xsd:long")]);
    builder.complex("APIProperty", None, false, vec![one("Name", "xsd:string"), one("Value", "xsd:string")]);
    builder.complex("Attribute", None, false, vec![one("Name", "xsd:string"), one("Value", "xsd:string")]);
    builder.complex("SubscriberList", Some("APIObject"), false, vec![one("Status", "SubscriberStatus")]);
    let subscriber = vec![
        one("EmailAddress", "xsd:string"),
        many("Attributes", "Attribute"),
        one("SubscriberKey", "xsd:string"),
        one("UnsubscribedDate", "xsd:dateTime"),
        one("Status", "SubscriberStatus"),
        many("Lists", "SubscriberList"),
        one("Addresses", "Subscriber.Addresses"),
    ];
    builder.complex("Subscriber", Some("APIObject"), false, subscriber);
    builder.anonymous("Subscriber.Addresses", None, vec![many("Address", "APIProperty")]);
    builder.complex("VipSubscriber", Some("Subscriber"), false, vec![one("Level", "xsd:byte")]);
    builder.simple("SubscriberStatus", Simple::String, vec!["Active".into(), "Held".into()], None);
    builder.complex("Options", None, true, vec![one("RequestType", "xsd:string")]);
    builder.complex("CreateOptions", Some("Options"), false, vec![one("Container", "APIObject")]);
    builder.anonymous("CreateRequest", None, vec![one("Options", "CreateOptions"), many("Objects", "APIObject")]);
    builder.element("CreateRequest", "CreateRequest");
    Arc::new(builder.finish().expect("declarations that fit"))
}
