//! Delivering stops: rejections, withdrawals and freezes, which co-signers journal for ever.

use std::collections::BTreeSet;

use payout::approval::FreezeOrder;
use payout::ids::Digest;
use tokio::time::{Instant, timeout_at};
use wire::message::{StopAct, ToCosigner};

use super::Hub;
use super::desk::Parted;
use super::session::tidy;

/// What a co-signer says about stops.
#[derive(Debug)]
pub(super) enum StopWord {
    Seen { intent: Option<Digest>, kind: String },
    Parted,
}

impl Parted for StopWord {
    fn parted() -> Self {
        Self::Parted
    }
}

/// A co-signer has a stop in its journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acknowledgement {
    /// Which co-signer.
    pub index: u8,
    /// The stopped intent; `None` for a freeze or the lift of one.
    pub intent: Option<Digest>,
    /// `reject`, `withdraw`, `freeze` or `lift`.
    pub kind: String,
}

impl Hub {
    /// Delivers stops to every connected co-signer, and gives what they acknowledged in time. A stop is *requested*
    /// until enough have; the caller delivers again when others come ([`Hub::subscribe`]).
    pub async fn stop(&self, acts: Vec<StopAct>, freezes: Vec<FreezeOrder>) -> BTreeSet<Acknowledgement> {
        let mut expected: BTreeSet<Option<Digest>> = acts.iter().map(|stop| Some(stop.act.intent)).collect();
        if !freezes.is_empty() {
            expected.insert(None);
        }
        let mut seen = self.room.stops.open(self.room.number());
        let message = ToCosigner::Stop { acts, freezes };
        let present = self.room.present().into_iter();
        let told = present.filter(|index| self.room.say(*index, &message).is_ok());
        let mut waiting: BTreeSet<(u8, Option<Digest>)> =
            told.flat_map(|index| expected.iter().map(move |intent| (index, *intent))).collect();
        let mut acknowledged = BTreeSet::new();
        let until = Instant::now() + self.room.pace.answer;
        while !waiting.is_empty() {
            let Ok((index, word)) = timeout_at(until, seen.next()).await else { break };
            match word {
                StopWord::Seen { intent, kind } => {
                    // Acknowledged again is acknowledged; what was not asked is another stop's.
                    if waiting.remove(&(index, intent)) {
                        acknowledged.insert(Acknowledgement { index, intent, kind: tidy(&kind, 64) });
                    }
                }
                StopWord::Parted => waiting.retain(|(waited, _)| *waited != index),
            }
        }
        acknowledged
    }
}
