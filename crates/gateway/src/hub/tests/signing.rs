use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use wire::message::{Condition, Finality, FromCosigner, Standing, ToCosigner};

use super::world::{Manner, Plain, World, quick, refusal};
use crate::hub::{SessionEnd, SignOutcome};

/// What the wallet promises when one of three co-signers fails.
const TWO_SECONDS: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_quorum_of_the_connected_signs() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    let signing = world.sign(1).await;
    let SignOutcome::Signed { made, session, checks } = signing.outcome else { panic!("{signing:?}") };
    assert!([1, 3].contains(&made));
    assert!(checks.iter().any(|(index, names)| *index == made && names.len() == 2), "{checks:?}");
    let [report] = signing.sessions.as_slice() else { panic!("one session") };
    assert_eq!((report.session, report.participants.as_slice()), (session, [1, 3].as_slice()));
    assert_eq!(report.end, SessionEnd::Signed { by: made });
    assert!(report.is_heard_out());
}

#[tokio::test]
async fn what_a_cosigner_says_is_cleaned_before_it_is_shown() {
    let world = World::new(2, 2).await;
    let _one = world.cosigner(1, Manner::Signs).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let signing = world.sign(1).await;
    let SignOutcome::Signed { checks, .. } = signing.outcome else { panic!("{signing:?}") };
    assert!(checks.iter().flat_map(|(_, names)| names).all(|name| !name.contains('\u{1b}')), "{checks:?}");
}

#[tokio::test]
async fn the_load_is_spread_over_all_three() {
    let world = World::new(2, 3).await;
    let mut all = Vec::new();
    for index in 1..=3 {
        all.push(world.cosigner(index, Manner::Signs).await);
    }
    for intent in 1..=12 {
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
    }
    let mut pairs = BTreeSet::new();
    for cosigner in &mut all {
        pairs.extend(cosigner.opened());
    }
    assert!(pairs.len() > 1, "{pairs:?}");
    assert!(world.hub.standings().iter().all(|seat| seat.session_us.is_some() && seat.in_flight == 0));
}

#[tokio::test]
async fn an_aborted_session_is_followed_by_another_quorum_at_once() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Aborts { culprit: None }).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=6 {
        let began = Instant::now();
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
        assert!(began.elapsed() < TWO_SECONDS);
        let last = signing.sessions.last().unwrap();
        assert_eq!(last.participants, [2, 3]);
        for broken in &signing.sessions[..signing.sessions.len() - 1] {
            assert_eq!(broken.end, SessionEnd::Aborted { why: "a round was wrong".to_owned() });
        }
    }
    // Both sets with co-signer 1 have failed lately: the next payout goes straight to the others.
    assert_eq!(world.sign(7).await.sessions.len(), 1);
}

#[tokio::test]
async fn a_silent_cosigner_costs_one_time_out_and_is_asked_last_afterwards() {
    let mut pace = quick();
    // Not the end of the session's time is what finds it.
    pace.session = Duration::from_secs(10);
    pace.overall = Duration::from_secs(20);
    let world = World::at(pace, 2, 3).await;
    let _one = world.cosigner(1, Manner::Silent).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    let mut time_outs = 0;
    for intent in 1..=6 {
        let began = Instant::now();
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
        assert!(began.elapsed() < TWO_SECONDS);
        time_outs += signing.sessions.len() - 1;
        // Whether the silent one had passed its checks, nobody knows.
        let unclear = signing.sessions.iter().filter(|session| !session.is_heard_out()).count();
        assert_eq!(unclear, signing.sessions.len() - 1);
    }
    assert!(time_outs <= 1, "{time_outs} sessions ran into the time-out");
    assert!(world.hub.connected().contains(&2));
}

#[tokio::test]
async fn one_that_is_killed_while_it_is_asked_is_replaced() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Dies).await;
    let two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=3 {
        let began = Instant::now();
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
        assert!(began.elapsed() < TWO_SECONDS);
    }
    // A second one: now nobody is left to sign with.
    two.kill();
    world.until_connected(&[3]).await;
    let signing = world.sign(9).await;
    let SignOutcome::NoQuorum { why, connected } = signing.outcome else { panic!("{signing:?}") };
    assert_eq!(connected, [3]);
    assert_eq!(why, "2 co-signers must sign; ready: co-3; co-1: not connected; co-2: not connected");
    assert!(signing.sessions.is_empty());
}

