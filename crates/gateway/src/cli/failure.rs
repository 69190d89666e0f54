//! Why a command did nothing.

use std::fmt;

use crate::client::ClientError;

/// A command that was not carried out.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    message: String,
    next: Option<String>,
}

/// Whose fault it is, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It can't be done as things are: exit code 1.
    Refused,
    /// It was asked wrongly: exit code 2.
    Usage,
}

impl Failure {
    /// It can't be done as things are.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self { kind: Kind::Refused, message: message.into(), next: None }
    }

    /// It was asked wrongly.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), next: None }
    }

    /// Says what to do next.
    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }

    /// What to do next.
    pub(super) fn what_next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// What is wrong, without what to do next.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// An error with all its causes.
    pub(super) fn caused(error: &dyn std::error::Error) -> Self {
        Self::refused(chain(error))
    }
}

/// An error's words, and its causes' where they say more.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { fault, .. } => Self::refused(fault.error).next(fault.next),
            ClientError::Address { .. } => Self::usage(error.to_string()),
            ClientError::Unreachable { .. } => Self::caused(&error)
                .next("check --url, and that `bursar serve` runs there; `bursar doctor` looks for the cause"),
            ClientError::Start(_)
            | ClientError::Nonsense { .. }
            | ClientError::Body { .. }
            | ClientError::Randomness => Self::caused(&error),
        }
    }
}
