//! Reading a server's answers. A field that is missing or of another form makes the whole answer unusable: a server that
//! lies must not get a word in by leaving something out.

use chain::xrp::{Spend, token_for};
use payout::ids::Address;
use payout::life::{BlockRef, Token};
use payout::money::Amount;
use payout::time::Millis;
use serde_json::Value;

/// Seconds from the Unix epoch to the ledger's own, 2000-01-01.
const EPOCH_S: i64 = 946_684_800;

/// A server and its newest validated ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// `NetworkID`.
    pub(super) network: u32,
    pub(super) validated: u32,
    pub(super) time: Millis,
    /// Drops that an account has to keep.
    pub(super) reserve_base: Amount,
    /// Drops for each object that it owns.
    pub(super) reserve_increment: Amount,
}

/// An account in the newest validated ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    /// Drops.
    pub(super) balance: Amount,
    /// Its next sequence number.
    pub(super) sequence: u32,
    /// Objects that it owns, tickets among them.
    pub(super) owned: u32,
    /// `lsf…` bits.
    pub(super) flags: u32,
}

/// What a place in the next ledger costs, drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fees {
    /// Less is not even relayed.
    pub(super) minimum: Amount,
    /// Less waits in a queue.
    pub(super) open_ledger: Amount,
}

/// A transaction as a server reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) hash: String,
    /// `TransactionType`.
    pub(super) kind: String,
    pub(super) account: Address,
    /// `None` where it spends neither a sequence number nor a ticket: one of the ledger's own.
    pub(super) token: Option<Token>,
    pub(super) destination: Option<Address>,
    /// Drops; `None` where it moves no XRP.
    pub(super) amount: Option<Amount>,
    pub(super) tag: Option<u32>,
    pub(super) set_flag: Option<u32>,
    pub(super) clear_flag: Option<u32>,
    pub(super) ticket_count: Option<u32>,
    /// Where it is validated.
    pub(super) ending: Option<Ending>,
}

/// How a validated transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) ledger: u32,
    /// `tesSUCCESS`, or a `tec` code.
    pub(super) result: String,
    /// Drops that the recipient got.
    pub(super) delivered: Option<Amount>,
}

/// What a server says of a transaction's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Seen(Box<Seen>),
    /// Not found.
    Missing,
}

/// A part of an account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// Validated transactions, newest first.
    pub(super) transactions: Vec<Seen>,
    /// The oldest ledger that was searched.
    pub(super) since: u32,
    /// Where the next part begins, if there is one.
    pub(super) marker: Option<Value>,
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// A number that may be missing.
fn optional(value: Option<&Value>) -> Option<Option<u32>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => number(value).map(Some),
    }
}

/// Drops as a text. Issued currencies are objects and no drops.
fn drops(value: &Value) -> Option<Amount> {
    Amount::from_base_units(value.as_str()?)
}

/// Drops as a number.
fn plain_drops(value: &Value) -> Option<Amount> {
    value.as_u64().map(|drops| Amount::from_u128(drops.into()))
}

fn address(value: &Value) -> Option<Address> {
    let network = "0".parse().expect("a digit is a network id");
    // Servers spell classic addresses only, and those name no network.
    value.as_str().filter(|text| text.starts_with('r')).and_then(|text| {
        use chain::ChainFamily as _;
        chain::xrp::Xrp.parse_address(&network, text).ok()
    })
}

fn hash(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| text.to_ascii_uppercase())
}

fn time(value: &Value) -> Option<Millis> {
    Millis::new(i64::from(number(value)?).checked_add(EPOCH_S)?.checked_mul(1000)?)
}

/// `server_state`.
pub(super) fn state(value: &Value) -> Option<State> {
    let state = value.get("state")?;
    let ledger = state.get("validated_ledger")?;
    Some(State {
        network: number(state.get("network_id")?)?,
        validated: number(ledger.get("seq")?)?,
        time: time(ledger.get("close_time")?)?,
        reserve_base: plain_drops(ledger.get("reserve_base")?)?,
        reserve_increment: plain_drops(ledger.get("reserve_inc")?)?,
    })
}

/// `account_info` of a validated ledger.
pub(super) fn account(value: &Value) -> Option<Account> {
    validated(value)?;
    let data = value.get("account_data")?;
    Some(Account {
        balance: drops(data.get("Balance")?)?,
        sequence: number(data.get("Sequence")?)?,
        owned: number(data.get("OwnerCount")?)?,
        flags: number(data.get("Flags")?)?,
    })
}

fn validated(value: &Value) -> Option<()> {
    value.get("validated")?.as_bool()?.then_some(())
}

/// `account_objects` of tickets in a validated ledger, and where the next part begins.
pub(super) fn tickets(value: &Value) -> Option<(Vec<u32>, Option<Value>)> {
    validated(value)?;
    let ticket = |object: &Value| {
        let is_ticket = object.get("LedgerEntryType")?.as_str()? == "Ticket";
        if is_ticket { number(object.get("TicketSequence")?) } else { None }
    };
    let tickets = value.get("account_objects")?.as_array()?.iter().map(ticket).collect::<Option<_>>()?;
    Some((tickets, value.get("marker").cloned()))
}

/// `fee`.
pub(super) fn fees(value: &Value) -> Option<Fees> {
    let fees = value.get("drops")?;
    Some(Fees {
        minimum: drops(fees.get("minimum_fee")?)?,
        open_ledger: drops(fees.get("open_ledger_fee")?)?,
    })
}

/// `submit`: the engine's result.
pub(super) fn submitted(value: &Value) -> Option<String> {
    let result = value.get("engine_result")?.as_str()?;
    let plain = result.len() <= 64 && result.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| result.to_owned())
}

