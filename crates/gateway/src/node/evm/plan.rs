//! Before a nonce is taken: is there gas, is there money, is there room, and which nonce is next.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chain::TokenRef;
use chain::evm::{Build as Bytes, build, nonce_of};
use payout::coin::CoinId;
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::rpc::{At, Node};
use super::{EvmRoad, gas, price};
use crate::node::pool::Agreement;
use crate::node::road::{Hold, Lane, NodeError, Plan};

/// Estimates, checks and builds. Takes nothing.
pub(super) async fn plan(road: &EvmRoad, intent: &Intent, lane: &Lane) -> Result<Plan, Hold> {
    if intent.kind != Kind::Payout {
        return Err(Hold::Unbuildable(format!("a {} takes no token of its own", intent.kind)));
    }
    let token = TokenRef::of(&intent.chain_id, &intent.token_id);
    let native = CoinId::native(&intent.chain_id);
    let call = gas::call_of(intent, &token)?;
    // All at once: a lane plans one payout at a time, so its pace is the nodes' round trip.
    let (seen, gas, prices) =
        tokio::join!(view(road, lane, &token), gas::estimate(road, &call), price::today(road));
    let View { nonce: chain_nonce, height: _, native: native_balance, token: token_balance } = seen?;
    let chain_nonce = explained(road, lane, chain_nonce).await?;
    let nonce = next_nonce(lane, chain_nonce, road.lane_window)?;

    // Money before gas: a node's estimate for a payer without funds is only an obscure error.
    let has = spare(lane, &native, chain_nonce, native_balance);
    if let Some(balance) = token_balance {
        let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
        let has = spare(lane, &coin, chain_nonce, balance);
        lane.enough(coin, has, Some(intent.amount))?;
    }
    let in_native = if token == TokenRef::Native { intent.amount } else { Amount::ZERO };
    lane.enough(native.clone(), has, in_native.checked_add(Amount::from_u128(1)))?;

    let gas_limit = gas?;
    let fee = price::offer(&prices?, gas_limit, intent.fee_cap)?;
    let max_fee = Amount::from_u128(fee.max_fee_per_gas()).checked_mul(gas_limit.into());
    let needs = max_fee.and_then(|fee| fee.checked_add(in_native));
    lane.enough(native, has, needs)?;

    finish(
        intent,
        &Bytes {
            network_id: road.network_id.clone(),
            nonce,
            to: intent.to.clone(),
            token,
            amount: intent.amount,
            gas_limit,
            fee,
        },
    )
}

/// The bytes, decoded back and compared.
pub(super) fn finish(intent: &Intent, bytes: &Bytes) -> Result<Plan, Hold> {
    let unsigned = build(bytes).map_err(|error| Hold::Unbuildable(error.to_string()))?;
    let decoded = chain::evm::decode(&unsigned).map_err(|error| Hold::Unbuildable(error.to_string()))?;
    Plan::checked(intent, unsigned, decoded)
}

/// What a node says of an address: count and balances together, since a payment changes both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    nonce: u64,
    /// Of its head.
    height: u64,
    native: Amount,
    token: Option<Amount>,
}

/// How many nodes are asked for their view.
const VIEWS: usize = 2;

/// The paying address as the node sees it that knows of most of its payments, of equals the one with the newest head: one
/// that lags must neither have us build on a nonce that is used, nor say for ever that the money has not come.
async fn view(road: &EvmRoad, lane: &Lane, token: &TokenRef) -> Result<View, NodeError> {
    let said = road.pool.opinions(VIEWS, |node| seen_by(node, lane, token)).await;
    let mut unusable = NodeError::TooFew { needed: 1, answered: 0 };
    let mut newest: Option<View> = None;
    for opinion in said {
        match opinion {
            Ok(view) => newest = Some(newest.map_or(view, |newest| newest.or(view))),
            Err(error) => unusable = error,
        }
    }
    newest.ok_or(unusable)
}

async fn seen_by(node: &Node, lane: &Lane, token: &TokenRef) -> Result<View, NodeError> {
    let balance = async {
        match token {
            TokenRef::Native => Ok(None),
            TokenRef::Contract(_) => node.balance_of(&lane.from, token).await.map(Some),
        }
    };
    let (nonce, height, native, token) = tokio::try_join!(
        node.nonce(&lane.from, At::Latest),
        node.height(),
        node.balance_of(&lane.from, &TokenRef::Native),
        balance
    )?;
    Ok(View { nonce, height, native, token })
}

impl View {
    /// The newer of two. Of two that are as new, the poorer in each coin.
    fn or(self, other: Self) -> Self {
        match (self.nonce, self.height).cmp(&(other.nonce, other.height)) {
            Ordering::Greater => self,
            Ordering::Less => other,
            Ordering::Equal => Self {
                nonce: self.nonce,
                height: self.height,
                native: self.native.min(other.native),
                token: self.token.min(other.token),
            },
        }
    }
}

