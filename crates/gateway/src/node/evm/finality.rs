//! What became of a payment: read from its effect in a final block, by every node for itself.
//!
//! A payment is dead only if what used its nonce, finally, does not have its effect. The transaction that used it need
//! not be the one that we stored: a signature from a session whose answer was lost may be what landed.

use chain::TokenRef;
use chain::evm::{delivered, nonce_of, transfer_calldata};
use payout::intent::{Intent, Kind};
use payout::life::{BlockRef, Death, SignedTx, Token};
use payout::money::Amount;

use super::EvmRoad;
use super::reply::{Block, Receipt, SeenTransaction};
use super::rpc::{At, Node};
use super::spender::{self, Spent};
use crate::config::Finality;
use crate::node::road::{Chance, NodeError, Sighting};
use crate::node::verdict::is_final;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) intent: &'a Intent,
    pub(super) token: &'a Token,
    pub(super) versions: &'a [&'a SignedTx],
}

/// What one node says in words, beside its verdict its count of the payer's transactions.
pub(super) async fn account(
    road: &EvmRoad,
    node: &Node,
    sought: Sought<'_>,
) -> (Result<Sighting, NodeError>, String) {
    let verdict = by_node(road, node, sought).await;
    let count = node.nonce(&sought.intent.from, At::Latest).await;
    let count =
        count.map_or_else(|_| String::new(), |count| format!("; its count of this address is {count}"));
    (verdict, count)
}

/// One node's whole verdict.
pub(super) async fn by_node(road: &EvmRoad, node: &Node, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let verdict = found_by(road, node, sought).await?;
    if is_final(&verdict) {
        // Behind the same address may be another machine than a moment ago, on another network.
        node.prove().await?;
    }
    Ok(verdict)
}

async fn found_by(road: &EvmRoad, node: &Node, sought: Sought<'_>) -> Result<Sighting, NodeError> {
    let Sought { intent, token, versions } = sought;
    let Some(nonce) = nonce_of(token) else {
        return Ok(Sighting::Doubt(format!("{token} is no EVM token")));
    };
    for version in versions.iter().rev() {
        if let Some(receipt) = node.receipt(&version.txid).await? {
            return judge(road, node, intent, nonce, &receipt).await;
        }
    }
    if node.nonce(&intent.from, At::Latest).await? <= nonce {
        for version in versions.iter().rev() {
            if node.transaction(&version.txid).await?.is_some() {
                return Ok(Sighting::Pending);
            }
        }
        return Ok(Sighting::Missing);
    }
    // A nonce that is used in a block that may still go is neither missing nor dead.
    let used = || Sighting::Included {
        height: 0,
        waits: "its nonce is used in a block that is not final".to_owned(),
    };
    let Some(last_final) = last_final(road, node).await? else { return Ok(used()) };
    if node.nonce(&intent.from, At::Height(last_final.number)).await? <= nonce {
        return Ok(used());
    }
    let sought = Spent { from: &intent.from, nonce, since: intent.created };
    let Some(spender) = spender::find(node, &sought, last_final.number).await? else {
        return Ok(Sighting::Doubt(
            "its nonce is used and the transaction that used it can't be found".to_owned(),
        ));
    };
    let Some(receipt) = node.receipt(&spender.hash).await? else {
        return Ok(Sighting::Doubt(format!("{} used its nonce and has no receipt", spender.hash)));
    };
    if pays(intent, &spender) {
        return judge(road, node, intent, nonce, &receipt).await;
    }
    match place_of(node, &receipt).await? {
        Place::In(block) if block.number <= last_final.number => {
            Ok(Sighting::Dead(Death::TokenSpent { txid: spender.hash, block: reference(&block) }))
        }
        Place::In(_) => Ok(used()),
        Place::Gone => Ok(Sighting::Doubt(format!("the block of {} is not in the chain", spender.hash))),
        Place::Elsewhere => Ok(Sighting::Doubt(elsewhere(&receipt))),
    }
}

