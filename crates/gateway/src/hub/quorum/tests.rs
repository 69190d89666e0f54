use std::collections::BTreeSet;

use super::*;

fn candidate(index: u8) -> Candidate {
    Candidate {
        index,
        epoch: 1,
        trust: Trust::Healthy,
        policy: Currency::Current,
        mean_us: Some(10_000),
        in_flight: 0,
        banned: Vec::new(),
    }
}

#[derive(Default)]
struct Known {
    tried: BTreeSet<Vec<u8>>,
    failed: BTreeSet<Vec<u8>>,
    turns: Vec<Vec<u8>>,
}

impl Memory for Known {
    fn tried(&self, participants: &[u8]) -> bool {
        self.tried.contains(participants)
    }

    fn failed(&self, participants: &[u8]) -> bool {
        self.failed.contains(participants)
    }

    fn last_turn(&self, participants: &[u8]) -> u64 {
        self.turns.iter().rposition(|turn| turn == participants).map_or(0, |turn| turn as u64 + 1)
    }
}

fn three() -> Vec<Candidate> {
    vec![candidate(1), candidate(2), candidate(3)]
}

#[test]
fn too_few_candidates_are_no_quorum() {
    assert_eq!(choose(&[candidate(1)], 2, &Known::default()), None);
    assert_eq!(choose(&[], 2, &Known::default()), None);
}

#[test]
fn the_slow_one_is_left_out() {
    let mut all = three();
    all[0].mean_us = Some(100_000);
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![2, 3]));
}

#[test]
fn equally_fast_ones_take_turns() {
    let mut known = Known::default();
    for _ in 0..6 {
        let chosen = choose(&three(), 2, &known).unwrap();
        known.turns.push(chosen);
    }
    let pairs: BTreeSet<_> = known.turns[..3].iter().collect();
    assert_eq!(pairs.len(), 3, "each pair had its turn: {:?}", known.turns);
    assert_eq!(known.turns[..3], known.turns[3..]);
}

#[test]
fn a_little_slower_is_as_good_and_a_busy_one_waits() {
    let mut all = three();
    all[2].mean_us = Some(18_000);
    all[0].in_flight = 2;
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![2, 3]));
}

#[test]
fn a_ban_in_either_direction_parts_two() {
    let mut all = three();
    all[1].banned = vec![1];
    all[2].mean_us = Some(1_000_000);
    for _ in 0..2 {
        let chosen = choose(&all, 2, &Known::default()).unwrap();
        assert!(chosen.contains(&3), "{chosen:?}");
    }
    all[1].banned = vec![1, 3];
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![1, 3]));
    all[0].banned = vec![3];
    assert_eq!(choose(&all, 2, &Known::default()), None);
}

#[test]
fn shares_of_different_epochs_do_not_sign_together() {
    let mut all = three();
    all[0].epoch = 2;
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![2, 3]), "only these two fit");
    all[1].epoch = 2;
    all[2].epoch = 2;
    all.push(candidate(4));
    all.push(candidate(5));
    all[3].mean_us = Some(1);
    assert!(choose(&all, 2, &Known::default()).unwrap().iter().all(|index| *index <= 3), "new shares first");
}

#[test]
fn what_was_tried_is_not_tried_again() {
    let mut known = Known::default();
    for _ in 0..3 {
        let chosen = choose(&three(), 2, &known).unwrap();
        assert!(known.tried.insert(chosen));
    }
    assert_eq!(choose(&three(), 2, &known), None);
}

#[test]
fn doubt_and_recent_failure_come_last_but_never_exclude() {
    let mut all = three();
    all[0].trust = Trust::Doubtful;
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![2, 3]));
    let known = Known { failed: [vec![2, 3]].into(), ..Known::default() };
    assert!(choose(&all, 2, &known).unwrap().contains(&1));
    assert_eq!(choose(&all[..2], 2, &Known::default()), Some(vec![1, 2]));
}

#[test]
fn one_with_an_older_policy_is_asked_last() {
    let mut all = three();
    all[1].policy = Currency::Behind;
    assert_eq!(choose(&all, 2, &Known::default()), Some(vec![1, 3]));
}

#[test]
fn three_of_five_are_chosen_whole() {
    let all: Vec<_> = (1..=5).map(candidate).collect();
    let chosen = choose(&all, 3, &Known::default()).unwrap();
    assert_eq!(chosen.len(), 3);
    assert!(chosen.is_sorted());
}

#[test]
fn an_explanation_names_who_is_missing_and_why() {
    let text = explain(
        2,
        &["alpha".to_owned()],
        &[("beta".to_owned(), Obstacle::Absent), ("gamma".to_owned(), Obstacle::Frozen("stolen".to_owned()))],
    );
    assert_eq!(text, "2 co-signers must sign; ready: alpha; beta: not connected; gamma: frozen: stolen");
}
