//! Destination tags: numbers by which a recipient tells its customers apart. Zero is a tag; no tag is another thing.

use crate::family::MemoError;

/// The largest tag that the wire contract takes (section 3, E0032): one less than the field holds.
pub(super) const MAX: u32 = u32::MAX - 1;

/// Ten digits hold every tag.
const MAX_DIGITS: usize = 10;

/// Reads a memo: decimal digits, zeros in front allowed.
pub(super) fn parse(memo: &str) -> Result<u32, MemoError> {
    let digits = memo.len() <= MAX_DIGITS && memo.bytes().all(|b| b.is_ascii_digit());
    let tag = if digits { memo.parse().ok() } else { None };
    tag.filter(|tag| *tag <= MAX).ok_or(MemoError::NotATag)
}

/// The tag of a memo in its canonical spelling, as intents have it.
pub fn tag_of(memo: &str) -> Option<u32> {
    parse(memo).ok().filter(|tag| tag.to_string() == memo)
}

/// The one tag of an address that may carry one and a memo that may be missing.
pub(super) fn agreed(carried: Option<u32>, memo: Option<u32>) -> Result<Option<u32>, MemoError> {
    match (carried, memo) {
        (Some(carried), Some(memo)) if carried != memo => Err(MemoError::OtherTag(carried)),
        (carried, memo) => Ok(carried.or(memo)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_decimal_digits_below_the_largest_number_of_32_bits() {
        for (memo, tag) in [("0", 0), ("123", 123), ("0123", 123), ("4294967294", MAX), ("0000000000", 0)] {
            assert_eq!(parse(memo), Ok(tag), "{memo}");
        }
        let text = "x".repeat(1000);
        for memo in [
            "",
            "4294967295",
            "4294967296",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "0x1",
            "12a",
            "00000000001",
            "٣",
            &text,
        ] {
            assert_eq!(parse(memo), Err(MemoError::NotATag), "{memo}");
        }
    }

    #[test]
    fn a_tag_has_one_canonical_spelling() {
        assert_eq!(tag_of("123"), Some(123));
        assert_eq!(tag_of("0"), Some(0));
        assert_eq!(tag_of("0123"), None);
    }

    #[test]
    fn a_carried_tag_and_a_memo_must_agree_and_zero_is_not_none() {
        assert_eq!(agreed(None, None), Ok(None));
        assert_eq!(agreed(Some(0), None), Ok(Some(0)));
        assert_eq!(agreed(None, Some(5)), Ok(Some(5)));
        assert_eq!(agreed(Some(5), Some(5)), Ok(Some(5)));
        assert_eq!(agreed(Some(0), Some(5)), Err(MemoError::OtherTag(0)));
        assert_eq!(agreed(Some(5), Some(0)), Err(MemoError::OtherTag(5)));
    }
}
