//! `envoi send FILE…`: posts envelopes as they are, and prints the answers.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use clap::Args;
use hyper::Method;
use serde_json::json;

use super::{
    Exit, Reach,
    call::{Answered, Caller},
    complain, pretty, say, secret,
};
use crate::{
    file,
    message::{Operation, client::Secret},
    object::{self, Limits, Tree, Writer},
    schema::Schema,
    soap::{ENVELOPE_12, WSSE},
};

#[derive(Args)]
pub(super) struct Send {
    /// Files with one SOAP envelope each; `-` is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reach: Reach,
    /// The SOAPAction; by default the operation that the envelope's body names.
    #[arg(long)]
    action: Option<String>,
    /// Put a UsernameToken of this user into each envelope; the password comes from ENVOI_PASSWORD, stdin or a prompt.
    #[arg(long, conflicts_with_all = ["client", "token_file"])]
    user: Option<String>,
    /// Get a token for this API client first; the secret comes from ENVOI_CLIENT_SECRET, stdin or a prompt.
    #[arg(long, conflicts_with = "token_file")]
    client: Option<String>,
    /// Send the token in this file (or in ENVOI_TOKEN) as `Authorization: Bearer`.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Print the answers as they came.
    #[arg(long)]
    raw: bool,
}

/// How the envelopes are let in.
enum Login {
    AsIs,
    Bearer(Secret),
    User(String, Secret),
}

pub(super) async fn send(send: &Send) -> Exit {
    let schema = match Schema::embedded() {
        Ok(schema) => Arc::new(schema),
        Err(error) => return complain(Exit::Internal, &error.to_string()),
    };
    let caller = match send.reach.caller() {
        Ok(caller) => caller,
        Err(exit) => return exit,
    };
    let login = match send.login(&caller).await {
        Ok(login) => login,
        Err((exit, error)) => return complain(exit, &error),
    };
    let mut worst = Exit::Ok;
    for file in &send.files {
        let exit = match send.post(&caller, &login, &schema, file).await {
            Ok(exit) => exit,
            Err((exit, error)) => complain(exit, &format!("{}: {error}", file.display())),
        };
        if worst == Exit::Ok {
            worst = exit;
        }
    }
    worst
}

impl Send {
    async fn login(&self, caller: &Caller) -> Result<Login, (Exit, String)> {
        let given = |variable, prompt| self.given(variable, prompt);
        if let Some(user) = &self.user {
            let password = given("ENVOI_PASSWORD", "Password: ")?;
            return Ok(Login::User(user.clone(), password));
        }
        if let Some(id) = &self.client {
            let secret = given("ENVOI_CLIENT_SECRET", "Client secret: ")?;
            let url = token_url(&self.reach.url);
            return token(caller, &url, id, &secret).await.map(Login::Bearer).map_err(|error| (Exit::Failed, error));
        }
        if let Some(path) = &self.token_file {
            let token = file::read_text(path, file::LONGEST_SECRET);
            let token = token.map_err(|error| (Exit::Io, format!("--token-file {}: {error}", path.display())))?;
            return Ok(Login::Bearer(Secret::new(token.trim())));
        }
        Ok(std::env::var("ENVOI_TOKEN").map_or(Login::AsIs, |token| Login::Bearer(Secret::new(token))))
    }

    fn given(&self, variable: &str, prompt: &str) -> Result<Secret, (Exit, String)> {
        match std::env::var(variable) {
            Ok(secret) => Ok(Secret::new(secret)),
            Err(_) if self.files.iter().any(|file| file::is_stdin(file)) => {
                Err((Exit::Usage, format!("an envelope comes from stdin: expected the secret in {variable}")))
            }
            Err(_) => secret::read(prompt).map_err(|error| (Exit::Io, error.to_string())),
        }
    }

