//! Filters: every operator on every class of values, how they are nested, and what is wrong with one.

use proptest::prelude::*;

use super::house::{House, part, simple};

/// Definitions with a description, the number of an e-mail, and whether they are multipart.
const DEFINITIONS: &[(&str, Option<i64>, Option<bool>)] = &[
    ("Alpha", Some(1), Some(true)),
    ("beta", Some(2), Some(false)),
    ("Beta ", Some(10), None),
    ("gamma_1%", None, Some(true)),
    ("", Some(-3), Some(false)),
];

fn definition(name: &str, parent: Option<i64>, editable: Option<bool>) -> String {
    let parent = parent.map(|id| format!("<Email><ID>{id}</ID></Email>")).unwrap_or_default();
    let editable = editable.map(|yes| format!("<IsMultipart>{yes}</IsMultipart>")).unwrap_or_default();
    format!(
        "<Objects xsi:type='TriggeredSendDefinition'>{parent}<Name>f</Name><Description>{name}</Description>{editable}</Objects>"
    )
}

fn house() -> House {
    let mut house = House::new();
    let made: String =
        DEFINITIONS.iter().map(|(name, parent, editable)| definition(name, *parent, *editable)).collect();
    house.create(&made);
    house
}

/// Which of [`DEFINITIONS`] a filter finds.
fn found(house: &mut House, filter: &str) -> Vec<usize> {
    let names = house.values("TriggeredSendDefinition", "Description", filter);
    names.iter().map(|name| DEFINITIONS.iter().position(|(own, ..)| own == name).unwrap()).collect()
}

#[test]
fn an_empty_filter_is_none_unless_it_says_what_it_is() {
    let mut house = house();
    let all: Vec<usize> = (0..DEFINITIONS.len()).collect();
    for none in ["<Filter/>", "<Filter xsi:nil='true'/>", "<Filter xsi:nil='true' xsi:type='SimpleFilterPart'/>"] {
        assert_eq!(house.values("TriggeredSendDefinition", "Name", none).len(), all.len(), "{none}");
    }
    for (filter, expected) in [
        ("<Filter xsi:type='SimpleFilterPart'/>", "A SimpleFilterPart has no Property"),
        ("<Filter xsi:type='SimpleFilterPart'><Property/></Filter>", "A SimpleFilterPart has no Property"),
        ("<Filter xsi:type='ComplexFilterPart'/>", "A ComplexFilterPart has no LeftOperand"),
    ] {
        assert_eq!(house.error("TriggeredSendDefinition", &["ID"], filter), format!("Error: {expected}"), "{filter}");
    }
}

