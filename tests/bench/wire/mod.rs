//! What the benches over HTTP share: the program as a child, requests of any number of Subscribers, a load over kept
//! connections, and the figures of the machine that every rate stands beside.
//!
//! The load is as cheap as can be: it shares the processors with what it measures.

#![allow(dead_code, reason = "each bench uses its part")]

use std::{
    env,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use envoi::clock::Stopwatch;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A child that ends with this value.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program; tells how long it took until its last line, and where it listens.
pub(crate) fn envoi(data: Option<&Path>) -> (Running, Duration, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
    command.args(["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let begin = Stopwatch::start();
    let quiet = command.env("ENVOI_LOG_FILTER", "warn").env("ENVOI_SERVER_MAX_IN_FLIGHT", "1024");
    let mut child = quiet.stdout(Stdio::piped()).spawn().expect("envoi starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let ready = lines.map_while(Result::ok).find_map(|line| {
        let url = line.strip_prefix("ready http://")?;
        Some(url.split('/').next().unwrap_or(url).parse().expect("an address"))
    });
    (Running(child), begin.elapsed(), ready.expect("a line `ready URL`"))
}

/// Starts a program whose first line is its address.
pub(crate) fn announced(command: &mut Command) -> (Running, SocketAddr) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    (Running(child), line.trim().parse().expect("an address"))
}

/// Requests a second over so many kept connections. `body` makes the body of a request into the given text; it gets a
/// number that no other request of this load has.
pub(crate) async fn load(
    addr: SocketAddr,
    connections: usize,
    requests: usize,
    body: impl Fn(usize, &mut String) + Clone + Send + 'static,
) -> f64 {
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Stopwatch::start();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (next, body) = (Arc::clone(&next), body.clone());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(addr).await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let (mut text, mut request, mut buffer) = (String::new(), Vec::new(), vec![0; 16 * 1024]);
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= requests {
                        return;
                    }
                    text.clear();
                    body(at, &mut text);
                    request.clear();
                    write!(
                        request,
                        "POST /Service.asmx HTTP/1.1\r\nHost: {addr}\r\nContent-Type: text/xml; charset=utf-8\r\n\
                         SOAPAction: Create\r\nContent-Length: {}\r\n\r\n{text}",
                        text.len()
                    )
                    .expect("into memory");
                    stream.write_all(&request).await.expect("written");
                    answer(&mut stream, &mut buffer).await;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("a worker");
    }
    requests as f64 / begin.elapsed().as_secs_f64()
}

/// Reads one answer, and ends the bench when it is not a good one.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    let (mut read, mut whole) = (0, None);
    while whole.is_none_or(|whole| read < whole) {
        if read == buffer.len() {
            buffer.resize(read * 2, 0);
        }
        let more = stream.read(&mut buffer[read..]).await.expect("an answer");
        assert!(more > 0, "the connection was closed");
        read += more;
        if whole.is_none() {
            whole = head(&buffer[..read]);
        }
    }
    // OverallStatus is among the last things of an answer.
    let end = &buffer[read.saturating_sub(400)..read];
    let good = end.windows(16).any(|at| at == b"OverallStatus>OK" || at == b"xxxxxxxxxxxxxxxx");
    assert!(good, "{}", String::from_utf8_lossy(&buffer[..read]));
}

/// The length of head and body, once the head is there.
fn head(read: &[u8]) -> Option<usize> {
    let end = read.windows(4).position(|at| at == b"\r\n\r\n")?;
    let head = str::from_utf8(&read[..end]).expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(read));
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().expect("a length"))
    });
    Some(end + 4 + length.expect("a length"))
}

/// A Create of so many Subscribers whose keys begin with `key`.
pub(crate) fn create(text: &mut String, options: &str, key: &str, count: usize) {
    text.push_str(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soap:Header><wsse:Security soap:mustUnderstand=\"1\" \
         xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\"><wsse:UsernameToken>\
         <wsse:Username>demo</wsse:Username><wsse:Password>demo-password</wsse:Password></wsse:UsernameToken></wsse:Security>\
         </soap:Header><soap:Body><CreateRequest xmlns=\"http://exacttarget.com/wsdl/partnerAPI\"><Options>",
    );
    text.push_str(options);
    text.push_str("</Options>");
    for at in 0..count {
        write!(
            text,
            "<Objects xsi:type=\"Subscriber\"><EmailAddress>{key}-{at}@example.com</EmailAddress>\
             <SubscriberKey>{key}-{at}</SubscriberKey>\
             <Attributes><Name>First Name</Name><Value>Ada</Value></Attributes></Objects>"
        )
        .expect("into memory");
    }
    text.push_str("</CreateRequest></soap:Body></soap:Envelope>");
}

/// A runtime for the load: one thread of its own.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// The middle one of some pairs, by their ratio.
pub(crate) fn middle(mut pairs: Vec<(f64, f64)>) -> (f64, f64) {
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    pairs[pairs.len() / 2]
}

/// How long an appended 4 KiB block and its fdatasync take: the median of 200.
pub(crate) fn sync_median(folder: &Path) -> Duration {
    let path = folder.join("sync");
    let mut file = fs::File::create(&path).expect("a file");
    let mut times: Vec<_> = (0..200)
        .map(|_| {
            let begin = Stopwatch::start();
            file.write_all(&[7; 4096]).expect("written");
            file.sync_data().expect("synced");
            begin.elapsed()
        })
        .collect();
    fs::remove_file(&path).expect("removed");
    times.sort();
    times[100]
}

/// A folder beside the build: /tmp may be memory.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// The CPU time of a process, in seconds.
pub(crate) fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks() + ticks()) / 100.0
}

/// VmRSS of a process, in KiB.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A number given on the command line after a name.
pub(crate) fn argument(name: &str) -> Option<usize> {
    let mut arguments = env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}
