//! An operator's word on what became of a delivery.
//!
//! | method and path | query | answer |
//! |---|---|---|
//! | POST /settle | id, as: delivered or failed | writes down what became of what is in doubt, accepted or owed |

use serde_json::{Value, json};

use super::{Asked, Operators, Wrong};
use crate::{
    backend::{
        connected,
        triggered_send::{self, Ending},
    },
    store::{Content, StoreError, Transaction},
};

pub(super) const PATHS: &[(&str, &str)] = &[("/settle", "POST")];

impl Operators {
    /// Answers a question about one of [`PATHS`].
    pub(super) async fn ask_settle(&self, asked: &Asked<'_>) -> Result<Value, Wrong> {
        let id = asked.get("id").ok_or_else(|| Wrong::asked("id is missing".to_owned()))?;
        let delivered = match asked.get("as").as_deref() {
            Some("delivered") => true,
            Some("failed") => false,
            Some(other) => return Err(Wrong::asked(format!("as is {other:?}, expected delivered or failed"))),
            None => return Err(Wrong::asked("as is missing, expected delivered or failed".to_owned())),
        };
        let (backend, now) = (self.backend.clone(), self.clock.now());
        let keep = now.plus(self.notifier.settings().retention);
        let work = move |txn: &mut Transaction<'_>| -> Result<_, StoreError> {
            let Some(before) = txn.deliveries().with_id(&id)? else { return Ok(Err(None)) };
            let Some(delivery) = txn.settle(before.number, delivered, now, keep)? else { return Ok(Err(Some(before))) };
            let asker = match &delivery.content {
                Content::Message(_) => connected::settled(txn, &delivery, now)?,
                Content::Send(send) => {
                    if let Some(ending) = Ending::of_delivery(&delivery) {
                        triggered_send::sent(&backend, txn, send, &ending, now)?;
                    }
                    None
                }
                Content::Results(_) => None,
            };
            Ok(Ok((delivery, asker)))
        };
        match self.store.write(work).await.map_err(Wrong::store)? {
            Ok((delivery, asker)) => {
                self.notifier.tell_settled(asker.as_slice());
                // The next of its recipient may have its turn.
                self.notifier.wake();
                Ok(json!({ "id": delivery.id, "state": delivery.state.name() }))
            }
            Err(None) => Err(Wrong::unknown("there is no such delivery")),
            Err(Some(delivery)) => {
                Err(Wrong::asked(format!("it is {}, expected one in doubt, accepted or owed", delivery.state.name())))
            }
        }
    }
}
