//! What a method does to an object, given the SaveOption and whether the object is there. Pure.

use crate::message::{ErrorCode, Operation, code, options::SaveAction};

/// The StatusMessage where a SaveAction asks for nothing. Ours.
pub(crate) const NOTHING_DONE: &str = "Nothing was done, as SaveAction Nothing asks";

/// The methods that change objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Create,
    Update,
    Delete,
}

impl Method {
    /// The method of an operation that changes objects.
    pub(crate) const fn of(operation: Operation) -> Self {
        match operation {
            Operation::Create => Self::Create,
            Operation::Update => Self::Update,
            _ => Self::Delete,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is not there; make it.
    Insert,
    /// It is there; change it.
    Change,
    /// It is there; take it away.
    Remove,
    /// Nothing, and that is what was asked for.
    Leave,
    /// A SaveAction takes it away, and it is not there: like a delete in SQL, that is no error.
    Gone,
    /// It is there and must not be: the type knows the code.
    Exists,
    /// It is not there and must be: the type knows the code.
    Missing,
    /// A SaveOption forbids it.
    Refuse(ErrorCode),
}

impl Plan {
    /// The operation that the caller must be allowed: a SaveAction makes one method do another's work.
    pub(crate) const fn operation(self) -> Option<&'static str> {
        match self {
            Self::Insert => Some(Method::Create.name()),
            Self::Change => Some(Method::Update.name()),
            Self::Remove | Self::Gone => Some(Method::Delete.name()),
            Self::Leave | Self::Exists | Self::Missing | Self::Refuse(_) => None,
        }
    }
}

/// Without a SaveOption the method decides: Create of an existing object and Update of a missing one are errors
/// (facts/wire section 5). Both ways in which clients upsert work: Create and Update with `UpdateAdd`.
pub(crate) fn plan(method: Method, action: Option<SaveAction>, exists: bool) -> Plan {
    let action = match (method, action) {
        // Delete knows no SaveOptions in the WSDL; a stray one says nothing.
        (Method::Delete, _) => return if exists { Plan::Remove } else { Plan::Missing },
        (_, Some(SaveAction::Default) | None) => None,
        (_, action) => action,
    };
    match (action, method, exists) {
        (None, Method::Create, false) | (Some(SaveAction::AddOnly | SaveAction::UpdateAdd), _, false) => Plan::Insert,
        (None, Method::Create, true) | (Some(SaveAction::AddOnly), Method::Create, true) => Plan::Exists,
        (None, _, true) | (Some(SaveAction::UpdateOnly | SaveAction::UpdateAdd), _, true) => Plan::Change,
        (None, _, false) | (Some(SaveAction::UpdateOnly), Method::Update | Method::Delete, false) => Plan::Missing,
        (Some(SaveAction::UpdateOnly), Method::Create, false) => Plan::Refuse(code::UPDATE_ONLY),
        (Some(SaveAction::AddOnly), _, true) => Plan::Refuse(code::ADD_ONLY),
        (Some(SaveAction::Delete), _, true) => Plan::Remove,
        (Some(SaveAction::Delete), _, false) => Plan::Gone,
        (Some(SaveAction::Nothing), _, _) => Plan::Leave,
        // Taken care of above.
        (Some(SaveAction::Default), _, _) => Plan::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_has_its_plan() {
        use Method::{Create, Update};
        use SaveAction::{AddOnly, Default, Delete, Nothing, UpdateAdd, UpdateOnly};
        let table = [
            (Create, None, Plan::Insert, Plan::Exists),
            (Create, Some(Default), Plan::Insert, Plan::Exists),
            (Create, Some(AddOnly), Plan::Insert, Plan::Exists),
            (Create, Some(UpdateAdd), Plan::Insert, Plan::Change),
            (Create, Some(UpdateOnly), Plan::Refuse(code::UPDATE_ONLY), Plan::Change),
            (Create, Some(Nothing), Plan::Leave, Plan::Leave),
            (Create, Some(Delete), Plan::Gone, Plan::Remove),
            (Update, None, Plan::Missing, Plan::Change),
            (Update, Some(Default), Plan::Missing, Plan::Change),
            (Update, Some(AddOnly), Plan::Insert, Plan::Refuse(code::ADD_ONLY)),
            (Update, Some(UpdateAdd), Plan::Insert, Plan::Change),
            (Update, Some(UpdateOnly), Plan::Missing, Plan::Change),
            (Update, Some(Nothing), Plan::Leave, Plan::Leave),
            (Update, Some(Delete), Plan::Gone, Plan::Remove),
            (Method::Delete, None, Plan::Missing, Plan::Remove),
            (Method::Delete, Some(Nothing), Plan::Missing, Plan::Remove),
        ];
        for (method, action, absent, present) in table {
            assert_eq!(plan(method, action, false), absent, "{method:?} {action:?} of a missing object");
            assert_eq!(plan(method, action, true), present, "{method:?} {action:?} of an existing object");
        }
    }
}