/// A nonce above all that we ever took needs a second node that says the same: on one node's word alone we would sign
/// far above the chain's true nonce, and everything after it would wait for ever.
async fn explained(road: &EvmRoad, lane: &Lane, nonce: u64) -> Result<u64, NodeError> {
    let highest = lane.highest.as_ref().and_then(nonce_of);
    if nonce <= highest.map_or(0, |highest| highest.saturating_add(1)) {
        return Ok(nonce);
    }
    match road.pool.agree(|node| node.nonce(&lane.from, At::Latest)).await? {
        Agreement::Agreed(nonce) => Ok(nonce),
        Agreement::Contradiction(answers) => {
            let told: Vec<String> =
                answers.iter().map(|(name, nonce)| format!("{name} says {nonce}")).collect();
            Err(NodeError::Nonsense {
                node: "one of the nodes".to_owned(),
                method: "eth_getTransactionCount",
                why: format!(
                    "{}; we have taken {}",
                    told.join(", "),
                    highest.map_or(0, |highest| highest.saturating_add(1))
                ),
            })
        }
    }
}

/// The lowest nonce that the chain has not used and that no payment of ours holds, inside the window.
///
/// Lowest, not last plus one: a payout that was stopped before any co-signer saw it leaves its nonce free, and a hole
/// would block everything above it.
fn next_nonce(lane: &Lane, chain_nonce: u64, window: u16) -> Result<u64, Hold> {
    let taken: BTreeSet<u64> = lane.taken.iter().filter_map(|taken| nonce_of(&taken.token)).collect();
    let waiting = taken.range(chain_nonce..).count();
    if waiting >= usize::from(window) {
        return Err(Hold::LaneFull { limit: window });
    }
    // A node that lags behind names a nonce that is long used: the store refuses it, and the next plan keeps clear of it.
    let mut nonce = chain_nonce;
    while taken.contains(&nonce) {
        nonce += 1;
    }
    Ok(nonce)
}

/// The balance of a token; `None` for the native coin, which is asked for anyhow.
pub(super) async fn token_balance(
    road: &EvmRoad,
    lane: &Lane,
    token: &TokenRef,
) -> Result<Option<Amount>, NodeError> {
    match token {
        TokenRef::Native => Ok(None),
        TokenRef::Contract(_) => road.pool.first(|node| node.balance_of(&lane.from, token)).await.map(Some),
    }
}

/// What the address holds of a coin beyond the payments in flight. Those that the chain has already taken from the
/// balance (their nonce is used) are not counted again.
pub(super) fn spare(lane: &Lane, coin: &CoinId, chain_nonce: u64, balance: Amount) -> Amount {
    let is_native = TokenRef::of(&coin.chain_id, &coin.token_id) == TokenRef::Native;
    let pending =
        lane.taken.iter().filter(|taken| nonce_of(&taken.token).is_none_or(|nonce| nonce >= chain_nonce));
    pending.fold(balance, |spare, taken| {
        let amount = if taken.coin == *coin { taken.amount } else { Amount::ZERO };
        let fee = if is_native { taken.max_fee } else { Amount::ZERO };
        amount.checked_add(fee).and_then(|spent| spare.checked_sub(spent)).unwrap_or(Amount::ZERO)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::road::Taken;
    use chain::evm::token_for_nonce;

    #[test]
    fn the_view_that_knows_more_payments_or_blocks_counts_and_of_equals_the_poorer() {
        let view = |nonce, height, native, token| View {
            nonce,
            height,
            native: Amount::from_u128(native),
            token: Some(Amount::from_u128(token)),
        };
        assert_eq!(view(3, 9, 10, 1).or(view(4, 8, 90, 9)), view(4, 8, 90, 9));
        assert_eq!(view(4, 8, 90, 9).or(view(3, 9, 10, 1)), view(4, 8, 90, 9));
        assert_eq!(view(4, 7, 0, 0).or(view(4, 8, 90, 9)), view(4, 8, 90, 9));
        assert_eq!(view(4, 8, 90, 1).or(view(4, 8, 10, 9)), view(4, 8, 10, 1));
    }

    fn lane(nonces: &[u64]) -> Lane {
        let taken = |nonce: &u64| Taken {
            token: token_for_nonce(*nonce),
            coin: "60@60".parse().unwrap(),
            amount: Amount::from_u128(1),
            max_fee: Amount::from_u128(1),
            operation: None,
        };
        Lane {
            from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
            public_key: None,
            taken: nonces.iter().map(taken).collect(),
            highest: None,
        }
    }

    #[test]
    fn the_next_nonce_is_the_lowest_free_one() {
        assert_eq!(next_nonce(&lane(&[]), 0, 4).unwrap(), 0);
        assert_eq!(next_nonce(&lane(&[5, 6]), 5, 4).unwrap(), 7);
        assert_eq!(next_nonce(&lane(&[5, 7]), 5, 4).unwrap(), 6);
        // Used on chain and not yet final: no longer in the way.
        assert_eq!(next_nonce(&lane(&[5, 6]), 7, 4).unwrap(), 7);
    }

    #[test]
    fn payments_in_flight_are_spoken_for_until_the_chain_has_taken_them() {
        let native: CoinId = "60@60".parse().unwrap();
        // Two payments of 1 with a fee of 1 each.
        assert_eq!(spare(&lane(&[5, 6]), &native, 5, Amount::from_u128(10)), Amount::from_u128(6));
        assert_eq!(spare(&lane(&[5, 6]), &native, 6, Amount::from_u128(10)), Amount::from_u128(8));
        assert_eq!(spare(&lane(&[5, 6]), &native, 5, Amount::from_u128(3)), Amount::ZERO);
    }

    #[test]
    fn a_full_window_holds_the_next_payout() {
        assert!(matches!(next_nonce(&lane(&[5, 6]), 5, 2), Err(Hold::LaneFull { limit: 2 })));
        assert!(next_nonce(&lane(&[5, 6]), 6, 2).is_ok());
    }
}
