//! A caller's own signature over its request, and whether an intent says what the caller asked for.
//!
//! The header is `Bursar-Signature: <key id>:<base64>`. The key id is the Ed25519 public key itself in hex, so there is
//! no table of ids that somebody could alter under a signature; whose key it is, the people chain says. The signature
//! is over a domain string and the SHA-256 of the raw body. Co-signers get header and body as they came, read the body
//! with the gateway's parser and compare every field with the intent.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::body::{Body, Request};
use super::check;
use super::code::Rejected;
use super::fields::{PayoutCall, PayoutV1, PayoutV2};
use crate::coin::{Coin, Network};
use crate::ids::Address;
use crate::intent::{Intent, Kind};
use crate::key::{KeyError, PublicKey, SecretKey, Signature};
use crate::time::Millis;

/// The header's name, in lower case.
pub const HEADER: &str = "bursar-signature";

const DOMAIN: &[u8] = b"bursar/caller/v1\0";

/// A key and its signature over one raw body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerSignature {
    key: PublicKey,
    signature: Signature,
}

/// A header that is no caller's signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// No colon.
    #[error("Bursar-Signature is written <key id>:<base64>")]
    Shape,
    /// What stands before the colon is no key.
    #[error("the key id is an Ed25519 public key in hex")]
    Key(#[source] KeyError),
    /// What stands after it is no signature.
    #[error("the signature is 64 bytes in base64 with padding")]
    Signature,
}

impl CallerSignature {
    /// Signs a raw body, to the byte as it will be sent.
    pub fn sign(key: &SecretKey, raw_body: &[u8]) -> Self {
        Self { key: key.public(), signature: key.sign(&signed_text(raw_body)) }
    }

    /// The key, whose owner the policy looks up.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Checks it over a raw body; says nothing about who the key belongs to.
    ///
    /// # Errors
    /// [`KeyError::DoesNotVerify`].
    pub fn verify(&self, raw_body: &[u8]) -> Result<(), KeyError> {
        self.key.verify(&signed_text(raw_body), &self.signature)
    }
}

/// Domain ‖ SHA-256 of the raw body: fixed lengths, so no framing is needed.
fn signed_text(raw_body: &[u8]) -> Vec<u8> {
    [DOMAIN, sha2::Sha256::digest(raw_body).as_slice()].concat()
}

/// The header's value.
impl fmt::Display for CallerSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, STANDARD.encode(self.signature.as_bytes()))
    }
}

impl FromStr for CallerSignature {
    type Err = BadHeader;
    fn from_str(text: &str) -> Result<Self, BadHeader> {
        let (key, signature) = text.trim_matches([' ', '\t']).split_once(':').ok_or(BadHeader::Shape)?;
        let key = key.parse().map_err(BadHeader::Key)?;
        let bytes = STANDARD.decode(signature).map_err(|_| BadHeader::Signature)?;
        let bytes: [u8; 64] = bytes.try_into().map_err(|_| BadHeader::Signature)?;
        Ok(Self { key, signature: Signature::from_bytes(bytes) })
    }
}

/// What is needed to understand a body's texts: the rules' tables and the chain's address parser.
pub struct Terms<'a> {
    /// The coins of the rules that the intent names.
    pub coins: &'a [Coin],
    /// The chains of the same rules.
    pub networks: &'a [Network],
    /// The canonical spelling of an address on the intent's chain; `None` for what is none.
    pub address: &'a dyn Fn(&str) -> Option<Address>,
    /// The canonical address and memo of a recipient on it: some addresses carry a memo.
    pub recipient: &'a ReadRecipient<'a>,
}

/// Reads address and memo of a recipient; `None` for what is none.
pub type ReadRecipient<'a> = dyn Fn(&str, Option<&str>) -> Option<(Address, Option<String>)> + 'a;

