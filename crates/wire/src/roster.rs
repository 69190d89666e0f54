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

#[cfg(test)]
mod tests {
    use super::*;
    use payout::key::SecretKey;
    use payout::policy::GatewaySeat;

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed(&[seed; 32]).public()
    }

    fn directory() -> Directory {
        let seat = |index| Seat { index, name: format!("signer-{index}"), key: key(index) };
        Directory::new(&Roster {
            threshold: 2,
            cosigners: vec![seat(1), seat(2), seat(3)],
            gateways: vec![GatewaySeat { name: "east".to_owned(), key: key(9) }],
        })
    }

    #[test]
    fn a_key_says_whose_it_is() {
        let directory = directory();
        assert_eq!(directory.who(&key(2)), Some(&Who::Cosigner(2)));
        assert_eq!(directory.who(&key(9)), Some(&Who::Gateway("east".to_owned())));
        assert_eq!(directory.who(&key(4)), None);
    }

    #[test]
    fn a_gateways_key_is_no_cosigners() {
        let directory = directory();
        assert_eq!(directory.cosigner_of(&key(3)), Some(3));
        assert_eq!(directory.cosigner_of(&key(9)), None);
        assert_eq!(directory.cosigner_keys(), [key(1), key(2), key(3)]);
    }

    #[test]
    fn seats_are_found_by_index_and_gateways_by_name() {
        let directory = directory();
        assert_eq!(directory.cosigner_key(1), Some(key(1)));
        assert_eq!(directory.cosigner_key(4), None);
        assert_eq!(directory.gateway_key("east"), Some(key(9)));
        assert_eq!(directory.seat(2).map(|seat| seat.name.as_str()), Some("signer-2"));
        assert_eq!(directory.threshold(), 2);
    }
}
