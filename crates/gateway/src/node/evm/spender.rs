//! Which transaction used a nonce.
//!
//! Nodes index no such thing. They answer how many transactions an address had at a block, as long as they keep that
//! block's state; most keep the newest 128. Blocks themselves they keep far longer: where the state is gone, the blocks
//! since the payment was asked for are read one after the other.

use std::cmp::Ordering;

use futures::future::try_join_all;
use payout::ids::Address;
use payout::time::Millis;

use super::reply::SeenTransaction;
use super::rpc::{At, Node};
use crate::node::road::NodeError;

/// Blocks that are asked for at once.
const AT_ONCE: u64 = 8;
/// Blocks that are read at most. What was asked for so long before it was paid needs a node that keeps old state.
const MOST: u64 = 4096;
/// How far a block's time may lie before that of the machine that signed for it, ms.
const SLACK_MS: i64 = 60_000;

/// A used nonce.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spent<'a> {
    /// Whose.
    pub(super) from: &'a Address,
    /// Which.
    pub(super) nonce: u64,
    /// It was not used for long before.
    pub(super) since: Millis,
}

impl Spent<'_> {
    fn is_by(&self, transaction: &SeenTransaction) -> bool {
        transaction.from == *self.from && transaction.nonce == self.nonce
    }

    async fn in_block(&self, node: &Node, height: u64) -> Result<Option<SeenTransaction>, NodeError> {
        let block = node.full_block(height).await?;
        Ok(block.and_then(|full| full.transactions.into_iter().find(|found| self.is_by(found))))
    }
}

/// The transaction that used it, which the chain holds at or below `last_final`. `None` if it is not found.
pub(super) async fn find(
    node: &Node,
    spent: &Spent<'_>,
    last_final: u64,
) -> Result<Option<SeenTransaction>, NodeError> {
    match by_counts(node, spent, last_final).await {
        Err(NodeError::Refused { .. }) => by_blocks(node, spent, last_final).await,
        answer => answer,
    }
}

/// Halves the span of blocks in which the address's transaction count passed the nonce.
pub(super) async fn by_counts(
    node: &Node,
    spent: &Spent<'_>,
    last_final: u64,
) -> Result<Option<SeenTransaction>, NodeError> {
    let Spent { from, nonce, since: _ } = *spent;
    // Doubling steps back from the last final block: a node that prunes old state can still answer for recent blocks.
    let mut high = last_final;
    let mut step = 16;
    let mut low = loop {
        let low = high.saturating_sub(step);
        if low == 0 || node.nonce(from, At::Height(low)).await? <= nonce {
            break low;
        }
        high = low;
        step *= 2;
    };
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        match node.nonce(from, At::Height(middle)).await?.cmp(&nonce) {
            Ordering::Greater => high = middle,
            Ordering::Less | Ordering::Equal => low = middle,
        }
    }
    for height in [high, low] {
        let found = spent.in_block(node, height).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Reads block after block from the moment on in which the payment was asked for.
async fn by_blocks(
    node: &Node,
    spent: &Spent<'_>,
    last_final: u64,
) -> Result<Option<SeenTransaction>, NodeError> {
    let _turn = node.turn_to_read().await;
    let first = first_since(node, spent.since.plus(-SLACK_MS), last_final).await?;
    let last = last_final.min(first.saturating_add(MOST - 1));
    let mut next = first;
    while next <= last {
        let until = last.min(next + AT_ONCE - 1);
        let read = try_join_all((next..=until).map(|height| spent.in_block(node, height))).await?;
        if let Some(found) = read.into_iter().flatten().next() {
            return Ok(Some(found));
        }
        next = until + 1;
    }
    Ok(None)
}

/// The first block that is not older than `since`. Blocks that the node does not have any more are older.
async fn first_since(node: &Node, since: Millis, last_final: u64) -> Result<u64, NodeError> {
    let (mut low, mut high) = (0, last_final);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_older = node.block(At::Height(middle)).await?.is_none_or(|block| block.time < since);
        if is_older { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}
