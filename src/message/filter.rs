//! Filters of a Retrieve: read from the request, checked against the types of what they name, tried on values. Pure.
//!
//! It never decides where a value comes from; [`Bound::matches`] is given a way to ask.
//!
//! What the documentation leaves open follows SQL, on which the service stands: a property without a value meets `isNull`
//! and nothing else (`notEquals` neither), text is compared without regard to case and to spaces at its end. In a `like`
//! only `%` is a wildcard: keys are full of underscores.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Time,
    object::{Node, value},
};

use super::operand::{Class, Operand, collated};

/// A FilterPart as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filter {
    /// SimpleFilterPart
    Simple(Condition),
    /// ComplexFilterPart with `AND`
    All(Vec<Filter>),
    /// ComplexFilterPart with `OR`
    Any(Vec<Filter>),
}

/// A SimpleFilterPart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// `Property`
    pub property: String,
    /// `SimpleOperator`
    pub operator: Operator,
    /// `Value`
    pub values: Vec<String>,
    /// `DateValue`
    pub dates: Vec<Time>,
}

/// The operators that the documentation names for a Retrieve. The WSDL lists more; those are for data filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `equals`
    Equals,
    /// `notEquals`
    NotEquals,
    /// `greaterThan`
    GreaterThan,
    /// `lessThan`
    LessThan,
    /// `isNull`
    IsNull,
    /// `isNotNull`
    IsNotNull,
    /// `greaterThanOrEqual`
    GreaterThanOrEqual,
    /// `lessThanOrEqual`
    LessThanOrEqual,
    /// `between`, both ends included
    Between,
    /// `IN`
    In,
    /// `like`
    Like,
}

impl Operator {
    /// Every operator with its name on the wire.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Equals, "equals"),
        (Self::NotEquals, "notEquals"),
        (Self::GreaterThan, "greaterThan"),
        (Self::LessThan, "lessThan"),
        (Self::IsNull, "isNull"),
        (Self::IsNotNull, "isNotNull"),
        (Self::GreaterThanOrEqual, "greaterThanOrEqual"),
        (Self::LessThanOrEqual, "lessThanOrEqual"),
        (Self::Between, "between"),
        (Self::In, "IN"),
        (Self::Like, "like"),
    ];

    /// The operator of that name, in any case (`in` is often sent for `IN`).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(operator, _)| operator)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.into_iter().find(|(own, _)| own == self).map_or("", |(_, name)| name))
    }
}

impl Filter {
    /// Reads a FilterPart. One without `xsi:type` is told by its children (facts/wire section 5).
    ///
    /// # Errors
    /// What is wrong, for the caller.
    pub fn read(node: Node<'_>) -> Result<Self, String> {
        let named = node.xsi_type().map(|(_, local)| local);
        match named {
            Some("SimpleFilterPart") => Condition::read(node).map(Self::Simple),
            Some("ComplexFilterPart") => Self::complex(node),
            _ if node.child("SimpleOperator").is_some() || node.child("Property").is_some() => {
                Condition::read(node).map(Self::Simple)
            }
            _ if node.child("LogicalOperator").is_some() || node.child("LeftOperand").is_some() => Self::complex(node),
            Some(other) if other != "FilterPart" => {
                Err(format!("A Filter of type {other} is not supported for Retrieve"))
            }
            _ => Err("The Filter is neither a SimpleFilterPart nor a ComplexFilterPart".to_owned()),
        }
    }

    fn complex(node: Node<'_>) -> Result<Self, String> {
        let operator = node.child_text("LogicalOperator").unwrap_or_default();
        let left = present(node, "LeftOperand").ok_or("A ComplexFilterPart has no LeftOperand")?;
        let more = node.children_named("AdditionalOperands").flat_map(|more| more.children_named("Operand"));
        let rest = present(node, "RightOperand").into_iter().chain(more.filter(|operand| !operand.is_nil()));
        let mut operands = vec![Self::read(left)?];
        for operand in rest {
            operands.push(Self::read(operand)?);
        }
        if operands.len() < 2 {
            return Err("A ComplexFilterPart has no RightOperand".to_owned());
        }
        match operator.trim() {
            "AND" | "and" | "And" => Ok(Self::All(operands)),
            "OR" | "or" | "Or" => Ok(Self::Any(operands)),
            other => Err(format!("The LogicalOperator is {other:?}, expected AND or OR")),
        }
    }

