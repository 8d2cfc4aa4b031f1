//! How what is told is kept. A mail of a triggered send, or a message of a connector, of the usual priority is kept in the form that
//! it had before there were priorities: so what earlier versions wrote is read, and means what it meant.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeTupleVariant};

use super::{
    delivery::{Content, Notice},
    outgoing::Outgoing,
    send::Send,
};
use crate::message::options::Priority;

const NAME: &str = "Content";

/// As it is read. The variants stand in the order of their numbers, under which [`Content::serialize`] writes them.
#[derive(Deserialize)]
#[serde(rename = "Content")]
pub(super) enum Kept {
    Results(Box<Notice>),
    Send(Box<Send>),
    Message(Box<Outgoing>),
    Ranked(Priority, Box<Send>),
    RankedMessage(Priority, Box<Outgoing>),
}

impl From<Kept> for Content {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Results(notice) => Self::Results(notice),
            Kept::Send(send) => Self::Send(send),
            Kept::Message(outgoing) => Self::Message(outgoing),
            Kept::Ranked(priority, mut send) => {
                send.priority = priority;
                Self::Send(send)
            }
            Kept::RankedMessage(priority, mut outgoing) => {
                outgoing.priority = priority;
                Self::Message(outgoing)
            }
        }
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Results(notice) => serializer.serialize_newtype_variant(NAME, 0, "Results", notice),
            Self::Send(send) if send.priority == Priority::default() => {
                serializer.serialize_newtype_variant(NAME, 1, "Send", send)
            }
            Self::Message(outgoing) if outgoing.priority == Priority::default() => {
                serializer.serialize_newtype_variant(NAME, 2, "Message", outgoing)
            }
            Self::Send(send) => {
                let mut ranked = serializer.serialize_tuple_variant(NAME, 3, "Ranked", 2)?;
                ranked.serialize_field(&send.priority)?;
                ranked.serialize_field(send)?;
                ranked.end()
            }
            Self::Message(outgoing) => {
                let mut ranked = serializer.serialize_tuple_variant(NAME, 4, "RankedMessage", 2)?;
                ranked.serialize_field(&outgoing.priority)?;
                ranked.serialize_field(outgoing)?;
                ranked.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the version before priorities had it.
    #[derive(PartialEq, Debug, Serialize, Deserialize)]
    enum Before {
        Results(Box<Notice>),
        Send(Box<Send>),
        Message(Box<Outgoing>),
    }

    fn send(priority: Priority) -> Content {
        Content::Send(Box::new(Send { account: 7, address: "ada@example.com".to_owned(), priority, ..Send::default() }))
    }

    #[test]
    fn every_priority_comes_back_in_bytes_and_in_json() {
        for priority in [Priority::Low, Priority::Medium, Priority::High] {
            let bytes = postcard::to_stdvec(&send(priority)).unwrap();
            assert_eq!(postcard::from_bytes::<Content>(&bytes).unwrap(), send(priority));
            let json = serde_json::to_string(&send(priority)).unwrap();
            assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), send(priority), "{json}");
        }
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read_as_of_the_usual_priority() {
        let Content::Send(held) = send(Priority::Medium) else { panic!("a send") };
        let before = postcard::to_stdvec(&Before::Send(held)).unwrap();
        assert_eq!(postcard::from_bytes::<Content>(&before).unwrap(), send(Priority::Medium));
        assert_eq!(postcard::to_stdvec(&send(Priority::Medium)).unwrap(), before);
    }
}
