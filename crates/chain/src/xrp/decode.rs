//! Unsigned bytes back to their meaning, all of them or none.

use payout::ids::NetworkId;
use payout::money::Amount;

use super::account::AccountId;
use super::account_flag::AccountFlag;
use super::act::{self, MAX_TICKETS};
use super::fee::Fee;
use super::field::{self, Reader};
use super::token::{Spend, token_for};
use super::transaction::{self, Operation, Transaction};
use super::{network, tag};
use crate::decoded::{DecodeError, Decoded, Effect, TokenRef, ValidUntil};
use crate::family::FeeTerms;

/// A payment by ticket with a tag on a network above 1024 has 133 bytes.
const MAX_UNSIGNED_BYTES: usize = 256;

/// See [`crate::ChainFamily::decode`].
pub(super) fn decode(network: &NetworkId, unsigned: &[u8]) -> Result<Decoded, DecodeError> {
    let tx = transaction(network, unsigned)?;
    let payer = tx.account.to_address();
    let effect = match tx.operation {
        Operation::Pay { to, tag, drops } => Effect::Transfer {
            token_id: TokenRef::Native,
            to: to.to_address(),
            amount: Amount::from_u128(drops.into()),
            memo: tag.map(|tag| tag.to_string()),
        },
        Operation::Nothing => Effect::Void { to: payer.clone() },
        Operation::SetFlag(flag) => operation(act::SET_FLAG, act::flag_args(flag)),
        Operation::ClearFlag(flag) => operation(act::CLEAR_FLAG, act::flag_args(flag)),
        Operation::CreateTickets(count) => operation(act::CREATE_TICKETS, act::count_args(count)),
    };
    Ok(Decoded {
        network_id: network::of_bytes(network, tx.network)?,
        payer: Some(payer),
        token: token_for(tx.spend),
        effect,
        max_fee: Amount::from_u128(tx.fee.drops.into()),
        digest: tx.digest(),
        valid_until: Some(ValidUntil::Height(tx.fee.last_ledger.into())),
        fee: FeeTerms::Xrp(tx.fee),
    })
}

fn operation(name: &'static str, args: String) -> Effect {
    Effect::Operation { name, args }
}

/// Every field that ours have, as it was found.
#[derive(Default)]
struct Found {
    kind: Option<u16>,
    network: Option<u32>,
    flags: Option<u32>,
    sequence: Option<u32>,
    tag: Option<u32>,
    last_ledger: Option<u32>,
    set_flag: Option<u32>,
    clear_flag: Option<u32>,
    ticket_count: Option<u32>,
    ticket: Option<u32>,
    drops: Option<u64>,
    fee: Option<u64>,
    public_key: Option<[u8; 33]>,
    account: Option<[u8; 20]>,
    to: Option<[u8; 20]>,
}

/// The fields of unsigned bytes for `network`, or for a network above 1024 that they name themselves.
pub(super) fn transaction(network: &NetworkId, unsigned: &[u8]) -> Result<Transaction, DecodeError> {
    if unsigned.len() > MAX_UNSIGNED_BYTES {
        return Err(DecodeError::TooLong { limit: MAX_UNSIGNED_BYTES, found: unsigned.len() });
    }
    let found = Found::read(unsigned)?;
    network::of_bytes(network, found.network)?;
    let tx = found.transaction()?;
    // One transaction, one spelling. Every step above refuses what would differ; this holds them all to it.
    if tx.unsigned() != unsigned {
        return Err(DecodeError::NotCanonical);
    }
    Ok(tx)
}

impl Found {
    fn read(unsigned: &[u8]) -> Result<Self, DecodeError> {
        let mut found = Self::default();
        let mut reader = Reader::new(unsigned);
        while let Some(field) = reader.header()? {
            match field {
                field::TRANSACTION_TYPE => found.kind = Some(reader.u16()?),
                field::NETWORK_ID => found.network = Some(reader.u32()?),
                field::FLAGS => found.flags = Some(reader.u32()?),
                field::SEQUENCE => found.sequence = Some(reader.u32()?),
                field::DESTINATION_TAG => found.tag = Some(reader.u32()?),
                field::LAST_LEDGER_SEQUENCE => found.last_ledger = Some(reader.u32()?),
                field::SET_FLAG => found.set_flag = Some(reader.u32()?),
                field::CLEAR_FLAG => found.clear_flag = Some(reader.u32()?),
                field::TICKET_COUNT => found.ticket_count = Some(reader.u32()?),
                field::TICKET_SEQUENCE => found.ticket = Some(reader.u32()?),
                field::PAID => found.drops = Some(reader.drops("the amount")?),
                field::FEE => found.fee = Some(reader.drops("the fee")?),
                field::SIGNING_PUB_KEY => {
                    found.public_key = Some(reader.bytes("a signing key has 33 bytes")?);
                }
                field::TXN_SIGNATURE => return Err(DecodeError::AlreadySigned),
                field::OWNER => found.account = Some(reader.bytes("an account has 20 bytes")?),
                field::DESTINATION => found.to = Some(reader.bytes("an account has 20 bytes")?),
                other => return Err(other.forbidden()),
            }
        }
        Ok(found)
    }

