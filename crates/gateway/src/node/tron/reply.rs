//! Reading a node's answers. java-tron leaves fields out that are zero or empty, so what is missing is read as that only
//! where it can't change a verdict; everything else that is missing or of another form makes the answer unusable.

use chain::evm::Log;
use chain::tron::address_of_account;
use payout::money::Amount;
use payout::time::Millis;
use ruint::aliases::U256;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A block's header, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) number: u64,
    /// 64 hex digits, of which the first 16 are the number.
    pub(super) id: String,
    pub(super) time: Millis,
}

impl Block {
    /// How a transaction refers to it.
    pub(super) fn reference(&self) -> Option<chain::tron::Reference> {
        let mut id = [0; 32];
        hex::decode_to_slice(&self.id, &mut id).ok()?;
        Some(chain::tron::Reference { height: [id[6], id[7]], hash: id[8..16].try_into().ok()? })
    }
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenTransaction {
    /// What was signed.
    pub(super) raw: Vec<u8>,
    /// How it ended, in java-tron's word.
    pub(super) result: String,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) block_number: u64,
    pub(super) block_time: Millis,
    /// Whether the whole is marked as failed.
    pub(super) failed: bool,
    /// How a contract's call ended; none for a transfer of TRX.
    pub(super) result: Option<String>,
    pub(super) logs: Vec<Log>,
}

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    /// Sun.
    pub(super) balance: Amount,
    /// Whether a contract lives there: a plain transfer of TRX to it is refused by the chain.
    pub(super) is_contract: bool,
}

/// What an account may use without paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Resources {
    /// Energy that is staked or delegated and not used.
    pub(super) energy: u64,
}

/// The chain's prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Sun per energy.
    pub(super) energy_sun: u64,
    /// Sun per byte of bandwidth.
    pub(super) byte_sun: u64,
    /// What TRX to a new address costs, sun.
    pub(super) account_sun: u64,
    /// The highest fee limit that the chain takes, sun.
    pub(super) max_fee_limit: u64,
}

/// What a call would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DryRun {
    /// It would end well.
    Fine {
        /// Energy.
        energy: u64,
        /// What it returns, hexadecimal.
        returned: Option<String>,
    },
    /// It would fail.
    Fails(String),
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value {
        None => Some(0),
        Some(value) => value.as_u64(),
    }
}

fn time(value: Option<&Value>) -> Option<Millis> {
    Millis::new(value?.as_i64()?)
}

fn digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A block; `None` where the answer is no block.
pub(super) fn block(value: &Value) -> Option<Block> {
    let id = value.get("blockID")?.as_str()?.to_ascii_lowercase();
    let raw = value.get("block_header")?.get("raw_data")?;
    // The first block's number is left out, and so is its time on some networks.
    let number = number(raw.get("number"))?;
    let time = if number == 0 { Millis::new(0)? } else { time(raw.get("timestamp"))? };
    let consistent = digits(&id, 64) && u64::from_str_radix(id.get(..16)?, 16).ok()? == number;
    consistent.then_some(Block { number, id, time })
}

/// A transaction of this id; `None` where the answer is none, or one of another id.
pub(super) fn transaction(txid: &str, value: &Value) -> Option<SeenTransaction> {
    let raw = hex::decode(value.get("raw_data_hex")?.as_str()?).ok()?;
    // The id is the hash of what was signed: a node that tells of other bytes is not believed.
    if hex::encode(Sha256::digest(&raw)) != txid {
        return None;
    }
    let result = value.get("ret")?.get(0)?.get("contractRet")?.as_str()?.to_owned();
    Some(SeenTransaction { raw, result })
}

