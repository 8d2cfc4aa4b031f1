//! The subcommands of the `envoi` program: arguments in, exit code out.
//!
//! What a command answers goes to stdout, what it complains of to stderr. Secrets are never taken from arguments, where
//! every user of the machine could read them.

mod backup;
mod bounce;
mod call;
mod certs;
mod clients;
mod columns;
mod compact;
mod conversations;
mod deliveries;
mod doctor;
mod explain;
mod export;
mod fault;
mod fsck;
mod import;
mod logging;
mod mail;
mod place;
mod pretty;
mod restore;
mod route;
mod run;
mod secret;
mod send;
mod settings;
mod words;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::mail::is_unseen;

/// How a command ends. `main.rs` lists the numbers for users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Done, and the answer is no: a fault, an Error status, a check that failed.
    Failed = 1,
    /// Arguments or configuration cannot be used.
    Usage = 64,
    /// What was given cannot be read, or is about nothing here.
    Data = 65,
    /// A bug of ours.
    Internal = 70,
    /// A file, a port or the network failed.
    Io = 74,
    /// Not now: the data directory is in use by another envoi, or a report finds no server that takes it.
    Later = 75,
}

#[derive(Parser)]
#[command(name = "envoi", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start at once, without a configuration: one account with known secrets, in memory.
    Demo(run::Demo),
    /// Serve as configured.
    Serve(run::Serve),
    /// Read a configuration and tell every mistake in it, and all that would keep `serve` from starting with it here and now.
    CheckConfig(settings::Check),
    /// Show the settings in force, each with where it came from; secrets are left out.
    Config(settings::Show),
    /// Hash a secret (asked for at a terminal, else read from stdin) for secret_hashes or password_hashes.
    HashSecret,
    /// Make certificates.
    Certs(certs::Certs),
    /// Post envelopes and print the answers.
    Send(send::Send),
    /// Say where each object of an envelope would go, and what would be sent there; nothing is sent.
    Route(route::Route),
    /// Show how a client is pointed at envoi, and check that it would be answered.
    Doctor(doctor::Doctor),
    /// List the conversations of a running server.
    Conversations(conversations::Conversations),
    /// Show one conversation: its state, what is missing, what happened.
    Conversation(conversations::Conversation),
    /// Send what a conversation left undone as a new conversation.
    Replay(conversations::Replay),
    /// List what is and was owed to callers.
    Deliveries(deliveries::Deliveries),
    /// Show one delivery with its attempts.
    Delivery(deliveries::Delivery),
    /// List the targets of deliveries that fail.
    Targets(deliveries::Targets),
    /// Owe deliveries again that were given up, are in doubt, or were delivered; their ids stay.
    Redeliver(deliveries::Redeliver),
    /// Say what became of a delivery of which nobody knows, or that is not to be waited for any longer.
    Settle(deliveries::Settle),
    /// Read a report that a mail could not be delivered (RFC 3464) and tell a running server; made to stand behind a mail alias.
    Bounce(bounce::Bounce),
    /// Move the clock of a server that was started with --virtual-clock; ends when what became due is done.
    Time(conversations::Time),
    /// List the mail that a demonstration (or a server with mail.folder) captured, or print one.
    Mail(mail::Mail),
    /// Make the simulated backends of `envoi demo --connectors` fail, tell what becomes of messages, or be written to by customers.
    Fault(fault::Fault),
    /// Write what a running server holds into a directory on its machine.
    Backup(backup::Backup),
    /// Make a data directory of a backup.
    Restore(restore::Restore),
    /// Check a stopped data directory, or a backup: every index against its records, and the other way round.
    Fsck(fsck::Fsck),
    /// Write what a stopped data directory, or a backup, holds as JSON lines.
    Export(export::Export),
    /// Make a data directory of exported lines.
    Import(import::Import),
    /// Give back the space of what was deleted, in a stopped data directory.
    Compact(compact::Compact),
    /// Tell what an error code means and what to do about it.
    Explain(explain::Explain),
    /// Print a script that completes arguments in a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// How to reach a server.
