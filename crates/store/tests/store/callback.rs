//! The outbox.

use payout::life::{Event, Status, Withdrawal};
use store::{AfterDelivery, CallbackState, Delivery, DeliveryResult, People, ResendError, SettingsChange};

use crate::house::{House, at, person, project};
use crate::refused;
use crate::settings::{key, settings};

fn result(delivery: &Delivery, ms: i64, after: AfterDelivery) -> DeliveryResult {
    DeliveryResult {
        id: delivery.id,
        claim: delivery.claim,
        attempt: delivery.attempt,
        at: at(ms),
        http_status: Some(500),
        reply_head: "é".repeat(400),
        error: None,
        duration_ms: 12,
        after,
    }
}

#[tokio::test]
async fn the_outbox_row_comes_with_the_end_and_not_before() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    let sent = house.sent(&row, 1).await;
    assert_eq!(house.store.callback(row.cid()).await.unwrap(), None);
    let block = payout::life::BlockRef { height: 1, hash: "0x1".to_owned(), time: at(1) };
    house.advance(&sent, vec![Event::Succeeded { txid: "0x1".to_owned(), block }]).await.unwrap();
    let callback = house.store.callback(row.cid()).await.unwrap().unwrap();
    assert_eq!((callback.status, callback.state), (Status::Succeeded, CallbackState::Pending));
    assert_eq!(callback.url, "https://caller.example/payout");
}

#[tokio::test]
async fn a_delivery_is_retried_on_its_schedule_and_then_kept_for_a_resend() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    house.succeeded(&row, 1).await;
    let claim = async |ms| house.store.claim_callbacks(10, 1000, at(ms)).await.unwrap();

    let first = claim(100).await.remove(0);
    assert_eq!((first.attempt, first.cid, first.status), (1, row.cid(), Status::Succeeded));
    assert!(claim(1099).await.is_empty(), "leased");
    house.store.record_delivery(result(&first, 200, AfterDelivery::RetryAt(at(5000)))).await.unwrap();
    assert_eq!(house.store.next_callback_due().await.unwrap(), Some(at(5000)));
    assert!(claim(4999).await.is_empty());
    let second = claim(5000).await.remove(0);
    assert_eq!(second.attempt, 2);
    // A crash after the claim: the lease runs out, the try counts, the callback stays.
    let third = claim(6000).await.remove(0);
    assert_eq!(third.attempt, 3);
    // The slow second one comes back: logged, but it decides nothing.
    house.store.record_delivery(result(&second, 6001, AfterDelivery::Failed)).await.unwrap();
    assert_eq!(house.store.callback(row.cid()).await.unwrap().unwrap().state, CallbackState::Pending);
    house.store.record_delivery(result(&third, 6002, AfterDelivery::Failed)).await.unwrap();
    assert_eq!(house.store.callbacks(Some(CallbackState::Failed), 10).await.unwrap().len(), 1);
    assert!(claim(i64::from(i32::MAX)).await.is_empty());
    assert_eq!(house.store.next_callback_due().await.unwrap(), None);

    house.store.resend(row.cid(), person("ann"), at(9000)).await.unwrap();
    let again = claim(9000).await.remove(0);
    assert_eq!(again.attempt, 1);
    house.store.record_delivery(result(&again, 9001, AfterDelivery::Delivered)).await.unwrap();
    assert_eq!(house.store.callback(row.cid()).await.unwrap().unwrap().state, CallbackState::Delivered);
    let log = house.store.deliveries(row.cid()).await.unwrap();
    assert_eq!(log.iter().map(|log| log.attempt).collect::<Vec<_>>(), [1, 2, 3, 1]);
    assert!(log.iter().all(|log| log.reply_head.len() == 256));
}

#[tokio::test]
async fn a_late_success_ends_the_retries_whoever_brings_it() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    house.succeeded(&row, 1).await;
    let slow = house.store.claim_callbacks(1, 10, at(100)).await.unwrap().remove(0);
    let _next = house.store.claim_callbacks(1, 10, at(200)).await.unwrap().remove(0);
    house.store.record_delivery(result(&slow, 201, AfterDelivery::Delivered)).await.unwrap();
    assert!(house.store.claim_callbacks(1, 10, at(99_999)).await.unwrap().is_empty());
}

