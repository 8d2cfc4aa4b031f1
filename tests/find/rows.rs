//! Rows of data extensions: `DataExtensionObject[key]`.

use envoi::message::Operation::{Describe, Retrieve, Update};

use super::house::{House, parts, simple};

fn house() -> House {
    let mut house = House::new();
    let field = |name: &str, kind: &str, more: &str| {
        format!("<Field><Name>{name}</Name><FieldType>{kind}</FieldType>{more}</Field>")
    };
    let fields = field("Key", "Text", "<MaxLength>20</MaxLength><IsPrimaryKey>true</IsPrimaryKey>")
        + &field("Count", "Number", "")
        + &field("Price", "Decimal", "<MaxLength>9</MaxLength><Scale>2</Scale>")
        + &field("Born", "Date", "")
        + &field("Active", "Boolean", "");
    house.create(&format!(
        "<Objects xsi:type='DataExtension'><CustomerKey>people</CustomerKey><Name>Our People</Name><Fields>{fields}</Fields></Objects>"
    ));
    for (key, count, price, born, active) in [
        ("a", "9", "1.50", "2014-03-26T10:02:01Z", "true"),
        ("b", "10", "10", "1/2/2015", "false"),
        ("c", "", "", "", ""),
    ] {
        row(&mut house, &[("Key", key), ("Count", count), ("Price", price), ("Born", born), ("Active", active)]);
    }
    house
}

fn row(house: &mut House, values: &[(&str, &str)]) {
    let values: String = values
        .iter()
        .map(|(name, value)| format!("<Property><Name>{name}</Name><Value>{value}</Value></Property>"))
        .collect();
    house.create(&format!("<Objects xsi:type='DataExtensionObject'><CustomerKey>people</CustomerKey><Properties>{values}</Properties></Objects>"));
}

#[test]
fn a_row_comes_back_as_properties() {
    let mut house = house();
    let answer = house.send(
        Retrieve,
        &format!(
            "<RetrieveRequest><ObjectType>DataExtensionObject[people]</ObjectType><Properties>Key</Properties>\
             <Properties>Born</Properties><Properties>PRICE</Properties>{}</RetrieveRequest>",
            simple("Key", "equals", &["A"])
        ),
    );
    assert!(
        answer.contains(
            "<Results xsi:type=\"DataExtensionObject\"><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
             <Type>DataExtensionObject</Type><Properties><Property><Name>Key</Name><Value>a</Value></Property>\
             <Property><Name>Born</Name><Value>3/26/2014 10:02:01 AM</Value></Property>\
             <Property><Name>Price</Name><Value>1.50</Value></Property></Properties></Results>"
        ),
        "{answer}"
    );
    // By name, and with all columns.
    let (status, found) = house.retrieve("DataExtensionObject[Our People]", &[], "");
    assert_eq!((status.as_str(), found.len()), ("OK", 3));
    let answer = house
        .send(Retrieve, "<RetrieveRequest><ObjectType>DataExtensionObject[our people]</ObjectType></RetrieveRequest>");
    assert_eq!(answer.matches("<Name>Active</Name>").count(), 3, "{answer}");
    let error = house.error("DataExtensionObject[people]", &["Key", "Nope"], "");
    assert_eq!(
        error,
        "Error: The Request Property(s) Nope do not match with the fields of DataExtensionObject retrieve"
    );
}

#[test]
fn columns_are_compared_by_their_type() {
    let mut house = house();
    let table: &[(&str, &str, &[&str], &str)] = &[
        ("Count", "greaterThan", &["9"], "b"),
        ("Count", "lessThan", &["9.5"], "a"),
        ("Count", "isNull", &[], "c"),
        ("Price", "equals", &["1.5"], "a"),
        ("Price", "between", &["2", "10.00"], "b"),
        ("Price", "notEquals", &["10"], "a"),
        ("Born", "lessThan", &["2014-12-31"], "a"),
        ("Born", "greaterThan", &["12/31/2014 11:59:59 PM"], "b"),
        ("Active", "equals", &["True"], "a"),
        ("Active", "equals", &["no"], "b"),
        ("active", "isNotNull", &[], "ab"),
        ("Key", "IN", &["A", "C", "x"], "ac"),
        ("Key", "like", &["%"], "abc"),
        ("key", "equals", &["b "], "b"),
    ];
    for (property, operator, values, expected) in table {
        let found = house.values("DataExtensionObject[people]", "Key", &simple(property, operator, values));
        assert_eq!(found.concat(), *expected, "{property} {operator} {values:?}");
    }
    let numbers = house.values("DataExtensionObject[people]", "_CustomObjectKey", "");
    let found =
        house.values("DataExtensionObject[people]", "Key", &simple("_CustomObjectKey", "equals", &[&numbers[1]]));
    assert_eq!(found, ["b"]);
    let error = house.error("DataExtensionObject[people]", &["Key"], &simple("Count", "equals", &["many"]));
    assert_eq!(error, "Error: The Value \"many\" on Count is not a number");
}

#[test]
fn rows_come_in_batches_and_since_the_last_one() {
    let mut house = house();
    let since =
        "<RetrieveAllSinceLastBatch>true</RetrieveAllSinceLastBatch><Options><BatchSize>2</BatchSize></Options>";
    let ask = |house: &mut House| house.retrieve("DataExtensionObject[people]", &["Key"], since);
    assert_eq!(ask(&mut house), ("MoreDataAvailable".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
    let answer = house.send(Retrieve, "<RetrieveRequest><ContinueRequest>R5</ContinueRequest></RetrieveRequest>");
    assert_eq!(parts(&answer, &["Key"]), ("OK".to_owned(), vec!["c".to_owned()]));
    assert_eq!(ask(&mut house), ("OK".to_owned(), vec![]));
    house.later(60);
    house.send(
        Update,
        "<Options/><Objects xsi:type='DataExtensionObject'><CustomerKey>people</CustomerKey><Properties><Property><Name>Count</Name><Value>1</Value></Property></Properties>\
         <Keys><Key><Name>Key</Name><Value>b</Value></Key></Keys></Objects>",
    );
    assert_eq!(ask(&mut house), ("OK".to_owned(), vec!["b".to_owned()]));
}

#[test]
fn all_accounts_are_those_that_have_the_data_extension() {
    let mut house = house();
    let all = "<QueryAllAccounts>true</QueryAllAccounts>";
    assert_eq!(house.values("DataExtensionObject[people]", "Key", all), ["a", "b", "c"]);
    let elsewhere = format!("<ClientIDs><ID>{}</ID></ClientIDs>", super::house::UNIT);
    assert_eq!(
        house.error("DataExtensionObject[people]", &["Key"], &elsewhere),
        "Error: Data extension not found: people"
    );
}

#[test]
fn columns_are_described() {
    let mut house = house();
    let answer = house.send(
        Describe,
        "<DescribeRequests><ObjectDefinitionRequest><ObjectType>DataExtensionObject[people]</ObjectType></ObjectDefinitionRequest></DescribeRequests>",
    );
    for there in [
        "<ObjectType>DataExtensionObject[people]</ObjectType>",
        "<Name>Key</Name><DataType>String</DataType><IsUpdatable>false</IsUpdatable><IsRetrievable>true</IsRetrievable><MaxLength>20</MaxLength><IsRequired>true</IsRequired>",
        "<Name>Born</Name><DataType>DateTime</DataType><IsUpdatable>true</IsUpdatable><IsRetrievable>true</IsRetrievable><IsRequired>false</IsRequired>",
    ] {
        assert!(answer.contains(there), "{there}: {answer}");
    }
}
