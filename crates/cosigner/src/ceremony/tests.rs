//! All co-signers of a ceremony at one table, with the post between them in our hands. Most run with two of two: that is
//! the cheapest key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use mpc::{KeyShare, Keygen, Party, Refresh};
use payout::ids::{Digest, WalletId};
use payout::key::SecretKey;
use wire::message::{CeremonyNews, Label, OpenCeremony, PeerMessage, Purpose};

use super::*;
use crate::house::{House, cosigner_key};
use crate::turns::Turns as _;

struct Post {
    from: u8,
    to: u8,
    letter: Letter,
}

/// What one co-signer has done.
#[derive(Default)]
struct Done {
    kept: Option<Arc<KeyShare>>,
    agreed: Option<Fingerprinted>,
    proven: bool,
    finished: bool,
    failed: Option<String>,
    stages: Vec<String>,
}

struct Table {
    now: Instant,
    me_signs_with: fn(u8) -> SecretKey,
    machines: BTreeMap<u8, Machine>,
    old: BTreeMap<u8, KeyShare>,
    post: Vec<Post>,
    done: BTreeMap<u8, Done>,
    threshold: u8,
    count: u8,
}

fn create() -> OpenCeremony {
    order(Purpose::Create)
}

fn order(purpose: Purpose) -> OpenCeremony {
    OpenCeremony { ceremony: Label::from_bytes([9; 16]), wallet: WalletId::new(12).unwrap(), purpose }
}

impl Table {
    fn open(threshold: u8, count: u8, order_of: impl Fn(u8) -> OpenCeremony) -> Self {
        Self::open_with(threshold, count, Vec::new(), order_of)
    }

    fn open_with(
        threshold: u8,
        count: u8,
        old: Vec<KeyShare>,
        order_of: impl Fn(u8) -> OpenCeremony,
    ) -> Self {
        let house = House::new(threshold, count);
        let mut table = Self {
            now: Instant::now(),
            me_signs_with: cosigner_key,
            machines: BTreeMap::new(),
            post: Vec::new(),
            done: (1..=count).map(|index| (index, Done::default())).collect(),
            threshold,
            count,
            old: old.into_iter().map(|share| (share.me().index(), share)).collect(),
        };
        for me in 1..=count {
            let terms = Terms {
                order: order_of(me),
                deployment: house.genesis.deployment(),
                roster: house.genesis.roster.clone(),
                me,
                random: [me; 32],
                networks: house.genesis.rules.networks.clone(),
                policy: house.policy.heads(),
                fingerprint: (!table.old.is_empty()).then(|| "the old one".to_owned()),
            };
            let (machine, actions) = Machine::open(terms, Timing::default(), table.now);
            table.machines.insert(me, machine);
            table.act(me, actions);
        }
        table
    }

    fn act(&mut self, me: u8, actions: Vec<Action>) {
        for action in actions {
            let now = self.now;
            let more = match action {
                Action::Tell { peer, message } => {
                    self.post.push(Post { from: me, to: peer, letter: letter(message) });
                    Vec::new()
                }
                Action::Start { id } => {
                    let started = match self.old.get(&me) {
                        Some(share) => Refresh::start(share, *id.as_bytes())
                            .map(|(protocol, send)| (Protocol::Refresh(protocol), send)),
                        None => {
                            let party = Party::new(me).unwrap();
                            Keygen::start(party, self.threshold, self.count, *id.as_bytes())
                                .map(|(protocol, send)| (Protocol::Keygen(protocol), send))
                        }
                    };
                    self.machine(me).started(Ok(started.unwrap()), now)
                }
                Action::Keep { share, .. } => {
                    let share = Arc::<KeyShare>::from(share);
                    self.of(me).kept = Some(Arc::clone(&share));
                    let key = (self.me_signs_with)(me);
                    self.machine(me).kept(Ok(share), |digest| key.sign_digest(digest), now)
                }
                Action::Agree { printed } => {
                    self.of(me).agreed = Some(printed);
                    self.machine(me).agreed(Ok(()), now)
                }
                Action::Prove { .. } => {
                    self.of(me).proven = true;
                    self.machine(me).proven(Ok(()), now)
                }
                Action::Ban { peer, why } => panic!("{me} bans {peer}: {why}"),
                Action::Finish { .. } => {
                    self.of(me).finished = true;
                    Vec::new()
                }
                Action::Fail { why } => {
                    self.of(me).failed = Some(why);
                    Vec::new()
                }
                Action::News(CeremonyNews::Stage(stage)) => {
                    self.of(me).stages.push(stage);
                    Vec::new()
                }
                Action::News(other) => panic!("{other:?}"),
            };
            self.act(me, more);
        }
    }

