//! The gateway's clock: the one place that asks the operating system what time it is.

use payout::time::Millis;

/// Now, in milliseconds since the Unix epoch.
///
/// A clock before 1970 reads as 0: every timestamp is then outside its window, and nothing is accepted.
pub fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).unwrap_or_default()
}
