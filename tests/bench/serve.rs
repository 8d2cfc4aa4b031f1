//! How many durable Creates a second the whole program does over kept connections, against a bare hyper server that reads
//! the same requests and answers the same number of bytes; and how soon it is ready, and what it weighs when idle.
//!
//! Run by `cargo bench --bench serve`. Every figure stands beside the disk's own: the median time of an appended 4 KiB
//! block and its fdatasync.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot run ends")]

use std::{
    convert::Infallible,
    env, fs,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use envoi::clock::Stopwatch;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

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
    let folder = tempfile::tempdir().expect("a folder");
    println!("disk: append 4 KiB + fdatasync, median {:?}", sync_median(folder.path()));
    let mut starts: Vec<Duration> = (0..5).map(|_| envoi(None).1).collect();
    starts.sort();
    println!("start to ready: median {:?} of 5", starts[2]);
    let (server, _, addr) = envoi(Some(&folder.path().join("data")));
    println!("idle resident memory: {} KiB", resident(server.0.id()));
    let (bare, bare_addr) = bare_child();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    for connections in CONNECTIONS {
        let mut pairs: Vec<(f64, f64)> = (0..ROUNDS)
            .map(|round| {
                let ours = runtime.block_on(load(addr, connections, round));
                let theirs = runtime.block_on(load(bare_addr, connections, round));
                (ours, theirs)
            })
            .collect();
        pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, theirs) = pairs[ROUNDS / 2];
        println!(
            "{connections:3} connections: durable Create {ours:7.0}/s, bare hyper {theirs:7.0}/s, ratio {:.2}",
            ours / theirs
        );
    }
    println!(
        "resident memory after {} Creates: {} KiB",
        CONNECTIONS.len() * ROUNDS * REQUESTS,
        resident(server.0.id())
    );
    drop((server, bare));
}

/// A child that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program; tells how long it took until its last line.
fn envoi(data: Option<&std::path::Path>) -> (Running, Duration, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let begin = Stopwatch::start();
    let mut child = command.env("ENVOI_LOG_FILTER", "warn").stdout(Stdio::piped()).spawn().expect("envoi starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let ready = lines.map_while(Result::ok).find_map(|line| {
        let url = line.strip_prefix("ready http://")?;
        Some(url.split('/').next().unwrap_or(url).parse().expect("an address"))
    });
    (Running(child), begin.elapsed(), ready.expect("a line `ready URL`"))
}

fn bare_child() -> (Running, SocketAddr) {
    let me = env::current_exe().expect("this program");
    let mut child = Command::new(me).arg("--bare-hyper").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    (Running(child), line.trim().parse().expect("an address"))
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

/// Requests a second over so many kept connections.
async fn load(addr: SocketAddr, connections: usize, round: usize) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Stopwatch::start();
    let workers: Vec<_> = (0..connections)
        .map(|worker| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(addr).await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let mut buffer = vec![0; 16 * 1024];
                while next.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                    let at = next.load(Ordering::Relaxed);
                    let request = create(addr, &format!("{connections}-{round}-{worker}-{at}"));
                    stream.write_all(request.as_bytes()).await.expect("written");
                    answer(&mut stream, &mut buffer).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("a worker");
    }
    REQUESTS as f64 / begin.elapsed().as_secs_f64()
}

async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut read = 0;
    loop {
        let more = stream.read(&mut buffer[read..]).await.expect("an answer");
        assert!(more > 0, "the connection was closed");
        read += more;
        let text = String::from_utf8_lossy(&buffer[..read]);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        let length = head
            .to_ascii_lowercase()
            .lines()
            .find_map(|line| Some(line.strip_prefix("content-length: ")?.parse::<usize>().expect("a length")));
        if body.len() >= length.expect("a length") {
            assert!(!body.contains("<OverallStatus>Error"), "{body}");
            return;
        }
    }
}

fn create(addr: SocketAddr, key: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soap:Header><wsse:Security soap:mustUnderstand=\"1\" \
         xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"><wsse:UsernameToken>\
         <wsse:Username>demo</wsse:Username><wsse:Password>demo-password</wsse:Password></wsse:UsernameToken></wsse:Security>\
         </soap:Header><soap:Body><CreateRequest xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Options/>\
         <Objects xsi:type=\"Subscriber\"><EmailAddress>{key}@example.com</EmailAddress><SubscriberKey>{key}</SubscriberKey>\
         <Attributes><Name>First Name</Name><Value>Ada</Value></Attributes></Objects></CreateRequest></soap:Body></soap:Envelope>"
    );
    format!(
        "POST /Service.asmx HTTP/1.1\r\nHost: {addr}\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: Create\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn sync_median(folder: &std::path::Path) -> Duration {
    let mut file = fs::File::create(folder.join("sync")).expect("a file");
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let begin = Stopwatch::start();
            file.write_all(&[7; 4096]).expect("written");
            file.sync_data().expect("synced");
            begin.elapsed()
        })
        .collect();
    times.sort();
    times[100]
}

/// VmRSS of a process, in KiB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
