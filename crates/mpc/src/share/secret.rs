//! The numbers in a share, without what the library repeats.

use std::collections::BTreeMap;

use dkls23::protocols::Party as LibraryParty;
use dkls23::protocols::derivation::DerivData;
use dkls23::utilities::multiplication::{MulReceiver, MulSender};
use dkls23::utilities::zero_shares::{SeedPair, ZeroShare};
use k256::{AffinePoint, ProjectivePoint, Scalar, Secp256k1};
use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

use crate::party::{Group, Party};

/// Lists "by peer" are in the order of the other parties' indices.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
pub(crate) struct Secret {
    /// Of the key generation, chained on by each refresh. Binds a signature's messages to the epoch.
    pub(super) session_id: [u8; 32],
    /// Our point of the secret polynomial.
    pub(super) point: Scalar,
    #[zeroize(skip)]
    pub(super) public_key: AffinePoint,
    pub(super) chain_code: [u8; 32],
    /// All parties' points times the generator, by index: what our own is checked against.
    #[zeroize(skip)]
    pub(super) points: Vec<AffinePoint>,
    /// Seeds for shares of zero, by peer.
    pub(super) zero_seeds: Vec<[u8; 32]>,
    /// Oblivious-transfer state as the multiplication's sender, by peer. The library wipes it.
    #[zeroize(skip)]
    pub(super) senders: Vec<MulSender<Secp256k1>>,
    /// Oblivious-transfer state as the multiplication's receiver, by peer. The library wipes it.
    #[zeroize(skip)]
    pub(super) receivers: Vec<MulReceiver<Secp256k1>>,
}

impl Secret {
    /// Takes over the library's state. A length that does not fit is left for [`Self::check`].
    pub(super) fn from_library(mut library: LibraryParty<Secp256k1>, points: Vec<AffinePoint>) -> Self {
        let mut seeds: Vec<&SeedPair> = library.zero_share.seeds.iter().collect();
        seeds.sort_by_key(|pair| pair.index_counterparty);
        let zero_seeds = seeds.into_iter().map(|pair| pair.seed).collect();
        let mut session_id = [0; 32];
        // The library's ids are digests: ours in key generation, its own after a refresh.
        session_id.copy_from_slice(&library.session_id);
        Self {
            session_id,
            point: library.poly_point,
            public_key: library.pk,
            chain_code: library.derivation_data.chain_code,
            points,
            zero_seeds,
            senders: std::mem::take(&mut library.mul_senders).into_values().collect(),
            receivers: std::mem::take(&mut library.mul_receivers).into_values().collect(),
        }
    }

    /// Whether all parts belong together. Says what does not.
    pub(super) fn check(&self, group: Group, me: Party) -> Result<(), &'static str> {
        let peers = usize::from(group.parties()) - 1;
        if self.points.len() != peers + 1 {
            return Err("the share does not list every party's point");
        }
        if self.zero_seeds.len() != peers || self.senders.len() != peers || self.receivers.len() != peers {
            return Err("the share has not the state for every other party");
        }
        if self.senders.iter().any(|state| state.check_state().is_err())
            || self.receivers.iter().any(|state| state.check_state(None).is_err())
        {
            return Err("the share's oblivious-transfer state has wrong dimensions");
        }
        if self.public_key == AffinePoint::IDENTITY || bool::from(self.point.is_zero()) {
            return Err("the share is of no key");
        }
        if (ProjectivePoint::GENERATOR * self.point).to_affine() != self.points[usize::from(me.index()) - 1] {
            return Err("the share's secret is not the one that its public part is of");
        }
        self.check_points(group)
    }

    /// Every t neighbouring points interpolate to the public key, so all lie on one polynomial of degree t - 1.
    fn check_points(&self, group: Group) -> Result<(), &'static str> {
        let members: Vec<Party> = group.members().collect();
        for window in members.windows(usize::from(group.threshold())) {
            let sum: ProjectivePoint = window
                .iter()
                .map(|party| {
                    let point = self.points[usize::from(party.index()) - 1];
                    ProjectivePoint::from(point) * lagrange_at_zero(*party, window)
                })
                .sum();
            if sum.to_affine() != self.public_key {
                return Err("the parties' points do not make the public key");
            }
        }
        Ok(())
    }

    /// The wallet's own key in the library's form.
    pub(super) fn root(&self) -> DerivData<Secp256k1> {
        DerivData {
            depth: 0,
            child_number: 0,
            parent_fingerprint: [0; 4],
            poly_point: self.point,
            pk: self.public_key,
            chain_code: self.chain_code,
        }
    }

    /// The library's form of the share for `key`, with the state for `peers` only: copying (and later wiping) the
    /// state for parties that do not sign would cost as much as deriving the key.
    pub(super) fn library(
        &self,
        group: Group,
        me: Party,
        key: &DerivData<Secp256k1>,
        peers: &[Party],
    ) -> LibraryParty<Secp256k1> {
        let (mut seeds, mut senders, mut receivers) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for (place, peer) in group.others(me).into_iter().enumerate().filter(|(_, peer)| peers.contains(peer))
        {
            let index = peer.library();
            seeds.push(SeedPair {
                lowest_index: me < peer,
                index_counterparty: index,
                seed: self.zero_seeds[place],
            });
            senders.insert(index, self.senders[place].clone());
            receivers.insert(index, self.receivers[place].clone());
        }
        LibraryParty {
            parameters: group.library(),
            party_index: me.library(),
            session_id: self.session_id.to_vec(),
            poly_point: key.poly_point,
            pk: key.pk,
            zero_share: ZeroShare { seeds },
            mul_senders: senders,
            mul_receivers: receivers,
            derivation_data: key.clone(),
            address: String::new(),
        }
    }
}

/// The factor of `party`'s point in the polynomial's value at zero, if the points of `all` make it.
fn lagrange_at_zero(party: Party, all: &[Party]) -> Scalar {
    let x = |party: Party| Scalar::from(u64::from(party.index()));
    all.iter().filter(|other| **other != party).fold(Scalar::ONE, |product, other| {
        let difference = x(*other) - x(party);
        let inverse = difference.invert().expect("two different indices below 10 differ");
        product * x(*other) * inverse
    })
}
