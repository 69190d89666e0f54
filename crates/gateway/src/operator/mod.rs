//! The operators' API, `/bursar/v1/*`, on its own listener: for the command line, the console and other machines of the
//! house. One file a group of endpoints, named by its noun; the bodies that travel stand in the same file, and the
//! client uses them too.
//!
//! A request is signed by a key of the people chain ([`signature`]); [`door`] checks it, once and for a role. What is
//! signed here authorises no payment: approvals and policy carry signatures of their own, which co-signers check again.
//! Everything that changes something leaves a line in the audit log.

pub mod audit;
pub mod callbacks;
mod ceremonies;
pub mod cosigners;
mod door;
pub mod fault;
pub mod freezes;
pub mod maintenance;
pub mod me;
mod metrics;
mod office;
pub mod pauses;
pub mod payouts;
pub mod policy;
pub mod projects;
pub mod proposals;
pub mod restore;
pub mod signature;
pub mod status;
#[cfg(test)]
mod tests;
pub mod wallets;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};

use crate::health;
use crate::state::Gateway;
use office::Office;

/// The listener's routes. Must be called within a tokio runtime: it starts the task that delivers freezes again.
pub fn router(gateway: Arc<Gateway>) -> Router {
    freezes::keep_delivering(&gateway);
    let office = Arc::new(Office::new(gateway));
    Router::new()
        .route("/bursar/v1/me", get(me::show))
        .route("/bursar/v1/payouts", get(payouts::list::handle).post(payouts::apply::apply))
        .route("/bursar/v1/payouts/draft", post(payouts::apply::draft))
        .route("/bursar/v1/payouts/{cid}", get(payouts::show::handle))
        .route("/bursar/v1/payouts/{cid}/acts", post(payouts::acts::handle))
        .route("/bursar/v1/payouts/{cid}/remedies", post(payouts::remedies::apply))
        .route("/bursar/v1/payouts/{cid}/remedies/draft", post(payouts::remedies::draft))
        .route("/bursar/v1/payouts/{cid}/why", get(payouts::why::handle))
        .route("/bursar/v1/maintenance", post(maintenance::apply))
        .route("/bursar/v1/maintenance/draft", post(maintenance::draft))
        .route("/bursar/v1/policy", get(policy::show))
        .route("/bursar/v1/policy/versions", get(policy::versions))
        .route("/bursar/v1/policy/proposals", get(proposals::list).post(proposals::propose))
        .route("/bursar/v1/policy/proposals/{digest}", get(proposals::show).delete(proposals::drop))
        .route("/bursar/v1/policy/proposals/{digest}/votes", post(proposals::vote))
        .route("/bursar/v1/policy/proposals/{digest}/publish", post(proposals::publish))
        .route("/bursar/v1/projects", get(projects::list).post(projects::propose))
        .route("/bursar/v1/projects/changes", get(projects::changes))
        .route("/bursar/v1/projects/changes/{id}/confirm", post(projects::confirm))
        .route("/bursar/v1/projects/changes/{id}/drop", post(projects::drop))
        .route("/bursar/v1/callbacks", get(callbacks::list))
        .route("/bursar/v1/callbacks/test", post(callbacks::test))
        .route("/bursar/v1/callbacks/{cid}/resend", post(callbacks::resend))
        .route("/bursar/v1/wallets", get(wallets::list).post(wallets::create))
        .route("/bursar/v1/wallets/{id}/refresh", post(wallets::refresh))
        .route("/bursar/v1/ceremonies/{label}", get(wallets::ceremony))
        .route("/bursar/v1/cosigners", get(cosigners::list))
        .route("/bursar/v1/pauses", get(pauses::list).post(pauses::order))
        .route("/bursar/v1/pauses/{id}", axum::routing::delete(pauses::lift))
        .route("/bursar/v1/freezes", get(freezes::list).post(freezes::order))
        .route("/bursar/v1/restore", get(restore::show))
        .route("/bursar/v1/restore/confirm", post(restore::confirm))
        .route("/bursar/v1/audit", get(audit::list))
        .route("/healthz", get(health::healthz))
        .route(
            "/readyz",
            get(async |State(office): State<Arc<Office>>| health::readyz(&office.gateway).await),
        )
        .route("/status", get(status::handle))
        .route("/metrics", get(metrics::handle))
        .fallback(fault::unknown_path)
        .method_not_allowed_fallback(fault::wrong_method)
        .layer(DefaultBodyLimit::max(door::BODY_LIMIT))
        .with_state(office)
}
