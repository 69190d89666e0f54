//! Sums over sliding windows, exact, in logarithmic time, for any choice of whose word counts.
//!
//! A ledger holds claims: one a key and author, when it counts and how much. What counts of a key since some moment is
//! the greatest amount that is claimed for a later time by authors who are believed. Who is believed differs from
//! session to session, so the claims are turned into rows by *exactly who* makes them:
//!
//! A key whose authors claim it at different times is claimed by all of them before the first of these times, and by
//! fewer after each. So it has one row under each of these sets of authors, from one time to the next: added at its end
//! and taken off at its beginning. The same is done for each step between different amounts. Rows are kept in order of
//! time, each with the sum of all before it, so that a question is one subtraction for each set of authors; there are
//! about as many of these as there are quorums.
//!
//! Entries of other journals arrive a little out of order and move rows a little; a journal read from disk arrives in
//! bulk and is sorted once at its end.

use std::collections::{BTreeMap, HashMap};

use payout::money::Amount;
use payout::time::Millis;

use super::authors::{Authors, Believed};

/// What a row of a ledger is about: the place of an intent or a token in the union.
pub(crate) type Key = u32;

/// No amount of money on any chain has more than this many bits; what is larger is refused before it gets here. A
/// ledger would need 2^56 rows of that size before a sum no longer fits.
pub(crate) const COUNTED_BITS: usize = 200;

/// Whether an amount is small enough to be counted.
pub(crate) fn countable(amount: Amount) -> bool {
    amount.as_u256().bit_len() <= COUNTED_BITS
}

/// Rows that count from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    /// How many keys.
    pub(crate) count: u32,
    /// How much together.
    pub(crate) amount: Amount,
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), amount: add(self.amount, other.amount) }
    }

    fn minus(self, part: Self) -> Self {
        Self {
            count: self.count.saturating_sub(part.count),
            amount: self.amount.checked_sub(part.amount).expect("a part is no more than the whole"),
        }
    }
}

/// What one author, or what was inherited from it, says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    who: Authors,
    at: Millis,
    amount: Amount,
}

/// Whether a row adds to what counts before its time, or takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    Plus,
    Minus,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    at: Millis,
    key: Key,
    sum: Sum,
    /// The sum of all rows before this one.
    before: Sum,
}

/// Rows in order of time.
#[derive(Debug, Default)]
struct Rows(Vec<Row>);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    claims: HashMap<Key, Vec<Claim>>,
    rows: BTreeMap<(Authors, Sign), Rows>,
    /// Set while a journal is read in bulk: `claims` is complete, `rows` is not.
    stale: bool,
}

impl Ledger {
    /// `who` claims `key` with `amount` at `at`. A second claim of the same author keeps the greater amount and the
    /// later time: whoever lies about either can only make a limit tighter.
    pub(crate) fn count(&mut self, key: Key, who: Authors, at: Millis, amount: Amount, mode: Mode) {
        let claims = self.claims.entry(key).or_default();
        let old = claims.clone();
        put(claims, Claim { who, at, amount });
        if *claims == old {
            return;
        }
        if mode == Mode::Bulk || self.stale {
            self.stale = true;
            return;
        }
        let new = split(claims);
        let old = split(&old);
        for (place, sum) in old.iter().filter(|(place, sum)| new.get(place) != Some(*sum)) {
            self.rows.entry((place.0, place.1)).or_default().remove(place.2, key, *sum);
        }
        for (place, sum) in new.into_iter().filter(|(place, sum)| old.get(place) != Some(sum)) {
            self.rows.entry((place.0, place.1)).or_default().insert(place.2, key, sum);
        }
    }

    /// Ends a bulk read: sorts once and sums once.
    pub(crate) fn settle(&mut self) {
        if !self.stale {
            return;
        }
        self.rows.clear();
        for (&key, claims) in &self.claims {
            for ((who, sign, at), sum) in split(claims) {
                let row = Row { at, key, sum, before: Sum::default() };
                self.rows.entry((who, sign)).or_default().0.push(row);
            }
        }
        for rows in self.rows.values_mut() {
            rows.0.sort_unstable_by_key(|row| (row.at, row.key));
            rows.sum_from(0);
        }
        self.stale = false;
    }

    /// Marks every claim as inherited.
    pub(crate) fn inherit(&mut self) {
        for claims in self.claims.values_mut() {
            for claim in std::mem::take(claims) {
                put(claims, Claim { who: claim.who.and(Authors::INHERITED), ..claim });
            }
        }
        self.stale = true;
        self.settle();
    }

    /// What counts strictly after `start` (everything if `None`), without the key `except`.
    pub(crate) fn since(&self, start: Option<Millis>, except: Option<Key>, believed: Believed) -> Sum {
        debug_assert!(!self.stale, "a bulk read ends with settle");
        let (mut plus, mut minus) = (Sum::default(), Sum::default());
        for ((who, sign), rows) in &self.rows {
            if believed.counts(*who) {
                let total = match sign {
                    Sign::Plus => &mut plus,
                    Sign::Minus => &mut minus,
                };
                *total = total.plus(rows.since(start));
            }
        }
        let except = except.map(|key| self.part(key, start, believed)).unwrap_or_default();
        plus.minus(minus).minus(except)
    }

