//! Facts against WSDL and WSDL against facts, then facts against the schema that leads the gateway.

use envoi::schema::{Field, Kind, Schema, Simple, TypeId};
use serde_json::{Map, Value, json};

use super::tree::Element;

fn facts() -> Value {
    serde_json::from_str(include_str!("../facts/partnerapi-schema.json")).expect("the facts")
}

fn wsdl() -> Element {
    Element::parse(include_str!("../../wsdl/partnerapi.wsdl"))
}

/// What the WSDL says, in the words of the facts. An unknown construct is a failure, so nothing can be overlooked.
fn said(wsdl: &Element) -> Value {
    let mut types = Map::new();
    let mut simple = Map::new();
    let mut elements = Map::new();
    for declared in wsdl.only("types").only("schema").declarations() {
        let (into, value) = match &*declared.name {
            "import" => continue,
            "simpleType" => (&mut simple, restriction(declared)),
            "complexType" => (&mut types, complex(declared)),
            "element" => match declared.name_in("type") {
                Some(name) => (&mut elements, json!({ "type": name })),
                None => (&mut elements, complex(declared.declarations().next().expect("a type of its own"))),
            },
            other => panic!("the schema declares a {other}"),
        };
        let name = declared.attribute("name").expect("a name");
        assert!(into.insert(name.into(), value).is_none(), "{name} is declared twice");
    }
    json!({ "types": types, "simple_types": simple, "elements": elements })
}

fn restriction(simple: &Element) -> Value {
    let restriction = simple.only("restriction");
    let mut value = json!({ "base": restriction.attribute("base") });
    let mut values = Vec::new();
    for facet in restriction.declarations() {
        let text = facet.attribute("value").expect("a value");
        match &*facet.name {
            "enumeration" => values.push(text),
            "pattern" => value["pattern"] = json!(text),
            other => panic!("a restriction by {other}"),
        }
    }
    if !values.is_empty() {
        value["enum"] = json!(values);
    }
    value
}

fn complex(declared: &Element) -> Value {
    let mut value = json!({});
    if let Some(is_abstract) = declared.attribute("abstract") {
        value["abstract"] = json!(is_abstract == "true");
    }
    let content: Vec<_> = declared.declarations().collect();
    let [content] = content[..] else { panic!("one content in {declared:?}") };
    let sequence = match &*content.name {
        "sequence" => content,
        "complexContent" => {
            let extension = content.only("extension");
            value["extends"] = json!(extension.name_in("base"));
            extension.only("sequence")
        }
        other => panic!("a type holds {other}"),
    };
    value["fields"] = members(sequence);
    value
}

fn members(group: &Element) -> Value {
    group.declarations().map(member).collect()
}

fn member(declared: &Element) -> Value {
    let occurs = |name: &str| match declared.attribute(name) {
        None => json!(1),
        Some("unbounded") => json!("unbounded"),
        Some(number) => json!(number.parse::<u32>().expect("a number")),
    };
    let mut value = json!({ "min": occurs("minOccurs"), "max": occurs("maxOccurs") });
    for (name, _) in &declared.attributes {
        let known = ["name", "type", "minOccurs", "maxOccurs", "nillable", "processContents"];
        assert!(known.contains(&&**name), "an attribute {name} that the facts cannot state");
    }
    match &*declared.name {
        "choice" => value["choice"] = members(declared),
        "any" => value["any"] = json!(true),
        "element" => {
            value["name"] = json!(declared.attribute("name"));
            if let Some(nillable) = declared.attribute("nillable") {
                value["nillable"] = json!(nillable == "true");
            }
            match declared.attribute("type") {
                Some(name) => value["type"] = json!(name.strip_prefix("tns:").unwrap_or(name)),
                None => value["inline"] = complex(declared.only("complexType"))["fields"].take(),
            }
        }
        other => panic!("a sequence holds {other}"),
    }
    value
}

