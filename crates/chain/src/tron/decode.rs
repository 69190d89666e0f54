//! Unsigned bytes back to their meaning, all of them or none.

use alloy_primitives::Address as Account;
use payout::ids::NetworkId;
use payout::money::Amount;
use payout::time::Millis;
use prost::Message;
use sha2::{Digest as _, Sha256};

use super::fee::{FeeTerms, RESULT_BYTES};
use super::message::{self, Any, Contract, Raw, TransferContract, TriggerSmartContract};
use super::{Reference, address, token, trc20};
use crate::decoded::{DecodeError, Decoded, Effect, TokenRef, ValidUntil};
use crate::evm::erc20;

/// A token transfer with every number at its largest has 232 bytes.
const MAX_UNSIGNED_BYTES: usize = 512;

/// java-tron takes no transaction that expires later than this after its head block
/// (`Constant.MAXIMUM_TIME_UNTIL_EXPIRATION`), ms.
const MAX_VALIDITY_MS: i64 = 24 * 60 * 60 * 1000;

/// See [`crate::ChainFamily::decode`].
pub(super) fn decode(network: &NetworkId, unsigned: &[u8]) -> Result<Decoded, DecodeError> {
    let raw = raw(unsigned)?;
    let contract = sole(&raw)?;
    let call = call(contract)?;
    let digest: [u8; 32] = Sha256::digest(unsigned).into();
    let fee = FeeTerms { fee_limit: fee_limit(&raw, &call)?, bandwidth: bandwidth(unsigned) };
    Ok(Decoded {
        network_id: network.clone(),
        payer: Some(address::spelled(&call.owner)),
        token: token::token_for_txid(&digest),
        effect: Effect::Transfer {
            token_id: call.coin,
            to: address::spelled(&call.to),
            amount: call.amount,
            memo: None,
        },
        max_fee: fee.max_fee(),
        valid_until: Some(ValidUntil::Time(expiration(&raw)?)),
        digest,
        fee: crate::FeeTerms::Tron(fee),
    })
}

/// Which block unsigned bytes refer to; `None` for bytes that are refused.
pub fn reference_of(unsigned: &[u8]) -> Option<Reference> {
    let raw = raw(unsigned).ok()?;
    reference(&raw).ok()
}

/// The message of unsigned bytes: its one canonical encoding, without anything that is never signed around the contract.
fn raw(unsigned: &[u8]) -> Result<Raw, DecodeError> {
    if unsigned.len() > MAX_UNSIGNED_BYTES {
        return Err(DecodeError::TooLong { limit: MAX_UNSIGNED_BYTES, found: unsigned.len() });
    }
    if unsigned.is_empty() {
        return Err(DecodeError::Malformed("no bytes"));
    }
    let raw: Raw = canonical(unsigned, "not a transaction's raw data")?;
    let Raw {
        ref_block_bytes: _,
        ref_block_num,
        ref_block_hash: _,
        expiration: _,
        auths,
        data,
        contract: _,
        scripts,
        timestamp: _,
        fee_limit: _,
    } = &raw;
    if *ref_block_num != 0 {
        return Err(DecodeError::Forbidden("the number of a reference block"));
    }
    if !auths.is_empty() {
        return Err(DecodeError::Forbidden("an authority"));
    }
    if !data.is_empty() {
        return Err(DecodeError::Forbidden("a memo"));
    }
    if !scripts.is_empty() {
        return Err(DecodeError::Forbidden("a script"));
    }
    reference(&raw)?;
    Ok(raw)
}

/// Decodes a message, and refuses any spelling but the one that encoding gives: fields in order, none twice, none
/// unknown, no explicit zeros, no long numbers.
fn canonical<M: Message + Default>(bytes: &[u8], malformed: &'static str) -> Result<M, DecodeError> {
    let message = M::decode(bytes).map_err(|_| DecodeError::Malformed(malformed))?;
    if message.encode_to_vec() == bytes { Ok(message) } else { Err(DecodeError::NotCanonical) }
}

fn reference(raw: &Raw) -> Result<Reference, DecodeError> {
    let height = raw.ref_block_bytes.as_slice().try_into();
    let hash = raw.ref_block_hash.as_slice().try_into();
    match (height, hash) {
        (Ok(height), Ok(hash)) => Ok(Reference { height, hash }),
        _ => Err(DecodeError::Unbound),
    }
}

