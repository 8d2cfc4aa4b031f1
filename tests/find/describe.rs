//! Describe: every type of the contract, and what is told of it.

use envoi::{
    message::Operation::{Describe, Retrieve},
    object::{Limits, read},
};

use super::{caller::schema, house::House};

fn ask(types: &[&str]) -> String {
    let requests: String = types
        .iter()
        .map(|name| format!("<ObjectDefinitionRequest><ObjectType>{name}</ObjectType></ObjectDefinitionRequest>"))
        .collect();
    format!("<DescribeRequests>{requests}</DescribeRequests>")
}

/// Name, data type, whether it is retrievable.
type Told = (String, String, bool);

/// Of each definition: the type, and each property with its data type and whether it is retrievable.
fn told(answer: &str) -> Vec<(String, Vec<Told>)> {
    let text = format!("<r xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>{answer}</r>");
    let tree = read(text, &schema(), &Limits::default()).unwrap();
    let message = tree.root().children().next().unwrap();
    let text = |node: envoi::object::Node<'_>, name: &str| node.child_text(name).unwrap_or_default().into_owned();
    let definitions = message.children_named("ObjectDefinition");
    definitions
        .map(|definition| {
            let properties = definition.children_named("Properties");
            let all =
                properties.map(|one| (text(one, "Name"), text(one, "DataType"), text(one, "IsRetrievable") == "true"));
            (text(definition, "ObjectType"), all.collect())
        })
        .collect()
}

#[test]
fn subscriber_is_described_as_captured() {
    let mut house = House::new();
    let answer = house.send(Describe, &ask(&["Subscriber"]));
    let nil = "<Properties><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />";
    for there in [
        "<Name>ID</Name><DataType>Int32</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><IsRequired>true</IsRequired></Properties>",
        "<Name>PartnerKey</Name><DataType>String</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><MaxLength>64</MaxLength><IsRequired>false</IsRequired></Properties>",
        "<Name>CreatedDate</Name><DataType>DateTime</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><IsRequired>false</IsRequired></Properties>",
        "<Name>Client.ID</Name><DataType>Int32</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><IsRequired>true</IsRequired></Properties>",
        "<Name>Client.PartnerClientKey</Name><DataType>String</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><MaxLength>64</MaxLength><IsRequired>false</IsRequired></Properties>",
        "<Name>EmailAddress</Name><DataType>String</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><MaxLength>254</MaxLength><IsRequired>true</IsRequired></Properties>",
        "<Name>Status</Name><DataType>SubscriberStatus</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><IsRequired>true</IsRequired></Properties>",
        "<Name>Attributes</Name><DataType>Attribute[]</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>false</IsRetrievable></Properties>",
        "<Name>Addresses</Name><DataType>SubscriberAddress[]</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>false</IsRetrievable></Properties>",
        "<Name>Client</Name><DataType>ClientID</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>false</IsRetrievable></Properties>",
        "<Name>GlobalUnsubscribeCategory</Name><DataType>GlobalUnsubscribeCategory</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>false</IsRetrievable></Properties>",
    ] {
        assert!(answer.contains(&format!("{nil}{there}")), "{there}: {answer}");
    }
    assert!(answer.ends_with("</ObjectDefinition><RequestID>R1</RequestID></DefinitionResponseMsg>"), "{answer}");
}

#[test]
fn every_type_can_be_described_and_retrieved_by_what_it_says() {
    let mut house = House::new();
    let schema = schema();
    let root = schema.api_object();
    let names: Vec<&str> = schema
        .types()
        .map(|(id, _)| id)
        .filter(|id| *id != root && schema.is_a(*id, root))
        .map(|id| schema.type_name(id))
        .collect();
    assert!(names.len() > 140, "{}", names.len());
    let described = told(&house.send(Describe, &ask(&names)));
    assert_eq!(described.len(), names.len());
    for ((name, properties), asked) in described.iter().zip(&names) {
        assert_eq!(name, asked);
        assert!(properties.len() >= 11, "{name}");
        let retrievable: String = properties
            .iter()
            .filter(|(.., yes)| *yes)
            .map(|(name, ..)| format!("<Properties>{name}</Properties>"))
            .collect();
        if name == "DataExtensionObject" {
            assert_eq!(retrievable, "");
            continue;
        }
        let answer = house.send(
            Retrieve,
            &format!("<RetrieveRequest><ObjectType>{name}</ObjectType>{retrievable}</RetrieveRequest>"),
        );
        assert!(answer.contains("<OverallStatus>OK</OverallStatus>"), "{answer}");
    }
}

#[test]
fn what_nobody_knows_has_no_properties() {
    let mut house = House::new();
    let described = told(&house.send(Describe, &ask(&["Nothing", "List", "DataExtensionObject[none]", "subscriber"])));
    let counts: Vec<_> = described.iter().map(|(name, all)| (name.as_str(), all.is_empty())).collect();
    assert_eq!(counts, [("Nothing", true), ("List", false), ("DataExtensionObject[none]", true), ("subscriber", true)]);
    house.enter("little");
    let described = told(&house.send(Describe, &ask(&["Subscriber", "List"])));
    let counts: Vec<_> = described.iter().map(|(name, all)| (name.as_str(), all.is_empty())).collect();
    assert_eq!(counts, [("Subscriber", true), ("List", false)]);
    let none = house.send(Describe, "");
    assert_eq!(
        none,
        "<DefinitionResponseMsg xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><RequestID>R3</RequestID></DefinitionResponseMsg>"
    );
    let many = super::house::envelope("DefinitionRequestMsg", &ask(&["List"; 501]));
    let tree = read(many, &schema(), &Limits::default()).unwrap();
    let fault = envoi::message::fixed::read_describe(super::house::call(Describe, &tree).message).unwrap_err();
    assert_eq!(fault.text, "At most 500 object types can be described in one call.");
    let odd = house.send(Describe, &ask(&["a&#13;&amp;b"]));
    assert!(odd.contains("<ObjectType>a&#13;&amp;b</ObjectType>"), "{odd}");
}
