//! Addresses with EIP-55 checksums.

use alloy_primitives::{Address as Raw, keccak256};
use payout::ids::Address;

use crate::derive::{DeriveError, verifying_key};
use crate::family::AddressError;

/// Reads `0x` and 40 hex digits. Letters of one case carry no checksum; mixed letters must match EIP-55.
pub(super) fn parse(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Malformed)?;
    let raw = from_digits(digits).ok_or(AddressError::Malformed)?;
    let canonical = checksummed(&raw);
    let lower = digits.bytes().any(|b| b.is_ascii_lowercase());
    let upper = digits.bytes().any(|b| b.is_ascii_uppercase());
    if lower && upper && canonical.as_str() != text {
        return Err(AddressError::Checksum);
    }
    Ok(canonical)
}

/// The 20 bytes of an address in its canonical spelling; `None` for any other text.
pub(super) fn raw(address: &Address) -> Option<Raw> {
    let raw = from_digits(address.as_str().strip_prefix("0x")?)?;
    (checksummed(&raw) == *address).then_some(raw)
}

/// The canonical spelling: EIP-55.
pub(super) fn checksummed(raw: &Raw) -> Address {
    raw.to_checksum(None).parse().expect("0x and 40 hex digits are printable")
}

/// The last 20 bytes of the Keccak-256 of the uncompressed point without its tag.
pub(super) fn of_public_key(public_key: &[u8; 33]) -> Result<Address, DeriveError> {
    let point = verifying_key(public_key)?.to_sec1_point(false);
    let hash = keccak256(&point.as_bytes()[1..]);
    Ok(checksummed(&Raw::from_slice(&hash[12..])))
}

/// 40 hex digits of either case.
pub(super) fn from_digits(digits: &str) -> Option<Raw> {
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(Raw::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of EIP-55 itself.
    const ALL_CAPS: [&str; 2] =
        ["0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D"];
    const ALL_LOWER: [&str; 2] =
        ["0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26"];
    const NORMAL: [&str; 4] = [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ];

    #[test]
    fn the_examples_of_eip_55_are_their_own_canonical_spelling() {
        for text in ALL_CAPS.iter().chain(&ALL_LOWER).chain(&NORMAL) {
            assert_eq!(parse(text).unwrap().as_str(), *text);
        }
    }

    #[test]
    fn letters_of_one_case_are_accepted_and_become_canonical() {
        for text in NORMAL {
            assert_eq!(parse(&text.to_lowercase()).unwrap().as_str(), text);
            assert_eq!(parse(&format!("0x{}", text[2..].to_uppercase())).unwrap().as_str(), text);
        }
    }

    #[test]
    fn one_letter_of_the_wrong_case_is_a_wrong_checksum() {
        for text in NORMAL {
            for (at, letter) in text.char_indices().skip(2).filter(|(_, c)| c.is_ascii_alphabetic()) {
                let flipped = if letter.is_lowercase() {
                    letter.to_ascii_uppercase()
                } else {
                    letter.to_ascii_lowercase()
                };
                let wrong = format!("{}{flipped}{}", &text[..at], &text[at + 1..]);
                assert_eq!(parse(&wrong), Err(AddressError::Checksum), "{wrong}");
            }
        }
    }

    #[test]
    fn what_is_not_0x_and_40_hex_digits_is_malformed() {
        let good = NORMAL[0];
        let short = &good[..41];
        let long = format!("{good}0");
        let upper_prefix = good.replacen("0x", "0X", 1);
        let padded = format!(" {good}");
        let not_hex = good.replacen('5', "g", 1);
        let wide_digit = format!("0x{}é", &good[4..]);
        for text in [
            "",
            "0x",
            &good[2..],
            short,
            &long,
            &upper_prefix,
            &padded,
            &not_hex,
            &wide_digit,
            "0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA",
        ] {
            assert_eq!(parse(text), Err(AddressError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn bytes_are_given_for_the_canonical_spelling_only() {
        let canonical = parse(NORMAL[0]).unwrap();
        assert_eq!(checksummed(&raw(&canonical).unwrap()), canonical);
        assert_eq!(raw(&NORMAL[0].to_lowercase().parse().unwrap()), None);
    }
}
