//! The table against the facts, and its numbers against each other.

use std::collections::BTreeMap;

use super::*;
use crate::{conversation::code::TABLE as RULES, message::code::ALL};

const FACTS: &str = include_str!("../../../tests/facts/backend-error-codes.tsv");

fn system(name: &str) -> System {
    *System::ALL.iter().find(|system| name.starts_with(system.name())).unwrap()
}

#[test]
fn no_row_of_the_facts_is_missing_or_different() {
    let rows: Vec<Vec<&str>> = FACTS.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!((rows.len(), TABLE.len()), (201, 201));
    for (row, code) in rows.iter().zip(TABLE) {
        assert_eq!((system(row[0]), row[1], row[2]), (code.system, code.code, code.name));
        assert_eq!((row[4], row[5] == "yes"), (code.class.name(), code.retryable), "{}", code.code);
        assert_eq!(find(code.system, code.code), Some(code));
        assert!(code.meaning.ends_with('.') && code.remedy.ends_with('.') && !code.meaning.contains('\t'));
    }
    // facts/backends section 5.2
    let doubtful: Vec<&str> = TABLE.iter().filter(|row| row.ambiguous).map(|row| row.code).collect();
    let types = ["ERROR_TYPE_UNSPECIFIED", "ERROR_TYPE_DEADLINE_EXCEEDED", "ERROR_TYPE_CONTEXT_CANCLED"];
    assert_eq!(doubtful, [["10094", "20002", "20004", "500", "-2"].as_slice(), &types].concat());
}

#[test]
fn no_number_stands_for_two_things() {
    let mut numbers = BTreeMap::new();
    let mut put = |number: i64, what: String| {
        assert!(i32::try_from(number).is_ok(), "{number} is no xsd:int");
        if let Some(other) = numbers.insert(number, what.clone()) {
            panic!("{number} is {other} and {what}");
        }
    };
    for row in all() {
        put(row.number, format!("{:?} {}", row.system, row.code));
        assert_eq!(number(row.system, row.code), row.number);
    }
    for system in System::ALL {
        for plain in Plain::ALL.map(|(plain, ..)| plain).into_iter().chain((100..600).map(Plain::Http)) {
            put(plain.number(system), format!("{system:?} {plain:?}"));
        }
        let newer = (0..900_000).step_by(101).chain(-9..0).map(|n: i64| n.to_string());
        for code in newer.filter(|code| find(system, code).is_none() && system != System::Connectly) {
            if number(system, &code) != Plain::Unknown.number(system) {
                put(number(system, &code), format!("{system:?} {code}"));
            }
        }
    }
    for code in RULES.iter().map(|rule| rule.code).chain(ALL.iter().map(|(_, error)| error.code)) {
        assert_eq!(numbers.get(&code), None, "{code}");
    }
}

#[test]
fn numbers_follow_the_rule() {
    for row in TABLE {
        let native = row.code.parse::<i64>();
        match (row.system, native) {
            (System::Salesforce, Ok(n)) => assert_eq!(row.number, 1_000_000 + n),
            (System::Yeastar, Ok(n @ 0..)) => assert_eq!(row.number, 2_000_000 + n),
            (System::Yeastar, Ok(n)) => assert_eq!(row.number, 3_000_000 + n),
            (System::Connectly, Err(_)) => {}
            _ => panic!("{}", row.code),
        }
    }
    let connectly = |prefix: &str| -> Vec<i64> {
        TABLE.iter().filter(|row| row.code.starts_with(prefix)).map(|row| row.number).collect()
    };
    assert_eq!(connectly("ERROR_CODE_"), (3_000_001..=3_000_019).collect::<Vec<_>>());
    assert_eq!(connectly("ERROR_TYPE_"), (3_000_101..=3_000_110).collect::<Vec<_>>());
}

#[test]
fn newer_codes_are_taken_by_their_family() {
    let kind = |system, code| {
        let family = class_of(system, code);
        (family.class.name(), family.retryable, family.ambiguous)
    };
    assert_eq!(kind(System::Salesforce, "10200"), ("client", false, false));
    assert_eq!(kind(System::Salesforce, "15999"), ("client", false, false));
    assert_eq!(kind(System::Salesforce, "20077"), ("server", true, true));
    assert_eq!(kind(System::Salesforce, "25999"), ("server", true, true));
    assert_eq!(kind(System::Salesforce, "503"), ("server", true, true));
    assert_eq!(kind(System::Salesforce, "TIMED_OUT_SOMEWHERE"), ("transient", true, true));
    assert_eq!(kind(System::Yeastar, "70999"), ("client", false, false));
    assert_eq!(kind(System::Yeastar, "-3"), ("server", true, true));
    assert_eq!(kind(System::Connectly, "ERROR_CODE_FLOW_NOT_FOUND"), ("not-found", false, false));
    assert_eq!(kind(System::Connectly, "ERROR_CODE_NEW"), ("client", false, false));
    assert_eq!(kind(System::Salesforce, "10004"), ("auth", true, false));
    assert_eq!(number(System::Salesforce, "10200"), 1_010_200);
    assert_eq!(number(System::Yeastar, "-3"), 2_999_997);
    assert_eq!(number(System::Connectly, "ERROR_CODE_NEW"), 3_900_000);
}
