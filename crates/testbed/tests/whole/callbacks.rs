//! Telling callers, and those who don't listen.

use std::time::{Duration, Instant};

use testbed::deployment::cast::API_KEY;
use testbed::receiver::{Manner, Receiver};

use crate::world::{PATIENCE, World};

#[tokio::test]
async fn a_receiver_that_never_answers_delays_nobody_else() {
    let world = World::start().await;
    let dead = Receiver::start(API_KEY).await.unwrap();
    dead.behave(Manner::Silent);
    let mut unheard = Vec::new();
    for _ in 0..8 {
        let mut order = world.order("0.01");
        order.callback_url = Some(dead.url());
        unheard.push(world.accepted(&order).await);
    }
    for cid in &unheard {
        world.reaches(*cid, &[6]).await;
    }
    let cid = world.accepted(&world.order("0.01")).await;
    world.reaches(cid, &[6]).await;
    let start = Instant::now();
    assert_eq!(world.told(cid).await, 6);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_callback_that_fails_is_sent_again_with_a_fresh_signature() {
    let world = World::start().await;
    world.stage.receiver.behave(Manner::Failing(2));
    let cid = world.accepted(&world.order("0.01")).await;
    let start = Instant::now();
    while world.stage.receiver.of(cid).len() < 3 {
        assert!(start.elapsed() < PATIENCE, "{:?}", world.stage.receiver.received());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let tries = world.stage.receiver.of(cid);
    let words = |key: &str| {
        tries.iter().map(|one| one.body[key].to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(tries.iter().all(|one| one.faults.is_empty()), "{tries:?}");
    assert_eq!((words("nonce").len(), words("sign").len(), words("status").len()), (3, 3, 1));
    // `success` ends it.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.stage.receiver.of(cid).len(), 3);
}
