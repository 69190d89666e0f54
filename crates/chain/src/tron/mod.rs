//! TRON: transfers of TRX, and calls of a TRC20 contract's `transfer`. Every other contract type, several contracts in
//! one transaction, permission ids, memos (`data`), scripts, authorities and calls that carry TRX or TRC10 tokens are
//! never built, decoded or signed.
//!
//! The exclusivity token is the transaction's id: the SHA-256 of the bytes that are signed, known before anybody signs.
//! Nothing can take such a transaction's place, and nothing can be put beside it: it lands until its expiration or never.

mod address;
mod build;
mod decode;
mod fee;
mod message;
mod network;
mod token;
mod trc20;

use payout::ids::{Address, AddressIndex, NetworkId, TokenId};
use prost::Message as _;

use crate::decoded::{DecodeError, Decoded};
use crate::derive::DeriveError;
use crate::family::{AddressError, ChainFamily, MemoError, TokenIdError};
use crate::signature::{AttachError, Attached, EcdsaSignature};

pub use build::{Build, BuildError, build};
pub use decode::reference_of;

pub use fee::{ACCOUNT_BOUND_SUN, BYTE_BOUND_SUN, FeeTerms, RESULT_BYTES};
pub use network::{MAIN, network_of_genesis};
pub use token::{token_for_txid, txid_of};
pub use trc20::{address_of_account, balance_calldata, delivered, transfer_calldata};

/// SLIP-44's coin type of TRON.
const COIN_TYPE: u32 = 195;
/// SLIP-44's coin type of every test network of every coin.
const TEST_COIN_TYPE: u32 = 1;

/// Which block a transaction refers to (TAPOS): it is void on a chain that does not hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The last two bytes of the block's height, big-endian.
    pub height: [u8; 2],
    /// Bytes 8 to 15 of the block's id, the first eight of which are its height.
    pub hash: [u8; 8],
}

/// The family.
#[derive(Debug, Clone, Copy)]
pub struct Tron;

impl ChainFamily for Tron {
    fn parse_address(&self, _network: &NetworkId, text: &str) -> Result<Address, AddressError> {
        address::parse(text)
    }

    fn parse_token_id(&self, text: &str) -> Result<TokenId, TokenIdError> {
        trc20::parse_contract(text)
    }

    fn check_memo(&self, _memo: &str) -> Result<(), MemoError> {
        Err(MemoError::NotSupported)
    }

    /// `44/195/0/0/index` on the main network and `44/1/0/0/index` on all others, BIP44's numbers without its hardened
    /// steps. A transaction names its network only by a block that it refers to: with a key of its own, what was signed
    /// for a test network is nobody's on the main one.
    fn path(&self, network: &NetworkId, index: AddressIndex) -> Vec<u32> {
        let coin = if network.as_str() == MAIN { COIN_TYPE } else { TEST_COIN_TYPE };
        vec![44, coin, 0, 0, index.get()]
    }

    fn address_of(&self, _network: &NetworkId, public_key: &[u8; 33]) -> Result<Address, DeriveError> {
        address::of_public_key(public_key)
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
        let decoded = decode::decode(network, unsigned)?;
        let signature = signature.verified(&decoded.digest, public_key)?;
        // x above the group order, one in 2^127: java-tron takes 27 and 28 only.
        if signature.recovery_id > 1 {
            return Err(AttachError::BadRecoveryId(signature.recovery_id));
        }
        // java-tron adds 27 where it is missing; official libraries write it or not. We write what tronweb writes.
        let v = 27 + signature.recovery_id;
        let signature = [signature.r.as_slice(), &signature.s, &[v]].concat();
        let signed = message::Transaction { raw_data: unsigned.to_vec(), signature: vec![signature] };
        Ok(Attached { signed: signed.encode_to_vec(), txid: hex::encode(decoded.digest) })
    }
}

#[cfg(test)]
mod tests;
