//! Data extensions: made, changed, refused, deleted.

use envoi::message::Operation::{Create, Delete, Update};

use crate::{
    house::House,
    table::{answer, count, extension, fields, kept, row, rows, saving},
};

const CREATED: &str = "OK Data Extension created.";
const UPDATED: &str = "OK Data Extension updated.";
const DELETED: &str = "OK Data Extension deleted. / Data Extension Fields deleted";

fn made(members: &str) -> String {
    format!("<Objects xsi:type='DataExtension'>{members}</Objects>")
}

const FIELD: &str =
    "<Fields><Field><Name>Id</Name><FieldType>Text</FieldType><MaxLength>9</MaxLength></Field></Fields>";

#[test]
fn a_new_data_extension_gets_its_identifiers() {
    let house = House::new();
    let (row, xml) = answer(&house, Create, &made(&format!("<Name>Orders</Name><Description />{FIELD}")));
    assert!(row.is_ok() && row.new_id == 0, "{row:?}");
    let guid = row.new_object_id.expect("a NewObjectID");
    let [(_, definition)] = house.all(crate::house::ACCOUNT, "DataExtension").try_into().expect("one data extension");
    assert_eq!(definition.text("ObjectID"), Some(&*guid));
    // A CustomerKey is made where none is given, and told.
    assert_eq!(definition.text("CustomerKey"), Some(&*guid));
    let echo = format!(
        "<NewID>0</NewID><NewObjectID>{guid}</NewObjectID><Object xsi:type=\"DataExtension\"><PartnerKey xsi:nil=\"true\" />\
         <ObjectID>{guid}</ObjectID><CustomerKey>{guid}</CustomerKey><Name>Orders</Name><Description /><Fields><Field>\
         <PartnerKey xsi:nil=\"true\" /><ObjectID xsi:nil=\"true\" /><Name>Id</Name>"
    );
    assert!(xml.contains(&echo), "{xml}");
}

#[test]
fn what_is_no_data_extension_is_refused() {
    let field =
        |members: &str| format!("<CustomerKey>x</CustomerKey><Name>x</Name><Fields><Field>{members}</Field></Fields>");
    let sendable = |members: &str| {
        format!("<CustomerKey>x</CustomerKey><Name>x</Name><IsSendable>true</IsSendable>{members}{FIELD}")
    };
    let by_id = "<SendableDataExtensionField><Name>id</Name></SendableDataExtensionField>";
    let table = [
        (String::new(), "310001 The data extension has no CustomerKey, ObjectID or Name"),
        (
            "<CustomerKey> </CustomerKey><ObjectID xsi:nil='true' />".into(),
            "310001 The data extension has no CustomerKey, ObjectID or Name",
        ),
        (format!("<CustomerKey>x</CustomerKey>{FIELD}"), "310007 Name is required to create a data extension"),
        (
            format!("<ObjectID>1-2</ObjectID><Name>x</Name>{FIELD}"),
            "310005 A new data extension cannot be given an ObjectID: 1-2",
        ),
        ("<Name>x</Name>".into(), "310007 a data extension has at least one field"),
        ("<Name>x</Name><Fields />".into(), "310007 a data extension has at least one field"),
        (field(""), "310007 a field has no Name"),
        (field("<Name>a</Name></Field><Field><Name>A</Name>"), "310007 field A: there are two fields of this Name"),
        (
            field("<Name>a</Name><MaxLength>5000</MaxLength>"),
            "310007 field a: MaxLength is 5000, expected at most 4000 for Text",
        ),
        (
            field("<Name>a</Name><MaxLength>-5</MaxLength>"),
            "310007 field a: MaxLength is \"-5\", expected a number that is not negative",
        ),
        (
            field("<Name>a</Name><FieldType>Number</FieldType><DefaultValue>one</DefaultValue>"),
            "310007 field a: DefaultValue: a is \"one\", expected a whole number from -2147483648 to 2147483647",
        ),
        (
            field("<Name>a</Name><FieldType>Base16Encrypted</FieldType>"),
            "310007 field a: FieldType Base16Encrypted is not supported: this server does not encrypt fields",
        ),
        (sendable(""), "310007 IsSendable is true, and SendableDataExtensionField names no field"),
        (sendable(by_id), "310007 IsSendable is true, and SendableSubscriberField has no Name"),
        (
            sendable(
                "<SendableDataExtensionField><Name>Mail</Name></SendableDataExtensionField><SendableSubscriberField><Name>Email Address</Name><Value /></SendableSubscriberField>",
            ),
            "310007 SendableDataExtensionField is Mail, and there is no such field",
        ),
        (
            format!("<Name>x</Name><Template><CustomerKey>none</CustomerKey></Template>{FIELD}"),
            "310007 Could not find specified DataExtension Template. (none)",
        ),
    ];
    for (members, expected) in table {
        let house = House::new();
        assert_eq!(house.one(Create, &made(&members)), expected, "{members}");
        assert_eq!(house.all(crate::house::ACCOUNT, "DataExtension"), [], "{members}");
    }
    let house = House::new();
    let unknown = house.one(Create, &made(&field("<Name>a</Name><FieldType>Blob</FieldType>")));
    assert!(unknown.contains("Blob"), "{unknown}");
    let sent = sendable(&format!(
        "{by_id}<SendableSubscriberField><Name>Subscriber Key</Name><Value /></SendableSubscriberField>"
    ));
    assert_eq!(house.one(Create, &made(&sent)), CREATED);
}

