//! `POST /api/v1/sub_address_withdrawal/info`: a sub-address withdrawal by `cid`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::request::Code;
use payout::request::fields::SubAddressInfo;
use payout::request::reply::SubAddressDetail;
use store::Call;

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::api::v1::payout::query::{detail, of_project};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| info(&gateway, admitted).await).await
}

async fn info(gateway: &Gateway, admitted: Admitted<SubAddressInfo>) -> Result<SubAddressDetail, Refusal> {
    let row = of_project(gateway.store.payout(admitted.call.cid).await?, admitted.project.id)?;
    if row.terms.call != Call::Sub {
        return Err(Code::NotFound.into());
    }
    Ok(SubAddressDetail { to_address: row.payout.intent.to.clone(), payout: detail(row) })
}