#[test]
fn every_operator() {
    let mut house = house();
    let table: &[(&str, &str, &[&str], &[usize])] = &[
        ("Description", "equals", &["BETA"], &[1, 2]),
        ("Description", "equals", &[""], &[4]),
        ("Description", "notEquals", &["beta"], &[0, 3, 4]),
        ("Description", "greaterThan", &["Alpha"], &[1, 2, 3]),
        ("Description", "greaterThanOrEqual", &["BETA"], &[1, 2, 3]),
        ("Description", "lessThan", &["beta"], &[0, 4]),
        ("Description", "lessThanOrEqual", &["beta  "], &[0, 1, 2, 4]),
        ("Description", "between", &["alpha", "b"], &[0]),
        ("Description", "IN", &["ALPHA", "gamma_1%", "x"], &[0, 3]),
        ("Description", "in", &["beta"], &[1, 2]),
        ("Description", "like", &["%a"], &[0, 1, 2]),
        ("Description", "like", &["%A%"], &[0, 1, 2, 3]),
        ("Description", "like", &["beta"], &[1, 2]),
        ("Description", "like", &["b%t%"], &[1, 2]),
        // An underscore is itself.
        ("Description", "like", &["gamma_%"], &[3]),
        ("Description", "like", &["g_mma%"], &[]),
        ("Description", "like", &["%%"], &[0, 1, 2, 3, 4]),
        ("Description", "isNull", &[], &[]),
        ("Description", "isNotNull", &[], &[0, 1, 2, 3, 4]),
        ("Email.ID", "equals", &["2.0"], &[1]),
        ("Email.ID", "notEquals", &["2"], &[0, 2, 4]),
        ("Email.ID", "greaterThan", &["2"], &[2]),
        ("Email.ID", "lessThan", &["2"], &[0, 4]),
        ("Email.ID", "between", &["-3", "2"], &[0, 1, 4]),
        ("Email.ID", "between", &["2", "-3"], &[]),
        ("Email.ID", "IN", &["1", "10"], &[0, 2]),
        ("Email.ID", "like", &["1%"], &[0, 2]),
        ("Email.ID", "isNull", &["ignored", "too"], &[3]),
        ("Email.ID", "isNotNull", &[], &[0, 1, 2, 4]),
        ("IsMultipart", "equals", &["True"], &[0, 3]),
        ("IsMultipart", "equals", &["0"], &[1, 4]),
        ("IsMultipart", "notEquals", &["true"], &[1, 4]),
        ("CreatedDate", "equals", &["2021-12-30T06:00:06-06:00"], &[0, 1, 2, 3, 4]),
        ("CreatedDate", "greaterThan", &["2021-12-30"], &[0, 1, 2, 3, 4]),
        ("CreatedDate", "lessThan", &["2021-12-30T12:00:06Z"], &[]),
        ("Client.ID", "equals", &["100001"], &[0, 1, 2, 3, 4]),
        ("Client.ID", "equals", &["100002"], &[]),
    ];
    for (property, operator, values, expected) in table {
        assert_eq!(
            found(&mut house, &simple(property, operator, values)),
            *expected,
            "{property} {operator} {values:?}"
        );
    }
}

#[test]
fn dates_may_come_as_date_values() {
    let mut house = house();
    let date = |operator: &str, dates: &[&str]| {
        let dates: String = dates.iter().map(|date| format!("<DateValue>{date}</DateValue>")).collect();
        format!(
            "<Filter xsi:type='SimpleFilterPart'><Property>CreatedDate</Property><SimpleOperator>{operator}</SimpleOperator>{dates}</Filter>"
        )
    };
    for (operator, dates, expected) in [
        ("greaterThan", &["2021-12-30T05:00:06.000-07:00"][..], 0),
        ("greaterThanOrEqual", &["2021-12-30T05:00:06-07:00"], 5),
        ("lessThan", &["2021-12-30T06:00:07-06:00"], 5),
        ("between", &["2021-12-30T12:00:06", "2021-12-30T12:00:07"], 5),
        ("between", &["2021-12-30T12:00:07Z", "2021-12-30T12:00:08Z"], 0),
        ("IN", &["2021-12-30T12:00:06Z"], 5),
    ] {
        assert_eq!(found(&mut house, &date(operator, dates)).len(), expected, "{operator} {dates:?}");
    }
}

/// A filter part without the element around it.
fn nested(element: &str, kind: &str, inner: &str) -> String {
    let kind = if kind.is_empty() { String::new() } else { format!(" xsi:type='{kind}'") };
    format!("<{element}{kind}>{inner}</{element}>")
}

