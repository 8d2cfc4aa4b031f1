//! Fixed-shape messages.
