//! Fields of a data extension that is there: added, changed, deleted, with and without rows.

use envoi::message::Operation::{self, Create, Delete, Update};

use crate::{
    house::House,
    table::{extension, field_id, fields, kept, row, rows},
};

const UPDATED: &str = "OK Data Extension updated.";

/// A data extension `t` with the fields Id (key) and Value, and rows of it.
fn house(lines: &[&str]) -> House {
    let house = House::new();
    house.one(Create, &extension("t", &["Id*", "Value"]));
    for line in lines {
        assert_eq!(house.one(Create, &row("t", line)), "OK Created DataExtensionObject");
    }
    house
}

fn change(field: &str) -> String {
    format!(
        "<Objects xsi:type='DataExtension'><CustomerKey>t</CustomerKey><Fields><Field>{field}</Field></Fields></Objects>"
    )
}

fn action(action: &str) -> String {
    format!(
        "<Options xsi:type='UpdateOptions'><Container xsi:type='ContainerID'><APIObject xsi:type='DataExtensionField' /></Container>\
         <Action>{action}</Action></Options>"
    )
}

#[test]
fn fields_are_added_and_changed_by_an_update() {
    let house = house(&["Id=1;Value=x"]);
    // The documentation's own sample: no FieldType.
    assert_eq!(house.one(Update, &change("<Name>New Field</Name><MaxLength>200</MaxLength>")), UPDATED);
    assert_eq!(house.one(Update, &change("<Name>value</Name><MaxLength>50</MaxLength>")), UPDATED);
    // With a Container, Create and Update both add what is not there and change what is.
    for (word, length) in [("create", 1), ("CREATE", 2), ("Update", 3)] {
        let more = change(&format!("<Name>More</Name><MaxLength>{length}</MaxLength>"));
        assert_eq!(house.one(Update, &format!("{}{more}", action(word))), UPDATED, "{word}");
    }
    let expected = ["Id Text 20 required key", "value Text 50", "New Field Text 200", "More Text 3"];
    assert_eq!(fields(&house, "t"), expected);
    assert_eq!(house.one(Update, &row("t", "#Id=1;New Field=y")), "OK Updated DataExtensionObject");
    assert_eq!(rows(&house, "t"), ["1|x|y|"]);
}

#[test]
fn a_field_is_renamed_by_its_object_id_and_keeps_its_values() {
    let house = house(&["Id=1;Value=x"]);
    let id = field_id(&house, "t", "Value");
    assert_eq!(house.one(Update, &change(&format!("<ObjectID>{id}</ObjectID><Name>Colour</Name>"))), UPDATED);
    assert_eq!(fields(&house, "t"), ["Id Text 20 required key", "Colour Text 20"]);
    assert_eq!(house.one(Update, &row("t", "#Id=1;Colour=red")), "OK Updated DataExtensionObject");
    assert_eq!(rows(&house, "t"), ["1|red"]);
    assert_eq!(field_id(&house, "t", "Colour"), id);
    let taken = house.one(Update, &change(&format!("<ObjectID>{id}</ObjectID><Name>ID</Name>")));
    assert_eq!(taken, "310007 field ID: there are two fields of this Name");
}

#[test]
fn fields_are_deleted_by_action_and_by_delete() {
    for by_delete in [false, true] {
        let house = house(&["Id=1;Value=x"]);
        let id = field_id(&house, "t", "Value");
        let said = if by_delete {
            house.one(Delete, &change(&format!("<ObjectID>{id}</ObjectID>")))
        } else {
            house.one(Update, &format!("{}{}", action("dElEtE"), change("<Name>VALUE</Name>")))
        };
        assert_eq!(said, if by_delete { "OK Data Extension Fields deleted" } else { UPDATED });
        assert_eq!(
            (fields(&house, "t"), rows(&house, "t")),
            (vec!["Id Text 20 required key".to_owned()], vec!["1".to_owned()])
        );
        // A new field of the old name does not show the old values.
        assert_eq!(house.one(Update, &change("<Name>Value</Name>")), UPDATED);
        assert_eq!(rows(&house, "t"), ["1|"]);
    }
}

