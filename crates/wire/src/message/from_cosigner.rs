//! What a co-signer says to a gateway.

use payout::ids::{Address, ChainId, Digest, WalletId};
use payout::policy::{Heads, SignedVersion};
use serde::{Deserialize, Serialize};

use super::{Label, Paper, Recollection, Refusal};

/// Co-signer to gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromCosigner {
    /// The first message.
    Hello(Standing),
    /// The same, again whenever something in it changes.
    Standing(Standing),
    /// The answer to a sight.
    Sighted {
        /// The gateway's number of the question.
        request: u64,
        /// Why it was not journaled, if it was not.
        refusal: Option<Refusal>,
    },
    /// The answer to an opened session: no.
    Refused {
        /// Which.
        session: Label,
        /// Why.
        refusal: Refusal,
    },
    /// The answer to an opened session: every check passed.
    Checked {
        /// Which.
        session: Label,
        /// The checks' names, for display.
        checks: Vec<String>,
    },
    /// The signature is made.
    Signed {
        /// Which.
        session: Label,
        /// r ‖ s ‖ recovery id, 65 bytes.
        #[serde(with = "super::bytes")]
        signature: Vec<u8>,
    },
    /// The session ended without a signature.
    Aborted {
        /// Which.
        session: Label,
        /// Why, for people.
        why: String,
        /// Who misbehaved provably, if somebody did.
        culprit: Option<u8>,
    },
    /// A stop is in the journal.
    StopSeen {
        /// The intent that is stopped; `None` for a freeze.
        intent: Option<Digest>,
        /// `reject`, `withdraw`, `freeze` or `lift`.
        kind: String,
    },
    /// How a ceremony goes.
    Ceremony {
        /// Which.
        ceremony: Label,
        /// The news.
        news: CeremonyNews,
    },
    /// Bytes for another co-signer's end of a link.
    Relay {
        /// For whom.
        peer: u8,
        /// Which link of the two.
        link: u64,
        /// Ciphertext.
        #[serde(with = "super::bytes")]
        data: Vec<u8>,
    },
    /// The answer to a ping.
    Pong(u64),
    /// The answer to a recall.
    Recalled {
        /// The gateway's number of the question.
        request: u64,
        /// The contributions.
        recollection: Recollection,
    },
    /// The answer to a question for papers: as many, in order, as one message carries. Those that are no longer kept are
    /// left out.
    Papers {
        /// The gateway's number of the question.
        request: u64,
        /// The papers.
        papers: Vec<Paper>,
    },
    /// The answer to a question for policy versions, in the order of their adoption.
    Versions {
        /// The gateway's number of the question.
        request: u64,
        /// As many of them as one message carries.
        versions: Vec<SignedVersion>,
    },
}

/// What a co-signer is and holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What it speaks ([`super::PROTOCOL`]).
    pub protocol: u16,
    /// Its index on the roster; the channel's key must be that seat's.
    pub index: u8,
    /// Name and version of its software, for display.
    pub software: String,
    /// The newest policy versions that it holds.
    pub heads: Heads,
    /// The newest entry's number in its own journal.
    pub journal_seq: u64,
    /// The wallets that it holds a share of.
    pub wallets: Vec<WalletStanding>,
    /// The co-signers that it signs nothing with until a complete refresh.
    pub banned: Vec<u8>,
    /// Whether it signs at all.
    pub condition: Condition,
}

/// A share of a wallet's key, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletStanding {
    /// The wallet.
    pub wallet: WalletId,
    /// The shares' epoch, from 1.
    pub epoch: u32,
    /// The compressed secp256k1 public key.
    #[serde(with = "hex::serde")]
    pub public_key: [u8; 33],
    /// The BIP32 chain code.
    #[serde(with = "hex::serde")]
    pub chain_code: [u8; 32],
    /// What the ceremony printed on this co-signer's terminal.
    pub fingerprint: String,
    /// Whether it joined a test signature.
    pub tested: bool,
}

/// Whether a co-signer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// It does.
    Ready,
    /// Not until its journal is whole again: restored, or behind what peers have seen.
    Quarantined(String),
    /// Not until the admins' quorum lifts the freeze.
    Frozen(String),
}

/// How a ceremony goes at one co-signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CeremonyNews {
    /// It came so far.
    Stage(String),
    /// Done; all co-signers must report the same.
    Done(WalletStanding, Vec<FirstAddress>),
    /// It failed; nothing was kept.
    Failed(String),
}

/// The payout address of a new wallet on one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstAddress {
    /// The chain.
    pub chain_id: ChainId,
    /// Its address there.
    pub address: Address,
}
