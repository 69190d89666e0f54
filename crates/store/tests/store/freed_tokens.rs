//! A token is free again when its payout ended before anybody can have signed for it, and only then.

use payout::intent::{Intent, Kind};
use payout::life::{Event, Payout, Rejection, Requirement, Screening, Withdrawal};
use store::{AdvanceError, CosignerReport, Never, PayoutRow, ReportedRefusal, SessionOutcome, SessionRow};

use crate::house::{House, at, building, person};

fn session(row: &PayoutRow, name: &str) -> SessionRow {
    SessionRow {
        session: name.to_owned(),
        cid: row.cid(),
        intent: row.digest,
        participants: vec![1, 2],
        outcome: SessionOutcome::Refused,
        reports: vec![CosignerReport { index: 1, checks: Vec::new(), refusal: None }],
        opened: at(1),
        closed: Some(at(2)),
    }
}

/// Whether another payout can take the token of nonce 7.
async fn is_free(house: &House, number: &str) -> bool {
    let other = house.accepted(number).await;
    match house.store.advance(building(&other, 7)).await {
        Ok(_) => true,
        Err(AdvanceError::TokenTaken { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn refused_after(house: &House, sessions: &[SessionRow], row: &PayoutRow) {
    let row = house.advance(row, vec![Event::SigningStarted]).await.unwrap();
    for session in sessions {
        house.store.record_session(session.clone()).await.unwrap();
    }
    let why = "co-signer 1: a stop is on record".to_owned();
    house.advance(&row, vec![Event::SignatureRefused { why }]).await.unwrap();
}

#[tokio::test]
async fn one_that_is_withdrawn_or_rejected_before_signing_leaves_its_token() {
    let ends = [
        Event::Withdrawn { by: Withdrawal::Principal { by: person("ann") } },
        Event::Rejected { by: Rejection::Principal { by: person("ann") } },
    ];
    for end in ends {
        let house = House::new().await;
        let row = house.accepted("n-1").await;
        let row = house.store.advance(building(&row, 7)).await.unwrap();
        assert!(!is_free(&house, "n-2").await);
        house.advance(&row, vec![end]).await.unwrap();
        assert!(is_free(&house, "n-3").await);
    }
}

#[tokio::test]
async fn one_that_nobody_checked_leaves_its_token_when_it_is_refused() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let row = house.store.advance(building(&row, 7)).await.unwrap();
    refused_after(&house, &[session(&row, "aa"), session(&row, "bb")], &row).await;
    assert!(is_free(&house, "n-2").await);
}

#[tokio::test]
async fn one_that_somebody_may_have_signed_keeps_its_token_for_ever() {
    let checked = CosignerReport { index: 2, checks: vec!["bytes".to_owned()], refusal: None };
    let doubts: [fn(SessionRow, CosignerReport) -> SessionRow; 3] = [
        |session, checked| SessionRow { reports: vec![checked], ..session },
        |session, _| SessionRow { outcome: SessionOutcome::Open, closed: None, ..session },
        |session, _| {
            let outcome = SessionOutcome::Aborted { why: "the connection was lost".to_owned() };
            SessionRow { outcome, closed: None, ..session }
        },
    ];
    for doubt in doubts {
        let house = House::new().await;
        let row = house.accepted("n-1").await;
        let row = house.store.advance(building(&row, 7)).await.unwrap();
        let doubtful = doubt(session(&row, "bb"), checked.clone());
        refused_after(&house, &[session(&row, "aa"), doubtful], &row).await;
        assert!(!is_free(&house, "n-2").await);
    }
}

/// The word of a co-signer that it has not contributed to a payout and never will.
async fn promises(house: &House, index: u8, row: &PayoutRow) {
    let signature = payout::key::SecretKey::from_seed(&[index; 32]).sign(b"verified by whoever records it");
    let never = Never { index, intent: row.digest, reason: "a stop".to_owned(), at: at(3), signature };
    house.store.record_never(never).await.unwrap();
}

#[tokio::test]
async fn who_promises_never_to_sign_has_not_contributed_whatever_was_heard() {
    let lost = SessionOutcome::Aborted { why: "the connection was lost".to_owned() };
    let refused = ReportedRefusal {
        check: "journal".to_owned(),
        finality: "never".to_owned(),
        reason: "a stop".to_owned(),
    };
    let report = CosignerReport { index: 1, checks: Vec::new(), refusal: Some(refused) };
    for (promised, outcome, freed) in [
        (&[1, 2][..], SessionOutcome::Open, true),
        (&[1, 2], lost.clone(), true),
        // The first refused in that very session; only the second was not heard.
        (&[2], lost.clone(), true),
        (&[1], lost, false),
        (&[2], SessionOutcome::Open, false),
        (&[1, 2], SessionOutcome::Signed, false),
    ] {
        let house = House::new().await;
        let row = house.accepted("n-1").await;
        let row = house.store.advance(building(&row, 7)).await.unwrap();
        let reports = vec![report.clone()];
        let doubtful = SessionRow { outcome: outcome.clone(), reports, closed: None, ..session(&row, "bb") };
        for index in promised {
            promises(&house, *index, &row).await;
        }
        refused_after(&house, &[session(&row, "aa"), doubtful], &row).await;
        assert_eq!(is_free(&house, "n-2").await, freed, "{outcome:?} and promises of {promised:?}");
    }
}

#[tokio::test]
async fn one_whose_token_a_void_may_spend_keeps_it() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let row = house.store.advance(building(&row, 7)).await.unwrap();
    let mut request = house.request("void of n-1");
    let asked = request.options[0].payout.intent.clone();
    let asked = Intent { kind: Kind::Void, target: Some(row.digest), ..asked };
    request.options[0].payout = Payout::accept(asked, Requirement::Nobody, Screening::None);
    house.store.accept(request).await.unwrap();
    house.advance(&row, vec![Event::Rejected { by: Rejection::Screening }]).await.unwrap();
    assert!(!is_free(&house, "n-2").await);
}

#[tokio::test]
async fn the_database_gives_no_token_away_while_its_payout_lives() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let row = house.store.advance(building(&row, 7)).await.unwrap();
    assert!(house.sql("DELETE FROM tokens").await.unwrap_err().contains("append-only"));
    let row = house.advance(&row, vec![Event::SigningStarted]).await.unwrap();
    assert!(house.sql("DELETE FROM tokens").await.unwrap_err().contains("append-only"));
    assert_eq!(house.store.payout(row.cid()).await.unwrap(), Some(row));
}

#[tokio::test]
async fn lanes_count_as_changed_when_a_token_comes_free_and_not_when_one_is_taken() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let row = house.store.advance(building(&row, 7)).await.unwrap();
    assert_eq!(house.store.lane_changes(), 0);
    house
        .advance(&row, vec![Event::Withdrawn { by: Withdrawal::Principal { by: person("ann") } }])
        .await
        .unwrap();
    assert_eq!(house.store.lane_changes(), 1);
    let other = house.accepted("n-2").await;
    let paid = house.store.advance(building(&other, 7)).await.unwrap();
    house.advance(&paid, vec![Event::SigningStarted]).await.unwrap();
    assert_eq!(house.store.lane_changes(), 1);
}
