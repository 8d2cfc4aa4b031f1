//! The program, killed at every step that anybody else could ever see of it, one after the other (`steps.c`).

use std::{
    cell::RefCell,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::program::Program;

/// More steps than any work here has.
const MOST: usize = 1000;

/// A step, in words: `sync`, `say caller`, `connect receiver`.
pub(crate) type Step = String;

/// A data directory, the programs that run on it one after the other, and what they have to do with.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    /// Settings, as variables of the environment.
    settings: Vec<(&'static str, String)>,
    /// To whom they speak.
    others: Vec<(&'static str, SocketAddr)>,
    here: RefCell<Vec<(&'static str, SocketAddr)>>,
}

impl Stage {
    pub(crate) fn new(settings: Vec<(&'static str, String)>, others: Vec<(&'static str, SocketAddr)>) -> Self {
        // In the build's own directory: /tmp may be memory, where no sync is one.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, settings, others, here: RefCell::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it so that it dies at a step, counted from [`Stage::arm`]; 0 is none.
    pub(crate) fn start(&self, at: usize) -> Program {
        self.try_start(at).unwrap_or_else(|log| panic!("it does not start: {log:?}"))
    }

    fn try_start(&self, at: usize) -> Result<Program, Vec<String>> {
        // The log of the last one.
        let _ = fs::remove_file(self.path("log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_envoi"));
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env("LD_PRELOAD", library()).env("STEPS_AT", at.to_string());
        command.env("STEPS_ARMED", self.path("armed")).env("STEPS_LOG", self.path("log"));
        let program = Program::try_start_in(command, &self.path("data"))?;
        *self.here.borrow_mut() = vec![("caller", program.soap), ("operator", program.admin)];
        Ok(program)
    }

    fn arm(&self) {
        fs::write(self.path("armed"), "").unwrap();
    }

    fn disarm(&self) {
        // It may not be armed.
        let _ = fs::remove_file(self.path("armed"));
    }

    /// The steps since it was armed; the last is the one at which it died.
    fn steps(&self) -> Vec<Step> {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let named = |port: &str| {
            let port: u16 = port.parse().unwrap();
            let here = self.here.borrow();
            here.iter().chain(&self.others).find(|(_, addr)| addr.port() == port).map(|(name, _)| *name)
        };
        let one = |line: &str| {
            let [what, here, there] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            match named(here).or_else(|| named(there)) {
                Some(name) => format!("{what} {name}"),
                None => what.to_owned(),
            }
        };
        log.lines().map(one).collect()
    }

    /// Has `work` done again and again, each time with a kill one step later, until it is done without one. After each kill the
    /// program is started on what is left, and `check` looks at what became of it: given are the number of the round, the
    /// step at which it died, and what `work` gave. Gives all the steps.
    pub(crate) fn at_every_step<T>(
        &self,
        work: impl Fn(&Program, usize) -> T,
        check: impl Fn(&Program, usize, &str, T),
    ) -> Vec<Step> {
        let killed = |at: usize| {
            let program = self.start(at);
            self.arm();
            let done = work(&program, at);
            self.disarm();
            program.kill();
            done
        };
        self.until_none_is_left(killed, check)
    }

    /// The same for the start that follows a kill: `prepare` is done each time, and killed; then the program is started again, and dies
    /// one step later each time, of its start or of what it takes up.
    pub(crate) fn at_every_step_of_the_next_start<T>(
        &self,
        prepare: impl Fn(&Program, usize) -> T,
        check: impl Fn(&Program, usize, &str, T),
    ) -> Vec<Step> {
        let killed = |at: usize| {
            let program = self.start(0);
            let done = prepare(&program, at);
            program.kill();
            self.arm();
            if let Ok(program) = self.try_start(at) {
                // Answered when everything that was due has been worked off, or not at all.
                let _killed = program.asked("POST", "/time?by=0");
                self.disarm();
                program.kill();
            }
            self.disarm();
            done
        };
        self.until_none_is_left(killed, check)
    }

    /// Has a program killed at each step, one after the other, and looks at what became of it, until there is no such step.
    fn until_none_is_left<T>(
        &self,
        killed: impl Fn(usize) -> T,
        check: impl Fn(&Program, usize, &str, T),
    ) -> Vec<Step> {
        for at in 1..MOST {
            let done = killed(at);
            let steps = self.steps();
            let died = steps.get(at - 1).map_or("no step", String::as_str);
            let program = self.start(0);
            check(&program, at, died, done);
            program.kill();
            if steps.len() < at {
                return steps;
            }
        }
        panic!("there is no end of it");
    }
}

/// Whether the steps hold these, in this order, with any others between.
pub(crate) fn in_order(steps: &[Step], wanted: &[&str]) -> bool {
    let mut steps = steps.iter();
    wanted.iter().all(|wanted| steps.any(|step| step == wanted))
}

/// The library that counts and kills, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/steps.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("steps-{}.so", std::process::id()));
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(&source).status();
        match compiled {
            Ok(status) => assert!(status.success(), "cc could not compile {}", source.display()),
            Err(error) => panic!("this test needs a C compiler: `cc` (Debian package gcc) could not be run: {error}"),
        }
        library
    })
}
