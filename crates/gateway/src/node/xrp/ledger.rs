//! What is read of the ledger before anything is built: the payer's account, its tickets, and what has to stay in it.

use std::collections::BTreeSet;

use chain::xrp::{Act, MAX_TICKETS, Spend, spend_of};
use payout::coin::CoinId;
use payout::ids::Address;
use payout::life::Token;
use payout::money::Amount;

use super::XrpRoad;
use super::reply::{Account, State};
use crate::node::road::{Hold, Lane, NodeError};

/// A paying account in the newest validated ledger, as enough servers see it.
#[derive(Debug, Clone)]
pub(super) struct Payer {
    pub(super) account: Account,
    /// Tickets that every one of them sees.
    pub(super) tickets: BTreeSet<u32>,
}

/// Asks as many servers as must agree. On one server's word alone we would sign with a number or a ticket that the ledger
/// does not have, and such a payment could wait for ever.
///
/// # Errors
/// [`NodeError`]: too few answers, or different ones. `Ok(None)`: there is no such account.
pub(super) async fn payer(road: &XrpRoad, address: &Address) -> Result<Option<Payer>, NodeError> {
    let witnesses = road.pool.witnesses();
    let opinions = road
        .pool
        .opinions(witnesses, |server| async move {
            tokio::try_join!(server.account(address), server.tickets(address))
        })
        .await;
    let mut payer: Option<Option<Payer>> = None;
    let mut answered = 0;
    let mut last = None;
    for opinion in opinions {
        let (account, tickets) = match opinion {
            Ok(answer) => answer,
            Err(error) => {
                last = Some(error);
                continue;
            }
        };
        answered += 1;
        let tickets = tickets.into_iter().collect();
        let next = account.map(|account| Payer { account, tickets });
        payer = Some(match payer {
            None => next,
            Some(before) => agreed(before, next).map_err(|why| NodeError::Nonsense {
                node: "one of the nodes".to_owned(),
                method: "account_info",
                why,
            })?,
        });
    }
    match payer {
        Some(payer) if answered >= witnesses => Ok(payer),
        Some(_) => Err(NodeError::TooFew { needed: witnesses, answered }),
        None => Err(last.unwrap_or(NodeError::TooFew { needed: witnesses, answered: 0 })),
    }
}

/// What two servers both say. One of them may be a ledger behind, so what only one has seen happen waits a moment.
fn agreed(one: Option<Payer>, other: Option<Payer>) -> Result<Option<Payer>, String> {
    match (one, other) {
        (None, None) => Ok(None),
        (Some(one), Some(other)) => {
            let (a, b) = (one.account, other.account);
            if a.sequence != b.sequence {
                return Err(format!("sequence numbers {} and {} of one account", a.sequence, b.sequence));
            }
            // The poorer view: what it has not seen come may not be there.
            let account = Account { balance: a.balance.min(b.balance), owned: a.owned.max(b.owned), ..a };
            let tickets = one.tickets.intersection(&other.tickets).copied().collect();
            Ok(Some(Payer { account, tickets }))
        }
        (None, Some(_)) | (Some(_), None) => Err("an account that only some of them know".to_owned()),
    }
}

impl Payer {
    /// Whether the ledger has used a token: it can carry nothing more.
    pub(super) fn has_used(&self, token: &Token) -> bool {
        match spend_of(token) {
            Some(Spend::Sequence(number)) => number < self.account.sequence,
            // Numbers from the account's next on may become tickets yet.
            Some(Spend::Ticket(number)) => number < self.account.sequence && !self.tickets.contains(&number),
            None => false,
        }
    }

    /// Tickets that are ordered and that the ledger has not made yet. Each will be an object of the account.
    pub(super) fn tickets_to_come(&self, lane: &Lane) -> u32 {
        let pending = lane.taken.iter().filter(|taken| !self.has_used(&taken.token));
        let tickets = pending.filter_map(|taken| {
            let (name, args) = taken.operation.as_ref()?;
            match Act::of_operation(name, args)? {
                Act::CreateTickets(count) => Some(count),
                Act::Pay { .. } | Act::Nothing | Act::SetFlag(_) | Act::ClearFlag(_) => None,
            }
        });
        tickets.fold(0, u32::saturating_add)
    }

    /// Whether the account may have so many tickets more: those that it has and those to come count.
    ///
    /// # Errors
    /// [`Hold::NoRoom`]: the ledger would burn the fee and make none (`tecDIR_FULL`).
    pub(super) fn has_room(&self, lane: &Lane, count: u32) -> Result<(), Hold> {
        let has = u32::try_from(self.tickets.len()).unwrap_or(u32::MAX);
        let has = has.saturating_add(self.tickets_to_come(lane));
        if has.saturating_add(count) <= MAX_TICKETS {
            return Ok(());
        }
        Err(Hold::NoRoom(format!(
            "the account has {has} tickets or has them coming, and may not have {count} more: {MAX_TICKETS} are the most"
        )))
    }

