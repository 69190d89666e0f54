//! Addresses: base58check of the byte 0x41 and an account's 20 bytes. An account is the last 20 bytes of the Keccak-256
//! of its public key, as on EVM chains.
//!
//! The hexadecimal form that nodes also use is no address here: one address, one text.

use alloy_primitives::{Address as Account, keccak256};
use payout::ids::Address;
use sha2::{Digest as _, Sha256};

use crate::derive::{DeriveError, verifying_key};
use crate::family::AddressError;

/// The first byte of every address, on test networks as well.
const PREFIX: u8 = 0x41;
/// The prefix, 20 bytes and four of checksum.
const CHECKED: usize = 1 + 20 + CHECKSUM;
const CHECKSUM: usize = 4;
/// Digits of every address: with this prefix, 25 bytes are 34 digits and begin with `T`.
const DIGITS: usize = 34;

/// Reads base58check. Base58 has one spelling only, so what is read is canonical.
pub(super) fn parse(text: &str) -> Result<Address, AddressError> {
    account_of_text(text).map(|account| spelled(&account))
}

/// The account of an address in its canonical spelling; `None` for any other text.
pub(super) fn account(address: &Address) -> Option<Account> {
    account_of_text(address.as_str()).ok()
}

pub(super) fn account_of_text(text: &str) -> Result<Account, AddressError> {
    if text.len() != DIGITS {
        return Err(AddressError::Malformed);
    }
    let mut bytes = [0; CHECKED];
    let written = bs58::decode(text).onto(&mut bytes).map_err(|_| AddressError::Malformed)?;
    let (payload, checksum) = bytes.split_at(CHECKED - CHECKSUM);
    if written != CHECKED || payload[0] != PREFIX {
        return Err(AddressError::Malformed);
    }
    if checksum != checksum_of(payload) {
        return Err(AddressError::Checksum);
    }
    Ok(Account::from_slice(&payload[1..]))
}

/// The canonical spelling of an account's address.
pub(super) fn spelled(account: &Account) -> Address {
    let payload = prefixed(account);
    let checked = [payload.as_slice(), &checksum_of(&payload)].concat();
    bs58::encode(checked).into_string().parse().expect("base58 digits are printable")
}

/// The 21 bytes of an address in messages.
pub(super) fn prefixed(account: &Account) -> [u8; 21] {
    let mut bytes = [PREFIX; 21];
    bytes[1..].copy_from_slice(account.as_slice());
    bytes
}

/// The account that 21 bytes of a message name; `None` for anything else.
pub(super) fn unprefixed(bytes: &[u8]) -> Option<Account> {
    match bytes.split_first() {
        Some((&PREFIX, account)) => Account::try_from(account).ok(),
        Some(_) | None => None,
    }
}

/// The first bytes of the SHA-256 of the SHA-256.
fn checksum_of(payload: &[u8]) -> [u8; CHECKSUM] {
    let hash: [u8; 32] = Sha256::digest(Sha256::digest(payload)).into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The address of a compressed key.
pub(super) fn of_public_key(public_key: &[u8; 33]) -> Result<Address, DeriveError> {
    let point = verifying_key(public_key)?.to_sec1_point(false);
    let hash = keccak256(&point.as_bytes()[1..]);
    Ok(spelled(&Account::from_slice(&hash[12..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// USDT's contract, with its hexadecimal form as TRON's documentation gives it.
    const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
    const USDT_HEX: &str = "41a614f803b6fd780986a42c78ec9c7f77e6ded13c";

    #[test]
    fn an_address_is_its_own_canonical_spelling() {
        let address = parse(USDT).unwrap();
        assert_eq!(address.as_str(), USDT);
        assert_eq!(hex::encode(prefixed(&account(&address).unwrap())), USDT_HEX);
    }

    #[test]
    fn the_hexadecimal_form_is_no_address() {
        for text in [USDT_HEX, &USDT_HEX[2..], &format!("0x{USDT_HEX}"), &format!("0x{}", &USDT_HEX[2..])] {
            assert_eq!(parse(text), Err(AddressError::Malformed), "{text}");
        }
    }

    #[test]
    fn any_one_changed_digit_is_refused() {
        for at in 0..USDT.len() {
            for digit in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".chars() {
                let changed = format!("{}{digit}{}", &USDT[..at], &USDT[at + 1..]);
                assert!(changed == USDT || parse(&changed).is_err(), "{changed}");
            }
        }
        assert_eq!(parse("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u"), Err(AddressError::Checksum));
    }

    #[test]
    fn what_is_not_34_digits_of_25_bytes_with_the_prefix_is_malformed() {
        let short = &USDT[..33];
        let long = format!("{USDT}1");
        let padded = format!(" {}", &USDT[1..]);
        // A Bitcoin address, a digit that base58 does not have, letters of two bytes.
        let others = [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj60",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLjé",
        ];
        for text in ["", "T", short, &long, &padded].into_iter().chain(others) {
            assert_eq!(parse(text), Err(AddressError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn bytes_without_the_prefix_or_of_another_length_are_no_address() {
        let good = hex::decode(USDT_HEX).unwrap();
        assert!(unprefixed(&good).is_some());
        let mut other_prefix = good.clone();
        other_prefix[0] = 0xa0;
        for bytes in [&good[1..], &good[..20], &other_prefix, &[], &[good.as_slice(), &[0]].concat()] {
            assert_eq!(unprefixed(bytes), None, "{bytes:?}");
        }
    }
}
