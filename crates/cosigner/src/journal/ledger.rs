//! Sums over sliding windows, exact, in logarithmic time.
//!
//! A ledger holds one row a key: when it counts and how much. Rows are kept in order of time, each with the sum of all
//! rows before it, so that the sum since any moment is one subtraction. Entries of other journals arrive a little out
//! of order and move rows a little; a journal read from disk arrives in bulk and is sorted once at its end.

use std::collections::HashMap;

use payout::money::Amount;
use payout::time::Millis;

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
    /// How many rows.
    pub(crate) count: u32,
    /// How much together.
    pub(crate) amount: Amount,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    at: Millis,
    key: Key,
    amount: Amount,
    /// The sum of all rows before this one.
    before: Amount,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rows: Vec<Row>,
    entries: HashMap<Key, (Millis, Amount)>,
    /// Set while a journal is read in bulk: `entries` is complete, `rows` is not.
    stale: bool,
}

impl Ledger {
    /// Counts `key` with `amount` at `at`. A second call for the same key keeps the greater amount and the later time:
    /// whoever lies about either can only make a limit tighter.
    pub(crate) fn count(&mut self, key: Key, at: Millis, amount: Amount, mode: Mode) {
        let old = self.entries.get(&key).copied();
        let new = old.map_or((at, amount), |(t, a)| (t.max(at), a.max(amount)));
        if old == Some(new) {
            return;
        }
        self.entries.insert(key, new);
        if mode == Mode::Bulk || self.stale {
            self.stale = true;
            return;
        }
        let mut touched = self.rows.len();
        if let Some((old_at, _)) = old {
            let place = self.position(old_at, key);
            self.rows.remove(place);
            touched = place;
        }
        let place = self.position(new.0, key);
        self.rows.insert(place, Row { at: new.0, key, amount: new.1, before: Amount::ZERO });
        self.sum_from(touched.min(place));
    }

    /// Ends a bulk read: sorts once and sums once.
    pub(crate) fn settle(&mut self) {
        if !self.stale {
            return;
        }
        self.rows = self
            .entries
            .iter()
            .map(|(&key, &(at, amount))| Row { at, key, amount, before: Amount::ZERO })
            .collect();
        self.rows.sort_unstable_by_key(|row| (row.at, row.key));
        self.sum_from(0);
        self.stale = false;
    }

    /// What counts strictly after `start` (everything if `None`), without the row of `except`.
    pub(crate) fn since(&self, start: Option<Millis>, except: Option<Key>) -> Sum {
        debug_assert!(!self.stale, "a bulk read ends with settle");
        let first = start.map_or(0, |start| self.rows.partition_point(|row| row.at <= start));
        let Some(row) = self.rows.get(first) else { return Sum::default() };
        let count = self.rows.len() - first;
        let amount = self.total().checked_sub(row.before).expect("a prefix is no more than the whole");
        let excepted = except
            .and_then(|key| self.entries.get(&key))
            .filter(|(at, _)| start.is_none_or(|start| *at > start));
        let (count, amount) = match excepted {
            None => (count, amount),
            Some((_, own)) => {
                (count - 1, amount.checked_sub(*own).expect("a part is no more than the whole"))
            }
        };
        Sum { count: u32::try_from(count).unwrap_or(u32::MAX), amount }
    }

    /// What stands for `key`.
    pub(crate) fn get(&self, key: Key) -> Option<(Millis, Amount)> {
        self.entries.get(&key).copied()
    }

    fn total(&self) -> Amount {
        self.rows.last().map_or(Amount::ZERO, |last| add(last.before, last.amount))
    }

    fn position(&self, at: Millis, key: Key) -> usize {
        self.rows.partition_point(|row| (row.at, row.key) < (at, key))
    }

    fn sum_from(&mut self, first: usize) {
        let mut sum = match first.checked_sub(1).and_then(|i| self.rows.get(i)) {
            None => Amount::ZERO,
            Some(row) => add(row.before, row.amount),
        };
        for row in &mut self.rows[first..] {
            row.before = sum;
            sum = add(sum, row.amount);
        }
    }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(at: i64) -> Millis {
        Millis::new(at).unwrap()
    }

    fn slow(rows: &HashMap<Key, (i64, u128)>, start: Option<i64>, except: Option<Key>) -> Sum {
        let mut sum = Sum::default();
        for (key, (at, amount)) in rows {
            if start.is_none_or(|s| *at > s) && except != Some(*key) {
                sum.count += 1;
                sum.amount = sum.amount.checked_add(Amount::from_u128(*amount)).unwrap();
            }
        }
        sum
    }

    proptest! {
        #[test]
        fn every_window_equals_the_sum_over_all_rows(
            steps in prop::collection::vec((0u32..20, 0i64..100, 0u128..1000, prop::bool::weighted(0.2)), 0..80),
            start in prop::option::of(0i64..110),
            except in prop::option::of(0u32..20),
        ) {
            let mut ledger = Ledger::default();
            let mut rows = HashMap::<Key, (i64, u128)>::new();
            for (key, at, amount, bulk) in steps {
                let row = rows.entry(key).or_insert((at, amount));
                *row = (row.0.max(at), row.1.max(amount));
                let mode = if bulk { Mode::Bulk } else { Mode::Live };
                ledger.count(key, ms(at), Amount::from_u128(amount), mode);
                if !bulk {
                    ledger.settle();
                }
            }
            ledger.settle();
            let except = except.filter(|key| rows.contains_key(key));
            prop_assert_eq!(ledger.since(start.map(ms), except), slow(&rows, start, except));
        }
    }

    #[test]
    fn a_row_leaves_the_window_at_its_very_edge() {
        let mut ledger = Ledger::default();
        ledger.count(1, ms(100), Amount::from_u128(7), Mode::Live);
        assert_eq!(ledger.since(Some(ms(99)), None).count, 1);
        assert_eq!(ledger.since(Some(ms(100)), None).count, 0);
    }
}
