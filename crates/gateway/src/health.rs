//! `/healthz` and `/readyz`, the same on both listeners.
//!
//! Ready means that a payout can be stored durably, and nothing else: one chain's dead node must not take the API out
//! of a load balancer.

use std::time::Instant;

use axum::http::StatusCode;
use tokio::sync::Mutex;

use crate::clock;
use crate::state::Gateway;

/// The newest answer to whether a row can be committed.
///
/// Nobody signs this question, and each answer costs a commit: one is made at a time, and whoever asked before it began
/// shares it.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// A row can be committed.
pub async fn readyz(gateway: &Gateway) -> (StatusCode, &'static str) {
    if is_ready(gateway).await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database cannot commit\n")
    }
}

async fn is_ready(gateway: &Gateway) -> bool {
    let asked = Instant::now();
    let mut last = gateway.readiness.0.lock().await;
    if let Some((begun, ready)) = *last
        && begun >= asked
    {
        return ready;
    }
    let begun = Instant::now();
    let ready = match gateway.store.ready(clock::now()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "not ready: the database can't commit");
            false
        }
    };
    *last = Some((begun, ready));
    ready
}
