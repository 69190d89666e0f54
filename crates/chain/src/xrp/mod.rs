//! The XRP Ledger: payments of its own coin with destination tags, tickets, and three flags of the wallet's account.
//! Issued currencies, paths, partial payments, memos and every other transaction are never built, decoded or signed.
//!
//! The exclusivity token is a sequence number or a ticket of the account. Bytes always lapse after a ledger that they
//! name themselves (`LastLedgerSequence`), and one token may be signed for again with a later one.

mod account;
mod account_flag;
mod act;
mod base58;
mod build;
mod decode;
mod fee;
mod field;
mod network;
mod tag;
mod token;
mod transaction;
mod x_address;

use payout::ids::{Address, AddressIndex, NetworkId, TokenId};

use crate::decoded::{DecodeError, Decoded};
use crate::derive::DeriveError;
use crate::family::{AddressError, ChainFamily, MemoError, Payee, PayeeError, TokenIdError};
use crate::signature::{AttachError, Attached, EcdsaSignature};

pub use account_flag::AccountFlag;
pub use act::{Act, CLEAR_FLAG, CREATE_TICKETS, MAX_TICKETS, SET_FLAG};
pub use build::{Build, BuildError, build};
pub use fee::Fee;
pub use network::number_of;
pub use tag::tag_of;
pub use token::{Spend, spend_of, token_for};

/// The family.
#[derive(Debug, Clone, Copy)]
pub struct Xrp;

impl ChainFamily for Xrp {
    /// A classic address, or an X-address without a tag. One with a tag says more than an address: it is read by
    /// [`Self::payee`] only.
    fn parse_address(&self, network: &NetworkId, text: &str) -> Result<Address, AddressError> {
        let (account, tag) = x_address::parse_either(network, text)?;
        match tag {
            None => Ok(account.to_address()),
            Some(_) => Err(AddressError::Malformed),
        }
    }

    /// Only the ledger's own coin is paid.
    fn parse_token_id(&self, _text: &str) -> Result<TokenId, TokenIdError> {
        Err(TokenIdError)
    }

    fn check_memo(&self, memo: &str) -> Result<(), MemoError> {
        tag::parse(memo).map(drop)
    }

    fn payee(&self, network: &NetworkId, to: &str, memo: Option<&str>) -> Result<Payee, PayeeError> {
        let (account, carried) = x_address::parse_either(network, to)?;
        let tag = tag::agreed(carried, memo.map(tag::parse).transpose()?)?;
        Ok(Payee { address: account.to_address(), memo: tag.map(|tag| tag.to_string()) })
    }

    fn knows_operation(&self, name: &str, args: &str) -> bool {
        Act::of_operation(name, args).is_some()
    }

    /// `44/144/0/0/index` on the main network, `44/1/0/0/index` (SLIP-44's number for all test networks) elsewhere: the
    /// bytes of most networks name none, so another key is what keeps them apart.
    fn path(&self, network: &NetworkId, index: AddressIndex) -> Vec<u32> {
        vec![44, network::coin_type(network), 0, 0, index.get()]
    }

    fn address_of(&self, _network: &NetworkId, public_key: &[u8; 33]) -> Result<Address, DeriveError> {
        account::AccountId::of_public_key(public_key).map(|account| account.to_address())
    }

    fn decode(&self, network: &NetworkId, unsigned: &[u8]) -> Result<Decoded, DecodeError> {
        decode::decode(network, unsigned)
    }

    fn attach(
        &self,
        network: &NetworkId,
        unsigned: &[u8],
        signature: &EcdsaSignature,
        public_key: &[u8; 33],
    ) -> Result<Attached, AttachError> {
        let transaction = decode::transaction(network, unsigned)?;
        let signature = signature.verified(&transaction.digest(), public_key)?;
        if transaction.public_key != *public_key {
            // It verifies, and no server would take it: the bytes name the key that must have signed.
            return Err(AttachError::DoesNotVerify);
        }
        let (signed, txid) = transaction.signed(&signature);
        Ok(Attached { signed, txid })
    }
}

#[cfg(test)]
mod tests;
