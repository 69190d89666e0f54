use std::time::Duration;

use payout::key::SecretKey;
use tokio::time::timeout;
use wire::channel::ChannelError;
use wire::connection::ConnectionError;
use wire::message::{FromCosigner, Standing, ToCosigner};

use super::world::{Manner, World, cosigner_key, quick};
use crate::hub::{Hub, HubConfig, HubError};

#[tokio::test]
async fn a_newcomer_is_welcomed_by_name() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let ToCosigner::Welcome { deployment, gateway, .. } = one.heard.recv().await.unwrap() else {
        panic!("the welcome comes first")
    };
    assert_eq!((deployment, gateway.as_str()), (world.policy.deployment(), "gate"));
    let seat = &world.hub.standings()[0];
    assert_eq!((seat.index, seat.name.as_str()), (1, "co-1"));
    assert_eq!(seat.presence.as_ref().unwrap().standing, world.standing(1));
    assert!(world.hub.standings()[1].presence.is_none());
}

#[tokio::test]
async fn a_key_that_is_not_on_the_roster_is_refused_at_the_door() {
    let world = World::new(2, 3).await;
    let mut stranger = match world.dial(&SecretKey::from_seed(&[77; 32])).await {
        Ok(connection) => connection,
        Err(error) => panic!("refused when the server answers, not before: {error}"),
    };
    let _ = stranger.writer.send(&FromCosigner::Hello(world.standing(1))).await;
    let error = timeout(Duration::from_secs(5), stranger.reader.read()).await.unwrap().unwrap_err();
    assert!(matches!(error, ConnectionError::Channel(ChannelError::RefusedByPeer)), "{error:?}");
    assert!(world.hub.connected().is_empty());
}

#[tokio::test]
async fn nobody_sits_on_anothers_seat() {
    let world = World::new(2, 3).await;
    let mut impostor = world.dial(&cosigner_key(2)).await.unwrap();
    impostor.writer.send(&FromCosigner::Hello(world.standing(1))).await.unwrap();
    let end = async { while let Ok(Some(_)) = impostor.reader.read().await {} };
    timeout(Duration::from_secs(5), end).await.expect("it is put out");
    assert!(world.hub.connected().is_empty());
}

#[tokio::test]
async fn an_unknown_protocol_and_a_wrong_first_word_are_put_out() {
    let world = World::new(2, 3).await;
    let newer = FromCosigner::Hello(Standing { protocol: 9, ..world.standing(1) });
    for first in [newer, FromCosigner::Pong(1)] {
        let mut guest = world.dial(&cosigner_key(1)).await.unwrap();
        guest.writer.send(&first).await.unwrap();
        let end = async { while let Ok(Some(_)) = guest.reader.read().await {} };
        timeout(Duration::from_secs(5), end).await.expect("it is put out");
    }
    assert!(world.hub.connected().is_empty());
}

#[tokio::test]
async fn one_that_says_nothing_is_put_out() {
    let mut pace = quick();
    pace.handshake = Duration::from_millis(300);
    let world = World::at(pace, 2, 3).await;
    let mut mute = world.dial(&cosigner_key(1)).await.unwrap();
    let end = async { while let Ok(Some(_)) = mute.reader.read().await {} };
    timeout(Duration::from_secs(5), end).await.expect("it is put out");
}

#[tokio::test]
async fn a_newer_connection_takes_the_seat_of_the_older() {
    let world = World::new(2, 3).await;
    let older = world.cosigner(1, Manner::Signs).await;
    // Two connections within one millisecond would look like one to the test.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let mut newer = world.cosigner(1, Manner::Signs).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    older.ended().await;
    assert_eq!(world.hub.connected(), [1, 2], "the end of the older does not empty the seat");
    assert!(matches!(world.sign(1).await.outcome, crate::hub::SignOutcome::Signed { .. }));
    assert_eq!(newer.opened(), [vec![1, 2]]);
}

#[tokio::test]
async fn a_connection_that_is_open_but_dead_is_noticed() {
    let mut pace = quick();
    pace.half_open = Duration::from_millis(400);
    let world = World::at(pace, 2, 3).await;
    let _one = world.cosigner(1, Manner::Silent).await;
    let _two = world.cosigner(2, Manner::Idle).await;
    world.until_connected(&[2]).await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.hub.connected(), [2], "pings keep the living");
    assert!(world.hub.standings()[1].presence.as_ref().unwrap().round_trip_us.is_some());
}

#[tokio::test]
async fn a_second_hello_and_a_flood_end_the_connection() {
    let mut pace = quick();
    pace.frames_per_ping = 200;
    let world = World::at(pace, 2, 3).await;
    let one = world.cosigner(1, Manner::Signs).await;
    one.say(FromCosigner::Hello(world.standing(1))).await;
    one.ended().await;
    let two = world.cosigner(2, Manner::Signs).await;
    for number in 0..10_000 {
        if two.writer.send(&FromCosigner::Pong(number)).await.is_err() {
            break;
        }
    }
    world.until_connected(&[]).await;
}

#[tokio::test]
async fn a_closed_hub_parts_from_everybody() {
    let world = World::new(2, 3).await;
    let one = world.cosigner(1, Manner::Signs).await;
    world.hub.close().await;
    one.ended().await;
    assert!(world.dial(&cosigner_key(2)).await.is_err());
}

#[tokio::test]
async fn a_gateway_that_is_not_on_the_roster_opens_no_door() {
    let world = World::new(2, 3).await;
    let key = SecretKey::from_seed(&[101; 32]);
    let config = HubConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        identity: wire::channel::Identity::from(&key),
        gateway: "gate".to_owned(),
        roster: world.policy.roster().clone(),
        deployment: world.policy.deployment(),
        session_timeout: Duration::from_secs(1),
        sessions: 1,
    };
    let policy = std::sync::Arc::new(world.policy.clone());
    let error = Hub::start(config, std::sync::Arc::new(move || policy.clone())).await.unwrap_err();
    assert!(matches!(error, HubError::NotOnRoster { .. }), "{error:?}");
}
