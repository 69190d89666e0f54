//! X-addresses: account, network and destination tag in one text (XLS-5).

use payout::ids::NetworkId;

use super::account::AccountId;
use super::{base58, network, tag};
use crate::family::AddressError;

const MAIN: [u8; 2] = [0x05, 0x44];
const TEST: [u8; 2] = [0x04, 0x93];

/// Account and, if the text carries one, tag.
type Tagged = (AccountId, Option<u32>);

/// Reads an address of either kind.
pub(super) fn parse_either(network: &NetworkId, text: &str) -> Result<Tagged, AddressError> {
    match text.as_bytes().first() {
        Some(b'X' | b'T') => parse(network, text),
        _ => AccountId::parse(text).map(|account| (account, None)),
    }
}

/// Reads an X-address of this network: the format knows the main network and, as one, all others.
fn parse(network: &NetworkId, text: &str) -> Result<Tagged, AddressError> {
    let payload = base58::decode(text)?;
    let payload: &[u8; 31] = payload.as_slice().try_into().map_err(|_| AddressError::Malformed)?;
    let prefix = if network::is_main(network) { MAIN } else { TEST };
    let [p, q, rest @ ..] = payload;
    if [*p, *q] != prefix {
        return Err(AddressError::Malformed);
    }
    let (account, rest) = rest.split_at(20);
    let account = account.try_into().ok().and_then(AccountId::new).ok_or(AddressError::Malformed)?;
    // A flag, and the tag as 64 bits, low byte first. The upper half is reserved.
    match rest {
        [0, 0, 0, 0, 0, 0, 0, 0, 0] => Ok((account, None)),
        [1, a, b, c, d, 0, 0, 0, 0] => {
            let carried = u32::from_le_bytes([*a, *b, *c, *d]);
            if carried > tag::MAX {
                return Err(AddressError::Malformed);
            }
            Ok((account, Some(carried)))
        }
        _ => Err(AddressError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The test vectors of XLS-5's reference implementation: classic address, tag, main network, other networks.
    const ADDRESSES: [(&str, Option<u32>, &str, &str); 5] = [
        (
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
            None,
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaB5hJDWMArnXr61cqZ",
            "T719a5UwUCnEs54UsxG9CJYYDhwmFCqkr7wxCcNcfZ6p5GZ",
        ),
        (
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
            Some(1),
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGZMhc9YTE92ehJ2Fu",
            "T719a5UwUCnEs54UsxG9CJYYDhwmFCvbJNZbi37gBGkRkbE",
        ),
        (
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
            Some(14),
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaGo2K5VpXpmCqbV2gS",
            "T719a5UwUCnEs54UsxG9CJYYDhwmFCvqXVCALUGJGSbNV3x",
        ),
        (
            "r9cZA1mLK5R5Am25ArfXFmqgNwjZgnfk59",
            Some(11747),
            "X7AcgcsBL6XDcUb289X4mJ8djcdyKaLFuhLRuNXPrDeJd9A",
            "T719a5UwUCnEs54UsxG9CJYYDhwmFCziiNHtUukubF2Mg6t",
        ),
        (
            "rLczgQHxPhWtjkaQqn3Q6UM8AbRbbRvs5K",
            None,
            "XVZVpQj8YSVpNyiwXYSqvQoQqgBttTxAZwMcuJd4xteQHyt",
            "TVVrSWtmQQssgVcmoMBcFQZKKf56QscyWLKnUyiuZW8ALU4",
        ),
    ];

    fn main() -> NetworkId {
        "0".parse().unwrap()
    }

    fn test() -> NetworkId {
        "1".parse().unwrap()
    }

    #[test]
    fn the_standards_own_examples_are_read() {
        for (classic, tag, main_text, test_text) in ADDRESSES {
            let expected = Ok((AccountId::parse(classic).unwrap(), tag));
            assert_eq!(parse_either(&main(), main_text), expected, "{main_text}");
            assert_eq!(parse_either(&test(), test_text), expected, "{test_text}");
            assert_eq!(parse_either(&main(), classic).unwrap().1, None);
        }
    }

    #[test]
    fn an_address_of_another_network_is_none_of_this_one() {
        for (_, _, main_text, test_text) in ADDRESSES {
            assert_eq!(parse_either(&test(), main_text), Err(AddressError::Malformed));
            assert_eq!(parse_either(&main(), test_text), Err(AddressError::Malformed));
        }
    }

    #[test]
    fn one_wrong_character_is_a_wrong_checksum() {
        let (_, _, text, _) = ADDRESSES[1];
        for (at, letter) in text.char_indices().skip(1) {
            let other = if letter == 'z' { 'y' } else { 'z' };
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(parse_either(&main(), &wrong), Err(AddressError::Checksum), "{wrong}");
        }
    }

    #[test]
    fn a_reserved_flag_or_a_tag_beside_no_flag_is_malformed() {
        let text = |rest: [u8; 9]| base58::encode(&[&MAIN[..], &[7; 20], &rest].concat());
        assert!(parse(&main(), &text([1, 5, 0, 0, 0, 0, 0, 0, 0])).is_ok());
        assert!(parse(&main(), &text([1, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0])).is_ok());
        for rest in [
            [0, 5, 0, 0, 0, 0, 0, 0, 0],
            [1, 5, 0, 0, 0, 1, 0, 0, 0],
            [1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            [2, 5, 0, 0, 0, 0, 0, 0, 0],
            [0xff, 0, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(parse(&main(), &text(rest)), Err(AddressError::Malformed), "{rest:?}");
        }
    }
}
