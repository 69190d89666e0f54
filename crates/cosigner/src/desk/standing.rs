//! What this co-signer says of itself.

use std::collections::{BTreeMap, BTreeSet};

use payout::ids::WalletId;
use wire::message::{Condition, PROTOCOL, Standing, WalletStanding};

use super::cosigner::Cosigner;
use crate::ceremony::tested_by;
use crate::vault::Held;

/// Name and version, for display.
pub const SOFTWARE: &str = concat!("bursar-cosigner ", env!("CARGO_PKG_VERSION"));

impl Cosigner {
    /// What is true now.
    pub(super) fn standing(&self) -> Standing {
        let policy = self.policy();
        let wallets = self.wallet_standings();
        let (banned, freeze) = self.journal.with(|union| {
            let banned: BTreeSet<u8> =
                wallets.iter().flat_map(|wallet| union.banned(wallet.wallet, wallet.epoch)).collect();
            (banned, policy.freeze_state(union.freezes()))
        });
        let condition = if let Some(failure) = self.journal.failure() {
            Condition::Quarantined(failure)
        } else if let Some(quarantine) = self.journal.quarantine() {
            Condition::Quarantined(quarantine.to_string())
        } else if let Some(order) = freeze {
            Condition::Frozen(format!("{}: {}", order.principal, order.reason))
        } else if let Some(reason) = self.paused() {
            Condition::Frozen(format!("paused by the owner of this co-signer's host: {reason}"))
        } else {
            Condition::Ready
        };
        Standing {
            protocol: PROTOCOL,
            index: self.me,
            software: SOFTWARE.to_owned(),
            heads: policy.heads(),
            journal_seq: self.journal.own_seq(),
            wallets,
            banned: banned.into_iter().collect(),
            condition,
        }
    }

    /// One row a wallet: the epoch in use, else the newest that is held.
    fn wallet_standings(&self) -> Vec<WalletStanding> {
        let keys = self.keys();
        let mut rows = BTreeMap::<WalletId, WalletStanding>::new();
        // In order of epochs: the last row of a wallet stays.
        for share in self.vault.held() {
            let Held { wallet, epoch, public_key, chain_code, fingerprint, .. } = share;
            if keys.get(&wallet).is_some_and(|key| key.epoch != epoch) {
                continue;
            }
            let tested = self.journal.with(|union| tested_by(union, self.me, wallet));
            let tested = tested.is_some_and(|tested| tested >= epoch);
            rows.insert(
                wallet,
                WalletStanding { wallet, epoch, public_key, chain_code, fingerprint, tested },
            );
        }
        rows.into_values().collect()
    }
}
