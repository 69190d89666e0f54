//! Makes new shares of the same key. All n parties take part; afterwards the old shares are worth nothing together with
//! the new ones, and the oblivious-transfer state of every pair is new, which is what lifts a ban.
//!
//! The complete refresh of the library: the rounds of [`crate::dealing`] with polynomials that are zero at zero, whose
//! points are added to the old ones.

use std::collections::BTreeMap;

use dkls23::protocols::Party as LibraryParty;
use dkls23::protocols::dkg::{
    KeepInitMulPhase3to4, KeepInitZeroSharePhase2to3, KeepInitZeroSharePhase3to4, ProofCommitment,
};
use k256::{AffinePoint, ProjectivePoint, Scalar, Secp256k1};
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::bind::bind;
use crate::dealing::{
    Commitments, Confirmation, Fragment, Kept, Openings, Received, all_different, openings,
};
use crate::machine::{Machine, Protocol, Step, session};
use crate::party::{Group, Party};
use crate::payload::{broadcast, decode, encode, private};
use crate::session::Started;
use crate::share::KeyShare;

const DOMAIN: &str = "bursar/mpc/refresh/v1";
const CONFIRMATION_DOMAIN: &str = "bursar/mpc/refresh-confirmation/v1";

/// One party's side of a refresh of four rounds. The result is the share of the next epoch; the old one is erased only
/// after all n parties have acknowledged theirs.
pub struct Refresh(Machine<Redealing>);

session!(Refresh, KeyShare);

impl Refresh {
    /// Starts the refresh of `share`. `session_id` is the same for all parties and was never used before.
    ///
    /// # Errors
    /// There is no epoch after the share's.
    pub fn start(share: &KeyShare, session_id: [u8; 32]) -> Started<Self> {
        let (me, group) = (share.me(), share.group());
        let epoch = share.epoch().checked_add(1).ok_or_else(|| Abort::retry("no epoch is left"))?;
        let session_id = bind(
            DOMAIN,
            &[
                &[group.threshold(), group.parties()],
                &epoch.to_be_bytes(),
                &share.public_key(),
                &share.chain_code(),
                &session_id,
            ],
        );
        let old = share.library_without_peers();
        let fragments = Zeroizing::new(old.refresh_complete_phase1());
        let own = Zeroizing::new(fragments[usize::from(me.index()) - 1]);
        let send = group
            .members()
            .zip(fragments.iter())
            .filter(|(to, _)| *to != me)
            .map(|(to, value)| private(1, to, &Fragment { value: *value }))
            .collect();
        let redealing = Redealing {
            me,
            group,
            epoch,
            session_id,
            old,
            old_points: share.points().to_vec(),
            stage: Stage::Dealt { own },
            fragments: BTreeMap::new(),
            commitments: BTreeMap::new(),
            openings: BTreeMap::new(),
            confirmations: BTreeMap::new(),
        };
        Ok((Self(Machine::new(group.others(me), redealing)), send))
    }
}

struct Redealing {
    me: Party,
    group: Group,
    /// Of the new share.
    epoch: u64,
    session_id: [u8; 32],
    old: LibraryParty<Secp256k1>,
    old_points: Vec<AffinePoint>,
    stage: Stage,
    fragments: BTreeMap<Party, Fragment>,
    commitments: BTreeMap<Party, Commitments>,
    openings: BTreeMap<Party, Openings>,
    confirmations: BTreeMap<Party, Confirmation>,
}

/// What has been sent, with what that leaves us to keep.
enum Stage {
    Dealt {
        own: Zeroizing<Scalar>,
    },
    Committed {
        correction: Zeroizing<Scalar>,
        proof: ProofCommitment<Secp256k1>,
        seeds: Kept<KeepInitZeroSharePhase2to3>,
    },
    Opened {
        correction: Zeroizing<Scalar>,
        proof: ProofCommitment<Secp256k1>,
        seeds: Kept<KeepInitZeroSharePhase3to4>,
        setups: Kept<KeepInitMulPhase3to4<Secp256k1>>,
    },
    Confirmed {
        share: KeyShare,
        confirmation: Confirmation,
    },
}