/// A receipt of this id; `None` where the answer is none, or one of another id.
pub(super) fn receipt(txid: &str, value: &Value) -> Option<Receipt> {
    if value.get("id")?.as_str()? != txid {
        return None;
    }
    let logs = match value.get("log") {
        None => Vec::new(),
        Some(logs) => logs.as_array()?.iter().map(log).collect::<Option<_>>()?,
    };
    Some(Receipt {
        block_number: value.get("blockNumber")?.as_u64()?,
        block_time: time(value.get("blockTimeStamp"))?,
        failed: match value.get("result").map(Value::as_str) {
            None | Some(Some("SUCESS")) => false,
            Some(Some("FAILED")) => true,
            Some(_) => return None,
        },
        result: match value.get("receipt")?.get("result") {
            None => None,
            Some(result) => Some(result.as_str()?.to_owned()),
        },
        logs,
    })
}

fn log(value: &Value) -> Option<Log> {
    let account: Vec<u8> = hex::decode(value.get("address")?.as_str()?).ok()?;
    // 20 bytes; some versions write the prefix of addresses before them.
    let account = match account.as_slice() {
        [0x41, account @ ..] if account.len() == 20 => account,
        account => account,
    };
    let words = match value.get("topics") {
        None => Vec::new(),
        Some(topics) => topics.as_array()?.iter().map(word).collect::<Option<_>>()?,
    };
    let data = match value.get("data") {
        None => Vec::new(),
        Some(data) => hex::decode(data.as_str()?).ok()?,
    };
    Some(Log { address: address_of_account(account.try_into().ok()?), topics: words, data })
}

fn word(value: &Value) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(value.as_str()?, &mut bytes).ok()?;
    Some(bytes)
}

/// An account; the empty answer is none.
pub(super) fn account(value: &Value) -> Option<Option<Account>> {
    if value.as_object()?.is_empty() {
        return Some(None);
    }
    value.get("address")?.as_str()?;
    let balance = Amount::from_u128(number(value.get("balance"))?.into());
    let is_contract = value.get("type").and_then(Value::as_str) == Some("Contract");
    Some(Some(Account { balance, is_contract }))
}

/// What an account may use; an address without an account has nothing.
pub(super) fn resources(value: &Value) -> Option<Resources> {
    value.as_object()?;
    let (limit, used) = (number(value.get("EnergyLimit"))?, number(value.get("EnergyUsed"))?);
    Some(Resources { energy: limit.saturating_sub(used) })
}

/// The chain's prices.
pub(super) fn parameters(value: &Value) -> Option<Parameters> {
    let all = value.get("chainParameter")?.as_array()?;
    // A parameter without value is zero; one that is not there is unknown.
    let named = |name: &str| {
        let entry = all.iter().find(|entry| entry.get("key").and_then(Value::as_str) == Some(name))?;
        number(entry.get("value"))
    };
    Some(Parameters {
        energy_sun: named("getEnergyFee").filter(|price| *price > 0)?,
        byte_sun: named("getTransactionFee")?,
        account_sun: named("getCreateNewAccountFeeInSystemContract")?
            .checked_add(named("getCreateAccountFee")?)?,
        max_fee_limit: named("getMaxFeeLimit")?,
    })
}

/// The end of a call that was only tried.
pub(super) fn dry_run(value: &Value) -> Option<DryRun> {
    let result = value.get("result")?;
    let message = result.get("message").and_then(Value::as_str).map(readable);
    let returned = value.get("constant_result").and_then(|all| all.get(0)).and_then(Value::as_str);
    let failed = value.get("transaction").and_then(|tx| tx.get("ret")?.get(0)?.get("ret")?.as_str());
    if result.get("result").and_then(Value::as_bool) != Some(true) || message.is_some() || failed.is_some() {
        let code = result.get("code").and_then(Value::as_str);
        let why = message.as_deref().or(code).or(failed).unwrap_or("no reason");
        return Some(DryRun::Fails(why.to_owned()));
    }
    let energy = value.get("energy_used")?.as_u64()?;
    Some(DryRun::Fine { energy, returned: returned.map(ToOwned::to_owned) })
}

/// A 256-bit number that a call returned.
pub(super) fn amount(returned: &str) -> Option<Amount> {
    if returned.len() != 64 {
        return None;
    }
    U256::from_str_radix(returned, 16).ok().map(Amount::from_u256)
}

