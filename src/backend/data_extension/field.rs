//! One field of a data extension: what a call says about it, checked and brought into the form in which it is kept. Pure.

use crate::object::{Object, Value};

use super::super::row::{Cell, Column, FIELD, FieldType, is_now};

/// A name that SQL Server takes.
const LONGEST_NAME: usize = 128;

/// A member's text without the spaces around it; nil and empty count as nothing said.
pub(super) fn said<'o>(object: &'o Object, path: &str) -> Option<&'o str> {
    object.text(path).map(str::trim).filter(|text| !text.is_empty())
}

/// The field that `given` makes, or makes of `before`. The text of an error is for the caller.
pub(super) fn define(given: &Object, before: Option<&Object>) -> Result<Object, String> {
    let say = |name| said(given, name).or_else(|| before.and_then(|before| said(before, name)));
    let name = say("Name").ok_or("a field has no Name")?;
    let fail = |what: String| Err(format!("field {name}: {what}"));
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return fail(format!("a Name has at most {LONGEST_NAME} characters, none of them control characters"));
    }
    // A field without a type is Text, as in the documentation's samples.
    let given_kind = say("FieldType").unwrap_or("Text");
    let kind = match FieldType::named(given_kind) {
        Some(kind) => kind,
        None if given_kind.starts_with("Base16Encrypted") => {
            return fail(format!("FieldType {given_kind} is not supported: this server does not encrypt fields"));
        }
        None => {
            let known: Vec<_> = FieldType::ALL.iter().map(|kind| kind.name()).collect();
            return fail(format!("FieldType is {given_kind:?}, expected one of {}", known.join(", ")));
        }
    };
    let mut field = before.cloned().unwrap_or_else(|| Object::new(FIELD));
    for member in &given.members {
        if member.value != Value::Nil && !matches!(&*member.name, "ID" | "ObjectID" | "CreatedDate" | "ModifiedDate") {
            field.set(&member.name, member.value.clone());
        }
    }
    for name in ["DataExtension", "MaxLength", "Scale", "CustomerKey"] {
        field.remove(name);
    }
    field.set_text("Name", name);
    field.set_text("FieldType", kind.name());
    let length = match sizes(kind, say("MaxLength"), say("Scale")) {
        Ok(sizes) => sizes,
        Err(why) => return fail(why),
    };
    for (name, number) in [("MaxLength", length.0), ("Scale", length.1)] {
        if let Some(number) = number {
            field.set_text(name, number.to_string());
        }
    }
    let primary = yes(say("IsPrimaryKey"));
    field.set_text("IsPrimaryKey", primary.to_string());
    // A primary key is never null.
    field.set_text("IsRequired", (primary || yes(say("IsRequired"))).to_string());
    match default(&Column::of(&field)) {
        Ok(()) => Ok(field),
        Err(why) => fail(why),
    }
}

fn yes(text: Option<&str>) -> bool {
    matches!(text, Some("true" | "1"))
}

/// MaxLength and Scale as they are kept. A zero is what .NET clients send for "not set".
fn sizes(kind: FieldType, length: Option<&str>, scale: Option<&str>) -> Result<(Option<u32>, Option<u32>), String> {
    let number = |name: &str, text: Option<&str>| match text {
        None => Ok(None),
        Some(text) => text
            .parse::<u32>()
            .map(|number| Some(number).filter(|number| *number != 0))
            .map_err(|_| format!("{name} is {text:?}, expected a number that is not negative")),
    };
    let (length, scale) = (number("MaxLength", length)?, number("Scale", scale)?);
    let Some((usual, most)) = kind.lengths() else {
        return Ok((None, None));
    };
    let length = length.or(usual);
    if let Some(length) = length.filter(|length| *length > most) {
        return Err(format!("MaxLength is {length}, expected at most {most} for {}", kind.name()));
    }
    if kind != FieldType::Decimal {
        return Ok((length, None));
    }
    let (precision, scale) = (length.unwrap_or(most), scale.unwrap_or(0));
    if scale > precision {
        return Err(format!("Scale is {scale}, expected at most MaxLength ({precision})"));
    }
    Ok((length, Some(scale)))
}

/// A default must be a value of the field.
fn default(column: &Column) -> Result<(), String> {
    let Some(text) = column.default.as_deref() else {
        return Ok(());
    };
    if column.kind == FieldType::Date && is_now(text) {
        return Ok(());
    }
    Cell::read(column, text).map(|_| ()).map_err(|mistake| format!("DefaultValue: {}", mistake.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(members: &[(&str, &str)]) -> Object {
        let mut field = Object::new("DataExtensionField");
        for (name, text) in members {
            field.set_text(name, *text);
        }
        field
    }

    #[test]
    fn fields_get_their_shape() {
        let text = define(&field(&[("Name", " A ")]), None).expect("a field");
        assert_eq!(Column::of(&text), Column::named("A"));
        let decimal =
            define(&field(&[("Name", "T"), ("FieldType", "Decimal"), ("Scale", "2")]), None).expect("a field");
        assert_eq!(Column::of(&decimal).size(), "18,2");
        let key =
            define(&field(&[("Name", "K"), ("IsPrimaryKey", "true"), ("IsRequired", "false")]), None).expect("a field");
        assert!(Column::of(&key).required);
        let longer = define(&field(&[("MaxLength", "20")]), Some(&text)).expect("a field");
        assert_eq!((Column::of(&longer).max_length, longer.text("Name")), (Some(20), Some("A")));
        let unset = define(&field(&[("Name", "N"), ("FieldType", "Text"), ("MaxLength", "0")]), None).expect("a field");
        assert_eq!(Column::of(&unset).max_length, None);
        let now = define(&field(&[("Name", "D"), ("FieldType", "Date"), ("DefaultValue", "GetDate()")]), None);
        assert!(now.is_ok());
    }

    #[test]
    fn what_makes_no_field_is_told() {
        let table: &[(&[(&str, &str)], &str)] = &[
            (&[], "a field has no Name"),
            (&[("Name", "A"), ("FieldType", "Blob")], "FieldType is \"Blob\", expected one of Text, Number"),
            (&[("Name", "A"), ("FieldType", "Base16Encrypted")], "does not encrypt"),
            (&[("Name", "A"), ("MaxLength", "4001")], "MaxLength is 4001, expected at most 4000 for Text"),
            (&[("Name", "A"), ("MaxLength", "-1")], "MaxLength is \"-1\""),
            (&[("Name", "A"), ("FieldType", "EmailAddress"), ("MaxLength", "255")], "at most 254 for EmailAddress"),
            (
                &[("Name", "A"), ("FieldType", "Decimal"), ("MaxLength", "3"), ("Scale", "4")],
                "Scale is 4, expected at most",
            ),
            (&[("Name", "A"), ("FieldType", "Decimal"), ("MaxLength", "39")], "at most 38 for Decimal"),
            (
                &[("Name", "A"), ("FieldType", "Number"), ("DefaultValue", "x")],
                "DefaultValue: A is \"x\", expected a whole number",
            ),
            (&[("Name", "A"), ("MaxLength", "2"), ("DefaultValue", "abc")], "DefaultValue: A is longer"),
        ];
        for (members, expected) in table {
            let error = define(&field(members), None).expect_err(expected);
            assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        }
    }
}
