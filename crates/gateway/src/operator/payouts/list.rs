//! `GET /bursar/v1/payouts?project=&status=&kind=&before=&limit=`: newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use payout::ids::{Address, Cid, ProjectId, RuleId, ThirdPartyId};
use payout::intent::Kind;
use payout::life::Status;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{PayoutFilter, PayoutRow};

use super::Waiting;
use crate::operator::door::{By, Viewer};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;

/// The most lines of one answer.
const MOST: u32 = 500;

/// Which payouts to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Of this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// At these statuses: the wire contract's integers, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Older than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cid>,
    /// At most so many; 100 if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLine {
    /// Its number.
    pub cid: Cid,
    /// Whose.
    pub project: ProjectId,
    /// The caller's number.
    pub third_party_id: ThirdPartyId,
    /// What it does.
    pub kind: Kind,
    /// The wire contract's integer.
    pub status: u8,
    /// Where it is, in our words.
    pub state: String,
    /// The coin, as the caller wrote it.
    pub currency: String,
    /// How much, in token units.
    pub amount: String,
    /// To whom.
    pub to: Address,
    /// The rule that decided.
    pub rule: RuleId,
    /// Why it waits, if it does.
    pub wait: Option<Waiting>,
    /// The transaction's id, once there is one.
    pub txid: Option<String>,
    /// When it was accepted.
    pub created: Millis,
}

impl From<&PayoutRow> for PayoutLine {
    fn from(row: &PayoutRow) -> Self {
        let intent = &row.payout.intent;
        Self {
            cid: intent.cid,
            project: intent.project,
            third_party_id: intent.third_party_id.clone(),
            kind: intent.kind,
            status: row.status.code(),
            state: row.payout.state.name().to_owned(),
            currency: row.terms.currency.clone(),
            amount: intent.amount_text.clone(),
            to: intent.to.clone(),
            rule: intent.rule.clone(),
            wait: row.wait.as_ref().map(Waiting::from),
            txid: row.payout.state.txid().map(str::to_owned),
            created: row.created,
        }
    }
}

pub(in crate::operator) async fn handle(
    State(office): State<Arc<Office>>,
    query: Result<Query<ListQuery>, QueryRejection>,
    _by: By<Viewer>,
) -> Answer<Vec<PayoutLine>> {
    let Query(ListQuery { project, status, kind, before, limit }) =
        query.map_err(|error| Fault::bad(error.body_text(), "correct the query"))?;
    let filter = PayoutFilter {
        project,
        statuses: status.as_deref().map_or(Ok(Vec::new()), statuses)?,
        kind,
        step: None,
        before,
        limit: limit.unwrap_or(100).clamp(1, MOST),
    };
    let rows = office.gateway.store.list(filter).await?;
    Ok(Json(rows.iter().map(PayoutLine::from).collect()))
}

fn statuses(text: &str) -> Result<Vec<Status>, Fault> {
    const ALL: [Status; 8] = [
        Status::AwaitingApproval,
        Status::OnItsWay,
        Status::SignatureRejected,
        Status::Withdrawn,
        Status::ApprovalRejected,
        Status::AwaitingSignature,
        Status::Succeeded,
        Status::Failed,
    ];
    let one = |word: &str| {
        let code: u8 = word.trim().parse().ok()?;
        ALL.into_iter().find(|status| status.code() == code)
    };
    text.split(',').map(one).collect::<Option<_>>().ok_or_else(|| {
        Fault::field("status", "must be integers from 0 to 7 of the wire contract, separated by commas")
    })
}