    fn transaction(mut self) -> Result<Transaction, DecodeError> {
        match self.flags {
            Some(transaction::FLAGS) => {}
            Some(_) => return Err(DecodeError::Forbidden("a flag other than tfFullyCanonicalSig")),
            None => return Err(DecodeError::NotCanonical),
        }
        let spend = match (needed(self.sequence, "no sequence number")?, self.ticket) {
            (0, Some(ticket @ 1..)) => Spend::Ticket(ticket),
            (sequence @ 1.., None) => Spend::Sequence(sequence),
            _ => return Err(DecodeError::OutOfRange("the sequence number or ticket")),
        };
        let drops = needed(self.fee, "no fee")?;
        if drops == 0 {
            return Err(DecodeError::OutOfRange("the fee"));
        }
        let last_ledger = needed(self.last_ledger, "no LastLedgerSequence")?;
        if last_ledger == 0 {
            return Err(DecodeError::OutOfRange("LastLedgerSequence"));
        }
        let public_key = needed(self.public_key, "no signing key")?;
        let account = account(needed(self.account, "no account")?)?;
        if AccountId::of_public_key(&public_key).ok() != Some(account) {
            return Err(DecodeError::Forbidden("a signing key that is not the account's own"));
        }
        let operation = self.take_operation(account)?;
        self.nothing_left()?;
        let network = self.network;
        Ok(Transaction { network, spend, fee: Fee { drops, last_ledger }, public_key, account, operation })
    }

    /// What it does, out of the fields that only this kind of transaction has.
    fn take_operation(&mut self, payer: AccountId) -> Result<Operation, DecodeError> {
        match needed(self.kind, "no transaction type")? {
            transaction::PAYMENT => {
                let to = account(needed(self.to.take(), "no destination")?)?;
                if to == payer {
                    // temREDUNDANT: it would be valid on no ledger.
                    return Err(DecodeError::Forbidden("a payment to the payer itself"));
                }
                let drops = needed(self.drops.take(), "no amount")?;
                if drops == 0 {
                    return Err(DecodeError::OutOfRange("the amount"));
                }
                let tag = self.tag.take();
                if tag.is_some_and(|tag| tag > tag::MAX) {
                    return Err(DecodeError::OutOfRange("the destination tag"));
                }
                Ok(Operation::Pay { to, tag, drops })
            }
            transaction::ACCOUNT_SET => match (self.set_flag.take(), self.clear_flag.take()) {
                (None, None) => Ok(Operation::Nothing),
                (Some(number), None) => flag(number).map(Operation::SetFlag),
                (None, Some(number)) => flag(number).map(Operation::ClearFlag),
                (Some(_), Some(_)) => Err(DecodeError::Forbidden("two flags of the account")),
            },
            transaction::TICKET_CREATE => {
                let count = needed(self.ticket_count.take(), "no number of tickets")?;
                if !(1..=MAX_TICKETS).contains(&count) {
                    return Err(DecodeError::OutOfRange("the number of tickets"));
                }
                Ok(Operation::CreateTickets(count))
            }
            _ => Err(DecodeError::Forbidden("a transaction of this type")),
        }
    }

    /// No field of another kind of transaction is left.
    fn nothing_left(&self) -> Result<(), DecodeError> {
        let left = [
            (self.to.is_some(), "a destination"),
            (self.drops.is_some(), "an amount"),
            (self.tag.is_some(), "a destination tag"),
            (self.set_flag.is_some() || self.clear_flag.is_some(), "a flag of the account"),
            (self.ticket_count.is_some(), "a number of tickets"),
        ];
        match left.into_iter().find(|(is_left, _)| *is_left) {
            Some((_, what)) => Err(DecodeError::Forbidden(what)),
            None => Ok(()),
        }
    }
}

fn needed<T>(found: Option<T>, missing: &'static str) -> Result<T, DecodeError> {
    found.ok_or(DecodeError::Malformed(missing))
}

fn account(bytes: [u8; 20]) -> Result<AccountId, DecodeError> {
    AccountId::new(bytes).ok_or(DecodeError::OutOfRange("an account"))
}

fn flag(number: u32) -> Result<AccountFlag, DecodeError> {
    AccountFlag::of_number(number).ok_or(DecodeError::Forbidden("this flag of the account"))
}
