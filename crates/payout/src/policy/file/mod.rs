//! The files that people write: TOML in token units, with names, spans and dates.

mod when;

pub(crate) use when::{clock, utc};
