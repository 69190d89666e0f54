//! Replies, with the field names and types of the wire contract, section 3. Always HTTP 200.

use serde::{Serialize, Serializer};

use super::code::{Code, Rejected};
use crate::coin::Coin;
use crate::ids::{Address, ChainId, Cid, ProjectId, ThirdPartyId, TokenId};
use crate::life::Status;
use crate::time::Millis;

/// `{code, msg, data}`: all three keys, always. `data` is `null` in a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply<T> {
    code: &'static str,
    msg: String,
    data: Option<T>,
}

impl<T> Reply<T> {
    /// Success.
    pub fn ok(data: T) -> Self {
        Self { code: Code::Ok.as_str(), msg: Code::Ok.msg().to_owned(), data: Some(data) }
    }

    /// A refusal.
    pub fn rejected(rejected: Rejected) -> Self {
        Self { code: rejected.code.as_str(), msg: rejected.msg, data: None }
    }
}

impl<T> From<Result<T, Rejected>> for Reply<T> {
    fn from(result: Result<T, Rejected>) -> Self {
        match result {
            Ok(data) => Self::ok(data),
            Err(rejected) => Self::rejected(rejected),
        }
    }
}

/// A payout or a sub-address withdrawal has a number: durably stored, not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Its number.
    #[serde(serialize_with = "cid")]
    pub cid: Cid,
}

/// `/api/v1/payout/query`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayoutDetail {
    /// The recipient.
    pub address: Address,
    /// What both queries say.
    #[serde(flatten)]
    pub payout: Detail,
}

/// `/api/v1/sub_address_withdrawal/info`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubAddressDetail {
    /// The recipient.
    pub to_address: Address,
    /// What both queries say.
    #[serde(flatten)]
    pub payout: Detail,
}

/// What both queries say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The project.
    #[serde(serialize_with = "pid")]
    pub pid: ProjectId,
    /// The chain.
    pub chain_id: ChainId,
    /// The coin.
    pub token_id: TokenId,
    /// As the caller sent it.
    pub currency: String,
    /// The paying address.
    pub from_address: Address,
    /// As the caller sent it; a number as a plain decimal.
    pub amount: String,
    /// Where the payout is.
    #[serde(serialize_with = "status")]
    pub status: Status,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// As the caller sent it.
    pub remark: Option<String>,
    /// Destination tag or comment.
    pub memo: Option<String>,
    /// The transaction, once there is one.
    pub txid: Option<String>,
    /// Its block, once that is final.
    #[serde(serialize_with = "height")]
    pub block_height: Option<u64>,
    /// That block's time, ms.
    #[serde(serialize_with = "time")]
    pub block_time: Option<Millis>,
}

/// `/api/v1/address/{legal,inner}`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AddressAnswer {
    /// Yes or no.
    pub result: bool,
}

/// `/api/v1/address/create`; the batch form replies with a list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewAddress {
    /// A fresh address of the project.
    pub address: Address,
}

/// `/api/v1/coins`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoinLists {
    /// What can be paid out.
    pub payout_coins: Vec<CoinRow>,
    /// Chains on which addresses can be made.
    pub address_coins: Vec<CoinRow>,
    /// Coins of orders: there are none.
    pub order_coins: Vec<CoinRow>,
}

/// A row of [`CoinLists`]: all strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoinRow {
    /// The vendor's name.
    pub coin_name: String,
    /// The chain.
    pub chain_id: String,
    /// The coin on it.
    pub token_id: String,
    /// Decimal places.
    pub decimals: String,
}

impl From<&Coin> for CoinRow {
    fn from(coin: &Coin) -> Self {
        Self {
            coin_name: coin.name.clone(),
            chain_id: coin.chain_id.to_string(),
            token_id: coin.token_id.to_string(),
            decimals: coin.decimals.to_string(),
        }
    }
}

/// An id as the contract wants it: a JSON integer. In signed documents ids are strings.
fn cid<S: Serializer>(cid: &Cid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(cid.get())
}

fn pid<S: Serializer>(pid: &ProjectId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(pid.get())
}

fn status<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(status.code())
}

fn height<S: Serializer>(height: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match height {
        Some(height) => serializer.collect_str(height),
        None => serializer.serialize_none(),
    }
}

fn time<S: Serializer>(time: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_i64(time.get()),
        None => serializer.serialize_none(),
    }
}
