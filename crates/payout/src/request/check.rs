//! The checks of values, one function a rule, for what needs configuration (wire contract, section 3).
//!
//! The gateway calls them in the contract's order: currency, (wallet, from, to: the `chain` crate's parsers), amount,
//! memo, remark, callback_url.

use std::fmt;

use super::code::{Code, Rejected};
use super::fields::AmountText;
use crate::coin::{Coin, CoinId, Family, Network};
use crate::money::{Amount, AmountError};

/// The longest `remark`, in Unicode characters.
pub const MAX_REMARK_CHARS: usize = 256;
/// The longest `alias`, in Unicode characters.
pub const MAX_ALIAS_CHARS: usize = 40;
/// The longest `callback_url`, in bytes.
pub const MAX_CALLBACK_URL_BYTES: usize = 1024;
/// The longest text comment, in bytes: what four TON cells hold.
pub const MAX_COMMENT_BYTES: usize = 492;

/// The chain that a `chain_id` names.
///
/// # Errors
/// E0005.
pub fn chain<'a>(chain_id: &str, networks: &'a [Network]) -> Result<&'a Network, Rejected> {
    networks.iter().find(|network| network.chain_id.as_str() == chain_id).ok_or_else(|| Code::Coin.into())
}

/// The coin that a `currency` names: `chain_id@token_id`, or the coin's name.
///
/// # Errors
/// E0005, also when a name is two coins'.
pub fn currency<'a>(text: &str, coins: &'a [Coin], networks: &[Network]) -> Result<&'a Coin, Rejected> {
    let by_id = |coin: &Coin, id: &CoinId| {
        coin.chain_id == id.chain_id
            && chain(coin.chain_id.as_str(), networks)
                .is_ok_and(|network| same_token(network.family, coin.token_id.as_str(), id.token_id.as_str()))
    };
    let mut found = match text.parse::<CoinId>() {
        Ok(id) => coins.iter().filter(|coin| by_id(coin, &id)).collect::<Vec<_>>(),
        Err(_) => coins.iter().filter(|coin| coin.name == text && has_network(coin, networks)).collect(),
    };
    match (found.pop(), found.is_empty()) {
        (Some(coin), true) => Ok(coin),
        (Some(_), false) | (None, _) => Err(Code::Coin.into()),
    }
}

fn has_network(coin: &Coin, networks: &[Network]) -> bool {
    chain(coin.chain_id.as_str(), networks).is_ok()
}

/// EVM token ids compare without case, all others exactly (wire contract, section 6).
fn same_token(family: Family, one: &str, other: &str) -> bool {
    match family {
        Family::Evm => one.eq_ignore_ascii_case(other),
        Family::Xrp | Family::Tron => one == other,
    }
}

/// An amount in base units of a coin with `decimals` places.
///
/// # Errors
/// E0016 for what is no plain decimal or is larger than any balance, E0006 for zero and negative ones, E0007 for more
/// places than the coin has.
pub fn amount(text: &AmountText, decimals: u8) -> Result<Amount, Rejected> {
    let refused = |code: Code| Err(code.into());
    match text {
        AmountText::Text(text) => match text.strip_prefix('-') {
            // A negative decimal has a code of its own; what follows the sign must be one all the same.
            Some(unsigned) => match Amount::parse(unsigned, decimals) {
                Err(AmountError::Malformed) => refused(Code::Amount),
                Ok(_) | Err(AmountError::Zero | AmountError::TooPrecise { .. } | AmountError::TooLarge) => {
                    refused(Code::AmountNotPositive)
                }
            },
            None => Amount::parse(text, decimals).map_err(|error| amount_code(error).into()),
        },
        AmountText::Number { value, .. } => {
            if value.is_zero() || value.is_negative() {
                return refused(Code::AmountNotPositive);
            }
            if value.places() > u64::from(decimals) {
                return refused(Code::AmountAccuracy);
            }
            match value.plain() {
                Some(plain) => Amount::parse(&plain, decimals).map_err(|error| amount_code(error).into()),
                None => refused(Code::Amount),
            }
        }
    }
}

