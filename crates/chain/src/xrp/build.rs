//! Unsigned bytes for an act.

use payout::ids::{Address, NetworkId};
use payout::life::Token;
use payout::money::Amount;

use super::account::AccountId;
use super::act::Act;
use super::fee::Fee;
use super::field::MAX_DROPS;
use super::token::spend_of;
use super::transaction::{Operation, Transaction};
use super::{decode, network};
use crate::decoded::DecodeError;
use crate::derive::DeriveError;

/// All that the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The network, by its `NetworkID` in decimal.
    pub network_id: NetworkId,
    /// The token.
    pub token: Token,
    /// The paying account's key; the account follows from it.
    pub public_key: [u8; 33],
    /// What is done.
    pub act: Act,
    /// What is offered, and until when.
    pub fee: Fee,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nothing that this ledger can do.
    #[error("{0}")]
    Intent(&'static str),
    /// Not a `NetworkID` in decimal.
    #[error("network id {0} is no NetworkID")]
    Network(NetworkId),
    /// Neither a sequence number nor a ticket.
    #[error("{0} is no sequence number and no ticket")]
    Token(Token),
    /// Not in its canonical spelling.
    #[error("{0} is no classic address")]
    Payee(Address),
    /// More than there is.
    #[error("{0} drops are more than there are")]
    Amount(Amount),
    /// No point of the curve.
    #[error("the public key is unusable")]
    Key(#[from] DeriveError),
    /// The bytes would be refused by every co-signer.
    #[error("the bytes would be refused")]
    Refused(#[from] DecodeError),
}

/// Builds the bytes to hash and sign.
///
/// # Errors
/// [`BuildError`]; what [`crate::ChainFamily::decode`] would refuse is never returned.
pub fn build(build: &Build) -> Result<Vec<u8>, BuildError> {
    let Build { network_id, token, public_key, act, fee } = build;
    let tx = Transaction {
        network: network::named(network_id).ok_or_else(|| BuildError::Network(network_id.clone()))?,
        spend: spend_of(token).ok_or_else(|| BuildError::Token(token.clone()))?,
        fee: *fee,
        public_key: *public_key,
        account: AccountId::of_public_key(public_key)?,
        operation: operation(act)?,
    };
    let unsigned = tx.unsigned();
    decode::decode(network_id, &unsigned)?;
    Ok(unsigned)
}

fn operation(act: &Act) -> Result<Operation, BuildError> {
    Ok(match act {
        Act::Pay { to, tag, amount } => {
            let drops = amount.as_u128().and_then(|drops| u64::try_from(drops).ok());
            Operation::Pay {
                to: AccountId::of_address(to).ok_or_else(|| BuildError::Payee(to.clone()))?,
                tag: *tag,
                // Above it the number would run into the bits that say what kind of amount it is.
                drops: drops.filter(|drops| *drops <= MAX_DROPS).ok_or(BuildError::Amount(*amount))?,
            }
        }
        Act::Nothing => Operation::Nothing,
        Act::SetFlag(flag) => Operation::SetFlag(*flag),
        Act::ClearFlag(flag) => Operation::ClearFlag(*flag),
        Act::CreateTickets(count) => Operation::CreateTickets(*count),
    })
}
