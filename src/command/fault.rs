//! `envoi fault`: what the simulated backends of `envoi demo --connectors` are made to do.

use clap::{Args, Subcommand, ValueEnum};
use hyper::Method;
use serde_json::Value;

use super::{
    Exit, complain,
    conversations::{Admin, text},
};

#[derive(Args)]
pub(super) struct Fault {
    #[command(subcommand)]
    command: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Set what happens to the next requests of a connector, or what is told of its next message.
    Set(Box<Set>),
    /// List what is set.
    List(List),
    /// Let a customer write to the business: for 24 hours he may be answered with free texts.
    Inbound(Inbound),
}

#[derive(Args)]
struct Inbound {
    /// The connector: yeastar or connectly.
    connector: String,
    /// The customer's number, such as +12025550100.
    number: String,
    /// What he writes.
    #[arg(long, default_value = "Hello")]
    text: String,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
struct Set {
    /// The connector: salesforce, yeastar or connectly.
    connector: String,
    #[command(flatten)]
    what: What,
    /// How many requests it happens to; one, unless --always.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// It happens to every request, until it is cleared.
    #[arg(long, conflicts_with = "times")]
    always: bool,
    /// It happens to log-ins.
    #[arg(long)]
    login: bool,
    /// With --limit: the Retry-After of the answer, such as 5s.
    #[arg(long, value_name = "DURATION", requires = "limit", value_parser = duration)]
    retry_after: Option<u64>,
    /// With --receipt failed: the code that is told, `ERROR_CODE_…` of connectly, a `send_error` of yeastar.
    #[arg(long, value_name = "CODE", requires = "receipt")]
    because: Option<String>,
    #[command(flatten)]
    admin: Admin,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Answer with this code of the system: `10025`, `-2`, `ERROR_CODE_…`; `envoi explain SYSTEM` lists them.
    #[arg(long, allow_hyphen_values = true)]
    code: Option<String>,
    /// Answer so much later, such as 2s or 500ms.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    delay: Option<u64>,
    /// Close the connection: before the request is read (nothing is done, which its sender cannot know), after it was done, or
    /// within the answer's body.
    #[arg(long)]
    reset: Option<When>,
    /// Answer that there are too many requests.
    #[arg(long)]
    limit: bool,
    /// What is told by webhook of the next message that is taken, in place of its delivery.
    #[arg(long, value_name = "OUTCOME")]
    receipt: Option<Receipt>,
    /// Take back all that is set for the connector.
    #[arg(long)]
    clear: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum When {
    Before,
    After,
    Body,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Receipt {
    /// It is on its way, and then nothing more.
    Sent,
    /// It arrived.
    Delivered,
    /// It arrived, and was read.
    Read,
    /// It did not arrive.
    Failed,
    /// Nothing at all.
    Silent,
}

impl Receipt {
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Silent => "silent",
        }
    }
}

impl When {
    const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Body => "body",
        }
    }
}

/// `2s`, `500ms`, `1m`: in milliseconds.
fn duration(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err("expected a duration such as 2s or 500ms".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a duration such as 2s or 500ms".to_owned())?;
    number.checked_mul(scale).ok_or_else(|| "is too long".to_owned())
}

pub(super) async fn fault(args: &Fault) -> Exit {
    match &args.command {
        Which::List(list) => list.admin.ask(Method::GET, "/faults", &[], words).await,
        Which::Set(set) => set.ask().await,
        Which::Inbound(inbound) => {
            let Inbound { connector, number, text, admin } = inbound;
            let query = [("connector", connector), ("number", number), ("text", text)];
            let query = query.map(|(name, value)| (name, value.clone()));
            admin.ask(Method::POST, "/faults/inbound", &query, wrote).await
        }
    }
}

impl Set {
    async fn ask(&self) -> Exit {
        let mut query = vec![("connector", self.connector.clone())];
        if self.what.clear {
            return self.admin.ask(Method::POST, "/faults/clear", &query, words).await;
        }
        if let Some(after) = self.retry_after.filter(|after| after % 1000 != 0) {
            return complain(Exit::Usage, &format!("--retry-after {after}ms: Retry-After is in whole seconds"));
        }
        if self.because.is_some() && self.what.receipt != Some(Receipt::Failed) {
            return complain(Exit::Usage, "--because goes with --receipt failed: nothing else has a code");
        }
        query.extend(self.what.receipt.map(|receipt| ("receipt", receipt.name().to_owned())));
        query.extend(self.because.clone().map(|code| ("because", code)));
        query.extend(self.what.code.clone().map(|code| ("code", code)));
        query.extend(self.what.delay.map(|millis| ("delay_ms", millis.to_string())));
        query.extend(self.what.reset.map(|when| ("reset", when.name().to_owned())));
        query.extend(self.what.limit.then(|| ("limit", "1".to_owned())));
        query.extend(self.retry_after.map(|millis| ("retry_after_ms", millis.to_string())));
        query.extend((!self.always).then(|| ("times", self.times.to_string())));
        query.extend(self.login.then(|| ("login", "1".to_owned())));
        self.admin.ask(Method::POST, "/faults/set", &query, words).await
    }
}

/// Who wrote, and until when he may be answered freely.
fn wrote(answer: &Value) -> String {
    let of = |name: &str| text(answer, name);
    format!("{}: {} wrote, and may be written to freely until {}\n", of("connector"), of("number"), of("until"))
}

/// A line for each fault, and one for each connector without.
fn words(answer: &Value) -> String {
    let lines = answer.as_array().into_iter().flatten().flat_map(|entry| {
        let name = entry.get("connector").and_then(Value::as_str).unwrap_or_default();
        let faults = entry.get("faults").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let none = faults.is_empty().then(|| format!("{name}: nothing is set\n"));
        let set = faults.iter().filter_map(Value::as_str).map(move |fault| format!("{name}: {fault}\n"));
        none.into_iter().chain(set)
    });
    lines.collect()
}
