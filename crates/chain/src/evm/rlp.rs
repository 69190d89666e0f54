//! A strict reader of RLP, one list deep: all that unsigned transactions need.
//!
//! It is written apart from the library that encodes ([`super::transaction`]) on purpose: bytes are accepted only when
//! this reader understands them *and* the library writes the same bytes again. Neither one's leniency is enough.

use payout::money::Amount;
use ruint::aliases::U256;

use crate::decoded::DecodeError;

/// One item of the list.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item<'a> {
    /// A byte string.
    Text(&'a [u8]),
    /// A list's payload, not looked into.
    List(&'a [u8]),
}

const TRUNCATED: DecodeError = DecodeError::Malformed("truncated RLP");

/// The items of bytes that are one list and nothing after it.
pub(super) fn list(bytes: &[u8]) -> Result<Vec<Item<'_>>, DecodeError> {
    let (item, rest) = next(bytes)?;
    if !rest.is_empty() {
        return Err(DecodeError::Malformed("bytes after the transaction"));
    }
    let Item::List(mut payload) = item else {
        return Err(DecodeError::Malformed("not an RLP list"));
    };
    let mut items = Vec::new();
    while !payload.is_empty() {
        let (item, rest) = next(payload)?;
        items.push(item);
        payload = rest;
    }
    Ok(items)
}

/// The first item and what follows it.
fn next(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), DecodeError> {
    let (&first, after) = bytes.split_first().ok_or(TRUNCATED)?;
    match first {
        0x00..=0x7f => {
            let (text, rest) = bytes.split_at(1);
            Ok((Item::Text(text), rest))
        }
        0x80..=0xb7 => {
            let (text, rest) = take(after, usize::from(first - 0x80))?;
            // A byte below 0x80 stands for itself.
            if matches!(text, [0x00..=0x7f]) {
                return Err(DecodeError::NotCanonical);
            }
            Ok((Item::Text(text), rest))
        }
        0xb8..=0xbf => {
            let (text, rest) = take_long(after, usize::from(first - 0xb7))?;
            Ok((Item::Text(text), rest))
        }
        0xc0..=0xf7 => {
            let (payload, rest) = take(after, usize::from(first - 0xc0))?;
            Ok((Item::List(payload), rest))
        }
        0xf8..=0xff => {
            let (payload, rest) = take_long(after, usize::from(first - 0xf7))?;
            Ok((Item::List(payload), rest))
        }
    }
}

fn take(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), DecodeError> {
    bytes.split_at_checked(length).ok_or(TRUNCATED)
}

/// A payload whose length stands in `width` bytes before it; short ones must use the short form.
fn take_long(bytes: &[u8], width: usize) -> Result<(&[u8], &[u8]), DecodeError> {
    let (length, rest) = take(bytes, width)?;
    if length.first() == Some(&0) {
        return Err(DecodeError::NotCanonical);
    }
    let length = length.iter().try_fold(0usize, |sum, &b| sum.checked_mul(256)?.checked_add(usize::from(b)));
    let length = length.ok_or(TRUNCATED)?;
    if length < 56 {
        return Err(DecodeError::NotCanonical);
    }
    take(rest, length)
}

impl<'a> Item<'a> {
    /// A byte string.
    pub(super) fn text(self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::List(_) => Err(DecodeError::Malformed("a list where a value belongs")),
        }
    }

    /// An unsigned integer of at most 256 bits: big-endian, no leading zeros, nothing for zero.
    fn integer(self, name: &'static str) -> Result<U256, DecodeError> {
        let text = self.text()?;
        if text.first() == Some(&0) {
            return Err(DecodeError::NotCanonical);
        }
        U256::try_from_be_slice(text).ok_or(DecodeError::OutOfRange(name))
    }

    /// An integer of at most 64 bits.
    pub(super) fn u64(self, name: &'static str) -> Result<u64, DecodeError> {
        u64::try_from(self.integer(name)?).map_err(|_| DecodeError::OutOfRange(name))
    }

    /// An integer of at most 128 bits.
    pub(super) fn u128(self, name: &'static str) -> Result<u128, DecodeError> {
        u128::try_from(self.integer(name)?).map_err(|_| DecodeError::OutOfRange(name))
    }

    /// An integer of at most 256 bits.
    pub(super) fn amount(self, name: &'static str) -> Result<Amount, DecodeError> {
        self.integer(name).map(Amount::from_u256)
    }
}
