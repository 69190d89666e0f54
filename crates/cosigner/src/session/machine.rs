//! The protocol of one session, without I/O.
//!
//! Letters of one peer are taken in its order; those that come before their phase wait, a few at most. A peer that
//! speaks out of turn, contradicts itself or falls silent ends the session and nothing else: only what the signing
//! protocol itself proves to be an attack on long-term state is a ban.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use mpc::{Abort, Outgoing, Party, Progress, Signature};
use payout::ids::Digest;
use payout::time::{CLOCK_SKEW_MS, Millis};
use wire::message::{Check, Finality, FromCosigner, JournalHead, Label, PeerMessage, Refusal};

use super::letter::{Begin, Letter};
use super::phase::Phase;
use super::terms::{Terms, Timing};
use crate::turns::{Deadlines, Early, Turn, Turns};

/// The most letters of one peer that wait for their phase. An honest one is never three ahead.
const MOST_EARLY: usize = 4;

/// What the machine wants done, in this order.
#[derive(Debug)]
pub enum Action<P> {
    /// Say something to one peer.
    Tell {
        /// To whom.
        peer: u8,
        /// What.
        message: PeerMessage,
    },
    /// Send a peer the journal entries beyond its heads, then what our other sessions have in flight.
    Exchange {
        /// To whom.
        peer: u8,
        /// How far it is.
        heads: Vec<JournalHead>,
    },
    /// Make the checks over the merged journals; the answer goes to [`Machine::checked`].
    Check(Material),
    /// Write the contribution and sync, then start the protocol; the answer goes to [`Machine::committed`].
    Commit {
        /// The permission.
        permit: P,
        /// The session's id, which all participants computed.
        session: Digest,
    },
    /// Write and sync that nothing is ever signed with this peer again, before anything that follows.
    Ban {
        /// The peer.
        peer: u8,
        /// What it did.
        why: String,
    },
    /// Say something to the gateway.
    Report(FromCosigner),
}

/// What the checks are made over.
#[derive(Debug)]
pub struct Material {
    /// Each participant's randomness, ours among them.
    pub randoms: BTreeMap<u8, [u8; 32]>,
    /// Each peer's clock, as it told it when it began.
    pub clocks: Vec<(u8, Millis)>,
    /// Every head that a peer named: the merged journals must reach all of them.
    pub heads: Vec<JournalHead>,
    /// What each peer's other sessions have in flight.
    pub claims: BTreeMap<u8, Vec<Vec<u8>>>,
}

/// Our checks passed.
#[derive(Debug)]
pub struct Cleared<P> {
    /// The permission to contribute.
    pub permit: P,
    /// The session's id as we computed it.
    pub id: Digest,
    /// What was checked, for display.
    pub checks: Vec<String>,
}

/// One co-signer's side of one session. `P` is the permission to contribute, `S` the signing protocol.
pub struct Machine<P, S> {
    terms: Terms,
    timing: Timing,
    deadlines: Deadlines,
    phase: Phase<P, S>,
    early: Early<Letter>,
}

type Actions<P> = Vec<Action<P>>;

impl<P, S: mpc::Session<Output = Signature>> Turns for Machine<P, S> {
    type Letter = Letter;
    type Action = Action<P>;

    fn deadline(&self) -> Option<Instant> {
        (!self.is_over()).then(|| self.deadlines.next(self.phase.listens()))
    }

    fn receive(&mut self, from: u8, letter: Letter, now: Instant) -> Actions<P> {
        let mut actions = Vec::new();
        if self.is_over() || !self.early.has(from) {
            return actions;
        }
        match letter {
            Letter::Refuse { reason, .. } => {
                self.abort(&format!("co-signer {from} refused: {reason}"), None, &mut actions);
            }
            Letter::Abort { why } => {
                self.abort(&format!("co-signer {from} stopped: {why}"), None, &mut actions);
            }
            Letter::LinkLost => {
                self.abort(&format!("the link to co-signer {from} broke"), None, &mut actions);
            }
            letter => match self.early.push(from, letter) {
                Ok(()) => self.pump(now, &mut actions),
                Err(_) => {
                    self.abort(&format!("co-signer {from} sends ahead of everybody"), None, &mut actions);
                }
            },
        }
        actions
    }

    fn expire(&mut self, now: Instant) -> Actions<P> {
        let mut actions = Vec::new();
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let silent: Vec<String> = self.silent().iter().map(u8::to_string).collect();
            let why = if silent.is_empty() {
                format!("no signature within {} ms", self.timing.session.as_millis())
            } else {
                format!("no answer of co-signer {} {}", silent.join(", "), self.phase.awaited())
            };
            self.abort(&why, None, &mut actions);
        }
        actions
    }

    fn close(&mut self, why: &str) -> Actions<P> {
        let mut actions = Vec::new();
        if !self.is_over() {
            self.abort(&format!("the gateway closed the session: {why}"), None, &mut actions);
        }
        actions
    }
}

