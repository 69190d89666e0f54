//! Unsigned bytes for a payment.

use payout::ids::{Address, NetworkId};
use payout::money::Amount;
use payout::time::Millis;
use prost::Message as _;

use super::message::{Any, Contract, Raw, TransferContract, TriggerSmartContract};
use super::{Reference, address, decode, trc20};
use crate::decoded::{DecodeError, TokenRef};
use crate::evm::erc20;

/// All that the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The network that they are meant for; the reference block is on it.
    pub network_id: NetworkId,
    /// A block of that network, from which on the payment is valid.
    pub reference: Reference,
    /// Part of the transaction's id: what tells two equal payments apart.
    pub timestamp: Millis,
    /// From when on no block takes it.
    pub expiration: Millis,
    /// Who pays.
    pub from: Address,
    /// The recipient.
    pub to: Address,
    /// The coin.
    pub token: TokenRef,
    /// Base units.
    pub amount: Amount,
    /// The most that energy may burn, sun; `None` for TRX.
    pub fee_limit: Option<u64>,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// No address of this family.
    #[error("{0} is no TRON address")]
    Address(Address),
    /// No contract of this family.
    #[error("{0} is no TRC20 contract")]
    Contract(TokenRef),
    /// More than a transaction's 63 bits of sun.
    #[error("{0} does not fit a transaction")]
    TooLarge(&'static str),
    /// The bytes would be refused by every co-signer.
    #[error("the bytes would be refused")]
    Refused(#[from] DecodeError),
}

/// Builds the bytes to hash and sign: `Transaction.raw`.
///
/// # Errors
/// [`BuildError`]; what [`crate::ChainFamily::decode`] would refuse is never returned.
pub fn build(build: &Build) -> Result<Vec<u8>, BuildError> {
    let Build { network_id, reference, timestamp, expiration, from, to, token, amount, fee_limit } = build;
    let account = |of: &Address| address::account(of).ok_or_else(|| BuildError::Address(of.clone()));
    let owner_address = address::prefixed(&account(from)?).to_vec();
    let recipient = account(to)?;
    let contract = match token {
        TokenRef::Native => {
            let amount = amount.as_u128().and_then(|amount| i64::try_from(amount).ok());
            let transfer = TransferContract {
                owner_address,
                to_address: address::prefixed(&recipient).to_vec(),
                amount: amount.ok_or(BuildError::TooLarge("the amount"))?,
            };
            contract(TransferContract::KIND, TransferContract::URL, &transfer)
        }
        TokenRef::Contract(id) => {
            let called = trc20::contract_account(id).ok_or_else(|| BuildError::Contract(token.clone()))?;
            let trigger = TriggerSmartContract {
                owner_address,
                contract_address: address::prefixed(&called).to_vec(),
                call_value: 0,
                data: erc20::calldata(&recipient, *amount),
                call_token_value: 0,
                token_id: 0,
            };
            contract(TriggerSmartContract::KIND, TriggerSmartContract::URL, &trigger)
        }
    };
    let raw = Raw {
        ref_block_bytes: reference.height.to_vec(),
        ref_block_num: 0,
        ref_block_hash: reference.hash.to_vec(),
        expiration: expiration.get(),
        auths: Vec::new(),
        data: Vec::new(),
        contract: vec![contract],
        scripts: Vec::new(),
        timestamp: timestamp.get(),
        fee_limit: i64::try_from(fee_limit.unwrap_or(0))
            .map_err(|_| BuildError::TooLarge("the fee limit"))?,
    };
    let unsigned = raw.encode_to_vec();
    decode::decode(network_id, &unsigned)?;
    Ok(unsigned)
}

fn contract(kind: i32, url: &str, parameter: &impl prost::Message) -> Contract {
    Contract {
        kind,
        parameter: Some(Any { type_url: url.to_owned(), value: parameter.encode_to_vec() }),
        provider: Vec::new(),
        contract_name: Vec::new(),
        permission_id: 0,
    }
}
