//! A principal's signed act about a payout: an approval, a rejection or a withdrawal.

use payout::approval::{Act, SignedAct};
use payout::ids::{Cid, PrincipalId};
use payout::life::{Cause, Event, Happened, Rejection, Requirement, State, StepQuorum, Withdrawal};
use payout::policy::{ActError, Policy, Progress, may_act, progress};
use payout::time::Millis;
use store::{Advance, AdvanceError, PayoutRow, StoreError, Wait};
use wire::message::StopAct;

use super::awaited;
use crate::clock;
use crate::engine::{lane, record};
use crate::restore::Shut;
use crate::state::Gateway;

/// How often an act is judged anew because the payout changed under it.
const REREADS: usize = 8;

/// An act was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The payout after it.
    pub row: PayoutRow,
    /// What it meant.
    pub effect: Effect,
}

/// What an act meant for its payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// One more approval; others are awaited.
    Approved(Progress),
    /// The last approval: the payout goes on.
    ApprovalComplete,
    /// The payout has ended.
    Ended,
    /// Co-signers were asked to sign before the stop came: it is stored and delivered to them, and ends the payout once
    /// so many have journaled it that no quorum is left.
    Requested {
        /// Co-signers that have acknowledged it, by index.
        acknowledged: Vec<u8>,
    },
}