    /// Every condition in it.
    pub fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::Simple(condition) => vec![condition],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::conditions).collect(),
        }
    }

    /// Conditions of which each must hold for the whole to hold: what an index may be asked for.
    pub fn musts(&self) -> Vec<&Condition> {
        match self {
            Self::Simple(condition) => vec![condition],
            Self::All(parts) => parts.iter().flat_map(Self::musts).collect(),
            Self::Any(_) => Vec::new(),
        }
    }

    /// Checks every condition against what its property holds. `class` tells that (the caller has seen to it that every
    /// property exists; one without a class counts as text), `read` reads a value of it.
    ///
    /// # Errors
    /// What is wrong, for the caller.
    pub fn bind(
        &self,
        class: &dyn Fn(&str) -> Option<Class>,
        read: &dyn Fn(&str, Class, &str) -> Option<Operand>,
    ) -> Result<Bound, String> {
        let all = |parts: &[Self]| parts.iter().map(|part| part.bind(class, read)).collect::<Result<Vec<_>, _>>();
        Ok(Bound(match self {
            Self::Simple(condition) => {
                let class = class(&condition.property).unwrap_or(Class::Text);
                let test = condition.bind(class, &|text| read(&condition.property, class, text))?;
                Part::Simple(condition.property.clone(), test)
            }
            Self::All(parts) => Part::All(all(parts)?),
            Self::Any(parts) => Part::Any(all(parts)?),
        }))
    }
}

fn present<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    node.child(name).filter(|child| !child.is_nil())
}

impl Condition {
    fn read(node: Node<'_>) -> Result<Self, String> {
        let property = node.child_text("Property").unwrap_or_default().trim().to_owned();
        if property.is_empty() {
            return Err("A SimpleFilterPart has no Property".to_owned());
        }
        let name = node.child_text("SimpleOperator").unwrap_or_default();
        let operator = Operator::named(name.trim()).ok_or_else(|| {
            format!("The SimpleOperator {:?} on {property} is not supported for Retrieve", name.trim())
        })?;
        let values = node.children_named("Value").filter(|value| !value.is_nil());
        let values = values.map(|value| value.text().into_owned()).collect();
        let mut dates = Vec::new();
        for date in node.children_named("DateValue").filter(|date| !date.is_nil()) {
            let text = date.text();
            // Proxies write an unset date as an empty element.
            if text.trim().is_empty() {
                continue;
            }
            let time = value::date_time(&text, 0)
                .ok_or_else(|| format!("The DateValue {:?} on {property} is no xsd:dateTime", text.trim()))?;
            dates.push(time);
        }
        Ok(Self { property, operator, values, dates })
    }

    /// A DateValue decides where the property is a date; elsewhere it stands in for a missing Value.
    fn operands(&self, class: Class, read: &dyn Fn(&str) -> Option<Operand>) -> Result<Vec<Operand>, String> {
        if !self.dates.is_empty() && (class == Class::Date || self.values.is_empty()) {
            if class != Class::Date {
                return Err(format!("{} is no date and has a DateValue", self.property));
            }
            return Ok(self.dates.iter().map(|date| Operand::Date(*date)).collect());
        }
        let operand = |text: &String| {
            let wrong = || format!("The Value {text:.100?} on {} is not {}", self.property, class.expected());
            read(text).ok_or_else(wrong)
        };
        self.values.iter().map(operand).collect()
    }

