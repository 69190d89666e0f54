//! Refusals, spelled shortly: what fails is a refusal with a reason, never an error without one.

use wire::message::{Check, Finality, Refusal};

/// The longest reason, in characters. Reasons quote what others wrote, and are journaled, shared and shown.
const MAX_CHARS: usize = 400;

/// A text of others as far as it is worth carrying.
pub(crate) fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Asking again may help: a window moves on, a clock is set, a document arrives, other bytes are sent.
pub(crate) fn later(check: Check, reason: impl Into<String>) -> Refusal {
    Refusal { check, finality: Finality::Later, reason: cut(reason.into()), never: None }
}

/// Nothing that can still happen makes this intent signable here. The proof is added when it is in the journal.
pub(crate) fn never(check: Check, reason: impl Into<String>) -> Refusal {
    Refusal { check, finality: Finality::Never, reason: cut(reason.into()), never: None }
}