/// Why an act was not taken. Nothing was stored then.
#[derive(Debug, thiserror::Error)]
pub enum ActRefusal {
    /// There is no such payout.
    #[error("there is no payout {0}")]
    Unknown(Cid),
    /// The act does not count.
    #[error(transparent)]
    DoesNotCount(#[from] ActError),
    /// The payout is not, or no longer, where this act could do anything.
    #[error("the payout is {state}: {why}")]
    TooLate {
        /// Its state's name.
        state: &'static str,
        /// What can be done instead.
        why: &'static str,
    },
    /// The time to approve is over.
    #[error("the time to approve this payout is over")]
    Expired,
    /// An application comes with the payout, never after it.
    #[error("an application is signed when the payout is made")]
    Apply,
    /// The payout changed each time it was looked at.
    #[error("the payout is changing at this moment: try again")]
    Busy,
    /// The database may be an old copy: what it says of the payout may be long out of date.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The database failed.
    #[error("the database can't be used")]
    Store(#[from] StoreError),
    /// The store refuses what follows from the act: a fault in this program.
    #[error("the act can't be stored")]
    Fault(#[source] AdvanceError),
}

/// Takes a signed act: checks it under the newest people chain, and stores it with what it means, or not at all.
///
/// # Errors
/// [`ActRefusal`] names the reason.
pub async fn act(gateway: &Gateway, cid: Cid, act: SignedAct) -> Result<Acted, ActRefusal> {
    gateway.gate.may_decide()?;
    for _ in 0..REREADS {
        let row = gateway.store.payout(cid).await?.ok_or(ActRefusal::Unknown(cid))?;
        let acts = gateway.store.acts(cid).await?;
        let judged = judge(&gateway.policy(), &row, &acts, &act, clock::now())?;
        match store_act(gateway, &row, &act, &judged).await {
            Ok(after) => {
                match judged {
                    Judged::Approve(_) | Judged::Complete => crash::point!("approval stored"),
                    Judged::End(_) | Judged::Request => crash::point!("stop stored"),
                }
                return Ok(finish(gateway, after, act, judged).await);
            }
            Err(AdvanceError::Stale) => {}
            // Delivered once more: a gateway may have stopped between storing it and delivering it.
            Err(AdvanceError::ActRepeated) if judged == Judged::Request => {
                return Ok(finish(gateway, row, act, judged).await);
            }
            Err(AdvanceError::ActRepeated) => return Err(ActError::Already(act.principal).into()),
            Err(AdvanceError::Store(error)) => return Err(error.into()),
            Err(AdvanceError::Unknown(cid)) => return Err(ActRefusal::Unknown(cid)),
            Err(
                fault @ (AdvanceError::TokenTaken { .. }
                | AdvanceError::SecondToken { .. }
                | AdvanceError::TokenMismatch(_)
                | AdvanceError::Illegal(_)),
            ) => return Err(ActRefusal::Fault(fault)),
        }
    }
    Err(ActRefusal::Busy)
}

/// What an act means for a payout as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Judged {
    Approve(Progress),
    Complete,
    End(Event),
    Request,
}

fn judge(
    policy: &Policy,
    row: &PayoutRow,
    so_far: &[SignedAct],
    act: &SignedAct,
    now: Millis,
) -> Result<Judged, ActRefusal> {
    let intent = &row.payout.intent;
    let steps = steps_of(policy, row);
    if act.act == Act::Approve {
        awaits_approval(row, now)?;
    }
    may_act(policy.people(), intent, &row.digest, act, &steps, so_far)?;
    match act.act {
        Act::Apply => Err(ActRefusal::Apply),
        Act::Approve => approve(policy, row, &steps, so_far, act),
        Act::Reject => stop(row, Event::Rejected { by: Rejection::Principal { by: who(act) } }),
        Act::Withdraw => stop(row, Event::Withdrawn { by: Withdrawal::Principal { by: who(act) } }),
    }
}

fn who(act: &SignedAct) -> PrincipalId {
    act.principal.clone()
}

/// The steps that the payout's rule asks for, whether it is waiting for them or past them: whom it asked may stop it.
fn steps_of(policy: &Policy, row: &PayoutRow) -> Vec<StepQuorum> {
    if let State::Approving { steps } | State::Screening { requirement: Requirement::Steps(steps) } =
        &row.payout.state
    {
        return steps.clone();
    }
    let intent = &row.payout.intent;
    let rule = policy.rules(intent.rules_version).and_then(|rules| rules.rule(&intent.rule));
    rule.map(|rule| rule.outcome.steps().to_vec()).unwrap_or_default()
}

/// Whether an approval could do anything now.
fn awaits_approval(row: &PayoutRow, now: Millis) -> Result<(), ActRefusal> {
    let too_late = |why| Err(ActRefusal::TooLate { state: row.payout.state.name(), why });
    match &row.payout.state {
        State::Approving { .. } if now >= row.payout.intent.expiry => Err(ActRefusal::Expired),
        State::Approving { .. } => Ok(()),
        State::Undecided { .. } | State::Screening { .. } => {
            too_late("approve it when the external check has passed it")
        }
        State::Queued | State::Built { .. } | State::Signing { .. } => too_late("no approval is awaited"),
        State::Signed { .. } | State::Sent { .. } | State::Outbidding { .. } | State::Overtaken { .. } => {
            too_late("no approval is awaited")
        }
        State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => too_late("it has ended"),
    }
}

/// One more approval, or the last.
fn approve(
    policy: &Policy,
    row: &PayoutRow,
    steps: &[StepQuorum],
    so_far: &[SignedAct],
    act: &SignedAct,
) -> Result<Judged, ActRefusal> {
    let mut acts = so_far.to_vec();
    acts.push(act.clone());
    let progress = progress(steps, policy.people(), &row.payout.intent, &row.digest, &acts)?;
    Ok(if progress.complete { Judged::Complete } else { Judged::Approve(progress) })
}

/// A stop ends the payout as long as no co-signer was asked; afterwards only the co-signers can.
fn stop(row: &PayoutRow, event: Event) -> Result<Judged, ActRefusal> {
    let too_late = |why| Err(ActRefusal::TooLate { state: row.payout.state.name(), why });
    match &row.payout.state {
        State::Undecided { .. }
        | State::Screening { .. }
        | State::Approving { .. }
        | State::Queued
        | State::Built { .. } => Ok(Judged::End(event)),
        State::Signing { .. } => Ok(Judged::Request),
        State::Signed { .. } | State::Sent { .. } | State::Outbidding { .. } | State::Overtaken { .. } => {
            too_late("it is signed; only a void can still replace it")
        }
        State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => too_late("it has ended"),
    }
}

async fn store_act(
    gateway: &Gateway,
    row: &PayoutRow,
    act: &SignedAct,
    judged: &Judged,
) -> Result<PayoutRow, AdvanceError> {
    let now = clock::now();
    let by = who(act);
    let (event, wait, due_at): (_, Option<Wait>, _) = match judged {
        Judged::Approve(progress) => {
            let wait = awaited(row, &Ok(progress.clone()));
            (Some(Event::ApprovalGiven { by }), Some(wait), Some(row.payout.intent.expiry))
        }
        Judged::Complete => (Some(Event::ApprovalComplete { by }), None, None),
        Judged::End(event) => (Some(event.clone()), None, None),
        // The payout itself is where it was, and so is its wait.
        Judged::Request => (None, row.wait.clone(), Some(row.due_at)),
    };
    let happened = event.map(|event| Happened { event, cause: Cause::Principal(who(act)), at: now });
    let advance = Advance {
        cid: row.cid(),
        version: row.version,
        happened: happened.into_iter().collect(),
        take: None,
        acts: vec![act.clone()],
        wait,
        due_at,
        now,
    };
    gateway.store.advance(advance).await
}

/// After the act is stored: wakes who goes on, and takes a stop to the co-signers.
async fn finish(gateway: &Gateway, row: PayoutRow, act: SignedAct, judged: Judged) -> Acted {
    tracing::info!(cid = %row.cid(), by = %act.principal, act = %act.act, "act taken");
    let stop = StopAct { intent: row.payout.intent.canonical(), act };
    let effect = match judged {
        Judged::Approve(progress) => Effect::Approved(progress),
        Judged::Complete => {
            record::after(gateway, &row);
            Effect::ApprovalComplete
        }
        Judged::End(_) => {
            record::after(gateway, &row);
            // It may have left a place in its lane.
            lane::freed(gateway, &row.payout.intent).await;
            // It has ended here; co-signers keep the stop for the day when somebody else asks them.
            let hub = gateway.hub.clone();
            tokio::spawn(async move { hub.stop(vec![stop], Vec::new()).await });
            Effect::Ended
        }
        Judged::Request => {
            let seen = gateway.hub.stop(vec![stop], Vec::new()).await;
            // So many may have journaled it that nobody is left to sign.
            gateway.wake.of(payout::life::Step::Sign).notify_one();
            Effect::Requested { acknowledged: seen.into_iter().map(|seen| seen.index).collect() }
        }
    };
    Acted { row, effect }
}
