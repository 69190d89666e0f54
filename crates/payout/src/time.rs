//! Points in time and spans, in whole milliseconds. The core asks no clock: `now` is always an argument.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The furthest that two clocks of one deployment may be apart, ms. Co-signers further apart sign nothing together, and
/// take no journal entry from further ahead.
pub const CLOCK_SKEW_MS: i64 = 30_000;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(i64);

impl Millis {
    /// A point in time; negative ones are refused, there was no payout before 1970.
    pub const fn new(ms: i64) -> Option<Self> {
        if ms < 0 { None } else { Some(Self(ms)) }
    }

    /// The milliseconds, never negative.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This point plus `ms`; saturates at the end of time, which only makes a wait longer.
    pub const fn plus(self, ms: i64) -> Self {
        let sum = self.0.saturating_add(ms);
        Self(if sum < 0 { 0 } else { sum })
    }

    /// Milliseconds from `earlier` to this point; negative if it lies before.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A decimal string: every integer in a signed document is one.
impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = crate::ids::decimal(deserializer)?;
        Self::new(value).ok_or_else(|| serde::de::Error::custom("a time is not negative"))
    }
}
