//! `envoi demo` and `envoi serve`: configuration, logs, signals, the lines on stdout.
//!
//! Stdout holds what a script waits for: `admin URL`, and last `ready URL`. Logs go to stderr.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exit, complain, logging, say, settings::Sources};
use crate::{
    clock::Clock,
    config::{Config, NO_MAIL, NOBODY, demo},
    mail::Way,
    server::{Parts, ServerError, StartError, gateway::Gateway, start_with},
    simulated::{Simulated, WEBHOOK_SECRET},
    store::StoreError,
};

/// What both take.
#[derive(Args)]
struct Common {
    /// Where SOAP is served; port 0 picks a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where operators ask for health and metrics [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin: Option<SocketAddr>,
    /// The URL that clients use, when it is not to be taken from each request.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// How lines of the log look.
    #[arg(long, value_parser = ["pretty", "json"])]
    log_format: Option<String>,
    /// What is logged: a level, or `info,envoi::store=debug` and the like.
    #[arg(long, value_name = "FILTER")]
    log_filter: Option<String>,
}

#[derive(Args)]
pub(super) struct Demo {
    #[command(flatten)]
    common: Common,
    /// Keep everything in this directory instead of in memory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the mail that is captured into this folder too, as .eml files.
    #[arg(long, value_name = "DIR")]
    mail_folder: Option<PathBuf>,
    /// Set one key, such as `access.clock_skew=1m`.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Stop the clock at the present moment; `envoi time` moves it.
    #[arg(long)]
    virtual_clock: bool,
    /// Start simulated messaging backends too, with connectors and routes to them; `envoi fault` makes them fail and tell.
    #[arg(long)]
    connectors: bool,
}

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    common: Common,
    /// The data directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Common {
    fn flags(&self) -> Vec<(String, String, String)> {
        let listen = self.listen.map(|address| address.to_string());
        let admin = self.admin.map(|address| address.to_string());
        [
            ("server.listen", "--listen", listen),
            ("server.admin", "--admin", admin),
            ("server.public_url", "--public-url", self.public_url.clone()),
            ("log.format", "--log-format", self.log_format.clone()),
            ("log.filter", "--log-filter", self.log_filter.clone()),
        ]
        .into_iter()
        .filter_map(|(key, flag, value)| Some((key.to_owned(), value?, flag.to_owned())))
        .collect()
    }
}

/// One account, known secrets, a seeded list and data extension; in memory unless told otherwise.
pub(super) fn demo(args: &Demo) -> Exit {
    let sources = Sources { config: None, set: args.set.clone() };
    let mut flags = args.common.flags();
    let folder = args.mail_folder.iter().map(|dir| dir.display().to_string());
    flags.extend(folder.map(|dir| ("mail.folder".to_owned(), dir, "--mail-folder".to_owned())));
    let mut config = match sources.load(flags) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    config.store.path.clone_from(&args.data);
    // Its callers are built in, and its mail is captured unless a relay is named.
    config.warnings.retain(|warning| warning.what != NOBODY && warning.what != NO_MAIL);
    if config.mail.way == Way::None {
        config.mail.way = Way::Memory;
    }
    config.accounts = match demo::accounts() {
        Ok(accounts) => Arc::new(accounts),
        Err(mistakes) => return complain(Exit::Internal, &format!("the demonstration's accounts: {mistakes:?}")),
    };
    let kept = args
        .data
        .as_ref()
        .map_or("kept in memory, gone at the end".to_owned(), |dir| format!("kept in {}", dir.display()));
    let clock = if args.virtual_clock { Clock::stopped_at(Clock::system().now()) } else { Clock::system() };
    let connectors = args.connectors;
    let start = Start { config, clock, seeded: Some(demo::ACCOUNT), again: None, simulated: connectors };
    run(start, |url| banner(url, &kept) + &if connectors { of_connectors(url) } else { String::new() })
}

/// What is started.
struct Start<'a> {
    config: Config,
    clock: Clock,
    seeded: Option<u64>,
    again: Again<'a>,
    /// Whether backends are simulated, in place of the connectors of the configuration.
    simulated: bool,
}

pub(super) fn serve(args: &Serve) -> Exit {
    let mut flags = args.common.flags();
    flags.extend(args.data.iter().map(|dir| ("store.path".to_owned(), dir.display().to_string(), "--data".to_owned())));
    let config = match args.sources.load(flags.clone()) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.accounts.callers() == (0, 0) {
        return complain(Exit::Usage, NOBODY);
    }
    let again = Some((&args.sources, flags));
    run(Start { config, clock: Clock::system(), seeded: None, again, simulated: false }, |_| String::new())
}

type Again<'a> = Option<(&'a Sources, Vec<(String, String, String)>)>;

fn run(start: Start<'_>, banner: impl FnOnce(&str) -> String) -> Exit {
    let config = &start.config;
    if let Err(error) = logging::start(&config.log) {
        return complain(Exit::Internal, &error);
    }
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(until_told(start, banner)),
        Err(error) => complain(Exit::Io, &format!("cannot start: {error}")),
    }
}

