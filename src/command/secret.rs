//! `envoi hash-secret`, and how commands come by secrets: from stdin, a prompt without echo, or the environment.

use std::io::{self, IsTerminal};

use super::{Exit, complain, say};
use crate::{
    file,
    message::client::{Secret, SecretHash},
};

/// Longer ones are a file given by mistake.
const MAX_SECRET: u64 = 4096;

pub(super) fn hash() -> Exit {
    let secret = match read("Secret: ") {
        Ok(secret) => secret,
        Err(error) => return complain(Exit::Io, &format!("no secret: {error}")),
    };
    if secret.expose().is_empty() {
        return complain(Exit::Usage, "the secret is empty");
    }
    let mut salt = [0; 16];
    if let Err(error) = getrandom::fill(&mut salt) {
        return complain(Exit::Io, &format!("no random bytes for the salt: {error}"));
    }
    match SecretHash::make(&secret, &salt) {
        Ok(hash) => say(&format!("{}\n", hash.phc())),
        Err(error) => complain(Exit::Internal, &error),
    }
}

/// Asks at a terminal without echo; reads stdin otherwise, without its last line end.
pub(super) fn read(prompt: &str) -> io::Result<Secret> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map(Secret::new);
    }
    let text = file::text(file::whole(io::stdin().lock(), MAX_SECRET)?)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line)))
}
