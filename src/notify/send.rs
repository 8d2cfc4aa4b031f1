//! Mails of triggered sends: built, handed over, and their ends written down with the attempt.
//!
//! What they say is `backend`'s, how they travel is `mail`'s.

use std::sync::Arc;

use super::{
    Outcome, Place, mail,
    outcome::{Carrier, Carrying},
};
use crate::{
    backend::{
        Backend,
        triggered_send::{self, Ending, Letter},
    },
    clock::{Clock, Time},
    mail::{AutoSubmitted, Composed, Mail, ReturnPath, Transport, compose},
    message::client::Accounts,
    store::{Asker, Content, Delivery, Store, StoreError, Transaction, View, send::Send},
};

/// The accounts as they are now.
type Directory = Box<dyn Fn() -> Arc<Accounts> + std::marker::Send + Sync>;

/// Sends the mails of triggered sends.
pub struct Mailer {
    /// What is owed, and of what it is built.
    pub store: Store,
    /// Settings of the sends.
    pub backend: Arc<Backend>,
    /// The names of the accounts.
    pub directory: Directory,
    /// Where mail servers report what they could not deliver; the sender's address by default.
    pub return_path: Option<ReturnPath>,
    /// The way out.
    pub transport: Arc<Transport>,
    /// The time.
    pub clock: Clock,
}

impl Mailer {
    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let Content::Send(send) = &delivery.content else {
            return Outcome::Unsent { status: "this is no mail of a triggered send".to_owned() };
        };
        let accounts = (self.directory)();
        let business = accounts.account(send.account).map(|account| account.name.clone()).unwrap_or_default();
        let (backend, owed, now) = (Arc::clone(&self.backend), send.clone(), self.clock.now());
        let build = move |view: &View<'_>| triggered_send::render(&backend, view, &owed, &business, now);
        let letter = match self.store.read::<_, StoreError, _>(build).await {
            Ok(Ok(letter)) => letter,
            Ok(Err(why)) => return Outcome::Unsent { status: why.reason },
            Err(error) => return Outcome::Retry { status: error.to_string(), after: None, place: Place::Unasked },
        };
        let composed = match composed(letter, delivery, send) {
            Ok(composed) => composed.reported_to(self.return_path.as_ref(), &delivery.id),
            Err(status) => return Outcome::Unsent { status },
        };
        mail::outcome(self.transport.send(&composed).await)
    }
}

impl Carrier for Mailer {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        Box::pin(self.attempt(delivery))
    }

    fn ended(
        &self,
        txn: &mut Transaction<'_>,
        delivery: &Delivery,
        outcome: &Outcome,
        now: Time,
    ) -> Result<Option<Asker>, StoreError> {
        let Content::Send(send) = &delivery.content else { return Ok(None) };
        // It goes on, or nobody knows.
        let Some(ending) = Ending::of(delivery.state, outcome.attempted(), outcome.status()) else { return Ok(None) };
        triggered_send::sent(&self.backend, txn, send, &ending, now)?;
        Ok(None)
    }
}

fn composed(letter: Letter, delivery: &Delivery, send: &Send) -> Result<Composed, String> {
    let domain = letter.from.domain().to_owned();
    let mail = Mail {
        message_id: format!("<{}@{domain}>", delivery.id),
        list_id: Some(format!("{}.{}.{domain}", letter.list.0, send.account)),
        from: letter.from,
        reply_to: letter.reply_to,
        to: letter.to,
        cc: letter.cc,
        bcc: letter.bcc,
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        attachments: Vec::new(),
        in_reply_to: None,
        references: None,
        // As old as what it is about, however often it is tried.
        date: delivery.owed,
        list_unsubscribe: letter.unsubscribe,
        auto_submitted: AutoSubmitted::Generated,
    };
    compose(&mail).map_err(|error| error.to_string())
}
