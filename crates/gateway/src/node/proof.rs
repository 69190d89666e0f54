//! A node's word that it is on our network.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::road::NodeError;

/// How long it is taken for true: behind the same address may be another machine later.
const LIFE: Duration = Duration::from_secs(5);

/// When a node last gave it, if the node was not unreachable since.
#[derive(Debug, Default)]
pub(super) struct Proof(Mutex<Option<Instant>>);

impl Proof {
    /// Whether nothing needs to be asked again.
    pub(super) fn is_fresh(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|given| given.elapsed() < LIFE)
    }

    /// It was given just now.
    pub(super) fn renew(&self) {
        self.set(Some(Instant::now()));
    }

    /// It must be given again.
    pub(super) fn forget(&self) {
        self.set(None);
    }

    /// Takes note of what came of a question: a node that was unreachable has to give its word anew.
    pub(super) fn heed<T>(&self, answer: Result<T, NodeError>) -> Result<T, NodeError> {
        if let Err(NodeError::Unreachable { .. }) = &answer {
            self.forget();
        }
        answer
    }

    fn set(&self, given: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = given;
    }
}
