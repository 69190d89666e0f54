//! What unsigned bytes were found to do.

use std::fmt;

use payout::ids::{Address, ChainId, NetworkId, TokenId};
use payout::life::Token;
use payout::money::Amount;
use payout::time::Millis;

use crate::family::FeeTerms;

/// The complete meaning of unsigned bytes. Only a family's `decode` makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The network that the bytes are bound to, by their own words or by the payer's key.
    pub network_id: NetworkId,
    /// Who pays, canonical, where the bytes say so.
    pub payer: Option<Address>,
    /// The exclusivity token that they spend.
    pub token: Token,
    /// What they do.
    pub effect: Effect,
    /// The most that they can burn in fees, base units of the native coin.
    pub max_fee: Amount,
    /// What is signed.
    pub digest: [u8; 32],
    /// After what the bytes are worth nothing; `None` if they never lapse.
    pub valid_until: Option<ValidUntil>,
    /// The fee fields.
    pub fee: FeeTerms,
}

/// The end of bytes' validity: what is in no block by then never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidUntil {
    /// A block's time.
    Time(Millis),
    /// A block's height, itself included.
    Height(u64),
}

/// What bytes do on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Money moves.
    Transfer {
        /// Which coin.
        token_id: TokenRef,
        /// The recipient, canonical.
        to: Address,
        /// How much, base units; never zero.
        amount: Amount,
        /// Memo or destination tag.
        memo: Option<String>,
    },
    /// Nothing moves; the token is spent. Whether `to` is the payer's own address is for the caller to check: bytes
    /// of some families don't name the payer.
    Void {
        /// The address that gets nothing.
        to: Address,
    },
    /// An operation of the wallet itself.
    Operation {
        /// Its name, as intents name it.
        name: &'static str,
        /// Its arguments: canonical JSON, as intents spell them.
        args: String,
    },
}

/// A coin as bytes name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRef {
    /// The chain's native coin.
    Native,
    /// A token contract, canonical.
    Contract(TokenId),
}

impl TokenRef {
    /// The coin of an intent or of the coin table: the native coin has its chain's id.
    pub fn of(chain_id: &ChainId, token_id: &TokenId) -> Self {
        if chain_id.as_str() == token_id.as_str() { Self::Native } else { Self::Contract(token_id.clone()) }
    }
}

impl fmt::Display for TokenRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.write_str("the native coin"),
            Self::Contract(contract) => write!(f, "token {contract}"),
        }
    }
}

/// Why unsigned bytes are refused. Nobody signs them then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than any payout's bytes.
    #[error("{found} bytes are more than the {limit} that a payout can need")]
    TooLong {
        /// The most, bytes.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// A type of transaction that is never signed here.
    #[error("transaction type {found:#04x} is never signed")]
    UnknownType {
        /// Its first byte; 0 also for no bytes at all.
        found: u8,
    },
    /// Not the family's encoding.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// A second spelling of some transaction; only the canonical one is signed.
    #[error("not the canonical encoding")]
    NotCanonical,
    /// Carries a signature already.
    #[error("signed already")]
    AlreadySigned,
    /// Valid on every network of the family.
    #[error("bound to no network")]
    Unbound,
    /// Has a part that no payout needs.
    #[error("{0} is never signed")]
    Forbidden(&'static str),
    /// Calls a contract to do something else than a plain token transfer.
    #[error("a contract call that is not exactly a token transfer")]
    UnknownCall,
    /// Sends native coins along with a token transfer.
    #[error("native coins beside a token transfer")]
    ValueBesideToken,
    /// A token transfer of zero.
    #[error("a token transfer of nothing")]
    NothingMoved,
    /// A number outside what the network or our arithmetic can hold.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}