    /// What `key` counts for, strictly after `start`.
    pub(crate) fn part(&self, key: Key, start: Option<Millis>, believed: Believed) -> Sum {
        let (mut plus, mut minus) = (Sum::default(), Sum::default());
        let claims = self.claims.get(&key).map(Vec::as_slice).unwrap_or_default();
        for ((who, sign, at), sum) in split(claims) {
            if believed.counts(who) && start.is_none_or(|start| at > start) {
                let total = match sign {
                    Sign::Plus => &mut plus,
                    Sign::Minus => &mut minus,
                };
                *total = total.plus(sum);
            }
        }
        plus.minus(minus)
    }

    /// The most that is claimed for `key` by those who are believed, each alone.
    pub(crate) fn most(&self, key: Key, believed: Believed) -> Amount {
        let claims = self.claims.get(&key).into_iter().flatten();
        let counted = claims.filter(|claim| believed.counts(claim.who));
        counted.map(|claim| claim.amount).max().unwrap_or_default()
    }
}

impl Rows {
    fn since(&self, start: Option<Millis>) -> Sum {
        let first = start.map_or(0, |start| self.0.partition_point(|row| row.at <= start));
        match (self.0.get(first), self.0.last()) {
            (Some(first), Some(last)) => last.before.plus(last.sum).minus(first.before),
            _ => Sum::default(),
        }
    }

    fn insert(&mut self, at: Millis, key: Key, sum: Sum) {
        let place = self.position(at, key);
        self.0.insert(place, Row { at, key, sum, before: Sum::default() });
        self.sum_from(place);
    }

    fn remove(&mut self, at: Millis, key: Key, sum: Sum) {
        let place = self.position(at, key);
        let held = self.0.get(place).is_some_and(|row| (row.at, row.key, row.sum) == (at, key, sum));
        debug_assert!(held, "rows follow from claims alone");
        if held {
            self.0.remove(place);
            self.sum_from(place);
        }
    }

    fn position(&self, at: Millis, key: Key) -> usize {
        self.0.partition_point(|row| (row.at, row.key) < (at, key))
    }

    fn sum_from(&mut self, first: usize) {
        let mut sum = match first.checked_sub(1).and_then(|i| self.0.get(i)) {
            None => Sum::default(),
            Some(row) => row.before.plus(row.sum),
        };
        for row in &mut self.0[first..] {
            row.before = sum;
            sum = sum.plus(row.sum);
        }
    }
}

/// Where a part of a key's claims counts: by whom, with which sign, until when.
type Place = (Authors, Sign, Millis);

fn put(claims: &mut Vec<Claim>, new: Claim) {
    match claims.iter_mut().find(|claim| claim.who == new.who) {
        Some(claim) => {
            claim.at = claim.at.max(new.at);
            claim.amount = claim.amount.max(new.amount);
        }
        None => {
            claims.reserve_exact(1);
            claims.push(new);
        }
    }
}

/// The rows of one key. See the module.
fn split(claims: &[Claim]) -> BTreeMap<Place, Sum> {
    let mut rows = BTreeMap::<Place, Sum>::new();
    let mut amounts: Vec<Amount> = claims.iter().map(|claim| claim.amount).collect();
    amounts.sort_unstable();
    amounts.dedup();
    let mut below = None;
    for amount in amounts {
        let step = Sum {
            count: u32::from(below.is_none()),
            amount: amount.checked_sub(below.unwrap_or_default()).expect("amounts are in order"),
        };
        below = Some(amount);
        let mut times: Vec<(Millis, Authors)> =
            claims.iter().filter(|claim| claim.amount >= amount).map(|claim| (claim.at, claim.who)).collect();
        times.sort_unstable();
        for place in 0..times.len() {
            let (at, _) = times[place];
            let before = place.checked_sub(1).map(|before| times[before].0);
            if before == Some(at) {
                continue;
            }
            let who = times[place..].iter().fold(Authors::default(), |all, (_, who)| all.and(*who));
            let mut add = |sign, at| {
                let row = rows.entry((who, sign, at)).or_default();
                *row = row.plus(step);
            };
            add(Sign::Plus, at);
            if let Some(before) = before {
                add(Sign::Minus, before);
            }
        }
    }
    rows
}

/// Whether rows are wanted at once or at the end of a long read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One entry: the ledger is exact when the call returns.
    Live,
    /// Many entries: exact after [`Ledger::settle`].
    Bulk,
}

fn add(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).expect("counted amounts are below 2^200, so their sums fit")
}

#[cfg(test)]
#[path = "ledger/tests.rs"]
mod tests;