#[test]
fn filters_nest_in_every_spelling() {
    let mut house = house();
    let alpha = part("Description", "equals", &["Alpha"]);
    let beta = part("Description", "like", &["beta%"]);
    let editable = part("IsMultipart", "equals", &["true"]);
    let two = |kind: &str, complex: &str, operator: &str| {
        let inner = nested("LeftOperand", kind, &alpha)
            + &format!("<LogicalOperator>{operator}</LogicalOperator>")
            + &nested("RightOperand", kind, &beta);
        nested("Filter", complex, &inner)
    };
    for (kind, complex) in [("SimpleFilterPart", "ComplexFilterPart"), ("", "")] {
        assert_eq!(found(&mut house, &two(kind, complex, "OR")), [0, 1, 2]);
        assert_eq!(found(&mut house, &two(kind, complex, "AND")), [0; 0]);
    }
    // Prefixed, in other order, three deep, and with additional operands.
    let deep = "<p:Filter xmlns:p='http://exacttarget.com/wsdl/partnerAPI' xsi:type='p:ComplexFilterPart'>\
         <p:RightOperand xsi:type='p:SimpleFilterPart'><p:SimpleOperator>equals</p:SimpleOperator><p:Value>true</p:Value><p:Property>IsMultipart</p:Property></p:RightOperand>\
         <p:LogicalOperator>AND</p:LogicalOperator>\
         <p:LeftOperand xsi:type='p:ComplexFilterPart'><p:LeftOperand xsi:type='p:SimpleFilterPart'><p:Property>Description</p:Property><p:SimpleOperator>equals</p:SimpleOperator><p:Value>Alpha</p:Value></p:LeftOperand>\
         <p:LogicalOperator>OR</p:LogicalOperator><p:RightOperand xsi:type='p:SimpleFilterPart'><p:Property>Description</p:Property><p:SimpleOperator>equals</p:SimpleOperator><p:Value>beta</p:Value></p:RightOperand></p:LeftOperand></p:Filter>";
    assert_eq!(found(&mut house, deep), [0]);
    let more = format!(
        "<Filter xsi:type='ComplexFilterPart'>{}<LogicalOperator>AND</LogicalOperator>{}<AdditionalOperands>{}{}</AdditionalOperands></Filter>",
        nested("LeftOperand", "SimpleFilterPart", &editable),
        nested("RightOperand", "SimpleFilterPart", &part("Description", "like", &["%a%"])),
        nested("Operand", "SimpleFilterPart", &part("Email.ID", "isNull", &[])),
        nested("Operand", "SimpleFilterPart", &part("Description", "like", &["g%"])),
    );
    assert_eq!(found(&mut house, &more), [3]);
    for empty in ["<Filter xsi:nil='true'/>", "<Filter/>"] {
        assert_eq!(found(&mut house, empty).len(), 5, "{empty}");
    }
}