#[tokio::test]
async fn the_return_of_a_cosigner_is_told_and_signing_goes_on() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Signs).await;
    assert!(matches!(world.sign(1).await.outcome, SignOutcome::NoQuorum { .. }));
    let mut changes = world.hub.subscribe();
    changes.mark_unchanged();
    let two = world.cosigner(2, Manner::Signs).await;
    timeout(TWO_SECONDS, changes.changed()).await.expect("whoever waits is woken").unwrap();
    assert!(matches!(world.sign(1).await.outcome, SignOutcome::Signed { .. }));
    // A longer journal is no news: it grows with every payout.
    changes.mark_unchanged();
    let standing = world.standing(2);
    two.say(FromCosigner::Standing(Standing { journal_seq: 8, ..standing.clone() })).await;
    assert!(timeout(Duration::from_millis(300), changes.changed()).await.is_err());
    two.say(FromCosigner::Standing(Standing {
        condition: Condition::Frozen("drill".to_owned()),
        ..standing
    }))
    .await;
    timeout(TWO_SECONDS, changes.changed()).await.expect("a freeze is news").unwrap();
    let SignOutcome::NoQuorum { why, .. } = world.sign(1).await.outcome else { panic!("it is frozen") };
    assert!(why.contains("co-2: frozen: drill"), "{why}");
}

#[tokio::test]
async fn a_refusal_of_one_does_not_stop_the_others() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Refuses { never_by: Some(1) }).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=3 {
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
    }
}

#[tokio::test]
async fn refused_is_what_no_quorum_without_the_refusers_is_left_for() {
    let world = World::new(2, 3).await;
    let mut all = Vec::new();
    for index in 1..=3 {
        all.push(world.cosigner(index, Manner::Refuses { never_by: Some(index) }).await);
    }
    let signing = world.sign(1).await;
    let SignOutcome::Refused { refusals } = signing.outcome else { panic!("{signing:?}") };
    assert!(refusals.len() >= 2, "{refusals:?}");
    for (index, given) in &refusals {
        assert_eq!(*given, refusal(*index, Some(*index)));
    }
    assert!(signing.sessions.iter().all(|session| session.end == SessionEnd::Refused));
    assert!(signing.sessions.iter().all(|session| session.voices.iter().all(|voice| voice.checks.is_none())));
}

#[tokio::test]
async fn a_never_that_is_anothers_or_about_something_else_ends_nothing() {
    let world = World::new(2, 2).await;
    let _one = world.cosigner(1, Manner::Refuses { never_by: Some(2) }).await;
    let _two = world.cosigner(2, Manner::Refuses { never_by: Some(2) }).await;
    let SignOutcome::Refused { refusals } = world.sign(1).await.outcome else { panic!("refused") };
    let nevers: Vec<_> = refusals.iter().filter(|(_, refusal)| refusal.never.is_some()).collect();
    assert_eq!(nevers.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2], "only its own");
    assert!(refusals.iter().any(|(index, refusal)| *index == 1 && refusal.finality == Finality::Later));
    let SignOutcome::Refused { refusals } = world.sign(2).await.outcome else { panic!("refused") };
    assert!(refusals.iter().all(|(_, refusal)| refusal.never.is_none()), "it is about intent 1");
}

#[tokio::test]
async fn a_forged_signature_is_not_taken_and_the_next_quorum_is_asked() {
    let world = World::new(2, 3).await;
    let _one = world.cosigner(1, Manner::Forges).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=4 {
        let signing = world.sign(intent).await;
        let SignOutcome::Signed { made, .. } = signing.outcome else { panic!("{signing:?}") };
        assert!([2, 3].contains(&made));
        for report in &signing.sessions[..signing.sessions.len() - 1] {
            let SessionEnd::Aborted { why } = &report.end else { panic!("{report:?}") };
            assert!(why.contains("co-signer 1 sent a bad signature: it is another key's"), "{why}");
        }
    }
}

#[tokio::test]
async fn an_accusation_does_not_keep_the_accused_from_signing() {
    let world = World::new(2, 3).await;
    // Co-signer 1 breaks every session off and blames 2, which is honest.
    let _one = world.cosigner(1, Manner::Aborts { culprit: Some(2) }).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=6 {
        let signing = world.sign(intent).await;
        assert!(matches!(signing.outcome, SignOutcome::Signed { .. }), "{signing:?}");
    }
}

#[tokio::test]
async fn when_all_quorums_break_off_the_reason_of_the_last_is_given() {
    let world = World::new(2, 3).await;
    let mut all = Vec::new();
    for index in 1..=3 {
        all.push(world.cosigner(index, Manner::Aborts { culprit: None }).await);
    }
    let signing = world.sign(1).await;
    assert_eq!(signing.outcome, SignOutcome::Aborted { why: "a round was wrong".to_owned() });
    assert_eq!(signing.sessions.len(), 3, "each pair was asked once");
}

