//! Times and limits of the hub, and the running mean of a co-signer's speed.

use std::time::Duration;

/// How patient the hub is.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// From a connection's first byte to both keys proved, and again to its first message.
    pub(super) handshake: Duration,
    /// Between two pings.
    pub(super) ping: Duration,
    /// A connection that says nothing for so long, pings unanswered, is dead although it is open.
    pub(super) half_open: Duration,
    /// A participant of a session that says nothing for so long is taken for stopped, and another quorum is tried. A
    /// round of the protocol takes some ms; a co-signer's connection answers pings meanwhile.
    pub(super) silence: Duration,
    /// After a session has gone wrong: how long the other participants may still say what they think of it.
    pub(super) grace: Duration,
    /// The longest that one session may take.
    pub(super) session: Duration,
    /// The longest that one payout's sessions may take together, waiting for a free place included.
    pub(super) overall: Duration,
    /// How long a co-signer that failed a session is asked last. Doubles with each failure in a row, at most 8 times.
    pub(super) suspicion: Duration,
    /// How long co-signers may take to answer a sight or a stop.
    pub(super) answer: Duration,
    /// After so long without a session a co-signer is tried again, however slow it was.
    pub(super) forget: Duration,
    /// Frames that may wait for one co-signer; one more, and its connection is closed.
    pub(super) queue_frames: usize,
    /// Frames that one co-signer may send between two pings.
    pub(super) frames_per_ping: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            ping: Duration::from_secs(1),
            half_open: Duration::from_secs(3),
            silence: Duration::from_millis(700),
            grace: Duration::from_millis(150),
            session: Duration::from_millis(2500),
            overall: Duration::from_millis(7500),
            suspicion: Duration::from_secs(5),
            answer: Duration::from_secs(2),
            forget: Duration::from_secs(60),
            queue_frames: 512,
            frames_per_ping: 50_000,
        }
    }
}

impl Pace {
    /// The default pace with another limit of one session; a payout's sessions may take three times as long together.
    pub(super) fn with_session(session: Duration) -> Self {
        Self { session, overall: session * 3, ..Self::default() }
    }

    /// The limits of a connection.
    pub(super) fn connection(&self) -> wire::connection::Limits {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        wire::connection::Limits {
            handshake_ms: millis(self.handshake),
            frame_ms: millis(self.half_open * 2),
            write_ms: millis(self.half_open),
            queue_frames: self.queue_frames,
            ..wire::connection::Limits::default()
        }
    }
}

/// An exponentially weighted mean of times in µs: each new one counts for an eighth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mean(Option<u64>);

impl Mean {
    pub(super) fn add(&mut self, sample: Duration) {
        let sample = u64::try_from(sample.as_micros()).unwrap_or(u64::MAX);
        self.0 = Some(match self.0 {
            None => sample,
            Some(mean) if sample >= mean => mean + (sample - mean) / 8,
            Some(mean) => mean - (mean - sample) / 8,
        });
    }

    pub(super) const fn micros(self) -> Option<u64> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_mean_starts_at_the_first_sample_and_follows_slowly() {
        let mut mean = Mean::default();
        assert_eq!(mean.micros(), None);
        mean.add(millis(8));
        assert_eq!(mean.micros(), Some(8000));
        mean.add(millis(16));
        assert_eq!(mean.micros(), Some(9000));
        mean.add(millis(1));
        assert_eq!(mean.micros(), Some(8000));
    }

    #[test]
    fn a_mean_of_extremes_does_not_overflow() {
        let mut mean = Mean::default();
        mean.add(Duration::MAX);
        mean.add(Duration::ZERO);
        mean.add(Duration::MAX);
        assert!(mean.micros().is_some());
    }
}