fn amount_code(error: AmountError) -> Code {
    match error {
        AmountError::Malformed | AmountError::TooLarge => Code::Amount,
        AmountError::Zero => Code::AmountNotPositive,
        AmountError::TooPrecise { .. } => Code::AmountAccuracy,
    }
}

/// What a chain does with a memo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoRule {
    /// XRP: a destination tag.
    DestinationTag,
    /// TON: a text comment.
    Comment,
    /// Any other: there is no place for one, so a memo is an error rather than lost.
    None,
}

impl MemoRule {
    /// A family's rule.
    pub const fn of(family: Family) -> Self {
        match family {
            Family::Xrp => Self::DestinationTag,
            Family::Evm | Family::Tron => Self::None,
        }
    }
}

/// A memo under its chain's rule.
///
/// # Errors
/// E0032 for an XRP memo that is not decimal digits below 4294967295; A0400 where there is no memo, and for a comment
/// that is too long.
pub fn memo(memo: Option<&str>, rule: MemoRule) -> Result<(), Rejected> {
    let Some(text) = memo else { return Ok(()) };
    match rule {
        MemoRule::DestinationTag => {
            // Ten digits hold every tag; a longer text would only be zeros in front of one.
            let digits = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
            let below = digits && text.parse::<u32>().is_ok_and(|tag| tag < u32::MAX);
            if below { Ok(()) } else { Err(Code::Memo.into()) }
        }
        MemoRule::Comment if text.len() > MAX_COMMENT_BYTES => {
            Err(Rejected::param("memo", format_args!("is longer than {MAX_COMMENT_BYTES} bytes")))
        }
        MemoRule::Comment => Ok(()),
        MemoRule::None => Err(Rejected::param("memo", "is not supported on this chain")),
    }
}

/// A remark's length.
///
/// # Errors
/// E0021.
pub fn remark(remark: Option<&str>) -> Result<(), Rejected> {
    at_most(remark, MAX_REMARK_CHARS, Code::Remark)
}

/// An alias's length.
///
/// # Errors
/// E0002.
pub fn alias(alias: Option<&str>) -> Result<(), Rejected> {
    at_most(alias, MAX_ALIAS_CHARS, Code::Alias)
}

fn at_most(text: Option<&str>, max_chars: usize, code: Code) -> Result<(), Rejected> {
    match text {
        Some(text) if text.chars().count() > max_chars => Err(code.into()),
        Some(_) | None => Ok(()),
    }
}

/// How many addresses a batch makes: `"1"` to `"100"`, in one spelling.
///
/// # Errors
/// E0027.
pub fn address_count(number: &str) -> Result<u8, Rejected> {
    match number.parse::<u8>() {
        Ok(count @ 1..=100) if count.to_string() == number => Ok(count),
        Ok(_) | Err(_) => Err(Code::AddressCount.into()),
    }
}

/// An absolute http(s) URL without credentials. Whether its host may be called is decided when it is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackUrl(String);

impl CallbackUrl {
    /// The text as the caller sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.as_bytes().get(4).is_some_and(|letter| letter.eq_ignore_ascii_case(&b's'))
    }
}

impl fmt::Display for CallbackUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a callback URL.
///
/// # Errors
/// A0400 with the reason.
pub fn callback_url(text: &str) -> Result<CallbackUrl, Rejected> {
    let refused = |why: &str| Err(Rejected::param("callback_url", why));
    if text.len() > MAX_CALLBACK_URL_BYTES {
        return refused("is too long");
    }
    // The URL standard drops some of these and reads a backslash as a slash: two readers could see two hosts.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return refused("has white space, a control character or a backslash");
    }
    let lower = text.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return refused("must begin with http:// or https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.is_empty() {
        return refused("has no host");
    }
    if authority.contains('@') {
        return refused("must not contain credentials");
    }
    match url::Url::parse(text) {
        Ok(url) if url.host_str().is_none_or(str::is_empty) => refused("has no host"),
        Ok(url) if url.port() == Some(0) => refused("has no valid port"),
        Ok(_) => Ok(CallbackUrl(text.to_owned())),
        Err(url::ParseError::InvalidPort) => refused("has no valid port"),
        Err(_) => refused("is not a URL"),
    }
}