    fn bind(&self, class: Class, read: &dyn Fn(&str) -> Option<Operand>) -> Result<Test, String> {
        match self.operator {
            // The documentation: values are ignored.
            Operator::IsNull => return Ok(Test::Null(true)),
            Operator::IsNotNull => return Ok(Test::Null(false)),
            Operator::Like => return self.like(),
            _ => {}
        }
        let operands = self.operands(class, read)?;
        let count = |expected: &str| {
            let (operator, property, found) = (self.operator, &self.property, operands.len());
            format!("The SimpleOperator {operator} on {property} takes {expected}, not {found}")
        };
        match (self.operator, operands.as_slice()) {
            (Operator::In, []) => Err(count("at least one value")),
            (Operator::In, _) => Ok(Test::In(operands.into_iter().collect())),
            (Operator::Between, [from, to]) => Ok(Test::Between(from.clone(), to.clone())),
            (Operator::Between, _) => Err(count("exactly two values")),
            (operator, [one]) => Ok(Test::Compare(operator, one.clone())),
            _ => Err(count("one value")),
        }
    }

    fn like(&self) -> Result<Test, String> {
        match self.values.as_slice() {
            [pattern] => Ok(Test::Like(collated(pattern).split('%').map(Into::into).collect())),
            values => {
                Err(format!("The SimpleOperator like on {} takes one Value, not {}", self.property, values.len()))
            }
        }
    }
}

/// A filter whose values are of the types of what they are compared with.
#[derive(Clone, Debug)]
pub struct Bound(Part);

#[derive(Clone, Debug)]
enum Part {
    Simple(String, Test),
    All(Vec<Bound>),
    Any(Vec<Bound>),
}

#[derive(Clone, Debug)]
enum Test {
    /// Whether there is to be no value.
    Null(bool),
    Compare(Operator, Operand),
    Between(Operand, Operand),
    In(HashSet<Operand>),
    /// What stands between the `%`.
    Like(Vec<Box<str>>),
}

impl Bound {
    /// Whether it holds for something whose values `values` tells: all those of a property (a repeated one has several, and
    /// then one that fits is enough), none when it is null.
    pub fn matches(&self, values: &dyn Fn(&str) -> Vec<Operand>) -> bool {
        match &self.0 {
            Part::All(parts) => parts.iter().all(|part| part.matches(values)),
            Part::Any(parts) => parts.iter().any(|part| part.matches(values)),
            Part::Simple(property, test) => {
                let found = values(property);
                match test {
                    Test::Null(wanted) => found.is_empty() == *wanted,
                    test => found.iter().any(|value| test.holds(value)),
                }
            }
        }
    }
}

impl Test {
    fn holds(&self, value: &Operand) -> bool {
        match self {
            Self::Null(wanted) => !wanted,
            Self::In(set) => set.contains(value),
            Self::Between(from, to) => {
                value.compare(from).is_some_and(|order| order.is_ge())
                    && value.compare(to).is_some_and(|order| order.is_le())
            }
            Self::Like(pieces) => like(&value.shown(), pieces),
            Self::Compare(operator, than) => value.compare(than).is_some_and(|order| match operator {
                Operator::NotEquals => order.is_ne(),
                Operator::GreaterThan => order.is_gt(),
                Operator::LessThan => order.is_lt(),
                Operator::GreaterThanOrEqual => order.is_ge(),
                Operator::LessThanOrEqual => order.is_le(),
                _ => order.is_eq(),
            }),
        }
    }
}

/// Whether a text is made of the pieces with anything between them. The first piece begins it, the last one ends it.
fn like(text: &str, pieces: &[Box<str>]) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    let Some((last, middle)) = rest.split_last() else {
        return *text == **first;
    };
    let Some(mut text) = text.strip_prefix(&**first).and_then(|text| text.strip_suffix(&**last)) else {
        return false;
    };
    // The leftmost place for each piece leaves the most for those behind it.
    for piece in middle {
        match text.split_once(&**piece) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    true
}
