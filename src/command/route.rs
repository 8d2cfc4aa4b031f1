//! `envoi route FILE…`: where each object of an envelope would go and why, and what would be sent. Nothing is sent, and no server
//! is asked: it is told from the configuration alone.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use clap::Args;

use super::{Exit, complain, say, send::tree, settings::Sources};
use crate::{
    backend::{connected, triggered_send},
    clock::{Clock, Time},
    config::{Config, NOBODY, near::near},
    connector::{
        Api, EXTRAS, Found, Message, Named, Planned, Planning, Unsent, Wanted, plan, request,
        route::{self, Asked, Decision, Way},
    },
    file, mail,
    message::{
        Call, Operation,
        client::{Credentials, Proof},
    },
    object::{Node, Tree},
    schema::Schema,
    soap,
};

/// What stands for ids that only a server knows.
const UNKNOWN_ID: &str = "0";

#[derive(Args)]
#[command(after_long_help = HELP)]
pub(super) struct Route {
    /// Files with one SOAP envelope each; `-` is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    sources: Sources,
    /// The account (MID) that calls; by default the one that the envelope names (Client.ID), else that of the user of its
    /// UsernameToken, else the first of the configuration.
    #[arg(long, value_name = "MID")]
    account: Option<u64>,
}

const HELP: &str = "For each object: the routes that do not fit, in the order in which they are asked, and why; the one that does, and \
where it leads. For a connector each message, to whom and on which channel, and the request as it would be sent, without its secrets; \
`error CODE` where nothing would be (`envoi explain CODE`). Exit code 1 when an object could not be sent.\n\nRoutes are those of the \
configuration (--config FILE, ENVOI_CONFIG); no server is asked.";

pub(super) fn route(args: &Route) -> Exit {
    let config = match args.sources.load(Vec::new()) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if config.connectors.routes.is_empty() && args.sources.config.is_none() {
        let what = "no configuration was named (--config FILE), so there are no routes: those of `envoi demo --connectors` are its own";
        complain(Exit::Ok, what);
    }
    for warning in config.warnings.iter().filter(|warning| warning.key.starts_with("route.") && warning.what != NOBODY)
    {
        complain(Exit::Ok, &format!("warning: {warning}"));
    }
    let schema = match Schema::embedded() {
        Ok(schema) => Arc::new(schema),
        Err(error) => return complain(Exit::Internal, &error.to_string()),
    };
    let now = Clock::system().now();
    let mut worst = Exit::Ok;
    for path in &args.files {
        let told = file::read_or_stdin(path, file::LONGEST_ENVELOPE)
            .map_err(|error| (Exit::Io, error.to_string()))
            .and_then(|bytes| tree(bytes.into(), None, &schema).map_err(|error| (Exit::Usage, error)))
            .and_then(|tree| tell(&config, &tree, args.account, now).map_err(|error| (Exit::Usage, error)));
        let exit = match told {
            Ok((text, exit)) => match say(&format!("{}: {text}", path.display())) {
                Exit::Ok => exit,
                other => other,
            },
            Err((exit, error)) => complain(exit, &format!("{}: {error}", path.display())),
        };
        if worst == Exit::Ok {
            worst = exit;
        }
    }
    worst
}

/// What becomes of an envelope; an error is one that would be refused before anything is routed.
fn tell(config: &Config, tree: &Tree, account: Option<u64>, now: Time) -> Result<(String, Exit), String> {
    let envelope = soap::open(tree).map_err(|fault| fault.text.to_string())?;
    let name = envelope.body.name();
    let operation = Operation::ALL.into_iter().find(|operation| operation.elements().0 == name);
    let operation = operation.ok_or_else(|| format!("{name} is no request message of the contract"))?;
    let call = Call::new(operation, &envelope).map_err(|fault| fault.text.to_string())?;
    let of_options = call.message.child("Options").and_then(|options| options.child("Client")).and_then(client);
    if let Some(account) = account {
        known(config, account)?;
    }
    let caller = account.or_else(|| config.accounts.account_of_user(&user(&envelope)?)).or(config.accounts.first());
    let account_of = |node: Node<'_>| match account.or_else(|| node.child("Client").and_then(client)).or(of_options) {
        Some(named) => known(config, named),
        None => Ok(caller.unwrap_or_default()),
    };
    let mut out = format!("{} of {} objects\n", operation.name(), call.objects.len());
    if !matches!(operation, Operation::Create | Operation::Update | Operation::Delete) {
        out.push_str("  only Create, Update and Delete are routed: this is done here\n");
        return Ok((out, Exit::Ok));
    }
    let mut exit = Exit::Ok;
    for (ordinal, node) in (0..).zip(call.objects.iter().copied()) {
        let account = account_of(node).map_err(|why| format!("object {ordinal}: {why}"))?;
        let asked = Asked { account, method: operation.name(), node };
        let decision = route::explain(&config.connectors, &asked);
        out.push_str(&header(ordinal, node, account));
        let kind = node.ty().map_or("", |ty| node.schema().type_name(ty));
        let refusal = match decision.way {
            Way::Connector(..) => None,
            Way::Store | Way::Mail => triggered_send::refusal(operation, kind, config.mail.way != mail::Way::None),
        };
        for line in reasons(&decision, refusal.is_some()) {
            out.push_str(&format!("  {line}\n"));
        }
        if let Some((code, text)) = &refusal {
            out.push_str(&format!("  error {code}: {text}\n"));
            exit = Exit::Failed;
        }
        let contact = connected::wanted_of(operation, &call.options, kind);
        if !told(&mut out, config, &decision.way, contact, ordinal, &asked, now) {
            exit = Exit::Failed;
        }
        if let Way::Connector(..) = decision.way {
            out.extend(misspelt(node).into_iter().map(|line| format!("  {line}\n")));
        }
    }
    Ok((out, exit))
}

