//! `envoi bounce`: a report that a mail could not be delivered, from a file or from the alias of a mail server.
//!
//! The mail is read here and not by the server: it comes from anybody, and this process ends with it. Its exit codes are those of
//! sysexits.h, which mail servers know: 75 has the mail kept and tried again, 65 has it refused.

use std::{
    io::{self, Read},
    path::PathBuf,
};

use clap::Args;
use hyper::Method;
use serde_json::Value;

use super::{
    Exit,
    call::Caller,
    complain,
    conversations::{Admin, text},
    say,
};
use crate::{
    file,
    mail::{LONGEST_REPORT, Recipient, Report},
    server::OPERATOR,
};

#[derive(Args)]
pub(super) struct Bounce {
    /// The mail as it came; `-` is stdin.
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    admin: Admin,
}

pub(super) async fn bounce(bounce: &Bounce) -> Exit {
    if let Err(exit) = bounce.admin.check() {
        return exit;
    }
    let mail = match read(bounce) {
        Ok(mail) => mail,
        Err(error) => return complain(Exit::Io, &format!("{}: {error}", bounce.file.display())),
    };
    let report = match Report::read(&mail) {
        Ok(report) => report,
        Err(error) => return complain(Exit::Data, &error.to_string()),
    };
    let caller = match Caller::new(None) {
        Ok(caller) => caller,
        Err(error) => return complain(Exit::Usage, &error),
    };
    if report.ids.is_empty() {
        return complain(
            Exit::Data,
            "neither what came back nor the address of the report has the id of a mail of ours",
        );
    }
    let (mut answers, mut refused, mut taken) = (Vec::new(), Vec::new(), false);
    for recipient in &report.recipients {
        if recipient.action != "failed" {
            answers.push(serde_json::json!({ "bounced": false, "why": format!("it is {}", recipient.action) }));
            continue;
        }
        let answer = match bounce.admin.call(&caller, Method::POST, "/bounce", &query(&report, recipient)).await {
            Ok(answer) => answer,
            Err(error) => return complain(Exit::Later, &error),
        };
        // Who else listens there knows nothing of the mail: it is kept.
        if !answer.headers.contains_key(OPERATOR) {
            let what = format!("HTTP {} is no answer of the operators' listener of envoi", answer.status);
            return complain(Exit::Later, &bounce.admin.about(&what));
        }
        match answer.status {
            200 => {
                taken = true;
                answers.push(serde_json::from_slice(&answer.body).unwrap_or(Value::Null));
            }
            400 | 404 => refused.push(answer.complaint()),
            _ => return complain(Exit::Later, &answer.complaint()),
        }
    }
    // What was taken is not to come again for what was not.
    let exit = if taken || refused.is_empty() { Exit::Ok } else { Exit::Data };
    for why in refused.into_iter().chain(report.unreadable.iter().map(ToString::to_string)) {
        complain(exit, &why);
    }
    let said = match bounce.admin.json {
        true => say(&format!("{:#}\n", Value::Array(answers))),
        false => say(&answers.iter().map(line).collect::<String>()),
    };
    if exit == Exit::Ok { said } else { exit }
}

/// All of a mail that matters. The rest of stdin is taken too: a mail server that cannot hand over everything tries again.
fn read(bounce: &Bounce) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    let mut source = file::source(&bounce.file)?;
    let most = u64::try_from(LONGEST_REPORT).unwrap_or(u64::MAX);
    source.by_ref().take(most).read_to_end(&mut mail)?;
    if file::is_stdin(&bounce.file) {
        io::copy(&mut source, &mut io::sink())?;
    }
    Ok(mail)
}

fn query(report: &Report, recipient: &Recipient) -> Vec<(&'static str, String)> {
    let mut query = vec![
        ("id", report.ids.join(",")),
        ("recipient", recipient.address.clone()),
        ("status", recipient.status.clone()),
        ("report", report.mark.clone()),
    ];
    query.extend(recipient.original.iter().map(|original| ("original", original.clone())));
    query.extend(recipient.diagnostic.iter().map(|words| ("diagnostic", words.clone())));
    query.extend(recipient.at_recipient.then(|| ("at_recipient", "1".to_owned())));
    query
}

fn line(answer: &Value) -> String {
    let [id, event, status, why] = ["id", "event", "status", "why"].map(|name| text(answer, name));
    let what = match answer.get("bounced") {
        Some(Value::Bool(true)) if event.is_empty() => format!("bounced: {status}"),
        Some(Value::Bool(true)) => format!("{event}: {status}"),
        _ => format!("nothing has changed: {why}"),
    };
    format!("{id} {what}\n").trim_start().to_owned()
}
