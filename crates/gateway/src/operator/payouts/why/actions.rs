//! A state in a sentence, and what can be done in it.

use std::sync::Arc;

use payout::intent::Kind;
use payout::life::{Death, Rejection, State, Status, StepQuorum, Withdrawal};
use store::{PayoutRow, TokenRow};

use crate::node::Road;
use crate::operator::payouts::show::ApprovalProgress;

/// Where the payout is.
pub(super) fn story(row: &PayoutRow, approvals: &ApprovalProgress, steps: &[StepQuorum]) -> String {
    match &row.payout.state {
        State::Undecided { missing } => format!("no rule has decided yet: {missing} is missing"),
        State::Screening { .. } => "the project's external check has not said ok yet".to_owned(),
        State::Approving { .. } => approving(approvals, steps),
        State::Queued => "approved; waits to be built".to_owned(),
        State::Built { build } => format!("built with {}; no co-signer has been asked yet", build.token),
        State::Signing { build, .. } => format!("co-signers have been asked to sign with {}", build.token),
        State::Signed { tx, .. } => format!("signed as {}; it is being sent", tx.txid),
        State::Sent { tx, .. } => format!("sent as {}; not final yet", tx.txid),
        State::Outbidding { tx, .. } => {
            format!(
                "sent as {}, which offers too little by now; co-signers are asked to sign a higher offer",
                tx.txid
            )
        }
        State::Overtaken { build } => {
            format!("{} was used on chain and no signature came back; not final yet", build.token)
        }
        State::Succeeded { txid, block } if row.payout.intent.kind == Kind::Void => {
            format!("its target's token is spent on nothing by {txid} in block {}", block.height)
        }
        State::Succeeded { txid, block } if row.payout.intent.kind == Kind::Maintenance => {
            format!("done by {txid} in block {}", block.height)
        }
        State::Succeeded { txid, block } => format!("paid by {txid} in block {}", block.height),
        State::Failed { death } => format!("it can never land: {}", died(death)),
        State::Refused { why } => format!("no quorum of co-signers is left that would sign: {why}"),
        State::Rejected { by } => match by {
            Rejection::Rule { why } => format!("rejected: {why}"),
            Rejection::Principal { by } => format!("rejected by {by}"),
            Rejection::Screening => "rejected by the project's external check".to_owned(),
        },
        State::Withdrawn { by } => match by {
            Withdrawal::Principal { by } => format!("withdrawn by {by}"),
            Withdrawal::Expired => "the time to approve ran out".to_owned(),
            Withdrawal::TargetEnded { how } => format!("what it was about has ended: {how}"),
            Withdrawal::Displaced { by } => {
                format!("its caller's number is that of payout {by}, which was signed before: look there")
            }
        },
    }
}

fn approving(approvals: &ApprovalProgress, steps: &[StepQuorum]) -> String {
    let given = match approvals.given.len() {
        0 => "nobody has approved yet".to_owned(),
        _ => {
            let names: Vec<&str> = approvals.given.iter().map(|id| id.as_str()).collect();
            format!("approved by {}", names.join(", "))
        }
    };
    match steps.get(approvals.steps_done) {
        Some(step) => format!(
            "step {} of {} lacks {} of the group {}; {given}",
            approvals.steps_done + 1,
            steps.len(),
            approvals.missing,
            step.group
        ),
        None => given,
    }
}

fn died(death: &Death) -> String {
    match death {
        Death::Reverted { txid, why, .. } => {
            format!("its transaction {txid} is final and had no effect ({why})")
        }
        Death::Expired { txid, block } => {
            format!(
                "its transaction {txid} is in no final block, and its time is over since block {}",
                block.height
            )
        }
        Death::TokenSpent { txid, .. } => format!("the final transaction {txid} spent its token"),
    }
}

/// What can be done, most useful first.
pub(super) fn next(
    row: &PayoutRow,
    pauses: &[String],
    road: Option<&Arc<dyn Road>>,
    held: Option<&TokenRow>,
) -> Vec<String> {
    let cid = row.cid();
    let mut actions = Vec::new();
    if !pauses.is_empty() {
        actions.push("end the pause: `bursar resume PAUSE`, or wait for its end".to_owned());
    }
    // Who has to approve what is said better below.
    if let Some(wait) = row.wait.as_ref().filter(|_| !matches!(row.payout.state, State::Approving { .. })) {
        actions.push(wait.next_action.clone());
    }
    if road.is_none() && !row.status.is_terminal() {
        actions.push(
            "configure nodes for its chain in gateway.toml, [[chain]], and start the gateway again"
                .to_owned(),
        );
    }
    match &row.payout.state {
        State::Undecided { .. } => actions.push("none: it is decided when the figure is there".to_owned()),
        State::Screening { .. } => {
            actions.push(
                "look at the project's verification URL; the check is asked again by itself".to_owned(),
            );
        }
        State::Approving { .. } => {
            actions.push(format!(
                "approve: `bursar payout approve {cid}`, or reject: `bursar payout reject {cid}`"
            ));
            actions.push(format!("take it back: `bursar payout withdraw {cid}`"));
        }
        State::Queued | State::Built { .. } => {
            actions.push(format!("take it back: `bursar payout withdraw {cid}`"));
        }
        State::Signing { .. } => {
            actions.push(
                "look at the co-signers' refusals below and at `bursar cosigner list`; it is asked again by itself"
                    .to_owned(),
            );
            if !row.payout.intent.kind.spends_targets_token() {
                actions.push(format!("spend its token on nothing: `bursar payout void {cid}`"));
            }
        }
        State::Signed { .. } | State::Sent { .. } | State::Outbidding { .. } | State::Overtaken { .. } => {
            actions.push(
                "none: it is sent again, outbid under its cap if it offers too little, and watched until it is final"
                    .to_owned(),
            );
            actions.extend(remedies(row));
        }
        State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => {
            if let Some(held) = held.filter(|_| {
                matches!(row.status, Status::SignatureRejected | Status::Withdrawn | Status::ApprovalRejected)
            }) {
                actions.push(format!(
                    "it keeps {}, which all later ones of its address wait for: `bursar payout void {cid}` spends it",
                    held.token
                ));
            }
            if row.terms.callback_url.is_some() {
                actions.push(format!("tell the caller again: `bursar callback resend {cid}`"));
            }
        }
    }
    actions
}

/// What people can order about one that may be stuck.
fn remedies(row: &PayoutRow) -> Option<String> {
    let cid = row.cid();
    match row.payout.intent.kind {
        Kind::Payout => Some(format!(
            "if it is stuck, pay it under a higher cap: `bursar payout raise-cap {cid} --cap FEE`, or spend its token on \
             nothing: `bursar payout void {cid}`"
        )),
        Kind::Maintenance => {
            Some(format!("if it is stuck, spend its token on nothing: `bursar payout void {cid}`"))
        }
        Kind::Void | Kind::RaiseCap => None,
    }
}
