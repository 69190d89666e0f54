//! Makes a key of which every party holds a share and which never exists whole. All n parties take part.
//!
//! The rounds are those of [`crate::dealing`]; rounds 2 and 3 also carry a commitment to, and then, each party's part of
//! the BIP32 chain code, which is the exclusive or of all parts.

use std::collections::BTreeMap;

use dkls23::DkgSession;
use dkls23::protocols::dkg::{BroadcastDerivationPhase2to4, BroadcastDerivationPhase3to4, ProofCommitment};
use k256::{Scalar, Secp256k1};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::bind::bind;
use crate::dealing::{
    Commitments, Confirmation, Fragment, Openings, Received, SALT_BYTES, all_different, openings,
};
use crate::machine::{Machine, Protocol, Step, session};
use crate::party::{Group, Party};
use crate::payload::{Message, broadcast, decode, private};
use crate::session::{Outgoing, Started};
use crate::share::KeyShare;

const DOMAIN: &str = "bursar/mpc/keygen/v1";
const CONFIRMATION_DOMAIN: &str = "bursar/mpc/keygen-confirmation/v1";

/// One party's side of a key generation of four rounds. The result is the share of epoch 0.
pub struct Keygen(Machine<Dealing>);

session!(Keygen, KeyShare);

impl Keygen {
    /// Starts as party `me` of `parties`, of which `threshold` will sign together.
    ///
    /// `session_id` is the same for all parties, commits to their roster and was never used before.
    ///
    /// # Errors
    /// Unless 2 ≤ threshold ≤ parties ≤ 9, 2·threshold > parties and me ≤ parties.
    pub fn start(me: Party, threshold: u8, parties: u8, session_id: [u8; 32]) -> Started<Self> {
        let group = Group::new(threshold, parties)?;
        group.contains(me)?;
        let session_id = bind(DOMAIN, &[&[threshold, parties], &session_id]);
        let library = DkgSession::<Secp256k1>::new(group.library(), me.library(), session_id.to_vec());
        let fragments = Zeroizing::new(library.phase1());
        let own = Zeroizing::new(fragments[usize::from(me.index()) - 1]);
        let send = group
            .members()
            .zip(fragments.iter())
            .filter(|(to, _)| *to != me)
            .map(|(to, value)| private(1, to, &Fragment { value: *value }))
            .collect();
        let dealing = Dealing {
            me,
            group,
            session_id,
            stage: Stage::Dealt { library, own },
            fragments: BTreeMap::new(),
            commitments: BTreeMap::new(),
            openings: BTreeMap::new(),
            confirmations: BTreeMap::new(),
        };
        Ok((Self(Machine::new(group.others(me), dealing)), send))
    }
}

/// Round 2.
#[derive(Serialize, Deserialize)]
struct Commit {
    dealing: Commitments,
    /// Of the sender's part of the chain code; the same for everyone.
    chain_code: [u8; 32],
}

impl Message for Commit {
    fn check(&self, from: Party, me: Party) -> Result<(), &'static str> {
        self.dealing.check(from, me)
    }
}

/// Round 3.
#[derive(Serialize, Deserialize)]
struct Open {
    dealing: Openings,
    chain_code: [u8; 32],
    chain_code_salt: Vec<u8>,
}

impl Message for Open {
    fn check(&self, from: Party, me: Party) -> Result<(), &'static str> {
        if self.chain_code_salt.len() != SALT_BYTES {
            return Err("a commitment's salt of a wrong length");
        }
        self.dealing.check(from, me)
    }
}

struct Dealing {
    me: Party,
    group: Group,
    session_id: [u8; 32],
    stage: Stage,
    fragments: BTreeMap<Party, Fragment>,
    commitments: BTreeMap<Party, Commit>,
    openings: BTreeMap<Party, Open>,
    confirmations: BTreeMap<Party, Confirmation>,
}

/// What has been sent, with what that leaves us to keep.
enum Stage {
    Dealt { library: DkgSession<Secp256k1>, own: Zeroizing<Scalar> },
    Committed { library: DkgSession<Secp256k1>, own: Own },
    Opened { library: DkgSession<Secp256k1>, own: Own, chain_code: BroadcastDerivationPhase3to4 },
    Confirmed { share: KeyShare, confirmation: Confirmation },
}

/// What we sent to everyone, which the library wants back with the others'.
struct Own {
    proof: ProofCommitment<Secp256k1>,
    chain_code: BroadcastDerivationPhase2to4,
}

