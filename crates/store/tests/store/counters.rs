//! Limits under load and over time.

use payout::policy::Unmet;
use store::AcceptRefusal;

use crate::house::{
    HOUR_MS, House, at, budget, coin, is_no_rule, option, request_with, rule, unlimited, window,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_holds_under_64_callers_at_once() {
    a_budget_holds_under_64_callers().await;
}

#[tokio::test]
async fn a_budget_holds_within_one_batch() {
    a_budget_holds_under_64_callers().await;
}

async fn a_budget_holds_under_64_callers() {
    let house = House::new().await;
    let calls: Vec<_> = (0..64)
        .map(|n| {
            let (store, name) = (house.store.clone(), format!("n-{n}"));
            let cid = store.mint_cid(at(0));
            let request = request_with(&name, vec![option(cid, &name, "auto", budget(100), 7)]);
            tokio::spawn(async move { store.accept(request).await })
        })
        .collect();
    let (mut made, mut refused) = (0, 0);
    for call in calls {
        let result = call.await.unwrap();
        match &result {
            Ok(_) => made += 1,
            Err(_) if is_no_rule(&result) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // 14 times 7 is 98; a fifteenth would pass 100.
    assert_eq!((made, refused), (14, 50));
    let used = house.store.usage(&rule("auto"), &coin(), at(-1)).await.unwrap();
    assert_eq!(used.total.to_string(), "98");
    assert_eq!(used.window_count, 14);
}

#[tokio::test]
async fn a_full_rule_gives_way_to_the_next_and_says_what_it_lacked() {
    let house = House::new().await;
    let ask = |name: &str| {
        let cid = house.store.mint_cid(at(0));
        let first = option(cid, name, "auto", budget(10), 6);
        let second = option(cid, name, "people", unlimited(), 6);
        request_with(name, vec![first, second])
    };
    let one = house.store.accept(ask("n-1")).await.unwrap();
    let two = house.store.accept(ask("n-2")).await.unwrap();
    let decided = |row: Option<store::PayoutRow>| row.unwrap().payout.intent.rule;
    assert_eq!(decided(house.store.payout(one).await.unwrap()), rule("auto"));
    assert_eq!(decided(house.store.payout(two).await.unwrap()), rule("people"));

    let mut third = ask("n-3");
    third.options.truncate(1);
    let Err(AcceptRefusal::NoRule { unmet }) = house.store.accept(third).await else { panic!("it had room") };
    assert!(matches!(&unmet[..], [(id, Unmet::Budget { .. })] if *id == rule("auto")));
}

#[tokio::test]
async fn a_window_slides_and_counts_over_a_restart() {
    let mut house = House::new().await;
    let mut count = 0;
    let mut ask = async |house: &House, ms: i64, amount: u128| {
        count += 1;
        let name = format!("n-{count}");
        let cid = house.store.mint_cid(at(0));
        let mut request = request_with(&name, vec![option(cid, &name, "auto", window(1, 3, 100), amount)]);
        request.now = at(ms);
        !is_no_rule(&house.store.accept(request).await)
    };
    assert!(ask(&house, 0, 60).await);
    assert!(!ask(&house, 1, 41).await, "the sum is 100");
    assert!(ask(&house, 1, 40).await);
    house = house.reopened().await;
    assert!(!ask(&house, HOUR_MS - 1, 1).await, "the window is remembered");
    // The first use is exactly an hour old: it no longer counts.
    assert!(ask(&house, HOUR_MS, 60).await);
    assert!(!ask(&house, HOUR_MS, 1).await);
    assert!(ask(&house, HOUR_MS + 1, 10).await);
    assert!(ask(&house, HOUR_MS + 2, 10).await);
    assert!(!ask(&house, HOUR_MS + 3, 10).await, "three in the hour");
}

#[tokio::test]
async fn a_clock_that_is_set_back_opens_no_window_again() {
    let house = House::new().await;
    let ask = async |name: &str, ms: i64| {
        let cid = house.store.mint_cid(at(0));
        let mut request = request_with(name, vec![option(cid, name, "auto", window(1, 1, 100), 1)]);
        request.now = at(ms);
        !is_no_rule(&house.store.accept(request).await)
    };
    assert!(ask("n-1", 0).await);
    assert!(ask("n-2", 2 * HOUR_MS).await);
    assert!(!ask("n-3", HOUR_MS).await);
    assert!(!ask("n-4", 2 * HOUR_MS + 5).await);
}

#[tokio::test]
async fn uses_written_by_another_writer_are_counted() {
    let house = House::new().await;
    let ask = async |name: &str, amount: u128| {
        let cid = house.store.mint_cid(at(0));
        let request = request_with(name, vec![option(cid, name, "auto", budget(100), amount)]);
        !is_no_rule(&house.store.accept(request).await)
    };
    assert!(ask("n-1", 10).await);
    house
        .sql(
            "INSERT INTO usages SELECT rule, seq + 1, coin, '85', cid, at FROM usages;
             UPDATE usage_heads SET seq = 2; UPDATE usage_totals SET total = '95'",
        )
        .await
        .unwrap();
    assert!(!ask("n-2", 6).await);
    assert!(ask("n-3", 5).await);
}