    async fn post(
        &self,
        caller: &Caller,
        login: &Login,
        schema: &Arc<Schema>,
        path: &std::path::Path,
    ) -> Result<Exit, (Exit, String)> {
        let bytes = file::read_or_stdin(path, file::LONGEST_ENVELOPE).map_err(|error| (Exit::Io, error.to_string()))?;
        let envelope = tree(bytes.into(), None, schema).map_err(|error| (Exit::Usage, error))?;
        let body = envelope.root().child("Body").and_then(|body| body.children().next());
        let action = self.action.clone().or_else(|| body.map(|message| operation(message.name()).to_owned()));
        if envelope.root().name() != "Envelope" {
            let what = format!("this is no SOAP envelope: it begins with `{}`", envelope.root().name());
            return Err((Exit::Usage, what));
        }
        let action =
            action.ok_or((Exit::Usage, "the envelope has no body; name the operation with --action".to_owned()))?;
        let soap12 = envelope.root().ns() == ENVELOPE_12;
        let mut headers = if soap12 {
            vec![("Content-Type", format!("application/soap+xml; charset=utf-8; action=\"{action}\""))]
        } else {
            vec![("Content-Type", "text/xml; charset=utf-8".into()), ("SOAPAction", format!("\"{action}\""))]
        };
        let mut text = envelope.text().to_owned();
        match login {
            Login::AsIs => {}
            Login::Bearer(token) => headers.push(("Authorization", format!("Bearer {}", token.expose()))),
            Login::User(user, password) => {
                text =
                    with_user(&envelope, user, password).ok_or((Exit::Usage, "this is no SOAP envelope".to_owned()))?;
            }
        }
        let answer = caller.call(Method::POST, &self.reach.url, &headers, text).await;
        let answer = answer.map_err(|error| (Exit::Io, error))?;
        self.print(&answer, schema)
    }

    fn print(&self, answer: &Answered, schema: &Arc<Schema>) -> Result<Exit, (Exit, String)> {
        let content_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
        let envelope = tree(answer.body.clone(), content_type, schema);
        let envelope =
            envelope.map_err(|error| (Exit::Failed, format!("HTTP {}, and the answer: {error}", answer.status)))?;
        let shown = if self.raw { format!("{}\n", envelope.text()) } else { pretty::indented(envelope.root()) };
        let said = say(&shown);
        match pretty::complaint(envelope.root()) {
            Some(complaint) => Err((Exit::Failed, complaint)),
            None if answer.status != 200 => Err((Exit::Failed, format!("HTTP {}", answer.status))),
            None => Ok(said),
        }
    }
}

pub(super) fn tree(bytes: Bytes, content_type: Option<&str>, schema: &Arc<Schema>) -> Result<Tree, String> {
    let text = object::decode(bytes, content_type).map_err(|error| error.to_string())?;
    object::read(text, schema, &Limits::default()).map_err(|error| error.to_string())
}

/// The operation that a message belongs to (`RetrieveRequestMsg`); one that is no message of the contract is taken by its
/// name, for the server to refuse.
fn operation(message: &str) -> &str {
    let named = Operation::ALL.into_iter().find(|operation| operation.elements().0 == message);
    named.map_or(message, |operation| operation.name())
}

/// The token endpoint beside a SOAP endpoint.
pub(super) fn token_url(soap: &str) -> String {
    format!("{}v2/token", base(soap))
}

/// What stands before `Service.asmx`, with its slash.
pub(super) fn base(soap: &str) -> &str {
    soap.rfind('/').and_then(|slash| soap.get(..=slash)).unwrap_or(soap)
}

/// Gets an access token; the error repeats what the endpoint said.
pub(super) async fn token(caller: &Caller, url: &str, id: &str, secret: &Secret) -> Result<Secret, String> {
    let request = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret.expose() });
    let headers = [("Content-Type", "application/json".to_owned())];
    let answer = caller.call(Method::POST, url, &headers, request.to_string()).await?;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match body.get("access_token").and_then(|token| token.as_str()) {
        Some(token) if answer.status == 200 => Ok(Secret::new(token)),
        _ => {
            let why = body.get("error_description").and_then(|why| why.as_str()).unwrap_or("no access_token");
            Err(format!("{url}: HTTP {}: {why}", answer.status))
        }
    }
}

