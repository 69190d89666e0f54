//! `POST /api/v1/address/inner`: whether an address belongs to the project.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::check;
use payout::request::fields::AddressInner;
use payout::request::reply::AddressAnswer;

use crate::accept::belongs_to;
use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| inner(&gateway, &admitted).await).await
}

async fn inner(gateway: &Gateway, admitted: &Admitted<AddressInner>) -> Result<AddressAnswer, Refusal> {
    let AddressInner(question) = &admitted.call;
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let network = check::chain(&question.chain_id, &rules.networks)?;
    let family = chain::family(network.family);
    // An address with a tag is its account's.
    let result = match family.payee(&network.network_id, &question.address, None) {
        Ok(payee) => belongs_to(gateway, rules, network, &admitted.project, &payee.address).await?,
        Err(_) => false,
    };
    Ok(AddressAnswer { result })
}