/// The verdict on a receipt of a transaction that does what the intent says.
async fn judge(
    road: &EvmRoad,
    node: &Node,
    intent: &Intent,
    nonce: u64,
    receipt: &Receipt,
) -> Result<Sighting, NodeError> {
    let block = match place_of(node, receipt).await? {
        Place::In(block) => block,
        // Reorganised away between two questions.
        Place::Gone => return Ok(Sighting::Pending),
        Place::Elsewhere => return Ok(Sighting::Doubt(elsewhere(receipt))),
    };
    let last_final = last_final(road, node).await?.map_or(0, |block| block.number);
    if last_final < block.number {
        return Ok(Sighting::Included {
            height: block.number,
            waits: format!("in block {}; final up to {last_final}", block.number),
        });
    }
    // A receipt is only a word; that the nonce is used has to be so as well.
    let count = node.nonce(&intent.from, At::Latest).await?;
    if count <= nonce {
        return Ok(Sighting::Doubt(format!(
            "a receipt says that nonce {nonce} is used in block {}, and the address has used {count}",
            block.number
        )));
    }
    let txid = receipt.txid.clone();
    let block = reference(&block);
    let dead = |why: &str| {
        Ok(Sighting::Dead(Death::Reverted { txid: txid.clone(), block: block.clone(), why: why.to_owned() }))
    };
    if intent.kind == Kind::Void {
        // Its whole effect is that its nonce is used, and that is so whatever the receipt says.
        return Ok(Sighting::Succeeded(Chance { txid, block }));
    }
    if !receipt.success {
        return dead("the transaction reverted");
    }
    match TokenRef::of(&intent.chain_id, &intent.token_id) {
        TokenRef::Native => Ok(Sighting::Succeeded(Chance { txid, block })),
        TokenRef::Contract(contract) => match delivered(&receipt.logs, &contract, &intent.from, &intent.to) {
            Some(amount) if amount == intent.amount => Ok(Sighting::Succeeded(Chance { txid, block })),
            None => dead("the token's contract logged no transfer to the recipient"),
            Some(amount) => Ok(Sighting::Doubt(format!(
                "the token's contract logged a transfer of {amount} in place of {}",
                intent.amount
            ))),
        },
    }
}

/// Where the transaction of a receipt is.
enum Place {
    /// In this block of the chain.
    In(Block),
    /// In a block that is not the chain's.
    Gone,
    /// Not in the block that the receipt names, although that is the chain's.
    Elsewhere,
}

async fn place_of(node: &Node, receipt: &Receipt) -> Result<Place, NodeError> {
    let block = node.block(At::Height(receipt.block_number)).await?;
    let named = |block: &Block| block.hash == receipt.block_hash && block.number == receipt.block_number;
    Ok(match block.filter(named) {
        Some(block) if block.holds.contains(&receipt.txid) => Place::In(block),
        Some(_) => Place::Elsewhere,
        None => Place::Gone,
    })
}

fn elsewhere(receipt: &Receipt) -> String {
    format!("the receipt of {} names block {}, which does not hold it", receipt.txid, receipt.block_number)
}

fn reference(block: &Block) -> BlockRef {
    BlockRef { height: block.number, hash: block.hash.clone(), time: block.time }
}

/// The newest block that can't go away any more.
async fn last_final(road: &EvmRoad, node: &Node) -> Result<Option<Block>, NodeError> {
    match road.finality {
        Finality::Finalized => node.block(At::Finalized).await,
        Finality::Blocks(depth) => {
            let head = node.head().await?;
            // A block counts as one confirmation of itself.
            match (head.number + 1).checked_sub(depth.into()) {
                Some(height) => node.block(At::Height(height)).await,
                None => Ok(None),
            }
        }
    }
}

/// Whether a transaction on chain does exactly what the intent says.
fn pays(intent: &Intent, tx: &SeenTransaction) -> bool {
    if intent.kind == Kind::Void {
        return tx.to.as_ref() == Some(&intent.from) && tx.value.is_zero() && tx.input.is_empty();
    }
    match TokenRef::of(&intent.chain_id, &intent.token_id) {
        TokenRef::Native => {
            tx.to.as_ref() == Some(&intent.to) && tx.value == intent.amount && tx.input.is_empty()
        }
        TokenRef::Contract(contract) => {
            let called = tx.to.as_ref().is_some_and(|to| to.as_str().eq_ignore_ascii_case(contract.as_str()));
            let calldata = transfer_calldata(&intent.to, intent.amount);
            called && tx.value == Amount::ZERO && calldata.is_some_and(|data| data == tx.input)
        }
    }
}
