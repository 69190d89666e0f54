//! Unsigned bytes back to their meaning, all of them or none.

use alloy_primitives::{Address as Raw, keccak256};
use payout::ids::Address;
use payout::money::Amount;

use super::fee::{Fee, GasTerms};
use super::rlp::{self, Item};
use super::transaction::Transaction;
use super::{address, erc20, nonce};
use crate::decoded::{DecodeError, Decoded, Effect, TokenRef};
use crate::family::FeeTerms;

/// A type 2 token transfer with every number at its largest has 230 bytes.
const MAX_UNSIGNED_BYTES: usize = 512;

/// EIP-1559's type byte.
const TYPE_2: u8 = 0x02;

/// A legacy transaction starts as the RLP list that it is.
const FIRST_LIST_BYTE: u8 = 0xc0;

/// EIP-2294: above this, `v` of a legacy transaction would not fit 64 bits.
const MAX_CHAIN_ID: u64 = u64::MAX / 2 - 36;

/// EIP-2681: no account can send a transaction with the last nonce.
const MAX_NONCE: u64 = u64::MAX - 1;

/// See [`crate::ChainFamily::decode`].
pub fn decode(unsigned: &[u8]) -> Result<Decoded, DecodeError> {
    let tx = transaction(unsigned)?;
    let effect = effect(&tx.to, tx.value, &tx.calldata)?;
    let max_fee = Amount::from_u128(tx.fee.max_fee_per_gas())
        .checked_mul(u128::from(tx.gas_limit))
        .ok_or(DecodeError::OutOfRange("the fee"))?;
    Ok(Decoded {
        network_id: tx.chain_id.to_string().parse().expect("digits are a network id"),
        // The payer is whoever signed: not in the bytes.
        payer: None,
        token: nonce::token_for_nonce(tx.nonce),
        effect,
        max_fee,
        digest: keccak256(unsigned).0,
        valid_until: None,
        fee: FeeTerms::Evm(GasTerms { gas_limit: tx.gas_limit, fee: tx.fee }),
    })
}

/// The fields of unsigned bytes; that the call in them is a transfer is not looked at here.
pub(super) fn transaction(unsigned: &[u8]) -> Result<Transaction, DecodeError> {
    if unsigned.len() > MAX_UNSIGNED_BYTES {
        return Err(DecodeError::TooLong { limit: MAX_UNSIGNED_BYTES, found: unsigned.len() });
    }
    let tx = match unsigned {
        [TYPE_2, fields @ ..] => eip1559(&rlp::list(fields)?)?,
        [FIRST_LIST_BYTE..=u8::MAX, ..] => legacy(&rlp::list(unsigned)?)?,
        [] => return Err(DecodeError::Malformed("no bytes")),
        [found, ..] => return Err(DecodeError::UnknownType { found: *found }),
    };
    if !(1..=MAX_CHAIN_ID).contains(&tx.chain_id) {
        return Err(DecodeError::OutOfRange("the chain id"));
    }
    if tx.nonce > MAX_NONCE {
        return Err(DecodeError::OutOfRange("the nonce"));
    }
    if tx.fee.max_priority_fee_per_gas() > tx.fee.max_fee_per_gas() {
        return Err(DecodeError::OutOfRange("the priority fee"));
    }
    // One transaction, one spelling: the library that encodes must arrive at these very bytes.
    if tx.unsigned() != unsigned {
        return Err(DecodeError::NotCanonical);
    }
    Ok(tx)
}

/// EIP-1559: `[chain_id, nonce, max_priority_fee, max_fee, gas_limit, to, value, data, access_list]`, and
/// `[…, y_parity, r, s]` once signed.
fn eip1559(items: &[Item<'_>]) -> Result<Transaction, DecodeError> {
    let [chain_id, nonce, tip, max_fee, gas_limit, to, value, data, access_list] = match items.len() {
        9 => items.try_into().expect("counted"),
        12 => return Err(DecodeError::AlreadySigned),
        _ => return Err(DecodeError::Malformed("not the nine items of EIP-1559")),
    };
    match access_list {
        Item::List([]) => {}
        Item::List(_) => return Err(DecodeError::Forbidden("an access list")),
        Item::Text(_) => return Err(DecodeError::Malformed("a value where the access list belongs")),
    }
    Ok(Transaction {
        chain_id: chain_id.u64("the chain id")?,
        nonce: nonce.u64("the nonce")?,
        fee: Fee::Eip1559 {
            max_fee_per_gas: max_fee.u128("the fee")?,
            max_priority_fee_per_gas: tip.u128("the priority fee")?,
        },
        gas_limit: gas_limit.u64("the gas limit")?,
        to: recipient(to)?,
        value: value.amount("the value")?,
        calldata: data.text()?.to_vec(),
    })
}

/// EIP-155: `[nonce, gas_price, gas_limit, to, value, data, chain_id, 0, 0]`, and `[…, v, r, s]` once signed.
fn legacy(items: &[Item<'_>]) -> Result<Transaction, DecodeError> {
    let [nonce, gas_price, gas_limit, to, value, data, chain_id, r, s] = match items.len() {
        9 => items.try_into().expect("counted"),
        6 => return Err(DecodeError::Unbound),
        _ => return Err(DecodeError::Malformed("not the nine items of EIP-155")),
    };
    if !(r.text()?.is_empty() && s.text()?.is_empty()) {
        return Err(DecodeError::AlreadySigned);
    }
    Ok(Transaction {
        chain_id: chain_id.u64("the chain id")?,
        nonce: nonce.u64("the nonce")?,
        fee: Fee::Legacy { gas_price: gas_price.u128("the fee")? },
        gas_limit: gas_limit.u64("the gas limit")?,
        to: recipient(to)?,
        value: value.amount("the value")?,
        calldata: data.text()?.to_vec(),
    })
}

fn recipient(item: Item<'_>) -> Result<Raw, DecodeError> {
    match item.text()? {
        [] => Err(DecodeError::Forbidden("the creation of a contract")),
        text => Raw::try_from(text).map_err(|_| DecodeError::Malformed("an address has 20 bytes")),
    }
}

/// What a transaction with this recipient, value and input does: for judging one that is on chain by its effect, as a
/// node reports it, when its signature is none that we stored.
///
/// # Errors
/// [`DecodeError`] when it is neither a payment nor a void, or `to` is not canonical.
pub fn effect_of(to: &Address, value: Amount, input: &[u8]) -> Result<Effect, DecodeError> {
    let to = address::raw(to).ok_or(DecodeError::Malformed("not a canonical address"))?;
    effect(&to, value, input)
}

fn effect(to: &Raw, value: Amount, calldata: &[u8]) -> Result<Effect, DecodeError> {
    if calldata.is_empty() {
        let to = address::checksummed(to);
        if value.is_zero() {
            return Ok(Effect::Void { to });
        }
        return Ok(Effect::Transfer { token_id: TokenRef::Native, to, amount: value, memo: None });
    }
    let (recipient, amount) = erc20::parse_transfer(calldata).ok_or(DecodeError::UnknownCall)?;
    if !value.is_zero() {
        return Err(DecodeError::ValueBesideToken);
    }
    if amount.is_zero() {
        return Err(DecodeError::NothingMoved);
    }
    Ok(Effect::Transfer {
        token_id: TokenRef::Contract(erc20::contract_id(to)),
        to: address::checksummed(&recipient),
        amount,
        memo: None,
    })
}
