//! What a command says.

use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;

/// What a command came to: the text that people get, and the value that `--json` prints.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) json: Value,
    pub(super) outcome: Outcome,
}

/// Whether the command did what was asked, or found what must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: a check that failed, with its findings as the answer.
    Refused,
}

impl Answer {
    /// A text, and the value behind it.
    pub(super) fn new(text: impl Into<String>, value: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(value).map_err(|error| Failure::refused(error.to_string()))?;
        Ok(Self { text: text.into(), json, outcome: Outcome::Done })
    }

    /// The same with another outcome.
    pub(super) fn with(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}
