//! How many durable Creates a second the whole program does over kept connections, against a bare hyper server that reads
//! the same requests and answers the same number of bytes; and how soon it is ready, and what it weighs when idle.
//!
//! Run by `cargo bench --bench serve`. Every figure stands beside the disk's own: the median time of an appended 4 KiB
//! block and its fdatasync.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run ends")]

use std::{convert::Infallible, env, io::Write, process::Command, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

mod wire;

const CONNECTIONS: [usize; 3] = [1, 16, 64];
const REQUESTS: usize = 4_000;
const ROUNDS: usize = 3;
/// About the length of an answer to a Create of one Subscriber.
const ANSWER: usize = 1_600;

fn main() {
    if env::args().any(|argument| argument == "--bare-hyper") {
        bare();
        return;
    }
    let folder = wire::folder();
    println!("disk: append 4 KiB + fdatasync, median {:?}", wire::sync_median(folder.path()));
    let mut starts: Vec<Duration> = (0..5).map(|_| wire::envoi(None).1).collect();
    starts.sort();
    println!("start to ready: median {:?} of 5", starts[2]);
    let (server, _, addr) = wire::envoi(Some(&folder.path().join("data")));
    println!("idle resident memory: {} KiB", wire::resident(server.0.id()));
    let me = env::current_exe().expect("this program");
    let (bare, bare_addr) = wire::announced(Command::new(me).arg("--bare-hyper"));
    let runtime = wire::runtime();
    for connections in CONNECTIONS {
        let pairs = (0..ROUNDS).map(|round| {
            let body = move |at: usize, text: &mut String| {
                wire::create(text, "", &format!("{connections}-{round}-{at}"), 1);
            };
            let ours = runtime.block_on(wire::load(addr, connections, REQUESTS, body));
            let theirs = runtime.block_on(wire::load(bare_addr, connections, REQUESTS, body));
            (ours, theirs)
        });
        let (ours, theirs) = wire::middle(pairs.collect());
        println!(
            "{connections:3} connections: durable Create {ours:7.0}/s, bare hyper {theirs:7.0}/s, ratio {:.2}",
            ours / theirs
        );
    }
    let creates = CONNECTIONS.len() * ROUNDS * REQUESTS;
    println!("resident memory after {creates} Creates: {} KiB", wire::resident(server.0.id()));
    drop((server, bare));
}

/// A hyper server that reads the body and answers with as many bytes as envoi does. It ends with its parent's kill.
fn bare() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("its address"));
        std::io::stdout().flush().expect("a parent");
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let answer = |request: Request<Incoming>| async move {
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from(vec![b'x'; ANSWER]))))
                };
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    });
}
