//! All participants of a session at one table, with the post between them in our hands.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mpc::{KeyShare, Party, Sign};
use payout::ids::Digest;
use payout::time::Millis;
use proptest::prelude::*;
use wire::message::{Check, Finality, FromCosigner, Label, PeerMessage, Refusal};

use super::*;
use crate::turns::Turns as _;

const DIGEST: [u8; 32] = [0x5a; 32];

fn label() -> Label {
    Label::from_bytes([9; 16])
}

fn clock() -> Millis {
    Millis::new(1_782_907_200_000).unwrap()
}

struct Post {
    from: u8,
    to: u8,
    letter: Letter,
}

/// What one participant is to do otherwise than the others.
#[derive(Default)]
struct Odd {
    request: Option<Digest>,
    clock_ms: i64,
    refusal: Option<Refusal>,
    id: Option<Digest>,
}

struct Table {
    now: Instant,
    shares: BTreeMap<u8, KeyShare>,
    machines: BTreeMap<u8, Machine<(), Sign>>,
    odd: BTreeMap<u8, Odd>,
    post: Vec<Post>,
    reports: BTreeMap<u8, Vec<FromCosigner>>,
    /// Who wrote into its journal that it contributed.
    committed: Vec<u8>,
    /// Who banned whom, and what it had reported by then.
    bans: Vec<(u8, u8, usize)>,
    parties: Vec<Party>,
}

impl Table {
    fn new(t: u8, n: u8, participants: &[u8]) -> Self {
        let dealt = mpc::local::deal(t, n).unwrap();
        let shares = dealt.into_iter().map(|share| (share.me().index(), share)).collect();
        Self {
            now: Instant::now(),
            shares,
            machines: BTreeMap::new(),
            odd: participants.iter().map(|index| (*index, Odd::default())).collect(),
            post: Vec::new(),
            reports: BTreeMap::new(),
            committed: Vec::new(),
            bans: Vec::new(),
            parties: participants.iter().map(|index| Party::new(*index).unwrap()).collect(),
        }
    }

    fn but(mut self, index: u8, odd: Odd) -> Self {
        self.odd.insert(index, odd);
        self
    }

    fn begin(mut self) -> Self {
        let participants: Vec<u8> = self.odd.keys().copied().collect();
        for me in participants.clone() {
            let odd = &self.odd[&me];
            let terms = Terms {
                label: label(),
                me,
                participants: participants.clone(),
                request: odd.request.unwrap_or(Digest::from_bytes([1; 32])),
                random: [me; 32],
                heads: Vec::new(),
                clock: clock().plus(odd.clock_ms),
            };
            let (machine, actions) = Machine::open(terms, Timing::default(), self.now);
            self.machines.insert(me, machine);
            self.act(me, actions);
        }
        self
    }

    fn act(&mut self, me: u8, actions: Vec<Action<()>>) {
        for action in actions {
            match action {
                Action::Tell { peer, message } => {
                    self.post.push(Post { from: me, to: peer, letter: letter(message) });
                }
                Action::Exchange { peer, .. } => {
                    self.post.push(Post { from: me, to: peer, letter: Letter::Pending(vec![]) });
                }
                Action::Check(material) => {
                    let randoms: Vec<u8> = material.randoms.into_values().flatten().collect();
                    let odd = &self.odd[&me];
                    let result = match &odd.refusal {
                        Some(refusal) => Err(refusal.clone()),
                        None => Ok(Cleared {
                            permit: (),
                            id: odd.id.unwrap_or(Digest::of("test", &[&randoms])),
                            checks: vec!["session".to_owned()],
                        }),
                    };
                    let actions = self.machine(me).checked(result, Instant::now());
                    self.act(me, actions);
                }
                Action::Commit { permit: (), session } => {
                    self.committed.push(me);
                    let started =
                        Sign::start(&self.shares[&me], &[], &self.parties, *session.as_bytes(), DIGEST);
                    let now = self.now;
                    let result = started.map_err(|abort| abort.to_string());
                    let actions = self.machine(me).committed(result, now);
                    self.act(me, actions);
                }
                Action::Ban { peer, .. } => {
                    let said = self.reports.get(&me).map_or(0, Vec::len);
                    self.bans.push((me, peer, said));
                }
                Action::Report(report) => self.reports.entry(me).or_default().push(report),
            }
        }
    }

