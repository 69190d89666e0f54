//! When to look again.

use payout::time::Millis;
use store::PayoutRow;

/// The longest pause between two looks, ms.
const LONGEST_MS: i64 = 30_000;

/// When to look again at what has waited since `row.waiting_since` for the same reason: after `least_ms` at first, then
/// after half of the time that it has waited, at most half a minute.
///
/// It follows from the stored row alone, so that a restart neither forgets nor hurries anything.
pub(super) fn again(row: &PayoutRow, now: Millis, least_ms: i64) -> Millis {
    let waited = row.waiting_since.map_or(0, |since| now.since(since).max(0));
    now.plus((waited / 2).clamp(least_ms.min(LONGEST_MS), LONGEST_MS))
}

/// When to look again at something on chain: often while it is fresh, more seldom with the age that finality takes.
pub(super) fn on_chain(since: Millis, now: Millis, poll_ms: i64) -> Millis {
    const LONGEST_MS: i64 = 15_000;
    now.plus((now.since(since) / 8).clamp(poll_ms, LONGEST_MS.max(poll_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Millis {
        Millis::new(ms).unwrap()
    }

    #[test]
    fn a_fresh_transaction_is_looked_at_every_poll_and_an_old_one_seldom() {
        assert_eq!(on_chain(at(1000), at(1100), 1000), at(2100));
        assert_eq!(on_chain(at(0), at(80_000), 1000), at(90_000));
        assert_eq!(on_chain(at(0), at(8_000_000), 1000), at(8_015_000));
        assert_eq!(on_chain(at(0), at(8_000_000), 20_000), at(8_020_000));
        // A clock that went back costs a poll, not more.
        assert_eq!(on_chain(at(5000), at(0), 1000), at(1000));
    }
}