#[test]
fn what_is_wrong_with_a_filter_is_told() {
    let mut house = house();
    let table = [
        (simple("ID", "equals", &["ten"]), "The Value \"ten\" on ID is not a number"),
        (simple("ID", "IN", &["1", ""]), "The Value \"\" on ID is not a number"),
        (simple("CreatedDate", "lessThan", &["tomorrow"]), "The Value \"tomorrow\" on CreatedDate is not a date such as 2010-11-15T11:25:54Z"),
        (simple("IsMultipart", "equals", &["maybe"]), "The Value \"maybe\" on IsMultipart is not true or false"),
        (simple("Name", "between", &["a"]), "The SimpleOperator between on Name takes exactly two values, not 1"),
        (simple("Name", "between", &["a", "b", "c"]), "The SimpleOperator between on Name takes exactly two values, not 3"),
        (simple("Name", "equals", &[]), "The SimpleOperator equals on Name takes one value, not 0"),
        (simple("Name", "equals", &["a", "b"]), "The SimpleOperator equals on Name takes one value, not 2"),
        (simple("Name", "IN", &[]), "The SimpleOperator IN on Name takes at least one value, not 0"),
        (simple("Name", "like", &[]), "The SimpleOperator like on Name takes one Value, not 0"),
        (simple("Name", "isAnniversary", &["a"]), "The SimpleOperator \"isAnniversary\" on Name is not supported for Retrieve"),
        (simple("Name", "=", &["a"]), "The SimpleOperator \"=\" on Name is not supported for Retrieve"),
        (simple("", "equals", &["a"]), "A SimpleFilterPart has no Property"),
        ("<Filter><Property>CreatedDate</Property><SimpleOperator>equals</SimpleOperator><DateValue>now</DateValue></Filter>".into(), "The DateValue \"now\" on CreatedDate is no xsd:dateTime"),
        ("<Filter><Property>Name</Property><SimpleOperator>equals</SimpleOperator><DateValue>2021-12-30T12:00:06Z</DateValue></Filter>".into(), "Name is no date and has a DateValue"),
        ("<Filter><Something/></Filter>".into(), "The Filter is neither a SimpleFilterPart nor a ComplexFilterPart"),
        ("<Filter><LogicalOperator>AND</LogicalOperator></Filter>".into(), "A ComplexFilterPart has no LeftOperand"),
        (format!("<Filter><LeftOperand>{}</LeftOperand><LogicalOperator>AND</LogicalOperator></Filter>", part("Name", "isNull", &[])), "A ComplexFilterPart has no RightOperand"),
        (
            format!("<Filter><LeftOperand>{0}</LeftOperand><LogicalOperator>XOR</LogicalOperator><RightOperand>{0}</RightOperand></Filter>", part("Name", "isNull", &[])),
            "The LogicalOperator is \"XOR\", expected AND or OR",
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(house.error("TriggeredSendDefinition", &["ID"], &filter), format!("Error: {expected}"), "{filter}");
    }
}

#[test]
fn indexes_and_scans_find_the_same() {
    let mut house = House::new();
    for n in 0..40 {
        house.create(&format!(
            "<Objects xsi:type='Email'><CustomerKey>Key {n}</CustomerKey><Name>Name {}</Name><Folder>{n}</Folder></Objects>",
            n % 4
        ));
    }
    for (property, values) in [
        ("CustomerKey", &["KEY 3", "key 17", " Key 5", "none"][..]),
        ("Name", &["name 2", "Name 9"]),
        ("ID", &["1000003", "1000001", "1000003", "5"]),
    ] {
        let indexed = house.values("Email", "ID", &simple(property, "IN", values));
        // An OR goes through everything.
        let parts: Vec<String> = values.iter().map(|value| part(property, "equals", &[value])).collect();
        let right = nested("RightOperand", "", parts.last().unwrap());
        let rest: String = parts.iter().map(|part| nested("Operand", "", part)).collect();
        let any = format!(
            "<Filter>{}<LogicalOperator>OR</LogicalOperator>{right}<AdditionalOperands>{rest}</AdditionalOperands></Filter>",
            nested("LeftOperand", "", &parts[0])
        );
        assert_eq!(indexed, house.values("Email", "ID", &any), "{property}");
        assert!(!indexed.is_empty(), "{property}");
    }
}

/// A filter, as it is sent and as it is meant.
#[derive(Clone, Debug)]
enum Meant {
    One(&'static str, &'static str, Vec<String>),
    All(Vec<Meant>),
    Any(Vec<Meant>),
}

impl Meant {
    fn inner(&self) -> String {
        match self {
            Self::One(property, operator, values) => {
                part(property, operator, &values.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::All(parts) | Self::Any(parts) => {
                let operator = if matches!(self, Self::All(_)) { "AND" } else { "OR" };
                let more: String = parts[2..].iter().map(|part| nested("Operand", "", &part.inner())).collect();
                format!(
                    "{}<LogicalOperator>{operator}</LogicalOperator>{}<AdditionalOperands>{more}</AdditionalOperands>",
                    nested("LeftOperand", "", &parts[0].inner()),
                    nested("RightOperand", "", &parts[1].inner()),
                )
            }
        }
    }

    /// What a definition with this text and this number should do.
    fn holds(&self, text: Option<&str>, number: Option<i64>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(text, number)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(text, number)),
            Self::One("Email.ID", operator, values) => {
                let values: Vec<i64> = values.iter().map(|value| value.parse().unwrap()).collect();
                told(operator, number, &values)
            }
            Self::One(_, "like", values) => text.is_some_and(|text| naive_like(&fold(text), &fold(&values[0]))),
            Self::One(_, operator, values) => {
                told(operator, text.map(fold), &values.iter().map(|value| fold(value)).collect::<Vec<_>>())
            }
        }
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase().trim_end_matches(' ').to_owned()
}

fn told<T: Ord>(operator: &str, value: Option<T>, values: &[T]) -> bool {
    let Some(value) = value else { return operator == "isNull" };
    match operator {
        "isNull" => false,
        "isNotNull" => true,
        "equals" => value == values[0],
        "notEquals" => value != values[0],
        "greaterThan" => value > values[0],
        "lessThan" => value < values[0],
        "greaterThanOrEqual" => value >= values[0],
        "lessThanOrEqual" => value <= values[0],
        "between" => values[0] <= value && value <= values[1],
        "IN" => values.contains(&value),
        other => panic!("{other}"),
    }
}

fn naive_like(text: &str, pattern: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, found) => found.is_none(),
        (Some('%'), found) => {
            naive_like(text, &pattern[1..]) || found.is_some_and(|c| naive_like(&text[c.len_utf8()..], pattern))
        }
        (Some(wanted), Some(found)) if wanted == found => {
            naive_like(&text[found.len_utf8()..], &pattern[wanted.len_utf8()..])
        }
        _ => false,
    }
}