    /// Payments in flight that the ledger has not taken from the balance yet, with their fees.
    fn spoken_for(&self, lane: &Lane) -> Option<Amount> {
        let mut pending = lane.taken.iter().filter(|taken| !self.has_used(&taken.token));
        pending.try_fold(Amount::ZERO, |sum, taken| sum.checked_add(taken.amount)?.checked_add(taken.max_fee))
    }
}

/// The drops that an account with `owned` objects has to keep.
pub(super) fn reserve(state: &State, owned: u32) -> Option<Amount> {
    state.reserve_increment.checked_mul(owned.into())?.checked_add(state.reserve_base)
}

/// Whether the payer can spend `needs` beyond what is in flight and what it has to `keep`.
pub(super) fn enough(
    lane: &Lane,
    payer: &Payer,
    coin: CoinId,
    keep: Option<Amount>,
    needs: Option<Amount>,
) -> Result<(), Hold> {
    let overflow = || Hold::Unbuildable("amount, fee and reserve together overflow".to_owned());
    let needs = needs.ok_or_else(overflow)?;
    let bound = payer.spoken_for(lane).zip(keep).and_then(|(spoken, keep)| spoken.checked_add(keep));
    let has = payer.account.balance.checked_sub(bound.ok_or_else(overflow)?).unwrap_or(Amount::ZERO);
    lane.enough(coin, has, Some(needs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::road::Taken;

    fn payer(sequence: u32, tickets: &[u32], balance: u128) -> Payer {
        let balance = Amount::from_u128(balance);
        Payer {
            account: Account { balance, sequence, owned: 0, flags: 0 },
            tickets: tickets.iter().copied().collect(),
        }
    }

    fn token(text: &str) -> Token {
        Token::new(text.to_owned())
    }

    fn lane(tokens: &[&str]) -> Lane {
        let taken = |text: &&str| Taken {
            token: token(text),
            coin: "144@144".parse().unwrap(),
            amount: Amount::from_u128(100),
            max_fee: Amount::from_u128(1),
            operation: None,
        };
        Lane {
            from: "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh".parse().unwrap(),
            public_key: None,
            taken: tokens.iter().map(taken).collect(),
            highest: None,
        }
    }

    #[test]
    fn a_token_is_used_when_the_ledger_has_gone_on_without_it() {
        let payer = payer(20, &[5, 6], 0);
        for used in ["sequence:19", "ticket:4", "ticket:7", "ticket:19"] {
            assert!(payer.has_used(&token(used)), "{used}");
        }
        for unused in ["sequence:20", "sequence:21", "ticket:5", "ticket:6", "ticket:20", "nonce:1"] {
            assert!(!payer.has_used(&token(unused)), "{unused}");
        }
    }

    #[test]
    fn what_is_in_flight_and_the_reserve_are_not_spent_again() {
        let payer = payer(20, &[5, 6], 1000);
        let spare = |lane: &Lane, keep, needs| {
            let (keep, needs) = (Some(Amount::from_u128(keep)), Some(Amount::from_u128(needs)));
            enough(lane, &payer, "144@144".parse().unwrap(), keep, needs)
        };
        // Two of three are not in a ledger yet: 202 of 1000 are spoken for, 300 stay.
        let lane = lane(&["ticket:5", "ticket:6", "ticket:7"]);
        assert!(spare(&lane, 300, 498).is_ok());
        match spare(&lane, 300, 499) {
            Err(Hold::Funds(shortage)) => assert_eq!(shortage.has, Amount::from_u128(498)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tickets_that_are_ordered_count_until_they_are_made() {
        let payer = payer(20, &[5, 6], 1000);
        let mut lane = lane(&["ticket:5", "sequence:19", "sequence:20", "sequence:21"]);
        let order = |count: u32| ("xrp_create_tickets".to_owned(), format!("{{\"count\":\"{count}\"}}"));
        lane.taken[1].operation = Some(order(100));
        assert_eq!(payer.tickets_to_come(&lane), 0, "made already");
        lane.taken[2].operation = Some(order(200));
        lane.taken[3].operation = Some(("xrp_set_flag".to_owned(), "{\"flag\":\"require_dest\"}".to_owned()));
        assert_eq!(payer.tickets_to_come(&lane), 200);
        assert!(payer.has_room(&lane, 48).is_ok());
        match payer.has_room(&lane, 49) {
            Err(Hold::NoRoom(why)) => assert!(why.contains("has 202 tickets"), "{why}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_two_views_the_poorer_counts_and_different_numbers_wait() {
        let one = payer(20, &[5, 6], 1000);
        let other = payer(20, &[6, 7], 900);
        let both = agreed(Some(one.clone()), Some(other)).unwrap().unwrap();
        assert_eq!((both.account.balance, both.tickets), (Amount::from_u128(900), [6].into()));
        assert!(agreed(Some(one.clone()), Some(payer(21, &[], 0))).is_err());
        assert!(agreed(Some(one), None).is_err());
    }
}
