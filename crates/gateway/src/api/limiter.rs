//! A token bucket for each project (code A0429). In memory: a restart forgives, which harms nobody.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use payout::ids::ProjectId;
use payout::time::Millis;

/// One request, in the bucket's unit: refilling by whole milliseconds stays exact in integers.
const REQUEST: u64 = 1000;

/// The buckets of all projects that have called.
#[derive(Debug)]
pub struct Limiter {
    rate_per_s: u32,
    burst: u32,
    buckets: Mutex<HashMap<ProjectId, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a request.
    level: u64,
    filled: Millis,
}

/// Too many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// When the next one would pass, seconds, at least 1.
    pub retry_after_s: u64,
}

impl Limiter {
    /// Full buckets of `burst` requests that refill at `rate_per_s`.
    pub fn new(rate_per_s: u32, burst: u32) -> Self {
        Self { rate_per_s, burst, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one request out of the project's bucket. `rate_per_s` overrides the configured rate if the project has
    /// one of its own; its burst is then twice that.
    pub fn take(&self, project: ProjectId, rate_per_s: Option<u32>, now: Millis) -> Result<(), TooMany> {
        let rate = u64::from(rate_per_s.unwrap_or(self.rate_per_s)).max(1);
        let burst = rate_per_s.map_or(u64::from(self.burst), |own| u64::from(own) * 2).max(1);
        let full = burst * REQUEST;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(project).or_insert(Bucket { level: full, filled: now });
        // A clock that steps back refills nothing; one request a millisecond is `rate` thousandths a second.
        let elapsed_ms = u64::try_from(now.since(bucket.filled)).unwrap_or(0);
        bucket.level = elapsed_ms.saturating_mul(rate).saturating_add(bucket.level).min(full);
        bucket.filled = now;
        match bucket.level.checked_sub(REQUEST) {
            Some(rest) => {
                bucket.level = rest;
                Ok(())
            }
            None => {
                let missing = REQUEST - bucket.level;
                Err(TooMany { retry_after_s: missing.div_ceil(rate * 1000).max(1) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Millis {
        Millis::new(ms).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let limiter = Limiter::new(10, 3);
        let project = ProjectId::new(1).unwrap();
        for _ in 0..3 {
            assert_eq!(limiter.take(project, None, at(0)), Ok(()));
        }
        assert_eq!(limiter.take(project, None, at(0)), Err(TooMany { retry_after_s: 1 }));
        assert!(limiter.take(project, None, at(99)).is_err());
        assert_eq!(limiter.take(project, None, at(100)), Ok(()));
        assert!(limiter.take(project, None, at(100)).is_err());
    }

    #[test]
    fn one_project_does_not_slow_another() {
        let limiter = Limiter::new(1, 1);
        let (one, two) = (ProjectId::new(1).unwrap(), ProjectId::new(2).unwrap());
        assert_eq!(limiter.take(one, None, at(0)), Ok(()));
        assert!(limiter.take(one, None, at(0)).is_err());
        assert_eq!(limiter.take(two, None, at(0)), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_refills_nothing() {
        let limiter = Limiter::new(1, 1);
        let project = ProjectId::new(1).unwrap();
        assert_eq!(limiter.take(project, None, at(10_000)), Ok(()));
        assert!(limiter.take(project, None, at(0)).is_err());
        assert!(limiter.take(project, None, at(999)).is_err());
        assert_eq!(limiter.take(project, None, at(1000)), Ok(()));
    }
}
