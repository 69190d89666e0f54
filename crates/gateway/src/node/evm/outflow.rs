//! What left an address that nobody of ours knows of: nonces that the chain has used and that no payout has.
//!
//! Every transaction of an address takes the next nonce, so the chain's count says how many there were.

use std::collections::BTreeSet;

use chain::evm::{nonce_of, token_for_nonce};
use payout::ids::Address;
use payout::life::Token;

use super::EvmRoad;
use super::rpc::{At, Node};
use super::spender::{self, Spent};
use crate::clock;
use crate::node::road::{NodeError, Outflow};

/// So many unknown nonces are told; more say no more.
const TOLD: usize = 100;
/// For so many of them the transaction is looked for: each costs dozens of questions.
const LOOKED_FOR: usize = 8;

/// Nonces below the chain's count that are none of `known`.
pub(super) async fn unexplained(
    road: &EvmRoad,
    from: &Address,
    known: &BTreeSet<Token>,
) -> Result<Vec<Outflow>, NodeError> {
    let known: BTreeSet<u64> = known.iter().filter_map(nonce_of).collect();
    road.pool.in_turn(|node| by_node(node, from, &known)).await
}

async fn by_node(node: &Node, from: &Address, known: &BTreeSet<u64>) -> Result<Vec<Outflow>, NodeError> {
    let used = node.nonce(from, At::Latest).await?;
    let strange: Vec<u64> = missing(used, known).take(TOLD).collect();
    let mut outflows = Vec::with_capacity(strange.len());
    let head = if strange.is_empty() { 0 } else { node.head().await?.number };
    for (place, nonce) in strange.into_iter().enumerate() {
        // Nobody knows when: a node that keeps no old state can't find it.
        let spent = Spent { from, nonce, since: clock::now() };
        let found = match place {
            0..LOOKED_FOR => match spender::by_counts(node, &spent, head).await {
                Err(NodeError::Refused { .. }) => None,
                found => found?,
            },
            _ => None,
        };
        let token = token_for_nonce(nonce);
        outflows.push(Outflow { token, txid: found.map(|spender| spender.hash) });
    }
    Ok(outflows)
}

/// The numbers below `used` that are not in `known`.
fn missing(used: u64, known: &BTreeSet<u64>) -> impl Iterator<Item = u64> {
    let mut next = 0;
    let mut known = known.range(..used).copied().collect::<Vec<_>>().into_iter().peekable();
    std::iter::from_fn(move || {
        while known.next_if_eq(&next).is_some() {
            next += 1;
        }
        (next < used).then(|| {
            next += 1;
            next - 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hole_below_the_count_is_found_and_nothing_above_it() {
        let holes = |used, known: &[u64]| missing(used, &known.iter().copied().collect()).collect::<Vec<_>>();
        assert_eq!(holes(0, &[0, 1]), [0; 0]);
        assert_eq!(holes(3, &[0, 1, 2, 3, 4]), [0; 0]);
        assert_eq!(holes(3, &[]), [0, 1, 2]);
        assert_eq!(holes(6, &[1, 2, 4, 9]), [0, 3, 5]);
    }
}
