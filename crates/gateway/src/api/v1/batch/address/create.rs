//! `POST /api/v1/batch/address/create`: 1 to 100 fresh addresses at once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::check;
use payout::request::fields::BatchAddressCreate;
use payout::request::reply::NewAddress;

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::api::v1::address::create::{Wanted, create};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| batch(&gateway, admitted).await).await
}

async fn batch(
    gateway: &Gateway,
    admitted: Admitted<BatchAddressCreate>,
) -> Result<Vec<NewAddress>, Refusal> {
    let BatchAddressCreate { chain_id, number, alias } = &admitted.call;
    let count = check::address_count(number)?;
    let wanted = Wanted { chain_id, alias: alias.as_deref(), count };
    create(gateway, &admitted.project, wanted, admitted.replay_key(), admitted.now).await
}
