//! `envoi mail`: what a server captured instead of sending it.

use std::io::Write;

use clap::Args;
use hyper::Method;

use super::{
    Exit,
    conversations::{Admin, text},
};

#[derive(Args)]
pub(super) struct Mail {
    /// The number of one; it is printed as it would have been sent (.eml).
    id: Option<u64>,
    /// At most so many in the list.
    #[arg(long, default_value_t = 100, conflicts_with = "id")]
    limit: usize,
    #[command(flatten)]
    admin: Admin,
}

pub(super) async fn show(mail: &Mail) -> Exit {
    let Some(id) = mail.id else {
        let query = [("limit", mail.limit.to_string())];
        return mail
            .admin
            .ask(Method::GET, "/mail", &query, |answer| {
                let lines = answer.as_array().into_iter().flatten().map(|line| {
                    let [id, time, to, subject] = ["id", "time", "to", "subject"].map(|name| text(line, name));
                    format!("{id:>5}  {time}  {to}  {subject}\n")
                });
                lines.collect()
            })
            .await;
    };
    match mail.admin.fetch(Method::GET, "/mail/one", &[("id", id.to_string())]).await {
        Ok(bytes) => {
            let mut out = std::io::stdout().lock();
            match out.write_all(&bytes).and_then(|()| out.flush()) {
                Ok(()) => Exit::Ok,
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
                Err(_) => Exit::Io,
            }
        }
        Err(exit) => exit,
    }
}
