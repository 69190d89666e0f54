//! What became of a payment: read by every node for itself from blocks that can't go away.
//!
//! A payment's token is the id of its transaction, and the id is the hash of what it does: nothing else can spend the
//! token or have its effect. It is dead when its receipt is final and shows no effect, or when a final block is past its
//! expiration and no final block holds it; a block whose parent is past the expiration takes it no more.

use chain::tron::{delivered, reference_of, txid_of};
use chain::{TokenRef, ValidUntil, compare, family};
use payout::coin::Family;
use payout::intent::Intent;
use payout::life::{BlockRef, Build, Death};
use payout::time::Millis;

use super::TronRoad;
use super::client::{Node, State};
use super::reply::{Block, Receipt};
use crate::clock;
use crate::node::pool::Named as _;
use crate::node::road::{Chance, NodeError, Sighting};
use crate::node::verdict::is_final;

/// Blocks that are looked through from the solidified head for the one that is past an expiration, at first.
const FIRST_STEP: u64 = 64;
/// The part of a block's height that a transaction refers to.
const REFERENCE_SPAN: u64 = 1 << 16;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) intent: &'a Intent,
    /// Token and bytes. Whether and how they are signed changes neither.
    pub(super) build: &'a Build,
}

/// What one node says in words.
pub(super) async fn account(
    road: &TronRoad,
    node: &Node,
    sought: Sought<'_>,
) -> (Result<Sighting, NodeError>, String) {
    let verdict = by_node(road, node, sought).await;
    let solid = node.newest(State::Solid).await;
    let solid = solid.map_or_else(|_| String::new(), |block| format!("; solidified up to {}", block.number));
    (verdict, solid)
}

/// One node's whole verdict.
pub(super) async fn by_node(road: &TronRoad, node: &Node, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let verdict = found_by(road, node, sought).await?;
    if is_final(&verdict) {
        // Behind the same address may be another machine than a moment ago, on another network.
        node.prove().await?;
    }
    Ok(verdict)
}

async fn found_by(road: &TronRoad, node: &Node, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let Sought { intent, build } = sought;
    let Some(txid) = txid_of(&build.token) else {
        return Ok(Sighting::Doubt(format!("{} is no TRON token", build.token)));
    };
    // Before everything else: what is nowhere in the chain up to this block after it was read is not in it.
    let solid = node.newest(State::Solid).await?;
    if let Some(receipt) = node.receipt(State::Solid, txid).await? {
        return judge(road, node, intent, txid, &receipt).await;
    }
    if let Some(receipt) = node.receipt(State::Head, txid).await? {
        let height = receipt.block_number;
        return Ok(Sighting::Included {
            height,
            waits: format!("in block {height}; solidified up to {}", solid.number),
        });
    }
    let Some(end) = end_of(road, &build.unsigned) else {
        return Ok(Sighting::Doubt("its stored bytes can't be read".to_owned()));
    };
    if solid.time >= end {
        return lapsed(road, node, sought, txid, &solid, end).await;
    }
    // Nobody takes it any more; whether somebody did is final only later.
    if clock::now() >= end || node.is_pending(txid).await.unwrap_or(false) {
        return Ok(Sighting::Pending);
    }
    Ok(Sighting::Missing)
}

/// From when on no block takes bytes.
fn end_of(road: &TronRoad, bytes: &[u8]) -> Option<Millis> {
    match family(Family::Tron).decode(&road.network_id, bytes).ok()?.valid_until? {
        ValidUntil::Time(end) => Some(end),
        ValidUntil::Height(_) => None,
    }
}

/// The verdict on a transaction whose time is over by this node's solidified chain, and which is not in it.
async fn lapsed(
    road: &TronRoad,
    node: &Node,
    sought: Sought<'_>,
    txid: &str,
    solid: &Block,
    end: Millis,
) -> Result<Sighting, NodeError> {
    let past = first_past(node, solid, end).await?;
    // A node whose history does not reach back knows nothing of what was there. The block that the payment refers to is
    // at most a day before its end, and its height is known but for a multiple that spans two days.
    let reference = reference_of(&sought.build.unsigned);
    let Some(reference) = reference else {
        return Ok(Sighting::Doubt("its stored bytes can't be read".to_owned()));
    };
    let low = u64::from(u16::from_be_bytes(reference.height));
    let behind = past.number.wrapping_sub(low) % REFERENCE_SPAN;
    let height = past.number.checked_sub(behind);
    let Some(height) = height else {
        return Ok(Sighting::Doubt("it refers to a block before the first".to_owned()));
    };
    let begun = node.block(State::Solid, height).await?.ok_or_else(|| no_history(node, height))?;
    if begun.reference() != Some(reference) {
        return Ok(Sighting::Doubt(format!("block {height} is not the one that it refers to")));
    }
    // Several machines may stand behind one address: asked again after all else, of one that has got as far.
    if node.newest(State::Solid).await?.number < solid.number {
        return Ok(Sighting::Pending);
    }
    if let Some(receipt) = node.receipt(State::Solid, txid).await? {
        return judge(road, node, sought.intent, txid, &receipt).await;
    }
    if node.transaction(State::Solid, txid).await?.is_some() {
        return Ok(Sighting::Doubt("it is in the chain and has no receipt".to_owned()));
    }
    Ok(Sighting::Dead(Death::Expired { txid: txid.to_owned(), block: referred(&past) }))
}

