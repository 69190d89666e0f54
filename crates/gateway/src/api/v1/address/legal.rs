//! `POST /api/v1/address/legal`: whether a text is an address of a chain, checksum included. One that carries its
//! destination tag is: a payout takes it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::check;
use payout::request::fields::AddressLegal;
use payout::request::reply::AddressAnswer;

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| legal(&gateway, &admitted)).await
}

fn legal(gateway: &Gateway, admitted: &Admitted<AddressLegal>) -> Result<AddressAnswer, Refusal> {
    let AddressLegal(question) = &admitted.call;
    let policy = gateway.policy();
    let network = check::chain(&question.chain_id, &policy.newest_rules().networks)?;
    let payee = chain::family(network.family).payee(&network.network_id, &question.address, None);
    Ok(AddressAnswer { result: payee.is_ok() })
}
