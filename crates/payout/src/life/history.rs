//! The append-only, hash-chained history of one payout.
//!
//! Each entry commits to the one before it and to the payout, so that an export can be checked offline: nothing was
//! taken out, put in or moved.

use serde::{Deserialize, Serialize};

use super::event::{Cause, Event};
use super::state::{Build, State};
use crate::canonical;
use crate::ids::{Cid, Digest};
use crate::intent::Intent;
use crate::time::Millis;

const DOMAIN: &str = "bursar/history/v1";

/// What an entry records: the beginning, or one event after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The payout was accepted in this state.
    Accepted {
        /// The intent, whole.
        intent: Box<Intent>,
        /// The first state.
        state: Box<State>,
    },
    /// Something happened to it.
    Event(Box<Event>),
}

/// One line of a payout's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which payout.
    pub cid: Cid,
    /// From 0, without gaps.
    pub seq: u32,
    /// When, by the gateway's clock.
    pub at: Millis,
    /// Who or what caused it.
    pub cause: Cause,
    /// What.
    pub record: Record,
    /// The hash of the entry before; of nothing for the first.
    pub previous: Digest,
    /// Over all the above.
    pub hash: Digest,
}

/// The newest bytes that a history tells of.
pub fn newest_build(history: &[Entry]) -> Option<&Build> {
    history.iter().rev().find_map(|entry| match &entry.record {
        Record::Event(event) => match &**event {
            Event::Built { build } | Event::Outbid { build } => Some(build),
            _ => None,
        },
        Record::Accepted { .. } => None,
    })
}

/// What a history lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the history of payout {cid} is broken at entry {seq}: {why}")]
pub struct Broken {
    /// Which payout.
    pub cid: Cid,
    /// The first entry that does not fit.
    pub seq: u32,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Entry {
    /// The hash that stands before the first entry.
    pub const ORIGIN: Digest = Digest::from_bytes([0; 32]);

    /// The first entry.
    pub fn first(cid: Cid, at: Millis, cause: Cause, record: Record) -> Self {
        Self::chain(cid, 0, Self::ORIGIN, at, cause, record)
    }

    /// The entry after this one.
    pub fn next(&self, at: Millis, cause: Cause, record: Record) -> Self {
        Self::chain(self.cid, self.seq + 1, self.hash, at, cause, record)
    }

    /// An entry at a known place of the chain: what a writer needs that holds only the head's number and hash.
    pub fn chain(cid: Cid, seq: u32, previous: Digest, at: Millis, cause: Cause, record: Record) -> Self {
        let hash = hash(cid, seq, &previous, at, &cause, &record);
        Self { cid, seq, at, cause, record, previous, hash }
    }
}

fn hash(cid: Cid, seq: u32, previous: &Digest, at: Millis, cause: &Cause, record: &Record) -> Digest {
    Digest::of(
        DOMAIN,
        &[
            cid.to_string().as_bytes(),
            &seq.to_be_bytes(),
            previous.as_bytes(),
            at.to_string().as_bytes(),
            canonical::text(cause).as_bytes(),
            canonical::text(record).as_bytes(),
        ],
    )
}

/// Checks a whole history, in order, and replays it: the state that it leads to.
///
/// # Errors
/// [`Broken`] names the first entry that was altered, is missing, or could not have happened.
pub fn verify_history(cid: Cid, entries: &[Entry]) -> Result<super::Payout, Broken> {
    let mut previous = Entry::ORIGIN;
    let mut payout: Option<super::Payout> = None;
    for (index, entry) in entries.iter().enumerate() {
        let seq = u32::try_from(index).unwrap_or(u32::MAX);
        let broken = |why| Broken { cid, seq, why };
        if entry.cid != cid || entry.seq != seq {
            return Err(broken("another entry stands in its place"));
        }
        if entry.previous != previous {
            return Err(broken("it does not follow the entry before it"));
        }
        if entry.hash != hash(cid, seq, &previous, entry.at, &entry.cause, &entry.record) {
            return Err(broken("its content was altered"));
        }
        payout = Some(match (payout, &entry.record) {
            (None, Record::Accepted { intent, state }) => {
                if intent.cid != cid {
                    return Err(broken("it tells of another payout"));
                }
                if !state.is_beginning() {
                    return Err(broken("a payout does not begin like this"));
                }
                super::Payout { intent: (**intent).clone(), state: (**state).clone() }
            }
            (Some(payout), Record::Event(event)) => payout
                .apply((**event).clone(), entry.at)
                .map_err(|_| broken("it could not have happened then"))?,
            (None, Record::Event(_)) => return Err(broken("the beginning is missing")),
            (Some(_), Record::Accepted { .. }) => return Err(broken("it begins twice")),
        });
        previous = entry.hash;
    }
    payout.ok_or(Broken { cid, seq: 0, why: "it is empty" })
}