/// The envelope's text with a UsernameToken as the first header block; everything else stays as it is written.
fn with_user(envelope: &Tree, user: &str, password: &Secret) -> Option<String> {
    let (text, root) = (envelope.text(), envelope.root());
    let mut security = Writer::new();
    security.open_with("wsse:Security", &[("xmlns:wsse", WSSE)]);
    security.open("wsse:UsernameToken");
    security.text("wsse:Username", user);
    security.text("wsse:Password", password.expose());
    security.close("wsse:UsernameToken");
    security.close("wsse:Security");
    let security = security.into_string();
    let (at, block) = match root.child_in(root.ns(), "Header") {
        Some(header) => {
            let open = tag_end(header.raw())?;
            let start = offset(text, header.raw())?;
            if header.raw().get(..open)?.ends_with("/>") {
                let name = header.raw().get(1..)?.split(|c: char| c.is_whitespace() || c == '/').next()?;
                let attributes = header.raw().get(..open)?.strip_suffix("/>")?;
                let whole = format!("{attributes}>{security}</{name}>");
                return Some(format!("{}{whole}{}", text.get(..start)?, text.get(start + open..)?));
            }
            (start + open, security)
        }
        None => {
            let open = tag_end(root.raw())?;
            let header = format!("<h:Header xmlns:h=\"{}\">{security}</h:Header>", root.ns());
            (offset(text, root.raw())? + open, header)
        }
    };
    Some(format!("{}{block}{}", text.get(..at)?, text.get(at..)?))
}

/// Where a part of `text` begins in it.
fn offset(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)
}

/// Where the start tag ends; `>` may stand inside an attribute's value.
fn tag_end(raw: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in raw.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(envelope: &str) -> String {
        let schema = Arc::new(Schema::embedded().unwrap());
        let envelope = tree(envelope.to_owned().into(), None, &schema).unwrap();
        let text = with_user(&envelope, "a&b", &Secret::new("p<q")).unwrap();
        let again = tree(text.clone().into(), None, &schema).unwrap();
        let header = again.root().child_in(again.root().ns(), "Header").unwrap();
        let blocks: Vec<_> = header.children().collect();
        let read = crate::message::client::Credentials::read(&blocks, None).unwrap();
        let crate::message::client::Proof::Password { user, password } = read.proof else {
            panic!("a password was expected");
        };
        assert_eq!((user.as_str(), password.expose()), ("a&b", "p<q"));
        text
    }

    #[test]
    fn a_user_token_goes_into_every_shape_of_envelope() {
        let envelope = |inside: &str| format!("<s:Envelope xmlns:s='urn:s' a='>'>{inside}</s:Envelope>");
        for inside in [
            "<s:Body/>",
            "<s:Body/><s:Header/>",
            "<s:Header a='/>' /><s:Body/>",
            "<s:Header>\n<x/></s:Header><s:Body/>",
        ] {
            let text = login(&envelope(inside));
            assert!(text.contains("<s:Body/>"), "{text}");
        }
    }

    #[test]
    fn messages_name_their_operations() {
        for (message, expected) in [
            ("CreateRequest", "Create"),
            ("RetrieveRequestMsg", "Retrieve"),
            ("DefinitionRequestMsg", "Describe"),
            ("SystemStatusRequestMsg", "GetSystemStatus"),
            ("VersionInfoRequestMsg", "VersionInfo"),
        ] {
            assert_eq!(operation(message), expected);
        }
        assert_eq!(token_url("https://h/x/Service.asmx"), "https://h/x/v2/token");
    }
}