async fn until_told(what: Start<'_>, banner: impl FnOnce(&str) -> String) -> Exit {
    let Start { config, clock, seeded, again, simulated } = what;
    // Before the port opens, so that a signal right after `ready` is not missed.
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return complain(Exit::Io, &format!("cannot listen for signals: {error}")),
    };
    let simulated = match simulated {
        true => match Simulated::start(&clock).await {
            Ok(simulated) => Some(simulated),
            Err(error) => return complain(Exit::Io, &format!("the simulated backends do not start: {error}")),
        },
        false => None,
    };
    let connectors = match &simulated {
        Some(simulated) => Arc::new(simulated.connectors().clone()),
        None => Arc::clone(&config.connectors),
    };
    let parts = Parts { connectors, ..config.parts(clock, seeded) };
    let controls = simulated.as_ref().map(|simulated| Arc::clone(simulated.controls()));
    let server = match start_with(parts, controls).await {
        Ok(server) => server,
        Err(error) => return complain(exit_of(&error), &error.to_string()),
    };
    let (url, admin) = (server.url(), server.admin_addr());
    if let Some(simulated) = &simulated {
        simulated.tell(&url);
    }
    let said = say(&format!("{}admin http://{admin}\nready {url}\n", banner(&url)));
    if said != Exit::Ok {
        return said;
    }
    tracing::info!(%url, admin = %admin, version = env!("CARGO_PKG_VERSION"), "ready");
    let reload = Reload { certificate: server.reload(), gateway: server.handler(), again };
    let drained = server.run(signals.stop(&reload)).await;
    tracing::info!(cut = drained.cut, "stopped");
    Exit::Ok
}

fn exit_of(error: &StartError) -> Exit {
    match error {
        StartError::Store(StoreError::InUse { .. }) => Exit::Later,
        StartError::Store(StoreError::NotThere { .. }) => Exit::Usage,
        StartError::Store(_) | StartError::Server(ServerError::Bind { .. }) | StartError::Random(_) => Exit::Io,
        StartError::Server(ServerError::Tls(_))
        | StartError::Callbacks(_)
        | StartError::Connector(..)
        | StartError::Mail(_) => Exit::Usage,
        StartError::Schema(_) => Exit::Internal,
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Ready when the server is to drain. A second signal does not wait for the drain.
    async fn stop(&mut self, reload: &Reload<'_>) {
        let name = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.hang_up.recv() => reload.all(),
            }
        };
        tracing::info!("{name}: finishing what is in flight");
        tokio::spawn(async {
            if let Ok(mut again) = Self::listen() {
                tokio::select! {
                    _ = again.terminate.recv() => {}
                    _ = again.interrupt.recv() => {}
                }
                tracing::warn!("told again: stopping at once");
                std::process::exit(i32::from(Exit::Failed as u8));
            }
        });
    }
}

/// What SIGHUP reads again: the certificate and the accounts. Everything else waits for the next start.
struct Reload<'a> {
    certificate: crate::server::Reload,
    gateway: Arc<Gateway>,
    again: Again<'a>,
}

impl Reload<'_> {
    fn all(&self) {
        // What is wrong with it has been logged; the old one stays.
        let _ = self.certificate.reload();
        let Some((sources, flags)) = &self.again else {
            return;
        };
        match sources.load(flags.clone()) {
            // Nothing but what stood in a pipe that was read before, most likely.
            Ok(config) if config.accounts.callers() == (0, 0) => {
                tracing::error!("{NOBODY}: the old accounts stay");
            }
            Ok(config) => {
                let (clients, users) = config.accounts.callers();
                self.gateway.access.replace(config.accounts);
                tracing::info!(clients, users, "read the accounts again; other settings wait for the next start");
            }
            Err(_) => {
                tracing::error!("the configuration has mistakes (see `envoi check-config`); the old accounts stay")
            }
        }
    }
}

fn banner(url: &str, kept: &str) -> String {
    let (account, id, secret, user, password) =
        (demo::ACCOUNT, demo::CLIENT_ID, demo::CLIENT_SECRET, demo::USER, demo::PASSWORD);
    format!(
        r#"envoi {version}, a demonstration: {kept}

endpoint    {url}/Service.asmx
WSDL        {url}/etframework.wsdl
tokens      {url}/v2/token
account     {account}
API client  {id} / {secret}
SOAP user   {user} / {password}

curl -s {url}/Service.asmx -H 'Content-Type: text/xml' -H 'SOAPAction: Retrieve' -d '<Envelope
  xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Header><Security xmlns="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><UsernameToken>
  <Username>{user}</Username><Password>{password}</Password></UsernameToken></Security></Header><Body>
  <RetrieveRequestMsg xmlns="http://exacttarget.com/wsdl/partnerAPI"><RetrieveRequest><ObjectType>List</ObjectType>
  <Properties>ID</Properties><Properties>ListName</Properties></RetrieveRequest></RetrieveRequestMsg></Body></Envelope>'

"#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// What `--connectors` adds: where objects go, how every error is seen, and how a webhook is made by hand.
fn of_connectors(url: &str) -> String {
    format!(
        r#"connectors  definitions wa_* go to connectly, pbx_* to yeastar, chat_* to salesforce: simulated, on this machine
            numbers that end in 00 have not written for 24 hours; nothing arrives at those that end in 99
try         envoi send samples/connectors/whatsapp-text.xml
            envoi fault set connectly --code ERROR_CODE_BUSINESS_RATE_LIMIT_REACHED --times 2
            envoi fault set yeastar --reset after       envoi fault set salesforce --limit --retry-after 5s
            envoi fault set connectly --receipt read    envoi fault inbound connectly +12025550100
            envoi fault list                            envoi fault set yeastar --clear
            envoi deliveries                            envoi explain connectly
webhooks    come by themselves; by hand, with the NewObjectID of an answer as id (the key is the demonstration's, and no secret):

id=NewObjectID; body='{{"topic":"delivery_status","statusUpdate":{{"id":"'$id'","status":"read"}}}}'
curl -s {url}/connectors/connectly/webhook -H "x-connectly-hmac-sha256: $(printf %s "$body" |
  openssl dgst -sha256 -hmac {WEBHOOK_SECRET} -binary | base64)" -d "$body"

"#
    )
}