    fn machine(&mut self, index: u8) -> &mut Machine<(), Sign> {
        self.machines.get_mut(&index).unwrap()
    }

    /// Delivers the oldest letter that `pick` chooses among the heads of the pairs' queues, until there is none.
    fn run_by(
        mut self,
        mut pick: impl FnMut(usize) -> usize,
        mut pass: impl FnMut(&mut Post) -> bool,
    ) -> Self {
        while !self.post.is_empty() {
            let mut heads = Vec::<usize>::new();
            for (place, post) in self.post.iter().enumerate() {
                let pair = (post.from, post.to);
                if !heads.iter().any(|head| (self.post[*head].from, self.post[*head].to) == pair) {
                    heads.push(place);
                }
            }
            let place = heads[pick(heads.len()) % heads.len()];
            let mut post = self.post.remove(place);
            if pass(&mut post) {
                let (from, to, now) = (post.from, post.to, self.now);
                let actions = self.machine(to).receive(from, post.letter, now);
                self.act(to, actions);
            }
        }
        self
    }

    fn run(self) -> Self {
        self.run_by(|_| 0, |_| true)
    }

    /// Lets every machine run into its time-out.
    fn wait(mut self) -> Self {
        self.now += Timing::default().session;
        for index in self.machines.keys().copied().collect::<Vec<_>>() {
            let now = self.now;
            let actions = self.machine(index).expire(now);
            self.act(index, actions);
        }
        self.run()
    }

    fn signature(&self, index: u8) -> Option<&Vec<u8>> {
        self.reports.get(&index)?.iter().find_map(|report| match report {
            FromCosigner::Signed { signature, .. } => Some(signature),
            _ => None,
        })
    }

    fn aborted(&self, index: u8) -> Option<(&str, Option<u8>)> {
        self.reports.get(&index)?.iter().find_map(|report| match report {
            FromCosigner::Aborted { why, culprit, .. } => Some((why.as_str(), *culprit)),
            _ => None,
        })
    }

    fn refused(&self, index: u8) -> Option<&Refusal> {
        self.reports.get(&index)?.iter().find_map(|report| match report {
            FromCosigner::Refused { refusal, .. } => Some(refusal),
            _ => None,
        })
    }

    fn over(&self) -> bool {
        self.machines.values().all(Machine::is_over)
    }

    fn assert_signed(&self) {
        assert!(self.over());
        for (index, share) in self.shares.iter().filter(|(index, _)| self.machines.contains_key(index)) {
            let bytes = self.signature(*index).unwrap_or_else(|| panic!("{:?}", self.reports));
            let signature = mpc::Signature {
                r: bytes[..32].try_into().unwrap(),
                s: bytes[32..64].try_into().unwrap(),
                recovery_id: bytes[64],
            };
            assert!(signature.recovers(&share.public_key(), &DIGEST));
        }
    }
}

/// What the desk does with messages of the link.
fn letter(message: PeerMessage) -> Letter {
    match message {
        PeerMessage::Begin { request, random, heads, now, .. } => {
            Letter::Begin(Begin { request, random, heads, now })
        }
        PeerMessage::Checked { id, .. } => Letter::Checked(id),
        PeerMessage::Round { round, payload, .. } => Letter::Round { round, payload },
        PeerMessage::Refuse { reason, finality, .. } => Letter::Refuse { reason, finality },
        PeerMessage::Abort { why, .. } => Letter::Abort { why },
        other => panic!("no session says {other:?}"),
    }
}

fn subsets(t: u8, n: u8) -> Vec<Vec<u8>> {
    let all: Vec<Vec<u8>> =
        (0u16..1 << n).map(|bits| (1..=n).filter(|i| bits >> (i - 1) & 1 == 1).collect()).collect();
    all.into_iter().filter(|set: &Vec<u8>| set.len() == usize::from(t)).collect()
}

#[test]
fn every_quorum_of_every_roster_signs() {
    for (t, n) in [(2, 3), (3, 4), (3, 5)] {
        for quorum in subsets(t, n) {
            Table::new(t, n, &quorum).begin().run().assert_signed();
        }
    }
}

