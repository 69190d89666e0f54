//! What an entry of a co-signer's journal says. The order of the variants is their number on disk and between
//! machines: new ones are added at the end, none is ever removed.
//!
//! Co-signers write and merge entries; a gateway whose database is an old copy reads from them what was signed
//! meanwhile.

use payout::approval::{FreezeOrder, SignedAct};
use payout::coin::CoinId;
use payout::ids::{
    Address, Attempt, ChainId, Cid, Digest, NetworkId, ProjectId, RuleId, ThirdPartyId, WalletId,
};
use payout::intent::Kind;
use payout::life::Token;
use payout::money::Amount;
use payout::policy::{ChainName, VersionSignature};
use serde::{Deserialize, Serialize};

/// One thing that this co-signer saw or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// An approved intent was shown, in time. Expiry is compared with the earliest of these.
    Sight {
        /// Its digest.
        intent: Digest,
    },
    /// A signature may exist from here on. Written and synced before the first message of the protocol leaves.
    Contribution(Box<Contribution>),
    /// A principal rejected or withdrew: never sign this intent.
    Stop {
        /// The signed act; it names the intent.
        act: SignedAct,
    },
    /// An admin froze the deployment, or agreed to lift a freeze.
    Freeze {
        /// The signed order.
        order: FreezeOrder,
    },
    /// This co-signer said *never* to an intent that it had not contributed to.
    Never {
        /// The intent.
        intent: Digest,
        /// Why, in words.
        reason: String,
    },
    /// A peer broke the protocol in a session of this wallet's key. Lifted by a complete refresh, which makes another
    /// epoch.
    Ban {
        /// The wallet.
        wallet: WalletId,
        /// The epoch of its key shares.
        epoch: u32,
        /// The peer's index.
        peer: u8,
        /// What it did.
        reason: String,
    },
    /// A version of the policy is held from here on. The signatures prove to others that it exists.
    PolicyAdopted {
        /// Which of the three chains.
        chain: ChainName,
        /// Its number.
        version: u64,
        /// Its digest.
        digest: Digest,
        /// Who signed it.
        signatures: Vec<VersionSignature>,
    },
    /// A share of this wallet's key is in the vault.
    Ceremony {
        /// The wallet.
        wallet: WalletId,
        /// Which epoch the share is of.
        epoch: u32,
        /// What was printed on the terminal.
        fingerprint: String,
        /// How far it is.
        stage: CeremonyStage,
    },
    /// The shares of this and every earlier epoch are erased.
    EpochRetired {
        /// The wallet.
        wallet: WalletId,
        /// The epoch.
        epoch: u32,
    },
    /// This journal was restored from a copy and has merged enough others. Its number starts a new series: whatever
    /// this co-signer wrote after the copy was made is lost to it, and its numbers must not be used again.
    Restored {
        /// What had happened.
        reason: String,
    },
}

/// How far a wallet's ceremony is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CeremonyStage {
    /// The share is sealed in the vault.
    Kept,
    /// All others acknowledged the same transcript.
    Agreed,
    /// A test signature verified.
    Tested,
}

impl Body {
    /// The entry's body in its one encoding.
    ///
    /// # Panics
    /// Never: bodies hold no maps, no floats and no foreign code, which is all that could fail.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("bodies have no maps, floats or foreign code")
    }

    /// Reads a body; `None` when it is damaged, in another spelling than [`Self::to_bytes`] has, or of a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        (rest.is_empty() && body.to_bytes() == bytes).then_some(body)
    }
}

/// A contribution: the facts that count, and the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// What it takes.
    pub facts: Facts,
    /// The session's id; no second session may have it.
    pub session: Digest,
}

/// Everything about one signing that is counted, at its worst case. Told to the participants of other sessions while
/// it is in flight, and journaled before contributing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The intent that the approvals are over.
    pub intent: Digest,
    /// The payout that it belongs to: the target of a void or raise_cap, else the intent itself. A token serves one
    /// payout.
    pub payout: Digest,
    /// What it does.
    pub kind: Kind,
    /// Whose.
    pub project: ProjectId,
    /// The payout's number.
    pub cid: Cid,
    /// Which try.
    pub attempt: Attempt,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The network that the bytes are bound to.
    pub network_id: NetworkId,
    /// The chain, whose native coin pays the fee.
    pub chain_id: ChainId,
    /// The paying address.
    pub from: Address,
    /// The exclusivity token that the bytes spend.
    pub token: Token,
    /// SHA-256 of the unsigned bytes.
    pub payload: Digest,
    /// The rule whose counters it goes on.
    pub rule: RuleId,
    /// In which coin.
    pub coin: CoinId,
    /// How much, base units.
    pub amount: Amount,
    /// The most that these bytes can burn in fees, base units of the fee coin.
    pub fee: Amount,
    /// Who is paid: known from here on.
    pub to: Address,
}
