//! The codes of the wire contract, section 4, and the refusals that carry them.

use std::fmt;
use std::net::IpAddr;

/// A code of the contract. Every reply has one; only [`Code::Ok`] is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// `00000`
    Ok,
    /// `A0400`: missing, wrong type, malformed JSON, a memo where there is none.
    Param,
    /// `A0401`: the timestamp is too far from our clock.
    OutsideWindow,
    /// `A0402`: the same request was seen within the window.
    Replayed,
    /// `A0429`: our own limiter.
    TooManyRequests,
    /// `B0001`
    Signature,
    /// `E0001`: the caller's address is not on the project's list.
    IpNotListed,
    /// `E0002`: the alias is too long.
    Alias,
    /// `E0003`: unknown or disabled project.
    Project,
    /// `E0005`: unknown coin or chain.
    Coin,
    /// `E0006`: zero or negative.
    AmountNotPositive,
    /// `E0007`: more decimal places than the coin has.
    AmountAccuracy,
    /// `E0008`: ill-formed, or not the wallet's.
    Address,
    /// `E0009`: the `third_party_id` was used before.
    Duplicate,
    /// `E0010`
    Wallet,
    /// `E0011`: no rule of the policy matches.
    NoRule,
    /// `E0014`: no such payout of this project.
    NotFound,
    /// `E0016`: not a plain decimal, or larger than any balance.
    Amount,
    /// `E0021`: longer than 256 characters.
    Remark,
    /// `E0027`: not 1 to 100.
    AddressCount,
    /// `E0032`: an XRP memo that is no destination tag.
    Memo,
}

impl Code {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 21] = [
        Self::Ok,
        Self::Param,
        Self::OutsideWindow,
        Self::Replayed,
        Self::TooManyRequests,
        Self::Signature,
        Self::IpNotListed,
        Self::Alias,
        Self::Project,
        Self::Coin,
        Self::AmountNotPositive,
        Self::AmountAccuracy,
        Self::Address,
        Self::Duplicate,
        Self::Wallet,
        Self::NoRule,
        Self::NotFound,
        Self::Amount,
        Self::Remark,
        Self::AddressCount,
        Self::Memo,
    ];

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "00000",
            Self::Param => "A0400",
            Self::OutsideWindow => "A0401",
            Self::Replayed => "A0402",
            Self::TooManyRequests => "A0429",
            Self::Signature => "B0001",
            Self::IpNotListed => "E0001",
            Self::Alias => "E0002",
            Self::Project => "E0003",
            Self::Coin => "E0005",
            Self::AmountNotPositive => "E0006",
            Self::AmountAccuracy => "E0007",
            Self::Address => "E0008",
            Self::Duplicate => "E0009",
            Self::Wallet => "E0010",
            Self::NoRule => "E0011",
            Self::NotFound => "E0014",
            Self::Amount => "E0016",
            Self::Remark => "E0021",
            Self::AddressCount => "E0027",
            Self::Memo => "E0032",
        }
    }

    /// The contract's message. Clients match on it, so it never varies; three codes have a variable part that
    /// [`Rejected`]'s constructors add.
    pub const fn msg(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Param => "Param Error:",
            Self::OutsideWindow => "Param Error: timestamp outside the accepted window",
            Self::Replayed => "Param Error: request already seen",
            Self::TooManyRequests => "Param Error: too many requests, retry after",
            Self::Signature => "Signature Error",
            Self::IpNotListed => "The IP is not added to the whitelist list",
            Self::Alias => "Address alias must be a combination of 40 characters or less",
            Self::Project => "Item does not exist or item status is anomalous",
            Self::Coin => "Unsupported coin",
            Self::AmountNotPositive => "The withdrawal amount must be greater than 0",
            Self::AmountAccuracy => "Incorrect accuracy of the withdrawal amount",
            Self::Address => "Address is invalid",
            Self::Duplicate => "Duplicate business number",
            Self::Wallet => "Wallet does not exist",
            Self::NoRule => "Approval process does not exist",
            Self::NotFound => "Transfer out of business unqueried to order information",
            Self::Amount => "Amount error",
            Self::Remark => "Order remark exceeds 256 characters",
            Self::AddressCount => "Number of addresses set incorrectly",
            Self::Memo => "Memo content only supports numeric characters and must be less than 4294967295",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The longest piece of a caller's own text that a message repeats, in characters.
const ECHO_LIMIT: usize = 64;

/// A request that is refused: what the reply says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {msg}")]
pub struct Rejected {
    /// The code.
    pub code: Code,
    /// The message, complete.
    pub msg: String,
}

impl Rejected {
    /// A0400 about one field. `field` may be the caller's own text; it is cut and stripped of control characters.
    pub fn param(field: &str, why: impl fmt::Display) -> Self {
        let field: String = field.chars().filter(|c| !c.is_control()).take(ECHO_LIMIT).collect();
        Self { code: Code::Param, msg: format!("{} {field} {why}", Code::Param.msg()) }
    }

    /// A0400 for a required field that did not arrive.
    pub fn missing(field: &str) -> Self {
        Self::param(field, "is missing")
    }

    /// E0001, with the caller's address after a space.
    pub fn ip_not_listed(ip: IpAddr) -> Self {
        Self { code: Code::IpNotListed, msg: format!("{} {ip}", Code::IpNotListed.msg()) }
    }

    /// A0429 with the pause that we ask for.
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        let code = Code::TooManyRequests;
        Self { code, msg: format!("{} {retry_after_s} s", code.msg()) }
    }
}

/// A refusal whose message is the code's own.
impl From<Code> for Rejected {
    fn from(code: Code) -> Self {
        Self { code, msg: code.msg().to_owned() }
    }
}
