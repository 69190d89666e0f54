//! How much gas an act needs: asked of two nodes, the larger answer counts.
//!
//! One node that says too little would make a payment run out of gas: it would fail for good and burn its fee. One that
//! says too much costs nothing, because unused gas is not paid for, and the cap bounds it. One that says "it would fail"
//! holds the payment: nothing is burnt meanwhile, and a node that only lags says otherwise soon.

use chain::TokenRef;
use chain::evm::transfer_calldata;
use payout::ids::TokenId;
use payout::intent::{Intent, Kind};
use serde_json::{Value, json};

use super::EvmRoad;
use crate::node::road::{Hold, NodeError};

/// Gas above the estimate, in percent: state that the estimate saw may change until the transaction runs. Unused gas
/// is not paid for.
const MARGIN_PERCENT: u64 = 20;
/// How many nodes are asked.
const OPINIONS: usize = 2;

/// The gas limit for a call.
pub(super) async fn estimate(road: &EvmRoad, call: &Value) -> Result<u64, Hold> {
    let mut most = None;
    let mut unusable = NodeError::TooFew { needed: 1, answered: 0 };
    for opinion in road.pool.opinions(OPINIONS, |node| node.estimate_gas(call.clone())).await {
        match opinion {
            Ok(gas) => most = most.max(Some(gas)),
            Err(NodeError::Refused { message, .. }) => return Err(Hold::WouldFail(message)),
            Err(
                other @ (NodeError::Unreachable { .. }
                | NodeError::Nonsense { .. }
                | NodeError::WrongNetwork { .. }
                | NodeError::TooFew { .. }),
            ) => unusable = other,
        }
    }
    let gas = most.ok_or(Hold::Node(unusable))?;
    gas.checked_mul(100 + MARGIN_PERCENT)
        .map(|gas| gas.div_ceil(100))
        .ok_or_else(|| Hold::Unbuildable("the gas estimate overflows".to_owned()))
}

/// What an intent does, as a node is asked about it.
pub(super) fn call_of(intent: &Intent, token: &TokenRef) -> Result<Value, Hold> {
    let from = intent.from.as_str();
    if intent.kind == Kind::Void {
        return Ok(json!({"from": from, "to": from, "value": "0x0"}));
    }
    Ok(match token {
        TokenRef::Native => {
            json!({"from": from, "to": intent.to.as_str(), "value": format!("{:#x}", intent.amount.as_u256())})
        }
        TokenRef::Contract(contract) => {
            let data = transfer_calldata(&intent.to, intent.amount)
                .ok_or_else(|| Hold::Unbuildable("the recipient is no EVM address".to_owned()))?;
            json!({"from": from, "to": TokenId::as_str(contract), "data": format!("0x{}", hex::encode(data))})
        }
    })
}
