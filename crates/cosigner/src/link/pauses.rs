//! How long to wait before the next try: growing, bounded, and never the same for two co-signers.

use std::time::Duration;

/// The pause after a first failure.
const FIRST: Duration = Duration::from_millis(100);

/// A growing pause.
#[derive(Debug, Clone)]
pub struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Pauses from 100 ms up to `longest`.
    pub const fn up_to(longest: Duration) -> Self {
        Self { next: FIRST, longest }
    }

    /// The next pause: twice the one before, less up to a quarter of it. `random` spreads co-signers that lost their
    /// gateway at the same moment.
    pub fn next(&mut self, random: u8) -> Duration {
        let pause = self.next.min(self.longest);
        self.next = pause.saturating_mul(2).min(self.longest);
        pause - pause / 4 * u32::from(random) / 256
    }

    /// It worked: the next failure is a first one.
    pub const fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_tenth_of_a_second_to_their_bound() {
        let mut pauses = Pauses::up_to(Duration::from_secs(2));
        let ms: Vec<u128> = (0..8).map(|_| pauses.next(0).as_millis()).collect();
        assert_eq!(ms, [100, 200, 400, 800, 1600, 2000, 2000, 2000]);
        pauses.reset();
        assert_eq!(pauses.next(0).as_millis(), 100);
    }

    #[test]
    fn jitter_shortens_a_pause_by_less_than_a_quarter() {
        for random in 0..=u8::MAX {
            let pause = Pauses::up_to(Duration::from_secs(2)).next(random);
            assert!(pause <= FIRST && pause > FIRST * 3 / 4, "{pause:?}");
        }
    }
}
