//! BusinessUnit, Account and AccountUser: what the configuration says, as objects of the wire.
//!
//! Nothing here writes the configuration. What a Configure assigned to a user is kept beside it and shown with him; what he
//! may do is the configuration's to say.

use std::collections::BTreeMap;

use crate::{
    message::client::Accounts,
    object::{Object, Value},
    store::{Objects, StoreError},
};

/// The kind of the records of what was assigned; their numbers are those of the users.
pub(crate) const USER: &str = "AccountUser";

/// An account, with its number, as the type that was asked for: `BusinessUnit` or `Account`.
pub(crate) fn business_unit(accounts: &Accounts, mid: u64, kind: &str) -> (i64, Object) {
    let mut object = Object::new(kind);
    let number = mid.to_string();
    object.set_text("ID", number.as_str());
    object.set_text("CustomerKey", number.as_str());
    if let Some(account) = accounts.account(mid) {
        let root = account.enterprise == mid;
        object.set_text("AccountType", if root { "ENTERPRISE_2" } else { "BUSINESS_UNIT" });
        // The enterprise itself has the parent 0 on the service.
        object.set_text("ParentID", if root { 0 } else { account.enterprise }.to_string());
        object.set_text("Name", account.name.as_str());
        if let Some(parent) = accounts.account(account.enterprise).filter(|_| !root) {
            object.set_text("ParentName", parent.name.as_str());
        }
        object.set_text("IsActive", "1");
    }
    (i64::try_from(mid).unwrap_or(i64::MAX), object)
}

/// The users who live in an account, with their numbers, in the order of these.
pub(crate) fn users(accounts: &Accounts, objects: &Objects<'_>, mid: u64) -> Result<Vec<(i64, Object)>, StoreError> {
    let mut users = BTreeMap::new();
    for (name, reach) in accounts.users_in(mid) {
        let mut id = number(name);
        while users.contains_key(&id) {
            id += 1;
        }
        let assigned: Option<Vec<u64>> = objects.get(USER, id)?;
        users.insert(id, user(id, name, mid, &assigned.unwrap_or(reach)));
    }
    Ok(users.into_iter().collect())
}

/// The business units that a user is shown with.
pub(crate) fn units(user: &Object) -> Vec<u64> {
    let all = user.object("AssociatedBusinessUnits").into_iter();
    let units = all.flat_map(|all| all.all("BusinessUnit")).filter_map(Value::as_object);
    units.filter_map(|unit| unit.text("ID")?.parse().ok()).collect()
}

/// A number for a name, since the configuration gives none: it must stay the same over restarts, and fit in xsd:int.
fn number(name: &str) -> i64 {
    // FNV-1a
    let hash = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i64::from(hash >> 2) + 1
}

fn user(id: i64, name: &str, mid: u64, units: &[u64]) -> Object {
    let mut object = Object::new(USER);
    let number = id.to_string();
    object.set_text("ID", number.as_str());
    object.set_text("CustomerKey", name);
    object.set_text("AccountUserID", number.as_str());
    object.set_text("UserID", name);
    object.set_text("Name", name);
    object.set_text("ActiveFlag", "true");
    // As captured of every AccountUser: it is not deleted.
    object.set_text("Delete", "0");
    object.set_text("IsAPIUser", "true");
    object.set_text("DefaultBusinessUnit", mid.to_string());
    let mut all = Object::default();
    for unit in units {
        let mut object = Object::new("BusinessUnit");
        object.set_text("ID", unit.to_string());
        all.push("BusinessUnit", Value::Object(object));
    }
    object.set("AssociatedBusinessUnits", Value::Object(all));
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_users_stay() {
        // Kept assignments are found by these.
        assert_eq!([number("demo"), number("")], [733_957_454, 541_534_066]);
    }
}
