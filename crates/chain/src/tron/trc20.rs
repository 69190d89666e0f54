//! TRC20: ERC20's call and log, of contracts that are named by their TRON address.

use alloy_primitives::Address as Account;
use payout::ids::{Address, TokenId};
use payout::money::Amount;

use super::address;
use crate::evm::{Log, erc20};
use crate::family::TokenIdError;

/// `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

/// Reads a token contract's address. Base58 has letters of both cases and one spelling.
pub(super) fn parse_contract(text: &str) -> Result<TokenId, TokenIdError> {
    address::account_of_text(text).map(|account| contract_id(&account)).map_err(|_| TokenIdError)
}

/// The canonical token id of a contract.
pub(super) fn contract_id(account: &Account) -> TokenId {
    address::spelled(account).as_str().parse().expect("base58 digits are a token id")
}

/// The contract's account; `None` when the id is no address.
pub(super) fn contract_account(token_id: &TokenId) -> Option<Account> {
    address::account_of_text(token_id.as_str()).ok()
}

/// The calldata of `transfer(to, amount)`, 68 bytes. `None` when `to` is no address of this family.
pub fn transfer_calldata(to: &Address, amount: Amount) -> Option<Vec<u8>> {
    Some(erc20::calldata(&address::account(to)?, amount))
}

/// The calldata of `balanceOf(owner)`, 36 bytes. `None` when `owner` is no address of this family.
pub fn balance_calldata(owner: &Address) -> Option<Vec<u8>> {
    let account = address::account(owner)?;
    Some([BALANCE_OF.as_slice(), &[0; 12], account.as_slice()].concat())
}

/// The address of the 20 bytes by which logs name a contract.
pub fn address_of_account(account: [u8; 20]) -> Address {
    address::spelled(&account.into())
}

/// How much of `contract`'s token reached `to` from `from` by these logs of one receipt: the sum over all `Transfer`
/// logs of exactly that contract, payer and recipient. `None` when there is none, or when they are absurd; the payment
/// is not proven then.
///
/// This and not a return value decides: USDT's `transfer` on TRON is known to say `false` after a transfer.
pub fn delivered(logs: &[Log], contract: &TokenId, from: &Address, to: &Address) -> Option<Amount> {
    let contract = contract_account(contract)?;
    let of_contract = logs.iter().filter(|log| address::account(&log.address) == Some(contract));
    erc20::transfers(of_contract, &address::account(from)?, &address::account(to)?)
}
