//! Accounts and their classic addresses.

use payout::ids::Address;
use ripemd::Ripemd160;
use sha2::{Digest as _, Sha256};

use super::base58;
use crate::derive::{DeriveError, verifying_key};
use crate::family::AddressError;

/// The type prefix of an account's address; with this alphabet it begins with `r`.
const PREFIX: u8 = 0;

/// The 20 bytes that name an account. Never all zero: no payment to that one is valid (`temDST_NEEDED`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccountId([u8; 20]);

impl AccountId {
    /// Bytes that may name an account.
    pub(super) fn new(bytes: [u8; 20]) -> Option<Self> {
        (bytes != [0; 20]).then_some(Self(bytes))
    }

    /// The account whose master key this is: RIPEMD-160 of the SHA-256 of the compressed key.
    pub(super) fn of_public_key(public_key: &[u8; 33]) -> Result<Self, DeriveError> {
        verifying_key(public_key)?;
        Ok(Self(Ripemd160::digest(Sha256::digest(public_key)).into()))
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Reads a classic address.
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        let payload = base58::decode(text)?;
        let [PREFIX, account @ ..] = payload.as_slice() else { return Err(AddressError::Malformed) };
        let account = account.try_into().map_err(|_| AddressError::Malformed)?;
        Self::new(account).ok_or(AddressError::Malformed)
    }

    /// The account of an address in its canonical spelling; `None` for any other text.
    pub(super) fn of_address(address: &Address) -> Option<Self> {
        Self::parse(address.as_str()).ok()
    }

    /// The canonical spelling: the classic address. A text has one payload and a payload one text.
    pub(super) fn to_address(self) -> Address {
        let payload = [&[PREFIX], self.0.as_slice()].concat();
        base58::encode(&payload).parse().expect("base58 is printable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the ledger's documentation: the genesis account, and the two that nobody has a key of.
    const GENESIS: &str = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh";
    const ONE: &str = "rrrrrrrrrrrrrrrrrrrrBZbvji";
    const ZERO: &str = "rrrrrrrrrrrrrrrrrrrrrhoLvTp";

    #[test]
    fn an_address_is_its_own_canonical_spelling() {
        for text in [GENESIS, ONE] {
            assert_eq!(AccountId::parse(text).unwrap().to_address().as_str(), text);
        }
    }

    #[test]
    fn the_genesis_account_belongs_to_the_key_of_its_published_passphrase() {
        let key = "0330e7fc9d56bb25d6893ba3f317ae5bcf33b3291bd63db32654a313222f7fd020";
        let key = hex::decode(key).unwrap().try_into().unwrap();
        assert_eq!(AccountId::of_public_key(&key).unwrap().to_address().as_str(), GENESIS);
    }

    #[test]
    fn nobody_can_pay_the_account_of_zeros() {
        assert_eq!(AccountId::parse(ZERO), Err(AddressError::Malformed));
    }

    #[test]
    fn one_wrong_character_is_a_wrong_checksum() {
        for (at, letter) in GENESIS.char_indices().skip(1) {
            let other = if letter == 'z' { 'y' } else { 'z' };
            let wrong = format!("{}{other}{}", &GENESIS[..at], &GENESIS[at + 1..]);
            assert_eq!(AccountId::parse(&wrong), Err(AddressError::Checksum), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_base58_of_21_bytes_is_malformed() {
        let long = "r".repeat(2000);
        // Bitcoin's alphabet, 0 and l of no alphabet, a validator's key, a seed.
        for text in [
            "",
            "r",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfN0",
            "0Hb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            " rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
            "n9JZPwNmXaSX6M1dRxm3JrTmNyT3pdK8TJYiamQk76cwBrfvYxwe",
            "snoPBrXtMeMyMHUVTgbuqAfg1SUTb",
            &long,
        ] {
            assert_eq!(AccountId::parse(text), Err(AddressError::Malformed), "{text}");
        }
    }
}
