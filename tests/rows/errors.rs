//! Rows that are refused: every code, and the shape in which it is told.

use envoi::message::Operation::{self, Create, Delete, Update};

use crate::{
    house::{House, OTHER},
    table::{ALL, answer, row, rows, rows_of},
};

fn house() -> House {
    let house = House::new();
    assert_eq!(house.one(Create, ALL), "OK Data Extension created.");
    house
}

#[test]
fn every_mistake_has_its_code() {
    let key = "Code=a;Line=1;Email=a@example.com";
    let with = |more: &str| format!("{key};{more}");
    let table: Vec<(Operation, String, &str)> = vec![
        (Create, with("Colour=red"), "70000 The data extension all has no column Colour"),
        (Create, with("Total=much"), "70000 Total is \"much\", expected a decimal number"),
        (Create, with("Total=12345"), "70002 Total is longer than its maximum length (6,2)"),
        (
            Create,
            with("Placed=soon"),
            "70000 Placed is \"soon\", expected a date such as 2014-03-26T10:02:01Z or 3/26/2014 10:02:01 AM",
        ),
        (Create, with("Paid=maybe"), "70000 Paid is \"maybe\", expected True or False"),
        (Create, with("Phone=none"), "70000 Phone is \"none\", expected a phone number"),
        (Create, with("Language=English"), "70000 Language is \"English\", expected a locale such as en-US"),
        (
            Create,
            "Code=a;Line=x;Email=a@example.com".into(),
            "70000 Line is \"x\", expected a whole number from -2147483648 to 2147483647",
        ),
        (Create, "Code=abcdef;Line=1;Email=a@example.com".into(), "70002 Code is longer than its maximum length (5)"),
        (Create, "Code=a;Line=1;Email=nobody".into(), "70000 Email is \"nobody\", expected an e-mail address"),
        (Create, "Code=a;Line=1".into(), "70001 Email must have a value"),
        (Create, "Code=a;Line=1;Email!".into(), "70001 Email must have a value"),
        (Create, "Code=a;Line=1;Email=".into(), "70004 Email is empty"),
        (Create, "Line=1;Email=a@example.com".into(), "70001 Code must have a value"),
        (Create, "Code= ;Line=1;Email=a@example.com".into(), "70004 Code is empty"),
        (Update, "#Code=a;Email=b@example.com".into(), "70001 Line must have a value"),
        (Update, "#Code=a;#Line=1;#Email=a@example.com".into(), "70000 Email is not part of the primary key of all"),
        (Update, "#Code=a;#Line=1;Line=2".into(), "70000 Line has one value in Keys and another in Properties"),
        (Update, "#Code=a;#Line=1;Email!".into(), "70001 Email must have a value"),
        (Delete, "#Code=a".into(), "70001 Line must have a value"),
        (Delete, "#Code=a;#Line=1;#Colour=red".into(), "70000 The data extension all has no column Colour"),
    ];
    for (operation, members, expected) in table {
        let house = house();
        assert_eq!(house.one(operation, &row("all", &members)), expected, "{operation:?} {members}");
        assert_eq!(rows(&house, "all"), Vec::<String>::new(), "{operation:?} {members}");
    }
}

#[test]
fn an_unknown_data_extension_is_70003() {
    let house = house();
    for operation in [Create, Update, Delete] {
        assert_eq!(house.one(operation, &row("none", "Code=a")), "70003 Invalid data extension key: none");
        let (row, xml) = answer(&house, operation, "<Objects xsi:type='DataExtensionObject' />");
        assert_eq!(row.code, Some(70003));
        assert!(row.subtype.is_some_and(|subtype| xml.contains(subtype)), "{xml}");
    }
}

#[test]
fn rows_of_another_account_are_out_of_reach() {
    let house = house();
    let theirs = format!("<Client><ID>{OTHER}</ID></Client>");
    let of_theirs =
        row("all", "Code=a;Line=1;Email=a@example.com").replace("<CustomerKey>", &format!("{theirs}<CustomerKey>"));
    assert_eq!(house.one(Create, &of_theirs), "70003 Invalid data extension key: all");
    let made = ALL.replace("<CustomerKey>", &format!("{theirs}<CustomerKey>"));
    assert_eq!(house.one(Create, &made), "OK Data Extension created.");
    // Both in one call: what was opened for the one is not taken for the other.
    let said = house.say(Create, &[row("all", "Code=b;Line=1;Email=b@example.com"), of_theirs].concat());
    assert!(said.iter().all(|said| said.starts_with("OK ")), "{said:?}");
    assert_eq!(rows(&house, "all"), ["b|1|b@example.com|||False||"]);
    assert_eq!(rows_of(&house, OTHER, "all"), ["a|1|a@example.com|||False||"]);
}

#[test]
fn all_problems_of_a_row_are_told_at_once() {
    let house = house();
    let (row_, xml) = answer(&house, Create, &row("all", "Code=abcdef;Email=nobody;Total=x;Colour=red"));
    assert_eq!(row_.code, Some(70000));
    let plain = xml.replace("&quot;", "\"");
    assert!(plain.contains("<StatusCode>Error</StatusCode>"), "{plain}");
    let after_object = plain.split("</Object>").nth(1).expect("an echo");
    assert!(after_object.starts_with("<ErrorMessage>"), "{after_object}");
    let shape = "<KeyErrors>\
        <KeyError><Name>Code</Name><ErrorCode>70002</ErrorCode><ErrorMessage>Code is longer than its maximum length (5)</ErrorMessage></KeyError>\
        <KeyError><Name>Line</Name><ErrorCode>70001</ErrorCode><ErrorMessage>Line must have a value</ErrorMessage></KeyError>\
        </KeyErrors><ValueErrors>\
        <ValueError><Name>Email</Name><ErrorCode>70000</ErrorCode><ErrorMessage>Email is \"nobody\", expected an e-mail address</ErrorMessage></ValueError>\
        <ValueError><Name>Total</Name><ErrorCode>70000</ErrorCode><ErrorMessage>Total is \"x\", expected a decimal number</ErrorMessage></ValueError>\
        <ValueError><Name>Colour</Name><ErrorCode>70000</ErrorCode><ErrorMessage>The data extension all has no column Colour</ErrorMessage></ValueError>\
        </ValueErrors></Results>";
    assert!(after_object.contains(shape), "{after_object}");
}

#[test]
fn a_duplicate_names_the_columns_of_the_key() {
    let house = house();
    let one = row("all", "Code=a;Line=1;Email=a@example.com");
    house.one(Create, &one);
    let (row, xml) = answer(&house, Create, &one);
    assert_eq!(row.code, Some(2));
    for name in ["Code", "Line"] {
        assert!(xml.contains(&format!("<KeyError><Name>{name}</Name><ErrorCode>2</ErrorCode>")), "{xml}");
    }
    assert!(!xml.contains("ValueErrors"), "{xml}");
}

#[test]
fn a_delete_has_no_value_errors() {
    let house = house();
    let (row, xml) = answer(&house, Delete, &row("all", "#Code=a;#Line=1;Nothing=x"));
    assert_eq!(row.code, Some(70000));
    assert!(xml.contains("DataExtensionDeleteResult") && !xml.contains("ValueErrors"), "{xml}");
    assert!(
        xml.contains("<ErrorMessage>The data extension all has no column Nothing</ErrorMessage></Results>"),
        "{xml}"
    );
}
