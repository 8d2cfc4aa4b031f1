//! The process that kills: starts writers, counts acknowledgements, kills, and looks at what is left.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use envoi::{
    clock::Stopwatch,
    store::{Store, StoreError},
};

use crate::{
    parts,
    writer::{self, Blob, KIND, OWNER},
};

/// Value sizes, and after how many acknowledgements the writer is killed.
const SIZES: [(usize, usize); 6] =
    [(100, 400), (1_000, 400), (16_000, 150), (100_000, 60), (1_000_000, 8), (5_000_000, 5)];

pub(crate) fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, path, size, first] = arguments.as_slice()
        && role.starts_with("writer-")
    {
        let (path, size, first) = (Path::new(path), size.parse().unwrap(), first.parse().unwrap());
        match role.as_str() {
            "writer-store" => writer::store(path, size, first),
            "writer-sled" => writer::sled_alone(path, size),
            "writer-files" => writer::files(path, size, false),
            "writer-synced-files" => writer::files(path, size, true),
            _ => panic!("{role} is no role"),
        }
        return;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let listing = arguments.iter().any(|argument| argument == "--list");
    for (name, test) in TESTS {
        if listing {
            println!("{name}: test");
        } else if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            println!("test {name} ...");
            let watch = Stopwatch::start();
            test();
            println!("test {name} ... ok ({:.1} s)", watch.elapsed().as_secs_f64());
        }
    }
    if let Some(library) = LIBRARY.get() {
        fs::remove_file(library).unwrap();
    }
}

const TESTS: [(&str, fn()); 7] = [
    ("power_loss::the_platter_keeps_what_is_synced", the_platter_keeps_what_is_synced),
    ("power_loss::the_platter_loses_what_is_not_synced", the_platter_loses_what_is_not_synced),
    ("power_loss::sled_alone_loses_what_it_flushed", sled_alone_loses_what_it_flushed),
    ("power_loss::nothing_acknowledged_is_lost", nothing_acknowledged_is_lost),
    ("power_loss::nothing_is_lost_when_pages_go_early", nothing_is_lost_when_pages_go_early),
    ("power_loss::nothing_is_lost_by_a_kill", nothing_is_lost_by_a_kill),
    ("power_loss::accepted_parts_survive", parts::accepted_parts_survive),
];

pub(crate) fn trials(fast: usize) -> usize {
    if env::var_os("ENVOI_LONG").is_some() { fast * 10 } else { fast }
}

fn the_platter_keeps_what_is_synced() {
    let disk = Disk::new();
    let acknowledged = disk.run("writer-synced-files", 1000, 0, 50, Power::Lost { early: 0 });
    assert_eq!(lost_files(&disk.copy(), &acknowledged), 0);
}

fn the_platter_loses_what_is_not_synced() {
    let disk = Disk::new();
    let acknowledged = disk.run("writer-files", 1000, 0, 50, Power::Lost { early: 0 });
    assert_eq!(lost_files(&disk.copy(), &acknowledged), acknowledged.len());
}

fn lost_files(path: &Path, acknowledged: &Told) -> usize {
    let kept = |id: &i64| fs::read(path.join(id.to_string())).is_ok_and(|found| found == writer::value(*id, 1000));
    acknowledged.keys().filter(|id| !kept(id)).count()
}

fn sled_alone_loses_what_it_flushed() {
    let disk = Disk::new();
    let acknowledged = disk.run("writer-sled", 1000, 0, 200, Power::Lost { early: 0 });
    let left = sled::Config::new().path(disk.copy()).segment_size(16 << 20).open();
    let lost = match left {
        Ok(db) => acknowledged.keys().filter(|id| db.get(id.to_be_bytes()).ok().flatten().is_none()).count(),
        Err(_) => acknowledged.len(),
    };
    println!("    sled alone: {} acknowledged, {lost} lost", acknowledged.len());
    assert!(lost > 0, "if sled's flush survives a loss of power, the store need not sync by itself");
}

fn nothing_acknowledged_is_lost() {
    for (size, kill_after) in SIZES {
        survive(size, kill_after, trials(2), Power::Lost { early: 0 });
    }
    // Killed at once: what creation leaves behind must open.
    survive(100, 1, trials(3), Power::Lost { early: 0 });
}

fn nothing_is_lost_when_pages_go_early() {
    for (size, kill_after) in SIZES {
        survive(size, kill_after, trials(1), Power::Lost { early: 3 });
    }
}

fn nothing_is_lost_by_a_kill() {
    for (size, kill_after) in SIZES {
        survive(size, kill_after, trials(1), Power::Kept);
    }
}

/// Kills the writer twice over the same data, and after each looks for everything acknowledged so far.
fn survive(size: usize, kill_after: usize, trials: usize, power: Power) {
    let mut acknowledged = 0;
    for _ in 0..trials {
        let (mut disk, mut told) = (Disk::new(), Told::new());
        for first in [0, 1_000_000] {
            told.extend(disk.run("writer-store", size, first, kill_after, power));
            let left = match power {
                Power::Kept => disk.live(),
                Power::Lost { .. } => disk.copy(),
            };
            check(&left, &told, size);
            if let Power::Lost { .. } = power {
                disk = disk.after_power_loss();
            }
        }
        acknowledged += told.len();
    }
    println!("    {size} bytes, {power:?}: {trials} trials of two losses, {acknowledged} acknowledged, 0 lost");
}

