//! What we send: the payout callback and the external verification request (wire contract, section 5).

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::body::Nonce;
use super::sign::{self, ApiKey};
use crate::ids::{Address, ChainId, Cid, ProjectId, ThirdPartyId, TokenId};
use crate::life::Status;
use crate::time::Millis;

/// A payout callback without the three values that are fresh for each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The project.
    pub pid: ProjectId,
    /// Our number.
    pub cid: Cid,
    /// The chain.
    pub chain_id: ChainId,
    /// The coin.
    pub token_id: TokenId,
    /// As the caller sent it.
    pub currency: String,
    /// Who was paid.
    pub route: Route,
    /// As the caller sent it; a number as a plain decimal.
    pub amount: String,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// As the caller sent it.
    pub remark: Option<String>,
    /// The final status.
    pub status: Status,
    /// The transaction, if there was one.
    pub txid: Option<String>,
    /// Its final block.
    pub block_height: Option<u64>,
    /// That block's time.
    pub block_time: Option<Millis>,
    /// Destination tag or comment.
    pub memo: Option<String>,
}

/// How a callback names its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A payout: the recipient alone, as `address`.
    Payout {
        /// The recipient.
        address: Address,
    },
    /// A sub-address withdrawal: `from_address` and `to_address` in its place.
    SubAddress {
        /// Who paid.
        from_address: Address,
        /// The recipient.
        to_address: Address,
    },
}

impl Callback {
    /// The body to post: strict clients throw on any key beyond these 17 (18 for a sub-address). Absent values are
    /// null. Each try has a fresh `nonce` and `now`.
    pub fn to_body(&self, key: &ApiKey, nonce: &Nonce, now: Millis) -> String {
        // Destructured whole: a field added to the struct and forgotten here does not compile.
        let Self {
            pid,
            cid,
            chain_id,
            token_id,
            currency,
            route,
            amount,
            third_party_id,
            remark,
            status,
            txid,
            block_height,
            block_time,
            memo,
        } = self;
        let mut fields = vec![
            ("pid", pid.get().into()),
            ("cid", cid.get().into()),
            ("chain_id", chain_id.as_str().into()),
            ("token_id", token_id.as_str().into()),
            ("currency", currency.as_str().into()),
            ("amount", amount.as_str().into()),
            ("third_party_id", third_party_id.as_str().into()),
            ("remark", remark.as_deref().into()),
            ("status", status.code().into()),
            ("txid", txid.as_deref().into()),
            ("block_height", block_height.map(|height| height.to_string()).into()),
            ("block_time", block_time.map(Millis::get).into()),
            ("memo", memo.as_deref().into()),
        ];
        match route {
            Route::Payout { address } => fields.push(("address", address.as_str().into())),
            Route::SubAddress { from_address, to_address } => {
                fields.push(("from_address", from_address.as_str().into()));
                fields.push(("to_address", to_address.as_str().into()));
            }
        }
        signed(fields, key, nonce, now)
    }
}

/// What the project's verification URL is asked, without the three values that are fresh for each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The project.
    pub pid: ProjectId,
    /// Our number.
    pub cid: Cid,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// The chain.
    pub chain_id: ChainId,
    /// The coin.
    pub token_id: TokenId,
    /// Who pays.
    pub from_address: Address,
    /// The recipient.
    pub to_address: Address,
    /// As the caller sent it; a number as a plain decimal.
    pub amount: String,
    /// As the caller sent it.
    pub remark: Option<String>,
    /// Destination tag or comment.
    pub memo: Option<String>,
}

impl Verification {
    /// The body to post.
    pub fn to_body(&self, key: &ApiKey, nonce: &Nonce, now: Millis) -> String {
        let Self {
            pid,
            cid,
            third_party_id,
            chain_id,
            token_id,
            from_address,
            to_address,
            amount,
            remark,
            memo,
        } = self;
        let fields = vec![
            ("pid", pid.get().into()),
            ("cid", cid.get().into()),
            ("third_party_id", third_party_id.as_str().into()),
            ("chain_id", chain_id.as_str().into()),
            ("token_id", token_id.as_str().into()),
            ("from_address", from_address.as_str().into()),
            ("to_address", to_address.as_str().into()),
            ("amount", amount.as_str().into()),
            ("remark", remark.as_deref().into()),
            ("memo", memo.as_deref().into()),
        ];
        signed(fields, key, nonce, now)
    }
}

/// What the verification URL answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationAnswer {
    /// `ok`: go on.
    Ok,
    /// `deny`: status 4.
    Deny,
    /// Anything else is no answer: asked again, then held. It never fails open.
    Unclear,
}

impl VerificationAnswer {
    /// Reads an answer's body. Spaces around it, quotes around the word (JSON clients) and nothing else are forgiven.
    pub fn read(body: &[u8]) -> Self {
        match unquoted(body) {
            b"ok" => Self::Ok,
            b"deny" => Self::Deny,
            _ => Self::Unclear,
        }
    }
}

/// Whether a 2xx reply's body to a callback says that it arrived: trimmed and unquoted, it is `success`.
pub fn is_acknowledged(body: &[u8]) -> bool {
    unquoted(body) == b"success"
}

fn unquoted(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii();
    match body {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner.trim_ascii(),
        _ => body,
    }
}

fn signed(mut fields: Vec<(&'static str, Value)>, key: &ApiKey, nonce: &Nonce, now: Millis) -> String {
    fields.push(("nonce", nonce.as_str().into()));
    fields.push(("timestamp", now.get().into()));
    let texts = fields.iter().filter_map(|(name, value)| {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        Some((*name, text))
    });
    let sign = sign::sign(key, texts);
    fields.push(("sign", sign.into()));
    let object: Map<String, Value> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Value::Object(object).to_string()
}
