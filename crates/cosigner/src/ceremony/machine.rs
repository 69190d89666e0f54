//! The protocol of one ceremony, without I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use mpc::{Abort, KeyShare, Outgoing, Party, Session as _};
use payout::ids::Digest;
use wire::message::{CeremonyNews, Label, PeerMessage, echo_digest};
use wire::session::ceremony_id;

use super::dealing::Started;
use super::fingerprint::Fingerprinted;
use super::letter::Letter;
use super::phase::{Made, Phase};
use super::proof;
use super::terms::{AGREED, TESTED, Terms, Timing};
use crate::turns::{Deadlines, Early, Listens, Turn, Turns};

/// The most letters of one peer that wait for their phase.
const MOST_EARLY: usize = 8;

/// What the machine wants done, in this order.
pub enum Action {
    /// Say something to one peer.
    Tell {
        /// To whom.
        peer: u8,
        /// What.
        message: PeerMessage,
    },
    /// Everybody is here: look at the order again and start; the answer goes to [`Machine::started`].
    Start {
        /// The ceremony's id.
        id: Digest,
    },
    /// Seal the share, not usable yet, and journal that it is kept; the answer goes to [`Machine::kept`].
    Keep {
        /// The share, the only copy in memory.
        share: Box<KeyShare>,
        /// What it is known by.
        printed: Fingerprinted,
    },
    /// Journal the agreement and print the fingerprint; the answer goes to [`Machine::agreed`].
    Agree {
        /// What to print.
        printed: Fingerprinted,
    },
    /// Journal that the test signatures verified; the answer goes to [`Machine::proven`].
    Prove {
        /// What was tested.
        printed: Fingerprinted,
    },
    /// Write and sync that nothing is signed with this peer again under the new share.
    Ban {
        /// The peer.
        peer: u8,
        /// What it did.
        why: String,
    },
    /// Everybody has tested: the share may be used when the policy lists it. Report that it is done.
    Finish {
        /// The share.
        share: Arc<KeyShare>,
        /// What it is known by.
        printed: Fingerprinted,
    },
    /// It failed: drop what was made, unless it may be in use elsewhere, and report it.
    Fail {
        /// Why, for people.
        why: String,
    },
    /// Tell the gateway how far it is.
    News(CeremonyNews),
}

pub(super) type Actions = Vec<Action>;

/// One co-signer's side of one ceremony.
pub struct Machine {
    pub(super) terms: Terms,
    timing: Timing,
    pub(super) deadlines: Deadlines,
    pub(super) phase: Phase,
    /// The stage that the gateway was told of last.
    said: &'static str,
    early: Early<Letter>,
}

impl Turns for Machine {
    type Letter = Letter;
    type Action = Action;

    fn deadline(&self) -> Option<Instant> {
        (!self.is_over()).then(|| self.deadlines.next(self.phase.listens()))
    }

    fn receive(&mut self, from: u8, letter: Letter, now: Instant) -> Actions {
        let mut actions = Vec::new();
        if self.is_over() || !self.early.has(from) {
            return actions;
        }
        match letter {
            Letter::Abort { why } => self.fail(&format!("co-signer {from} stopped: {why}"), &mut actions),
            Letter::LinkLost => self.fail(&format!("the link to co-signer {from} broke"), &mut actions),
            letter => match self.early.push(from, letter) {
                Ok(()) => self.pump(now, &mut actions),
                Err(_) => self.fail(&format!("co-signer {from} sends ahead of everybody"), &mut actions),
            },
        }
        actions
    }

    fn expire(&mut self, now: Instant) -> Actions {
        let mut actions = Vec::new();
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            let silent: Vec<String> = self.silent().iter().map(u8::to_string).collect();
            let stage = self.phase.name();
            let why = if silent.is_empty() {
                format!("it took longer than {} s while {stage}", self.timing.whole.as_secs())
            } else {
                format!("no answer of co-signer {} while {stage}", silent.join(", "))
            };
            self.fail(&why, &mut actions);
        }
        actions
    }

    fn close(&mut self, why: &str) -> Actions {
        let mut actions = Vec::new();
        if !self.is_over() {
            self.fail(why, &mut actions);
        }
        actions
    }
}

impl Machine {
    /// Begins. The caller has made sure that the order is one that we follow.
    pub fn open(terms: Terms, timing: Timing, now: Instant) -> (Self, Actions) {
        let others = terms.roster.cosigners.iter().map(|seat| seat.index).filter(|index| *index != terms.me);
        let early = Early::of(others, MOST_EARLY);
        let phase = Phase::Gathering { randoms: BTreeMap::new() };
        let said = phase.name();
        let deadlines = Deadlines::from(now, timing.step, timing.whole);
        let machine = Self { terms, timing, deadlines, phase, said, early };
        let begin = PeerMessage::CeremonyBegin {
            ceremony: *machine.label(),
            request: machine.terms.order.digest(),
            random: machine.terms.random,
        };
        let mut actions = vec![machine.news()];
        actions.extend(machine.tell_all(&begin));
        (machine, actions)
    }

