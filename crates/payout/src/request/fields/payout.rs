//! `/api/v2/payout`, `/api/v1/payout` and `/api/v1/sub_address_withdrawal`: three spellings of one request.

use super::super::body::Body;
use super::super::code::Rejected;
use super::{AmountText, Call};
use crate::ids::{BadName, ThirdPartyId, WalletId};

/// A payout as it is asked for, typed and not resolved: which coin, wallet and address the texts name is looked up
/// after the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutCall {
    /// The paying wallet; `None` for the project's default.
    pub wallet_id: Option<WalletId>,
    /// `chain_id@token_id` or a coin's name. Echoed in replies.
    pub currency: String,
    /// The paying address; `None` for the wallet's default.
    pub from_address: Option<String>,
    /// The recipient, in the caller's spelling.
    pub to_address: String,
    /// How much, in token units. Echoed in replies.
    pub amount: AmountText,
    /// Where to tell the end.
    pub callback_url: Option<String>,
    /// The caller's number of it.
    pub third_party_id: ThirdPartyId,
    /// For the caller's books. Echoed in replies.
    pub remark: Option<String>,
    /// Destination tag or comment.
    pub memo: Option<String>,
}

/// `POST /api/v2/payout`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutV2(pub PayoutCall);

/// `POST /api/v1/payout`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutV1(pub PayoutCall);

/// `POST /api/v1/sub_address_withdrawal`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubAddressWithdrawal(pub PayoutCall);

impl Call for PayoutV2 {
    const PARAMETERS: &'static [&'static str] = &[
        "wallet_id",
        "currency",
        "from_address",
        "to_address",
        "amount",
        "callback_url",
        "third_party_id",
        "remark",
        "memo",
    ];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let wallet_id = body.positive_int64("wallet_id")?.and_then(WalletId::new);
        let currency = body.required_text("currency")?.to_owned();
        let from_address = body.text("from_address")?.map(str::to_owned);
        read_rest(body, "to_address", wallet_id, currency, from_address).map(Self)
    }
}

impl Call for PayoutV1 {
    const PARAMETERS: &'static [&'static str] =
        &["currency", "address", "amount", "callback_url", "third_party_id", "remark", "memo"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let currency = body.required_text("currency")?.to_owned();
        read_rest(body, "address", None, currency, None).map(Self)
    }
}

impl Call for SubAddressWithdrawal {
    const PARAMETERS: &'static [&'static str] = &[
        "currency",
        "from_address",
        "to_address",
        "amount",
        "callback_url",
        "third_party_id",
        "remark",
        "memo",
    ];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let currency = body.required_text("currency")?.to_owned();
        let from_address = Some(body.required_text("from_address")?.to_owned());
        read_rest(body, "to_address", None, currency, from_address).map(Self)
    }
}

/// What the three have in common, from the recipient on.
fn read_rest(
    body: &Body,
    recipient: &str,
    wallet_id: Option<WalletId>,
    currency: String,
    from_address: Option<String>,
) -> Result<PayoutCall, Rejected> {
    Ok(PayoutCall {
        wallet_id,
        currency,
        from_address,
        to_address: body.required_text(recipient)?.to_owned(),
        amount: AmountText::read(body, "amount")?,
        callback_url: body.text("callback_url")?.map(str::to_owned),
        third_party_id: third_party_id(body.required_text("third_party_id")?)?,
        remark: body.text("remark")?.map(str::to_owned),
        memo: body.text("memo")?.map(str::to_owned),
    })
}

/// 1 to 128 characters.
pub(super) fn third_party_id(text: &str) -> Result<ThirdPartyId, Rejected> {
    text.parse().map_err(|why: BadName| Rejected::param("third_party_id", why))
}
