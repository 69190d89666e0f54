//! Signs one digest with exactly t of the n shares (Protocol 3.6 of `DKLs23`, <https://eprint.iacr.org/2023/765>).
//!
//! | round | to | what |
//! | --- | --- | --- |
//! | 1 | each other signer | commitment to the sender's nonce point, start of a multiplication |
//! | 2 | each other signer | opening, end of the multiplication, checks |
//! | 3 | all other signers | the sender's parts of the signature's numerator and denominator |
//!
//! The rounds are played in full for every signature: nothing is computed ahead, because presignatures of keys that are
//! derived from one another leak the key.

use std::collections::BTreeMap;

use dkls23::protocols::signing::{
    Broadcast3to4, KeepPhase1to2, KeepPhase2to3, SignData, TransmitPhase1to2, TransmitPhase2to3,
    UniqueKeep1to2, UniqueKeep2to3,
};
use dkls23::protocols::{PartiesMessage, Party as LibraryParty, PartyIndex};
use dkls23::utilities::multiplication::{L, OT_WIDTH};
use dkls23::utilities::ot::extension::{BATCH_SIZE, KAPPA};
use k256::Secp256k1;

use crate::abort::Abort;
use crate::bind::bind;
use crate::dealing::SALT_BYTES;
use crate::machine::{Machine, Protocol, Step, session};
use crate::party::Party;
use crate::payload::{Message, broadcast, decode, private};
use crate::session::{Outgoing, Started};
use crate::share::{KeyShare, compressed};
use crate::signature::Signature;

const DOMAIN: &str = "bursar/mpc/sign/v1";

/// One signer's side of one signature, in three rounds.
pub struct Sign(Machine<Signing>);

session!(Sign, Signature);

impl Sign {
    /// Starts the signature of `digest` by the key at `path`: BIP32 steps, none hardened, from the wallet's key.
    ///
    /// `participants` are exactly t different parties with the share's own among them, in any order. `session_id` is the
    /// same for all of them and was never used before. The caller computed `digest` from bytes that it decoded itself.
    ///
    /// # Errors
    /// The participants or the path do not fit the share.
    pub fn start(
        share: &KeyShare,
        path: &[u32],
        participants: &[Party],
        session_id: [u8; 32],
        digest: [u8; 32],
    ) -> Started<Self> {
        let me = share.me();
        let mut peers = share.group().signers(me, participants)?;
        peers.retain(|party| *party != me);
        let key = share.derive(path).map_err(Abort::retry)?;
        // The library binds every message to its session: key generation and refreshes, chain code, public key, digest,
        // signers and this id.
        let steps: Vec<u8> = path.iter().flat_map(|step| step.to_be_bytes()).collect();
        let data = SignData {
            sign_id: bind(DOMAIN, &[&session_id, &share.epoch().to_be_bytes(), &steps]).to_vec(),
            counterparties: peers.iter().map(|peer| peer.library()).collect(),
            message_hash: digest,
        };
        let public_key = compressed(&key.pk);
        let library = share.library(&key, &peers);
        let (unique, kept, messages) = library.sign_phase1(&data)?;
        let send = messages
            .iter()
            .map(|message| private(1, Party::from_library(message.parties.receiver), message))
            .collect();
        let signing = Signing {
            me,
            library,
            data,
            public_key,
            stage: Stage::Committed { unique, kept },
            commitments: BTreeMap::new(),
            openings: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        Ok((Self(Machine::new(peers, signing)), send))
    }
}

struct Signing {
    me: Party,
    library: LibraryParty<Secp256k1>,
    data: SignData,
    /// Of the key at the path, SEC 1 compressed.
    public_key: [u8; 33],
    stage: Stage,
    commitments: BTreeMap<Party, TransmitPhase1to2>,
    openings: BTreeMap<Party, TransmitPhase2to3<Secp256k1>>,
    parts: BTreeMap<Party, Broadcast3to4<Secp256k1>>,
}

/// What has been sent, with what that leaves us to keep. The library's kept types are used once and wiped.
enum Stage {
    Committed { unique: UniqueKeep1to2<Secp256k1>, kept: BTreeMap<PartyIndex, KeepPhase1to2<Secp256k1>> },
    Opened { unique: UniqueKeep2to3<Secp256k1>, kept: BTreeMap<PartyIndex, KeepPhase2to3<Secp256k1>> },
    Parted { x: String, own: Broadcast3to4<Secp256k1> },
}

impl Protocol for Signing {
    type Output = Signature;
    const ROUNDS: u8 = 3;

