//! Arguments, start, signals and exit codes of the `envoi` program; no logic.
//!
//! Exit codes: 0 done; 1 the answer is no (a fault, an Error status, a failed check); 64 arguments or configuration
//! cannot be used; 65 a report cannot be read, or is about no mail of the server; 70 a bug of ours; 74 a file, a port or the network
//! failed; 75 the data directory is in use, or the server that a report is for cannot take it now.

use std::process::ExitCode;

/// sled allocates and frees much for each key that it writes: with this allocator a key costs a quarter less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    envoi::command::main()
}
