//! Questions that wait for co-signers' answers, by their key: a session's label, a question's number.
//!
//! An answer without a question, and one that nobody fetches, is dropped: co-signers can't make the hub hold anything.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

/// Answers that may wait for whoever asked. A co-signer has a handful of things to say about one question.
const WAITING: usize = 64;

/// What is said when a co-signer's connection ends, by nobody but the hub.
pub(super) trait Parted {
    /// The news of it.
    fn parted() -> Self;
}

/// All open questions of one kind.
#[derive(Debug)]
pub(super) struct Desk<K: Eq + Hash, N> {
    open: Mutex<HashMap<K, mpsc::Sender<(u8, N)>>>,
}

impl<K: Eq + Hash, N> Default for Desk<K, N> {
    fn default() -> Self {
        Self { open: Mutex::default() }
    }
}

impl<K: Eq + Hash + Copy, N: Parted> Desk<K, N> {
    /// Opens a question. It is closed when what this returns is dropped.
    pub(super) fn open(self: &Arc<Self>, key: K) -> Listening<K, N> {
        let (teller, answers) = mpsc::channel(WAITING);
        self.lock().insert(key, teller);
        Listening { desk: Arc::clone(self), key, answers }
    }

    /// Hands `news` of co-signer `index` to whoever asked.
    pub(super) fn tell(&self, key: &K, index: u8, news: N) {
        if let Some(teller) = self.lock().get(key) {
            // Full: this co-signer says more than there is to say.
            let _ = teller.try_send((index, news));
        }
    }

    /// Hands news to everybody who asked anything.
    pub(super) fn tell_all(&self, index: u8, news: impl Fn() -> N) {
        for teller in self.lock().values() {
            let _ = teller.try_send((index, news()));
        }
    }

    /// Says everywhere that a co-signer is gone.
    pub(super) fn part(&self, index: u8) {
        self.tell_all(index, N::parted);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, mpsc::Sender<(u8, N)>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open question.
#[derive(Debug)]
pub(super) struct Listening<K: Eq + Hash + Copy, N: Parted> {
    desk: Arc<Desk<K, N>>,
    key: K,
    answers: mpsc::Receiver<(u8, N)>,
}

impl<K: Eq + Hash + Copy, N: Parted> Listening<K, N> {
    /// The question's key.
    pub(super) const fn key(&self) -> K {
        self.key
    }

    /// The next answer, and whose it is.
    pub(super) async fn next(&mut self) -> (u8, N) {
        match self.answers.recv().await {
            Some(answer) => answer,
            // The sender lives in the desk until we are dropped.
            None => std::future::pending().await,
        }
    }
}

impl<K: Eq + Hash + Copy, N: Parted> Drop for Listening<K, N> {
    fn drop(&mut self) {
        self.desk.lock().remove(&self.key);
    }
}
