//! Arguments, start, signals and exit codes of the `envoi` program; no logic.

fn main() {}
