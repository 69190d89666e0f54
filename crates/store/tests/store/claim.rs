//! Claims and leases.

use std::collections::HashSet;

use payout::life::{Event, Step};
use store::{AdvanceError, Hold, PayoutFilter, Tally, Wait, Wake};

use crate::house::{House, at, building};
use crate::refused;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_is_claimed_twice_within_a_lease() {
    let house = House::new().await;
    for n in 0..100 {
        house.accepted(&format!("n-{n}")).await;
    }
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let store = house.store.clone();
            tokio::spawn(async move { store.claim(Step::Build, 7, 1000, at(5)).await.unwrap() })
        })
        .collect();
    let mut seen = HashSet::new();
    for call in calls {
        for row in call.await.unwrap() {
            assert!(seen.insert(row.cid()), "{} was claimed twice", row.cid());
        }
    }
    assert_eq!(seen.len(), 100);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_given_to_another_and_the_first_holder_is_stale() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let first = house.store.claim(Step::Build, 10, 1000, at(0)).await.unwrap().remove(0);
    assert!(house.store.claim(Step::Build, 10, 1000, at(999)).await.unwrap().is_empty());
    let second = house.store.claim(Step::Build, 10, 1000, at(1000)).await.unwrap().remove(0);
    refused!(house.store.advance(building(&first, 1)).await, AdvanceError::Stale);
    house.store.advance(building(&second, 1)).await.unwrap();
}

#[tokio::test]
async fn what_waits_for_a_later_time_is_not_claimed_until_it_is_woken() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let wait = Wait { reason: "no funds".to_owned(), next_action: "fund it".to_owned() };
    let hold = Hold { cid: row.cid(), version: row.version, wait, due_at: at(60_000), now: at(0) };
    house.store.hold(hold).await.unwrap();
    assert_eq!(house.store.next_due(Step::Build).await.unwrap(), Some(at(60_000)));
    assert!(house.store.claim(Step::Build, 10, 1000, at(59_999)).await.unwrap().is_empty());
    assert_eq!(house.store.wake(Wake::Step(Step::Sign), at(100)).await.unwrap(), 0);
    assert_eq!(house.store.wake(Wake::Payout(row.cid()), at(100)).await.unwrap(), 1);
    assert_eq!(house.store.claim(Step::Build, 10, 1000, at(100)).await.unwrap().len(), 1);
    // Leased: a wake-up does not take it from its holder.
    assert_eq!(house.store.wake(Wake::Step(Step::Build), at(200)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_claim_takes_its_own_step_oldest_first_and_no_ended_payout() {
    let house = House::new().await;
    let (a, b, c) = (house.accepted("a").await, house.accepted("b").await, house.accepted("c").await);
    house.store.advance(building(&b, 1)).await.unwrap();
    house.succeeded(&c, 2).await;
    let cids = |rows: Vec<store::PayoutRow>| rows.iter().map(store::PayoutRow::cid).collect::<Vec<_>>();
    assert_eq!(cids(house.store.claim(Step::Build, 10, 1000, at(50)).await.unwrap()), [a.cid()]);
    assert_eq!(cids(house.store.claim(Step::Sign, 10, 1000, at(50)).await.unwrap()), [b.cid()]);
    assert!(house.store.claim(Step::Confirm, 10, 1000, at(50)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_damaged_row_does_not_keep_the_step_from_the_others() {
    let house = House::new().await;
    let (bad, good) = (house.accepted("bad").await, house.accepted("good").await);
    house.sql(&format!("UPDATE payouts SET state = '{{}}' WHERE cid = {}", bad.cid())).await.unwrap();
    let claimed = house.store.claim(Step::Build, 10, 1000, at(50)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].cid(), good.cid());
    let error = house.store.payout(bad.cid()).await.unwrap_err();
    assert!(error.to_string().contains("column state of table payouts"), "{error}");
}

#[tokio::test]
async fn lists_are_paged_newest_first_and_counted() {
    let house = House::new().await;
    let (a, b, c) = (house.accepted("a").await, house.accepted("b").await, house.accepted("c").await);
    house.advance(&b, vec![Event::Rejected { by: payout::life::Rejection::Screening }]).await.unwrap();
    let list = async |filter| {
        let rows = house.store.list(filter).await.unwrap();
        rows.iter().map(store::PayoutRow::cid).collect::<Vec<_>>()
    };
    let page = PayoutFilter { limit: 2, ..PayoutFilter::default() };
    assert_eq!(list(page.clone()).await, [c.cid(), b.cid()]);
    assert_eq!(list(PayoutFilter { before: Some(b.cid()), ..page }).await, [a.cid()]);
    let open = PayoutFilter { statuses: vec![a.status], ..PayoutFilter::default() };
    assert_eq!(list(open).await, [c.cid(), a.cid()]);
    let mut tally = house.store.tally().await.unwrap();
    tally.sort_by_key(|tally| tally.count);
    let [Tally { count: 1, step: None, .. }, Tally { count: 2, waiting: 0, step: Some(Step::Build), .. }] =
        &tally[..]
    else {
        panic!("{tally:?}")
    };
}

#[tokio::test]
async fn what_a_killed_gateway_had_claimed_is_due_at_once_at_the_next_start() {
    let house = House::new().await;
    let ended = house.accepted("ended").await;
    house.succeeded(&ended, 1).await;
    let waiting = house.accepted("waiting").await;
    let wait = Wait { reason: "no funds".to_owned(), next_action: "fund it".to_owned() };
    let hold = Hold { cid: waiting.cid(), version: waiting.version, wait, due_at: at(60_000), now: at(0) };
    house.store.hold(hold).await.unwrap();
    let row = house.accepted("n-1").await;
    assert_eq!(house.store.claim(Step::Build, 10, 30_000, at(10)).await.unwrap().len(), 1);
    assert_eq!(house.store.claim_callbacks(10, 30_000, at(10)).await.unwrap().len(), 1);

    // The leases are in the file, whoever closes it: as after a kill.
    let house = house.reopened().await;
    let again = house.store.claim(Step::Build, 10, 30_000, at(11)).await.unwrap();
    assert_eq!(again.iter().map(store::PayoutRow::cid).collect::<Vec<_>>(), [row.cid()], "no other is due");
    let callbacks = house.store.claim_callbacks(10, 30_000, at(11)).await.unwrap();
    assert_eq!(
        callbacks.iter().map(|delivery| (delivery.cid, delivery.attempt)).collect::<Vec<_>>(),
        [(ended.cid(), 2)]
    );
}
