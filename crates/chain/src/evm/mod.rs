//! Ethereum and what is like it: EIP-1559 transactions, or legacy ones with a chain id (EIP-155), that send the native
//! coin or call an ERC20 contract's `transfer`. Access lists, blobs, authorisations, contract creation and any other
//! call are never built, decoded or signed.
//!
//! The exclusivity token is the nonce.

mod address;
mod build;
mod decode;
pub(crate) mod erc20;
mod fee;
mod nonce;
mod rlp;
mod transaction;

use payout::ids::{Address, AddressIndex, NetworkId, TokenId};

use crate::decoded::{DecodeError, Decoded};
use crate::derive::DeriveError;
use crate::family::{AddressError, ChainFamily, MemoError, TokenIdError};
use crate::signature::{AttachError, Attached, EcdsaSignature};

pub use build::{Build, BuildError, build};
pub use decode::{decode, effect_of};
pub use erc20::{Log, delivered, transfer_calldata};
pub use fee::{Fee, GasTerms};
pub use nonce::{nonce_of, token_for_nonce};

/// BIP44's coin type of Ethereum. Every EVM chain shares it, so that a wallet has one address on all of them.
const COIN_TYPE: u32 = 60;

/// `44/60/0/0/index`, BIP44's numbers without its hardened steps, which a threshold key can't take.
pub fn path(index: AddressIndex) -> Vec<u32> {
    vec![44, COIN_TYPE, 0, 0, index.get()]
}

/// The family.
#[derive(Debug, Clone, Copy)]
pub struct Evm;

impl ChainFamily for Evm {
    fn parse_address(&self, _network: &NetworkId, text: &str) -> Result<Address, AddressError> {
        address::parse(text)
    }

    fn parse_token_id(&self, text: &str) -> Result<TokenId, TokenIdError> {
        erc20::parse_contract(text)
    }

    fn check_memo(&self, _memo: &str) -> Result<(), MemoError> {
        Err(MemoError::NotSupported)
    }

    fn path(&self, _network: &NetworkId, index: AddressIndex) -> Vec<u32> {
        path(index)
    }

    fn address_of(&self, _network: &NetworkId, public_key: &[u8; 33]) -> Result<Address, DeriveError> {
        address::of_public_key(public_key)
    }

    fn decode(&self, _network: &NetworkId, unsigned: &[u8]) -> Result<Decoded, DecodeError> {
        decode::decode(unsigned)
    }

    fn attach(
        &self,
        _network: &NetworkId,
        unsigned: &[u8],
        signature: &EcdsaSignature,
        public_key: &[u8; 33],
    ) -> Result<Attached, AttachError> {
        let decoded = decode::decode(unsigned)?;
        let signature = signature.verified(&decoded.digest, public_key)?;
        let odd_y = match signature.recovery_id {
            0 => false,
            1 => true,
            // x above the group order, one in 2^127: v and yParity have no room for it.
            id => return Err(AttachError::BadRecoveryId(id)),
        };
        let (signed, txid) = decode::transaction(unsigned)?.signed(&signature.r, &signature.s, odd_y);
        Ok(Attached { signed, txid })
    }
}

#[cfg(test)]
mod tests;
