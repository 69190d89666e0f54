//! What the checks are made against.

use std::collections::BTreeMap;

use payout::ids::WalletId;
use payout::policy::Policy;
use payout::time::Millis;

use crate::journal::{Believed, Union};

/// The public half of a key share in the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletKey {
    /// The wallet.
    pub wallet: WalletId,
    /// The shares' epoch, from 1.
    pub epoch: u32,
    /// The compressed secp256k1 public key.
    pub public_key: [u8; 33],
    /// The BIP32 chain code.
    pub chain_code: [u8; 32],
    /// How many sign.
    pub threshold: u8,
    /// How many hold a share.
    pub share_count: u8,
    /// What the ceremony printed on this host's terminal.
    pub fingerprint: String,
}

/// What this co-signer knows for itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The newest policy held, with all versions before it.
    pub policy: &'a Policy,
    /// All merged journals.
    pub union: &'a Union,
    /// The key shares that are in use: of each wallet, the epoch that all co-signers' journals say is tested.
    pub keys: &'a BTreeMap<WalletId, WalletKey>,
    /// Our index on the roster.
    pub me: u8,
    /// Our clock.
    pub clock: Millis,
    /// Why the owner of this host has paused it, if so.
    pub paused: Option<&'a str>,
}

impl Context<'_> {
    /// The greater of the clock and the newest entry in our own journal and in those of `participants`.
    pub fn now(&self, participants: &[u8]) -> Millis {
        self.clock.max(self.union.newest(participants))
    }

    /// What spares somebody a question: our own word, or a quorum's.
    pub(crate) fn proven(&self) -> Believed {
        self.union.proven(self.policy.roster().threshold)
    }
}

/// Who takes part in a signing session.
#[derive(Debug, Clone, Copy)]
pub struct Session<'a> {
    /// Their indices, this co-signer's among them.
    pub participants: &'a [u8],
    /// The peers' clocks, as they told them when they began, by index.
    pub clocks: &'a [(u8, Millis)],
}