impl Protocol for Redealing {
    type Output = KeyShare;
    const ROUNDS: u8 = 4;

    fn store(&mut self, round: u8, from: Party, payload: &[u8]) -> Result<(), Abort> {
        match round {
            1 => drop(self.fragments.insert(from, decode(from, self.me, payload)?)),
            2 => drop(self.commitments.insert(from, decode(from, self.me, payload)?)),
            3 => drop(self.openings.insert(from, decode(from, self.me, payload)?)),
            4 => drop(self.confirmations.insert(from, decode(from, self.me, payload)?)),
            _ => return Err(Abort::because_of(from, "a message of no round")),
        }
        Ok(())
    }

    fn advance(mut self) -> Result<Step<Self>, Abort> {
        match self.stage {
            Stage::Dealt { own } => {
                let mut all = Zeroizing::new(vec![*own]);
                all.extend(self.fragments.values().map(|fragment| fragment.value));
                let (correction, proof, seeds, commitments) =
                    self.old.refresh_complete_phase2(&self.session_id, &all);
                let send = commitments
                    .into_iter()
                    .map(|message| {
                        let commitments = Commitments { proof: proof.commitment, seed: message.commitment };
                        private(2, Party::from_library(message.parties.receiver), &commitments)
                    })
                    .collect();
                self.fragments.clear();
                self.stage = Stage::Committed {
                    correction: Zeroizing::new(correction),
                    proof,
                    seeds: Kept::new(seeds),
                };
                Ok(Step::Next(self, send))
            }
            Stage::Committed { correction, proof, seeds } => {
                all_different(
                    self.commitments
                        .iter()
                        .map(|(party, theirs)| (*party, &theirs.proof))
                        .chain([(self.me, &proof.commitment)]),
                )?;
                let (seeds, seed_messages, setups, setup_messages) =
                    self.old.refresh_complete_phase3(&self.session_id, &seeds);
                let send = openings(&proof.proof, seed_messages, setup_messages)
                    .into_iter()
                    .map(|(to, openings)| private(3, Party::from_library(to), &openings))
                    .collect();
                self.stage =
                    Stage::Opened { correction, proof, seeds: Kept::new(seeds), setups: Kept::new(setups) };
                Ok(Step::Next(self, send))
            }
            Stage::Opened { correction, proof, seeds, setups } => {
                let messages = std::mem::take(&mut self.commitments)
                    .into_iter()
                    .zip(std::mem::take(&mut self.openings).into_values())
                    .map(|((from, commitments), openings)| (from, commitments, openings));
                let received = Received::gather(self.me, proof, messages);
                let library = self.old.refresh_complete_phase4(
                    &self.session_id,
                    &correction,
                    &received.proofs,
                    &seeds,
                    &received.seed_commitments,
                    &received.seeds,
                    &setups,
                    &received.setups,
                )?;
                let points = self
                    .old_points
                    .iter()
                    .zip(received.points())
                    .map(|(old, correction)| (ProjectivePoint::from(*old) + correction).to_affine())
                    .collect();
                let share = KeyShare::from_library(library, self.group, self.me, self.epoch, points)?;
                let confirmation = Confirmation::of(
                    CONFIRMATION_DOMAIN,
                    &self.session_id,
                    self.group,
                    &received.proofs,
                    &[&encode(&share.points()), &share.public_key()],
                );
                let send = vec![broadcast(4, &confirmation)];
                self.stage = Stage::Confirmed { share, confirmation };
                Ok(Step::Next(self, send))
            }
            Stage::Confirmed { share, confirmation } => {
                confirmation.agreed_by(&self.confirmations)?;
                Ok(Step::Finished(Vec::new(), share))
            }
        }
    }
}