#[tokio::test]
async fn slow_ones_that_live_have_the_whole_time_of_a_session() {
    let world = World::new(2, 2).await;
    let _one = world.cosigner(1, Manner::Idle).await;
    let _two = world.cosigner(2, Manner::Idle).await;
    let began = Instant::now();
    let signing = world.sign(1).await;
    assert!(began.elapsed() >= quick().session);
    let SignOutcome::Aborted { why } = signing.outcome else { panic!("{signing:?}") };
    assert_eq!(why, "no signature within 1500 ms");
}

#[tokio::test]
async fn nobody_hears_of_a_session_that_could_not_be_stored() {
    let world = World::new(2, 2).await;
    let mut one = world.cosigner(1, Manner::Signs).await;
    let _two = world.cosigner(2, Manner::Signs).await;
    let asker = Plain { stop: Some("the disk is full"), ..Plain::default() };
    let signing = world.hub.sign(world.order(1), &asker).await;
    assert_eq!(signing.outcome, SignOutcome::Stopped("the disk is full"));
    assert!(matches!(world.sign(2).await.outcome, SignOutcome::Signed { .. }));
    let opened: Vec<_> =
        one.all().into_iter().filter(|message| matches!(message, ToCosigner::Open { .. })).collect();
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert!(!asker.opened.lock().unwrap().is_empty());
}

#[tokio::test]
async fn one_intent_is_asked_about_once_at_a_time_and_a_forsaken_session_is_closed() {
    let world = World::new(2, 2).await;
    let mut one = world.cosigner(1, Manner::Idle).await;
    let _two = world.cosigner(2, Manner::Idle).await;
    {
        let first = world.sign(1);
        tokio::pin!(first);
        assert!(timeout(Duration::from_millis(200), &mut first).await.is_err(), "they are idle");
        assert_eq!(world.sign(1).await.outcome, SignOutcome::AskedAlready);
    }
    let ToCosigner::Open { session, .. } = one.next().await else { panic!("it is asked first") };
    let ToCosigner::Close { session: closed, .. } = one.next().await else { panic!("then it is over") };
    assert_eq!(session, closed);
    assert!(world.hub.standings().iter().all(|seat| seat.in_flight == 0));
    let again = timeout(Duration::from_millis(100), world.sign(1)).await;
    assert!(again.is_err(), "the intent is free again, and is being asked about");
}

#[tokio::test]
async fn those_who_ban_each_other_are_never_asked_together() {
    let world = World::new(2, 3).await;
    let banning = Standing { banned: vec![2], ..world.standing(1) };
    let _one = world.cosigner_with(Manner::Signs, banning).await;
    let mut two = world.cosigner(2, Manner::Signs).await;
    let _three = world.cosigner(3, Manner::Signs).await;
    for intent in 1..=8 {
        assert!(matches!(world.sign(intent).await.outcome, SignOutcome::Signed { .. }));
    }
    assert!(two.opened().iter().all(|participants| participants == &[2, 3]));
}

#[tokio::test]
async fn a_share_of_another_key_is_no_share() {
    let world = World::new(2, 2).await;
    let _one = world.cosigner(1, Manner::Signs).await;
    let mut other = world.standing(2);
    other.wallets[0].public_key = [4; 33];
    let two = world.cosigner_with(Manner::Signs, other).await;
    let SignOutcome::NoQuorum { why, .. } = world.sign(1).await.outcome else { panic!("no quorum") };
    assert!(why.contains("co-2: its share is of another key than the policy's"), "{why}");
    two.say(FromCosigner::Standing(Standing { wallets: Vec::new(), ..world.standing(2) })).await;
    let mut changes = world.hub.subscribe();
    let _ = timeout(Duration::from_millis(200), changes.changed()).await;
    let SignOutcome::NoQuorum { why, .. } = world.sign(1).await.outcome else { panic!("no quorum") };
    assert!(why.contains("co-2: has no share of this wallet"), "{why}");
}

#[tokio::test]
async fn no_more_sessions_are_in_flight_than_may_be() {
    let mut pace = quick();
    pace.session = Duration::from_millis(600);
    pace.overall = Duration::from_millis(300);
    let world = World::at(pace, 2, 2).await;
    let _one = world.cosigner(1, Manner::Idle).await;
    let _two = world.cosigner(2, Manner::Idle).await;
    let all = futures::future::join_all((1..=5).map(|intent| world.sign(intent))).await;
    let busy = all.iter().filter(|signing| signing.outcome == SignOutcome::Busy).count();
    assert_eq!(busy, 1, "four places");
}