#[test]
fn names_and_keys_are_unique_in_any_case() {
    let house = House::new();
    house.one(Create, &extension("one", &["Id*"]));
    let exists = |what: &str| format!("310003 A data extension with this name or key exists: {what}");
    assert_eq!(house.one(Create, &extension("ONE", &["Id*"])), exists("ONE"));
    let named = made(&format!("<CustomerKey>other</CustomerKey><Name>One</Name>{FIELD}"));
    assert_eq!(house.one(Create, &named), exists("One"));
    assert_eq!(house.one(Create, &extension("two", &["Id*"])), CREATED);
    let renamed = made("<CustomerKey>two</CustomerKey><Name>one</Name>");
    assert_eq!(house.one(Update, &renamed), exists("one"));
    assert_eq!(kept(&house, "two").expect("still there").1.text("Name"), Some("two"));
}

#[test]
fn save_options_have_codes_of_their_own() {
    let house = House::new();
    let one = extension("one", &["Id*"]);
    let saved = |action: &str| format!("{}{one}", saving(action));
    let missing = "310004 The data extension to update does not exist: one";
    let exists = "310003 A data extension with this name or key exists: one";
    assert_eq!(house.one(Update, &one), missing);
    assert_eq!(house.one(Update, &saved("UpdateOnly")), missing);
    assert_eq!(house.one(Create, &saved("UpdateOnly")), missing);
    assert_eq!(house.one(Update, &saved("UpdateAdd")), UPDATED.replace("updated", "created"));
    assert_eq!(house.one(Create, &one), exists);
    assert_eq!(house.one(Create, &saved("AddOnly")), exists);
    assert_eq!(house.one(Update, &saved("AddOnly")), exists);
    assert_eq!(house.one(Create, &saved("UpdateAdd")), CREATED.replace("created", "updated"));
}

#[test]
fn an_update_merges_members() {
    let house = House::new();
    house.one(Create, &made(&format!("<CustomerKey>one</CustomerKey><Name>One</Name><Description>first</Description><CategoryID>7</CategoryID>{FIELD}")));
    let guid = kept(&house, "one").expect("one").1.text("ObjectID").expect("a guid").to_owned();
    let change =
        "<CustomerKey>one</CustomerKey><Name xsi:nil='true' /><DataRetentionPeriodLength>6</DataRetentionPeriodLength>";
    let (row, xml) = answer(&house, Update, &made(change));
    assert!(row.is_ok() && xml.contains(&format!("<ObjectID>{guid}</ObjectID>")), "{xml}");
    let (_, definition) = kept(&house, "one").expect("one");
    let member = |name| definition.text(name).expect(name).to_owned();
    assert_eq!(
        [member("Name"), member("Description"), member("CategoryID"), member("DataRetentionPeriodLength")],
        ["One", "first", "7", "6"]
    );
    // By ObjectID the key itself changes, and rows find it.
    assert_eq!(
        house.one(Update, &made(&format!("<ObjectID>{guid}</ObjectID><CustomerKey>uno</CustomerKey>"))),
        UPDATED
    );
    assert_eq!(fields(&house, "uno"), ["Id Text 9"]);
    assert_eq!(house.one(Create, &row_of("uno")), "OK Created DataExtensionObject");
    assert_eq!(house.one(Create, &row_of("one")), "OK Created DataExtensionObject", "One is its Name still");
}

fn row_of(key: &str) -> String {
    row(key, "Id=1")
}

#[test]
fn delete_takes_the_rows_along() {
    let house = House::new();
    house.one(Create, &extension("one", &["Id*"]));
    let call: String = (0..700).map(|id| row("one", &format!("Id={id}"))).collect();
    house.say(Create, &call);
    let (id, _) = kept(&house, "one").expect("one");
    let rows_kind = format!("row:{id}");
    assert_eq!(count(&house, &rows_kind), 700);
    let named = made("<Name>one</Name>");
    assert_eq!(house.one(Delete, &named), DELETED);
    assert_eq!((count(&house, &rows_kind), kept(&house, "one")), (0, None));
    assert_eq!(house.one(Delete, &named), "310002 The data extension does not exist: one");
    assert_eq!(house.one(Delete, &made("")), "310001 The data extension has no CustomerKey, ObjectID or Name");
    // A new one of that key begins empty.
    house.one(Create, &extension("one", &["Id*"]));
    assert_eq!(rows(&house, "one"), Vec::<String>::new());
}

#[test]
fn the_template_of_triggered_sends_brings_its_fields() {
    let house = House::new();
    let members = format!(
        "<CustomerKey>log</CustomerKey><Name>log</Name><Template><CustomerKey>TriggeredSendDataExtension</CustomerKey></Template>{FIELD}"
    );
    assert_eq!(house.one(Create, &made(&members)), CREATED);
    assert_eq!(
        fields(&house, "log"),
        ["SubscriberKey Text 254 required", "EmailAddress EmailAddress 254 required", "Id Text 9"]
    );
}

#[test]
fn a_delete_by_identifiers_that_differ_is_refused() {
    let house = House::new();
    for key in ["one", "two"] {
        house.one(Create, &extension(key, &["Id*"]));
    }
    let guid = kept(&house, "one").unwrap().1.text("ObjectID").unwrap().to_owned();
    let delete = |key: &str| {
        format!(
            "<Objects xsi:type='DataExtension'><ObjectID>{guid}</ObjectID><CustomerKey>{key}</CustomerKey><Name>old</Name></Objects>"
        )
    };
    for key in ["two", "none"] {
        let said = house.one(Delete, &delete(key));
        assert!(
            said.ends_with(&format!("ObjectID {guid} and CustomerKey {key} do not name the same object")),
            "{said}"
        );
    }
    assert_eq!(house.one(Delete, &delete("one")), DELETED);
}
