//! Chains whose nodes were found dead a moment ago.
//!
//! A node that hangs costs a time-out. Without this every payout of its chain would pay for it, one after the other in
//! its lane; with it one of them asks from time to time, and the others say at once what they wait for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use payout::ids::ChainId;

use crate::node::NodeError;

/// How long nobody asks after a failure.
const REST: Duration = Duration::from_secs(1);
/// How long the one that asks again may take before another does.
const PROBE: Duration = Duration::from_secs(20);

/// The chains that can't be asked now.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<HashMap<ChainId, Outage>>);

#[derive(Debug)]
struct Outage {
    until: Instant,
    why: String,
}

impl Outages {
    /// Why the chain's nodes need not be asked now. `None` means: ask, and tell what came of it.
    pub(super) fn now(&self, chain: &ChainId) -> Option<String> {
        let mut outages = self.lock();
        let outage = outages.get_mut(chain)?;
        if Instant::now() < outage.until {
            return Some(outage.why.clone());
        }
        // Whoever comes first asks for all.
        outage.until = Instant::now() + PROBE;
        None
    }

    /// A node answered.
    pub(super) fn works(&self, chain: &ChainId) {
        self.lock().remove(chain);
    }

    /// A question failed. Only errors that every question would meet count.
    pub(super) fn failed(&self, chain: &ChainId, error: &NodeError) {
        match error {
            NodeError::Unreachable { .. } | NodeError::WrongNetwork { .. } => {
                let outage = Outage { until: Instant::now() + REST, why: error.to_string() };
                self.lock().insert(chain.clone(), outage);
            }
            // Too few witnesses, or an answer to one question: other questions may fare better.
            NodeError::TooFew { .. } | NodeError::Nonsense { .. } | NodeError::Refused { .. } => {
                self.works(chain);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ChainId, Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> ChainId {
        "60".parse().unwrap()
    }

    fn wrong_network() -> NodeError {
        NodeError::WrongNetwork { node: "a".to_owned(), found: "1".to_owned(), expected: "2".to_owned() }
    }

    #[test]
    fn after_a_failure_nobody_asks_for_a_moment() {
        let outages = Outages::default();
        assert_eq!(outages.now(&chain()), None);
        outages.failed(&chain(), &wrong_network());
        assert!(outages.now(&chain()).unwrap().contains("network 1"));
        assert_eq!(outages.now(&"62".parse().unwrap()), None);
        outages.works(&chain());
        assert_eq!(outages.now(&chain()), None);
    }

    #[test]
    fn after_the_moment_only_one_asks() {
        let outages = Outages::default();
        outages.failed(&chain(), &wrong_network());
        outages.lock().get_mut(&chain()).unwrap().until = Instant::now();
        assert_eq!(outages.now(&chain()), None);
        assert!(outages.now(&chain()).is_some());
    }

    #[test]
    fn a_missing_witness_does_not_stop_the_chain() {
        let outages = Outages::default();
        outages.failed(&chain(), &NodeError::TooFew { needed: 2, answered: 1 });
        assert_eq!(outages.now(&chain()), None);
    }
}
