//! Recipients on XRP that the ledger would not let be paid: seen before anything is signed, and before a fee is burnt.

use testbed::deployment::cast::OPERATOR;
use testbed::ledgers::xrp;
use testbed::vendor::{Order, random};

use crate::world::World;

#[tokio::test]
async fn a_payment_that_the_recipient_does_not_take_is_held_with_the_reason_and_burns_nothing() {
    let world = World::on_all_chains().await;
    let before = world.holdings().await;
    let mut held = Vec::new();
    for (flag, words) in [
        (Some("requireDestinationTag"), "requires a destination tag"),
        (Some("depositAuth"), "takes payments of accounts only that it has authorised"),
        (Some("disallowIncomingXRP"), "asks not to be sent XRP"),
        (None, "does not exist, and 900000 drops are less than the 1000000 that create one"),
    ] {
        let to = xrp::account(&random());
        if let Some(flag) = flag {
            world.xrp().fund(&to, 10 * xrp::XRP).await.unwrap();
            world.xrp().set_flags(&to, &[flag]).await.unwrap();
        }
        let order = Order { to, ..world.order_of("XRP", "0.9") };
        held.push((world.accepted(&order).await, order, words));
    }
    for (cid, order, words) in &held {
        let reason = world.waits_for(*cid, words).await;
        assert!(reason.contains(&order.to), "{reason}");
        let why = world.why(*cid).await;
        assert_eq!((why.status, why.token), (5, None));
    }
    assert_eq!(world.holdings().await, before);

    // They stand in nobody's way; and the one that lacks a tag is paid when it is asked for with one.
    let [untagged, guarded, closed, missing] = &held[..] else { unreachable!() };
    let mut tagged = Order { to: untagged.1.to.clone(), ..world.order_of("XRP", "0.9") };
    tagged.memo = Some("0".to_owned());
    let tagged = world.accepted(&tagged).await;
    assert_eq!(world.reaches(tagged, &[6]).await, 6);
    let received = world.xrp().received(&untagged.1.to).await.unwrap();
    assert_eq!(received.last().unwrap().tag, Some(0));

    // Withdrawn by people, or paid as soon as the recipient can be.
    for (cid, ..) in [untagged, closed] {
        world.person(OPERATOR).withdraw(*cid).await.unwrap();
        assert_eq!(world.reaches(*cid, &[3]).await, 3);
    }
    world.xrp().set_flags(&guarded.1.to, &[]).await.unwrap();
    world.xrp().fund(&missing.1.to, xrp::XRP).await.unwrap();
    for (cid, order, _) in [guarded, missing] {
        assert_eq!(world.reaches(*cid, &[6]).await, 6);
        let received = world.xrp().received(&order.to).await.unwrap();
        assert_eq!(received.last().unwrap().drops, 900_000);
    }
    assert_eq!(world.xrp().sent(&world.payer(xrp::CHAIN)).await.unwrap().len(), 3);
}
