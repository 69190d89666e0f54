//! `POST /api/v2/payout`: a payout from the enterprise wallet.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::fields::PayoutV2;
use store::Call;

use crate::api::accept::accept;
use crate::api::door::{Arrival, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| {
        accept(&gateway, admitted, |PayoutV2(call)| (call, Call::V2)).await
    })
    .await
}
