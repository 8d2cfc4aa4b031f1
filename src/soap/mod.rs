//! The protocol: envelope 1.1 and 1.2, headers, faults, binding of an action to an operation.
