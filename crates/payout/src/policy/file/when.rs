//! Dates, times of day and spans as people write them. All times are UTC.

use toml::value::{Date, Datetime, Offset, Time};

use crate::time::Millis;

const DAY_MS: i64 = 24 * 3_600_000;

/// `08:30` for 510 minutes since midnight.
pub(crate) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `2026-07-01T09:30:00Z`, with milliseconds where there are any.
pub(crate) fn utc(at: Millis) -> String {
    datetime(at).to_string()
}

/// The minutes since midnight of `08:30`; `24:00` is the end of the day.
pub(super) fn parse_clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| -> Option<u16> {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let valid = (hour < 24 && minute < 60) || (hour == 24 && minute == 0);
    valid.then_some(hour * 60 + minute)
}

/// Minutes of `90m`, `24h`, `7d`.
pub(super) fn parse_minutes(text: &str) -> Option<u32> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let factor = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    digits.parse::<u32>().ok()?.checked_mul(factor)
}

/// The shortest spelling of a span.
pub(super) fn minutes_text(minutes: u32) -> String {
    match minutes {
        0 => "0h".to_owned(),
        whole if whole % (24 * 60) == 0 => format!("{}d", whole / (24 * 60)),
        whole if whole % 60 == 0 => format!("{}h", whole / 60),
        minutes => format!("{minutes}m"),
    }
}

/// The shortest spelling of a span in hours.
pub(super) fn hours_text(hours: u32) -> String {
    if hours > 0 && hours.is_multiple_of(24) { format!("{}d", hours / 24) } else { format!("{hours}h") }
}

/// A TOML date and time with offset, such as `2026-07-01T00:00:00Z`. A date alone is midnight UTC.
pub(crate) fn millis(written: &Datetime) -> Option<Millis> {
    let date = written.date?;
    let day = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let (time_ms, offset_minutes) = match (written.time, written.offset) {
        (None, None) => (0, 0),
        (Some(time), Some(offset)) => (time_of_day_ms(time), offset_minutes(offset)),
        // A local time means another moment on every machine.
        (Some(_), None) | (None, Some(_)) => return None,
    };
    Millis::new(day * DAY_MS + time_ms - i64::from(offset_minutes) * 60_000)
}

fn time_of_day_ms(time: Time) -> i64 {
    let seconds =
        i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    seconds * 1000 + i64::from(time.nanosecond.unwrap_or(0) / 1_000_000)
}

const fn offset_minutes(offset: Offset) -> i16 {
    match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    }
}

/// The moment as TOML writes it.
pub(super) fn datetime(at: Millis) -> Datetime {
    let (days, rest) = (at.get() / DAY_MS, at.get() % DAY_MS);
    let (year, month, day) = civil_from_days(days);
    let small = |value: i64| u8::try_from(value).expect("a part of a date or a time of day is below 60");
    let nanosecond = u32::try_from(rest % 1000 * 1_000_000).expect("below a thousand million");
    let time = Time {
        hour: small(rest / 3_600_000),
        minute: small(rest / 60_000 % 60),
        second: Some(small(rest / 1000 % 60)),
        nanosecond: (nanosecond > 0).then_some(nanosecond),
    };
    let year = u16::try_from(year).unwrap_or(9999);
    let date = Date { year, month: small(month), day: small(day) };
    Datetime { date: Some(date), time: Some(time), offset: Some(Offset::Z) }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse: year, month, day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}
