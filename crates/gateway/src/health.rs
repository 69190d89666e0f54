//! `/healthz` and `/readyz`, the same on both listeners.
//!
//! Ready means that a payout can be stored durably, and nothing else: one chain's dead node must not take the API out
//! of a load balancer.

use axum::http::StatusCode;

use crate::clock;
use crate::state::Gateway;

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// A row can be committed. Nobody signs this question, and each answer costs a commit.
pub async fn readyz(gateway: &Gateway) -> (StatusCode, &'static str) {
    match gateway.readiness.get(gateway.store.ready(clock::now())).await {
        Ok(()) if gateway.gate.may_decide().is_err() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database may be an old copy: co-signers have not told yet what they signed\n",
        ),
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "not ready: the database can't commit");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot commit\n")
        }
    }
}