    /// Its name on the wire.
    pub const fn label(&self) -> &Label {
        &self.terms.order.ceremony
    }

    /// The answer to [`Action::Start`].
    pub fn started(&mut self, result: Result<Started, String>, now: Instant) -> Actions {
        let mut actions = Vec::new();
        let Phase::Starting { id } = self.phase else { return actions };
        match result {
            Err(why) => self.fail(&why, &mut actions),
            Ok((protocol, send)) => {
                actions.extend(self.rounds(send, None));
                let protocol = Box::new(protocol);
                self.enter(Phase::Dealing { id, protocol, broadcasts: BTreeMap::new() }, now, &mut actions);
            }
        }
        actions
    }

    /// The answer to [`Action::Keep`]: the share in its place, or why it could not be kept. `sign` signs with our roster
    /// key.
    pub fn kept(
        &mut self,
        result: Result<Arc<KeyShare>, String>,
        sign: impl FnOnce(&Digest) -> payout::key::Signature,
        now: Instant,
    ) -> Actions {
        let mut actions = Vec::new();
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        match (phase, result) {
            (Phase::Keeping { .. }, Err(why)) => self.fail(&why, &mut actions),
            (Phase::Keeping { id, printed, transcript }, Ok(share)) => {
                let fingerprint = printed.fingerprint.clone();
                let signature = sign(&echo_digest(self.label(), &transcript, &fingerprint));
                let echo = PeerMessage::Echo { ceremony: *self.label(), transcript, fingerprint, signature };
                actions.extend(self.tell_all(&echo));
                let made = Made { id, share, printed };
                self.enter(Phase::Echoing { made, transcript, echoed: BTreeSet::new() }, now, &mut actions);
            }
            (other, _) => self.phase = other,
        }
        actions
    }

    /// The answer to [`Action::Agree`].
    pub fn agreed(&mut self, result: Result<(), String>, now: Instant) -> Actions {
        let mut actions = Vec::new();
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        match (phase, result) {
            (Phase::Agreeing { .. }, Err(why)) => self.fail(&why, &mut actions),
            (Phase::Agreeing { made }, Ok(())) => {
                actions.extend(self.acknowledge(AGREED));
                self.enter(Phase::Confirming { made, acknowledged: BTreeSet::new() }, now, &mut actions);
            }
            (other, _) => self.phase = other,
        }
        actions
    }

    /// The answer to [`Action::Prove`].
    pub fn proven(&mut self, result: Result<(), String>, now: Instant) -> Actions {
        let mut actions = Vec::new();
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        match (phase, result) {
            (Phase::Proving { .. }, Err(why)) => self.fail(&why, &mut actions),
            (Phase::Proving { made }, Ok(())) => {
                actions.extend(self.acknowledge(TESTED));
                self.enter(Phase::Finishing { made, acknowledged: BTreeSet::new() }, now, &mut actions);
            }
            (other, _) => self.phase = other,
        }
        actions
    }

    const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    fn silent(&self) -> Vec<u8> {
        let peers = self.early.peers();
        match &self.phase {
            Phase::Gathering { randoms } => peers.filter(|peer| !randoms.contains_key(peer)).collect(),
            Phase::Dealing { protocol, .. } => protocol.waiting_for().into_iter().map(Party::index).collect(),
            Phase::Echoing { echoed: there, .. }
            | Phase::Confirming { acknowledged: there, .. }
            | Phase::Finishing { acknowledged: there, .. } => {
                peers.filter(|peer| !there.contains(peer)).collect()
            }
            Phase::Testing { tests, .. } => {
                let waiting = tests.values().flat_map(|test| test.waiting_for());
                waiting.map(Party::index).collect::<BTreeSet<_>>().into_iter().collect()
            }
            Phase::Starting { .. }
            | Phase::Keeping { .. }
            | Phase::Agreeing { .. }
            | Phase::Proving { .. }
            | Phase::Over => Vec::new(),
        }
    }

    /// Takes waiting letters as long as one fits the phase.
    fn pump(&mut self, now: Instant, actions: &mut Actions) {
        while !self.is_over() {
            let phase = &self.phase;
            match self.early.next(|letter| phase.turn(letter)) {
                None => return,
                Some((from, _, Turn::Late)) => {
                    self.fail(&format!("co-signer {from} spoke out of turn"), actions);
                }
                Some((from, letter, _)) => self.take(from, letter, now, actions),
            }
        }
    }

