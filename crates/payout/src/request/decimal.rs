//! Exact decimals from the literal text of JSON numbers.
//!
//! No float is involved: `1.0e-5` is the digit 1 and the exponent -5. Exponents saturate, and nothing is written out
//! that would be longer than [`MAX_PLAIN_CHARS`], so that `1e999999999` costs nothing.

/// The longest plain rendering, in characters. Any amount of any coin is far shorter.
pub const MAX_PLAIN_CHARS: usize = 512;

/// Exponents beyond this are this: no amount and no rendering comes near.
const EXPONENT_LIMIT: i64 = 1_000_000_000;

/// (-1)^negative × digits × 10^exponent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Without leading and trailing zeros; empty is zero.
    digits: String,
    /// 0 for zero.
    exponent: i64,
}

impl Decimal {
    /// Reads the text of a JSON number; `None` if it is none.
    pub fn parse(literal: &str) -> Option<Self> {
        let (negative, unsigned) = match literal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, literal),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        if !is_digits(whole) || !is_digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let significant = all.trim_end_matches('0');
        let dropped = all.len() - significant.len();
        let digits = significant.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let shift = signed(dropped) - signed(fraction.len());
        Some(Self { negative, digits, exponent: exponent + shift })
    }

    /// Whether it is zero, of whatever spelling.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Decimal places that its value needs.
    pub fn places(&self) -> u64 {
        self.exponent.min(0).unsigned_abs()
    }

    /// The value with all its digits and neither exponent nor needless zeros; `None` if that is longer than
    /// [`MAX_PLAIN_CHARS`].
    pub fn plain(&self) -> Option<String> {
        self.with_places(0)
    }

    /// The same with at least so many decimal places, as the text of a number whose trailing zeros count.
    fn with_places(&self, places: usize) -> Option<String> {
        let sign = if self.negative { "-" } else { "" };
        let zeros = |count: i64| usize::try_from(count).ok().filter(|n| *n <= MAX_PLAIN_CHARS);
        let digits = if self.is_zero() { "0" } else { &self.digits };
        let (whole, mut fraction) = if self.exponent >= 0 {
            (format!("{digits}{}", "0".repeat(zeros(self.exponent)?)), String::new())
        } else {
            let point = signed(digits.len()) + self.exponent;
            match usize::try_from(point) {
                Ok(point) if point > 0 => (digits[..point].to_owned(), digits[point..].to_owned()),
                _ => ("0".to_owned(), format!("{}{digits}", "0".repeat(zeros(-point)?))),
            }
        };
        let padding = places.saturating_sub(fraction.len());
        if padding > MAX_PLAIN_CHARS {
            return None;
        }
        fraction.push_str(&"0".repeat(padding));
        let point = if fraction.is_empty() { "" } else { "." };
        let text = format!("{sign}{whole}{point}{fraction}");
        (text.len() <= MAX_PLAIN_CHARS).then_some(text)
    }
}

/// Plain renderings of a literal: without needless zeros, and with as many places as the literal claims
/// (`1.0e-5` as `0.00001` and, as Java's and Python's decimals write it, `0.000010`).
pub fn plain_renderings(literal: &str) -> Vec<String> {
    let Some(value) = Decimal::parse(literal) else { return Vec::new() };
    let exponent_at = literal.find(['e', 'E']);
    let mantissa = &literal[..exponent_at.unwrap_or(literal.len())];
    let written = signed(mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len()));
    let shift = exponent_at.and_then(|at| exponent(&literal[at + 1..])).unwrap_or(0);
    let claimed = usize::try_from(written - shift).unwrap_or(0);
    value.plain().into_iter().chain(value.with_places(claimed)).collect()
}

/// The rendering of RFC 8785, section 3.2.2.3: that of the nearest IEEE double. `None` where that is infinite.
#[allow(
    clippy::disallowed_types,
    reason = "RFC 8785 is defined over doubles; the text is only hashed, never paid"
)]
pub fn rfc_8785(literal: &str) -> Option<String> {
    let double: f64 = literal.parse().ok()?;
    if double.is_finite() { serde_jcs::to_string(&double).ok() } else { None }
}

fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !is_digits(digits) {
        return None;
    }
    // All digits, so only the size can be wrong.
    let size = digits.parse::<i64>().map_or(EXPONENT_LIMIT, |n| n.min(EXPONENT_LIMIT));
    Some(if negative { -size } else { size })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).expect("a body is shorter than 2^63 bytes")
}