/// An account that there is; without a configured one there is nothing to compare.
fn known(config: &Config, mid: u64) -> Result<u64, String> {
    match config.accounts.account(mid).is_some() || config.accounts.first().is_none() {
        true => Ok(mid),
        false => Err(format!("there is no account {mid}: expected one of {}", config.accounts.listed())),
    }
}

/// Who calls, where the envelope says so by name. Whether his password is right, only the server checks.
fn user(envelope: &soap::Envelope<'_>) -> Option<String> {
    match Credentials::read(&envelope.header, None).ok()?.proof {
        Proof::Password { user, .. } => Some(user),
        Proof::Digest(digest) => Some(digest.user),
        Proof::Token(_) => None,
    }
}

fn client(node: Node<'_>) -> Option<u64> {
    node.given("ID").or_else(|| node.given("ClientID"))?.parse().ok()
}

fn header(ordinal: u32, node: Node<'_>, account: u64) -> String {
    let kind = node.ty().map_or("an unknown type", |ty| node.schema().type_name(ty));
    let account = if account == 0 { String::new() } else { format!(" for account {account}") };
    format!("\nobject {ordinal}: {kind}{account}\n")
}

/// Why it takes its way, in the order in which the routes were asked.
fn reasons(decision: &Decision<'_>, is_refused: bool) -> Vec<String> {
    let passed = decision.passed.iter().map(|(route, why)| format!("route `{}` does not fit: {why}", route.name));
    let way = if is_refused { "refused".to_owned() } else { decision.way.why() };
    let last = match decision.route {
        Some(route) if !matches!(decision.way, Way::Connector(..)) => format!("goes by route `{}`: {way}", route.name),
        Some(_) => format!("goes to {way}"),
        None => format!("no route fits: {way}"),
    };
    passed.chain([last]).collect()
}

/// Tells the messages of an object; whether all of it could be sent.
fn told(
    out: &mut String,
    config: &Config,
    way: &Way<'_>,
    contact: Wanted,
    ordinal: u32,
    asked: &Asked<'_>,
    now: Time,
) -> bool {
    let Way::Connector(connector, _) = way else {
        return true;
    };
    let named = named(asked.node);
    let Asked { method, node, .. } = *asked;
    let planning = Planning { request_id: "envoi route", ordinal, method, node, contact, named: &named };
    let Planned { mut messages, failures } = match plan(&config.connectors, way, &planning) {
        Ok(planned) => planned,
        Err((code, text)) => {
            out.push_str(&format!("  error {code}: {text}\n"));
            return false;
        }
    };
    let mut is_good = failures.is_empty();
    if matches!(connector.api, Api::Yeastar { .. }) && asked.node.children_named("Lists").next().is_some() {
        out.push_str("  which of its Lists are phonebooks is known to the server alone: they are left out here\n");
    }
    if connector.record {
        out.push_str("  the connector records: nothing would leave\n");
    }
    for message in &mut messages {
        // Nobody here knows whether there is a contact: a Create finds none, all else one.
        let is_looked_up = message.find(|_| match asked.method {
            "Create" => Found::Absent,
            _ => Found::Present(UNKNOWN_ID.to_owned()),
        });
        match message.unsent() {
            Some(Unsent::Refused(code, text)) => {
                out.push_str(&format!("  error {code}: {text}\n"));
                is_good = false;
                continue;
            }
            Some(Unsent::Here(code, text)) => {
                out.push_str("  nothing is asked of the system: it is about what is kept here\n");
                out.push_str(&format!("  where nothing is: error {code}: {text}\n"));
                continue;
            }
            Some(Unsent::Nothing) => {
                out.push_str("  there is nothing to send\n");
                continue;
            }
            None => {}
        }
        out.push_str(&format!("  message {} to {} {}\n", message.place, message.recipient, on(message)));
        match request(connector, message, None, now) {
            Ok(request) => {
                for line in request.shown(&connector.base).lines() {
                    out.push_str(&format!("    {line}\n"));
                }
                if is_looked_up && asked.method != "Create" {
                    let what = "that of the contact or phonebook, which only the server knows that made it";
                    out.push_str(&format!("    (the id {UNKNOWN_ID} stands for {what})\n"));
                }
            }
            Err(error) => {
                is_good = false;
                out.push_str(&format!("    error: {error}\n"));
            }
        }
    }
    for (place, key, code, text) in &failures {
        let who = key.as_ref().map(|key| format!(" ({key})")).unwrap_or_default();
        out.push_str(&format!("  recipient {place}{who}: error {code}: {text}\n"));
    }
    is_good
}

/// What stands for what only a server knows.
fn named(node: Node<'_>) -> Named {
    let is_list = node.ty().is_some_and(|ty| node.schema().type_name(ty) == "List");
    let members = node.children_named("Subscribers").filter(|_| is_list);
    Named { list: node.given("ID").filter(|_| is_list), ids: members.map(|_| UNKNOWN_ID.to_owned()).collect() }
}

fn on(message: &Message) -> String {
    if message.channel.is_empty() { String::new() } else { format!("on {}", message.channel) }
}

/// PartnerProperties that nobody reads and that are nearly one that is.
fn misspelt(node: Node<'_>) -> BTreeSet<String> {
    let names = node.children_named("PartnerProperties").filter_map(|property| property.given("Name"));
    let known = |name: &str| EXTRAS.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let told = |name: String| {
        let near = near(&name, EXTRAS.iter().map(|(own, _)| *own))?;
        Some(format!("PartnerProperty {name} says nothing here; perhaps `{near}` is meant"))
    };
    names.filter(|name| !known(name)).filter_map(told).collect()
}
