//! Lanes: where deliveries wait for their turn, one for each place that they go to, so that a place that is down keeps
//! nobody waiting who goes elsewhere.
//!
//! A lane has one entry among all lanes (its head) at the moment when its first delivery is due, or when its rest ends: a
//! place that is down costs one entry to pass over, however much waits for it. How often it has failed in a row is kept
//! with it, so a restart does not begin anew with a place that is down. Which of what is due goes first is `rank`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    StoreError, Transaction, chunk,
    conversations::{decode, read},
    deliveries::{Deliveries, counted},
    delivery::{Content, DeliveryKind, DeliveryState},
    delivery_key as keys, key,
    versions::Source,
};
use crate::clock::Time;

/// One place that deliveries go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// `https://host:port`, `email`, `file`, `send`, `connector:NAME`.
    pub name: String,
    /// When its first delivery is due, or its rest ends.
    pub head: Option<Time>,
    /// How it fares.
    pub health: Health,
}

/// How a place fares that deliveries go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Failures in a row.
    pub failures: u32,
    /// When the first of them was.
    pub failing: Option<Time>,
    /// Until when nothing is tried.
    pub rest: Option<Time>,
}

impl Lane {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), head: None, health: Health::default() }
    }

    /// Where its head belongs.
    pub(super) fn right_head(&self, deliveries: &Deliveries<'_>) -> Result<Option<Time>, StoreError> {
        let first = deliveries.first_in(&self.name)?;
        Ok(first.map(|(first, _)| self.health.rest.map_or(first, |rest| first.max(rest))))
    }
}

impl Lane {
    /// The connector whose lane it is.
    pub fn connector(&self) -> Option<&str> {
        self.name.strip_prefix(CONNECTOR)
    }

    /// The lane of a connector.
    pub fn of_connector(name: &str) -> String {
        format!("{CONNECTOR}{name}")
    }
}

impl Content {
    /// The lane that it waits in: of a callback its scheme, host and port; of a message its connector.
    pub fn lane(&self) -> String {
        of(self)
    }
}

pub(super) fn of(content: &Content) -> String {
    if let Content::Message(outgoing) = content {
        return Lane::of_connector(&outgoing.message.connector);
    }
    match content.kind() {
        DeliveryKind::Post => origin(content.address()),
        kind => kind.name().to_owned(),
    }
}

/// What the lanes of connectors begin with; their names follow.
pub(super) const CONNECTOR: &str = "connector:";

fn origin(url: &str) -> String {
    let (scheme, rest) = url.trim().split_once("://").unwrap_or(("https", url));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let usual = if scheme == "http" { 80 } else { 443 };
    match authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        // As a number, so that zeros before it make no other place of it. What is no port is not accepted as an address.
        Some((host, port)) => format!("{scheme}://{host}:{}", port.parse::<u16>().unwrap_or(usual)),
        None => format!("{scheme}://{authority}:{usual}"),
    }
}

/// Lanes that one look at what is due goes through.
const LANES: usize = 4096;

impl Deliveries<'_> {
    /// The numbers of what is due by `now`: at most `limit`, of each lane as many as `free` allows, the lane whose first has waited longest
    /// first, and within a lane by rank (`rank`); `begun` is how many have been begun in a lane before. And when the next lane is
    /// due that is not due yet. Lanes that rest are passed over without a look at what waits in them.
    pub fn due(
        &self,
        now: Time,
        limit: usize,
        free: &dyn Fn(&Lane) -> usize,
        begun: &dyn Fn(&str) -> u64,
    ) -> Result<(Vec<i64>, Option<Time>), StoreError> {
        let (from, next) = (keys::heads(), keys::heads_after(now.millis()));
        let mut found = Vec::new();
        if limit > 0 {
            let mut due: Vec<String> = Vec::new();
            self.0.visit(&from, Some(&next), &mut |key, head| {
                due.push(decode(key, &chunk::join(self.0, key, head.to_vec())?)?);
                Ok(due.len() < LANES)
            })?;
            for name in due {
                let room = limit.saturating_sub(found.len());
                let Some(lane) = self.lane(&name)?.filter(|_| room > 0) else { continue };
                let room = free(&lane).min(room);
                if room == 0 {
                    continue;
                }
                found.extend(self.due_in(&name, now, room, begun(&name))?);
            }
        }
        let mut then = None;
        self.0.visit(&next, key::after_prefix(&from).as_deref(), &mut |key, _| {
            then = keys::head_moment(key).map(Time::from_millis);
            Ok(false)
        })?;
        Ok((found, then))
    }

    /// One lane, as long as something waits in it or its last attempt failed.
    pub fn lane(&self, name: &str) -> Result<Option<Lane>, StoreError> {
        read(self.0, &keys::lane(name))
    }

    /// Lanes by name: at most `limit` that `wanted` takes.
    pub fn lanes(&self, limit: usize, wanted: &dyn Fn(&Lane) -> bool) -> Result<Vec<Lane>, StoreError> {
        self.lanes_under(&keys::lanes(""), limit, wanted)
    }

    /// As [`Deliveries::lanes`], of connectors alone; no other lane is looked at.
    pub fn lanes_of_connectors(&self, limit: usize, wanted: &dyn Fn(&Lane) -> bool) -> Result<Vec<Lane>, StoreError> {
        self.lanes_under(&keys::lanes(CONNECTOR), limit, wanted)
    }

    fn lanes_under(&self, from: &[u8], limit: usize, wanted: &dyn Fn(&Lane) -> bool) -> Result<Vec<Lane>, StoreError> {
        let mut lanes = Vec::new();
        if limit > 0 {
            self.0.visit(from, key::after_prefix(from).as_deref(), &mut |key, head| {
                let lane = decode(key, &chunk::join(self.0, key, head.to_vec())?)?;
                lanes.extend(Some(lane).filter(wanted));
                Ok(lanes.len() < limit)
            })?;
        }
        Ok(lanes)
    }
}

