//! A stored payout.

use payout::ids::{Address, Cid, Digest};
use payout::life::{Payout, Status, Step, Token};
use payout::time::Millis;
use serde::{Deserialize, Serialize};

/// Which call made the payout; its echoes and its callback follow the call's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `POST /api/v1/payout`.
    V1,
    /// `POST /api/v2/payout`.
    V2,
    /// `POST /api/v1/sub_address_withdrawal`.
    Sub,
    /// A person, through the operators' API.
    Person,
}

/// What the caller said, in the caller's own spelling, for echoes and callbacks. Nothing is decided from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which call made it.
    pub call: Call,
    /// `currency`, as it was sent: `60@60` or a coin's name.
    pub currency: String,
    /// `amount`, as it was sent.
    pub amount: String,
    /// The recipient, as it was sent.
    pub to_echo: String,
    /// Where the callback goes; none wanted if absent.
    pub callback_url: Option<String>,
    /// The caller's remark.
    pub remark: Option<String>,
}

/// The caller's own Ed25519 signature over the request (`caller_signed` rules): co-signers get it unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerProof {
    /// The header `Bursar-Signature`, whole.
    pub header: String,
    /// The raw body that it covers.
    pub body: Vec<u8>,
}

/// Why nothing happens at the moment, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// In words, for people.
    pub reason: String,
    /// What happens next, or what somebody has to do.
    pub next_action: String,
}

/// A payout as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRow {
    /// The intent and the state.
    pub payout: Payout,
    /// The intent's digest.
    pub digest: Digest,
    /// Grows with every claim, advance and hold; a write names the version that it read.
    pub version: i64,
    /// The contract's status, derived from the state.
    pub status: Status,
    /// What the caller said.
    pub terms: Terms,
    /// Why it waits, if it does.
    pub wait: Option<Wait>,
    /// Since when it has waited for that reason.
    pub waiting_since: Option<Millis>,
    /// When a step looks at it next. During a lease, the lease's end.
    pub due_at: Millis,
    /// Until when a claim keeps others away.
    pub lease_until: Option<Millis>,
    /// When it was accepted.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

impl PayoutRow {
    /// The payout's number.
    pub fn cid(&self) -> Cid {
        self.payout.intent.cid
    }
}

/// A token that was taken: it serves its intent for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The token.
    pub token: Token,
    /// The number in its spelling (an EVM nonce), if there is one.
    pub position: Option<i64>,
    /// The intent that it serves.
    pub intent: Digest,
    /// The payout that took it.
    pub cid: Cid,
    /// The paying address.
    pub from: Address,
    /// Where that payout is now.
    pub status: Status,
    /// When it was taken.
    pub taken: Millis,
    /// The payouts that have not ended and whose bytes spend it: its own, voids and raised caps of it; lowest first.
    pub spenders: Vec<Cid>,
}

/// How many payouts are at a place: for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The contract's status.
    pub status: Status,
    /// The step that moves them on; `None` when they have ended.
    pub step: Option<Step>,
    /// How many of them say why they wait.
    pub waiting: u64,
    /// How many there are.
    pub count: u64,
}
