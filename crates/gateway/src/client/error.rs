//! Why a request to the operators' API has no answer.

use crate::operator::fault::FaultBody;

/// No answer, or one that says no.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not an http or https URL.
    #[error("{text:?} is no http or https address")]
    Address {
        /// What was given.
        text: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot start")]
    Start(#[source] reqwest::Error),
    /// No answer, or none in time.
    #[error("the gateway at {url} does not answer")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It said no.
    #[error("{}", fault.error)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why, and what to do next.
        fault: FaultBody,
    },
    /// An answer that this version does not understand.
    #[error("the gateway's answer is not what this version expects: {source}")]
    Nonsense {
        /// Where it differs.
        #[source]
        source: serde_json::Error,
    },
    /// A body that can't be written; none of ours is such.
    #[error("the request can't be written: {source}")]
    Body {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// No randomness for a nonce.
    #[error("the operating system gives no randomness")]
    Randomness,
}
