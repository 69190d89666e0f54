//! Fresh numbers for payouts and rows: growing with time, below 2^53, never twice.

use std::sync::atomic::{AtomicI64, Ordering};

use payout::ids::MINTED_ID_LIMIT;
use payout::time::Millis;

/// 2025-01-01T00:00:00Z: numbers count milliseconds from here, so that 41 bits last until 2094.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// 4096 numbers a millisecond; a burst of more borrows from the next one.
const BITS: u32 = 12;

/// The source of numbers of one open store.
#[derive(Debug)]
pub(crate) struct Mint {
    last: AtomicI64,
}

impl Mint {
    /// A source that never goes below `floor`, the highest number in the database: a clock that was set back mints
    /// no number twice.
    pub(crate) const fn above(floor: i64) -> Self {
        Self { last: AtomicI64::new(floor) }
    }

    /// The next number, from 1.
    ///
    /// # Panics
    /// After the year 2094.
    pub(crate) fn next(&self, now: Millis) -> i64 {
        let from_clock = now.get().saturating_sub(EPOCH_MS).max(0).saturating_mul(1 << BITS);
        let next = |last: i64| from_clock.max(last + 1);
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)))
            .expect("the closure always returns a number");
        let id = next(last);
        assert!(id < MINTED_ID_LIMIT, "the numbers of this epoch are used up");
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_even_when_the_clock_is_set_back() {
        let mint = Mint::above(0);
        let late = mint.next(Millis::new(EPOCH_MS + 1_000).unwrap());
        assert_eq!(late, 1_000 << 12);
        assert_eq!(mint.next(Millis::new(EPOCH_MS).unwrap()), late + 1);
        assert_eq!(Mint::above(late + 5).next(Millis::default()), late + 6);
    }
}
