//! Whether the ledger would let the recipient be paid: asked before anything is signed, because a payment that it refuses
//! (`tec`) still burns a fee and spends its token.

use payout::ids::Address;
use payout::money::Amount;

use super::XrpRoad;
use super::client::Server;
use super::reply::State;
use crate::node::road::{Hold, NodeError};

/// How many servers are asked: one that says "it would fail" is enough to hold.
const OPINIONS: usize = 2;

/// Flags of an account in the ledger (`lsfRequireDestTag`, `lsfDisallowXRP`, `lsfDepositAuth`).
const REQUIRES_TAG: u32 = 0x0002_0000;
const DISALLOWS_XRP: u32 = 0x0008_0000;
const DEPOSIT_AUTH: u32 = 0x0100_0000;

/// A payment, as far as its recipient may mind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deposit<'a> {
    pub(super) from: &'a Address,
    pub(super) to: &'a Address,
    pub(super) tag: Option<u32>,
    pub(super) amount: Amount,
}

/// Holds with the reason why the payment would fail.
///
/// # Errors
/// [`Hold::WouldFail`], [`Hold::Node`].
pub(super) async fn takes(road: &XrpRoad, state: &State, deposit: Deposit<'_>) -> Result<(), Hold> {
    let opinions = road.pool.opinions(OPINIONS, |server| objection(server, state, deposit)).await;
    let mut unusable = Some(NodeError::TooFew { needed: 1, answered: 0 });
    let mut usable = false;
    for opinion in opinions {
        match opinion {
            Ok(Some(why)) => return Err(Hold::WouldFail(why)),
            Ok(None) => usable = true,
            Err(error) => unusable = Some(error),
        }
    }
    match unusable {
        Some(error) if !usable => Err(error.into()),
        _ => Ok(()),
    }
}

/// One server's reason, if it has one.
async fn objection(
    server: &Server,
    state: &State,
    deposit: Deposit<'_>,
) -> Result<Option<String>, NodeError> {
    let Deposit { from, to, tag, amount } = deposit;
    let Some(account) = server.account(to).await? else {
        let missing = amount < state.reserve_base;
        return Ok(missing.then(|| {
            format!(
                "the account {to} does not exist, and {amount} drops are less than the {} that create one",
                state.reserve_base
            )
        }));
    };
    if account.flags & REQUIRES_TAG != 0 && tag.is_none() {
        return Ok(Some(format!("the account {to} requires a destination tag")));
    }
    if account.flags & DISALLOWS_XRP != 0 {
        return Ok(Some(format!("the account {to} asks not to be sent XRP")));
    }
    if account.flags & DEPOSIT_AUTH != 0 && !server.is_authorised(from, to).await? {
        return Ok(Some(format!("the account {to} takes payments of accounts only that it has authorised")));
    }
    Ok(None)
}
