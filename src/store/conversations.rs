//! Conversations: their state, their parts, when something is due. Keys are in `conversation_key`.
//!
//! A conversation is one small record that the rule book reads and writes; each part is a record of its own with its
//! envelope (beside it, where that is long), so that what a step costs does not grow with the number or the size of the other parts. The index of what is
//! due has one entry for each conversation at the most: a start looks at nothing else. When results have been kept long
//! enough, everything goes but the mark that the ConversationID was used; that one stays for ever.
//!
//! Every record is a version byte (1) and postcard. What a client may reach is under names that are made from an [`Owner`];
//! what is due, and lists for operators, go over all accounts and are asked by the program itself.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Name, Owner, StoreError, Transaction, View, chunk, conversation_key as keys, key, readable, versions::Source,
};
use crate::{
    clock::Time,
    conversation::Conversation,
    message::{client::Remembered, options::SendResponseTo},
};

pub(super) const VERSION: u8 = 1;

/// An envelope of so many bytes stands in its part's record: one key fewer to write, and little to read with the record.
pub const SHORT_ENVELOPE: usize = 4 << 10;

/// A conversation as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub name: Name,
    /// What the rule book knows of it.
    pub rules: Conversation,
    /// Bytes of its parts' envelopes.
    pub bytes: u64,
    /// When it was over.
    pub ended: Option<Time>,
    /// When something is due, as the index has it; of an open conversation it may be earlier than that.
    pub due: Option<Time>,
    /// The conversation whose remainder this one is.
    pub renews: Option<String>,
    /// The conversation that was made of its remainder.
    pub renewed_as: Option<String>,
}

impl Kept {
    /// What stands for a conversation whose record cannot be read. It is for showing, and never stored.
    pub fn unreadable(name: Name) -> Self {
        let rules = Conversation::unreadable();
        Self { name, rules, bytes: 0, ended: None, due: None, renews: None, renewed_as: None }
    }
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Known {
    /// A conversation.
    Kept(Box<Kept>),
    /// It has been, and its id is used.
    Used,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// SequenceCode
    pub sequence: u32,
    /// RequestID of the immediate answer.
    pub request_id: String,
    /// The operation's name.
    pub operation: String,
    /// Who asked.
    pub by: Remembered,
    /// How many objects it has.
    pub objects: u64,
    /// Where its results go.
    pub targets: Vec<SendResponseTo>,
    /// When it was accepted.
    pub accepted: Time,
    /// How long its envelope is.
    pub bytes: u64,
    /// Its envelope, when that has at most [`SHORT_ENVELOPE`] bytes; a longer one is a record of its own.
    pub envelope: Option<String>,
    /// When it was taken up.
    pub started: Option<Time>,
    /// When it was over.
    pub finished: Option<Time>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// The numbers under which its results are kept, and its job.
    pub results: Results,
}

/// The numbers of what is kept about a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// AsyncRequestResult
    pub job: i64,
    /// ResultMessage
    pub message: Option<i64>,
    /// ResultItem, in the order of the objects.
    pub items: Vec<i64>,
}

/// How a part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Every object was done.
    Ok,
    /// It was run, and at least one object was not done.
    Error,
    /// It was not run, because the conversation had ended before its turn.
    NotCompleted,
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// By now, the longest due first.
    pub names: Vec<Name>,
    /// When the next one is, that is not due yet.
    pub next: Option<Time>,
    /// Entries that name no conversation; the others are not held up by them.
    pub damaged: Vec<StoreError>,
}

/// Conversations, to read.
#[derive(Clone, Copy)]
pub struct Conversations<'a>(&'a dyn Source);

impl View<'_> {
    /// The conversations of all accounts.
    pub fn conversations(&self) -> Conversations<'_> {
        Conversations(self)
    }
}

