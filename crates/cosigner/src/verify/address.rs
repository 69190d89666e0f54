//! Eleventh: the paying address is the wallet's. The key is the one in our own vault, the path follows from the chain.

use wire::message::{Check, Refusal};

use super::context::{Context, WalletKey};
use super::derived::derived;
use super::subject::Subject;
use super::terms::Terms;
use crate::refuse::{later, never};

pub(crate) fn check<'a>(
    ctx: &Context<'a>,
    terms: &Terms<'_>,
    subject: &Subject,
) -> Result<(&'a WalletKey, Vec<u32>), Refusal> {
    let intent = &subject.intent;
    let id = intent.wallet;
    let key = ctx
        .keys
        .get(&id)
        .ok_or_else(|| later(Check::Address, format!("no share of wallet {id} is held here")))?;
    let rules = ctx.policy.newest_rules();
    let active = rules.wallet(id).ok_or_else(|| {
        later(Check::Address, format!("wallet {id} is not active: the newest rules don't list it"))
    })?;
    if active.public_key != key.public_key || active.chain_code != key.chain_code {
        return Err(later(
            Check::Address,
            format!("the rules list another key for wallet {id} than the vault holds"),
        ));
    }
    if (active.threshold, active.share_count) != (key.threshold, key.share_count) {
        return Err(later(
            Check::Address,
            format!(
                "the rules say {} of {} for wallet {id}, the share is of {} of {}",
                active.threshold, active.share_count, key.threshold, key.share_count
            ),
        ));
    }
    if active.fingerprint != key.fingerprint {
        return Err(later(
            Check::Address,
            format!(
                "the rules list the fingerprint {} for wallet {id}, the terminal here showed {}",
                active.fingerprint, key.fingerprint
            ),
        ));
    }
    let index = intent.address_index;
    let derived = derived(terms.network, key, index)
        .map_err(|error| never(Check::Address, format!("wallet {id} has no address {index}: {error}")))?;
    if derived != intent.from {
        return Err(never(
            Check::Address,
            format!("address {index} of wallet {id} is {derived}, the intent pays from {}", intent.from),
        ));
    }
    Ok((key, chain::family(terms.network.family).path(&terms.network.network_id, index)))
}
