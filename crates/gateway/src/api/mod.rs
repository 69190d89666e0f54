//! The payout API of the wire contract. One file an endpoint, named by its URL.
//!
//! Every call goes through [`door`] in the contract's order of checks; what comes out of it is a call that a holder of
//! the project's key made, in time, from an allowed address.

mod accept;
mod caller_address;
mod door;
mod limiter;
mod openapi;
mod projects;
mod v1;
mod v2;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{any, get};

use crate::config::RequestLimits;
use crate::health;
use crate::state::Gateway;

pub use limiter::Limiter;
pub use projects::Projects;

/// What the API keeps in memory between calls.
pub struct Doors {
    /// Rate limits.
    pub limiter: Limiter,
    /// Projects, read from the database at most once a second each.
    pub projects: Projects,
}

impl Doors {
    /// Empty, with the configured limits.
    pub fn new(limits: &RequestLimits) -> Self {
        Self { limiter: Limiter::new(limits.rate_per_s, limits.burst), projects: Projects::default() }
    }
}

/// The listener's routes.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/api/v2/payout", any(v2::payout::handle))
        .route("/api/v1/payout", any(v1::payout::handle))
        .route("/api/v1/payout/query", any(v1::payout::query::handle))
        .route("/api/v1/address/legal", any(v1::address::legal::handle))
        .route("/api/v1/address/inner", any(v1::address::inner::handle))
        .route("/api/v1/address/create", any(v1::address::create::handle))
        .route("/api/v1/batch/address/create", any(v1::batch::address::create::handle))
        .route("/api/v1/coins", any(v1::coins::handle))
        .route("/api/v1/sub_address_withdrawal", any(v1::sub_address_withdrawal::handle))
        .route("/api/v1/sub_address_withdrawal/info", any(v1::sub_address_withdrawal::info::handle))
        .route("/openapi.json", get(openapi::handle))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(async |State(gateway): State<Arc<Gateway>>| health::readyz(&gateway).await))
        .fallback(door::unknown_path)
        .with_state(gateway)
}
