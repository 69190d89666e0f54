//! Payouts as rows: the documents, and the columns derived from them that are searched.

use payout::ids::Digest;
use payout::life::{Event, Payout, State, Status};
use payout::time::Millis;

use super::payout::{Call, PayoutRow, Terms, Wait};
use crate::column::{Column, to_json, to_word};
use crate::error::StoreError;
use crate::schema::entity::payouts;

/// The columns that follow from a payout's state. The state's JSON text is the truth.
pub(crate) struct Place {
    pub(crate) state: String,
    pub(crate) state_name: String,
    pub(crate) status: i32,
    pub(crate) step: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) txid: Option<String>,
}

impl Place {
    pub(crate) fn of(payout: &Payout) -> Self {
        let state = &payout.state;
        Self {
            state: to_json(state),
            state_name: state.name().to_owned(),
            status: i32::from(state.status().code()),
            step: payout.step().map(|step| step.as_str().to_owned()),
            token: token_of(state),
            txid: state.txid().map(str::to_owned),
        }
    }
}

/// The token that a live payout holds. An ended one keeps its row in `tokens`.
fn token_of(state: &State) -> Option<String> {
    state.build().map(|build| build.token.to_string())
}

/// A fresh payout's row.
pub(crate) fn first_row(payout: &Payout, terms: Terms, head_hash: Digest, now: Millis) -> payouts::Model {
    let place = Place::of(payout);
    let intent = &payout.intent;
    payouts::Model {
        cid: intent.cid.get(),
        project: intent.project.get(),
        third_party_id: intent.third_party_id.to_string(),
        kind: intent.kind.as_str().to_owned(),
        attempt: i32::try_from(intent.attempt.get()).unwrap_or(i32::MAX),
        digest: intent.digest().to_string(),
        wallet: intent.wallet.get(),
        chain_id: intent.chain_id.to_string(),
        network_id: intent.network_id.to_string(),
        token_id: intent.token_id.to_string(),
        from_address: intent.from.to_string(),
        to_address: intent.to.to_string(),
        rule: intent.rule.to_string(),
        target: intent.target.map(|digest| digest.to_string()),
        intent: to_json(intent),
        state: place.state,
        state_name: place.state_name,
        status: place.status,
        step: place.step,
        token: place.token,
        txid: place.txid,
        version: 1,
        due_at: now.get(),
        lease_until: None,
        lease_owner: None,
        wait_reason: None,
        wait_next: None,
        wait_since: None,
        call: to_word(&terms.call),
        currency: terms.currency,
        amount: terms.amount,
        to_echo: terms.to_echo,
        callback_url: terms.callback_url,
        remark: terms.remark,
        created: now.get(),
        updated: now.get(),
        head_seq: 0,
        head_hash: head_hash.to_string(),
        displaced_by: None,
    }
}

const fn at(column: &'static str) -> Column {
    Column("payouts", column)
}

/// The payout of a row.
pub(crate) fn payout_of(model: &payouts::Model) -> Result<Payout, StoreError> {
    Ok(Payout { intent: at("intent").json(&model.intent)?, state: at("state").json(&model.state)? })
}

/// The status with this code.
pub(crate) fn status_of(column: Column, code: i32) -> Result<Status, StoreError> {
    ALL_STATUSES
        .into_iter()
        .find(|status| i32::from(status.code()) == code)
        .ok_or_else(|| column.corrupt("no status of the wire contract"))
}

const ALL_STATUSES: [Status; 8] = [
    Status::AwaitingApproval,
    Status::AwaitingSignature,
    Status::OnItsWay,
    Status::SignatureRejected,
    Status::Withdrawn,
    Status::ApprovalRejected,
    Status::Succeeded,
    Status::Failed,
];

impl PayoutRow {
    pub(crate) fn from_model(model: payouts::Model) -> Result<Self, StoreError> {
        let payout = payout_of(&model)?;
        Self::from_parts(model, payout)
    }

    /// The same when the payout was read from the row already.
    pub(crate) fn from_parts(model: payouts::Model, payout: Payout) -> Result<Self, StoreError> {
        let call: Call = at("call").word(&model.call)?;
        let wait = match (model.wait_reason, model.wait_next) {
            (Some(reason), Some(next_action)) => Some(Wait { reason, next_action }),
            (None, None) => None,
            _ => return Err(at("wait_reason").corrupt("half a reason")),
        };
        Ok(Self {
            digest: at("digest").parse(&model.digest)?,
            version: model.version,
            status: payout.state.status(),
            terms: Terms {
                call,
                currency: model.currency,
                amount: model.amount,
                to_echo: model.to_echo,
                callback_url: model.callback_url,
                remark: model.remark,
            },
            wait,
            waiting_since: at("wait_since").millis_opt(model.wait_since)?,
            due_at: at("due_at").millis(model.due_at)?,
            lease_until: at("lease_until").millis_opt(model.lease_until)?,
            created: at("created").millis(model.created)?,
            updated: at("updated").millis(model.updated)?,
            payout,
        })
    }
}

/// Whether the callback of this end is wanted (wire contract, section 5): 3 only where the project asked for it.
pub(crate) const fn is_told(status: Status, notify_withdrawn: NotifyWithdrawn) -> bool {
    match status {
        Status::AwaitingApproval | Status::AwaitingSignature | Status::OnItsWay => false,
        Status::Withdrawn => matches!(notify_withdrawn, NotifyWithdrawn::Yes),
        Status::SignatureRejected | Status::ApprovalRejected | Status::Succeeded | Status::Failed => true,
    }
}

/// Whether the project asked for callbacks of status 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifyWithdrawn {
    Yes,
    No,
}

/// The build that an event brings.
pub(crate) const fn build_of(event: &Event) -> Option<&payout::life::Build> {
    match event {
        Event::Built { build } => Some(build),
        Event::Decided { .. }
        | Event::ScreeningPassed
        | Event::ApprovalGiven { .. }
        | Event::ApprovalComplete { .. }
        | Event::Rejected { .. }
        | Event::Withdrawn { .. }
        | Event::Lapsed
        | Event::SigningStarted
        | Event::Signed { .. }
        | Event::Outbid { .. }
        | Event::TokenUsed
        | Event::SignatureRefused { .. }
        | Event::Broadcast
        | Event::Succeeded { .. }
        | Event::Died { .. } => None,
    }
}
