//! Who holds key shares and who carries messages: fixed in genesis.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::key::PublicKey;

/// The most co-signers of a deployment: the measured cost of the protocol grows with the square.
pub const MAX_COSIGNERS: u8 = 9;

/// The co-signers and gateways of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// How many co-signers sign (t).
    #[serde(with = "crate::policy::number")]
    pub threshold: u8,
    /// The co-signers (n of them), in the order of their indices.
    pub cosigners: Vec<Seat>,
    /// The gateways that co-signers dial.
    pub gateways: Vec<GatewaySeat>,
}

/// A co-signer's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Its number in the protocol, from 1.
    #[serde(with = "crate::policy::number")]
    pub index: u8,
    /// For people.
    pub name: String,
    /// Its identity: channel, journal and link are signed with it.
    pub key: PublicKey,
}

/// A gateway's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySeat {
    /// For people.
    pub name: String,
    /// Its identity on the channel.
    pub key: PublicKey,
}

/// What is wrong with a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// More seats than the protocol is measured for, or fewer than two.
    #[error("there are {count} co-signers; 2 to {MAX_COSIGNERS} are possible")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// Not 2 <= t <= n.
    #[error("the threshold {threshold} is not between 2 and the number of co-signers, {count}")]
    Threshold {
        /// t.
        threshold: u8,
        /// n.
        count: u8,
    },
    /// Not 2t > n: two quorums without a common member could sign two effects of one payout.
    #[error(
        "with {threshold} of {count}, two quorums need not share a member; twice the threshold must exceed {count}"
    )]
    Disjoint {
        /// t.
        threshold: u8,
        /// n.
        count: u8,
    },
    /// Indices are not 1, 2, … n in order.
    #[error("co-signer number {position} in the list has the index {index}")]
    Index {
        /// Its place in the list, from 1.
        position: u8,
        /// Its index.
        index: u8,
    },
    /// Two seats with one key would be one machine that counts twice.
    #[error("the key {key} stands at two places")]
    SameKey {
        /// The key.
        key: PublicKey,
    },
    /// Nothing to dial.
    #[error("there is no gateway")]
    NoGateway,
    /// A name that people can't tell apart or read.
    #[error("names of co-signers and gateways have 1 to 64 characters, and no two are equal")]
    Name,
}

impl Roster {
    /// Refuses what the invariants can't be built on.
    ///
    /// # Errors
    /// [`RosterError`], the first that applies.
    pub fn check(&self) -> Result<(), RosterError> {
        let count = match u8::try_from(self.cosigners.len()) {
            Ok(count) if (2..=MAX_COSIGNERS).contains(&count) => count,
            _ => return Err(RosterError::Count { count: self.cosigners.len() }),
        };
        let threshold = self.threshold;
        if !(2..=count).contains(&threshold) {
            return Err(RosterError::Threshold { threshold, count });
        }
        if 2 * threshold <= count {
            return Err(RosterError::Disjoint { threshold, count });
        }
        for (position, seat) in (1..).zip(&self.cosigners) {
            if seat.index != position {
                return Err(RosterError::Index { position, index: seat.index });
            }
        }
        if self.gateways.is_empty() {
            return Err(RosterError::NoGateway);
        }
        let mut names = BTreeSet::new();
        for name in self.names() {
            if name.is_empty() || name.chars().count() > 64 || !names.insert(name) {
                return Err(RosterError::Name);
            }
        }
        let mut keys = BTreeSet::new();
        match self.keys().find(|key| !keys.insert(*key)) {
            Some(key) => Err(RosterError::SameKey { key }),
            None => Ok(()),
        }
    }

    /// n, the number of key shares.
    pub fn share_count(&self) -> u8 {
        u8::try_from(self.cosigners.len()).unwrap_or(u8::MAX)
    }

    /// f, the number of compromised or restored co-signers that exactly-once withstands: 2t − n − 1.
    pub fn faults_assumed(&self) -> u8 {
        (2 * self.threshold).saturating_sub(self.share_count()).saturating_sub(1)
    }

    /// The seat with this index.
    pub fn seat(&self, index: u8) -> Option<&Seat> {
        self.cosigners.iter().find(|seat| seat.index == index)
    }

    /// The seat with this key.
    pub fn seat_of(&self, key: &PublicKey) -> Option<&Seat> {
        self.cosigners.iter().find(|seat| seat.key == *key)
    }

    /// The gateway with this key.
    pub fn gateway_of(&self, key: &PublicKey) -> Option<&GatewaySeat> {
        self.gateways.iter().find(|seat| seat.key == *key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = PublicKey> {
        self.cosigners.iter().map(|seat| seat.key).chain(self.gateways.iter().map(|seat| seat.key))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.cosigners
            .iter()
            .map(|seat| seat.name.as_str())
            .chain(self.gateways.iter().map(|g| g.name.as_str()))
    }
}
