//! Answers that are not true, in a form that is.

use alloy_primitives::keccak256;
use serde_json::{Value, json};

use super::fault::{Fault, Lie, Outcome};
use super::lag::number;
use super::{HonestNode, Question};

/// Changes the honest node's answer as this fault wants it.
pub(super) async fn tell(node: &HonestNode, fault: &Fault, question: &Question, result: &mut Value) {
    match (fault, question.method.as_str()) {
        (Fault::OtherNetwork { id }, "eth_chainId") => *result = json!(format!("{id:#x}")),
        (Fault::OtherNetwork { id }, "net_version") => *result = json!(id.to_string()),
        (Fault::Counts { off_by }, "eth_getTransactionCount") => {
            let count = number(result).unwrap_or(0).saturating_add_signed(*off_by);
            *result = json!(format!("{count:#x}"));
        }
        (Fault::Receipt(lie), "eth_getTransactionReceipt") => {
            // One that the honest node can't help with stays as it is.
            if let Some(receipt) = told(node, *lie, &question.params[0], result).await {
                *result = receipt;
            }
        }
        _ => {}
    }
}

async fn told(node: &HonestNode, lie: Lie, txid: &Value, receipt: &Value) -> Option<Value> {
    let mut receipt = receipt.clone();
    match lie {
        Lie::MadeUp { status } => {
            return if receipt.is_null() { made_up(node, status, txid).await } else { None };
        }
        _ if receipt.is_null() => return None,
        Lie::StatusFlipped => {
            let flipped = if receipt["status"] == "0x1" { "0x0" } else { "0x1" };
            receipt["status"] = json!(flipped);
        }
        Lie::BlockThatIsNone => place(&mut receipt, None, &json!(format!("0x{}", "5a".repeat(32)))),
        Lie::BlockBefore => {
            let height = number(&receipt["blockNumber"])?.checked_sub(1)?;
            let block = node.ask("eth_getBlockByNumber", json!([format!("{height:#x}"), false])).await?;
            place(&mut receipt, Some(&block["number"]), &block["hash"]);
        }
        Lie::WithoutLogs => receipt["logs"] = json!([]),
        Lie::OfAnother => {
            let other = json!(format!("0x{}", "a5".repeat(32)));
            receipt["transactionHash"].clone_from(&other);
            for log in receipt["logs"].as_array_mut().into_iter().flatten() {
                log["transactionHash"].clone_from(&other);
            }
        }
    }
    Some(receipt)
}

/// Moves a receipt and its logs to another block.
fn place(receipt: &mut Value, height: Option<&Value>, hash: &Value) {
    let set = |value: &mut Value| {
        value["blockHash"].clone_from(hash);
        if let Some(height) = height {
            value["blockNumber"].clone_from(height);
        }
    };
    for log in receipt["logs"].as_array_mut().into_iter().flatten() {
        set(log);
    }
    set(receipt);
}

async fn made_up(node: &HonestNode, status: Outcome, txid: &Value) -> Option<Value> {
    let block = node.ask("eth_getBlockByNumber", json!(["finalized", false])).await?;
    Some(json!({
        "transactionHash": txid,
        "transactionIndex": "0x0",
        "blockNumber": block["number"],
        "blockHash": block["hash"],
        "status": match status { Outcome::Success => "0x1", Outcome::Failure => "0x0" },
        "gasUsed": "0x5208",
        "cumulativeGasUsed": "0x5208",
        "effectiveGasPrice": "0x1",
        "contractAddress": null,
        "logs": [],
        "logsBloom": format!("0x{}", "00".repeat(256)),
        "type": "0x2",
    }))
}

/// The id of the signed bytes that a node is given.
pub(super) fn txid(params: &Value) -> Option<String> {
    let bytes = hex::decode(params.get(0)?.as_str()?.strip_prefix("0x")?).ok()?;
    Some(keccak256(bytes).to_string())
}
