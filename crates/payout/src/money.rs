//! Amounts of money: unsigned integers in a coin's base units (wei, drops, satoshi), never anything else.
//!
//! Arithmetic is checked: there is no operator that could wrap, saturate or round. Token units ("1.5") exist only as
//! text at the doors; [`Amount::parse`] and [`Amount::to_decimal`] are the only ways in and out.

use std::fmt;

use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sum in base units of some coin. Which coin is said by its neighbour; two amounts of different coins are never
/// compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(U256);

/// The most decimal places that a coin may have.
pub const MAX_DECIMALS: u8 = 36;

/// Why a text is not an amount. The order of the variants is the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not `digits` or `digits.digits`, or a leading zero before another digit (contract code E0016).
    #[error("must be a plain decimal such as 12 or 0.5")]
    Malformed,
    /// Zero (contract code E0006).
    #[error("must be greater than 0")]
    Zero,
    /// More decimal places than the coin has (contract code E0007).
    #[error("has more than {decimals} decimal places")]
    TooPrecise {
        /// The coin's decimal places.
        decimals: u8,
    },
    /// Does not fit in 256 bits of base units (contract code E0016).
    #[error("is larger than any balance can be")]
    TooLarge,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);

    /// An amount of `base_units`.
    pub const fn from_u256(base_units: U256) -> Self {
        Self(base_units)
    }

    /// An amount of `base_units`.
    pub fn from_u128(base_units: u128) -> Self {
        Self(U256::from(base_units))
    }

    /// The base units.
    pub const fn as_u256(self) -> U256 {
        self.0
    }

    /// The base units, if they fit.
    pub fn as_u128(self) -> Option<u128> {
        u128::try_from(self.0).ok()
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == U256::ZERO
    }

    /// The sum, or `None` where it does not fit. A caller that gets `None` holds.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product with a plain number, or `None` where it does not fit.
    pub fn checked_mul(self, factor: u128) -> Option<Self> {
        self.0.checked_mul(U256::from(factor)).map(Self)
    }

    /// Reads token units such as `1.5` as base units of a coin with `decimals` places.
    ///
    /// The text is digits with an optional point and more digits (wire contract, section 3); zero may have as many
    /// places as it likes and is still [`AmountError::Zero`].
    pub fn parse(text: &str, decimals: u8) -> Result<Self, AmountError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || fraction.is_some_and(|f| !digits(f)) {
            return Err(AmountError::Malformed);
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(AmountError::Malformed);
        }
        let fraction = fraction.unwrap_or("");
        if whole.bytes().chain(fraction.bytes()).all(|b| b == b'0') {
            return Err(AmountError::Zero);
        }
        // Trailing zeros carry no value, but a caller that writes them claims a precision: the contract counts them.
        if fraction.len() > usize::from(decimals) {
            return Err(AmountError::TooPrecise { decimals });
        }
        let padding = usize::from(decimals) - fraction.len();
        let base_units = format!("{whole}{fraction}{}", "0".repeat(padding));
        Self::from_base_units(&base_units).ok_or(AmountError::TooLarge)
    }

    /// Reads base units: digits only, no sign, no leading zero but for `0` itself.
    pub fn from_base_units(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return None;
        }
        U256::from_str_radix(text, 10).ok().map(Self)
    }

    /// The amount in token units, without trailing zeros: `1500000` with 6 decimals is `1.5`.
    pub fn to_decimal(self, decimals: u8) -> String {
        let digits = self.0.to_string();
        let places = usize::from(decimals);
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }
}

/// Base units in decimal.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

/// A decimal string of base units: JSON numbers lose digits past 2^53.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let canonical = text.len() == 1 || !text.starts_with('0');
        Self::from_base_units(&text)
            .filter(|_| canonical)
            .ok_or_else(|| serde::de::Error::custom("an amount is a decimal string of base units"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn token_units_become_base_units_exactly() {
        assert_eq!(Amount::parse("1.1", 6), Ok(Amount::from_u128(1_100_000)));
        assert_eq!(Amount::parse("0.000001", 6), Ok(Amount::from_u128(1)));
        assert_eq!(Amount::parse("7", 0), Ok(Amount::from_u128(7)));
    }

    #[test]
    fn a_text_that_is_not_a_plain_decimal_is_malformed() {
        for text in ["", "1e3", "+1", " 1", "01", "1.", ".5", "-1", "1,5", "0x1", "٣", "1_000", "00", "1.2.3"]
        {
            assert_eq!(Amount::parse(text, 18), Err(AmountError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn zero_is_told_apart_from_too_precise() {
        assert_eq!(Amount::parse("0", 6), Err(AmountError::Zero));
        assert_eq!(Amount::parse("0.0000000", 6), Err(AmountError::Zero));
        assert_eq!(Amount::parse("0.0000001", 6), Err(AmountError::TooPrecise { decimals: 6 }));
    }

    #[test]
    fn what_does_not_fit_in_256_bits_is_refused() {
        let max = U256::MAX.to_string();
        assert!(Amount::parse(&max, 0).is_ok());
        assert_eq!(Amount::parse(&max, 1), Err(AmountError::TooLarge));
        assert_eq!(Amount::parse(&"9".repeat(4000), 18), Err(AmountError::TooLarge));
    }

    #[test]
    fn sums_past_the_end_are_refused_not_wrapped() {
        let max = Amount::from_u256(U256::MAX);
        assert_eq!(max.checked_add(Amount::from_u128(1)), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::from_u128(1)), None);
        assert_eq!(max.checked_mul(2), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_amount(raw in any::<[u8; 32]>(), decimals in 0u8..=MAX_DECIMALS) {
            let amount = Amount::from_u256(U256::from_be_bytes(raw));
            prop_assume!(!amount.is_zero());
            prop_assert_eq!(Amount::parse(&amount.to_decimal(decimals), decimals), Ok(amount));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }
    }
}