/// Everything acknowledged is there and found by its index; what is there beyond it was on its way.
fn check(path: &Path, told: &Told, size: usize) {
    let store = Store::open(&writer::settings(path)).unwrap();
    store
        .read_blocking(|view| {
            let objects = view.objects(&OWNER);
            for (id, state) in told {
                let found: Option<Blob> = objects.get(KIND, *id)?;
                let text = id.to_string();
                assert_eq!(objects.find(KIND, "key", &text)?.len(), usize::from(found.is_some()), "index of {id}");
                let exact = found.as_ref().is_some_and(|found| found.0 == writer::value(*id, size));
                match state {
                    State::Kept => assert!(exact, "record {id} of {size} bytes was acknowledged and is lost"),
                    State::Going => assert!(exact || found.is_none(), "record {id} is torn"),
                    State::Gone => assert!(found.is_none(), "record {id} was removed and is back"),
                }
            }
            let ids = objects.find(KIND, "list", "1")?;
            assert_eq!(objects.count(KIND)?, ids.len() as u64);
            let unknown = ids.iter().filter(|id| !told.contains_key(id)).count();
            // One per thread and run may have been committed with its word still unsaid.
            assert!(unknown <= 2 * writer::THREADS as usize, "{unknown} records come from nowhere");
            for id in ids {
                let found: Option<Blob> = objects.get(KIND, id)?;
                assert!(found.is_some_and(|found| found.0 == writer::value(id, size)), "record {id} is torn");
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[derive(Clone, Copy, Debug)]
enum Power {
    /// The process alone is killed.
    Kept,
    /// What was not synced is gone; with `early` every so manieth page of it is there all the same.
    Lost { early: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Kept,
    Going,
    Gone,
}

/// What the writer told, by id.
type Told = BTreeMap<i64, State>;

/// A directory, and beside it what of it would survive.
pub(crate) struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    pub(crate) fn new() -> Self {
        // In the build's own directory: /tmp may be memory, and hard links need one file system.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for name in ["live", "copy", "inodes"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self { directory }
    }

    pub(crate) fn live(&self) -> PathBuf {
        self.directory.path().join("live/data")
    }

    pub(crate) fn copy(&self) -> PathBuf {
        self.directory.path().join("copy/data")
    }

    /// The machine is started again with what is left.
    pub(crate) fn after_power_loss(self) -> Self {
        Self::of(&self.copy())
    }

    /// The machine was shut down in order after something ran that does not lose its power.
    pub(crate) fn after_shutdown(self) -> Self {
        Self::of(&self.live())
    }

    fn of(left: &Path) -> Self {
        let next = Self::new();
        for to in [next.live(), next.copy()] {
            copy_all(left, &to);
        }
        next
    }

    /// The process will lose its power with its life.
    pub(crate) fn lossy(&self, command: &mut Command, early: u32, seed: i64) {
        command
            .env("LD_PRELOAD", library())
            .env("PLATTER_LIVE", self.directory.path().join("live"))
            .env("PLATTER_COPY", self.directory.path().join("copy"))
            .env("PLATTER_INODES", self.directory.path().join("inodes"))
            .env("PLATTER_EARLY", early.to_string())
            .env("PLATTER_SEED", seed.to_string());
    }

    /// Runs a writer until it has acknowledged `kill_after` times, kills it, and gives all that it told.
    fn run(&self, role: &str, size: usize, first: i64, kill_after: usize, power: Power) -> Told {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg(role).arg(self.live()).arg(size.to_string()).arg(first.to_string());
        if let Power::Lost { early } = power {
            self.lossy(&mut command, early, size as i64 + first + 1);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (mut told, mut acknowledged) = (Told::new(), 0);
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // A line is one write to a pipe, and those are whole.
            let (word, id) = line.split_once(' ').unwrap();
            let state = match word {
                "kept" => State::Kept,
                "going" => State::Going,
                "gone" => State::Gone,
                _ => panic!("the writer said {line:?}"),
            };
            told.insert(id.parse().unwrap(), state);
            acknowledged += usize::from(state != State::Going);
            if acknowledged == kill_after {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert!(acknowledged >= kill_after, "the writer ended early: {status}");
        told
    }
}

static LIBRARY: OnceLock<PathBuf> = OnceLock::new();

/// The library that plays the loss of power, compiled once.
fn library() -> &'static Path {
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_loss/platter.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("platter-{}.so", std::process::id()));
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).status();
        match compiled {
            Ok(status) => assert!(status.success(), "cc could not compile {}", source.display()),
            Err(error) => panic!("this test needs a C compiler: `cc` (Debian package gcc) could not be run: {error}"),
        }
        library
    })
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, to) = (entry.unwrap(), to.to_path_buf());
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_all(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
