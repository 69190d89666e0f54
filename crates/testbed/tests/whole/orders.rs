//! Pauses and freezes.

use std::time::Duration;

use gateway::operator::pauses::{PauseOrder, Scope};
use payout::approval::{Freeze, FreezeOrder};
use payout::ids::WalletId;
use payout::time::Millis;
use testbed::deployment::cast::{ADMINS, OPERATOR, TREASURY, WALLET, principal};
use testbed::vendor::now_ms;

use crate::world::World;

#[tokio::test]
async fn a_paused_wallet_pays_nothing_until_it_is_resumed() {
    let world = World::start().await;
    let operator = world.person(OPERATOR);
    let order = PauseOrder {
        scope: Scope::Wallet(WalletId::new(WALLET).unwrap()),
        reason: "stocktaking".to_owned(),
        until: Millis::new(now_ms() + 600_000).unwrap(),
    };
    let pause = operator.told(operator.client().pause(&order).await).unwrap();
    let cid = world.accepted(&world.order("0.2")).await;
    let reason = world.waits_for(cid, "stocktaking").await;
    assert!(reason.contains("pause"), "{reason}");
    assert_eq!(world.status(cid).await, 5);
    operator.told(operator.client().resume(pause.id).await).unwrap();
    assert_eq!(world.reaches(cid, &[6]).await, 6);
}

#[tokio::test]
async fn one_admin_freezes_all_signing_and_only_the_quorum_lifts_it() {
    let world = World::start().await;
    let signed = |name: &str, order| {
        let key = world.stage.deployment.cast().key(name);
        let deployment = world.stage.deployment.genesis().deployment();
        let now = Millis::new(now_ms()).unwrap();
        FreezeOrder::sign(&key, principal(name), deployment, order, "a stolen laptop".to_owned(), now)
    };
    let [first, second] = ADMINS.map(|name| world.person(name));
    // Not an admin's to give.
    let nobody = world.person(TREASURY[0]);
    assert!(nobody.client().freeze(&signed(TREASURY[0], Freeze::Freeze)).await.is_err());

    let receipt = first.told(first.client().freeze(&signed(ADMINS[0], Freeze::Freeze)).await).unwrap();
    assert!(receipt.frozen);
    assert_eq!(receipt.journaled_by.len(), 3, "{receipt:?}");
    let cid = world.accepted(&world.order("0.2")).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.status(cid).await, 5);
    let wait = world.why(cid).await.wait.unwrap();
    assert!(wait.reason.contains("froze"), "{wait:?}");

    tokio::time::sleep(Duration::from_millis(5)).await;
    let receipt = first.told(first.client().freeze(&signed(ADMINS[0], Freeze::Lift)).await).unwrap();
    assert!(receipt.frozen);
    assert_eq!(world.status(cid).await, 5);
    let receipt = second.told(second.client().freeze(&signed(ADMINS[1], Freeze::Lift)).await).unwrap();
    assert!(!receipt.frozen);
    assert_eq!(world.reaches(cid, &[6]).await, 6);
}