#[tokio::test]
async fn status_3_is_told_only_to_a_project_that_asked_for_it() {
    let house = House::new().await;
    let create = |notify_withdrawn| SettingsChange::CreateProject {
        project: project(),
        settings: store::ProjectSettings { notify_withdrawn, ..settings() },
        api_key: key("k"),
    };
    let withdrawn = || vec![Event::Withdrawn { by: Withdrawal::Principal { by: person("ann") } }];
    house.store.propose_change(create(false), person("ann"), People::One, at(0)).await.unwrap();
    let quiet = house.accepted("n-1").await;
    house.advance(&quiet, withdrawn()).await.unwrap();
    assert_eq!(house.store.callback(quiet.cid()).await.unwrap(), None);
    refused!(house.store.resend(quiet.cid(), person("ann"), at(1)).await, ResendError::None(_));

    let ask = SettingsChange::SetProject {
        project: project(),
        settings: store::ProjectSettings { notify_withdrawn: true, ..settings() },
    };
    house.store.propose_change(ask, person("ann"), People::One, at(1)).await.unwrap();
    let told = house.accepted("n-2").await;
    house.advance(&told, withdrawn()).await.unwrap();
    assert_eq!(house.store.callback(told.cid()).await.unwrap().unwrap().status, Status::Withdrawn);
}

#[tokio::test]
async fn nobody_is_told_without_a_callback_url() {
    let house = House::new().await;
    let mut request = house.request("n-1");
    request.terms.callback_url = None;
    let cid = house.store.accept(request).await.unwrap();
    let row = house.store.payout(cid).await.unwrap().unwrap();
    house.succeeded(&row, 1).await;
    assert_eq!(house.store.callback(cid).await.unwrap(), None);
}

#[tokio::test]
async fn a_damaged_row_is_set_aside_and_the_others_are_sent() {
    // What is altered, and in which way.
    let damages = [
        "status = 99",
        "status = 'paid'",
        "attempt = 2147483647",
        "attempt = -7",
        "claim = 9223372036854775807",
        "project = -1",
        "attempt = 'many'",
        "url = x'ff00'",
    ];
    for damage in damages {
        let house = House::new().await;
        let damaged = house.accepted("n-1").await;
        house.succeeded(&damaged, 1).await;
        let whole = house.accepted("n-2").await;
        house.succeeded(&whole, 2).await;
        house.sql(&format!("UPDATE callbacks SET {damage} WHERE cid = {}", damaged.cid())).await.unwrap();

        let claimed = house.store.claim_callbacks(10, 1000, at(100)).await.unwrap();
        let cids: Vec<_> = claimed.iter().map(|delivery| delivery.cid).collect();
        assert_eq!(cids, [whole.cid()], "{damage}");
        let aside = format!(
            "SELECT count(*) FROM callbacks WHERE cid = {} AND state = 'failed' AND due_at IS NULL",
            damaged.cid()
        );
        assert_eq!(house.number(&aside).await, 1, "{damage}");
        // It is not looked at again and again.
        assert!(house.store.claim_callbacks(10, 1000, at(101)).await.unwrap().is_empty());
        house.store.record_delivery(result(&claimed[0], 102, AfterDelivery::Delivered)).await.unwrap();
        // Mended, it can be sent again by hand.
        let mended = format!(
            "UPDATE callbacks SET status = 6, attempt = 1, claim = 1, project = 7, url = 'https://caller.example' \
             WHERE cid = {}",
            damaged.cid()
        );
        house.sql(&mended).await.unwrap();
        house.store.resend(damaged.cid(), person("ann"), at(200)).await.unwrap();
        assert_eq!(house.store.claim_callbacks(10, 1000, at(201)).await.unwrap().len(), 1, "{damage}");
    }
}

#[tokio::test]
async fn a_damaged_row_does_not_hide_the_others_from_who_lists_them() {
    let house = House::new().await;
    for (number, nonce) in [("n-1", 1), ("n-2", 2)] {
        let row = house.accepted(number).await;
        house.succeeded(&row, nonce).await;
    }
    house.sql("UPDATE callbacks SET status = 99 WHERE id = (SELECT min(id) FROM callbacks)").await.unwrap();
    assert_eq!(house.store.callbacks(None, 10).await.unwrap().len(), 1);
}
