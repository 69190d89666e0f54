//! Figures for people and for the report: the only place where a number may have a fraction.

use std::time::Duration;

use serde_json::Value;

/// A rate with one decimal place.
pub(super) fn per_second(count: u64, took: Duration) -> Value {
    let micros = took.as_micros().max(1);
    decimal(u128::from(count) * 10_000_000 / micros, 10)
}

/// A ratio with two decimal places.
pub(super) fn ratio(part: (u64, Duration), whole: (u64, Duration)) -> Value {
    let rate = |(count, took): (u64, Duration)| u128::from(count) * 1_000_000_000 / took.as_micros().max(1);
    decimal(rate(part) * 100 / rate(whole).max(1), 100)
}

/// What one of so many took, milliseconds with two decimal places.
pub(super) fn each_ms(whole: Duration, count: u64) -> Value {
    decimal(whole.as_micros() / u128::from(count.max(1)) / 10, 100)
}

/// `value / unit`, as a JSON number.
#[expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "shown to people, never calculated with"
)]
#[expect(clippy::cast_precision_loss, reason = "figures here have a few digits")]
fn decimal(value: u128, unit: u32) -> Value {
    (value as f64 / f64::from(unit)).into()
}

/// The value below which so many per thousand lie.
pub(super) fn percentile(sorted: &[i64], per_mille: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * per_mille).div_ceil(1000)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_ratios_are_rounded_down_to_their_places() {
        assert_eq!(per_second(100, Duration::from_secs(3)), serde_json::json!(33.3));
        let (half, whole) = ((50, Duration::from_secs(1)), (100, Duration::from_secs(1)));
        assert_eq!(ratio(half, whole), serde_json::json!(0.5));
        assert_eq!(each_ms(Duration::from_micros(12_399), 2), serde_json::json!(6.19));
        assert_eq!(each_ms(Duration::from_secs(1), 0), serde_json::json!(1000.0));
    }

    #[test]
    fn a_percentile_of_few_values_is_one_of_them() {
        assert_eq!(percentile(&[], 500), None);
        assert_eq!(percentile(&[1, 2, 3], 500), Some(2));
        assert_eq!(percentile(&[1, 2, 3], 990), Some(3));
    }
}
