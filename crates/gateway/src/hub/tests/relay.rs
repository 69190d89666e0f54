use std::time::Duration;

use wire::message::{FromCosigner, ToCosigner};

use super::world::{Manner, World, quick};
use crate::hub::SignOutcome;

#[tokio::test]
async fn bytes_reach_the_addressed_peer_only_with_the_true_sender() {
    let world = World::new(2, 3).await;
    let one = world.cosigner(1, Manner::Signs).await;
    let mut two = world.cosigner(2, Manner::Signs).await;
    let mut three = world.cosigner(3, Manner::Signs).await;
    one.say(FromCosigner::Relay { peer: 3, link: 42, data: b"ciphertext".to_vec() }).await;
    let got = three.next().await;
    assert_eq!(got, ToCosigner::Relay { peer: 1, link: 42, data: b"ciphertext".to_vec() });
    two.say(FromCosigner::Relay { peer: 3, link: 1, data: vec![2] }).await;
    assert_eq!(three.next().await, ToCosigner::Relay { peer: 2, link: 1, data: vec![2] });
    assert!(!two.all().iter().any(|message| matches!(message, ToCosigner::Relay { .. })));
}

#[tokio::test]
async fn bytes_for_an_absent_peer_for_oneself_and_for_nobody_are_dropped() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let mut two = world.cosigner(2, Manner::Signs).await;
    for peer in [3, 1, 0, 200] {
        one.say(FromCosigner::Relay { peer, link: 1, data: vec![9] }).await;
    }
    one.say(FromCosigner::Relay { peer: 2, link: 1, data: vec![7] }).await;
    assert_eq!(two.next().await, ToCosigner::Relay { peer: 1, link: 1, data: vec![7] });
    assert!(!one.all().iter().any(|message| matches!(message, ToCosigner::Relay { .. })));
    assert_eq!(world.hub.connected(), [1, 2]);
}

#[tokio::test]
async fn order_is_kept_and_large_messages_pass_whole() {
    let world = World::new(2, 2).await;
    let one = world.cosigner(1, Manner::Signs).await;
    let mut two = world.cosigner(2, Manner::Signs).await;
    for link in 0..50 {
        one.say(FromCosigner::Relay { peer: 2, link, data: vec![1; 80_000] }).await;
    }
    for expected in 0..50 {
        let ToCosigner::Relay { link, data, .. } = two.next().await else { panic!("a relay") };
        assert_eq!((link, data.len()), (expected, 80_000));
    }
}

#[tokio::test]
async fn a_slow_reader_loses_its_connection_and_holds_up_nobody() {
    let mut pace = quick();
    pace.queue_frames = 8;
    pace.half_open = Duration::from_secs(60);
    let world = World::at(pace, 2, 3).await;
    let one = world.cosigner(1, Manner::Signs).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _deaf = world.cosigner(3, Manner::Deaf).await;
    let flood = async {
        while world.hub.connected().contains(&3) {
            one.say(FromCosigner::Relay { peer: 3, link: 1, data: vec![0; 50_000] }).await;
        }
    };
    let paid = async {
        let signing = world.sign(1).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
    };
    tokio::time::timeout(Duration::from_secs(10), futures::future::join(flood, paid))
        .await
        .expect("nobody waits");
    assert_eq!(world.hub.connected(), [1, 2]);
}
