//! Any sequence of calls, against a plain model of who is there and who is on which list.

use std::collections::{BTreeMap, BTreeSet};

use envoi::message::Operation::{Create, Delete, Update};
use proptest::prelude::*;

use super::house::{House, list, subscriber};

#[derive(Clone, Debug)]
enum Step {
    Create { who: usize, lists: Vec<usize> },
    Join { who: usize, list: usize },
    Leave { who: usize, list: usize },
    Delete { who: usize },
    DeleteList { list: usize },
}

const WHO: [&str; 3] = ["ada", "grace", "alan"];
const LISTS: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let (who, list) = (0..WHO.len(), 0..LISTS);
    prop_oneof![
        (who.clone(), prop::collection::vec(list.clone(), 0..3)).prop_map(|(who, lists)| Step::Create { who, lists }),
        (who.clone(), list.clone()).prop_map(|(who, list)| Step::Join { who, list }),
        (who.clone(), list.clone()).prop_map(|(who, list)| Step::Leave { who, list }),
        who.prop_map(|who| Step::Delete { who }),
        list.prop_map(|list| Step::DeleteList { list }),
    ]
}

fn entry(list: usize, action: &str) -> String {
    format!("<Lists><CustomerKey>list-{list}</CustomerKey><Action>{action}</Action></Lists>")
}

fn named(who: usize, more: &str) -> String {
    let name = WHO[who];
    subscriber(&format!("<SubscriberKey>{name}</SubscriberKey><EmailAddress>{name}@example.com</EmailAddress>{more}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn people_and_lists_agree(steps in prop::collection::vec(step(), 1..25)) {
        let house = House::new();
        let mut ids = BTreeMap::new();
        for n in 0..LISTS {
            ids.insert(n, house.create(&list(&format!("<CustomerKey>list-{n}</CustomerKey><ListName>List {n}</ListName>"))));
        }
        let all_ids = ids.clone();
        let mut people: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        for step in steps {
            let (row, expected) = match &step {
                Step::Create { who, lists } => {
                    let distinct: BTreeSet<usize> = lists.iter().copied().collect();
                    let known = lists.iter().all(|list| ids.contains_key(list));
                    let code = if people.contains_key(who) {
                        Some(12014)
                    } else if known && distinct.len() == lists.len() {
                        people.insert(*who, distinct);
                        None
                    } else {
                        // The first entry that cannot be done decides.
                        let mut seen = BTreeSet::new();
                        lists.iter().find_map(|list| match ids.contains_key(list) {
                            false => Some(13000),
                            true => (!seen.insert(*list)).then_some(13006),
                        })
                    };
                    let entries: String = lists.iter().map(|list| entry(*list, "create")).collect();
                    let (rows, _) = house.send(Create, &named(*who, &entries));
                    if rows[0].is_ok() {
                        numbers.insert(*who, rows[0].new_id);
                    }
                    (rows[0].code, code)
                }
                Step::Join { who, list } => {
                    let code = match people.get_mut(who) {
                        None => Some(12015),
                        Some(_) if !ids.contains_key(list) => Some(13000),
                        Some(on) => (!on.insert(*list)).then_some(13006),
                    };
                    (house.send(Update, &named(*who, &entry(*list, "create"))).0[0].code, code)
                }
                Step::Leave { who, list } => {
                    let code = match people.get_mut(who) {
                        None => Some(12015),
                        Some(_) if !ids.contains_key(list) => Some(13000),
                        Some(on) => (!on.remove(list)).then_some(13007),
                    };
                    (house.send(Update, &named(*who, &entry(*list, "delete"))).0[0].code, code)
                }
                Step::Delete { who } => {
                    let code = people.remove(who).is_none().then_some(12015);
                    (house.send(Delete, &named(*who, "")).0[0].code, code)
                }
                Step::DeleteList { list: n } => {
                    ids.remove(n);
                    for on in people.values_mut() {
                        on.remove(n);
                    }
                    let members = format!("<CustomerKey>list-{n}</CustomerKey>");
                    (house.send(Delete, &list(&members)).0[0].code, None)
                }
            };
            prop_assert_eq!(row, expected, "{:?}", step);
        }
        let active = |whos: Vec<usize>| {
            let mut shown: Vec<String> = whos.into_iter().map(|who| format!("{} Active", WHO[who])).collect();
            shown.sort();
            shown
        };
        for (n, id) in &all_ids {
            let on = people.iter().filter(|(_, lists)| lists.contains(n)).map(|(who, _)| *who).collect();
            prop_assert_eq!(house.members(*id), active(on), "list {}", n);
        }
        prop_assert_eq!(house.members(house.all_subscribers()), active(people.keys().copied().collect()));
        for (who, number) in &numbers {
            let lists = house.lists_of(*number).len();
            // All Subscribers is one of them.
            prop_assert_eq!(lists, people.get(who).map_or(0, |on| on.len() + 1), "{}", WHO[*who]);
        }
    }
}