#[derive(Args)]
struct Reach {
    /// The SOAP endpoint.
    #[arg(long, env = "ENVOI_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080/Service.asmx")]
    url: String,
    /// PEM file with certificates to trust beside the system's, such as `ca.pem` of `envoi certs dev`.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Reach {
    /// Who calls there. Complains of a URL at which nobody can be, or of a file that is no authority.
    fn caller(&self) -> Result<call::Caller, Exit> {
        call::usable("--url (ENVOI_URL)", &self.url)?;
        call::Caller::new(self.ca.as_deref()).map_err(|error| complain(Exit::Usage, &error))
    }
}

/// Runs what the arguments ask for.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            return if error.print().is_ok() { exit.into() } else { Exit::Io.into() };
        }
    };
    let work = std::panic::AssertUnwindSafe(|| run_command(arguments.command));
    // The panic's message has been written by then.
    std::panic::catch_unwind(work).unwrap_or(Exit::Internal).into()
}

fn run_command(command: Command) -> Exit {
    match command {
        Command::Demo(demo) => run::demo(&demo),
        Command::Serve(serve) => run::serve(&serve),
        Command::CheckConfig(check) => block_on(settings::check(&check.sources)),
        Command::Config(show) => settings::show(&show),
        Command::HashSecret => secret::hash(),
        Command::Certs(certs) => certs::write(&certs),
        Command::Send(send) => block_on(send::send(&send)),
        Command::Route(args) => route::route(&args),
        Command::Doctor(doctor) => block_on(doctor::examine(&doctor)),
        Command::Conversations(list) => block_on(conversations::list(&list)),
        Command::Conversation(one) => block_on(conversations::show(&one)),
        Command::Replay(replay) => block_on(conversations::replay(&replay)),
        Command::Deliveries(list) => block_on(deliveries::list(&list)),
        Command::Delivery(one) => block_on(deliveries::show(&one)),
        Command::Targets(targets) => block_on(deliveries::targets(&targets)),
        Command::Redeliver(again) => block_on(deliveries::again(&again)),
        Command::Settle(settle) => block_on(deliveries::settle(&settle)),
        Command::Bounce(args) => block_on(bounce::bounce(&args)),
        Command::Time(time) => block_on(conversations::time(&time)),
        Command::Mail(mail) => block_on(mail::show(&mail)),
        Command::Fault(args) => block_on(fault::fault(&args)),
        Command::Backup(backup) => block_on(backup::backup(&backup)),
        Command::Restore(restore) => restore::restore(&restore),
        Command::Fsck(fsck) => fsck::fsck(&fsck),
        Command::Export(export) => export::export(&export),
        Command::Import(import) => import::import(&import),
        Command::Compact(compact) => compact::compact(&compact),
        Command::Explain(explain) => explain::explain(&explain),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "envoi", &mut script);
            say(&String::from_utf8_lossy(&script))
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs a client's work; one thread is enough for it.
fn block_on(work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => complain(Exit::Io, &format!("cannot start: {error}")),
    }
}

/// Writes an answer to stdout. A reader that has gone (`envoi config | head`) is no mistake.
fn say(text: &str) -> Exit {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Ok,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Ok,
        Err(_) => Exit::Io,
    }
}

/// Writes a complaint to stderr. It may repeat what was given: control characters do nothing to a terminal.
fn complain(exit: Exit, text: &str) -> Exit {
    use std::io::Write;
    // There is nobody left to tell when stderr is gone; the exit code stays.
    let text: String =
        text.chars().map(|c| if (c.is_control() && c != '\n') || is_unseen(c) { '\u{FFFD}' } else { c }).collect();
    let _ = writeln!(std::io::stderr().lock(), "envoi: {text}");
    exit
}
