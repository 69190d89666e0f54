//! What key generation and refresh have in common: each party deals a random polynomial, all prove their new points,
//! and each pair sets up its oblivious transfers (Protocol 9.1 of <https://eprint.iacr.org/2023/602> and the
//! initialisations of `DKLs23`, <https://eprint.iacr.org/2023/765>).
//!
//! | round | to each other party | what |
//! | --- | --- | --- |
//! | 1 | [`Fragment`] | the sender's polynomial at the receiver's index (secret) |
//! | 2 | [`Commitments`] | hashes of what round 3 opens |
//! | 3 | [`Openings`] | proof of the sender's point, zero-share seed (secret), oblivious-transfer setup |
//! | 4 | [`Confirmation`] | digest of all that must be the same for everyone |
//!
//! Round 4 is not the library's. Without it a dealer who tells each party something else could leave them with
//! different keys.

use std::collections::BTreeMap;
use std::ops::Deref;

use dkls23::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4, ProofCommitment,
    TransmitInitMulPhase3to4, TransmitInitZeroSharePhase2to4, TransmitInitZeroSharePhase3to4,
};
use dkls23::protocols::{PartiesMessage, PartyIndex};
use dkls23::utilities::ot::extension::KAPPA;
use dkls23::utilities::proofs::{DLogProof, EncProof, R, T};
use k256::{AffinePoint, Scalar, Secp256k1};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::abort::Abort;
use crate::bind::bind;
use crate::party::{Group, Party};
use crate::payload::{Message, encode};

/// Bytes of the random salt in a commitment of the library: twice its security parameter.
pub(crate) const SALT_BYTES: usize = 64;

/// Round 1: the sender's polynomial at the receiver's index.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Fragment {
    pub(crate) value: Scalar,
}

impl Message for Fragment {
    fn check(&self, _: Party, _: Party) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Round 2: hashes of what round 3 opens.
#[derive(Serialize, Deserialize)]
pub(crate) struct Commitments {
    /// Of the proof, the same for everyone.
    pub(crate) proof: [u8; 32],
    /// Of the seed for this receiver.
    pub(crate) seed: [u8; 32],
}

impl Message for Commitments {
    fn check(&self, _: Party, _: Party) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Round 3: what the commitments were to, and the pair's oblivious-transfer setup in both directions.
#[derive(Serialize, Deserialize)]
pub(crate) struct Openings {
    /// That the sender knows the discrete logarithm of its point; the same for everyone.
    pub(crate) proof: DLogProof<Secp256k1>,
    /// The sender's half of the pair's seed for shares of zero.
    pub(crate) seed: [u8; 32],
    pub(crate) salt: Vec<u8>,
    /// The sender's setup as the multiplication's receiver.
    pub(crate) ot_proof: DLogProof<Secp256k1>,
    pub(crate) nonce: Scalar,
    /// The sender's setup as the multiplication's sender.
    pub(crate) ot_choices: Vec<EncProof<Secp256k1>>,
    pub(crate) ot_seed: [u8; 32],
}

impl Message for Openings {
    fn check(&self, _: Party, _: Party) -> Result<(), &'static str> {
        if self.salt.len() != SALT_BYTES {
            return Err("a commitment's salt of a wrong length");
        }
        if self.ot_choices.len() != usize::from(KAPPA) {
            return Err("a wrong number of oblivious-transfer choices");
        }
        if !has_shape(&self.proof) || !has_shape(&self.ot_proof) {
            return Err("a proof of a discrete logarithm of a wrong size");
        }
        Ok(())
    }
}

fn has_shape(proof: &DLogProof<Secp256k1>) -> bool {
    proof.rand_commitments.len() == usize::from(R)
        && proof.proofs.len() == usize::from(R)
        && proof.proofs.iter().all(|part| part.challenge.len() == usize::from(T / 8))
}

impl Drop for Openings {
    fn drop(&mut self) {
        self.seed.zeroize();
        self.salt.zeroize();
    }
}

/// Round 4: a digest of everything that must be the same for everyone.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Confirmation {
    pub(crate) digest: [u8; 32],
}

impl Message for Confirmation {
    fn check(&self, _: Party, _: Party) -> Result<(), &'static str> {
        Ok(())
    }
}

impl Confirmation {
    /// Of what was dealt: the kind of session (`domain`), its id, the group, each party's point with commitment and
    /// proof, and `rest` (what else the kind of session makes public).
    pub(crate) fn of(
        domain: &str,
        session_id: &[u8; 32],
        group: Group,
        proofs: &[ProofCommitment<Secp256k1>],
        rest: &[&[u8]],
    ) -> Self {
        let mut sorted: Vec<_> = proofs.iter().collect();
        sorted.sort_by_key(|entry| entry.index);
        let dealt: Vec<u8> = sorted.into_iter().flat_map(encode).collect();
        let mut parts: Vec<&[u8]> = vec![session_id];
        let group = [group.threshold(), group.parties()];
        parts.push(&group);
        parts.push(&dealt);
        parts.extend(rest);
        Self { digest: bind(domain, &parts) }
    }

    /// Everyone must have confirmed what we did.
    pub(crate) fn agreed_by(self, others: &BTreeMap<Party, Self>) -> Result<(), Abort> {
        match others.iter().find(|(_, theirs)| **theirs != self) {
            None => Ok(()),
            Some((party, _)) => Err(Abort::because_of(
                *party,
                "confirms something else than we saw: a dealer told us different things",
            )),
        }
    }
}

