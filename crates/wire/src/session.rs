//! The ids that signing sessions and ceremonies commit to. They enter the signing protocol itself, so two parties that
//! differ in any part of them compute nothing together.

use std::collections::BTreeMap;

use payout::ids::{Digest, WalletId};
use sha2::Digest as _;

use crate::message::Label;

/// Everything that a signing session is about.
#[derive(Debug, Clone, Copy)]
pub struct SessionFacts<'a> {
    /// The deployment.
    pub deployment: &'a Digest,
    /// The session's name on the wire.
    pub label: &'a Label,
    /// The intent's digest.
    pub intent: &'a Digest,
    /// The unsigned transaction.
    pub unsigned: &'a [u8],
    /// The wallet.
    pub wallet: WalletId,
    /// The derivation path below the wallet's key: the one field that selects the key. Never hardened.
    pub path: &'a [u32],
    /// The epoch of the shares.
    pub epoch: u32,
    /// Each participant's index and the randomness that it brought.
    pub participants: &'a BTreeMap<u8, [u8; 32]>,
}

impl SessionFacts<'_> {
    /// The session's id.
    pub fn id(&self) -> Digest {
        // Destructured whole: a field added and left out does not compile.
        let Self { deployment, label, intent, unsigned, wallet, path, epoch, participants } = self;
        let unsigned = sha2::Sha256::digest(unsigned);
        let path: Vec<u8> = path.iter().flat_map(|step| step.to_be_bytes()).collect();
        let (indices, randoms) = columns(participants);
        Digest::of(
            "bursar/session/v1",
            &[
                deployment.as_bytes(),
                label.as_bytes(),
                intent.as_bytes(),
                &unsigned,
                &wallet.get().to_be_bytes(),
                &path,
                &epoch.to_be_bytes(),
                &indices,
                &randoms,
            ],
        )
    }
}

/// The id of a ceremony: the deployment, the order that everybody was shown
/// ([`crate::message::OpenCeremony::digest`], which covers label, wallet and purpose), and each participant's
/// randomness.
pub fn ceremony_id(deployment: &Digest, order: &Digest, participants: &BTreeMap<u8, [u8; 32]>) -> Digest {
    let (indices, randoms) = columns(participants);
    Digest::of("bursar/ceremony/v1", &[deployment.as_bytes(), order.as_bytes(), &indices, &randoms])
}

/// Indices in order, and the randomness in the same order.
fn columns(participants: &BTreeMap<u8, [u8; 32]>) -> (Vec<u8>, Vec<u8>) {
    (participants.keys().copied().collect(), participants.values().flatten().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_depends_on_every_fact() {
        let (a, b) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let (label, other) = (Label::from_bytes([3; 16]), Label::from_bytes([4; 16]));
        let two = BTreeMap::from([(1, [5; 32]), (2, [6; 32])]);
        let swapped = BTreeMap::from([(1, [6; 32]), (2, [5; 32])]);
        let others = BTreeMap::from([(1, [5; 32]), (3, [6; 32])]);
        let wallet = WalletId::new(7).unwrap();
        let facts = SessionFacts {
            deployment: &a,
            label: &label,
            intent: &b,
            unsigned: b"bytes",
            wallet,
            path: &[0, 1],
            epoch: 1,
            participants: &two,
        };
        let variants = [
            facts,
            SessionFacts { deployment: &b, ..facts },
            SessionFacts { label: &other, ..facts },
            SessionFacts { intent: &a, ..facts },
            SessionFacts { unsigned: b"other", ..facts },
            SessionFacts { wallet: WalletId::new(8).unwrap(), ..facts },
            SessionFacts { path: &[1, 0], ..facts },
            SessionFacts { path: &[0], ..facts },
            SessionFacts { epoch: 2, ..facts },
            SessionFacts { participants: &swapped, ..facts },
            SessionFacts { participants: &others, ..facts },
        ];
        let ids: std::collections::BTreeSet<_> = variants.iter().map(SessionFacts::id).collect();
        assert_eq!(ids.len(), variants.len());
    }

    #[test]
    fn a_ceremony_id_depends_on_every_fact() {
        let (a, b) = (Digest::from_bytes([1; 32]), Digest::from_bytes([2; 32]));
        let two = BTreeMap::from([(1, [5; 32]), (2, [6; 32])]);
        let swapped = BTreeMap::from([(1, [6; 32]), (2, [5; 32])]);
        let id = ceremony_id(&a, &b, &two);
        assert_ne!(id, ceremony_id(&b, &b, &two));
        assert_ne!(id, ceremony_id(&a, &a, &two));
        assert_ne!(id, ceremony_id(&a, &b, &swapped));
    }
}
