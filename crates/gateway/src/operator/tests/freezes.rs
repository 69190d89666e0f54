//! Pauses and freezes.

use payout::approval::{Freeze, FreezeOrder};
use payout::ids::Digest;
use payout::time::Millis;

use super::house::{House, key, name, refused};
use crate::clock;
use crate::operator::pauses::{PauseOrder, Scope};

fn order(house: &House, who: &str, order: Freeze, at: Millis) -> FreezeOrder {
    let deployment = house.gateway.genesis.deployment();
    FreezeOrder::sign(&key(who), name(who), deployment, order, "stolen laptop".to_owned(), at)
}

#[tokio::test]
async fn one_admin_freezes_and_a_quorum_lifts() {
    let house = House::new().await;
    let (ann, ben) = (house.client("ann"), house.client("ben"));
    let now = clock::now();
    assert!(ann.freeze(&order(&house, "ann", Freeze::Freeze, now)).await.unwrap().frozen);
    let lift = order(&house, "ann", Freeze::Lift, now.plus(1));
    assert!(ann.freeze(&lift).await.unwrap().frozen, "one of two");
    assert!(ann.freeze(&lift).await.unwrap().frozen, "the same again is one");
    assert!(!ben.freeze(&order(&house, "ben", Freeze::Lift, now.plus(2))).await.unwrap().frozen);
    let sheet = ann.freezes().await.unwrap();
    assert_eq!((sheet.in_force, sheet.orders.len()), (None, 3));
    let words: Vec<_> = house.audited().await;
    assert_eq!(words.iter().filter(|(_, what)| what == "freeze").count(), 3);
}

#[tokio::test]
async fn an_order_of_somebody_else_or_for_elsewhere_is_not_taken() {
    let house = House::new().await;
    let ann = house.client("ann");
    let now = clock::now();
    assert_eq!(refused(ann.freeze(&order(&house, "paula", Freeze::Freeze, now)).await).0, 403);
    let elsewhere = FreezeOrder::sign(
        &key("ann"),
        name("ann"),
        Digest::from_bytes([9; 32]),
        Freeze::Freeze,
        "stolen laptop".to_owned(),
        now,
    );
    assert_eq!(refused(ann.freeze(&elsewhere).await).0, 400);
    let mut forged = order(&house, "ann", Freeze::Freeze, now);
    forged.reason = "another".to_owned();
    assert_eq!(refused(ann.freeze(&forged).await).0, 403);
    assert!(ann.freezes().await.unwrap().orders.is_empty());
}

#[tokio::test]
async fn a_pause_has_a_reason_and_an_end_and_is_lifted_once() {
    let house = House::new().await;
    let oscar = house.client("oscar");
    let scope = Scope::Chain("60".parse().unwrap());
    let pause = |reason: &str, ms| PauseOrder {
        scope: scope.clone(),
        reason: reason.to_owned(),
        until: clock::now().plus(ms),
    };
    for wrong in [pause("", 1000), pause("why", -1), pause("why", 40 * 24 * 3_600_000), pause("a\nb", 1000)] {
        assert_eq!(refused(oscar.pause(&wrong).await).0, 400, "{wrong:?}");
    }
    let line = oscar.pause(&pause("node upgrade", 60_000)).await.unwrap();
    assert_eq!(house.client("vera").pauses().await.unwrap(), std::slice::from_ref(&line));
    oscar.resume(line.id).await.unwrap();
    assert_eq!(refused(oscar.resume(line.id).await).0, 409);
    assert!(oscar.pauses().await.unwrap().is_empty());
    let words: Vec<_> = house.audited().await.into_iter().map(|(_, what)| what).collect();
    assert_eq!(words, ["pause", "pause.lift"]);
}
