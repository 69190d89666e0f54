//! Reading a node's answers. A field that is missing or of another form makes the whole answer unusable: a node that
//! lies must not get a word in by leaving something out.

use chain::evm::Log;
use payout::ids::Address;
use payout::money::Amount;
use payout::time::Millis;
use ruint::aliases::U256;
use serde_json::Value;

/// A block's header, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) number: u64,
    pub(super) hash: String,
    pub(super) time: Millis,
    /// Wei per gas; none before EIP-1559.
    pub(super) base_fee: Option<u128>,
    /// The ids of its transactions.
    pub(super) holds: Vec<String>,
}

/// A block with its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FullBlock {
    pub(super) block: Block,
    pub(super) transactions: Vec<SeenTransaction>,
}

/// A transaction as a node reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenTransaction {
    pub(super) hash: String,
    pub(super) from: Address,
    pub(super) to: Option<Address>,
    pub(super) nonce: u64,
    pub(super) value: Amount,
    pub(super) input: Vec<u8>,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Whose it is.
    pub(super) txid: String,
    pub(super) block_number: u64,
    pub(super) block_hash: String,
    /// EIP-658: whether it took effect.
    pub(super) success: bool,
    pub(super) logs: Vec<Log>,
}

/// A hexadecimal quantity of at most 64 bits.
pub(super) fn quantity(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if plain { u64::from_str_radix(digits, 16).ok() } else { None }
}

/// A hexadecimal quantity of at most 256 bits.
pub(super) fn amount(value: &Value) -> Option<Amount> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let plain = (1..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain {
        return None;
    }
    U256::from_str_radix(digits, 16).ok().map(Amount::from_u256)
}

fn hash(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let digits = text.strip_prefix("0x")?;
    let plain = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| text.to_ascii_lowercase())
}

fn word(value: &Value) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(value.as_str()?.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

/// Nodes spell addresses in lower case; the family's parser gives the one spelling that everything else uses.
fn address(value: &Value) -> Option<Address> {
    let text = value.as_str()?.to_ascii_lowercase();
    let network = "1".parse().expect("a digit is a network id");
    chain::family(payout::coin::Family::Evm).parse_address(&network, &text).ok()
}

/// An address, or none where a contract is created.
fn optional_address(value: Option<&Value>) -> Option<Option<Address>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => address(value).map(Some),
    }
}

pub(super) fn block(value: &Value) -> Option<Block> {
    let seconds = i64::try_from(quantity(value.get("timestamp")?)?).ok()?;
    let base_fee = match value.get("baseFeePerGas") {
        None | Some(Value::Null) => None,
        Some(fee) => Some(amount(fee)?.as_u128()?),
    };
    let holds = value.get("transactions")?.as_array()?.iter().map(|transaction| match transaction {
        Value::Object(whole) => hash(whole.get("hash")?),
        id => hash(id),
    });
    Some(Block {
        number: quantity(value.get("number")?)?,
        hash: hash(value.get("hash")?)?,
        time: Millis::new(seconds.checked_mul(1000)?)?,
        base_fee,
        holds: holds.collect::<Option<_>>()?,
    })
}

pub(super) fn full_block(value: &Value) -> Option<FullBlock> {
    let transactions =
        value.get("transactions")?.as_array()?.iter().map(transaction).collect::<Option<_>>()?;
    Some(FullBlock { block: block(value)?, transactions })
}

pub(super) fn transaction(value: &Value) -> Option<SeenTransaction> {
    Some(SeenTransaction {
        hash: hash(value.get("hash")?)?,
        from: address(value.get("from")?)?,
        to: optional_address(value.get("to"))?,
        nonce: quantity(value.get("nonce")?)?,
        value: amount(value.get("value")?)?,
        input: bytes(value.get("input")?)?,
    })
}

pub(super) fn receipt(value: &Value) -> Option<Receipt> {
    let success = match quantity(value.get("status")?)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    Some(Receipt {
        txid: hash(value.get("transactionHash")?)?,
        block_number: quantity(value.get("blockNumber")?)?,
        block_hash: hash(value.get("blockHash")?)?,
        success,
        logs: value.get("logs")?.as_array()?.iter().map(log).collect::<Option<_>>()?,
    })
}

fn log(value: &Value) -> Option<Log> {
    Some(Log {
        address: address(value.get("address")?)?,
        topics: value.get("topics")?.as_array()?.iter().map(word).collect::<Option<_>>()?,
        data: bytes(value.get("data")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_quantity_is_hexadecimal_with_its_prefix() {
        assert_eq!(quantity(&json!("0x1f")), Some(31));
        for bad in
            [json!("1f"), json!(31), json!("0x"), json!("0x+1"), json!("0x1ffffffffffffffff"), json!(null)]
        {
            assert_eq!(quantity(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_receipt_without_its_status_says_nothing() {
        let mut value = json!({
            "status": "0x1", "blockNumber": "0x5", "blockHash": format!("0x{}", "ab".repeat(32)), "logs": [],
            "transactionHash": format!("0x{}", "cd".repeat(32))
        });
        assert!(receipt(&value).is_some_and(|receipt| receipt.success));
        value.as_object_mut().unwrap().remove("status");
        assert_eq!(receipt(&value), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,80}") {
            let value = json!({"hash": text, "number": text, "from": text, "input": text, "logs": [text]});
            let _ = (quantity(&json!(text)), amount(&json!(text)), block(&value), transaction(&value), receipt(&value));
        }
    }
}
