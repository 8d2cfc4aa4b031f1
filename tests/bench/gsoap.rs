//! Synchronous Creates over HTTP against a gSOAP server that is generated from our own WSDL (`tests/bench/gsoap`): it reads
//! every object and echoes it, as envoi does, and stores nothing; ours are on disk when answered. The same load for both, in
//! turn, so that a busy machine tells the same ratio.
//!
//! `cargo bench --bench gsoap [-- SECONDS]`; needs Debian's gsoap and libgsoap-dev and a C++ compiler, and builds the server
//! once (some minutes).

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run ends")]

use std::{env, path::Path, process::Command};

mod wire;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const SUBSCRIBERS: [usize; 3] = [1, 10, 100];
const ROUNDS: usize = 5;

fn main() {
    let Some(program) = server() else { return };
    let seconds = env::args().filter_map(|argument| argument.parse::<f64>().ok()).next().unwrap_or(1.0);
    let folder = wire::folder();
    println!("disk: append 4 KiB + fdatasync, median {:?}", wire::sync_median(folder.path()));
    let (ours, _, our_addr) = wire::envoi(Some(&folder.path().join("data")));
    let (theirs, their_addr) = wire::announced(&mut Command::new(program));
    let runtime = wire::runtime();
    println!("connections  Subscribers   envoi/s  gSOAP/s  ratio   ms of CPU for a call: envoi  gSOAP");
    let mut number = 0;
    for count in SUBSCRIBERS {
        for connections in CONNECTIONS {
            let mut run = |addr, pid, requests| {
                number += 1;
                let body = move |at: usize, text: &mut String| {
                    wire::create(text, "", &format!("k{number}-{at}"), count);
                };
                let before = wire::cpu(pid);
                let rate = runtime.block_on(wire::load(addr, connections, requests, body));
                (rate, (wire::cpu(pid) - before) * 1000.0 / requests as f64)
            };
            let (ours, theirs) = (ours.0.id(), theirs.0.id());
            // As many requests as take about that long; the first run also warms both.
            let (rate, _) = run(their_addr, theirs, (4_000 / count).max(100));
            let requests = ((rate.min(run(our_addr, ours, (2_000 / count).max(100)).0) * seconds) as usize).max(100);
            let (mut pairs, mut cost) = (Vec::new(), (0.0, 0.0));
            for _ in 0..ROUNDS {
                let (our_rate, our_cost) = run(our_addr, ours, requests);
                let (their_rate, their_cost) = run(their_addr, theirs, requests);
                pairs.push((our_rate, their_rate));
                cost = (cost.0 + our_cost / ROUNDS as f64, cost.1 + their_cost / ROUNDS as f64);
            }
            let (our_rate, their_rate) = wire::middle(pairs);
            println!(
                "{connections:11} {count:12} {our_rate:9.0} {their_rate:8.0} {:6.2} {:30.3} {:6.3}",
                our_rate / their_rate,
                cost.0,
                cost.1
            );
        }
    }
}

/// Builds the server, once.
fn server() -> Option<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gsoap");
    let program = folder.join("server");
    if !program.exists() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/gsoap/build.sh");
        let built = Command::new("bash").arg(script).arg(&folder).status();
        if !built.is_ok_and(|status| status.success()) {
            println!("the gSOAP server could not be built: Debian's gsoap and libgsoap-dev, and g++, are needed");
            return None;
        }
    }
    Some(program)
}
