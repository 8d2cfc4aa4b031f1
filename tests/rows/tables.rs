//! Rows: what is kept after each request.

use envoi::message::Operation::{self, Create, Delete, Update};

use crate::{
    house::House,
    table::{ALL, answer, count, extension, kept, row, rows, saving},
};

const CREATED: &str = "OK Created DataExtensionObject";
const UPDATED: &str = "OK Updated DataExtensionObject";
const NOTHING: &str = "OK Nothing was done, as SaveAction Nothing asks";
const DELETED: &str = "OK Deleted DataExtensionObject";

/// An answer, and the rows after it.
type After = (&'static str, &'static [&'static str]);

fn house() -> House {
    let house = House::new();
    assert_eq!(house.one(Create, ALL), "OK Data Extension created.");
    house
}

#[test]
fn a_row_is_kept_by_the_types_of_its_columns() {
    let house = house();
    let members =
        "Code=a;Line=1;Email=a@example.com;Total=12.345;Placed=2014-03-26T10:02:01.987Z;Phone=317 555;Language=en-US";
    assert_eq!(house.one(Create, &row("all", members)), CREATED);
    // The name of the data extension does, too, and column names are of any case.
    assert_eq!(house.one(Create, &row("ALL TYPES", "code=b;LINE=+2;eMail=b@example.com;Paid=Yes")), CREATED);
    assert_eq!(
        rows(&house, "all"),
        ["a|1|a@example.com|12.35|3/26/2014 10:02:01 AM|False|317 555|en-US", "b|2|b@example.com|||True||"]
    );
}

#[test]
fn every_method_and_save_action_does_what_it_says() {
    let violation = "2 Violation of PRIMARY KEY constraint. Cannot insert duplicate key in data extension t. The duplicate key value is (K).";
    let missing =
        "2 Concurrency violation: the UpdateCommand affected 0 of the expected 1 records. No row has this key";
    let only = "68000 CreateSingle: SaveAction: UpdateOnly violation";
    let add = "68001 UpdateSingle: SaveAction: AddOnly violation";
    // (method, action, answer and row when there is none, answer and row when there is one)
    let table: &[(Operation, &str, After, After)] = &[
        (Create, "", (CREATED, &["K|new"]), (violation, &["k|old"])),
        (Create, "Default", (CREATED, &["K|new"]), (violation, &["k|old"])),
        (Create, "AddOnly", (CREATED, &["K|new"]), (violation, &["k|old"])),
        (Create, "UpdateAdd", (CREATED, &["K|new"]), (CREATED, &["k|new"])),
        (Create, "UpdateOnly", (only, &[]), (CREATED, &["k|new"])),
        (Create, "Nothing", (NOTHING, &[]), (NOTHING, &["k|old"])),
        (Create, "Delete", (DELETED, &[]), (DELETED, &[])),
        (Update, "", (missing, &[]), (UPDATED, &["k|new"])),
        (Update, "UpdateOnly", (missing, &[]), (UPDATED, &["k|new"])),
        (Update, "UpdateAdd", (UPDATED, &["K|new"]), (UPDATED, &["k|new"])),
        (Update, "AddOnly", (UPDATED, &["K|new"]), (add, &["k|old"])),
        (Update, "nothing", (NOTHING, &[]), (NOTHING, &["k|old"])),
        (Update, "Delete", (DELETED, &[]), (DELETED, &[])),
        (Delete, "", (DELETED, &[]), (DELETED, &[])),
    ];
    for (operation, action, absent, present) in table {
        // The key in Keys, and in Properties as upserting clients put it.
        for members in ["#Id=K;Value=new", "Id=K;Value=new", "#Id=K;Id=k;Value=new"] {
            for (there, (answer, after)) in [(false, absent), (true, present)] {
                let house = House::new();
                house.one(Create, &extension("t", &["Id*", "Value"]));
                if there {
                    assert_eq!(house.one(Create, &row("t", "Id=k;Value=old")), CREATED);
                }
                let options = if action.is_empty() { String::new() } else { saving(action) };
                let said = house.one(*operation, &format!("{options}{}", row("t", members)));
                assert_eq!(said, *answer, "{operation:?} {action} {members}, there: {there}");
                assert_eq!(rows(&house, "t"), **after, "{operation:?} {action} {members}, there: {there}");
            }
        }
    }
}

#[test]
fn what_an_update_does_not_name_stays_and_null_clears() {
    let house = house();
    house.one(Create, &row("all", "Code=a;Line=1;Email=a@example.com;Total=5;Phone=1;Paid=true"));
    assert_eq!(house.one(Update, &row("all", "#Code=A;#Line=1;Total!;Phone=")), UPDATED);
    assert_eq!(rows(&house, "all"), ["a|1|a@example.com|||True||"]);
    // A property without Value is null as well; an empty Text is an empty text.
    let bare = "<Objects xsi:type='DataExtensionObject'><CustomerKey>all</CustomerKey><Properties>\
        <Property><Name>Code</Name><Value>a</Value></Property><Property><Name>Line</Name><Value>1</Value></Property>\
        <Property><Name>Paid</Name></Property></Properties></Objects>";
    assert_eq!(house.one(Update, bare), UPDATED);
    assert_eq!(rows(&house, "all"), ["a|1|a@example.com|||||"]);
}

#[test]
fn keys_are_of_several_columns_and_know_no_case() {
    let house = house();
    for (members, expected) in [
        ("Code=a;Line=1;Email=a@example.com", CREATED),
        ("Code=a;Line=2;Email=a@example.com", CREATED),
        ("Code=b;Line=1;Email=a@example.com", CREATED),
        ("Code=a1;Line=1;Email=a@example.com", CREATED),
    ] {
        assert_eq!(house.one(Create, &row("all", members)), expected);
    }
    let again = house.one(Create, &row("all", "Code=A ;Line=01;Email=a@example.com"));
    assert!(again.starts_with("2 Violation of PRIMARY KEY"), "{again}");
    assert!(again.ends_with("(A , 1)."), "{again}");
    assert_eq!(house.one(Delete, &row("all", "#Code=A;#Line=1")), DELETED);
    let left: Vec<_> = rows(&house, "all").iter().map(|row| row[..4].to_owned()).collect();
    assert_eq!(left, ["a|2|", "b|1|", "a1|1"]);
}

#[test]
fn without_a_primary_key_rows_are_only_added() {
    let house = House::new();
    house.one(Create, &extension("log", &["What"]));
    for action in ["", "AddOnly", "UpdateAdd"] {
        let options = if action.is_empty() { String::new() } else { saving(action) };
        assert_eq!(house.one(Create, &format!("{options}{}", row("log", "What=x"))), CREATED);
    }
    assert_eq!(rows(&house, "log"), ["x", "x", "x"]);
    for operation in [Update, Delete] {
        let said = house.one(operation, &row("log", "What=x"));
        assert_eq!(
            said, "70000 The data extension log has no primary key: its rows can only be added",
            "{operation:?}"
        );
    }
}

#[test]
fn the_answer_has_the_subtype_and_the_row_as_it_was_sent() {
    let house = house();
    let (_, xml) = answer(&house, Create, &row("all", "Code=a;Line=1;Email=a@example.com"));
    let expected = "<Results xsi:type=\"DataExtensionCreateResult\"><StatusCode>OK</StatusCode>\
        <StatusMessage>Created DataExtensionObject</StatusMessage><OrdinalID>0</OrdinalID><NewID>0</NewID>\
        <Object xsi:type=\"DataExtensionObject\"><PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" />\
        <CustomerKey>all</CustomerKey><Properties><Property><Name>Code</Name><Value>a</Value></Property>\
        <Property><Name>Line</Name><Value>1</Value></Property>\
        <Property><Name>Email</Name><Value>a@example.com</Value></Property></Properties></Object></Results>";
    assert!(xml.contains(expected), "{xml}");
    let (_, xml) = answer(&house, Update, &row("all", "#Code=a;#Line=1;Total=1"));
    assert!(xml.contains("<Results xsi:type=\"DataExtensionUpdateResult\">"), "{xml}");
    assert!(xml.find("<Properties>") < xml.find("<Keys>"), "{xml}");
    let (_, xml) = answer(&house, Delete, &row("all", "#Code=a;#Line=1"));
    assert!(xml.contains("<Results xsi:type=\"DataExtensionDeleteResult\">"), "{xml}");
}

#[test]
fn one_call_makes_a_data_extension_and_its_rows() {
    let house = House::new();
    let call = [
        row("t", "Id=1"),
        extension("t", &["Id*", "Value"]),
        row("t", "Id=1;Value=x"),
        row("t", "Id=1;Value=y"),
        row("t", "Id=2;Value=z"),
    ];
    let said = house.say(Create, &call.concat());
    assert_eq!(said[0], "70003 Invalid data extension key: t");
    assert_eq!(said[1], "OK Data Extension created.");
    assert_eq!(said[2], CREATED);
    assert!(said[3].starts_with("2 Violation"), "{said:?}");
    assert_eq!(said[4], CREATED);
    assert_eq!(rows(&house, "t"), ["1|x", "2|z"]);
}

#[test]
fn defaults_fill_what_is_not_said() {
    let house = House::new();
    let fields = "<Field><Name>Id</Name><FieldType>Number</FieldType><IsPrimaryKey>true</IsPrimaryKey><DefaultValue>7</DefaultValue></Field>\
        <Field><Name>Level</Name><FieldType>Text</FieldType><MaxLength>9</MaxLength><DefaultValue>basic</DefaultValue><IsRequired>true</IsRequired></Field>\
        <Field><Name>Since</Name><FieldType>Date</FieldType><DefaultValue>GETDATE()</DefaultValue></Field>";
    let made = format!(
        "<Objects xsi:type='DataExtension'><Name>d</Name><CustomerKey>d</CustomerKey><Fields>{fields}</Fields></Objects>"
    );
    assert_eq!(house.one(Create, &made), "OK Data Extension created.");
    assert_eq!(house.one(Create, &row("d", "Since=")), CREATED);
    assert_eq!(house.one(Create, &row("d", "Id=8;Level=gold")), CREATED);
    assert_eq!(rows(&house, "d"), ["7|basic|", "8|gold|12/30/2021 12:00:06 PM"]);
    let again = house.one(Create, &row("d", "Level=gold"));
    assert!(again.contains("The duplicate key value is (default)."), "{again}");
}

#[test]
fn a_thousand_rows_in_one_call_are_a_thousand_rows() {
    let house = House::new();
    house.one(Create, &extension("t", &["Id*", "Value"]));
    let call: String = (0..1000).map(|id| row("t", &format!("Id={id};Value=x"))).collect();
    assert!(house.say(Create, &call).iter().all(|said| said == CREATED));
    let (id, _) = kept(&house, "t").expect("the data extension");
    assert_eq!(count(&house, &format!("row:{id}")), 1000);
    let call: String = (0..1000).map(|id| row("t", &format!("#Id={id};Value=y"))).collect();
    assert!(house.say(Update, &call).iter().all(|said| said == UPDATED));
    assert!(rows(&house, "t").iter().all(|row| row.ends_with("|y")));
}

#[test]
fn a_demonstration_begins_with_two_orders() {
    let house = House::new();
    let said = house.seed();
    assert!(said.iter().all(|row| row.starts_with("OK ")), "{said:?}");
    let orders = ["1|ada@example.com|19.90|3/26/2014 10:02:01 AM", "2|grace@example.com|240.00|3/27/2014 4:30:00 PM"];
    assert_eq!(rows(&house, "demo-orders"), orders);
    house.one(Delete, &row("demo-orders", "#OrderID=2"));
    assert_eq!(house.seed(), Vec::<String>::new());
    assert_eq!(rows(&house, "Demo Orders"), orders[..1]);
}