fn meant() -> impl Strategy<Value = Meant> {
    static OPERATORS: [&str; 10] = [
        "equals",
        "notEquals",
        "greaterThan",
        "lessThan",
        "greaterThanOrEqual",
        "lessThanOrEqual",
        "between",
        "IN",
        "isNull",
        "isNotNull",
    ];
    let count = |operator: &str| match operator {
        "between" => 2..=2,
        "IN" => 1..=4,
        "isNull" | "isNotNull" => 0..=2,
        _ => 1..=1,
    };
    let text = prop::sample::select(&OPERATORS[..]).prop_flat_map(move |operator| {
        prop::collection::vec("[abAB ]{0,3}", count(operator))
            .prop_map(move |values| Meant::One("Description", operator, values))
    });
    let like = "[abAB%]{0,4}".prop_map(|pattern| Meant::One("Description", "like", vec![pattern]));
    let number = prop::sample::select(&OPERATORS[..]).prop_flat_map(move |operator| {
        prop::collection::vec((-2_i64..3).prop_map(|number| number.to_string()), count(operator))
            .prop_map(move |values| Meant::One("Email.ID", operator, values))
    });
    prop_oneof![text, like, number].prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Meant::All),
            prop::collection::vec(inner, 2..4).prop_map(Meant::Any),
        ]
    })
}

type Made = (Option<String>, Option<i64>);

fn definitions() -> impl Strategy<Value = Vec<Made>> {
    let one = (prop::option::of("[abAB ]{0,3}"), prop::option::of(-2_i64..3));
    prop::collection::vec(one, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn filters_find_what_a_naive_model_finds(definitions in definitions(), filters in prop::collection::vec(meant(), 1..6)) {
        let mut house = House::new();
        let made: String = definitions.iter().enumerate().map(|(at, (text, number))| {
            let text = text.as_ref().map(|text| format!("<Description>{text}</Description>")).unwrap_or_default();
            let number = number.map(|number| format!("<Email><ID>{number}</ID></Email>")).unwrap_or_default();
            format!("<Objects xsi:type='TriggeredSendDefinition'><CustomerKey>{at}</CustomerKey>{number}<Name>f</Name>{text}</Objects>")
        }).collect();
        house.create(&made);
        for filter in filters {
            let found = house.values("TriggeredSendDefinition", "CustomerKey", &nested("Filter", "", &filter.inner()));
            let holds = |(at, (text, number)): (usize, &Made)| filter.holds(text.as_deref(), *number).then(|| at.to_string());
            let expected: Vec<String> = definitions.iter().enumerate().filter_map(holds).collect();
            prop_assert_eq!(found, expected, "{:?}", filter);
        }
    }
}
