//! Refusals, spelled shortly: what fails is a refusal with a reason, never an error without one.

use wire::message::{Check, Finality, Refusal};

/// Asking again may help: a window moves on, a clock is set, a document arrives, other bytes are sent.
pub(crate) fn later(check: Check, reason: impl Into<String>) -> Refusal {
    Refusal { check, finality: Finality::Later, reason: reason.into(), never: None }
}

/// Nothing that can still happen makes this intent signable here. The proof is added when it is in the journal.
pub(crate) fn never(check: Check, reason: impl Into<String>) -> Refusal {
    Refusal { check, finality: Finality::Never, reason: reason.into(), never: None }
}