/// Refuses two parties that committed to the same thing. The library's commitments do not name who made them, so a
/// copy could be opened with the original's opening: a copied chain-code share cancels the original.
pub(crate) fn all_different<'a>(
    commitments: impl IntoIterator<Item = (Party, &'a [u8; 32])>,
) -> Result<(), Abort> {
    let mut seen: BTreeMap<&[u8; 32], Party> = BTreeMap::new();
    for (party, commitment) in commitments {
        if let Some(first) = seen.insert(commitment, party) {
            return Err(Abort::retry(format_args!("parties {first} and {party} sent the same commitment")));
        }
    }
    Ok(())
}

/// All that a party received, in the library's types.
pub(crate) struct Received {
    pub(crate) proofs: Vec<ProofCommitment<Secp256k1>>,
    pub(crate) seed_commitments: Vec<TransmitInitZeroSharePhase2to4>,
    pub(crate) seeds: Vec<TransmitInitZeroSharePhase3to4>,
    pub(crate) setups: Vec<TransmitInitMulPhase3to4<Secp256k1>>,
}

impl Received {
    /// From our own proof and the messages of rounds 2 and 3. Who sent what comes from the channel.
    pub(crate) fn gather(
        me: Party,
        own: ProofCommitment<Secp256k1>,
        messages: impl IntoIterator<Item = (Party, Commitments, Openings)>,
    ) -> Self {
        let mut all =
            Self { proofs: vec![own], seed_commitments: Vec::new(), seeds: Vec::new(), setups: Vec::new() };
        for (from, commitments, mut openings) in messages {
            let parties = PartiesMessage { sender: from.library(), receiver: me.library() };
            all.proofs.push(ProofCommitment {
                index: from.library(),
                proof: openings.proof.clone(),
                commitment: commitments.proof,
            });
            all.seed_commitments.push(TransmitInitZeroSharePhase2to4 {
                parties: parties.clone(),
                commitment: commitments.seed,
            });
            all.seeds.push(TransmitInitZeroSharePhase3to4 {
                parties: parties.clone(),
                seed: openings.seed,
                salt: std::mem::take(&mut openings.salt),
            });
            all.setups.push(TransmitInitMulPhase3to4 {
                parties,
                dlog_proof: openings.ot_proof.clone(),
                nonce: openings.nonce,
                enc_proofs: std::mem::take(&mut openings.ot_choices),
                seed: openings.ot_seed,
            });
        }
        all
    }

    /// Each party's point times the generator, in the order of their indices.
    pub(crate) fn points(&self) -> Vec<AffinePoint> {
        let by_index: BTreeMap<PartyIndex, AffinePoint> =
            self.proofs.iter().map(|entry| (entry.index, entry.proof.point)).collect();
        by_index.into_values().collect()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        for message in &mut self.seeds {
            message.seed.zeroize();
            message.salt.zeroize();
        }
    }
}

/// What we keep about each other party between two rounds; wiped when dropped, which the library's types are not.
pub(crate) struct Kept<T: Wipe>(BTreeMap<PartyIndex, T>);

/// Overwrites a value's secrets.
pub(crate) trait Wipe {
    fn wipe(&mut self);
}

impl<T: Wipe> Kept<T> {
    pub(crate) const fn new(kept: BTreeMap<PartyIndex, T>) -> Self {
        Self(kept)
    }
}

impl<T: Wipe> Deref for Kept<T> {
    type Target = BTreeMap<PartyIndex, T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: Wipe> Drop for Kept<T> {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Wipe::wipe);
    }
}

impl Wipe for KeepInitZeroSharePhase2to3 {
    fn wipe(&mut self) {
        self.seed.zeroize();
        self.salt.zeroize();
    }
}

impl Wipe for KeepInitZeroSharePhase3to4 {
    fn wipe(&mut self) {
        self.seed.zeroize();
    }
}

impl Wipe for KeepInitMulPhase3to4<Secp256k1> {
    fn wipe(&mut self) {
        self.ot_sender.s.zeroize();
        self.ot_receiver.seed.zeroize();
        self.correlation.zeroize();
        self.vec_r.zeroize();
        self.nonce.zeroize();
    }
}

/// The messages of round 3 for each other party, from what the library wants sent.
pub(crate) fn openings(
    proof: &DLogProof<Secp256k1>,
    seeds: Vec<TransmitInitZeroSharePhase3to4>,
    setups: Vec<TransmitInitMulPhase3to4<Secp256k1>>,
) -> BTreeMap<PartyIndex, Openings> {
    let mut setups: BTreeMap<PartyIndex, _> =
        setups.into_iter().map(|setup| (setup.parties.receiver, setup)).collect();
    seeds
        .into_iter()
        .map(|message| {
            let to = message.parties.receiver;
            let setup = setups.remove(&to).expect("the library makes both messages for every other party");
            let opening = Openings {
                proof: proof.clone(),
                seed: message.seed,
                salt: message.salt,
                ot_proof: setup.dlog_proof,
                nonce: setup.nonce,
                ot_choices: setup.enc_proofs,
                ot_seed: setup.seed,
            };
            (to, opening)
        })
        .collect()
}