/// `ledger` of a validated ledger.
pub(super) fn ledger(value: &Value) -> Option<BlockRef> {
    validated(value)?;
    Some(BlockRef {
        height: number(value.get("ledger_index")?)?.into(),
        hash: hash(value.get("ledger_hash")?)?,
        time: time(value.get("ledger")?.get("close_time")?)?,
    })
}

/// `tx`.
pub(super) fn transaction(value: &Value) -> Option<Seen> {
    // Not validated where the field is missing, or says so.
    let ending = match value.get("validated").and_then(Value::as_bool) {
        Some(true) => Some(ending(value.get("ledger_index")?, value.get("meta")?)?),
        Some(false) | None => None,
    };
    seen(value, ending)
}

/// `account_tx`.
pub(super) fn page(value: &Value) -> Option<Page> {
    let one = |entry: &Value| {
        validated(entry)?;
        let tx = entry.get("tx")?;
        seen(tx, Some(ending(tx.get("ledger_index")?, entry.get("meta")?)?))
    };
    Some(Page {
        transactions: value.get("transactions")?.as_array()?.iter().map(one).collect::<Option<_>>()?,
        since: number(value.get("ledger_index_min")?)?,
        marker: value.get("marker").cloned(),
    })
}

fn ending(ledger: &Value, meta: &Value) -> Option<Ending> {
    let result = meta.get("TransactionResult")?.as_str()?;
    Some(Ending {
        ledger: number(ledger)?,
        result: result.chars().filter(char::is_ascii_graphic).take(64).collect(),
        // A text for XRP, an object for issued currencies, "unavailable" before 2014.
        delivered: meta.get("delivered_amount").and_then(drops),
    })
}

fn seen(tx: &Value, ending: Option<Ending>) -> Option<Seen> {
    let spend = match (number(tx.get("Sequence")?)?, optional(tx.get("TicketSequence"))?) {
        (0, Some(ticket)) => Some(Spend::Ticket(ticket)),
        (0, None) => None,
        (sequence, _) => Some(Spend::Sequence(sequence)),
    };
    let destination = match tx.get("Destination") {
        None | Some(Value::Null) => None,
        Some(value) => Some(address(value)?),
    };
    Some(Seen {
        hash: hash(tx.get("hash")?)?,
        kind: tx.get("TransactionType")?.as_str()?.to_owned(),
        account: address(tx.get("Account")?)?,
        token: spend.map(token_for),
        destination,
        amount: tx.get("Amount").and_then(drops),
        tag: optional(tx.get("DestinationTag"))?,
        set_flag: optional(tx.get("SetFlag"))?,
        clear_flag: optional(tx.get("ClearFlag"))?,
        ticket_count: optional(tx.get("TicketCount"))?,
        ending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn payment() -> Value {
        json!({
            "TransactionType": "Payment", "Account": "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "Sequence": 0,
            "TicketSequence": 5, "Destination": "rn5Jyu5J6PG64543KdGvS25rQBYFQo7GLc", "Amount": "1100000",
            "DestinationTag": 123, "hash": "ab".repeat(32), "validated": true, "ledger_index": 9,
            "meta": {"TransactionResult": "tesSUCCESS", "delivered_amount": "1100000"}
        })
    }

    #[test]
    fn a_validated_payment_says_how_it_ended() {
        let seen = transaction(&payment()).unwrap();
        let ending = seen.ending.unwrap();
        assert_eq!((ending.ledger, ending.result.as_str()), (9, "tesSUCCESS"));
        assert_eq!((ending.delivered, seen.amount), (Some(Amount::from_u128(1_100_000)), seen.amount));
        assert_eq!((seen.token.unwrap().as_str(), seen.tag), ("ticket:5", Some(123)));
    }

    #[test]
    fn a_validated_transaction_without_its_result_says_nothing() {
        for (at, name) in [("", "meta"), ("", "ledger_index"), ("meta", "TransactionResult"), ("", "Account")]
        {
            let mut value = payment();
            let object = if at.is_empty() { &mut value } else { &mut value[at] };
            object.as_object_mut().unwrap().remove(name);
            assert_eq!(transaction(&value), None, "{name}");
        }
        let mut open = payment();
        open["validated"] = json!(false);
        assert_eq!(transaction(&open).unwrap().ending, None);
    }

    #[test]
    fn what_is_delivered_in_another_currency_is_no_xrp() {
        for delivered in
            [json!({"currency": "USD", "value": "1100000"}), json!("unavailable"), json!(1100000)]
        {
            let mut value = payment();
            value["meta"]["delivered_amount"] = delivered;
            assert_eq!(transaction(&value).unwrap().ending.unwrap().delivered, None);
        }
    }

    #[test]
    fn an_account_of_a_ledger_that_may_still_change_says_nothing() {
        let data = json!({"Balance": "5", "Sequence": 1, "OwnerCount": 0, "Flags": 0});
        let value = |validated| json!({"account_data": data, "validated": validated});
        assert!(account(&value(true)).is_some());
        assert_eq!(account(&value(false)), None);
        assert_eq!(account(&json!({"account_data": data})), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,80}", digits in any::<u64>()) {
            let value = json!({
                "hash": text, "Account": text, "Destination": text, "Sequence": digits, "Amount": text,
                "state": {"validated_ledger": {"seq": digits, "close_time": digits}, "network_id": digits},
                "meta": {"TransactionResult": text, "delivered_amount": text}, "validated": true,
                "ledger_index": digits, "TransactionType": text, "account_objects": [text], "transactions": [text],
            });
            let _ = (state(&value), transaction(&value), page(&value), tickets(&value), ledger(&value));
        }
    }
}
