//! Showing an approved intent to all co-signers, at once, funded or not: they journal when they saw it, and compare its
//! expiry with that.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::{Instant, timeout_at};
use wire::message::{Refusal, SignRequest, ToCosigner};

use super::Hub;
use super::desk::Parted;
use super::session::tidy;

/// An answer to a sight.
#[derive(Debug)]
pub(super) enum SightWord {
    Answer(Option<Refusal>),
    Parted,
}

impl Parted for SightWord {
    fn parted() -> Self {
        Self::Parted
    }
}

impl Hub {
    /// Shows an intent to every connected co-signer. Gives the answers of those who answered in time: seen and
    /// journaled, or why not. When `enough` have seen it, the others are not waited for.
    pub async fn sight(&self, request: SignRequest, enough: u8) -> Vec<(u8, Result<(), Refusal>)> {
        let mut question = self.room.sights.open(self.room.number());
        let message = ToCosigner::Sight { request: question.key(), request_body: request };
        let present = self.room.present().into_iter();
        let mut waiting: BTreeSet<u8> =
            present.filter(|index| self.room.say(*index, &message).is_ok()).collect();
        let mut answers = BTreeMap::new();
        let until = Instant::now() + self.room.pace.answer;
        let mut seen = 0;
        while !waiting.is_empty() && seen < enough {
            let Ok((index, word)) = timeout_at(until, question.next()).await else { break };
            if !waiting.remove(&index) {
                continue;
            }
            let answer = match word {
                SightWord::Answer(None) => {
                    seen += 1;
                    Ok(())
                }
                SightWord::Answer(Some(refusal)) => {
                    Err(Refusal { reason: tidy(&refusal.reason, 500), ..refusal })
                }
                SightWord::Parted => continue,
            };
            answers.insert(index, answer);
        }
        answers.into_iter().collect()
    }
}
