//! `GET /bursar/v1/payouts/{cid}`: everything that is stored of a payout, so that a reader can judge for themselves.
//! The command line's export is this body: intent, acts and history verify offline.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::approval::SignedAct;
use payout::ids::{Cid, Digest, PrincipalId};
use payout::life::{self, Entry, StepQuorum};
use payout::policy::{Policy, Progress, progress};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Call, CallerProof, PayoutRow};

use super::Waiting;
use crate::operator::door::{By, Viewer};
use crate::operator::fault::Answer;
use crate::operator::office::Office;

/// A payout, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PayoutSheet {
    /// Its number.
    pub cid: Cid,
    /// The intent's canonical text: what is approved and signed for.
    pub intent: String,
    /// Its digest.
    pub digest: Digest,
    /// The wire contract's integer.
    pub status: u8,
    /// Where it is, and what that state knows.
    pub state: life::State,
    /// Why it waits, if it does.
    pub wait: Option<Waiting>,
    /// Whose approvals its rule asks for, in order; none for an automatic rule.
    pub steps: Vec<StepQuorum>,
    /// How far they are.
    pub progress: ApprovalProgress,
    /// The signed acts, in the order of their arrival.
    pub acts: Vec<SignedAct>,
    /// What happened, hash-chained.
    pub history: Vec<Entry>,
    /// What the caller said.
    pub terms: CallerTerms,
    /// The caller's own signature over the request, if there was one.
    pub caller: Option<CallerWord>,
    /// Voids and raised caps of this payout.
    pub related: Vec<Cid>,
    /// When it was accepted.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// How far approvals are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalProgress {
    /// Steps that are filled.
    pub steps_done: usize,
    /// Whose approvals count.
    pub given: Vec<PrincipalId>,
    /// How many the present step still lacks.
    pub missing: u8,
    /// Whether all steps are filled.
    pub complete: bool,
    /// Approvals that don't count and why, or what stopped it.
    pub remarks: Vec<String>,
}

/// What the caller said, in its own spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerTerms {
    /// Which call made it.
    pub call: Call,
    /// The coin.
    pub currency: String,
    /// The amount.
    pub amount: String,
    /// The recipient.
    pub to: String,
    /// Where the callback goes.
    pub callback_url: Option<String>,
    /// The remark.
    pub remark: Option<String>,
}

/// A caller's own signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerWord {
    /// The header, whole.
    pub header: String,
    /// The raw body that it covers, hex.
    #[serde(with = "hex::serde")]
    pub body: Vec<u8>,
}

pub(in crate::operator) async fn handle(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    _by: By<Viewer>,
) -> Answer<PayoutSheet> {
    let gateway = &office.gateway;
    let row = super::find(gateway, &cid).await?;
    let cid = row.cid();
    let (history, acts, caller, related) = tokio::try_join!(
        gateway.store.history(cid),
        gateway.store.acts(cid),
        gateway.store.caller(cid),
        gateway.store.payouts_targeting(&row.digest),
    )?;
    Ok(Json(sheet(&gateway.policy(), &row, history, acts, caller, &related)))
}

fn sheet(
    policy: &Policy,
    row: &PayoutRow,
    history: Vec<Entry>,
    acts: Vec<SignedAct>,
    caller: Option<CallerProof>,
    related: &[PayoutRow],
) -> PayoutSheet {
    let steps = steps(policy, row);
    let terms = &row.terms;
    PayoutSheet {
        cid: row.cid(),
        intent: row.payout.intent.canonical(),
        digest: row.digest,
        status: row.status.code(),
        state: row.payout.state.clone(),
        wait: row.wait.as_ref().map(Waiting::from),
        progress: approvals(policy, row, &steps, &acts),
        steps,
        acts,
        history,
        terms: CallerTerms {
            call: terms.call,
            currency: terms.currency.clone(),
            amount: terms.amount.clone(),
            to: terms.to_echo.clone(),
            callback_url: terms.callback_url.clone(),
            remark: terms.remark.clone(),
        },
        caller: caller.map(|CallerProof { header, body }| CallerWord { header, body }),
        related: related.iter().map(PayoutRow::cid).collect(),
        created: row.created,
        updated: row.updated,
    }
}

/// The steps of the rule that the intent names, in the version that it names.
pub(super) fn steps(policy: &Policy, row: &PayoutRow) -> Vec<StepQuorum> {
    let intent = &row.payout.intent;
    let rule = policy.rules(intent.rules_version).and_then(|rules| rules.rule(&intent.rule));
    rule.map(|rule| rule.outcome.steps().to_vec()).unwrap_or_default()
}

/// How far `acts` fill `steps`, under the people in office now.
pub(super) fn approvals(
    policy: &Policy,
    row: &PayoutRow,
    steps: &[StepQuorum],
    acts: &[SignedAct],
) -> ApprovalProgress {
    match progress(steps, policy.people(), &row.payout.intent, &row.digest, acts) {
        Ok(Progress { step, given, missing, complete, ignored }) => ApprovalProgress {
            steps_done: step,
            given,
            missing,
            complete,
            remarks: ignored.into_iter().map(|(_, why)| why.to_string()).collect(),
        },
        Err(stop) => ApprovalProgress {
            steps_done: 0,
            given: Vec::new(),
            missing: steps.first().map_or(0, |step| step.quorum),
            complete: false,
            remarks: vec![stop.to_string()],
        },
    }
}
