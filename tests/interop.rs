//! Real SOAP clients, each with a program of its own under `tests/interop/`, tell one story to the real binary: log in, create,
//! update, retrieve, page, delete, and what goes wrong. One test for each client, so that a failure names it.
//!
//! A client whose runtime is not to be had is skipped, and said so on the standard error stream; with `ENVOI_REQUIRE_ALL=1` it
//! fails. This file never speaks SOAP, and ends only the processes that it began.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// What each story tells: a step that is missing from its output fails it.
const STEPS: [&str; 20] = [
    "system-status",
    "token",
    "version-info",
    "describe",
    "create-list",
    "create-subscribers",
    "duplicate",
    "update-attribute",
    "retrieve-simple",
    "retrieve-complex",
    "retrieve-properties",
    "create-data-extension",
    "create-rows",
    "update-row",
    "retrieve-rows",
    "paging",
    "delete-rows",
    "wrong-password",
    "unknown-type",
    "delete",
];

/// Starting takes milliseconds; a machine under load gets this long.
const START: Duration = Duration::from_secs(60);

/// One story with its installation and code generation, in seconds. `timeout` ends the whole process group.
const STORY: &str = "1500";

/// The exit code of a story that could not be told here.
const SKIPPED: i32 = 77;

/// Whether a client has calls for the whole story, or says `n/a` to some steps.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Whole,
    Part,
}

macro_rules! stories {
    ($($name:ident: $client:literal $variant:literal $reach:ident;)*) => {
        const STORIES: usize = [$(stringify!($name)),*].len();
        $(
            #[test]
            fn $name() {
                if let Err(why) = tell(stringify!($name), $client, $variant, Reach::$reach) {
                    panic!("{why}");
                }
            }
        )*
    };
}

stories! {
    zeep_text: "zeep" "text" Whole;
    zeep_digest: "zeep" "digest" Whole;
    zeep_soap12: "zeep" "soap12" Whole;
    zeep_slim: "zeep" "slim" Whole;
    node_soap: "node-soap" "" Whole;
    strong_soap: "strong-soap" "" Whole;
    php: "php" "" Whole;
    gsoap: "gsoap" "full" Whole;
    gsoap_slim: "gsoap" "slim" Whole;
    jaxws: "jaxws" "full" Whole;
    jaxws_slim: "jaxws" "slim" Whole;
    cxf: "cxf" "" Whole;
    axis: "axis" "" Whole;
    mono_wcf: "mono-wcf" "" Whole;
    soap4r: "soap4r" "" Whole;
    soap_lite: "soap-lite" "" Whole;
    suds: "suds" "" Whole;
    fuelsdk_python_oauth2: "fuelsdk-python" "oauth2" Whole;
    fuelsdk_python_legacy: "fuelsdk-python" "legacy" Whole;
    fuelsdk_python_wrapper: "fuelsdk-python" "wrapper" Part;
    sfmc_sdk: "sfmc-sdk" "" Part;
    fuel_soap_v2: "fuel-soap" "v2" Whole;
    fuel_soap_v1: "fuel-soap" "v1" Whole;
    fuelsdk_node_v2: "fuelsdk-node" "v2" Whole;
    fuelsdk_node_v1: "fuelsdk-node" "v1" Whole;
}

