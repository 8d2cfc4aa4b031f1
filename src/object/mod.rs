//! Values of the schema's types: read from foreign XML, hold, look up by property path, write, cut to the base.
//!
//! Only `read` parses foreign XML, and there is one parser on it. This room is pure: no socket, disk, clock or thread.

mod chars;
mod decode;
mod echo;
mod node;
mod read;
mod tree;
pub mod value;
mod verbatim;
mod write;

use serde::{Deserialize, Serialize};

pub use self::{
    decode::{DecodeError, decode},
    echo::{base_of, only_base},
    node::{Children, Node},
    read::{Limits, ReadError, ReadErrorKind, read},
    tree::Tree,
    write::Writer,
};

/// An object that is held and changed: what the store keeps and the backend works on.
/// (A request is first read into a flat tree that borrows its text; an `Object` owns what it holds.)
///
/// Members keep the order in which they came; a repeated member stands repeatedly. Members that the schema does
/// not know are kept like the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The type's name, `Subscriber`; empty where neither `xsi:type` nor the schema told it.
    pub kind: Box<str>,
    /// What it holds.
    pub members: Vec<Member>,
}

/// One member of an [`Object`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The element's local name; `{uri}local` when it is not of the PartnerAPI namespace.
    pub name: Box<str>,
    /// What it holds.
    pub value: Value,
}

/// What a member holds. `<A xsi:nil="true"/>`, `<A/>` and no `A` at all are three different things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// `xsi:nil="true"`
    Nil,
    /// Character data, unescaped; empty for an empty element.
    Text(Box<str>),
    /// An element with children, or one whose declared type is complex.
    Object(Object),
}

impl Object {
    /// An empty object of a type.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.into(), members: Vec::new() }
    }

    /// The first member called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|member| *member.name == *name).map(|member| &member.value)
    }

    /// Every member called `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.members.iter().filter(move |member| *member.name == *name).map(|member| &member.value)
    }

    /// The text at a dotted path (`Client.EnterpriseID`); `None` when absent, nil or not text.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.at(path)? {
            Value::Text(text) => Some(text),
            Value::Nil | Value::Object(_) => None,
        }
    }

    /// The value at a dotted path.
    pub fn at(&self, path: &str) -> Option<&Value> {
        match path.split_once('.') {
            None => self.get(path),
            Some((first, rest)) => match self.get(first)? {
                Value::Object(object) => object.at(rest),
                Value::Nil | Value::Text(_) => None,
            },
        }
    }

    /// The object at a member.
    pub fn object(&self, name: &str) -> Option<&Object> {
        match self.get(name)? {
            Value::Object(object) => Some(object),
            Value::Nil | Value::Text(_) => None,
        }
    }

    /// Replaces every member called `name` by this one, at the place of the first; appends when there was none.
    pub fn set(&mut self, name: &str, value: Value) {
        let at = self.members.iter().position(|member| *member.name == *name);
        self.remove(name);
        let at = at.unwrap_or(self.members.len());
        self.members.insert(at, Member { name: name.into(), value });
    }

    /// [`Object::set`] with text.
    pub fn set_text(&mut self, name: &str, text: impl Into<Box<str>>) {
        self.set(name, Value::Text(text.into()));
    }

    /// Appends a member, whether or not there is one of that name.
    pub fn push(&mut self, name: &str, value: Value) {
        self.members.push(Member { name: name.into(), value });
    }

    /// Removes every member called `name`.
    pub fn remove(&mut self, name: &str) {
        self.members.retain(|member| *member.name != *name);
    }
}

impl Value {
    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nil | Self::Object(_) => None,
        }
    }

    /// The object, when it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Nil | Self::Text(_) => None,
        }
    }
}
