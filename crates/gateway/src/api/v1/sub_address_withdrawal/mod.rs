//! `POST /api/v1/sub_address_withdrawal`: a payout from a named address of the project.

pub(in crate::api) mod info;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::fields::SubAddressWithdrawal;
use store::Call;

use crate::api::accept::accept;
use crate::api::door::{Arrival, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| {
        accept(&gateway, admitted, |SubAddressWithdrawal(call)| (call, Call::Sub)).await
    })
    .await
}
