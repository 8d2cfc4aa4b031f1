//! envoi: a SOAP gateway that speaks the Marketing Cloud (ExactTarget) PartnerAPI on the wire.
//!
//! # Rooms
//!
//! In the order in which they may know of each other: each imports only those above it (`tests/tidy.rs`).
//!
//! | Room | What it holds |
//! |---|---|
//! | [`clock`] | the time: the system's, or one that is moved by hand |
//! | [`mod@file`] | files that users name: read whole, with a bound, and without waiting for ever |
//! | [`trust`] | whom we believe where we are the client of TLS: authorities, versions |
//! | [`schema`] | what the WSDL says, read once at start; the documents that are served, whole and slim |
//! | [`object`] | values of those types: decoded, read, looked up, written, cut to the base |
//! | [`soap`] | envelopes of 1.1 and 1.2, header blocks, which action is meant, faults |
//! | [`message`] | the service's words: operations, calls, options, filters, rows, error codes, and who is calling |
//! | [`conversation`] | the rule book of queued calls: a state and an event in, the new state and the verdict out |
//! | [`connector`] | what an object means to a messaging API, what that API's answer means to a SOAP client; routes, error codes |
//! | [`store`] | durable memory: transactions, records by kind and id, indexes |
//! | [`mail`] | e-mail: messages written, and handed to a relay or captured |
//! | [`backend`] | the work: each object of a call gives one row; Retrieve, Describe, Execute |
//! | [`notify`] | telling the caller: what is owed is rendered, sent, tried again |
//! | [`queue`] | calls that are done later: taken in, worked off in order, told of |
//! | [`simulated`] | backends that behave as their documentation says, for the demonstration: no request of ours is made or read here |
//! | [`server`] | the front door: connections, limits, TLS, log-in, tokens, the WSDL, operators; and the gateway behind it |
//! | [`config`] | every setting, its default and its check; read whole before a port opens |
//! | [`command`] | the subcommands: arguments in, exit code out |
//!
//! `schema`, `object`, `soap`, `message`, `conversation` and `connector` are pure: no socket, disk, thread or async, and the time only as an argument.
//!
//! # What always holds
//!
//! - Foreign XML is read by `object/read` alone, and quick-xml is the one parser on it. yaserde reads our own WSDL and writes
//!   messages of one fixed shape; not a byte of the network reaches it.
//! - Only `store` knows a key, only `clock` asks the time, only [`soap::fault`] writes a Fault.
//! - A [`message::client::Client`] comes from a passed check alone. Everything stored belongs to an account, and a request
//!   reaches those alone for which its Client may act. Only what the program does of itself names one
//!   ([`store::Internal`]).
//! - What is acknowledged is on disk: [`store::Store::write`] answers after `fdatasync`. Calls that come together share one.
//! - An object that fails leaves nothing behind, and the other objects of its call alone (`backend/walk`).
//! - What an object held comes back, known to the schema or not. Stored records keep names, never places in a table.
//! - Nothing is sent that is not first written down as owed, in the commit that made the result; and an attempt is written
//!   down as begun before a byte of it leaves ([`store::Delivery`]). What may have arrived twice carries one id; a triggered
//!   send that may have arrived is shown as in doubt and goes out again only when an operator says so.
//! - A commit that fails is taken back, also behind a restart of the engine, before anything else is accepted.
//! - A panic in one request ends that request alone, on the reactor, on the committer and in a reader.
//! - Two texts in every error: the caller's (a row, or a Fault) and the log's. A fault is logged in one place
//!   (`server/gateway`). No secret, body or query string is logged.
//!
//! # The way of one Create
//!
//! Each step takes one type and gives the next.
//!
//! 1. `server/connection`, `server/http`: a request with its limits of size and time; the body decompressed. → [`server::Inbound`]
//! 2. `server/gateway/request`: [`object::decode`] to text, [`object::read`] to a flat [`object::Tree`] led by the schema,
//!    [`soap::open`] to an [`soap::Envelope`], the action to a [`message::Operation`]. Nothing is decided before the
//!    envelope has ended, for a Header may stand after the Body. → `Request`
//! 3. [`message::client::Credentials`] from the header, checked by [`server::access::Access`]; a seat in
//!    [`server::limits::Flight`]. → [`message::client::Client`]
//! 4. [`message::Call`]: operation, options, objects, all borrowing from the tree.
//! 5. One transaction on the committer's thread: [`backend::apply`] goes through the objects, each in a savepoint, and its
//!    type's keeper (`backend/kind` has the table) makes a plan of method, SaveOption and what is there. → [`message::Row`]s
//! 6. The batch is flushed and synced; only then is anyone answered.
//! 7. [`message::reply`] writes the rows in the WSDL's order, each object echoed from the request's own tree.
//!    → [`server::Outbound`]
//!
//! Objects that a route sends to a connector ([`connector::route`]) make it two transactions: the first owes their messages, the
//! second does the rest of the call and writes all rows, when what was owed is settled ([`backend::connected`]). A synchronous
//! caller is kept waiting for so long; a part waits in the store. The first also begins what need not wait
//! ([`notify::Notifier::begin`]), and for a synchronous call the second is the one that writes down how its last message ended: two
//! commits in all.
//!
//! An asynchronous call leaves at step 4: [`conversation::place`] and [`queue::accept()`] take its envelope in, in one
//! transaction, and it is answered `Queued`. A worker of [`queue`] goes on with step 5 when the conversation is due; the
//! rows become results in the transaction that applied them.
//!
//! What `SendResponseTo` asks for ([`conversation::respond`]) and the mails of triggered sends are owed in that transaction too,
//! as records in lanes, one for each place. The [`notify`] room takes them when they are due, renders them from what the
//! store holds at that moment, hands them to a carrier (callback, e-mail, folder), and writes down how it ended.
//!
//! A Retrieve takes the same way to step 4, and then reads a snapshot ([`store::View`]) on a thread that may block; the
//! committer never waits for it. What is left after a batch is a record like any other, so a continuation survives a restart.
//!
//! # Architecture notes
//!
//! Where building led away from the first plan, and why.
//!
//! - **Who is calling is two rooms.** `message/client` is the pure half: directory, credentials, permissions, the token format.
//!   What needs memory, time or a thread (argon2 at leisure, verified secrets, throttling, replays) is `server/access`.
//! - **The directory travels with the Client.** It is an `Arc` of the accounts in force when the caller was let in, so one
//!   call sees one configuration, a reload replaces one pointer, and the work keeps no copy of its own.
//! - **Readers have versions.** sled has no snapshots: the committer publishes what a batch replaces before it writes, and each
//!   reader undoes what is newer than its own version. Readers see durable states only, and wait for no sync.
//! - **Two engines.** `store/engine` is what the store needs: get, page, apply a batch. sled behind it on disk, a `BTreeMap` in
//!   memory for `envoi demo` and tests; everything above the trait is the same code.
//! - **The slim WSDL is cut, not written.** Reachable declarations are sliced out of the embedded text. An XML writer loses
//!   prefixes that generators look for.
//! - **Fixed messages by yaserde, objects by [`object::Writer`].** Describe, GetSystemStatus and VersionInfo are structs in the
//!   WSDL's order. What carries objects is polymorphic and long, and is written straight from the tree into one string.
//! - **Tokens are kept nowhere.** They are signed; a removed client or a lost permission ends them, because both are looked up.
//! - **The gateway is part of the server.** It joins soap, message, backend and store behind [`server::Handler`], so that the
//!   front door is tested with any other work behind it.
//! - **Results are objects.** ResultItem, ResultMessage and AsyncRequestResult are kept like every other object, so Retrieve
//!   needs no second way. Their numbers fall, so that the newest are found first.
//! - **One index of what is due.** Time-outs, schedules, windows and the end of retention are one entry for each conversation.
//! - **Parts are kept without their header.** The envelope stays as it came but for credentials; who sent it is kept beside it
//!   and looked up again when it is run.
//! - **Deliveries wait in lanes.** One index of everything due would be walked through again and again while a place is down;
//!   a lane of its own for each place makes that one entry, and what the breaker knows survives a restart.
//! - **What is received is echoed in two ways.** A synchronous answer writes objects by the schema, for strict clients; under
//!   IncludeObjects the caller's own bytes come back (`object/verbatim`).

pub mod clock;
pub mod file;
pub mod trust;
pub mod schema;
pub mod object;
pub mod soap;
pub mod message;
pub mod conversation;
pub mod connector;
pub mod store;
pub mod mail;
pub mod backend;
pub mod notify;
pub mod queue;
pub mod simulated;
pub mod server;
pub mod config;
pub mod command;
