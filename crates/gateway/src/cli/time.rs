//! Times and spans as people read and write them. UTC throughout: approvers sit in several places.

use payout::time::Millis;

const DAY_S: i64 = 86_400;

/// Such as `2025-01-31 14:05:09 UTC`.
pub(super) fn utc(at: Millis) -> String {
    let seconds = at.get() / 1000;
    let (year, month, day) = civil(seconds.div_euclid(DAY_S));
    let second = seconds.rem_euclid(DAY_S);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Such as `3 min`, rounded down, in the largest unit that fits.
pub(super) fn span(ms: i64) -> String {
    let seconds = ms.abs() / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / DAY_S),
    }
}

/// A span such as `90s`, `30m`, `24h` or `7d`, milliseconds.
///
/// # Errors
/// The rule.
pub(super) fn parse_span(text: &str) -> Result<i64, String> {
    let rule = || "a span is a number with a unit: 90s, 30m, 24h or 7d".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(rule)?;
    let unit = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_S * 1000,
        _ => return Err(rule()),
    };
    let plain = !number.is_empty() && number.len() <= 6 && number.bytes().all(|b| b.is_ascii_digit());
    number
        .parse::<i64>()
        .ok()
        .filter(|_| plain)
        .filter(|number| *number > 0)
        .map(|number| number * unit)
        .ok_or_else(rule)
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_gnu_date() {
        // date -u -d @N '+%F %T UTC'
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (4_102_488_000, "2100-01-01 12:00:00 UTC"),
        ] {
            assert_eq!(utc(Millis::new(seconds * 1000 + 999).unwrap()), text);
        }
    }

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(parse_span("90s"), Ok(90_000));
        assert_eq!(parse_span("24h"), Ok(86_400_000));
        for wrong in ["", "h", "24", "0h", "-1h", "1w", "1.5h", "１h", "9999999s"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_read_in_the_unit_that_fits() {
        assert_eq!(span(59_999), "59 s");
        assert_eq!(span(3 * 60_000), "3 min");
        assert_eq!(span(50 * 3_600_000), "2 days");
    }
}
