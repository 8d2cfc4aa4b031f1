//! The simulators' own test, and the table that everything here is judged by.

use std::process::Command;

use crate::{
    house::{ALL, CONNECTLY, SALESFORCE, YEASTAR, documented, table},
    system::{python, simulators},
};

#[test]
fn the_simulators_take_and_refuse_what_the_documentation_says() {
    if !python() {
        return;
    }
    let script = simulators().join("selftest.py");
    let output = Command::new("python3").arg(script).env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn there_are_201_codes_and_each_has_a_number_of_its_own() {
    assert_eq!([SALESFORCE, YEASTAR, CONNECTLY].map(|system| table(system).len()), [111, 61, 29]);
    let mut numbers: Vec<i64> = ALL
        .iter()
        .flat_map(|system| table(system).into_iter().map(|row| documented(system, &row.code)).collect::<Vec<_>>())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 201);
}