/// A node's message: hexadecimal of a text, or the text itself.
pub(super) fn readable(message: &str) -> String {
    let text = hex::decode(message).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.unwrap_or_else(|| message.to_owned());
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const TXID: &str = "9e975f038c73e6d8903b250ecc5cfae09b56f263a10d237ac341b2f7799019ab";

    #[test]
    fn a_block_whose_id_and_number_differ_says_nothing() {
        let told = |number: u64| {
            json!({"blockID": format!("{:016x}{}", 7, "ab".repeat(24)),
                "block_header": {"raw_data": {"number": number, "timestamp": 1_764_064_800_000_i64}}})
        };
        assert_eq!(block(&told(7)).map(|block| block.number), Some(7));
        assert_eq!(block(&told(8)), None);
        assert_eq!(block(&json!({})), None);
    }

    #[test]
    fn a_reference_is_taken_from_the_blocks_id() {
        let id = format!("000000000001a1b2{}{}", "0011223344556677", "ff".repeat(16));
        let block = Block { number: 0x1_a1b2, id, time: Millis::new(1).unwrap() };
        let reference = block.reference().unwrap();
        assert_eq!(reference.height, [0xa1, 0xb2]);
        assert_eq!(reference.hash, [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
    }

    #[test]
    fn a_transaction_or_receipt_of_another_id_says_nothing() {
        let other = "00".repeat(32);
        let value =
            json!({"id": other, "blockNumber": 5, "blockTimeStamp": 1, "receipt": {"result": "SUCCESS"}});
        assert!(receipt(&other, &value).is_some());
        assert_eq!(receipt(TXID, &value), None);
        let value = json!({"txID": TXID, "raw_data_hex": "0a02", "ret": [{"contractRet": "SUCCESS"}]});
        assert_eq!(transaction(TXID, &value), None);
    }

    #[test]
    fn a_call_that_would_fail_is_told_apart_and_its_reason_read() {
        let reverted = json!({"result": {"result": true, "message": hex::encode("REVERT opcode executed")},
            "energy_used": 541, "constant_result": [""], "transaction": {"ret": [{"ret": "FAILED"}]}});
        assert_eq!(dry_run(&reverted), Some(DryRun::Fails("REVERT opcode executed".to_owned())));
        let refused =
            json!({"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": hex::encode("no contract")}});
        assert_eq!(dry_run(&refused), Some(DryRun::Fails("no contract".to_owned())));
        let fine = json!({"result": {"result": true}, "energy_used": 13_045, "constant_result": ["01"],
            "transaction": {"ret": [{}]}});
        assert_eq!(dry_run(&fine), Some(DryRun::Fine { energy: 13_045, returned: Some("01".to_owned()) }));
    }

    #[test]
    fn prices_that_a_node_leaves_out_are_unknown_and_not_zero() {
        let entry = |key: &str, value: u64| json!({"key": key, "value": value});
        let mut all = vec![
            entry("getEnergyFee", 100),
            entry("getTransactionFee", 1000),
            entry("getCreateNewAccountFeeInSystemContract", 1_000_000),
            entry("getCreateAccountFee", 100_000),
            entry("getMaxFeeLimit", 15_000_000_000),
        ];
        let read = parameters(&json!({"chainParameter": all})).unwrap();
        assert_eq!((read.energy_sun, read.byte_sun, read.account_sun), (100, 1000, 1_100_000));
        all.remove(0);
        assert_eq!(parameters(&json!({"chainParameter": all})), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,80}", number in any::<i64>()) {
            let value = json!({
                "id": text, "blockID": text, "raw_data_hex": text, "log": [text], "result": text, "address": text,
                "block_header": {"raw_data": {"number": number, "timestamp": number}}, "balance": number,
                "EnergyLimit": number, "chainParameter": [{"key": text, "value": number}], "constant_result": [text],
            });
            let _ = (block(&value), transaction(&text, &value), receipt(&text, &value), account(&value));
            let _ = (resources(&value), parameters(&value), dry_run(&value), amount(&text), readable(&text));
        }
    }
}
