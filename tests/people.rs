//! Subscribers, lists, memberships and Execute through `backend::apply`, each request given as SOAP text.

#[path = "people/house.rs"]
mod house;
#[path = "people/lists.rs"]
mod lists;
#[path = "people/memberships.rs"]
mod memberships;
#[path = "people/random.rs"]
mod random;
#[path = "people/subscribers.rs"]
mod subscribers;
#[path = "people/unsubscribing.rs"]
mod unsubscribing;
