//! What an intent asks this ledger for.

use payout::ids::Address;
use payout::intent::{Intent, Kind};
use payout::money::Amount;

use super::account_flag::AccountFlag;
use super::build::BuildError;
use super::tag::tag_of;
use crate::decoded::TokenRef;

/// The maintenance that sets tickets aside; arguments `{"count":"10"}`.
pub const CREATE_TICKETS: &str = "xrp_create_tickets";
/// The maintenance that sets a flag of the account; arguments `{"flag":"require_dest"}`.
pub const SET_FLAG: &str = "xrp_set_flag";
/// The maintenance that clears one; arguments as for [`SET_FLAG`].
pub const CLEAR_FLAG: &str = "xrp_clear_flag";

/// The most tickets that an account may have at once, and so the most that one transaction may make.
pub const MAX_TICKETS: u32 = 250;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A payment.
    Pay {
        /// The recipient's classic address.
        to: Address,
        /// Its destination tag.
        tag: Option<u32>,
        /// Drops.
        amount: Amount,
    },
    /// Nothing, so that the token is spent.
    Nothing,
    /// Sets a flag of the account.
    SetFlag(AccountFlag),
    /// Clears one.
    ClearFlag(AccountFlag),
    /// Sets so many tickets aside, 1 to [`MAX_TICKETS`].
    CreateTickets(u32),
}

impl Act {
    /// What an intent asks for.
    ///
    /// # Errors
    /// [`BuildError::Intent`] when this ledger knows no such act.
    pub fn of(intent: &Intent) -> Result<Self, BuildError> {
        match intent.kind {
            Kind::Payout | Kind::RaiseCap => {
                if TokenRef::of(&intent.chain_id, &intent.token_id) != TokenRef::Native {
                    return Err(BuildError::Intent("only XRP itself is paid"));
                }
                let tag = match &intent.memo {
                    None => None,
                    Some(memo) => {
                        Some(tag_of(memo).ok_or(BuildError::Intent("the memo is no destination tag"))?)
                    }
                };
                Ok(Self::Pay { to: intent.to.clone(), tag, amount: intent.amount })
            }
            Kind::Void => Ok(Self::Nothing),
            Kind::Maintenance => {
                let args = intent.operation_args.as_deref();
                intent
                    .operation
                    .as_deref()
                    .zip(args)
                    .and_then(|(name, args)| Self::of_operation(name, args))
                    .ok_or(BuildError::Intent("no operation of this ledger, or not with these arguments"))
            }
        }
    }

    /// The act of an operation with its arguments, both in their one spelling; `None` for what is not done here.
    pub fn of_operation(name: &str, args: &str) -> Option<Self> {
        match name {
            CREATE_TICKETS => {
                let count = args.strip_prefix("{\"count\":\"")?.strip_suffix("\"}")?.parse().ok()?;
                let canonical = (1..=MAX_TICKETS).contains(&count) && count_args(count) == args;
                canonical.then_some(Self::CreateTickets(count))
            }
            SET_FLAG => flag_of(args).map(Self::SetFlag),
            CLEAR_FLAG => flag_of(args).map(Self::ClearFlag),
            _ => None,
        }
    }
}

fn flag_of(args: &str) -> Option<AccountFlag> {
    AccountFlag::of_word(args.strip_prefix("{\"flag\":\"")?.strip_suffix("\"}")?)
}

/// The one spelling of a number of tickets.
pub(super) fn count_args(count: u32) -> String {
    format!("{{\"count\":\"{count}\"}}")
}

/// The one spelling of a flag.
pub(super) fn flag_args(flag: AccountFlag) -> String {
    format!("{{\"flag\":\"{}\"}}", flag.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_in_their_one_spelling() {
        assert_eq!(Act::of_operation(CREATE_TICKETS, "{\"count\":\"250\"}"), Some(Act::CreateTickets(250)));
        let flag = AccountFlag::DepositAuth;
        assert_eq!(Act::of_operation(SET_FLAG, "{\"flag\":\"deposit_auth\"}"), Some(Act::SetFlag(flag)));
        assert_eq!(Act::of_operation(CLEAR_FLAG, "{\"flag\":\"deposit_auth\"}"), Some(Act::ClearFlag(flag)));
        for (name, args) in [
            (CREATE_TICKETS, "{\"count\":\"0\"}"),
            (CREATE_TICKETS, "{\"count\":\"251\"}"),
            (CREATE_TICKETS, "{\"count\":\"+5\"}"),
            (CREATE_TICKETS, "{\"count\":\"05\"}"),
            (CREATE_TICKETS, "{\"count\":5}"),
            (CREATE_TICKETS, "{ \"count\":\"5\"}"),
            (CREATE_TICKETS, "{\"flag\":\"require_dest\"}"),
            (SET_FLAG, "{\"flag\":\"disable_master\"}"),
            (SET_FLAG, "{\"flag\":\"require_dest\",\"flag\":\"require_dest\"}"),
            ("xrp_disable_master", "{}"),
        ] {
            assert_eq!(Act::of_operation(name, args), None, "{name} {args}");
        }
    }
}