#[test]
fn everybody_reports_the_checks_before_the_signature() {
    let table = Table::new(2, 3, &[1, 3]).begin().run();
    for reports in table.reports.values() {
        assert!(matches!(reports[..], [FromCosigner::Checked { .. }, FromCosigner::Signed { .. }]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn letters_may_overtake_those_of_other_peers(picks in prop::collection::vec(0usize..64, 200)) {
        let mut picks = picks.into_iter().cycle();
        let pick = move |_| picks.next().unwrap();
        Table::new(3, 4, &[1, 2, 4]).begin().run_by(pick, |_| true).assert_signed();
    }

    #[test]
    fn a_lost_letter_ends_in_a_time_out_that_bans_nobody(lost in 0usize..18) {
        let mut count = 0;
        let table = Table::new(2, 3, &[1, 2]).begin().run_by(|_| 0, |_| {
            count += 1;
            count != lost + 1
        }).wait();
        prop_assert!(table.over());
        prop_assert!(table.bans.is_empty());
        for index in [1, 2] {
            let aborted = table.aborted(index);
            prop_assert!(table.signature(index).is_some() || aborted.is_some_and(|(_, culprit)| culprit.is_none()));
        }
    }

    #[test]
    fn mutated_rounds_never_lead_to_a_signature_or_to_a_ban_of_the_honest(
        round in 1u8..=3, place in 0usize..4096, bit in 0u8..8,
    ) {
        let table = Table::new(2, 3, &[1, 2]).begin().run_by(|_| 0, |post| {
            if let (1, Letter::Round { round: its, payload }) = (post.from, &mut post.letter)
                && *its == round
            {
                let place = place % payload.len();
                payload[place] ^= 1 << bit;
            }
            true
        }).wait();
        prop_assert!(table.over());
        prop_assert!(table.signature(2).is_none());
        for (who, whom, said) in &table.bans {
            prop_assert_eq!((*who, *whom), (2, 1));
            // It had said that its checks passed, and not yet that it aborts.
            prop_assert_eq!(*said, 1);
            prop_assert_eq!(table.aborted(2).and_then(|(_, culprit)| culprit), Some(1));
        }
    }
}

#[test]
fn a_refusal_ends_the_session_before_anybody_has_journaled_anything() {
    let refusal = Refusal {
        check: Check::Budget,
        finality: Finality::Later,
        reason: "used up".to_owned(),
        never: None,
    };
    let odd = Odd { refusal: Some(refusal.clone()), ..Odd::default() };
    let table = Table::new(3, 4, &[1, 2, 3]).but(2, odd).begin().run();
    assert!(table.over());
    assert!(table.committed.is_empty());
    assert_eq!(table.refused(2), Some(&refusal));
    for index in [1, 3] {
        let (why, culprit) = table.aborted(index).unwrap();
        assert!(why.contains("co-signer 2 refused: budget: used up"), "{why}");
        assert_eq!(culprit, None);
    }
}

#[test]
fn different_requests_are_found_out_before_anything_is_checked() {
    let odd = Odd { request: Some(Digest::from_bytes([2; 32])), ..Odd::default() };
    let table = Table::new(2, 3, &[1, 2]).but(2, odd).begin().run();
    for index in [1, 2] {
        let (why, culprit) = table.aborted(index).unwrap();
        assert!(why.contains("different requests"), "{why}");
        assert_eq!(culprit, None);
    }
    assert!(table.committed.is_empty());
    assert!(table.reports.values().flatten().all(|report| !matches!(report, FromCosigner::Checked { .. })));
}

#[test]
fn different_session_ids_end_the_session_before_anything_is_journaled() {
    let odd = Odd { id: Some(Digest::from_bytes([2; 32])), ..Odd::default() };
    let table = Table::new(2, 3, &[1, 2]).but(1, odd).begin().run();
    assert!(table.aborted(1).unwrap().0.contains("another session id"));
    assert!(table.committed.is_empty());
}

#[test]
fn a_clock_that_is_off_is_a_refusal_that_says_whose() {
    let odd = Odd { clock_ms: 30_001, ..Odd::default() };
    let table = Table::new(2, 3, &[1, 2]).but(2, odd).begin().run();
    let refusal = table.refused(1).or(table.refused(2)).unwrap();
    assert_eq!((refusal.check, refusal.finality), (Check::Time, Finality::Later));
    assert!(refusal.reason.contains("30001 ms"), "{refusal}");
    let odd = Odd { clock_ms: -30_000, ..Odd::default() };
    Table::new(2, 3, &[1, 2]).but(2, odd).begin().run().assert_signed();
}

#[test]
fn a_silent_participant_is_named_within_a_second() {
    let mut table = Table::new(3, 4, &[1, 2, 4]).begin().run_by(|_| 0, |post| post.from != 4);
    assert!(table.signature(1).is_none() && table.aborted(1).is_none());
    let wait = table.machines[&1].deadline().unwrap() - table.now;
    assert_eq!(wait, Duration::from_millis(700));
    table.now += wait;
    let now = table.now;
    let actions = table.machine(1).expire(now);
    table.act(1, actions);
    assert_eq!(table.aborted(1), Some(("no answer of co-signer 4 to begin", None)));
}

#[test]
fn nothing_happens_before_the_time_is_up() {
    let mut table = Table::new(2, 3, &[1, 2]).begin();
    let early = table.now + Duration::from_millis(699);
    assert!(table.machine(1).expire(early).is_empty());
    assert!(!table.machines[&1].is_over());
}

#[test]
fn a_peer_that_contradicts_itself_is_not_heard_any_longer() {
    let mut table = Table::new(3, 4, &[1, 2, 3]).begin();
    let now = table.now;
    let begin = |random: u8| {
        let request = Digest::from_bytes([1; 32]);
        Letter::Begin(Begin { request, random: [random; 32], heads: vec![], now: clock() })
    };
    let actions = table.machine(1).receive(2, begin(2), now);
    table.act(1, actions);
    let actions = table.machine(1).receive(2, begin(3), now);
    table.act(1, actions);
    assert!(table.aborted(1).unwrap().0.contains("co-signer 2 repeats itself"));
    assert!(table.bans.is_empty());
}

#[test]
fn a_peer_cannot_fill_the_memory_with_letters_of_later_phases() {
    let mut table = Table::new(3, 4, &[1, 2, 3]).begin();
    let now = table.now;
    for _ in 0..4 {
        let actions = table.machine(1).receive(2, Letter::Checked(Digest::from_bytes([0; 32])), now);
        assert!(actions.is_empty());
    }
    let actions = table.machine(1).receive(2, Letter::Checked(Digest::from_bytes([0; 32])), now);
    table.act(1, actions);
    assert!(table.aborted(1).unwrap().0.contains("ahead of everybody"));
}

#[test]
fn whoever_is_no_participant_cannot_end_a_session() {
    let mut table = Table::new(2, 3, &[1, 2]).begin();
    let now = table.now;
    for letter in [Letter::Abort { why: "ha".to_owned() }, Letter::LinkLost, Letter::Pending(vec![])] {
        assert!(table.machine(1).receive(3, letter, now).is_empty());
    }
    table.run().assert_signed();
}

#[test]
fn a_broken_link_ends_the_session_at_once() {
    let mut table = Table::new(2, 3, &[1, 2]).begin();
    let now = table.now;
    let actions = table.machine(1).receive(2, Letter::LinkLost, now);
    table.act(1, actions);
    assert!(table.aborted(1).unwrap().0.contains("the link to co-signer 2 broke"));
    let table = table.run();
    assert!(table.over());
}

#[test]
fn the_gateway_may_close_a_session_in_any_phase() {
    for letters in 0..10 {
        let mut table = Table::new(2, 3, &[1, 2]).begin();
        for _ in 0..letters {
            if !table.post.is_empty() {
                let Post { from, to, letter } = table.post.remove(0);
                let now = table.now;
                let actions = table.machine(to).receive(from, letter, now);
                table.act(to, actions);
            }
        }
        let actions = table.machine(1).close("not needed");
        table.act(1, actions);
        let table = table.run();
        assert!(table.over());
        assert!(table.aborted(1).unwrap().0.contains("the gateway closed the session: not needed"));
    }
}
