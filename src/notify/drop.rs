//! FTP in the WSDL, which the service does not use: a file in a folder of the operator's, one for each delivery.
//!
//! The file is a ResultMessage of the PartnerAPI with the fields of the form. A reader sees all of it or nothing
//! (`store/whole`); a second attempt replaces it by the same. Its name is the delivery's id: nothing of a caller's text is in it.

use std::{io, path::PathBuf, sync::Arc};

use super::{
    Outcome, Place,
    outcome::{Carrier, Carrying},
    render::{self, FIELDS, Told},
};
use crate::{
    object::Writer,
    schema::{PARTNER_API, Schema},
    store::{Delivery, Store, View, whole},
};

/// Puts results into a folder.
pub struct Folder {
    path: PathBuf,
    store: Store,
    schema: Arc<Schema>,
}

impl Folder {
    /// Puts them there; the folder is made when it is missing.
    pub fn new(path: PathBuf, store: Store, schema: Arc<Schema>) -> Self {
        Self { path, store, schema }
    }

    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let (schema, told) = (Arc::clone(&self.schema), delivery.clone());
        let look = move |view: &View<'_>| render::told(view, &told, &schema);
        let text = match self.store.read(look).await {
            Ok(told) => document(&told),
            Err(error) => return Outcome::Unsent { status: error.to_string() },
        };
        let (folder, name) = (self.path.clone(), format!("{}.xml", delivery.id));
        let status = format!("file {name}");
        let put = tokio::task::spawn_blocking(move || {
            whole::make_folder(&folder)?;
            whole::put_file(&folder, &name, text.as_bytes())
        })
        .await;
        match put.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            Ok(()) => Outcome::Delivered { status },
            Err(error) => Outcome::Retry { status: format!("{status}: {error}"), after: None, place: Place::Down },
        }
    }
}

impl Carrier for Folder {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carrying<'a> {
        Box::pin(self.attempt(delivery))
    }
}

fn document(told: &Told) -> String {
    let mut writer = Writer::new();
    writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    writer.open_with("ResultMessage", &[("xmlns", PARTNER_API)]);
    for (name, value) in FIELDS.iter().zip(&told.fields).filter(|(_, value)| !value.is_empty()) {
        writer.text(name, value);
    }
    writer.close("ResultMessage");
    writer.into_string()
}
