//! What the next version of a document may not change.

use std::sync::Arc;

use super::chain::ChainName;
use super::check::{About, Finding, Severity};
use super::document::{Book, Environment, People, Rules};
use super::roster::Roster;
use crate::coin::CoinId;
use crate::ids::{ChainId, WalletId};
use crate::key::PublicKey;
use crate::time::Millis;

/// A change of what is fixed for ever. Ids that were published keep their meaning even after they were removed: old
/// intents, counters and addresses speak of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// A demo stays a demo.
    #[error("a deployment's environment never changes")]
    Environment,
    /// Another family or network id.
    #[error("the chain {0} was published with another family or network id")]
    Network(ChainId),
    /// Other decimals would change every amount by powers of ten.
    #[error("the coin {0} was published with other decimals")]
    Decimals(CoinId),
    /// Another key would mean other addresses.
    #[error("the wallet {0} was published with another public key or chain code")]
    WalletKey(WalletId),
    /// A wallet that the roster's quorum does not sign for.
    #[error("the wallet {0} names another threshold or number of shares than the roster")]
    WalletQuorum(WalletId),
}

/// Compares the next rules with all that were published.
pub(super) fn check(
    published: &[Arc<Rules>],
    next: &Rules,
    environment: Environment,
    roster: &Roster,
) -> Result<(), Changed> {
    if next.environment != environment {
        return Err(Changed::Environment);
    }
    for wallet in &next.wallets {
        if wallet.threshold != roster.threshold || wallet.share_count != roster.share_count() {
            return Err(Changed::WalletQuorum(wallet.id));
        }
    }
    for old in published {
        for network in &next.networks {
            if old.network(&network.chain_id).is_some_and(|old| old != network) {
                return Err(Changed::Network(network.chain_id.clone()));
            }
        }
        for coin in &next.coins {
            if old.coin(&coin.id()).is_some_and(|old| old.decimals != coin.decimals) {
                return Err(Changed::Decimals(coin.id()));
            }
        }
        for wallet in &next.wallets {
            let other = |old: &super::Wallet| {
                old.public_key != wallet.public_key || old.chain_code != wallet.chain_code
            };
            if old.wallet(wallet.id).is_some_and(other) {
                return Err(Changed::WalletKey(wallet.id));
            }
        }
    }
    Ok(())
}

/// The next book, with each payee no older than its adoption, unless it was listed before.
pub(super) fn aged(held: &Book, next: Book, adopted: Millis) -> Book {
    let since: std::collections::BTreeMap<_, _> =
        held.payees.iter().map(|p| ((&p.group, &p.chain_id, &p.address), p.since)).collect();
    let payees = next.payees.into_iter().map(|mut payee| {
        let known = since.get(&(&payee.group, &payee.chain_id, &payee.address));
        payee.since = payee.since.max(known.copied().unwrap_or(adopted));
        payee
    });
    Book { payees: payees.collect() }
}

/// A principal with a key of the roster could speak as a machine of the house.
pub(super) fn shared_keys(people: &People, roster: &Roster) -> Vec<Finding> {
    let finding = |key: PublicKey| {
        people.owner_of(&key).map(|owner| Finding {
            severity: Severity::Error,
            document: ChainName::People,
            about: About::Principal(owner.id.clone()),
            line: None,
            reason: format!("the key {key} belongs to a machine of the roster"),
        })
    };
    roster.keys().filter_map(finding).collect()
}
