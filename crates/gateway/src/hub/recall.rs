//! Asking one co-signer what it remembers: its own contributions, what they were made for, the policy that it holds.
//!
//! The hub takes the answers as they come. Whoever asked verifies the signatures.

use std::time::Duration;

use payout::policy::{Heads, SignedVersion};
use tokio::time::{Instant, timeout_at};
use wire::message::{Paper, RECALLS, Recollection, ToCosigner};

use super::Hub;
use super::desk::Parted;

/// How long an answer may take: a co-signer may have to read a long journal from its disk.
const PATIENCE: Duration = Duration::from_secs(15);

/// An answer.
#[derive(Debug)]
pub(super) enum RecallWord {
    Recalled(Recollection),
    Papers(Vec<Paper>),
    Versions(Vec<SignedVersion>),
    Parted,
}

impl Parted for RecallWord {
    fn parted() -> Self {
        Self::Parted
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// It is not connected, or went away.
    #[error("it is not connected")]
    Absent,
    /// Its software does not know the question.
    #[error("its software is too old to be asked")]
    TooOld,
    /// It did not answer in time, or answered something else.
    #[error("it gave no answer")]
    Late,
}

impl Hub {
    /// A co-signer's own contributions after an entry of its journal.
    ///
    /// # Errors
    /// [`Silence`].
    pub async fn recall(&self, index: u8, after: u64) -> Result<Recollection, Silence> {
        let question = |request| ToCosigner::Recall { request, after };
        self.remember(index, question, |word| match word {
            RecallWord::Recalled(recollection) => Some(recollection),
            _ => None,
        })
        .await
    }

    /// What some of its contributions were made for: as many of them as one answer holds.
    ///
    /// # Errors
    /// [`Silence`].
    pub async fn papers(&self, index: u8, entries: Vec<u64>) -> Result<Vec<Paper>, Silence> {
        let question = |request| ToCosigner::Papers { request, entries };
        self.remember(index, question, |word| match word {
            RecallWord::Papers(papers) => Some(papers),
            _ => None,
        })
        .await
    }

    /// The policy versions that it holds beyond `heads`.
    ///
    /// # Errors
    /// [`Silence`].
    pub async fn versions(&self, index: u8, heads: Heads) -> Result<Vec<SignedVersion>, Silence> {
        let question = |request| ToCosigner::Versions { request, heads };
        self.remember(index, question, |word| match word {
            RecallWord::Versions(versions) => Some(versions),
            _ => None,
        })
        .await
    }

    async fn remember<T>(
        &self,
        index: u8,
        question: impl FnOnce(u64) -> ToCosigner,
        read: impl Fn(RecallWord) -> Option<T>,
    ) -> Result<T, Silence> {
        let protocol = self.room.floor().seats.get(&index).map(|seat| seat.standing.protocol);
        if protocol.ok_or(Silence::Absent)? < RECALLS {
            return Err(Silence::TooOld);
        }
        let mut asked = self.room.recalls.open(self.room.number());
        self.room.say(index, &question(asked.key())).map_err(|_| Silence::Absent)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match timeout_at(until, asked.next()).await {
                // A question has a number of its own, but anybody could answer to it.
                Ok((from, _)) if from != index => {}
                Ok((_, RecallWord::Parted)) => return Err(Silence::Absent),
                Ok((_, word)) => return read(word).ok_or(Silence::Late),
                Err(_) => return Err(Silence::Late),
            }
        }
    }
}