fn no_history(node: &Node, height: u64) -> NodeError {
    let why = format!("its history does not reach back to block {height}");
    NodeError::Nonsense { node: node.name().to_owned(), method: "getblock", why }
}

/// The first block of the solidified chain whose time is `end` or later: the same for every node.
async fn first_past(node: &Node, solid: &Block, end: Millis) -> Result<Block, NodeError> {
    let at =
        async |height: u64| node.block(State::Solid, height).await?.ok_or_else(|| no_history(node, height));
    let mut high = solid.clone();
    let mut step = FIRST_STEP;
    // Doubling steps back: a node that prunes can still answer for recent blocks.
    let mut low = loop {
        let low = high.number.saturating_sub(step);
        let block = at(low).await?;
        if low == 0 || block.time < end {
            break low;
        }
        high = block;
        step *= 2;
    };
    while low + 1 < high.number {
        let middle = at(low + (high.number - low) / 2).await?;
        if middle.time < end { low = middle.number } else { high = middle }
    }
    Ok(high)
}

/// The verdict on a final receipt.
async fn judge(
    road: &TronRoad,
    node: &Node,
    intent: &Intent,
    txid: &str,
    receipt: &Receipt,
) -> Result<Sighting, NodeError> {
    let height = receipt.block_number;
    let not_yet = |what: &str| {
        Ok(Sighting::Included {
            height,
            waits: format!("in block {height}; its node does not tell {what} yet"),
        })
    };
    let Some(block) = node.block(State::Solid, height).await? else { return not_yet("the block") };
    let Some(seen) = node.transaction(State::Solid, txid).await? else { return not_yet("the transaction") };
    if block.time != receipt.block_time {
        return Ok(Sighting::Doubt(format!("receipt and block {height} have different times")));
    }
    let does = family(Family::Tron).decode(&road.network_id, &seen.raw).map_err(|error| error.to_string());
    let does = does.and_then(|decoded| compare(intent, &decoded).map_err(|error| error.to_string()));
    if let Err(why) = does {
        return Ok(Sighting::Doubt(format!("{txid} is not what was to be paid: {why}")));
    }
    let txid = txid.to_owned();
    let block = referred(&block);
    let dead =
        |why: String| Ok(Sighting::Dead(Death::Reverted { txid: txid.clone(), block: block.clone(), why }));
    let ended = receipt.result.as_deref().unwrap_or(&seen.result);
    if receipt.failed || ended != "SUCCESS" || seen.result != "SUCCESS" {
        let why = if ended == "SUCCESS" { &seen.result } else { ended };
        return dead(format!("the chain ended it with {why}"));
    }
    match TokenRef::of(&intent.chain_id, &intent.token_id) {
        TokenRef::Native => Ok(Sighting::Succeeded(Chance { txid, block })),
        TokenRef::Contract(_) if receipt.result.is_none() => {
            Ok(Sighting::Doubt("the receipt of a contract's call does not say how it ended".to_owned()))
        }
        TokenRef::Contract(contract) => match delivered(&receipt.logs, &contract, &intent.from, &intent.to) {
            Some(amount) if amount == intent.amount => Ok(Sighting::Succeeded(Chance { txid, block })),
            None => dead("the token's contract logged no transfer to the recipient".to_owned()),
            Some(amount) => Ok(Sighting::Doubt(format!(
                "the token's contract logged a transfer of {amount} in place of {}",
                intent.amount
            ))),
        },
    }
}

fn referred(block: &Block) -> BlockRef {
    BlockRef { height: block.number, hash: block.id.clone(), time: block.time }
}
