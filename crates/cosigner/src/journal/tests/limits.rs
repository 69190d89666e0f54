//! Invariants I1 and I6: no order of events, no choice of quorums and no f < 2t − n hostile co-signers sign one payout
//! twice or pass a limit.

use proptest::prelude::*;

use super::*;
use crate::house::{tokens, usdt};

/// A session somewhere on its way. A hostile participant goes along with everything, and keeps nothing.
enum Stage {
    Claiming { claims: Vec<(u8, Option<Claim>)> },
    Reserving { waiting: Vec<(u8, Option<Claim>)>, reserved: Vec<Option<Reservation>> },
    Committing { session: Digest, reserved: Vec<Option<Reservation>> },
    Signed,
    Over,
}

struct Flight {
    quorum: Vec<u8>,
    request: SignRequest,
    stage: Stage,
}

impl Flight {
    /// One step of one participant. A refusal or a loss ends the session: whatever it held is released.
    fn step(&mut self, cosigners: &mut Cosigners, lost: Lost) {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        if lost == Lost::Yes {
            return;
        }
        self.stage = match stage {
            Stage::Claiming { mut claims } => {
                let index = self.quorum[claims.len()];
                if cosigners.hostile.contains_key(&index) {
                    claims.push((index, None));
                } else {
                    let Ok(claim) = cosigners.claim(index, &self.quorum, &self.request) else { return };
                    claims.push((index, Some(claim)));
                }
                if claims.len() == self.quorum.len() {
                    Stage::Reserving { waiting: claims, reserved: vec![] }
                } else {
                    Stage::Claiming { claims }
                }
            }
            Stage::Reserving { mut waiting, mut reserved } => {
                let Some((index, claim)) = waiting.pop() else { return };
                let next = claim.map(|claim| cosigners.reserve(index, &self.quorum, claim, &self.request));
                let Ok(next) = next.transpose() else { return };
                reserved.push(next);
                if waiting.is_empty() {
                    Stage::Committing { session: cosigners.session_id(), reserved }
                } else {
                    Stage::Reserving { waiting, reserved }
                }
            }
            Stage::Committing { session, mut reserved } => {
                let Some(next) = reserved.pop() else { return };
                if next.is_some_and(|next| cosigners.commit(next, session).is_err()) {
                    return;
                }
                if reserved.is_empty() { Stage::Signed } else { Stage::Committing { session, reserved } }
            }
            done @ (Stage::Signed | Stage::Over) => done,
        };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Yes,
    No,
}

/// t of n, with 2t > n.
fn shape() -> impl Strategy<Value = (u8, u8)> {
    prop_oneof![Just((2, 2)), Just((2, 3)), Just((3, 4)), Just((3, 5)), Just((4, 5))]
}

pub(super) fn quorum(threshold: u8, count: u8, seed: u64) -> Vec<u8> {
    let mut rest: Vec<u8> = (1..=count).collect();
    let mut seed = seed;
    let mut quorum = Vec::new();
    for _ in 0..threshold {
        let place = usize::try_from(seed % rest.len() as u64).unwrap();
        seed /= rest.len() as u64;
        quorum.push(rest.remove(place));
    }
    quorum.sort_unstable();
    quorum
}

pub(super) fn contribution(facts: Facts) -> Body {
    let session = Digest::of("of a liar", &[facts.intent.as_bytes()]);
    Body::Contribution(Box::new(crate::journal::Contribution { facts, session }))
}

/// A house in which rule `small` may spend 50 USDT twice, ever.
fn twice(threshold: u8, count: u8) -> House {
    House::with(threshold, count, |genesis| {
        let small = &mut genesis.rules.rules[1];
        small.budget.insert(usdt(), tokens(100));
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_of_quorums_passes_a_limit_or_uses_a_token_twice(
        (threshold, count) in shape(),
        // Up to as many as the shape withstands; and what they say of payouts, to make them look smaller or older.
        hostile in any::<prop::sample::Index>(),
        lies in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        // Payout number, token (mostly its own), quorum and first round of each session. Few of each, so that they meet.
        sessions in prop::collection::vec(
            (1i64..7, prop::option::weighted(0.2, 1u64..7), any::<u64>(), 0usize..24),
            3..9,
        ),
        // In each round every session makes a step, in a turned order, unless it sleeps or is lost.
        rounds in prop::collection::vec((any::<prop::sample::Index>(), any::<u16>(), any::<u64>()), 8..40),
        sleepy in 0u16..3,
    ) {
        let mut cosigners = Cosigners::of(twice(threshold, count));
        let liars = 0..hostile.index(usize::from(2 * threshold - count));
        liars.for_each(|place| drop(cosigners.hostile.insert(count - place as u8, vec![])));
        let sessions: Vec<(i64, u64, u64, usize)> = sessions
            .into_iter()
            .map(|(number, token, seed, first)| (number, token.unwrap_or(number.unsigned_abs()), seed, first))
            .collect();
        let mut flights: Vec<Flight> = sessions
            .iter()
            .map(|(number, nonce, seed, _)| {
                let intent = cosigners.house.small(*number);
                Flight {
                    quorum: quorum(threshold, count, *seed),
                    request: cosigners.house.request(&intent, vec![], *nonce),
                    stage: Stage::Claiming { claims: vec![] },
                }
            })
            .collect();
        for (liar, about) in &lies {
            let liars: Vec<u8> = cosigners.hostile.keys().copied().collect();
            let Some(author) = liars.get(liar.index(liars.len().max(1))) else { break };
            let Flight { quorum, request, .. } = &flights[about.index(flights.len())];
            let mut facts = cosigners.outline(1, quorum, request).unwrap().demand().facts().clone();
            (facts.amount, facts.fee) = (payout::money::Amount::ZERO, payout::money::Amount::ZERO);
            cosigners.lie(*author, at(NOON), &contribution(facts));
        }
        for (round, (first, awake, lost)) in rounds.iter().enumerate() {
            let first = first.index(flights.len());
            for turn in 0..flights.len() {
                let which = (first + turn) % flights.len();
                if round < sessions[which].3 || (sleepy > 0 && awake >> which & 1 == 0) {
                    continue;
                }
                // One step in 64 loses its session.
                let lost = if lost >> (which * 7) & 63 == 0 { Lost::Yes } else { Lost::No };
                flights[which].step(&mut cosigners, lost);
            }
        }
        let mut signed: Vec<(String, u64)> = flights
            .iter()
            .zip(&sessions)
            .filter(|(flight, _)| matches!(flight.stage, Stage::Signed))
            .map(|(flight, (_, nonce, ..))| (flight.request.intent.clone(), *nonce))
            .collect();
        signed.sort();
        signed.dedup();
        prop_assert!(signed.len() <= 2, "{} payouts of 50 within a budget of 100", signed.len());
        for (place, (intent, nonce)) in signed.iter().enumerate() {
            for (other, token) in &signed[place + 1..] {
                prop_assert!(intent != other, "one payout on two tokens");
                prop_assert!(nonce != token, "one token for two payouts");
            }
        }
    }
}

#[test]
fn three_sessions_in_flight_between_three_cosigners_do_not_pass_a_limit_of_two() {
    // Journals alone don't hold this: each member sees two of the three, and nothing is written yet.
    let mut cosigners = Cosigners::of(twice(2, 3));
    let quorums: [[u8; 2]; 3] = [[1, 2], [2, 3], [1, 3]];
    let requests: Vec<SignRequest> = (1..=3).map(|number| cosigners.small(number).1).collect();
    // Claims go in a circle: at each co-signer another session is first.
    let mut claims: Vec<Vec<(u8, Claim)>> = vec![vec![], vec![], vec![]];
    for (session, index) in [(0, 1), (2, 1), (1, 2), (0, 2), (2, 3), (1, 3)] {
        claims[session].push((index, cosigners.claim(index, &quorums[session], &requests[session]).unwrap()));
    }
    let mut reserved = vec![];
    for (session, claims) in claims.into_iter().enumerate() {
        let both: Result<Vec<_>, _> = claims
            .into_iter()
            .map(|(index, claim)| cosigners.reserve(index, &quorums[session], claim, &requests[session]))
            .collect();
        reserved.extend(both);
    }
    let mut signed = 0;
    for both in reserved {
        let session = cosigners.session_id();
        if both.into_iter().all(|one| cosigners.commit(one, session).is_ok()) {
            signed += 1;
        }
    }
    assert!(signed <= 2, "{signed} sessions of 50 passed a budget of 100");
}

#[test]
fn a_lie_about_a_session_in_flight_does_not_hide_it() {
    // 3 of 4, of whom the last lies.
    let mut cosigners = Cosigners::of(twice(3, 4));
    cosigners.hostile.insert(4, vec![]);
    let first = cosigners.small(1).1;
    cosigners.sign(&[1, 2, 3], &first).unwrap();
    // The second payout goes through 1, 2 and 4; the liar says that it was for nothing.
    let in_flight = cosigners.small(2).1;
    let _claims = [1, 2].map(|index| cosigners.claim(index, &[1, 2, 4], &in_flight).unwrap());
    let mut facts = cosigners.outline(1, &[1, 2, 4], &in_flight).unwrap().demand().facts().clone();
    facts.amount = payout::money::Amount::ZERO;
    cosigners.lie(4, at(NOON), &contribution(facts));
    cosigners.tell(4, 1).unwrap();
    let refusal = cosigners.claim(1, &[1, 3, 4], &cosigners.small(3).1).unwrap_err();
    assert_eq!(refusal.check, wire::message::Check::Budget);
}

#[test]
fn rotating_quorums_share_one_limit() {
    let mut cosigners = Cosigners::of(twice(2, 3));
    for (number, quorum) in [(1, [1, 2]), (2, [2, 3])] {
        let (_, request) = cosigners.small(number);
        cosigners.sign(&quorum, &request).unwrap();
    }
    let (_, third) = cosigners.small(3);
    let refusal = cosigners.sign(&[1, 3], &third).unwrap_err();
    assert_eq!(refusal.check, wire::message::Check::Budget);
    // What was signed for once may be tried again by any quorum.
    let (_, first) = cosigners.small(1);
    assert!(cosigners.sign(&[1, 3], &first).is_ok());
}

#[test]
fn a_failed_session_still_counts_where_it_was_journaled() {
    let mut cosigners = Cosigners::of(twice(2, 3));
    // Number 1 is journaled by the first co-signer alone; its peer never got there.
    let (_, request) = cosigners.small(1);
    let (one, two) =
        (cosigners.claim(1, &[1, 2], &request).unwrap(), cosigners.claim(2, &[1, 2], &request).unwrap());
    let reserved = cosigners.reserve(1, &[1, 2], one, &request).unwrap();
    drop(two);
    let session = cosigners.session_id();
    cosigners.commit(reserved, session).unwrap();
    for number in [2, 3] {
        let (_, request) = cosigners.small(number);
        cosigners.sign(&[2, 3], &request).unwrap();
    }
    // Now number 1 must not come back: three times 50 would be signed.
    let refusal = cosigners.sign(&[1, 2], &request).unwrap_err();
    assert_eq!(refusal.check, wire::message::Check::Budget);
}
