//! Many rows in any order of methods: the table is always what a map would be.

use std::collections::BTreeMap;

use envoi::message::Operation::{self, Create, Delete, Update};
use proptest::prelude::*;

use crate::{
    house::House,
    table::{extension, row, rows, saving},
};

fn operation() -> impl Strategy<Value = (Operation, bool)> {
    prop_oneof![
        Just((Create, false)),
        Just((Create, true)),
        Just((Update, false)),
        Just((Update, true)),
        Just((Delete, false))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_a_map(calls in prop::collection::vec((operation(), "[abAB]{1,2}", "[x-z]{0,3}"), 1..25)) {
        let house = House::new();
        house.one(Create, &extension("t", &["Id*", "Value"]));
        let mut model: BTreeMap<String, (String, String)> = BTreeMap::new();
        for ((operation, upsert), id, value) in calls {
            let options = if upsert { saving("UpdateAdd") } else { String::new() };
            let said = house.one(operation, &format!("{options}{}", row("t", &format!("#Id={id};Value={value}"))));
            let there = model.contains_key(&id.to_lowercase());
            let allowed = operation == Delete || upsert || there == (operation == Update);
            prop_assert_eq!(said.starts_with("OK "), allowed, "{:?} {} {}", operation, id, said);
            if operation == Delete {
                model.remove(&id.to_lowercase());
            } else if allowed {
                model.entry(id.to_lowercase()).or_insert_with(|| (id, String::new())).1 = value;
            }
        }
        let mut kept = rows(&house, "t");
        kept.sort();
        let mut expected: Vec<_> = model.into_values().map(|(id, value)| format!("{id}|{value}")).collect();
        expected.sort();
        prop_assert_eq!(kept, expected);
    }
}
