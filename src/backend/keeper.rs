//! Who keeps the objects of each type. A look-up; the work stands in the keepers.

use crate::{
    message::{Options, Row},
    object::Node,
};

use super::{
    Failure, Work, data_extension, folder, generic, kind, list, plan::Method, row, scheduled, subscriber,
    triggered_send,
};

/// Applies a method to one object. `name` is a type that derives from APIObject.
pub(crate) fn apply(
    work: &mut Work<'_, '_>,
    name: &str,
    method: Method,
    node: Node<'_>,
    options: &Options,
) -> Result<Row, Failure> {
    match name {
        subscriber::KIND => subscriber::apply(work, method, node, options),
        list::KIND => list::apply(work, method, node, options),
        row::EXTENSION => data_extension::apply(work, method, node, options),
        row::FIELD => data_extension::apply_field(work, method, node, options),
        row::ROWS => row::apply(work, method, node, options),
        "ScheduledRequest" | "ScheduledConversation" => scheduled::apply(work, name, method, node),
        "TriggeredSend" => triggered_send::apply(work, method, node, options),
        name if kind::is_not_sent(name) => Err(triggered_send::refuse(method, name)),
        name if kind::is_read_only(name) => Err(Failure::cannot(method.name(), name)),
        name => match kind::find(name) {
            Some(known) => {
                let guard = match name {
                    folder::KIND => Some(&folder::GUARD),
                    triggered_send::DEFINITION => Some(&triggered_send::GUARD),
                    _ => None,
                };
                generic::apply(work, known, guard, method, node, options)
            }
            None => {
                let messages = ["created", "updated", "deleted"].map(|done| format!("{name} {done}"));
                generic::apply_named(work, name, &messages, method, node, options)
            }
        },
    }
}