impl<'a> Conversations<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self(source)
    }

    /// What is known of a name.
    pub fn get(&self, name: &Name) -> Result<Option<Known>, StoreError> {
        read(self.0, &keys::conversation(name))
    }

    /// One part.
    pub fn part(&self, name: &Name, sequence: u32) -> Result<Option<Part>, StoreError> {
        read(self.0, &keys::part(name, sequence))
    }

    /// All parts in SequenceCode order.
    pub fn parts(&self, name: &Name) -> Result<Vec<Part>, StoreError> {
        let from = keys::parts(name);
        let mut parts = Vec::new();
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, head| {
            parts.push(decode(key, &chunk::join(self.0, key, head.to_vec())?)?);
            Ok(true)
        })?;
        Ok(parts)
    }

    /// The parts that can be read, in SequenceCode order, and how many cannot.
    pub fn readable_parts(&self, name: &Name) -> Result<(Vec<Part>, u32), StoreError> {
        let from = keys::parts(name);
        let (mut parts, mut damaged) = (Vec::new(), 0);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, head| {
            match chunk::join(self.0, key, head.to_vec()).and_then(|bytes| decode(key, &bytes)) {
                Ok(part) => parts.push(part),
                Err(StoreError::Corrupt { key, reason }) => {
                    tracing::error!(key, reason, "a part cannot be read");
                    damaged += 1;
                }
                Err(error) => return Err(error),
            }
            Ok(true)
        })?;
        Ok((parts, damaged))
    }

    /// How many parts there are, by counting them.
    pub fn count_parts(&self, name: &Name) -> Result<u32, StoreError> {
        let (from, mut count) = (keys::parts(name), 0);
        self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(count)
    }

    /// The envelope of a part.
    pub fn envelope(&self, name: &Name, sequence: u32) -> Result<Option<String>, StoreError> {
        if let Some(envelope) = self.part(name, sequence)?.and_then(|part| part.envelope) {
            return Ok(Some(envelope));
        }
        let key = keys::envelope(name, sequence);
        let Some(bytes) = chunk::read(self.0, &key)? else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|error| corrupt(&key, &error.to_string()))
    }

    /// The conversation and part of a request.
    pub fn of_request(
        &self,
        owner: &(impl Owner + ?Sized),
        request_id: &str,
    ) -> Result<Option<(Name, u32)>, StoreError> {
        read(self.0, &keys::request(owner.account(), request_id))
    }

    /// What is due by `now`: at most `limit` of those that `free` takes. And when the next one is due that is not due yet.
    pub fn due(&self, now: Time, limit: usize, free: &dyn Fn(&Name) -> bool) -> Result<Due, StoreError> {
        let (from, next) = (keys::all_due(), keys::due_after(now.millis()));
        let mut due = Due::default();
        if limit > 0 {
            self.0.visit(&from, Some(&next), &mut |key, head| {
                match chunk::join(self.0, key, head.to_vec()).and_then(|bytes| decode(key, &bytes)) {
                    Ok(name) if free(&name) => due.names.push(name),
                    Ok(_) => {}
                    Err(damage @ StoreError::Corrupt { .. }) => due.damaged.push(damage),
                    Err(error) => return Err(error),
                }
                Ok(due.names.len() < limit)
            })?;
        }
        self.0.visit(&next, key::after_prefix(&from).as_deref(), &mut |key, _| {
            due.next = keys::moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok(due)
    }

    /// Conversations of all accounts in the order of their names: at most `limit` that `wanted` takes. One whose record
    /// cannot be read stands among them as [`Kept::unreadable`].
    pub fn list(&self, limit: usize, wanted: &dyn Fn(&Kept) -> bool) -> Result<Vec<Kept>, StoreError> {
        let (from, mut list) = (keys::conversations(), Vec::new());
        if limit > 0 {
            self.0.visit(&from, key::after_prefix(&from).as_deref(), &mut |key, head| {
                let known = match chunk::join(self.0, key, head.to_vec()).and_then(|bytes| decode(key, &bytes)) {
                    Ok(known) => known,
                    Err(StoreError::Corrupt { .. }) => match keys::name(key) {
                        Some(name) => Known::Kept(Box::new(Kept::unreadable(name))),
                        None => return Ok(true),
                    },
                    Err(error) => return Err(error),
                };
                if let Known::Kept(kept) = known
                    && wanted(&kept)
                {
                    list.push(*kept);
                }
                Ok(list.len() < limit)
            })?;
        }
        Ok(list)
    }
}

impl Transaction<'_> {
    /// The conversations of all accounts, to read.
    pub fn conversations(&self) -> Conversations<'_> {
        Conversations(self)
    }

    /// Keeps a conversation, and moves its entry among what is due from where it stood to `due`.
    pub fn put_conversation(&mut self, kept: &mut Kept, due: Option<Time>) -> Result<(), StoreError> {
        self.move_due(&kept.name, kept.due, due)?;
        kept.due = due;
        self.write(keys::conversation(&kept.name), &Known::Kept(Box::new(kept.clone())))
    }

    /// Keeps a part as it now is.
    pub fn put_part(&mut self, name: &Name, part: &Part) -> Result<(), StoreError> {
        self.write(keys::part(name, part.sequence), part)
    }

    /// Keeps a new part with its envelope, found by its RequestID from now on.
    pub fn add_part(&mut self, name: &Name, mut part: Part, envelope: &str) -> Result<(), StoreError> {
        match envelope.len() <= SHORT_ENVELOPE {
            true => part.envelope = Some(envelope.to_owned()),
            false => chunk::write(self, keys::envelope(name, part.sequence), envelope.as_bytes())?,
        }
        self.put_part(name, &part)?;
        self.write(keys::request(name.account, &part.request_id), &(name, part.sequence))
    }

    /// Removes a conversation with its parts and what is owed for them. Its ConversationID stays used.
    pub fn forget_conversation(&mut self, kept: &Kept) -> Result<(), StoreError> {
        let name = &kept.name;
        // One that cannot be read goes too; only its RequestID is not known then, and that entry stays.
        for part in self.conversations().readable_parts(name)?.0 {
            chunk::remove(self, keys::request(name.account, &part.request_id))?;
        }
        for sequence in kept.rules.received().iter() {
            self.discard(keys::envelope(name, sequence))?;
            self.discard(keys::part(name, sequence))?;
        }
        self.forget_deliveries(name)?;
        self.move_due(name, kept.due, None)?;
        match name.single {
            // Nobody chooses a RequestID, so none comes twice.
            true => chunk::remove(self, keys::conversation(name)),
            false => self.write(keys::conversation(name), &Known::Used),
        }
    }

    /// Removes a record, also one that cannot be read; of that one pieces may be left behind.
    fn discard(&mut self, key: Vec<u8>) -> Result<(), StoreError> {
        match chunk::remove(self, key.clone()) {
            Err(StoreError::Corrupt { .. }) => {
                self.set(key, None);
                Ok(())
            }
            removed => removed,
        }
    }

    fn move_due(&mut self, name: &Name, from: Option<Time>, to: Option<Time>) -> Result<(), StoreError> {
        if from == to {
            return Ok(());
        }
        if let Some(from) = from {
            chunk::remove(self, keys::due(from.millis(), name))?;
        }
        match to {
            Some(to) => self.write(keys::due(to.millis(), name), name),
            None => Ok(()),
        }
    }

    pub(super) fn write<T: Serialize + ?Sized>(&mut self, key: Vec<u8>, record: &T) -> Result<(), StoreError> {
        let bytes = postcard::to_extend(record, vec![VERSION])
            .map_err(|error| StoreError::Unwritable { key: readable::key(&key), reason: error.to_string() })?;
        chunk::write(self, key, &bytes)
    }
}

pub(super) fn read<T: DeserializeOwned>(source: &dyn Source, key: &[u8]) -> Result<Option<T>, StoreError> {
    match chunk::read(source, key)? {
        Some(bytes) => decode(key, &bytes).map(Some),
        None => Ok(None),
    }
}

pub(super) fn decode<T: DeserializeOwned>(key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    let record = match bytes.split_first() {
        Some((&VERSION, record)) => record,
        Some((version, _)) => return Err(corrupt(key, &format!("version {version} is not {VERSION}"))),
        None => return Err(corrupt(key, "it is empty")),
    };
    match postcard::take_from_bytes(record) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(corrupt(key, &format!("{} bytes are left over", rest.len()))),
        Err(error) => Err(corrupt(key, &error.to_string())),
    }
}

pub(super) fn corrupt(key: &[u8], reason: &str) -> StoreError {
    StoreError::Corrupt { key: readable::key(key), reason: reason.to_owned() }
}
