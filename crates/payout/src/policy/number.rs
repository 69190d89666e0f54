//! Small integers as decimal strings, as every integer in a signed document is (use with `#[serde(with)]`).

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserializer, Serializer};

pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub(crate) fn deserialize<'de, T: FromStr + Display, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    crate::ids::decimal(deserializer)
}