    fn machine(&mut self, index: u8) -> &mut Machine {
        self.machines.get_mut(&index).unwrap()
    }

    fn of(&mut self, index: u8) -> &mut Done {
        self.done.get_mut(&index).unwrap()
    }

    fn run_by(mut self, mut pass: impl FnMut(&mut Post) -> bool) -> Self {
        while !self.post.is_empty() {
            let mut post = self.post.remove(0);
            if pass(&mut post) {
                let now = self.now;
                let actions = self.machine(post.to).receive(post.from, post.letter, now);
                self.act(post.to, actions);
            }
        }
        self
    }

    fn run(self) -> Self {
        self.run_by(|_| true)
    }

    fn wait(mut self) -> Self {
        self.now += Timing::default().whole;
        for index in 1..=self.count {
            let now = self.now;
            let actions = self.machine(index).expire(now);
            self.act(index, actions);
        }
        self.run()
    }

    fn assert_done(&self) {
        for done in self.done.values() {
            assert_eq!(done.failed, None);
            assert!(done.proven && done.finished);
        }
        let printed: Vec<_> = self.done.values().map(|done| done.agreed.clone().unwrap()).collect();
        assert!(printed.windows(2).all(|pair| pair[0] == pair[1]));
    }

    fn assert_failed(&self, why: &str) {
        let failures: Vec<_> = self.done.values().filter_map(|done| done.failed.as_deref()).collect();
        assert_eq!(failures.len(), self.done.len(), "{failures:?}");
        assert!(failures.iter().any(|failure| failure.contains(why)), "{failures:?}");
        assert!(self.done.values().all(|done| !done.finished));
    }
}

fn letter(message: PeerMessage) -> Letter {
    match message {
        PeerMessage::CeremonyBegin { request, random, .. } => Letter::Begin { request, random },
        PeerMessage::CeremonyRound { round, payload, .. } => Letter::Round { round, payload },
        PeerMessage::Echo { transcript, fingerprint, signature, .. } => {
            Letter::Echo { transcript, fingerprint, signature }
        }
        PeerMessage::Ack { stage, .. } => Letter::Ack(stage),
        PeerMessage::Abort { why, .. } => Letter::Abort { why },
        other => panic!("no ceremony says {other:?}"),
    }
}

#[test]
fn two_of_three_make_a_key_that_all_print_alike_and_each_has_tested() {
    let table = Table::open(2, 3, |_| create()).run();
    table.assert_done();
    let printed = table.done[&1].agreed.clone().unwrap();
    let groups: Vec<&str> = printed.fingerprint.split('-').collect();
    assert_eq!(groups.len(), 10);
    assert!(groups.iter().all(|group| group.len() == 4));
    assert_eq!(printed.addresses.len(), 1);
    let stages: Vec<&str> = table.done[&1].stages.iter().map(String::as_str).collect();
    assert_eq!(
        stages,
        [
            "gathering all co-signers",
            "starting",
            "making the key",
            "sealing the share",
            "comparing transcripts",
            "confirming the fingerprint",
            "making test signatures",
            "finishing"
        ]
    );
    // The shares sign together, each pair of them.
    let shares: Vec<_> = table.done.values().map(|done| done.kept.clone().unwrap()).collect();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let pair = [&*shares[a], &*shares[b]];
        let signature = mpc::local::run_sign(pair, &[1, 2], [3; 32]).unwrap();
        assert!(signature.recovers(&shares[0].child_public_key(&[1, 2]).unwrap(), &[3; 32]));
    }
}

