//! Results by e-mail: who it is from and to, how it stands in its thread, what is attached; and handing it over. What it says
//! is in `summary`.
//!
//! The same delivery gives the same message, however often it is sent: Message-ID is made of the delivery's id, Date is the
//! moment since when it is owed. All mails of a conversation refer to one root, so readers show them as one thread.
//! No `Precedence` is written: `Auto-Submitted` says the same by a standard, and `bulk` would move results out of sight.

mod summary;
mod zip;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    Outcome, Place,
    outcome::{Carrier, Carrying},
    render::{self, NotTold, Told},
};
use crate::{
    clock::Time,
    mail::{
        self, Attach, Attachment, AutoSubmitted, Composed, Mail, MailError, Mailbox, ReturnPath, Sent, Settings,
        Transport,
    },
    schema::Schema,
    store::{Delivery, Store, View},
};

/// Sends results by e-mail.
pub struct Email {
    transport: Arc<Transport>,
    from: Mailbox,
    attach: Attach,
    return_path: Option<ReturnPath>,
    store: Store,
    schema: Arc<Schema>,
}

impl Email {
    /// Sends them by this way.
    pub fn new(transport: Arc<Transport>, settings: &Settings, store: Store, schema: Arc<Schema>) -> Self {
        let return_path = settings.return_path.clone();
        Self { transport, from: settings.from.clone(), attach: settings.attachment, return_path, store, schema }
    }

    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let (schema, from, attach) = (Arc::clone(&self.schema), self.from.clone(), self.attach);
        let (delivery, return_path) = (delivery.clone(), self.return_path.clone());
        // Results may be long: they are put together where the store is read, and not on the reactor.
        let look = move |view: &View<'_>| -> Result<Result<Composed, MailError>, NotTold> {
            let told = render::told(view, &delivery, &schema)?;
            let composed = mail::compose(&mail(&told, delivery.owed, &from, attach, &schema));
            Ok(composed.map(|composed| composed.reported_to(return_path.as_ref(), &delivery.id)))
        };
        match self.store.read(look).await {
            Ok(Ok(composed)) => outcome(self.transport.send(&composed).await),
            Ok(Err(error @ MailError::Address { .. })) => {
                Outcome::Unsent { status: format!("ResponseAddress of SendResponseTo: {error}") }
            }
            Ok(Err(error)) => Outcome::Unsent { status: error.to_string() },
            Err(error @ NotTold::Store(_)) => {
                Outcome::Retry { status: error.to_string(), after: None, place: Place::Unasked }
            }
            Err(error) => Outcome::Unsent { status: error.to_string() },
        }
    }
}

impl Carrier for Email {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        Box::pin(self.attempt(delivery))
    }
}

/// What became of a mail, in the words of a delivery.
pub fn outcome(sent: Sent) -> Outcome {
    match sent {
        Sent::Accepted { status } => Outcome::Delivered { status },
        Sent::Retry { status, alone } => {
            Outcome::Retry { status, after: None, place: if alone { Place::Alive } else { Place::Down } }
        }
        Sent::Refused { status } => Outcome::Refused { status },
        Sent::Uncertain { status } => Outcome::Uncertain { status },
    }
}

/// The mail that tells this.
pub fn mail(told: &Told, owed: Time, from: &Mailbox, attach: Attach, schema: &Arc<Schema>) -> Mail {
    let domain = domain(from);
    let root = format!("<{}@{domain}>", root(told));
    let said = summary::of(told, schema);
    Mail {
        from: from.clone(),
        reply_to: None,
        to: Mailbox::new(told.target.address.trim()),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: said.subject(),
        text: said.text(),
        html: Some(said.html()),
        attachments: told.detail().map(|detail| attached(detail, attach, owed)).into_iter().collect(),
        message_id: format!("<{}@{domain}>", told.id),
        in_reply_to: Some(root.clone()),
        references: Some(root),
        date: owed,
        list_id: Some(format!("results.{}.{domain}", told.account)),
        list_unsubscribe: None,
        auto_submitted: AutoSubmitted::Generated,
    }
}

/// Results as they are attached: a document of its own.
fn attached(detail: &str, attach: Attach, at: Time) -> Attachment {
    let document = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{detail}");
    let named = |name: &str, content_type: &str, bytes| Attachment {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        bytes,
    };
    match attach {
        Attach::Xml => named("results.xml", "application/xml", document.into_bytes()),
        Attach::Zip => named("results.zip", "application/zip", zip::one("results.xml", document.as_bytes(), at)),
    }
}

/// What stands behind the @ in ids: the sender's domain, where it can stand there.
fn domain(from: &Mailbox) -> &str {
    let lawful =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Some(from.domain()).filter(|domain| domain.len() <= 200 && domain.split('.').all(lawful)).unwrap_or("envoi.invalid")
}

/// The same for every mail about a conversation, and for no other: a ConversationID may hold anything and be of any length.
fn root(told: &Told) -> String {
    let mut hash = Sha256::new();
    hash.update(told.account.to_be_bytes());
    hash.update([u8::from(told.name.is_single())]);
    hash.update(told.name.id().as_bytes());
    let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("conversation-{digest}")
}
