//! What co-signers said, and operators' nonces.

use payout::key::Signature;
use store::{CosignerReport, Never, NonceUse, ReportedRefusal, SessionOutcome, SessionRow};

use crate::house::{House, at, person};

#[tokio::test]
async fn a_session_is_kept_with_what_each_co_signer_said() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let open = SessionRow {
        session: "00ff".to_owned(),
        cid: row.cid(),
        intent: row.digest,
        participants: vec![1, 3],
        outcome: SessionOutcome::Open,
        reports: Vec::new(),
        opened: at(0),
        closed: None,
    };
    house.store.record_session(open.clone()).await.unwrap();
    let refusal = ReportedRefusal {
        check: "budget".to_owned(),
        finality: "later".to_owned(),
        reason: "the day's sum is used up".to_owned(),
    };
    let report = CosignerReport { index: 3, checks: vec!["session".to_owned()], refusal: Some(refusal) };
    let closed =
        SessionRow { outcome: SessionOutcome::Refused, reports: vec![report], closed: Some(at(9)), ..open };
    house.store.record_session(closed.clone()).await.unwrap();
    assert_eq!(house.store.sessions(row.cid()).await.unwrap(), vec![closed]);
}

#[tokio::test]
async fn the_first_never_of_a_co_signer_stays() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let never = |index, reason: &str| Never {
        index,
        intent: row.digest,
        reason: reason.to_owned(),
        at: at(1),
        signature: Signature::from_bytes([index; 64]),
    };
    for never in [never(2, "stopped"), never(1, "stopped"), never(2, "changed my mind")] {
        house.store.record_never(never).await.unwrap();
    }
    let kept = house.store.nevers(&row.digest).await.unwrap();
    assert_eq!(kept, vec![never(1, "stopped"), never(2, "stopped")]);
}

#[tokio::test]
async fn a_nonce_is_fresh_once_for_each_principal() {
    let house = House::new().await;
    let nonce = async |who: &str| house.store.operator_nonce(&person(who), "aa", at(1000)).await.unwrap();
    assert_eq!(nonce("ann").await, NonceUse::Fresh);
    assert_eq!(nonce("ann").await, NonceUse::Seen);
    assert_eq!(nonce("ben").await, NonceUse::Fresh);
}