impl Protocol for Dealing {
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
            Stage::Dealt { library, own } => {
                let (own, send) = commit(library, &own, std::mem::take(&mut self.fragments))?;
                self.stage = own;
                Ok(Step::Next(self, send))
            }
            Stage::Committed { library, own } => {
                let theirs = || self.commitments.iter();
                all_different(
                    theirs()
                        .map(|(party, theirs)| (*party, &theirs.dealing.proof))
                        .chain([(self.me, &own.proof.commitment)]),
                )?;
                all_different(
                    theirs()
                        .map(|(party, theirs)| (*party, &theirs.chain_code))
                        .chain([(self.me, &own.chain_code.cc_commitment)]),
                )?;
                let (stage, send) = open(library, own)?;
                self.stage = stage;
                Ok(Step::Next(self, send))
            }
            Stage::Opened { library, own, chain_code } => {
                let (share, confirmation) = finish(
                    (self.me, self.group, &self.session_id),
                    library,
                    own,
                    chain_code,
                    std::mem::take(&mut self.commitments),
                    std::mem::take(&mut self.openings),
                )?;
                self.stage = Stage::Confirmed { share, confirmation };
                let send = vec![broadcast(4, &confirmation)];
                Ok(Step::Next(self, send))
            }
            Stage::Confirmed { share, confirmation } => {
                confirmation.agreed_by(&self.confirmations)?;
                Ok(Step::Finished(Vec::new(), share))
            }
        }
    }
}

/// After round 1: adds up our point and commits to a proof of it.
fn commit(
    mut library: DkgSession<Secp256k1>,
    own: &Scalar,
    fragments: BTreeMap<Party, Fragment>,
) -> Result<(Stage, Vec<Outgoing>), Abort> {
    let mut all: Zeroizing<Vec<Scalar>> = Zeroizing::new(vec![*own]);
    all.extend(fragments.values().map(|fragment| fragment.value));
    let (proof, seeds, chain_code) = library.phase2(&all)?;
    let send = seeds
        .into_iter()
        .map(|message| {
            let dealing = Commitments { proof: proof.commitment, seed: message.commitment };
            let commit = Commit { dealing, chain_code: chain_code.cc_commitment };
            private(2, Party::from_library(message.parties.receiver), &commit)
        })
        .collect();
    Ok((Stage::Committed { library, own: Own { proof, chain_code } }, send))
}

/// After round 2: everyone is bound, so we open.
fn open(mut library: DkgSession<Secp256k1>, own: Own) -> Result<(Stage, Vec<Outgoing>), Abort> {
    let (seeds, setups, chain_code) = library.phase3()?;
    let send = openings(&own.proof.proof, seeds, setups)
        .into_iter()
        .map(|(to, dealing)| {
            let open = Open {
                dealing,
                chain_code: chain_code.aux_chain_code,
                chain_code_salt: chain_code.cc_salt.clone(),
            };
            private(3, Party::from_library(to), &open)
        })
        .collect();
    Ok((Stage::Opened { library, own, chain_code }, send))
}

/// After round 3: checks everything and makes the share, which is held back until all have confirmed.
fn finish(
    (me, group, session_id): (Party, Group, &[u8; 32]),
    library: DkgSession<Secp256k1>,
    own: Own,
    own_chain_code: BroadcastDerivationPhase3to4,
    commitments: BTreeMap<Party, Commit>,
    openings: BTreeMap<Party, Open>,
) -> Result<(KeyShare, Confirmation), Abort> {
    let mut chain_code_commitments = BTreeMap::from([(me.library(), own.chain_code)]);
    let mut chain_codes = BTreeMap::from([(me.library(), own_chain_code)]);
    let mut messages = Vec::with_capacity(commitments.len());
    for ((from, commit), open) in commitments.into_iter().zip(openings.into_values()) {
        let sender_index = from.library();
        let cc_commitment = commit.chain_code;
        chain_code_commitments
            .insert(sender_index, BroadcastDerivationPhase2to4 { sender_index, cc_commitment });
        let (aux_chain_code, cc_salt) = (open.chain_code, open.chain_code_salt);
        chain_codes
            .insert(sender_index, BroadcastDerivationPhase3to4 { sender_index, aux_chain_code, cc_salt });
        messages.push((from, commit.dealing, open.dealing));
    }
    let received = Received::gather(me, own.proof, messages);
    let (library, package) = library.phase4(
        &received.proofs,
        &received.seed_commitments,
        &received.seeds,
        &received.setups,
        &chain_code_commitments,
        &chain_codes,
        |_| String::new(),
    )?;
    let share = KeyShare::from_library(library, group, me, 0, received.points())?;
    if package.verifying_key() != share.public_point() {
        return Err(Abort::retry("the library returned two different public keys"));
    }
    let chain_code_parts: Vec<u8> = chain_codes
        .values()
        .zip(chain_code_commitments.values())
        .flat_map(|(open, commit)| {
            [&open.aux_chain_code[..], &open.cc_salt[..], &commit.cc_commitment[..]].concat()
        })
        .collect();
    let confirmation = Confirmation::of(
        CONFIRMATION_DOMAIN,
        session_id,
        group,
        &received.proofs,
        &[&chain_code_parts, &share.chain_code(), &share.public_key()],
    );
    Ok((share, confirmation))
}
