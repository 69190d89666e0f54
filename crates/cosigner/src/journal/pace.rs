//! How fast a journal may grow. It is never shortened, so whoever can make it grow at will fills the disk.
//!
//! Nothing here is written down: after a restart everybody may fill a little again, and restarts are the owner's.

use std::collections::{HashMap, VecDeque};

use payout::ids::RuleId;
use payout::time::Millis;

const HOUR_MS: i64 = 3_600_000;

/// Something that runs out and comes back with time.
#[derive(Debug)]
pub(crate) struct Allowance {
    most: u64,
    an_hour: u64,
    used: u64,
    /// Up to when what came back is counted.
    at: Millis,
}

impl Allowance {
    /// `most` at once, and `an_hour` comes back in an hour.
    pub(crate) fn new(most: u64, an_hour: u64) -> Self {
        Self { most, an_hour, used: 0, at: Millis::default() }
    }

    /// Uses some of it up, unless too little is left.
    pub(crate) fn take(&mut self, some: u64, now: Millis) -> bool {
        let passed = u64::try_from(now.since(self.at)).unwrap_or(0);
        let back = u128::from(passed) * u128::from(self.an_hour) / u128::from(HOUR_MS.unsigned_abs());
        // A part of one stays to come back later.
        if back > 0 {
            self.used = self.used.saturating_sub(u64::try_from(back).unwrap_or(u64::MAX));
            self.at = now;
        }
        let would_be = self.used.saturating_add(some);
        let fits = would_be <= self.most;
        if fits {
            self.used = would_be;
        }
        fits
    }
}

/// Promises that nobody waits for: a gateway that asks for more gets its refusal without a proof for now.
pub(crate) fn promises() -> Allowance {
    Allowance::new(1_000, 600)
}

/// Bytes of another co-signer's journal: several times what a busy one writes, so that one that comes back after months
/// is told everything within hours.
pub(crate) fn bytes_of_others() -> Allowance {
    Allowance::new(4 << 30, 1 << 30)
}

/// As many sights of payouts that no person approved as their rule lets pass: twice its count in each of its windows,
/// since some of an earlier window may be shown late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) rule: RuleId,
    pub(crate) hours: u32,
    pub(crate) count: u32,
}

/// When sights were journaled that count on a quota.
#[derive(Debug, Default)]
pub(crate) struct Sights(HashMap<RuleId, VecDeque<Millis>>);

impl Sights {
    /// Counts one more, unless the quota is used up.
    pub(crate) fn take(&mut self, quota: &Quota, now: Millis) -> bool {
        let times = self.0.entry(quota.rule.clone()).or_default();
        let start = now.plus(-(i64::from(quota.hours) * HOUR_MS));
        while times.front().is_some_and(|at| *at <= start) {
            times.pop_front();
        }
        let fits = times.len() < usize::try_from(quota.count).unwrap_or(usize::MAX).saturating_mul(2);
        if fits {
            times.push_back(now);
        }
        fits
    }
}

/// So many contributions to one intent are made at any pace: sessions fail, and fees are raised.
const FREELY: u32 = 50;
/// The pause after these; each is twice the one before, up to a day.
const FIRST_PAUSE_MS: i64 = 60_000;
const LONGEST_PAUSE_MS: i64 = 24 * HOUR_MS;

/// Our own contributions to one intent.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    count: u32,
    last: Millis,
}

impl Tries {
    pub(crate) fn add(&mut self, at: Millis) {
        self.count = self.count.saturating_add(1);
        self.last = self.last.max(at);
    }

    /// How many there were, and when the next one may be made.
    pub(crate) fn next(&self) -> (u32, Millis) {
        let Some(beyond) = self.count.checked_sub(FREELY) else { return (self.count, Millis::default()) };
        // Doubled sixteen times it is over a month.
        let pause = (FIRST_PAUSE_MS << beyond.min(16)).min(LONGEST_PAUSE_MS);
        (self.count, self.last.plus(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Millis {
        Millis::new(1_782_907_200_000 + ms).unwrap()
    }

    #[test]
    fn what_was_used_up_comes_back_with_time() {
        let mut allowance = Allowance::new(10, 60);
        assert!((0..10).all(|_| allowance.take(1, at(0))));
        assert!(!allowance.take(1, at(59_999)));
        assert!(allowance.take(1, at(60_000)));
        assert!(!allowance.take(1, at(60_000)));
        assert!(allowance.take(10, at(HOUR_MS)));
        // A clock that goes back brings nothing back.
        assert!(!allowance.take(1, at(0)));
    }

    #[test]
    fn asking_often_does_not_keep_a_part_from_coming_back() {
        let mut allowance = Allowance::new(1, 60);
        assert!(allowance.take(1, at(0)));
        let taken = (1..=600).filter(|tenth| allowance.take(1, at(tenth * 1_000))).count();
        assert_eq!(taken, 10);
    }

    #[test]
    fn a_rule_has_no_more_sights_than_twice_its_count() {
        let quota = Quota { rule: "small".parse().unwrap(), hours: 24, count: 2 };
        let mut sights = Sights::default();
        let taken = (0..10).filter(|ms| sights.take(&quota, at(*ms))).count();
        assert_eq!(taken, 4);
        assert!(sights.take(&Quota { rule: "other".parse().unwrap(), ..quota.clone() }, at(0)));
        assert!(sights.take(&quota, at(24 * HOUR_MS)));
    }

    #[test]
    fn pauses_between_many_tries_grow_to_a_day() {
        let mut tries = Tries::default();
        (0..FREELY - 1).for_each(|_| tries.add(at(0)));
        assert_eq!(tries.next().1, Millis::default());
        tries.add(at(0));
        assert_eq!(tries.next().1, at(60_000));
        tries.add(at(60_000));
        assert_eq!(tries.next().1, at(180_000));
        (0..100).for_each(|_| tries.add(at(HOUR_MS)));
        assert_eq!(tries.next().1, at(25 * HOUR_MS));
    }
}
