//! Whether bytes do exactly what an intent says: the check behind invariant I3.
//!
//! The gateway runs it on what it built, and each co-signer on what it decoded itself. What it can't see and the
//! caller checks as well: that the derived address equals `from`, that a later payload on a used token belongs to the
//! intent that owns it, and time, limits and approvals.

use payout::ids::{Address, NetworkId};
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use crate::decoded::{Decoded, Effect, TokenRef};

/// The first respect in which bytes differ from the intent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Bound to another network.
    #[error("the intent is for network {expected}, the bytes for {found}")]
    Network {
        /// The intent's.
        expected: NetworkId,
        /// The bytes'.
        found: NetworkId,
    },
    /// Another payer.
    #[error("the intent pays from {expected}, the bytes from {found}")]
    Payer {
        /// The intent's.
        expected: Address,
        /// The bytes'.
        found: Address,
    },
    /// Another kind of act.
    #[error("the intent is a {expected}, the bytes are {found}")]
    Effect {
        /// The intent's kind.
        expected: Kind,
        /// What the bytes do.
        found: &'static str,
    },
    /// Another operation, or with other arguments.
    #[error("the intent orders {expected}, the bytes do {found}")]
    Operation {
        /// The intent's, with its arguments.
        expected: String,
        /// The bytes'.
        found: String,
    },
    /// Another coin.
    #[error("the intent moves {expected}, the bytes move {found}")]
    Coin {
        /// The intent's.
        expected: TokenRef,
        /// The bytes'.
        found: TokenRef,
    },
    /// Another recipient; for a void, not the paying address itself.
    #[error("the intent pays {expected}, the bytes pay {found}")]
    Payee {
        /// The intent's `to`; a void's `from`.
        expected: Address,
        /// The bytes'.
        found: Address,
    },
    /// Another amount.
    #[error("the intent pays {expected} base units, the bytes pay {found}")]
    Amount {
        /// The intent's, base units.
        expected: Amount,
        /// The bytes', base units.
        found: Amount,
    },
    /// Another memo, or one of the two has none.
    #[error("the intent's memo is {expected:?}, the bytes' memo is {found:?}")]
    Memo {
        /// The intent's.
        expected: Option<String>,
        /// The bytes'.
        found: Option<String>,
    },
    /// May burn more than the cap.
    #[error("the bytes may burn {found} base units in fees, the cap is {cap}")]
    Fee {
        /// The intent's cap, base units of the fee coin.
        cap: Amount,
        /// The bytes' worst case.
        found: Amount,
    },
}

/// Compares everything that an intent and decoded bytes both state.
///
/// A `payout` and a `raise_cap` need the payment. A `void` needs that nothing moves, at the paying address; its other
/// fields repeat the payout for the reader. A `maintenance` needs exactly its operation with its arguments.
///
/// # Errors
/// The first [`Mismatch`], in the order of its variants.
pub fn compare(intent: &Intent, decoded: &Decoded) -> Result<(), Mismatch> {
    if intent.network_id != decoded.network_id {
        return Err(Mismatch::Network {
            expected: intent.network_id.clone(),
            found: decoded.network_id.clone(),
        });
    }
    match &decoded.payer {
        Some(payer) if *payer != intent.from => {
            return Err(Mismatch::Payer { expected: intent.from.clone(), found: payer.clone() });
        }
        Some(_) | None => {}
    }
    match (intent.kind, &decoded.effect) {
        (Kind::Payout | Kind::RaiseCap, Effect::Transfer { token_id, to, amount, memo }) => {
            same_coin(intent, token_id)?;
            same_recipient(&intent.to, to)?;
            if intent.amount != *amount {
                return Err(Mismatch::Amount { expected: intent.amount, found: *amount });
            }
            if intent.memo != *memo {
                return Err(Mismatch::Memo { expected: intent.memo.clone(), found: memo.clone() });
            }
        }
        (Kind::Void, Effect::Void { to }) => same_recipient(&intent.from, to)?,
        (Kind::Maintenance, Effect::Operation { name, args }) => same_operation(intent, name, args)?,
        (Kind::Payout | Kind::RaiseCap, Effect::Void { .. } | Effect::Operation { .. })
        | (Kind::Void, Effect::Transfer { .. } | Effect::Operation { .. })
        | (Kind::Maintenance, Effect::Transfer { .. } | Effect::Void { .. }) => {
            return Err(Mismatch::Effect { expected: intent.kind, found: decoded.effect.name() });
        }
    }
    if decoded.max_fee > intent.fee_cap {
        return Err(Mismatch::Fee { cap: intent.fee_cap, found: decoded.max_fee });
    }
    Ok(())
}

fn same_operation(intent: &Intent, name: &str, args: &str) -> Result<(), Mismatch> {
    let words = |name: Option<&str>, args: Option<&str>| {
        format!("{} {}", name.unwrap_or("no operation"), args.unwrap_or("without arguments"))
    };
    if intent.operation.as_deref() == Some(name) && intent.operation_args.as_deref() == Some(args) {
        return Ok(());
    }
    let expected = words(intent.operation.as_deref(), intent.operation_args.as_deref());
    Err(Mismatch::Operation { expected, found: words(Some(name), Some(args)) })
}

fn same_coin(intent: &Intent, found: &TokenRef) -> Result<(), Mismatch> {
    let expected = TokenRef::of(&intent.chain_id, &intent.token_id);
    if expected == *found { Ok(()) } else { Err(Mismatch::Coin { expected, found: found.clone() }) }
}

fn same_recipient(expected: &Address, found: &Address) -> Result<(), Mismatch> {
    if expected == found {
        return Ok(());
    }
    Err(Mismatch::Payee { expected: expected.clone(), found: found.clone() })
}

impl Effect {
    /// What it is, in words, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "a transfer",
            Self::Void { .. } => "a transfer of nothing",
            Self::Operation { .. } => "an operation of the wallet",
        }
    }
}

#[cfg(test)]
mod tests;
