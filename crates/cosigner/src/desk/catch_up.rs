//! A peer asks for the journal entries that it lacks, when a link stands: it is answered once at a time, and at a growing
//! pace if it asks again and again, and never faster than the line takes it. Each answer can be a whole journal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wire::message::JournalHead;

use super::cosigner::Cosigner;
use super::journals::{self, Pace};
use crate::link::{Line, Pauses};
use crate::rooms::LineId;

/// The longest that a peer waits which asks all the time.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A peer that has not asked for so long is answered at once again.
const FORGET: Duration = Duration::from_secs(60);

/// Who asks over which line, and what was asked while an answer was under way: the last word counts.
pub(super) type Questions = BTreeMap<(LineId, u8), Question>;

/// A peer's question over one line.
#[derive(Debug)]
pub(super) struct Question {
    under_way: bool,
    waiting: Option<Vec<JournalHead>>,
    answered: Instant,
    pauses: Pauses,
}

/// What is to be done with a question.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// Answer it now.
    Now(Vec<JournalHead>),
    /// It waits for the answer that is under way, and the pause after it.
    Later,
}

impl Question {
    fn new(now: Instant) -> Self {
        Self { under_way: false, waiting: None, answered: now, pauses: Pauses::up_to(LONGEST_PAUSE) }
    }

    fn ask(&mut self, heads: Vec<JournalHead>, now: Instant) -> Turn {
        if self.under_way {
            self.waiting = Some(heads);
            return Turn::Later;
        }
        if now.saturating_duration_since(self.answered) >= FORGET {
            self.pauses.reset();
        }
        self.under_way = true;
        Turn::Now(heads)
    }

    /// An answer was given; how long nothing more is answered.
    fn pause(&mut self, random: u8) -> Duration {
        self.pauses.next(random)
    }

    /// The pause is over: what was asked meanwhile.
    fn next(&mut self, now: Instant) -> Option<Vec<JournalHead>> {
        self.answered = now;
        let waiting = self.waiting.take();
        self.under_way = waiting.is_some();
        waiting
    }
}

/// A peer says how far its journals reach: it gets what it lacks.
pub(super) fn heads(cosigner: &Arc<Cosigner>, line: &Arc<Line>, peer: u8, heads: Vec<JournalHead>) {
    let heads = cosigner.note_heads(peer, heads);
    let now = Instant::now();
    let turn =
        cosigner.questions().entry((line.id, peer)).or_insert_with(|| Question::new(now)).ask(heads, now);
    if let Turn::Now(heads) = turn {
        tokio::spawn(answer(Arc::clone(cosigner), Arc::clone(line), peer, heads));
    }
}

async fn answer(mut cosigner: Arc<Cosigner>, mut line: Arc<Line>, peer: u8, mut heads: Vec<JournalHead>) {
    loop {
        let (this, over) = (Arc::clone(&cosigner), Arc::clone(&line));
        let told = tokio::task::spawn_blocking(move || {
            // Nothing to merge, but a quarantined co-signer counts whom it has caught up with.
            journals::take_in(&this, &over, peer, Vec::new());
            if let Some((_, reached)) = this.send_entries(&over, peer, &heads, Pace::Patient) {
                this.note_more(peer, reached);
            }
        });
        if let Err(error) = told.await {
            tracing::error!(error = &error as &dyn std::error::Error, "telling a peer ended badly");
        }
        let place = (line.id, peer);
        // Without a line there is nobody to tell.
        let Some(pause) = cosigner.questions().get_mut(&place).map(|question| question.pause(0)) else {
            return;
        };
        // A pause must keep neither of them from ending.
        let (away, gone) = (Arc::downgrade(&cosigner), Arc::downgrade(&line));
        drop((cosigner, line));
        tokio::time::sleep(pause).await;
        let (Some(back), Some(there)) = (away.upgrade(), gone.upgrade()) else { return };
        (cosigner, line) = (back, there);
        let waiting = cosigner.questions().get_mut(&place).and_then(|question| question.next(Instant::now()));
        match waiting {
            Some(more) => heads = more,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(seq: u64) -> Vec<JournalHead> {
        vec![JournalHead { index: 1, seq, hash: payout::ids::Digest::from_bytes([0; 32]) }]
    }

    #[test]
    fn a_peer_that_asks_all_the_time_is_answered_at_a_growing_pace() {
        let start = Instant::now();
        let mut question = Question::new(start);
        let mut now = start;
        assert_eq!(question.ask(asked(0), now), Turn::Now(asked(0)));
        let mut answers = 0;
        while now.duration_since(start) < Duration::from_secs(60) {
            for seq in 1..100 {
                assert_eq!(question.ask(asked(seq), now), Turn::Later);
            }
            now += question.pause(0);
            // Only the last word of many.
            assert_eq!(question.next(now), Some(asked(99)));
            answers += 1;
        }
        assert!(answers < 12, "{answers} answers in a minute");
    }

    #[test]
    fn a_peer_that_asks_now_and_then_does_not_wait() {
        let mut question = Question::new(Instant::now());
        let mut now = Instant::now();
        for _ in 0..100 {
            assert_eq!(question.ask(asked(0), now), Turn::Now(asked(0)));
            assert!(question.pause(0) <= Duration::from_millis(100));
            assert_eq!(question.next(now), None);
            now += FORGET;
        }
    }
}