/// The facts without remarks, and with one spelling of "once".
fn plain(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(plain),
        Value::Object(map) => {
            if map.contains_key("fields") {
                map.remove("note");
            }
            if map.get("max") == Some(&json!("1")) {
                map.insert("max".into(), json!(1));
            }
            map.values_mut().for_each(plain);
        }
        _ => {}
    }
}

#[test]
fn the_wsdl_carries_exactly_the_facts() {
    let mut facts = facts();
    let said = said(&wsdl());
    for (kind, count) in [("types", 253), ("simple_types", 63), ("elements", 59)] {
        let known = facts[kind].as_object_mut().expect("a map");
        let found = said[kind].as_object().expect("a map");
        assert_eq!((known.len(), found.len()), (count, count), "{kind}");
        for (name, fact) in known {
            plain(fact);
            assert_eq!(Some(&*fact), found.get(name), "{kind}: {name}");
        }
    }
}

#[test]
fn the_service_is_bound_as_the_facts_say() {
    let facts = facts();
    let facts = &facts["wsdl"];
    let wsdl = wsdl();
    let schema = wsdl.only("types").only("schema");
    let namespace = facts["definitions_targetNamespace"].as_str();
    assert_eq!(wsdl.attribute("targetNamespace"), namespace);
    assert_eq!(schema.attribute("targetNamespace"), namespace);
    assert_eq!(schema.attribute("elementFormDefault"), Some("qualified"));
    // libxml2 takes the schema out of the WSDL and needs its prefixes there.
    assert_eq!(schema.attribute("xmlns:tns"), namespace);
    assert_eq!(schema.attribute("xmlns:xsd"), Some("http://www.w3.org/2001/XMLSchema"));
    assert_eq!(schema.only("import").attribute("namespace"), Some("urn:fault.partner.exacttarget.com"));

    let (port_type, binding, service) = (wsdl.only("portType"), wsdl.only("binding"), wsdl.only("service"));
    let operations = facts["operations"].as_object().expect("a map");
    assert_eq!(port_type.attribute("name"), operations["portType"].as_str());
    assert_eq!(binding.attribute("name"), facts["binding"].as_str());
    assert_eq!(binding.name_in("type"), operations["portType"].as_str());
    assert_eq!(service.attribute("name"), facts["service"].as_str());
    assert_eq!(service.only("port").attribute("name"), facts["port"].as_str());
    assert_eq!(service.only("port").name_in("binding"), facts["binding"].as_str());
    let soap = binding.all("binding").next().expect("soap:binding");
    assert_eq!(soap.attribute("style"), Some("document"));
    assert_eq!(soap.attribute("transport"), Some("http://schemas.xmlsoap.org/soap/http"));

    let declared = operations.iter().filter(|(name, _)| *name != "portType");
    assert_eq!(declared.clone().count(), 13);
    assert_eq!([port_type.all("operation").count(), binding.all("operation").count()], [13, 13]);
    assert_eq!(wsdl.all("message").count(), 26);
    for (name, fact) in declared {
        let named = |of: &Element| of.attribute("name") == Some(name);
        let bound = binding.all("operation").find(|operation| named(operation)).expect("bound");
        assert_eq!(bound.only("operation").attribute("soapAction"), fact["soapAction"].as_str());
        let operation = port_type.all("operation").find(|operation| named(operation)).expect("declared");
        for side in ["input", "output"] {
            assert_eq!(bound.only(side).only("body").attribute("use"), Some("literal"));
            let message = operation.only(side).name_in("message");
            assert_eq!(message, fact[side]["message"].as_str());
            let message = wsdl.all("message").find(|found| found.attribute("name") == message).expect("a message");
            assert_eq!(message.only("part").name_in("element"), fact[side]["element"].as_str());
        }
    }
}

/// The facts' own order of a type's members, choices opened: (name, type, min, max, nillable).
fn flat(fields: &Value, optional: bool, out: &mut Vec<Value>) {
    for field in fields.as_array().expect("a list") {
        if let Some(choice) = field.get("choice") {
            flat(choice, true, out);
        } else if field.get("any").is_none() {
            let mut field = field.clone();
            if optional {
                field["min"] = json!(0);
            }
            out.push(field);
        }
    }
}

