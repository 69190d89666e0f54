//! Whose key is this? The roster of genesis, looked up by key and by index.

use std::collections::BTreeMap;

use payout::key::PublicKey;
use payout::policy::{Roster, Seat};

/// A party of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A co-signer, by index.
    Cosigner(u8),
    /// A gateway, by name.
    Gateway(String),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cosigner(index) => write!(f, "co-signer {index}"),
            Self::Gateway(name) => write!(f, "gateway {name}"),
        }
    }
}

/// A roster, indexed. The roster was checked when genesis was parsed: keys and indices are distinct.
#[derive(Debug, Clone)]
pub struct Directory {
    threshold: u8,
    cosigners: BTreeMap<u8, Seat>,
    gateways: BTreeMap<String, PublicKey>,
    by_key: BTreeMap<PublicKey, Who>,
}

impl Directory {
    /// Indexes a checked roster.
    pub fn new(roster: &Roster) -> Self {
        let cosigners = roster.cosigners.iter().map(|seat| (seat.index, seat.clone())).collect();
        let gateways = roster.gateways.iter().map(|seat| (seat.name.clone(), seat.key)).collect();
        let cosigner_keys = roster.cosigners.iter().map(|seat| (seat.key, Who::Cosigner(seat.index)));
        let gateway_keys = roster.gateways.iter().map(|seat| (seat.key, Who::Gateway(seat.name.clone())));
        let by_key = cosigner_keys.chain(gateway_keys).collect();
        Self { threshold: roster.threshold, cosigners, gateways, by_key }
    }

    /// Who has this key.
    pub fn who(&self, key: &PublicKey) -> Option<&Who> {
        self.by_key.get(key)
    }

    /// The index of the co-signer with this key.
    pub fn cosigner_of(&self, key: &PublicKey) -> Option<u8> {
        match self.who(key)? {
            Who::Cosigner(index) => Some(*index),
            Who::Gateway(_) => None,
        }
    }

    /// A co-signer's seat.
    pub fn seat(&self, index: u8) -> Option<&Seat> {
        self.cosigners.get(&index)
    }

    /// A co-signer's key.
    pub fn cosigner_key(&self, index: u8) -> Option<PublicKey> {
        self.seat(index).map(|seat| seat.key)
    }

    /// A gateway's key.
    pub fn gateway_key(&self, name: &str) -> Option<PublicKey> {
        self.gateways.get(name).copied()
    }

    /// All co-signers' seats by index.
    pub fn cosigners(&self) -> impl ExactSizeIterator<Item = &Seat> {
        self.cosigners.values()
    }

    /// All co-signers' keys, which a gateway lets in.
    pub fn cosigner_keys(&self) -> Vec<PublicKey> {
        self.cosigners().map(|seat| seat.key).collect()
    }

    /// How many sign.
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }
}