/// Lanes whose heads are to be looked at when a piece of work is done with them.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) lanes: BTreeSet<String>,
    /// Messages to one recipient whose turns may have changed, and their lane.
    pub(super) queues: BTreeMap<Vec<u8>, String>,
}

impl Touched {
    /// One lane.
    pub(super) fn one(lane: &str) -> Self {
        Self { lanes: BTreeSet::from([lane.to_owned()]), queues: BTreeMap::new() }
    }
}

impl Transaction<'_> {
    /// Gives the next their turns, and moves the heads of the lanes to where they belong.
    pub(super) fn settle_lanes(&mut self, mut touched: Touched) -> Result<(), StoreError> {
        self.settle_turns(&mut touched)?;
        for name in touched.lanes {
            self.remember_lane(&name);
            let lane = self.deliveries().lane(&name)?.unwrap_or_else(|| Lane::new(&name));
            self.put_lane(lane)?;
        }
        Ok(())
    }

    /// Writes down how a lane fares, of how it fared before; gives the lane as it now is.
    pub fn change_lane(&mut self, name: &str, change: impl FnOnce(Health) -> Health) -> Result<Lane, StoreError> {
        let lane = self.deliveries().lane(name)?.unwrap_or_else(|| Lane::new(name));
        let health = change(lane.health);
        if lane.health == health {
            return Ok(lane);
        }
        self.put_lane(Lane { health, ..lane })
    }

    fn put_lane(&mut self, mut lane: Lane) -> Result<Lane, StoreError> {
        let before = lane.head;
        lane.head = lane.right_head(&self.deliveries())?;
        if before != lane.head {
            if let Some(before) = before {
                chunk::remove(self, keys::head(before.millis(), &lane.name))?;
            }
            if let Some(head) = lane.head {
                self.write(keys::head(head.millis(), &lane.name), &lane.name)?;
            }
        }
        // What has not failed is remembered only while something waits in it.
        match lane.head.is_none() && lane.health == Health::default() {
            true => chunk::remove(self, keys::lane(&lane.name))?,
            false => self.write(keys::lane(&lane.name), &lane)?,
        }
        Ok(lane)
    }

    pub(super) fn count_delivery(
        &mut self,
        kind: DeliveryKind,
        state: DeliveryState,
        by: i64,
    ) -> Result<(), StoreError> {
        let key = keys::count(kind.byte(), state.byte());
        let count = self.get(&key)?.map_or(0, |bytes| counted(&bytes)).saturating_add_signed(by);
        self.set(key, Some(count.to_be_bytes().to_vec()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callbacks_lane_is_its_scheme_host_and_port() {
        for (url, lane) in [
            ("https://H.example/a?b", "https://h.example:443"),
            ("https://h.example:8443/x", "https://h.example:8443"),
            ("https://h.example:0443/x", "https://h.example:443"),
            ("HTTP://h.example", "http://h.example:80"),
            ("https://[2001:DB8::1]/x", "https://[2001:db8::1]:443"),
            ("https://[::1]:9/x", "https://[::1]:9"),
            ("https://h.example#x", "https://h.example:443"),
        ] {
            assert_eq!(origin(url), lane);
        }
    }
}