impl<P, S: mpc::Session<Output = Signature>> Machine<P, S> {
    /// Begins. The caller has made sure that the participants are t different co-signers, that we are one of them, and
    /// that the session's name is new.
    pub fn open(terms: Terms, timing: Timing, now: Instant) -> (Self, Actions<P>) {
        let peers = terms.participants.iter().copied().filter(|index| *index != terms.me);
        let early = Early::of(peers, MOST_EARLY);
        let phase = Phase::Gathering { begins: BTreeMap::new() };
        let deadlines = Deadlines::from(now, timing.round, timing.session);
        let machine = Self { terms, timing, deadlines, phase, early };
        let Terms { label, request, random, heads, clock, .. } = &machine.terms;
        let begin = PeerMessage::Begin {
            session: *label,
            request: *request,
            random: *random,
            heads: heads.clone(),
            now: *clock,
        };
        let actions = machine.tell_all(&begin);
        (machine, actions)
    }

    /// The session's name.
    pub const fn label(&self) -> &Label {
        &self.terms.label
    }

    /// Whether nothing more will come of it.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// The answer to [`Action::Check`].
    pub fn checked(&mut self, result: Result<Cleared<P>, Refusal>, now: Instant) -> Actions<P> {
        let mut actions = Vec::new();
        if !matches!(self.phase, Phase::Checking) {
            return actions;
        }
        match result {
            Err(refusal) => self.refuse(refusal, &mut actions),
            Ok(Cleared { permit, id, checks }) => {
                let session = self.terms.label;
                actions.extend(self.tell_all(&PeerMessage::Checked { session, id }));
                actions.push(Action::Report(FromCosigner::Checked { session, checks }));
                self.enter(Phase::Agreeing { permit, id, agreed: BTreeSet::new() }, now);
                self.pump(now, &mut actions);
            }
        }
        actions
    }

    /// The answer to [`Action::Commit`]: the protocol and its first messages, or why there is none.
    pub fn committed(&mut self, result: Result<(S, Vec<Outgoing>), String>, now: Instant) -> Actions<P> {
        let mut actions = Vec::new();
        if !matches!(self.phase, Phase::Committing) {
            return actions;
        }
        match result {
            Err(why) => self.abort(&why, None, &mut actions),
            Ok((protocol, send)) => {
                actions.extend(self.rounds(send));
                self.enter(Phase::Signing { protocol }, now);
                self.pump(now, &mut actions);
            }
        }
        actions
    }

    /// The participants whose next message is missing.
    fn silent(&self) -> Vec<u8> {
        let peers = self.early.peers();
        match &self.phase {
            Phase::Gathering { begins } => peers.filter(|peer| !begins.contains_key(peer)).collect(),
            Phase::Exchanging { claims, .. } => peers.filter(|peer| !claims.contains_key(peer)).collect(),
            Phase::Agreeing { agreed, .. } => peers.filter(|peer| !agreed.contains(peer)).collect(),
            Phase::Signing { protocol } => protocol.waiting_for().into_iter().map(Party::index).collect(),
            Phase::Checking | Phase::Committing | Phase::Over => Vec::new(),
        }
    }

    /// Takes waiting letters as long as one fits the phase.
    fn pump(&mut self, now: Instant, actions: &mut Actions<P>) {
        while !self.is_over() {
            let phase = &self.phase;
            match self.early.next(|letter| phase.turn(letter)) {
                None => return,
                Some((from, _, Turn::Late)) => {
                    self.abort(&format!("co-signer {from} repeats itself"), None, actions);
                }
                Some((from, letter, _)) => self.take(from, letter, now, actions),
            }
        }
    }

