//! `/healthz` and `/readyz`, as on the payout API's listener.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::office::Office;
use crate::clock;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// A row can be committed.
pub(super) async fn readyz(State(office): State<Arc<Office>>) -> (StatusCode, &'static str) {
    match office.gateway.store.ready(clock::now()).await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "not ready: the database can't commit");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot commit\n")
        }
    }
}