    fn take(&mut self, from: u8, letter: Letter, now: Instant, actions: &mut Actions) {
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        match (phase, letter) {
            (Phase::Gathering { randoms }, Letter::Begin { request, random }) => {
                self.gather(randoms, from, (request, random), now, actions);
            }
            (Phase::Dealing { id, protocol, broadcasts }, Letter::Round { round, payload }) => {
                self.deal((id, protocol, broadcasts), from, (round, &payload), now, actions);
            }
            (
                Phase::Echoing { made, transcript, mut echoed },
                Letter::Echo { transcript: theirs, fingerprint, signature },
            ) => {
                if let Err(why) = self.compare(&made, &transcript, from, (theirs, &fingerprint, signature)) {
                    return self.fail(&why, actions);
                }
                if !echoed.insert(from) {
                    return self.fail(&format!("co-signer {from} repeats itself"), actions);
                }
                if echoed.len() < self.early.count() {
                    self.phase = Phase::Echoing { made, transcript, echoed };
                    return;
                }
                let printed = made.printed.clone();
                self.enter(Phase::Agreeing { made }, now, actions);
                actions.push(Action::Agree { printed });
            }
            (Phase::Confirming { made, mut acknowledged }, Letter::Ack(_)) => {
                acknowledged.insert(from);
                if acknowledged.len() < self.early.count() {
                    self.phase = Phase::Confirming { made, acknowledged };
                    return;
                }
                self.test(made, now, actions);
            }
            (Phase::Testing { made, tests }, Letter::Round { round, payload }) => {
                self.play(made, tests, from, (round, &payload), now, actions);
            }
            (Phase::Finishing { made, mut acknowledged }, Letter::Ack(_)) => {
                acknowledged.insert(from);
                if acknowledged.len() < self.early.count() {
                    self.phase = Phase::Finishing { made, acknowledged };
                    return;
                }
                actions.push(Action::Finish { share: made.share, printed: made.printed });
            }
            // `pump` hands over only what the phase takes.
            (_, _) => self.fail(&format!("co-signer {from} spoke out of turn"), actions),
        }
    }

    fn gather(
        &mut self,
        mut randoms: BTreeMap<u8, [u8; 32]>,
        from: u8,
        (request, random): (Digest, [u8; 32]),
        now: Instant,
        actions: &mut Actions,
    ) {
        if request != self.terms.order.digest() {
            let why = format!("co-signer {from} and this one were given different orders");
            return self.fail(&why, actions);
        }
        if randoms.insert(from, random).is_some() {
            return self.fail(&format!("co-signer {from} repeats itself"), actions);
        }
        if randoms.len() < self.early.count() {
            self.phase = Phase::Gathering { randoms };
            return;
        }
        randoms.insert(self.terms.me, self.terms.random);
        let id = ceremony_id(&self.terms.deployment, &self.terms.order.digest(), &randoms);
        self.enter(Phase::Starting { id }, now, actions);
        actions.push(Action::Start { id });
    }

    pub(super) fn broken(&mut self, abort: Abort, actions: &mut Actions) {
        if let Abort::Ban { culprit, why } = &abort {
            actions.push(Action::Ban { peer: culprit.index(), why: why.clone() });
        }
        self.fail(&abort.to_string(), actions);
    }

    pub(super) fn enter(&mut self, phase: Phase, now: Instant, actions: &mut Actions) {
        self.phase = phase;
        self.deadlines.step(now);
        if self.phase.name() != self.said {
            self.said = self.phase.name();
            actions.push(self.news());
        }
        if self.phase.listens() == Listens::Yes {
            self.pump(now, actions);
        }
    }

    fn news(&self) -> Action {
        Action::News(CeremonyNews::Stage(self.phase.name().to_owned()))
    }

    pub(super) fn fail(&mut self, why: &str, actions: &mut Actions) {
        let message = PeerMessage::Abort { session: *self.label(), why: why.to_owned() };
        actions.extend(self.tell_all(&message));
        actions.push(Action::Fail { why: why.to_owned() });
        self.phase = Phase::Over;
    }

    fn acknowledge(&self, stage: &str) -> Actions {
        self.tell_all(&PeerMessage::Ack { ceremony: *self.label(), stage: stage.to_owned() })
    }

    fn tell_all(&self, message: &PeerMessage) -> Actions {
        self.early.peers().map(|peer| Action::Tell { peer, message: message.clone() }).collect()
    }

    pub(super) fn rounds(&self, send: Vec<Outgoing>, test: Option<u8>) -> Actions {
        let everybody: Vec<Party> = self.early.peers().map(party).collect();
        self.rounds_among(send, test, &everybody)
    }

    /// `among` are the members of the protocol; ourselves may be one of them.
    pub(super) fn rounds_among(&self, send: Vec<Outgoing>, test: Option<u8>, among: &[Party]) -> Actions {
        let ceremony = *self.label();
        let mut actions = Vec::new();
        for Outgoing { round, to, payload } in send {
            let round = test.map_or(round, |number| proof::to_wire(number, round));
            for peer in among {
                let addressed = to.is_none_or(|to| to == *peer) && peer.index() != self.terms.me;
                if addressed {
                    let message = PeerMessage::CeremonyRound { ceremony, round, payload: payload.clone() };
                    actions.push(Action::Tell { peer: peer.index(), message });
                }
            }
        }
        actions
    }
}

pub(super) fn party(index: u8) -> Party {
    Party::new(index).expect("the roster was checked: indices are 1 to 9")
}
