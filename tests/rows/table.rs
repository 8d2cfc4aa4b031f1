//! What the tests of this folder share: requests in short, and what a data extension holds.

use envoi::{
    backend::{
        data_extension::field_objects,
        row::{EXTENSION, Stored, Table},
    },
    message::{Operation, Row},
    object::{Object, Value},
    store::{Internal, StoreError, View},
};

use crate::house::{ACCOUNT, House};

/// A data extension with a composite key and every type.
pub(crate) const ALL: &str = "<Objects xsi:type='DataExtension'><CustomerKey>all</CustomerKey><Name>All Types</Name><Fields>\
    <Field><Name>Code</Name><FieldType>Text</FieldType><MaxLength>5</MaxLength><IsPrimaryKey>true</IsPrimaryKey></Field>\
    <Field><Name>Line</Name><FieldType>Number</FieldType><IsPrimaryKey>true</IsPrimaryKey></Field>\
    <Field><Name>Email</Name><FieldType>EmailAddress</FieldType><IsRequired>true</IsRequired></Field>\
    <Field><Name>Total</Name><FieldType>Decimal</FieldType><MaxLength>6</MaxLength><Scale>2</Scale></Field>\
    <Field><Name>Placed</Name><FieldType>Date</FieldType></Field>\
    <Field><Name>Paid</Name><FieldType>Boolean</FieldType><DefaultValue>false</DefaultValue></Field>\
    <Field><Name>Phone</Name><FieldType>Phone</FieldType></Field>\
    <Field><Name>Language</Name><FieldType>Locale</FieldType></Field>\
    </Fields></Objects>";

/// A data extension of Text fields; the first is the primary key when its name ends in `*`.
pub(crate) fn extension(key: &str, fields: &[&str]) -> String {
    let field = |name: &&str| {
        let (name, primary) = name.strip_suffix('*').map_or((*name, false), |name| (name, true));
        format!(
            "<Field><Name>{name}</Name><FieldType>Text</FieldType><MaxLength>20</MaxLength>\
             <IsPrimaryKey>{primary}</IsPrimaryKey></Field>"
        )
    };
    let fields: String = fields.iter().map(field).collect();
    format!(
        "<Objects xsi:type='DataExtension'><CustomerKey>{key}</CustomerKey><Name>{key}</Name>\
         <Fields>{fields}</Fields></Objects>"
    )
}

/// A row: `Name=value` as Property, `#Name=value` as Key, `Name!` as NullAPIProperty.
pub(crate) fn row(key: &str, members: &str) -> String {
    let (mut properties, mut keys) = (String::new(), String::new());
    for member in members.split(';').filter(|member| !member.is_empty()) {
        let (list, element, member) = match member.strip_prefix('#') {
            Some(member) => (&mut keys, "Key", member),
            None => (&mut properties, "Property", member),
        };
        match (member.split_once('='), member.strip_suffix('!')) {
            (Some((name, value)), _) => {
                list.push_str(&format!("<{element}><Name>{name}</Name><Value>{value}</Value></{element}>"));
            }
            (None, Some(name)) => {
                list.push_str(&format!("<{element} xsi:type='NullAPIProperty'><Name>{name}</Name></{element}>"));
            }
            (None, None) => panic!("{member} is neither Name=value nor Name!"),
        }
    }
    let list =
        |name: &str, members: String| if members.is_empty() { members } else { format!("<{name}>{members}</{name}>") };
    format!(
        "<Objects xsi:type='DataExtensionObject'><CustomerKey>{key}</CustomerKey>{}{}</Objects>",
        list("Properties", properties),
        list("Keys", keys)
    )
}

/// Options with a SaveAction for everything.
pub(crate) fn saving(action: &str) -> String {
    format!(
        "<Options><SaveOptions><SaveOption><PropertyName>*</PropertyName><SaveAction>{action}</SaveAction></SaveOption>\
         </SaveOptions></Options>"
    )
}

/// The rows of a data extension as Retrieve shows them, each as `value|value`, in the order in which they were made.
pub(crate) fn rows(house: &House, key: &str) -> Vec<String> {
    rows_of(house, ACCOUNT, key)
}

pub(crate) fn rows_of(house: &House, account: u64, key: &str) -> Vec<String> {
    let look = |view: &View<'_>| -> Result<_, StoreError> {
        let objects = view.objects(&Internal(account));
        let table = Table::open(&objects, key)?.expect("there is such a data extension");
        let kept: Vec<(i64, Stored)> = objects.scan(&table.kind, i64::MIN, 5000)?;
        Ok(kept.iter().map(|(id, row)| line(&table.object(*id, row, None))).collect())
    };
    house.store.read_blocking(look).unwrap()
}

fn line(row: &Object) -> String {
    assert_eq!((&*row.kind, row.text("Type")), ("DataExtensionObject", Some("DataExtensionObject")));
    let properties = row.object("Properties").expect("Properties");
    let values: Vec<_> =
        properties.all("Property").filter_map(Value::as_object).filter_map(|one| one.text("Value")).collect();
    values.join("|")
}

/// How many rows the store keeps for an id of a data extension.
pub(crate) fn count(house: &House, kind: &str) -> u64 {
    let look = |view: &View<'_>| -> Result<_, StoreError> { view.objects(&Internal(ACCOUNT)).count(kind) };
    house.store.read_blocking(look).unwrap()
}

/// The data extension of a key, as it is kept.
pub(crate) fn kept(house: &House, key: &str) -> Option<(i64, Object)> {
    house.all(ACCOUNT, EXTENSION).into_iter().find(|(_, definition)| definition.text("CustomerKey") == Some(key))
}

/// The fields of a data extension, each as `Name Type length flags`.
pub(crate) fn fields(house: &House, key: &str) -> Vec<String> {
    let (_, definition) = kept(house, key).expect("there is such a data extension");
    field_objects(&definition)
        .map(|field| {
            assert_eq!(field.text("DataExtension.CustomerKey"), Some(key));
            let text = |name| field.text(name).unwrap_or("-").to_owned();
            assert_eq!(text("CustomerKey"), format!("[{key}].[{}]", text("Name")));
            let flag = |name, sign: &'static str| if text(name) == "true" { sign } else { "" };
            format!(
                "{} {} {}{}{}",
                text("Name"),
                text("FieldType"),
                text("MaxLength"),
                flag("IsRequired", " required"),
                flag("IsPrimaryKey", " key")
            )
        })
        .collect()
}

/// The ObjectID of a field.
pub(crate) fn field_id(house: &House, key: &str, name: &str) -> String {
    let (_, definition) = kept(house, key).expect("there is such a data extension");
    let field =
        field_objects(&definition).find(|field| field.text("Name") == Some(name)).expect("there is such a field");
    field.text("ObjectID").expect("a field has an ObjectID").to_owned()
}

/// Sends one object; the row and the answer's XML.
pub(crate) fn answer(house: &House, operation: Operation, children: &str) -> (Row, String) {
    let (rows, xml) = house.send(operation, children);
    let [row] = rows.try_into().unwrap_or_else(|rows| panic!("not one row: {rows:?}"));
    (row, xml)
}