#[test]
fn a_refresh_keeps_the_key_and_its_fingerprint() {
    let old = mpc::local::deal(2, 2).unwrap();
    let public_key = old[0].public_key();
    let table = Table::open_with(2, 2, old, |_| order(Purpose::Refresh { epoch: 2, orders: vec![] })).run();
    table.assert_done();
    for done in table.done.values() {
        let share = done.kept.as_ref().unwrap();
        assert_eq!((share.public_key(), share.epoch()), (public_key, 1));
        assert_eq!(done.agreed.as_ref().unwrap().fingerprint, "the old one");
    }
}

#[test]
fn different_orders_are_found_out_before_the_protocol_starts() {
    let table = Table::open(2, 3, |me| {
        let wallet = WalletId::new(if me == 3 { 13 } else { 12 }).unwrap();
        OpenCeremony { wallet, ..create() }
    })
    .run();
    table.assert_failed("different orders");
    assert!(table.done.values().all(|done| done.kept.is_none()));
}

#[test]
fn a_cosigner_that_falls_silent_at_any_stage_leaves_nobody_finished() {
    for stage in 0..=5 {
        let silent = |post: &Post| post.from == 2 && post.letter.stage().is_some_and(|its| its >= stage);
        let table = Table::open(2, 2, |_| create()).run_by(|post| !silent(post)).wait();
        let one = &table.done[&1];
        assert!(one.failed.as_ref().is_some_and(|why| why.contains("co-signer 2")), "{:?}", one.failed);
        assert!(!one.finished);
        assert_eq!(one.agreed.is_some(), stage > 2);
        assert_eq!(one.proven, stage > 4);
    }
}

#[test]
fn an_echo_that_differs_or_is_not_signed_stops_everybody_before_the_fingerprint_counts() {
    type Change = fn(&mut Letter);
    let transcript: Change = |letter| {
        if let Letter::Echo { transcript, .. } = letter {
            *transcript = Digest::from_bytes([1; 32]);
        }
    };
    let fingerprint: Change = |letter| {
        if let Letter::Echo { fingerprint, .. } = letter {
            fingerprint.push('x');
        }
    };
    let table = Table::open(2, 2, |_| create());
    for change in [transcript, fingerprint] {
        let table = Table::open(2, 2, |_| create()).run_by(|post| {
            change(&mut post.letter);
            true
        });
        // Altered on the way, so the signature no longer fits.
        table.assert_failed("is not signed by it");
        assert!(table.done.values().all(|done| done.agreed.is_none()));
    }
    let mut table = table;
    table.me_signs_with = |_| cosigner_key(9);
    let table = table.run();
    table.assert_failed("is not signed by it");
}

#[test]
fn a_party_that_says_two_things_in_a_broadcast_is_found_out() {
    let mut first = true;
    let table = Table::open(2, 2, |_| create()).run_by(|post| {
        if let Letter::Round { round: 4, payload } = &mut post.letter
            && std::mem::take(&mut first)
        {
            payload[0] ^= 1;
        }
        true
    });
    assert!(table.done.values().all(|done| done.agreed.is_none() && !done.finished));
}

#[test]
fn whoever_is_no_cosigner_cannot_end_a_ceremony() {
    let mut table = Table::open(2, 2, |_| create());
    let now = table.now;
    assert!(table.machine(1).receive(3, Letter::Abort { why: "ha".to_owned() }, now).is_empty());
    assert!(table.machine(1).receive(1, Letter::LinkLost, now).is_empty());
    assert!(table.done[&1].failed.is_none());
}

#[test]
fn letters_ahead_of_everybody_are_not_kept_without_end() {
    let mut table = Table::open(2, 3, |_| create());
    let now = table.now;
    for _ in 0..9 {
        let actions = table.machine(1).receive(2, Letter::Ack(TESTED.to_owned()), now);
        table.act(1, actions);
    }
    assert!(table.done[&1].failed.as_ref().is_some_and(|why| why.contains("ahead of everybody")));
}