    fn store(&mut self, round: u8, from: Party, payload: &[u8]) -> Result<(), Abort> {
        match round {
            1 => drop(self.commitments.insert(from, decode(from, self.me, payload)?)),
            2 => drop(self.openings.insert(from, decode(from, self.me, payload)?)),
            3 => drop(self.parts.insert(from, decode(from, self.me, payload)?)),
            _ => return Err(Abort::because_of(from, "a message of no round")),
        }
        Ok(())
    }

    fn advance(mut self) -> Result<Step<Self>, Abort> {
        match self.stage {
            Stage::Committed { unique, kept } => {
                let received: Vec<_> = std::mem::take(&mut self.commitments).into_values().collect();
                let (unique, kept, messages) =
                    self.library.sign_phase2(&self.data, unique, kept, &received)?;
                let send = messages
                    .iter()
                    .map(|message| private(2, Party::from_library(message.parties.receiver), message))
                    .collect();
                self.stage = Stage::Opened { unique, kept };
                Ok(Step::Next(self, send))
            }
            Stage::Opened { unique, kept } => {
                let received: Vec<_> = std::mem::take(&mut self.openings).into_values().collect();
                let (x, own) = self.library.sign_phase3(&self.data, unique, kept, &received)?;
                let send = vec![broadcast(3, &own)];
                self.stage = Stage::Parted { x, own };
                Ok(Step::Next(self, send))
            }
            Stage::Parted { x, own } => {
                let parts: Vec<_> = [own].into_iter().chain(self.parts.into_values()).collect();
                let (s, recovery_id) = self.library.sign_phase4(&self.data, &x, &parts, true)?;
                let signature = Signature { r: number(&x)?, s: number(&s)?, recovery_id };
                // The library has verified it; this is our own word, and that of another implementation.
                if !signature.recovers(&self.public_key, &self.data.message_hash) {
                    return Err(Abort::retry(
                        "the finished signature is not one of this key over this digest",
                    ));
                }
                Ok(Step::Finished(Vec::<Outgoing>::new(), signature))
            }
        }
    }
}

/// The library gives r and s as hexadecimal text.
fn number(text: &str) -> Result<[u8; 32], Abort> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Abort::retry("the library returned a number of a wrong length"))?;
    Ok(bytes)
}

fn check_parties(parties: &PartiesMessage, from: Party, me: Party) -> Result<(), &'static str> {
    if parties.sender != from.library() || parties.receiver != me.library() {
        return Err("a message that names another sender or receiver than its channel");
    }
    Ok(())
}

impl Message for TransmitPhase1to2 {
    fn check(&self, from: Party, me: Party) -> Result<(), &'static str> {
        check_parties(&self.parties, from, me)?;
        if self.mul_transmit.u.len() != usize::from(KAPPA)
            || self.mul_transmit.verify_t.len() != usize::from(KAPPA)
        {
            return Err("a multiplication message of wrong dimensions");
        }
        Ok(())
    }
}

impl Message for TransmitPhase2to3<Secp256k1> {
    fn check(&self, from: Party, me: Party) -> Result<(), &'static str> {
        check_parties(&self.parties, from, me)?;
        if self.salt.len() != SALT_BYTES {
            return Err("a commitment's salt of a wrong length");
        }
        let message = &self.mul_transmit;
        if message.vector_of_tau.len() != usize::from(OT_WIDTH)
            || message.vector_of_tau.iter().any(|row| row.len() != usize::from(BATCH_SIZE))
            || message.verify_u.len() != usize::from(L)
            || message.gamma_sender.len() != usize::from(L)
        {
            return Err("a multiplication message of wrong dimensions");
        }
        Ok(())
    }
}

impl Message for Broadcast3to4<Secp256k1> {
    fn check(&self, _: Party, _: Party) -> Result<(), &'static str> {
        Ok(())
    }
}
