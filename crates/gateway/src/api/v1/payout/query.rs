//! `POST /api/v1/payout/query`: a payout by `cid`, or by `third_party_id` when `cid` is absent.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use payout::ids::ProjectId;
use payout::request::Code;
use payout::request::fields::PayoutQuery;
use payout::request::reply::{Detail, PayoutDetail};
use store::PayoutRow;

use crate::api::door::{Admitted, Arrival, Refusal, answer};
use crate::state::Gateway;

pub(in crate::api) async fn handle(State(gateway): State<Arc<Gateway>>, arrival: Arrival) -> Response {
    answer(&gateway, arrival, async |admitted| query(&gateway, admitted).await).await
}

async fn query(gateway: &Gateway, admitted: Admitted<PayoutQuery>) -> Result<PayoutDetail, Refusal> {
    let row = match &admitted.call {
        PayoutQuery::ByCid(cid) => gateway.store.payout(*cid).await?,
        PayoutQuery::ByThirdPartyId(number) => {
            gateway.store.payout_by_business_number(admitted.project.id, number).await?
        }
    };
    let row = of_project(row, admitted.project.id)?;
    Ok(PayoutDetail { address: row.payout.intent.to.clone(), payout: detail(row) })
}

/// Another project's payout is as unknown as none.
pub(in crate::api) fn of_project(row: Option<PayoutRow>, project: ProjectId) -> Result<PayoutRow, Code> {
    row.filter(|row| row.payout.intent.project == project).ok_or(Code::NotFound)
}

/// What both queries say of a payout.
pub(in crate::api) fn detail(row: PayoutRow) -> Detail {
    let block = row.payout.state.block().cloned();
    let txid = row.payout.state.txid().map(str::to_owned);
    let intent = row.payout.intent;
    Detail {
        pid: intent.project,
        chain_id: intent.chain_id,
        token_id: intent.token_id,
        currency: row.terms.currency,
        from_address: intent.from,
        amount: row.terms.amount,
        status: row.status,
        third_party_id: intent.third_party_id,
        remark: row.terms.remark,
        memo: intent.memo,
        txid,
        block_height: block.as_ref().map(|block| block.height),
        block_time: block.map(|block| block.time),
    }
}