fn expiration(raw: &Raw) -> Result<Millis, DecodeError> {
    // Zero is what a missing field reads as.
    let timestamp = Millis::new(raw.timestamp).filter(|timestamp| timestamp.get() > 0);
    let timestamp = timestamp.ok_or(DecodeError::OutOfRange("the timestamp"))?;
    let expiration = Millis::new(raw.expiration).ok_or(DecodeError::OutOfRange("the expiration"))?;
    if (1..=MAX_VALIDITY_MS).contains(&expiration.since(timestamp)) {
        Ok(expiration)
    } else {
        Err(DecodeError::OutOfRange("the time from timestamp to expiration"))
    }
}

/// A contract is called under a limit; a transfer has none.
fn fee_limit(raw: &Raw, call: &Call) -> Result<Option<u64>, DecodeError> {
    match call.coin {
        TokenRef::Native if raw.fee_limit == 0 => Ok(None),
        TokenRef::Native => Err(DecodeError::Forbidden("a fee limit on a transfer of TRX")),
        TokenRef::Contract(_) => match u64::try_from(raw.fee_limit) {
            Ok(fee_limit @ 1..) => Ok(Some(fee_limit)),
            Ok(0) | Err(_) => Err(DecodeError::OutOfRange("the fee limit")),
        },
    }
}

/// What the signed transaction takes of bandwidth: its size, and what nodes add for the result.
fn bandwidth(unsigned: &[u8]) -> u32 {
    let signed = message::Transaction { raw_data: unsigned.to_vec(), signature: vec![vec![0; 65]] };
    let size = u32::try_from(signed.encoded_len()).expect("unsigned bytes have a limit");
    size + RESULT_BYTES
}

/// The one contract, with nothing beside type and parameter.
fn sole(raw: &Raw) -> Result<&Contract, DecodeError> {
    let contract = match raw.contract.as_slice() {
        [contract] => contract,
        [] => return Err(DecodeError::Malformed("no contract")),
        _ => return Err(DecodeError::Forbidden("a second contract")),
    };
    let Contract { kind: _, parameter: _, provider, contract_name, permission_id } = contract;
    if !provider.is_empty() {
        return Err(DecodeError::Forbidden("a provider"));
    }
    if !contract_name.is_empty() {
        return Err(DecodeError::Forbidden("a contract name"));
    }
    if *permission_id != 0 {
        return Err(DecodeError::Forbidden("a permission id"));
    }
    Ok(contract)
}

/// A payment.
struct Call {
    owner: Account,
    coin: TokenRef,
    to: Account,
    amount: Amount,
}

fn call(contract: &Contract) -> Result<Call, DecodeError> {
    let parameter =
        contract.parameter.as_ref().ok_or(DecodeError::Malformed("a contract without parameter"))?;
    match contract.kind {
        TransferContract::KIND => {
            let transfer: TransferContract = parameter_of(parameter, TransferContract::URL)?;
            Ok(Call {
                owner: account(&transfer.owner_address)?,
                coin: TokenRef::Native,
                to: account(&transfer.to_address)?,
                amount: positive(transfer.amount)?,
            })
        }
        TriggerSmartContract::KIND => token_call(&parameter_of(parameter, TriggerSmartContract::URL)?),
        // A number outside one byte is none that java-tron knows either.
        other => Err(DecodeError::UnknownType { found: u8::try_from(other).unwrap_or(u8::MAX) }),
    }
}

fn parameter_of<M: Message + Default>(parameter: &Any, url: &str) -> Result<M, DecodeError> {
    if parameter.type_url != url {
        return Err(DecodeError::Malformed("a parameter of another type than the contract's"));
    }
    canonical(&parameter.value, "not the contract's parameter")
}

fn token_call(trigger: &TriggerSmartContract) -> Result<Call, DecodeError> {
    let TriggerSmartContract {
        owner_address,
        contract_address,
        call_value,
        data,
        call_token_value,
        token_id,
    } = trigger;
    if (*call_value, *call_token_value, *token_id) != (0, 0, 0) {
        return Err(DecodeError::ValueBesideToken);
    }
    let (to, amount) = erc20::parse_transfer(data).ok_or(DecodeError::UnknownCall)?;
    if amount.is_zero() {
        return Err(DecodeError::NothingMoved);
    }
    let coin = TokenRef::Contract(trc20::contract_id(&account(contract_address)?));
    Ok(Call { owner: account(owner_address)?, coin, to, amount })
}

fn account(bytes: &[u8]) -> Result<Account, DecodeError> {
    address::unprefixed(bytes).ok_or(DecodeError::Malformed("an address has 0x41 and 20 bytes"))
}

fn positive(amount: i64) -> Result<Amount, DecodeError> {
    match u128::try_from(amount) {
        Ok(0) => Err(DecodeError::NothingMoved),
        Ok(amount) => Ok(Amount::from_u128(amount)),
        Err(_) => Err(DecodeError::OutOfRange("the amount")),
    }
}
