use std::time::{Duration, Instant};

use payout::approval::{Act, ActNonce, SignedAct};
use payout::key::SecretKey;
use wire::message::{CeremonyNews, FromCosigner, Label, OpenCeremony, Purpose, StopAct, ToCosigner};

use super::world::{Manner, World, intent_digest, quick, refusal, request};
use crate::hub::{Acknowledgement, CeremonyError};

#[tokio::test]
async fn a_sight_reaches_all_and_their_answers_come_back() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let mut two = world.cosigner(2, Manner::Signs).await;
    let sight = world.hub.sight(request(1), 2);
    let answers = async {
        for cosigner in [&mut one, &mut two] {
            let ToCosigner::Sight { request: number, request_body } = cosigner.next().await else {
                panic!("a sight")
            };
            assert_eq!(request_body, request(1));
            let refusal = (cosigner.index == 2).then(|| refusal(2, None));
            cosigner.say(FromCosigner::Sighted { request: number + 1, refusal: None }).await;
            cosigner.say(FromCosigner::Sighted { request: number, refusal }).await;
        }
    };
    let (seen, ()) = tokio::join!(sight, answers);
    assert_eq!(seen, [(1, Ok(())), (2, Err(refusal(2, None)))]);
}

#[tokio::test]
async fn a_sight_that_enough_have_seen_waits_for_nobody_else() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Idle).await;
    let mut two = world.cosigner(2, Manner::Idle).await;
    let _three = world.cosigner(3, Manner::Idle).await;
    let began = Instant::now();
    let answers = async {
        for cosigner in [&mut one, &mut two] {
            let ToCosigner::Sight { request, .. } = cosigner.next().await else { panic!("a sight") };
            cosigner.say(FromCosigner::Sighted { request, refusal: None }).await;
        }
    };
    let (seen, ()) = tokio::join!(world.hub.sight(request(1), 2), answers);
    assert_eq!(seen, [(1, Ok(())), (2, Ok(()))]);
    assert!(began.elapsed() < quick().answer);
}

#[tokio::test]
async fn a_sight_does_not_wait_for_the_silent_and_the_departed() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Idle).await;
    let began = Instant::now();
    assert_eq!(world.hub.sight(request(1), 2).await, []);
    assert!(began.elapsed() >= quick().answer);
    let two = world.cosigner(2, Manner::Idle).await;
    let three = World::new(2, 3).await;
    assert_eq!(three.hub.sight(request(1), 2).await, [], "nobody to wait for");
    let departure = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        two.kill();
    };
    let (seen, ()) = tokio::join!(world.hub.sight(request(1), 2), departure);
    assert_eq!(seen, []);
}

fn stop(intent: u8) -> StopAct {
    let key = SecretKey::from_seed(&[9; 32]);
    let nonce = ActNonce::from_bytes([2; 32]);
    let act = SignedAct::sign(&key, "bob".parse().unwrap(), Act::Reject, intent_digest(intent), nonce);
    StopAct { intent: format!("intent {intent}"), act }
}

#[tokio::test]
async fn a_stop_is_acknowledged_by_those_who_journaled_it() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let _two = world.cosigner(2, Manner::Idle).await;
    let answers = async {
        let ToCosigner::Stop { acts, freezes } = one.next().await else { panic!("a stop") };
        assert_eq!((acts, freezes), (vec![stop(1)], Vec::new()));
        for intent in [Some(intent_digest(5)), None, Some(intent_digest(1))] {
            one.say(FromCosigner::StopSeen { intent, kind: "reject".to_owned() }).await;
        }
    };
    let (acknowledged, ()) = tokio::join!(world.hub.stop(vec![stop(1)], Vec::new()), answers);
    let expected = Acknowledgement { index: 1, intent: Some(intent_digest(1)), kind: "reject".to_owned() };
    assert_eq!(acknowledged.into_iter().collect::<Vec<_>>(), [expected]);
}

fn ceremony() -> OpenCeremony {
    let wallet = payout::ids::WalletId::new(1).unwrap();
    OpenCeremony { ceremony: Label::from_bytes([4; 16]), wallet, purpose: Purpose::Create }
}

#[tokio::test]
async fn a_ceremony_needs_everybody_and_names_who_is_missing() {
    let world = World::new(2, 3).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let error = world.hub.ceremony(ceremony()).unwrap_err();
    assert_eq!(error, CeremonyError::Absent { absent: vec!["co-2".to_owned(), "co-3".to_owned()] });
    assert!(!one.all().iter().any(|message| matches!(message, ToCosigner::Ceremony(_))));
}

#[tokio::test]
async fn the_news_of_a_ceremony_end_when_each_is_done_has_failed_or_is_gone() {
    let world = World::new(2, 3).await;
    let one = world.cosigner(1, Manner::Signs).await;
    let two = world.cosigner(2, Manner::Signs).await;
    let three = world.cosigner(3, Manner::Signs).await;
    let mut news = world.hub.ceremony(ceremony()).unwrap();
    let mut begun = Vec::new();
    for _ in 0..3 {
        let (index, word) = news.recv().await.unwrap();
        assert_eq!(word, CeremonyNews::Stage("begun".to_owned()));
        begun.push(index);
    }
    begun.sort_unstable();
    assert_eq!(begun, [1, 2, 3]);
    let label = ceremony().ceremony;
    let standing = world.standing(1).wallets[0].clone();
    let done = CeremonyNews::Done(standing, Vec::new());
    one.say(FromCosigner::Ceremony { ceremony: label, news: done.clone() }).await;
    assert_eq!(news.recv().await, Some((1, done)));
    let failed = CeremonyNews::Failed("an echo differs".to_owned());
    two.say(FromCosigner::Ceremony { ceremony: label, news: failed.clone() }).await;
    assert_eq!(news.recv().await, Some((2, failed)));
    three.kill();
    let gone = CeremonyNews::Failed("its connection was lost".to_owned());
    assert_eq!(news.recv().await, Some((3, gone)));
    assert_eq!(news.recv().await, None);
}