#[test]
fn rows_forbid_changes_that_would_cut_them() {
    let key = "310006 field Extra: the primary key cannot be changed while there are rows";
    let cut = "310006 field Value: there are rows whose values would be cut off or are missing";
    // (change, answer with rows, answer without)
    let table = [
        ("<Name>Extra</Name><IsPrimaryKey>true</IsPrimaryKey>", key, UPDATED),
        (
            "<Name>Extra</Name><IsRequired>true</IsRequired>",
            "310006 field Extra: it is required and has no DefaultValue, and there are rows",
            UPDATED,
        ),
        ("<Name>Extra</Name><IsRequired>true</IsRequired><DefaultValue>d</DefaultValue>", UPDATED, UPDATED),
        ("<Name>Value</Name><MaxLength>2</MaxLength>", cut, UPDATED),
        ("<Name>Value</Name><MaxLength>3</MaxLength>", UPDATED, UPDATED),
        ("<Name>Value</Name><IsRequired>true</IsRequired>", cut, UPDATED),
        (
            "<Name>Value</Name><FieldType>Number</FieldType>",
            "310006 field Value: its FieldType cannot be changed while there are rows",
            UPDATED,
        ),
        (
            "<Name>Value</Name><IsPrimaryKey>true</IsPrimaryKey>",
            "310006 field Value: the primary key cannot be changed while there are rows",
            UPDATED,
        ),
        (
            "<Name>Id</Name><IsPrimaryKey>false</IsPrimaryKey>",
            "310006 field Id: the primary key cannot be changed while there are rows",
            UPDATED,
        ),
        (
            "<ObjectID>none</ObjectID><Name>Value</Name>",
            "310007 there is no field with the ObjectID none",
            "310007 there is no field with the ObjectID none",
        ),
        ("<MaxLength>3</MaxLength>", "310007 a field has no Name", "310007 a field has no Name"),
    ];
    for (field, with, without) in table {
        let full = house(&["Id=1;Value=abc", "Id=2"]);
        let before = fields(&full, "t");
        assert_eq!(full.one(Update, &change(field)), with, "{field} with rows");
        assert_eq!(with == UPDATED, before != fields(&full, "t"), "{field}");
        let empty = house(&[]);
        assert_eq!(empty.one(Update, &change(field)), without, "{field} without rows");
    }
}

#[test]
fn a_required_field_fills_the_rows_with_its_default() {
    let house = house(&["Id=1;Value=abc", "Id=2"]);
    house.one(Update, &change("<Name>Extra</Name><IsRequired>true</IsRequired><DefaultValue>d</DefaultValue>"));
    assert_eq!(rows(&house, "t"), ["1|abc|d", "2||d"]);
    // They are still found by their key.
    assert_eq!(house.one(Update, &row("t", "#Id=2;Extra=e")), "OK Updated DataExtensionObject");
    assert_eq!(rows(&house, "t"), ["1|abc|d", "2||e"]);
}

#[test]
fn a_decimal_keeps_its_digits() {
    let house = House::new();
    let made = "<Objects xsi:type='DataExtension'><CustomerKey>t</CustomerKey><Name>t</Name><Fields><Field><Name>Sum</Name>\
        <FieldType>Decimal</FieldType><MaxLength>6</MaxLength><Scale>2</Scale></Field></Fields></Objects>";
    house.one(Create, made);
    house.one(Create, &row("t", "Sum=12.5"));
    let shape = |length: u32, scale: u32| {
        change(&format!("<Name>Sum</Name><MaxLength>{length}</MaxLength><Scale>{scale}</Scale>"))
    };
    assert_eq!(house.one(Update, &shape(6, 1)), UPDATED, "12.5 has one digit after the point");
    assert_eq!(house.one(Update, &shape(3, 1)), UPDATED);
    let cut = "310006 field Sum: there are rows whose values would be cut off or are missing";
    assert_eq!(house.one(Update, &shape(2, 1)), cut);
    assert_eq!(house.one(Update, &shape(3, 2)), cut);
    assert_eq!(house.one(Update, &shape(9, 4)), UPDATED);
}