    fn take(&mut self, from: u8, letter: Letter, now: Instant, actions: &mut Actions<P>) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        match (phase, letter) {
            (Phase::Gathering { begins }, Letter::Begin(begin)) => {
                self.gather(begins, from, begin, now, actions);
            }
            (Phase::Exchanging { begins, mut claims }, Letter::Pending(theirs)) => {
                if claims.insert(from, theirs).is_some() {
                    return self.abort(&format!("co-signer {from} repeats itself"), None, actions);
                }
                if claims.len() < self.early.count() {
                    self.phase = Phase::Exchanging { begins, claims };
                    return;
                }
                self.enter(Phase::Checking, now);
                actions.push(Action::Check(self.material(begins, claims)));
            }
            (Phase::Agreeing { permit, id, mut agreed }, Letter::Checked(theirs)) => {
                if theirs != id {
                    let why = format!("co-signer {from} computed another session id");
                    return self.abort(&why, None, actions);
                }
                if !agreed.insert(from) {
                    return self.abort(&format!("co-signer {from} repeats itself"), None, actions);
                }
                if agreed.len() < self.early.count() {
                    self.phase = Phase::Agreeing { permit, id, agreed };
                    return;
                }
                self.enter(Phase::Committing, now);
                actions.push(Action::Commit { permit, session: id });
            }
            (Phase::Signing { protocol }, Letter::Round { round, payload }) => {
                self.play(protocol, from, (round, &payload), now, actions);
            }
            // `pump` hands over only what the phase takes.
            (_, _) => self.abort(&format!("co-signer {from} spoke out of turn"), None, actions),
        }
    }

    fn gather(
        &mut self,
        mut begins: BTreeMap<u8, Begin>,
        from: u8,
        begin: Begin,
        now: Instant,
        actions: &mut Actions<P>,
    ) {
        if begin.request != self.terms.request {
            let why = format!("co-signer {from} and this one were shown different requests");
            return self.abort(&why, None, actions);
        }
        let apart = begin.now.since(self.clock(now));
        if apart.abs() > CLOCK_SKEW_MS {
            let refusal = Refusal {
                check: Check::Time,
                finality: Finality::Later,
                reason: format!(
                    "the clock of co-signer {from} is {} ms {} this one's; {} ms are allowed: set the clocks",
                    apart.abs(),
                    if apart > 0 { "ahead of" } else { "behind" },
                    CLOCK_SKEW_MS
                ),
                never: None,
            };
            return self.refuse(refusal, actions);
        }
        if begins.insert(from, begin).is_some() {
            return self.abort(&format!("co-signer {from} repeats itself"), None, actions);
        }
        if begins.len() < self.early.count() {
            self.phase = Phase::Gathering { begins };
            return;
        }
        // Only now: whoever began after us saw our claim, and whoever began before us has told us of its own.
        for (peer, begin) in &begins {
            actions.push(Action::Exchange { peer: *peer, heads: begin.heads.clone() });
        }
        self.enter(Phase::Exchanging { begins, claims: BTreeMap::new() }, now);
    }

    fn material(&self, begins: BTreeMap<u8, Begin>, claims: BTreeMap<u8, Vec<Vec<u8>>>) -> Material {
        let own = (self.terms.me, self.terms.random);
        let randoms = begins.iter().map(|(peer, begin)| (*peer, begin.random)).chain([own]).collect();
        let clocks = begins.iter().map(|(peer, begin)| (*peer, begin.now)).collect();
        let heads = begins.into_values().flat_map(|begin| begin.heads).collect();
        Material { randoms, clocks, heads, claims }
    }

    fn play(
        &mut self,
        mut protocol: S,
        from: u8,
        (round, payload): (u8, &[u8]),
        now: Instant,
        actions: &mut Actions<P>,
    ) {
        let party = Party::new(from).expect("participants are on the roster, whose indices are 1 to 9");
        match protocol.receive(party, round, payload) {
            Ok(Progress::Waiting | Progress::Ignored { .. }) => self.phase = Phase::Signing { protocol },
            Ok(Progress::Send(send)) => {
                actions.extend(self.rounds(send));
                self.enter(Phase::Signing { protocol }, now);
            }
            Ok(Progress::Done { send, output }) => {
                actions.extend(self.rounds(send));
                let signature = output.to_bytes().to_vec();
                let session = self.terms.label;
                actions.push(Action::Report(FromCosigner::Signed { session, signature }));
            }
            Err(Abort::Retry { why }) => self.abort(&why, None, actions),
            Err(Abort::Ban { culprit, why }) => {
                let culprit = culprit.index();
                actions.push(Action::Ban { peer: culprit, why: why.clone() });
                self.abort(&format!("co-signer {culprit} broke the protocol: {why}"), Some(culprit), actions);
            }
        }
    }

    fn enter(&mut self, phase: Phase<P, S>, now: Instant) {
        self.phase = phase;
        self.deadlines.step(now);
    }

    fn refuse(&mut self, refusal: Refusal, actions: &mut Actions<P>) {
        let session = self.terms.label;
        let (reason, finality) = (refusal.to_string(), refusal.finality);
        actions.extend(self.tell_all(&PeerMessage::Refuse { session, reason, finality }));
        actions.push(Action::Report(FromCosigner::Refused { session, refusal }));
        self.phase = Phase::Over;
    }

    fn abort(&mut self, why: &str, culprit: Option<u8>, actions: &mut Actions<P>) {
        let session = self.terms.label;
        actions.extend(self.tell_all(&PeerMessage::Abort { session, why: why.to_owned() }));
        actions.push(Action::Report(FromCosigner::Aborted { session, why: why.to_owned(), culprit }));
        self.phase = Phase::Over;
    }

    fn tell_all(&self, message: &PeerMessage) -> Actions<P> {
        self.early.peers().map(|peer| Action::Tell { peer, message: message.clone() }).collect()
    }

    fn rounds(&self, send: Vec<Outgoing>) -> Actions<P> {
        let session = self.terms.label;
        send.into_iter()
            .flat_map(|Outgoing { round, to, payload }| {
                let message = PeerMessage::Round { session, round, payload };
                match to {
                    Some(party) => vec![Action::Tell { peer: party.index(), message }],
                    None => self.tell_all(&message),
                }
            })
            .collect()
    }

    /// Our wall clock, as far as the time that has passed tells.
    fn clock(&self, now: Instant) -> Millis {
        let passed = self.deadlines.passed(now);
        self.terms.clock.plus(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
    }
}
