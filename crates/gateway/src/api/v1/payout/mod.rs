//! `POST /api/v1/payout`: the older form of a payout.

pub(in crate::api) mod query;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::fields::PayoutV1;
use store::Call;

use crate::api::accept::accept;
use crate::api::door::{Arrival, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| {
        accept(&gateway, admitted, |PayoutV1(call)| (call, Call::V1)).await
    })
    .await
}
