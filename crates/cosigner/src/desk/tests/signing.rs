//! Signing sessions of whole co-signers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use wire::message::{Check, FromCosigner};

use super::hall::Hall;
use crate::house::{GWEI, bytes};
use payout::policy::Genesis;

fn subsets(t: u8, n: u8) -> Vec<Vec<u8>> {
    let all = (0u16..1 << n).map(|bits| (1..=n).filter(|i| bits >> (i - 1) & 1 == 1).collect::<Vec<u8>>());
    all.filter(|set| set.len() == usize::from(t)).collect()
}

async fn every_quorum_signs(t: u8, n: u8) {
    let mut hall = Hall::with(t, n, Hall::fee_limit).await;
    for (number, quorum) in (1..).zip(subsets(t, n)) {
        hall.sign(&quorum, number).await;
    }
    let signed = subsets(t, n).len();
    // Everybody hears of everything, a moment later.
    hall.until("all journals are everywhere", |hall| (1..=n).all(|index| hall.counted(index) == signed))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_three_signs() {
    every_quorum_signs(2, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_three_of_four_sign() {
    every_quorum_signs(3, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_three_of_five_sign() {
    every_quorum_signs(3, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_checked_is_said_in_words() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let request = hall.approved(&hall.intent(1), 1);
    hall.hub.open(&[1, 2], &request);
    let checks = loop {
        if let (_, FromCosigner::Checked { checks, .. }) = hall.hub.heard().await {
            break checks;
        }
    };
    assert_eq!(checks.len(), Check::ALL.len());
    assert!(checks.iter().any(|line| line.contains("payout 200 of") && line.contains("fee at most")));
    assert!(checks.iter().any(|line| line.contains("tom, tess, dora")), "{checks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_participant_costs_less_than_a_second_and_no_ban() {
    let mut hall = Hall::with_wallet(3, 4).await;
    hall.hub.relay_by(|from, _, _| from != 3);
    let request = hall.approved(&hall.intent(1), 1);
    let began = Instant::now();
    let label = hall.hub.open(&[1, 2, 3], &request);
    let outcome = hall.hub.outcome(label, &[1, 2, 3]).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    for index in [1, 2] {
        let FromCosigner::Aborted { why, culprit, .. } = &outcome[&index] else { panic!("{outcome:?}") };
        assert!(why.contains("co-signer 3") || why.contains("stopped"), "{why}");
        assert_eq!(*culprit, None);
    }
    assert_eq!(hall.counted(1), 0);
    // Another quorum signs at once.
    let label = hall.hub.open(&[1, 2, 4], &request);
    let outcome = hall.hub.outcome(label, &[1, 2, 4]).await;
    hall.assert_signed(&outcome[&4], &request);
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_relay_frames_never_ban_anybody() {
    let mut hall = Hall::with_wallet(2, 3).await;
    for nth in 0..6 {
        let seen = Arc::new(AtomicUsize::new(0));
        hall.hub.relay_by(move |from, to, data| {
            if (from, to) == (2, 1)
                && seen.fetch_add(1, Ordering::Relaxed) == nth
                && let Some(last) = data.last_mut()
            {
                *last ^= 1;
            }
            true
        });
        let request = hall.approved(&hall.intent(nth as i64 + 1), nth as u64);
        let label = hall.hub.open(&[1, 2], &request);
        for said in hall.hub.outcome(label, &[1, 2]).await.values() {
            match said {
                FromCosigner::Aborted { culprit, .. } => assert_eq!(*culprit, None),
                FromCosigner::Signed { .. } => hall.assert_signed(said, &request),
                // It was a word about journals, and the link broke before the session began.
                FromCosigner::Refused { refusal, .. } => assert_eq!(refusal.check, Check::Peers),
                other => panic!("{other:?}"),
            }
        }
        hall.hub.relay_by(|_, _, _| true);
        hall.until("1 and 2 are linked again", |hall| {
            let linked = |a: u8, b: u8| hall.chair(a).lines().iter().any(|line| line.is_linked(b));
            linked(1, 2) && linked(2, 1)
        })
        .await;
    }
    hall.sign(&[1, 2], 100).await;
    for index in 1..=3 {
        assert!(hall.chair(index).standing().banned.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_opens_one_session() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let request = hall.approved(&hall.intent(1), 1);
    let label = hall.hub.open(&[1, 2], &request);
    hall.hub.outcome(label, &[1, 2]).await;
    hall.hub.open_as(label, &[1, 2], &request);
    for said in hall.hub.outcome(label, &[1, 2]).await.values() {
        let FromCosigner::Refused { refusal, .. } = said else { panic!("{said:?}") };
        assert_eq!(refusal.check, Check::Session);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_repeated_under_another_label_for_the_same_token_only() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let intent = hall.intent(1);
    let request = hall.approved(&intent, 1);
    for quorum in [[1, 2], [2, 3], [1, 3]] {
        let label = hall.hub.open(&quorum, &request);
        for said in hall.hub.outcome(label, &quorum).await.values() {
            hall.assert_signed(said, &request);
        }
    }
    let other_token = hall.approved(&intent, 2);
    let label = hall.hub.open(&[1, 3], &other_token);
    for said in hall.hub.outcome(label, &[1, 3]).await.values() {
        assert!(!matches!(said, FromCosigner::Signed { .. }), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn different_bytes_to_different_participants_are_not_signed() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let intent = hall.intent(1);
    let one = hall.approved(&intent, 1);
    let mut other = one.clone();
    let price = chain::evm::Fee::Eip1559 { max_fee_per_gas: 11 * GWEI, max_priority_fee_per_gas: GWEI };
    other.unsigned = bytes(&intent, 1, price);
    let session = hall.hub.label();
    for (index, request) in [(1, one), (2, other)] {
        let open =
            wire::message::ToCosigner::Open { session, participants: vec![1, 2], request: request.clone() };
        hall.hub.say(index, &open);
    }
    for said in hall.hub.outcome(session, &[1, 2]).await.values() {
        let FromCosigner::Aborted { why, culprit, .. } = said else { panic!("{said:?}") };
        assert!(why.contains("different requests"), "{why}");
        assert_eq!(*culprit, None);
    }
    assert_eq!((hall.counted(1), hall.counted(2)), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_session_kills_the_session_and_nothing_else() {
    for relayed in [1, 4, 9, 12] {
        let mut hall = Hall::with_wallet(2, 3).await;
        let count = Arc::new(AtomicUsize::new(0));
        let (seen, reached) = tokio::sync::mpsc::unbounded_channel();
        let mut reached = reached;
        hall.hub.relay_by(move |from, to, _| {
            let pair = [from, to].into_iter().collect::<BTreeSet<_>>();
            if pair == BTreeSet::from([1, 2]) && count.fetch_add(1, Ordering::Relaxed) + 1 == relayed {
                let _ = seen.send(());
            }
            // What comes after is lost.
            count.load(Ordering::Relaxed) <= relayed
        });
        let request = hall.approved(&hall.intent(1), 1);
        let label = hall.hub.open(&[1, 2], &request);
        reached.recv().await.unwrap();
        hall.restart(2).await;
        hall.hub.relay_by(|_, _, _| true);
        let said = loop {
            let (index, said) = hall.hub.heard().await;
            let is_last = matches!(
                &said,
                FromCosigner::Aborted { session, .. } | FromCosigner::Signed { session, .. } if *session == label
            );
            if index == 1 && is_last {
                break said;
            }
        };
        if let FromCosigner::Aborted { culprit, .. } = said {
            assert_eq!(culprit, None);
        }
        hall.until("2 is linked again", |hall| {
            let linked = |a: u8, b: u8| hall.chair(a).lines().iter().any(|line| line.is_linked(b));
            linked(1, 2) && linked(2, 1) && hall.chair(2).keys().contains_key(&hall.wallet_id())
        })
        .await;
        // The same payout, the same token, a new session.
        let label = hall.hub.open(&[1, 2], &request);
        for said in hall.hub.outcome(label, &[1, 2]).await.values() {
            hall.assert_signed(said, &request);
        }
    }
}

/// Two `auto` payouts a day: each co-signer takes part in two of three sessions, so none of them sees the third by
/// itself.
fn two_a_day(genesis: &mut Genesis) {
    for rule in &mut genesis.rules.rules {
        if let Some(window) = &mut rule.window {
            window.count = 2;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sessions_at_once_over_three_pairs_do_not_break_a_limit() {
    let mut hall = Hall::with(2, 3, two_a_day).await;
    let mut sessions = Vec::new();
    let mut requests = Vec::new();
    for (number, quorum) in (1..).zip([[1, 2], [2, 3], [1, 3]]) {
        let request = hall.house.request(&hall.small(number), vec![], number as u64);
        sessions.push((hall.hub.open(&quorum, &request), quorum.to_vec()));
        requests.push(request);
    }
    let outcomes = hall.hub.outcomes(&sessions).await;
    let signed = outcomes
        .values()
        .filter(|said| said.values().any(|said| matches!(said, FromCosigner::Signed { .. })))
        .count();
    assert!(signed <= 2, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sessions_run_beside_each_other() {
    let mut hall = Hall::with(2, 3, Hall::fee_limit).await;
    let mut sessions = Vec::new();
    let mut requests = Vec::new();
    for (number, quorum) in (1..).zip([[1, 2], [2, 3], [1, 3], [1, 2]]) {
        let request = hall.approved(&hall.intent(number), number as u64);
        sessions.push((hall.hub.open(&quorum, &request), quorum.to_vec()));
        requests.push(request);
    }
    let outcomes = hall.hub.outcomes(&sessions).await;
    for ((label, _), request) in sessions.iter().zip(&requests) {
        for said in outcomes[label].values() {
            hall.assert_signed(said, request);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sessions_than_the_limit_are_refused_for_now() {
    let mut hall = Hall::with(2, 3, Hall::fee_limit).await;
    hall.hub.relay_by(|_, _, _| false);
    let mut sessions = Vec::new();
    for number in 1..=5 {
        let request = hall.approved(&hall.intent(number), number as u64);
        sessions.push((hall.hub.open(&[1, 2], &request), vec![1, 2]));
    }
    let outcomes = hall.hub.outcomes(&sessions).await;
    let FromCosigner::Refused { refusal, .. } = &outcomes[&sessions[4].0][&1] else { panic!("{outcomes:?}") };
    assert!(refusal.reason.contains("4 are open"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_was_away_is_found_again() {
    let mut hall = Hall::with_wallet(2, 3).await;
    hall.hub.hang_up();
    hall.until("the lines are gone", |hall| hall.chairs.iter().any(|chair| chair.cosigner.line_count() == 0))
        .await;
    hall.until("all are linked again", |hall| {
        hall.chairs
            .iter()
            .all(|chair| chair.cosigner.lines().first().is_some_and(|line| line.linked().len() == 2))
    })
    .await;
    hall.sign(&[1, 3], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_makes_up_gets_no_entry_in_the_journal() {
    let mut hall = Hall::with_wallet(2, 3).await;
    let before = hall.chair(1).journal.own_seq();
    let mut intent = hall.intent(1);
    intent.amount_text = "2".to_owned();
    for number in 1..=3 {
        intent.cid = payout::ids::Cid::new(number).unwrap();
        let mut request = hall.approved(&intent, 1);
        let acts = std::mem::take(&mut request.acts);
        let label = hall.hub.open(&[1, 2], &request);
        let outcome = hall.hub.outcome(label, &[1, 2]).await;
        let FromCosigner::Refused { refusal, .. } = &outcome[&1] else { panic!("{outcome:?}") };
        assert_eq!((refusal.finality, &refusal.never), (wire::message::Finality::Never, &None));
        assert_eq!(hall.chair(1).journal.own_seq(), before);
        if number < 3 {
            continue;
        }
        // Somebody approved it: then whoever waits for it gets its end.
        request.acts = acts;
        let label = hall.hub.open(&[1, 2], &request);
        let outcome = hall.hub.outcome(label, &[1, 2]).await;
        let FromCosigner::Refused { refusal, .. } = &outcome[&1] else { panic!("{outcome:?}") };
        assert!(refusal.never.is_some());
        assert_eq!(hall.chair(1).journal.own_seq(), before + 1);
    }
}

/// `cargo nextest run -p cosigner --run-ignored only the_latency`: prints, asserts nothing.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn the_latency_of_a_signature_is_measured() {
    let mut hall = Hall::with(2, 3, Hall::fee_limit).await;
    let mut times = Vec::new();
    for number in 1..=60 {
        let request = hall.approved(&hall.intent(number), number as u64);
        let began = Instant::now();
        let label = hall.hub.open(&[1, 2], &request);
        loop {
            if let (_, FromCosigner::Signed { session, .. }) = hall.hub.heard().await
                && session == label
            {
                break;
            }
        }
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times.sort();
    let shares = mpc::local::deal(2, 3).unwrap();
    let mut bare = Vec::new();
    for _ in 0..60 {
        let began = Instant::now();
        mpc::local::run_sign(&shares[..2], &[44, 60, 0, 0, 0], [7; 32]).unwrap();
        bare.push(began.elapsed());
    }
    bare.sort();
    println!(
        "p50 {:?} p90 {:?} max {:?}; both parties' bare computing, p50 {:?}",
        times[30], times[54], times[59], bare[30]
    );
}