/// The real binary with its demonstration accounts, in memory, on ports of its own.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(log: &Path) -> Result<Server, String> {
        let errors = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_envoi"))
            .args(["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("envoi does not start: {error}"))?;
        let output = child.stdout.take();
        // From here on, dropping ends the child, whatever becomes of the start.
        let mut server = Server { child, url: String::new() };
        let lines = BufReader::new(output.ok_or("envoi has no standard output")?).lines();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(url) = line.strip_prefix("ready ") {
                    // Nobody waits any more when the start has failed.
                    let _ = tell.send(url.to_owned());
                }
            }
        });
        server.url = told
            .recv_timeout(START)
            .map_err(|_| format!("envoi printed no `ready URL` line; its log:\n{}", tail(log)))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; the story's outcome has been told by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tell(name: &str, client: &str, variant: &str, reach: Reach) -> Result<(), String> {
    let folder = installations()?;
    let log = folder.join(format!("{name}.server.log"));
    let server = Server::start(&log)?;
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/story");
    let output = Command::new("timeout")
        .args(["--kill-after=10", STORY, "bash"])
        .arg(story)
        .args([client, variant])
        .env("ENVOI_URL", &server.url)
        .env("INTEROP_DIR", &folder)
        .env("STORY_KEY", name.replace('_', "-"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the story of {name} does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() == Some(SKIPPED) {
        let why = said.lines().rev().find_map(|line| line.strip_prefix("skip: ")).unwrap_or("no reason given");
        count(name, Some(why));
        return match std::env::var_os("ENVOI_REQUIRE_ALL") {
            Some(required) if required == "1" => Err(format!("{name} was skipped: {said}")),
            _ => Ok(()),
        };
    }
    count(name, None);
    let faults = faults(&said, reach);
    if output.status.success() && faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{name}: {} ({})\n{said}{}the log of envoi:\n{}",
        output.status,
        faults.join(", "),
        String::from_utf8_lossy(&output.stderr),
        tail(&log),
    ))
}

/// What is wrong with a story's output: steps that failed, and steps that it left out.
fn faults(said: &str, reach: Reach) -> Vec<String> {
    let mut faults: Vec<String> = said.lines().filter(|line| line.starts_with("FAIL ")).map(str::to_owned).collect();
    for step in STEPS {
        let told = said.lines().any(|line| {
            let mut words = line.split(' ');
            let outcome = words.next();
            let fits =
                outcome == Some("ok") || outcome == Some("FAIL") || (outcome == Some("n/a") && reach == Reach::Part);
            fits && words.next() == Some(step)
        });
        if !told {
            faults.push(format!("{step} was not told"));
        }
    }
    if !said.lines().any(|line| line.starts_with("ok ")) {
        faults.push("no step held".to_owned());
    }
    faults
}

/// Where clients are installed and generated, once for all runs: `interop` in the build directory.
fn installations() -> Result<PathBuf, String> {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = scratch.parent().unwrap_or(scratch).join("interop");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(40)).map(|line| format!("  {line}\n")).collect()
}

/// Counts a story, says a skipped one, and after the last one the sum. Written past the test harness, which hides what a
/// passing test prints.
fn count(name: &str, skipped: Option<&str>) {
    static TOLD: Mutex<(usize, Vec<String>)> = Mutex::new((0, Vec::new()));
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let (ran, skips) = &mut *told;
    let mut out = std::io::stderr().lock();
    match skipped {
        None => *ran += 1,
        Some(why) => {
            skips.push(format!("{name} ({why})"));
            // A closed stream is no reason to fail a story.
            let _ = writeln!(out, "interop: SKIPPED {name}: {why}");
        }
    }
    if *ran + skips.len() == STORIES {
        let list = if skips.is_empty() { String::new() } else { format!(": {}", skips.join(", ")) };
        let _ = writeln!(out, "interop: {ran} ran, {} skipped{list}", skips.len());
    }
}

#[test]
fn a_story_must_tell_every_step() {
    let whole: String = STEPS.iter().map(|step| format!("ok {step}\n")).collect();
    assert_eq!(faults(&whole, Reach::Whole), Vec::<String>::new());
    let without = whole.replace("ok paging", "n/a paging no such call");
    assert_eq!(faults(&without, Reach::Part), Vec::<String>::new());
    assert_eq!(faults(&without, Reach::Whole), ["paging was not told"]);
    assert_eq!(faults(&whole.replace("ok delete\n", ""), Reach::Part), ["delete was not told"]);
    assert_eq!(faults(&whole.replace("ok paging", "FAIL paging why"), Reach::Part), ["FAIL paging why"]);
    assert!(faults("", Reach::Part).contains(&"no step held".to_owned()));
}
