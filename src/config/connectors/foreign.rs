//! Settings that are of another system than the connector's.

use super::{
    Place,
    fields::{DEFAULTS, Field},
};
use crate::connector::{Defaults, System};

/// Defaults that are of another system than the connector's.
pub(super) fn foreign(place: &Place, system: System) -> Vec<(String, String)> {
    let told = |field: &Field<Defaults>| {
        let (name, only) = (format!("defaults.{}", field.key), field.only.filter(|only| *only != system)?);
        place.is_given(&name).then(|| (name, foreign_to(only, system)))
    };
    DEFAULTS.iter().filter_map(told).collect()
}

/// What is said of such a setting.
pub(super) fn foreign_to(only: System, system: System) -> String {
    format!("is of {}, and this connector's system is {}", only.name(), system.name())
}