/// How an intent differs from what its caller signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The body is not a payout request.
    #[error("the signed body is not a payout request: {0}")]
    Body(#[source] Rejected),
    /// It could be read as the old and as the new form, with another recipient in each.
    #[error("the signed body has both address and to_address")]
    TwoRecipients,
    /// A caller asks for payouts only.
    #[error("a caller's signature cannot stand for a {0}")]
    Kind(Kind),
    /// The intent says that a person asked.
    #[error("the intent has an applicant, the request came from a caller")]
    Applicant,
    /// A field says something else.
    #[error("the signed body's {field} is not the intent's")]
    Field {
        /// The body's parameter.
        field: &'static str,
    },
}

/// Whether the intent is the payout that the raw body asks for: project, third_party_id, coin, recipient, amount and
/// memo, and wallet and paying address where the caller chose them. `remark` and `callback_url` are no part of an
/// intent.
///
/// The gateway asks this when it accepts a request with a signature, so that none is accepted that co-signers would
/// hold; each co-signer asks it again. Returns the caller's timestamp: how old a signed request may be is the policy's
/// business.
///
/// # Errors
/// [`Mismatch`] names the first difference.
pub fn matches_intent(raw_body: &[u8], intent: &Intent, terms: &Terms<'_>) -> Result<Millis, Mismatch> {
    if intent.kind != Kind::Payout {
        return Err(Mismatch::Kind(intent.kind));
    }
    if intent.applicant.is_some() {
        return Err(Mismatch::Applicant);
    }
    let body = Body::parse(raw_body).map_err(Mismatch::Body)?;
    // The signature does not say at which of the endpoints the body was sent; only one may be able to read it.
    let (envelope, call) = match (body.get("address"), body.get("to_address")) {
        (Some(_), Some(_)) => return Err(Mismatch::TwoRecipients),
        (Some(_), None) => {
            let (envelope, PayoutV1(call)) =
                Request::<PayoutV1>::parse(raw_body).map_err(Mismatch::Body)?.into_parts();
            (envelope, call)
        }
        // The sub-address form is this one without a wallet: the same fields with the same meaning.
        (None, _) => {
            let (envelope, PayoutV2(call)) =
                Request::<PayoutV2>::parse(raw_body).map_err(Mismatch::Body)?.into_parts();
            (envelope, call)
        }
    };
    let same = |field: &'static str, equal: bool| if equal { Ok(()) } else { Err(Mismatch::Field { field }) };
    same("pid", envelope.pid == intent.project)?;
    same_call(&call, intent, terms, same)?;
    Ok(envelope.timestamp)
}

fn same_call(
    call: &PayoutCall,
    intent: &Intent,
    terms: &Terms<'_>,
    same: impl Fn(&'static str, bool) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    // Destructured whole: a parameter added to the call and forgotten here does not compile.
    let PayoutCall {
        wallet_id,
        currency,
        from_address,
        to_address,
        amount,
        callback_url: _,
        third_party_id,
        remark: _,
        memo,
    } = call;
    same("third_party_id", *third_party_id == intent.third_party_id)?;
    let coin = check::currency(currency, terms.coins, terms.networks).map_err(Mismatch::Body)?;
    same("currency", coin.chain_id == intent.chain_id && coin.token_id == intent.token_id)?;
    let network = check::chain(coin.chain_id.as_str(), terms.networks).map_err(Mismatch::Body)?;
    same("currency", network.network_id == intent.network_id)?;
    let recipient = (terms.recipient)(to_address, memo.as_deref());
    same("to_address", recipient.as_ref().is_some_and(|(to, _)| *to == intent.to))?;
    let amount = check::amount(amount, coin.decimals).map_err(Mismatch::Body)?;
    same("amount", amount == intent.amount)?;
    same("memo", recipient.is_some_and(|(_, memo)| memo == intent.memo))?;
    same("wallet_id", wallet_id.is_none_or(|wallet| wallet == intent.wallet))?;
    let from = from_address.as_deref();
    same("from_address", from.is_none_or(|from| (terms.address)(from).as_ref() == Some(&intent.from)))
}
