//! Values as columns hold them, and back: a column that cannot be read is an error that names it.

use std::fmt::Display;
use std::str::FromStr;

use payout::time::Millis;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::StoreError;

/// A place in the database, for errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column(pub(crate) &'static str, pub(crate) &'static str);

impl Column {
    /// The error that this column holds what is never written.
    pub(crate) fn corrupt(self, why: impl Display) -> StoreError {
        StoreError::Corrupt { table: self.0, column: self.1, why: why.to_string() }
    }

    /// A value from its text.
    pub(crate) fn parse<T: FromStr<Err: Display>>(self, text: &str) -> Result<T, StoreError> {
        text.parse().map_err(|error| self.corrupt(error))
    }

    /// The same where null is allowed.
    pub(crate) fn parse_opt<T: FromStr<Err: Display>>(
        self,
        text: Option<&str>,
    ) -> Result<Option<T>, StoreError> {
        text.map(|text| self.parse(text)).transpose()
    }

    /// A document from its JSON text.
    pub(crate) fn json<T: DeserializeOwned>(self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| self.corrupt(error))
    }

    /// An enum's variant from its word.
    pub(crate) fn word<T: DeserializeOwned>(self, text: &str) -> Result<T, StoreError> {
        serde_json::from_value(Value::String(text.to_owned())).map_err(|error| self.corrupt(error))
    }

    /// A value that the type refuses in part, such as an id that must be positive.
    pub(crate) fn some<T>(self, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt("out of range"))
    }

    /// A point in time.
    pub(crate) fn millis(self, ms: i64) -> Result<Millis, StoreError> {
        self.some(Millis::new(ms))
    }

    /// The same where null is allowed.
    pub(crate) fn millis_opt(self, ms: Option<i64>) -> Result<Option<Millis>, StoreError> {
        ms.map(|ms| self.millis(ms)).transpose()
    }
}

/// The JSON text of a document.
pub(crate) fn to_json<T: Serialize>(document: &T) -> String {
    serde_json::to_string(document).expect("stored documents have string keys, which is all that can fail")
}

/// The word of an enum's variant that has no data.
pub(crate) fn to_word<T: Serialize>(variant: &T) -> String {
    match serde_json::to_value(variant) {
        Ok(Value::String(word)) => word,
        other => unreachable!("a variant without data is a string, not {other:?}"),
    }
}
