//! The registry of chain families, and what each one must know.

use payout::coin::Family;
use payout::ids::{Address, AddressIndex, NetworkId, TokenId};

use crate::decoded::{DecodeError, Decoded};
use crate::derive::DeriveError;
use crate::signature::{AttachError, Attached, EcdsaSignature};
use crate::{evm, tron, xrp};

/// The code of a family.
pub fn family(family: Family) -> &'static dyn ChainFamily {
    match family {
        Family::Evm => &evm::Evm,
        Family::Xrp => &xrp::Xrp,
        Family::Tron => &tron::Tron,
    }
}

/// The fee fields of unsigned bytes, as a replacement has to outbid them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeTerms {
    /// Gas limit and prices.
    Evm(evm::GasTerms),
    /// Fee and last ledger.
    Xrp(xrp::Fee),
    /// Fee limit and size.
    Tron(tron::FeeTerms),
}

/// What the code of a chain family can do. All of it is pure.
pub trait ChainFamily: Send + Sync {
    /// Reads an address, its checksum included, and gives the canonical spelling: two equal addresses have equal texts.
    ///
    /// # Errors
    /// [`AddressError`] when the text is no address of this network.
    fn parse_address(&self, network: &NetworkId, text: &str) -> Result<Address, AddressError>;

    /// Reads the id of a token that is not the chain's native coin, and gives the canonical spelling.
    ///
    /// # Errors
    /// [`TokenIdError`] when the text names no token of this family. A native coin's id (its chain id) is such a text:
    /// callers recognise it first, see [`crate::TokenRef::of`].
    fn parse_token_id(&self, text: &str) -> Result<TokenId, TokenIdError>;

    /// Whether a payout on this chain can carry this memo.
    ///
    /// # Errors
    /// [`MemoError`] when it can't.
    fn check_memo(&self, memo: &str) -> Result<(), MemoError>;

    /// Whom a request pays: address and memo together, since some address texts carry a memo. One recipient has one
    /// spelling, whatever the request's.
    ///
    /// # Errors
    /// [`PayeeError`] names which of the two is wrong.
    fn payee(&self, network: &NetworkId, to: &str, memo: Option<&str>) -> Result<Payee, PayeeError> {
        let address = self.parse_address(network, to)?;
        memo.map_or(Ok(()), |memo| self.check_memo(memo))?;
        Ok(Payee { address, memo: memo.map(ToOwned::to_owned) })
    }

    /// Whether wallets of this family can be ordered to do this, with arguments in their one spelling (canonical JSON).
    fn knows_operation(&self, _name: &str, _args: &str) -> bool {
        false
    }

    /// The path of an address below its wallet's key: non-hardened steps (BIP32), each below 2^31. Networks of a family
    /// whose bytes name no network have different paths, and so different keys: bytes that were signed for one of them
    /// are nobody's on the other.
    fn path(&self, network: &NetworkId, index: AddressIndex) -> Vec<u32>;

    /// The canonical address of a compressed secp256k1 public key.
    ///
    /// # Errors
    /// [`DeriveError::BadKey`] when the bytes are no point of the curve.
    fn address_of(&self, network: &NetworkId, public_key: &[u8; 33]) -> Result<Address, DeriveError>;

    /// Reads unsigned bytes completely: every byte has a meaning that [`Decoded`] states, or the whole is refused.
    /// `network` is the one that they are meant for: bytes of some families don't name theirs.
    ///
    /// # Errors
    /// [`DecodeError`] for whatever a payout, a void or a known operation does not need.
    fn decode(&self, network: &NetworkId, unsigned: &[u8]) -> Result<Decoded, DecodeError>;

    /// Puts a signature on unsigned bytes that [`Self::decode`] understands, after checking that it is `public_key`'s
    /// over their digest. The signature is brought into low-S form, so that one signature has one transaction id.
    ///
    /// # Errors
    /// [`AttachError`] when the bytes are refused or the signature is not that key's.
    fn attach(
        &self,
        network: &NetworkId,
        unsigned: &[u8],
        signature: &EcdsaSignature,
        public_key: &[u8; 33],
    ) -> Result<Attached, AttachError>;
}

/// Whom a payout pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// The address, canonical.
    pub address: Address,
    /// Memo or destination tag, canonical.
    pub memo: Option<String>,
}

/// Why address and memo are no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayeeError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The memo can't be carried.
    #[error(transparent)]
    Memo(#[from] MemoError),
}

/// Why a text is no address (contract code E0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Wrong length, alphabet or prefix.
    #[error("is not an address of this chain")]
    Malformed,
    /// The checksum does not match: most likely a typing error.
    #[error("has a wrong checksum")]
    Checksum,
}

/// A text that names no token of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a token of this chain")]
pub struct TokenIdError;

/// Why a memo can't be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemoError {
    /// Transactions of this chain carry no memo.
    #[error("payouts on this chain carry no memo")]
    NotSupported,
    /// A destination tag is a number (contract code E0032).
    #[error("a destination tag is decimal digits below 4294967295")]
    NotATag,
    /// The address carries another tag.
    #[error("the address carries tag {0} itself")]
    OtherTag(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evm_payout_carries_no_memo() {
        for memo in ["", "0", "123", "hello"] {
            assert_eq!(family(Family::Evm).check_memo(memo), Err(MemoError::NotSupported));
        }
    }

    #[test]
    fn contracts_compare_without_case_and_native_ids_are_no_contracts() {
        let evm = family(Family::Evm);
        let lower = "0xdac17f958d2ee523a2206206994597c13d831ec7";
        for text in [
            lower,
            "0xdAC17F958D2ee523a2206206994597C13D831ec7",
            "0xDAC17F958D2EE523A2206206994597C13D831EC7",
        ] {
            assert_eq!(evm.parse_token_id(text).map(|id| id.to_string()), Ok(lower.to_owned()));
        }
        for text in ["60", "", "0x", &lower[2..], &lower[..41], "0Xdac17f958d2ee523a2206206994597c13d831ec7"]
        {
            assert_eq!(evm.parse_token_id(text), Err(TokenIdError), "{text}");
        }
    }

    #[test]
    fn every_evm_chain_shares_one_path() {
        let index = AddressIndex::new(5).unwrap();
        assert_eq!(family(Family::Evm).path(&"1".parse().unwrap(), index), [44, 60, 0, 0, 5]);
    }
}
