//! Why a caller may not do something: for the log alone, where the service's answer (ErrorCode 5, `API Permission
//! Failed`) does not say whether the scope or the configuration forbids it.

use std::collections::BTreeSet;

use crate::{
    message::{Call, Operation, client::Client},
    object::Node,
    schema::Schema,
};

/// Where ObjectType stands: at most QueryRequestMsg/QueryRequest/Query/Object/ObjectType.
const DEPTH: usize = 4;

/// Tells each object type of the call that its caller may not use, once. Names are the contract's, never a client's text.
pub(super) fn tell(call: &Call<'_>, client: &Client, schema: &Schema) {
    // Each batch of a Query is checked as a Retrieve.
    let operation = if call.operation == Operation::Query { Operation::Retrieve } else { call.operation };
    let mut types = BTreeSet::new();
    match call.operation {
        Operation::Retrieve | Operation::Query | Operation::Describe => {
            let mut named = Vec::new();
            object_types(call.message, DEPTH, &mut named);
            let kinds =
                named.iter().filter_map(|name| schema.type_named(name.split('[').next().unwrap_or_default().trim()));
            types.extend(kinds);
        }
        Operation::Execute => types.extend(schema.type_named("Subscriber")),
        _ => types.extend(call.objects.iter().filter_map(|object| object.ty())),
    }
    for ty in types {
        if let Some(why) = client.refusal(operation.name(), schema.type_name(ty)) {
            tracing::info!(caller = client.key(), "refused: {why}");
        }
    }
}

fn object_types(node: Node<'_>, depth: usize, found: &mut Vec<String>) {
    for child in node.children() {
        match child.name() {
            "ObjectType" => found.push(child.text().into_owned()),
            _ if depth > 1 => object_types(child, depth - 1, found),
            _ => {}
        }
    }
}
