//! Approvals and stops: which count, what they mean, and who wins when several come at once.

use payout::approval::Act;
use payout::life::{Event, Rejection, Requirement, Screening, State, Status, Withdrawal};
use payout::policy::ActError;
use store::PayoutRow;

use super::house::{House, act_of, build, name, two_of_treasury};
use crate::engine::approve::{ActRefusal, Acted, Effect, act, step};
use crate::engine::{Next, StepError};

async fn approving(house: &House) -> PayoutRow {
    house.accept(two_of_treasury(), Screening::None).await
}

async fn acted(house: &House, row: &PayoutRow, who: &str, what: Act) -> Result<Acted, ActRefusal> {
    act(&house.gateway, row.cid(), act_of(who, what, row.digest)).await
}

#[tokio::test]
async fn the_step_says_whose_approvals_are_awaited_until_the_expiry() {
    let house = House::new().await;
    let row = approving(&house).await;
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Held);
    let held = house.row(row.cid()).await;
    assert_eq!(held.wait.unwrap().reason, "step 1 of 1: 2 more of treasury must approve");
    assert_eq!(held.due_at, row.payout.intent.expiry);
}

#[tokio::test]
async fn the_last_approval_lets_the_payout_on() {
    let house = House::new().await;
    let row = approving(&house).await;
    let first = acted(&house, &row, "ann", Act::Approve).await.unwrap();
    assert!(matches!(first.effect, Effect::Approved(progress) if progress.missing == 1));
    let held = house.row(row.cid()).await;
    assert_eq!(held.status, Status::AwaitingApproval);
    assert_eq!(held.wait.unwrap().reason, "step 1 of 1: 1 more of treasury must approve");
    let second = acted(&house, &row, "bob", Act::Approve).await.unwrap();
    assert_eq!(second.effect, Effect::ApprovalComplete);
    assert_eq!(house.row(row.cid()).await.payout.state, State::Queued);
    assert_eq!(house.gateway.store.acts(row.cid()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_approves_twice_and_strangers_not_at_all() {
    let house = House::new().await;
    let row = approving(&house).await;
    acted(&house, &row, "ann", Act::Approve).await.unwrap();
    let again = acted(&house, &row, "ann", Act::Approve).await.unwrap_err();
    assert!(matches!(again, ActRefusal::DoesNotCount(ActError::Already(_))), "{again}");
    let operator = acted(&house, &row, "dora", Act::Approve).await.unwrap_err();
    assert!(matches!(operator, ActRefusal::DoesNotCount(ActError::Role { .. })), "{operator}");
    let mut forged = act_of("bob", Act::Reject, row.digest);
    forged.act = Act::Approve;
    let forged = act(&house.gateway, row.cid(), forged).await.unwrap_err();
    assert!(matches!(forged, ActRefusal::DoesNotCount(ActError::DoesNotVerify(_))), "{forged}");
    assert_eq!(house.gateway.store.acts(row.cid()).await.unwrap().len(), 1);
    assert_eq!(house.row(row.cid()).await.status, Status::AwaitingApproval);
}

#[tokio::test]
async fn an_act_about_another_intent_is_refused() {
    let house = House::new().await;
    let (row, other) = (approving(&house).await, approving(&house).await);
    let error = act(&house.gateway, row.cid(), act_of("ann", Act::Approve, other.digest)).await.unwrap_err();
    assert!(matches!(error, ActRefusal::DoesNotCount(ActError::OtherIntent(_))), "{error}");
}

#[tokio::test]
async fn a_rejection_ends_it_at_4_and_a_withdrawal_at_3() {
    let house = House::new().await;
    let row = approving(&house).await;
    let rejected = acted(&house, &row, "cyn", Act::Reject).await.unwrap();
    assert_eq!(rejected.effect, Effect::Ended);
    let by = Rejection::Principal { by: name("cyn") };
    assert_eq!(house.row(row.cid()).await.payout.state, State::Rejected { by });

    let row = approving(&house).await;
    acted(&house, &row, "dora", Act::Withdraw).await.unwrap();
    let by = Withdrawal::Principal { by: name("dora") };
    assert_eq!(house.row(row.cid()).await.payout.state, State::Withdrawn { by });
    let late = acted(&house, &row, "ann", Act::Approve).await.unwrap_err();
    assert!(matches!(late, ActRefusal::TooLate { state: "withdrawn", .. }), "{late}");
}

#[tokio::test]
async fn an_approval_after_the_expiry_is_refused() {
    let house = House::new().await;
    let late = |intent: &mut payout::intent::Intent| intent.expiry = intent.created;
    let row = house.accept_with(two_of_treasury(), Screening::None, late, None, store::Call::V2).await;
    let error = acted(&house, &row, "ann", Act::Approve).await.unwrap_err();
    assert!(matches!(error, ActRefusal::Expired), "{error}");
    assert_eq!(step(&house.gateway, row.clone()).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(row.cid()).await.status, Status::Withdrawn);
}

#[tokio::test]
async fn an_approval_during_the_external_check_is_refused() {
    let house = House::new().await;
    let row = house.accept(two_of_treasury(), Screening::Asked).await;
    let error = acted(&house, &row, "ann", Act::Approve).await.unwrap_err();
    assert!(matches!(error, ActRefusal::TooLate { state: "screening", .. }), "{error}");
}

#[tokio::test]
async fn a_stop_after_the_build_still_ends_it_and_after_the_start_it_is_requested() {
    let house = House::new().await;
    let row = house.accept(Requirement::Nobody, Screening::None).await;
    let built = house.happen(&row, Event::Built { build: build(0) }).await;
    assert_eq!(acted(&house, &built, "eve", Act::Reject).await.unwrap().effect, Effect::Ended);

    let row = house.accept(Requirement::Nobody, Screening::None).await;
    let built = house.happen(&row, Event::Built { build: build(1) }).await;
    let signing = house.happen(&built, Event::SigningStarted).await;
    let stop = acted(&house, &signing, "dora", Act::Withdraw).await.unwrap();
    assert_eq!(stop.effect, Effect::Requested { acknowledged: Vec::new() });
    let after = house.row(row.cid()).await;
    assert_eq!(after.payout.state.name(), "signing");
    assert_eq!(after.due_at, signing.due_at);
    assert_eq!(house.gateway.store.acts(row.cid()).await.unwrap().len(), 1);
    // Said again, it is delivered again and stored once.
    let again = acted(&house, &signing, "dora", Act::Withdraw).await.unwrap();
    assert!(matches!(again.effect, Effect::Requested { .. }));
    assert_eq!(house.gateway.store.acts(row.cid()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_of_a_signed_payout_comes_too_late() {
    let house = House::new().await;
    let row = house.signed(0).await;
    let error = acted(&house, &row, "eve", Act::Reject).await.unwrap_err();
    assert!(matches!(error, ActRefusal::TooLate { state: "signed", .. }), "{error}");
}

#[tokio::test]
async fn approvals_and_stops_at_once_have_one_outcome() {
    for _ in 0..8 {
        let house = House::new().await;
        let row = approving(&house).await;
        acted(&house, &row, "ann", Act::Approve).await.unwrap();
        let (approve, reject, withdraw) = tokio::join!(
            acted(&house, &row, "bob", Act::Approve),
            acted(&house, &row, "cyn", Act::Reject),
            acted(&house, &row, "dora", Act::Withdraw),
        );
        // A stop may come before or after the approval; two stops can't both have ended it.
        let ended = [&reject, &withdraw].iter().filter(|acted| acted.is_ok()).count();
        assert_eq!(ended, 1, "{approve:?} {reject:?} {withdraw:?}");
        let state = house.row(row.cid()).await.payout.state;
        let is_rejected = matches!(state, State::Rejected { .. });
        assert_eq!(is_rejected, reject.is_ok(), "{state:?}");
        payout::life::verify_history(row.cid(), &house.gateway.store.history(row.cid()).await.unwrap())
            .unwrap();
    }
}

#[tokio::test]
async fn an_approval_that_meets_the_step_wins_or_reads_again() {
    let house = House::new().await;
    let row = approving(&house).await;
    let (approved, stepped) =
        tokio::join!(acted(&house, &row, "ann", Act::Approve), step(&house.gateway, row.clone()));
    approved.unwrap();
    assert!(matches!(stepped, Ok(Next::Held) | Err(StepError::Stale)), "{stepped:?}");
    assert_eq!(house.gateway.store.acts(row.cid()).await.unwrap().len(), 1);
}
