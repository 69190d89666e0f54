//! Unsigned bytes for a payment or a void.

use payout::ids::{Address, NetworkId};
use payout::money::Amount;

use super::fee::Fee;
use super::transaction::Transaction;
use super::{address, decode, erc20};
use crate::decoded::{DecodeError, TokenRef};

/// All that the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The chain id, in decimal.
    pub network_id: NetworkId,
    /// The token.
    pub nonce: u64,
    /// The recipient; for a void, the paying address.
    pub to: Address,
    /// The coin; for a void, the native one.
    pub token: TokenRef,
    /// Base units; for a void, zero.
    pub amount: Amount,
    /// The most gas, from an estimate.
    pub gas_limit: u64,
    /// Prices and, with them, the transaction's type.
    pub fee: Fee,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Not the decimal number of an EVM chain.
    #[error("network id {0} is no EVM chain id")]
    Network(NetworkId),
    /// Not in its canonical spelling.
    #[error("{0} is no canonical EVM address")]
    Payee(Address),
    /// Not in its canonical spelling.
    #[error("{0} is no canonical EVM contract")]
    Contract(TokenRef),
    /// The bytes would be refused by every co-signer.
    #[error("the bytes would be refused")]
    Refused(#[from] DecodeError),
}

/// Builds the bytes to hash and sign: `0x02 ‖ rlp(…)` for type 2, the EIP-155 list for type 0.
///
/// # Errors
/// [`BuildError`]; what [`crate::ChainFamily::decode`] would refuse is never returned.
pub fn build(build: &Build) -> Result<Vec<u8>, BuildError> {
    let Build { network_id, nonce, to, token, amount, gas_limit, fee } = build;
    let chain_id = network_id.as_str().parse().ok().filter(|id: &u64| id.to_string() == network_id.as_str());
    let chain_id = chain_id.ok_or_else(|| BuildError::Network(network_id.clone()))?;
    let recipient = address::raw(to).ok_or_else(|| BuildError::Payee(to.clone()))?;
    let (to, value, calldata) = match token {
        TokenRef::Native => (recipient, *amount, Vec::new()),
        TokenRef::Contract(contract) => {
            let contract = erc20::contract_address(contract);
            let contract = contract.ok_or_else(|| BuildError::Contract(token.clone()))?;
            let calldata = erc20::transfer_calldata(to, *amount);
            (contract, Amount::ZERO, calldata.ok_or_else(|| BuildError::Payee(to.clone()))?)
        }
    };
    let tx = Transaction { chain_id, nonce: *nonce, fee: *fee, gas_limit: *gas_limit, to, value, calldata };
    let unsigned = tx.unsigned();
    decode::decode(&unsigned)?;
    Ok(unsigned)
}