#[test]
fn deletions_that_break_the_data_extension_are_refused() {
    let house = house(&[]);
    let drop = |field: &str| format!("{}{}", action("delete"), change(field));
    assert_eq!(
        house.one(Update, &drop("<Name>Id</Name>")),
        "310006 field Id: a field of the primary key cannot be deleted"
    );
    assert_eq!(house.one(Update, &drop("<Name>None</Name>")), "310007 there is no field None");
    let nothing = "<Objects xsi:type='DataExtension'><CustomerKey>t</CustomerKey></Objects>";
    let said = house.one(Update, &format!("{}{nothing}", action("delete")));
    assert_eq!(said, "310007 UpdateOptions.Action is Delete, and there are no Fields to delete");
    let said = house.one(Update, &format!("{}{nothing}", action("drop")));
    assert_eq!(said, "3 UpdateOptions.Action must be Create, Update or Delete, not drop");
    house.one(Create, &extension("single", &["Only"]));
    let last = "<Objects xsi:type='DataExtension'><CustomerKey>single</CustomerKey><Fields><Field><Name>Only</Name></Field></Fields></Objects>";
    assert_eq!(house.one(Delete, last), "310006 the last field cannot be deleted");
    // The field that mail is sent by stays, and is followed when it is renamed.
    let sendable = "<Objects xsi:type='DataExtension'><CustomerKey>t</CustomerKey><IsSendable>true</IsSendable>\
        <SendableDataExtensionField><Name>Value</Name></SendableDataExtensionField>\
        <SendableSubscriberField><Name>Subscriber Key</Name><Value /></SendableSubscriberField></Objects>";
    assert_eq!(house.one(Update, sendable), UPDATED);
    assert_eq!(
        house.one(Update, &drop("<Name>Value</Name>")),
        "310007 SendableDataExtensionField is Value, and there is no such field"
    );
    let id = field_id(&house, "t", "Value");
    assert_eq!(house.one(Update, &change(&format!("<ObjectID>{id}</ObjectID><Name>Key</Name>"))), UPDATED);
    let (_, definition) = kept(&house, "t").expect("t");
    assert_eq!(definition.text("SendableDataExtensionField.Name"), Some("Key"));
}

#[test]
fn the_container_names_the_data_extension() {
    let house = house(&[]);
    let container = "<Options><Container><APIObject xsi:type='DataExtension'><CustomerKey>t</CustomerKey></APIObject></Container><Action>create</Action></Options>";
    let object = "<Objects xsi:type='DataExtension'><Fields><Field><Name>More</Name></Field></Fields></Objects>";
    assert_eq!(house.one(Update, &format!("{container}{object}")), UPDATED);
    let field = "<Objects xsi:type='DataExtensionField'><Name>Most</Name><FieldType>Date</FieldType></Objects>";
    assert_eq!(house.one(Create, &format!("{container}{field}")), "OK DataExtensionField created");
    assert_eq!(fields(&house, "t"), ["Id Text 20 required key", "Value Text 20", "More Text -", "Most Date -"]);
}

#[test]
fn a_field_is_an_object_of_its_own() {
    let house = house(&[]);
    let field = |members: &str| {
        format!(
            "<Objects xsi:type='DataExtensionField'><Name>Tall</Name>{members}<DataExtension><CustomerKey>t</CustomerKey></DataExtension></Objects>"
        )
    };
    let table: [(Operation, &str, &str, usize); 7] = [
        (Update, "", "310007 the data extension t has no field Tall", 2),
        (Create, "<FieldType>Number</FieldType>", "OK DataExtensionField created", 3),
        (Create, "", "1 Tall already exists", 3),
        (
            Update,
            "<DefaultValue>x</DefaultValue>",
            "310007 field Tall: DefaultValue: Tall is \"x\", expected a whole number from -2147483648 to 2147483647",
            3,
        ),
        (Update, "<DefaultValue>1</DefaultValue>", "OK DataExtensionField updated", 3),
        (Delete, "", "OK DataExtensionField deleted", 2),
        (Delete, "", "310007 the data extension t has no field Tall", 2),
    ];
    for (operation, members, expected, left) in table {
        assert_eq!(house.one(operation, &field(members)), expected, "{operation:?} {members}");
        assert_eq!(fields(&house, "t").len(), left, "{operation:?} {members}");
    }
    let nowhere = field("").replace("<CustomerKey>t<", "<CustomerKey>u<");
    assert_eq!(house.one(Create, &nowhere), "310004 The data extension to update does not exist: u");
    let of_none = "<Objects xsi:type='DataExtensionField'><Name>Tall</Name></Objects>";
    assert_eq!(house.one(Create, of_none), "310001 The data extension has no CustomerKey, ObjectID or Name");
}
