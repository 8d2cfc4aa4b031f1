//! The contract, for the names of types that settings hold. It is read once: a configuration may name thousands.

use std::sync::LazyLock;

use crate::schema::Schema;

/// The contract; none when it cannot be read, which ends the start anyway, and says so itself.
pub(super) fn contract() -> Option<&'static Schema> {
    static CONTRACT: LazyLock<Option<Schema>> = LazyLock::new(|| Schema::embedded().ok());
    CONTRACT.as_ref()
}
