//! What an operator is told when something is not done: what is wrong, in which field, and what to do next.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::StoreError;

/// The body of an answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultBody {
    /// What is wrong.
    pub error: String,
    /// The field of the request that is wrong, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to do next.
    pub next: String,
}

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    status: StatusCode,
    body: FaultBody,
}

/// What an endpoint answers with.
pub(super) type Answer<T> = Result<axum::Json<T>, Fault>;

impl Fault {
    fn new(status: StatusCode, error: impl Into<String>, next: impl Into<String>) -> Self {
        Self { status, body: FaultBody { error: error.into(), field: None, next: next.into() } }
    }

    /// 400: the request can't be read.
    pub(super) fn bad(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, next)
    }

    /// 400: one field is wrong.
    pub(super) fn field(name: &str, rule: impl std::fmt::Display) -> Self {
        let fault = Self::bad(format!("{name}: {rule}"), format!("correct the field {name}"));
        Self { body: FaultBody { field: Some(name.to_owned()), ..fault.body }, ..fault }
    }

    /// 401: it is not known who asks.
    pub(super) fn unsigned(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, next)
    }

    /// 403: who asks may not.
    pub(super) fn forbidden(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, next)
    }

    /// 404: it is not there.
    pub(super) fn missing(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, next)
    }

    /// 409: it can't be done as things are.
    pub(super) fn conflict(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error, next)
    }

    /// 503: the gateway can't do it now.
    pub(super) fn unavailable(error: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error, next)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the database can't answer an operator");
        Self::unavailable(error.to_string(), "look at the gateway's log, then ask again")
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self.body)).into_response()
    }
}

/// A path that leads nowhere.
pub(super) async fn unknown_path() -> Fault {
    Fault::missing(
        "there is no such path in this API",
        "compare the command line's version with the gateway's",
    )
}

/// A path that is there, with another method.
pub(super) async fn wrong_method() -> Fault {
    Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path has no such method",
        "compare the command line's version with the gateway's",
    )
}