fn compare(schema: &Schema, place: &str, fields: &[Field], fact: &Value) {
    let mut expected = Vec::new();
    flat(fact, false, &mut expected);
    assert_eq!(fields.len(), expected.len(), "{place}");
    for (field, fact) in fields.iter().zip(&expected) {
        let name = schema.name(field.name);
        let place = format!("{place}.{name}");
        let max = field.max.map_or(json!("unbounded"), |max| json!(max));
        assert_eq!(
            (json!(name), json!(field.min), max),
            (fact["name"].clone(), fact["min"].clone(), fact["max"].clone())
        );
        assert_eq!(field.nillable, fact.get("nillable") == Some(&json!(true)), "{place}");
        match (field.kind, fact.get("inline")) {
            (Kind::Complex(id), Some(inline)) => {
                assert_eq!(schema.type_name(id), place);
                compare(schema, &place, schema.get(id).own_fields(), inline);
            }
            (Kind::Complex(id), None) => assert_eq!(json!(schema.type_name(id)), fact["type"], "{place}"),
            (Kind::Enum(id), _) => assert_eq!(json!(schema.name(schema.enumeration(id).name)), fact["type"], "{place}"),
            (Kind::Simple(simple), _) => {
                let built_in = fact["type"].as_str().and_then(|name| name.strip_prefix("xsd:"));
                assert_eq!(Some(simple), built_in.and_then(Simple::named), "{place}");
            }
        }
    }
}

#[test]
fn the_schema_agrees_with_the_facts() {
    let schema = Schema::embedded().expect("the contract");
    let facts = facts();
    let named = |id: TypeId| schema.type_named(schema.type_name(id)) == Some(id);
    assert_eq!(schema.types().filter(|(id, _)| named(*id)).count(), 253);
    assert_eq!(schema.enumerations().len(), 63);
    assert_eq!(schema.operations().len(), 13);
    for (name, fact) in facts["types"].as_object().expect("a map") {
        let id = schema.type_named(name).expect("a type of the facts");
        let found = schema.get(id);
        assert_eq!(found.base().map(|base| json!(schema.type_name(base))), fact.get("extends").cloned(), "{name}");
        assert_eq!(found.is_abstract(), fact.get("abstract").is_some(), "{name}");
        compare(&schema, name, found.own_fields(), &fact["fields"]);
        let fields = fact["fields"].as_array().expect("a list");
        assert_eq!(
            found.choices().len(),
            fields.iter().filter(|field| field.get("choice").is_some()).count(),
            "{name}"
        );
        assert_eq!(found.is_open(), fields.iter().any(|field| field.get("any").is_some()), "{name}");
    }
    for found in schema.enumerations() {
        let fact = &facts["simple_types"][schema.name(found.name)];
        let values: Vec<_> = found.values.iter().map(|value| json!(value)).collect();
        assert_eq!(fact.get("enum").cloned().unwrap_or(json!([])), json!(values));
        assert_eq!(fact.get("pattern").cloned(), found.pattern.as_ref().map(|pattern| json!(pattern)));
        assert_eq!(fact["base"].as_str().and_then(|name| Simple::named(&name[4..])), Some(found.base));
    }
    let elements = facts["elements"].as_object().expect("a map");
    assert_eq!(elements.len(), 59);
    for (name, fact) in elements {
        let Some(Kind::Complex(id)) = schema.element(name) else { panic!("{name} is an element of the facts") };
        match fact.get("type") {
            Some(type_name) => assert_eq!(json!(schema.type_name(id)), *type_name),
            None => compare(&schema, name, schema.get(id).fields(), &fact["fields"]),
        }
    }
    for operation in schema.operations() {
        let fact = &facts["wsdl"]["operations"][&*operation.name];
        assert_eq!(fact["soapAction"], json!(operation.action));
        assert_eq!(fact["input"]["element"], json!(operation.input));
        assert_eq!(fact["output"]["element"], json!(operation.output));
    }
}
