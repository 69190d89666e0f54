//! The protocol of one ceremony, without I/O.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use mpc::{Abort, KeyShare, Keygen, Outgoing, Party, Progress, Refresh, Session as _, Sign, Signature};
use payout::ids::Digest;
use wire::message::{CeremonyNews, Label, PeerMessage, echo_digest};
use wire::session::ceremony_id;

use super::fingerprint::{Fingerprinted, fingerprint};
use super::letter::Letter;
use super::phase::{Made, Phase};
use super::proof::{self, test_digest, test_subsets};
use super::terms::{AGREED, TESTED, Terms, Timing};

/// The most letters of one peer that wait for their phase.
const MOST_EARLY: usize = 8;

/// The round of key generation and refresh in which each party says the same to everybody.
const BROADCAST_ROUND: u8 = 4;

/// What makes the shares.
pub enum Protocol {
    /// Of a new key.
    Keygen(Keygen),
    /// Of a key that is there.
    Refresh(Refresh),
}

/// A started protocol and its first messages.
pub type Started = (Protocol, Vec<Outgoing>);

impl Protocol {
    fn receive(&mut self, from: Party, round: u8, payload: &[u8]) -> Result<Progress<KeyShare>, Abort> {
        match self {
            Self::Keygen(protocol) => protocol.receive(from, round, payload),
            Self::Refresh(protocol) => protocol.receive(from, round, payload),
        }
    }

    fn waiting_for(&self) -> Vec<Party> {
        match self {
            Self::Keygen(protocol) => protocol.waiting_for(),
            Self::Refresh(protocol) => protocol.waiting_for(),
        }
    }
}

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

type Actions = Vec<Action>;

/// One co-signer's side of one ceremony.
pub struct Machine {
    terms: Terms,
    timing: Timing,
    began: Instant,
    since: Instant,
    phase: Phase,
    /// The stage that the gateway was told of last.
    said: &'static str,
    early: BTreeMap<u8, VecDeque<Letter>>,
}

impl Machine {
    /// Begins. The caller has made sure that the order is one that we follow.
    pub fn open(terms: Terms, timing: Timing, now: Instant) -> (Self, Actions) {
        let others = terms.roster.cosigners.iter().map(|seat| seat.index).filter(|index| *index != terms.me);
        let early = others.map(|index| (index, VecDeque::new())).collect();
        let phase = Phase::Gathering { randoms: BTreeMap::new() };
        let said = phase.name();
        let machine = Self { terms, timing, began: now, since: now, phase, said, early };
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

    /// When [`Self::expire`] is to be called if nothing else happens.
    pub fn deadline(&self) -> Option<Instant> {
        let last = self.began + self.timing.whole;
        match self.phase {
            Phase::Over => None,
            _ if self.phase.listens() => Some(last.min(self.since + self.timing.step)),
            _ => Some(last),
        }
    }

    /// Takes a letter. `from` is whose link it came over.
    pub fn receive(&mut self, from: u8, letter: Letter, now: Instant) -> Actions {
        let mut actions = Vec::new();
        if matches!(self.phase, Phase::Over) {
            return actions;
        }
        let Some(early) = self.early.get_mut(&from) else { return actions };
        match letter {
            Letter::Abort { why } => self.fail(&format!("co-signer {from} stopped: {why}"), &mut actions),
            Letter::LinkLost => self.fail(&format!("the link to co-signer {from} broke"), &mut actions),
            letter if early.len() < MOST_EARLY => {
                early.push_back(letter);
                self.pump(now, &mut actions);
            }
            _ => self.fail(&format!("co-signer {from} sends ahead of everybody"), &mut actions),
        }
        actions
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

    /// Time has passed.
    pub fn expire(&mut self, now: Instant) -> Actions {
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

    /// It can't go on here.
    pub fn stop(&mut self, why: &str) -> Actions {
        let mut actions = Vec::new();
        if !matches!(self.phase, Phase::Over) {
            self.fail(why, &mut actions);
        }
        actions
    }

    fn silent(&self) -> Vec<u8> {
        let peers = self.early.keys().copied();
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

    fn pump(&mut self, now: Instant, actions: &mut Actions) {
        loop {
            let stage = self.phase.stage();
            let late = |letter: &Letter| letter.stage().is_none_or(|its| its < stage);
            let next = self.early.iter().find_map(|(peer, letters)| {
                let letter = letters.front()?;
                (late(letter) || self.phase.takes(letter)).then_some(*peer)
            });
            let Some(from) = next else { return };
            let Some(letter) = self.early.get_mut(&from).and_then(VecDeque::pop_front) else { return };
            if late(&letter) {
                return self.fail(&format!("co-signer {from} spoke out of turn"), actions);
            }
            self.take(from, letter, now, actions);
            if matches!(self.phase, Phase::Over) {
                return;
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
                if echoed.len() < self.early.len() {
                    self.phase = Phase::Echoing { made, transcript, echoed };
                    return;
                }
                let printed = made.printed.clone();
                self.enter(Phase::Agreeing { made }, now, actions);
                actions.push(Action::Agree { printed });
            }
            (Phase::Confirming { made, mut acknowledged }, Letter::Ack(_)) => {
                acknowledged.insert(from);
                if acknowledged.len() < self.early.len() {
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
                if acknowledged.len() < self.early.len() {
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
        if randoms.len() < self.early.len() {
            self.phase = Phase::Gathering { randoms };
            return;
        }
        randoms.insert(self.terms.me, self.terms.random);
        let id = ceremony_id(&self.terms.deployment, &self.terms.order.digest(), &randoms);
        self.enter(Phase::Starting { id }, now, actions);
        actions.push(Action::Start { id });
    }

    fn deal(
        &mut self,
        (id, mut protocol, mut broadcasts): (Digest, Box<Protocol>, BTreeMap<u8, Digest>),
        from: u8,
        (round, payload): (u8, &[u8]),
        now: Instant,
        actions: &mut Actions,
    ) {
        if round == BROADCAST_ROUND {
            broadcasts.insert(from, broadcast_digest(payload));
        }
        match protocol.receive(party(from), round, payload) {
            Ok(Progress::Waiting | Progress::Ignored { .. }) => {
                self.phase = Phase::Dealing { id, protocol, broadcasts };
            }
            Ok(Progress::Send(send)) => {
                self.note(&send, &mut broadcasts);
                actions.extend(self.rounds(send, None));
                self.since = now;
                self.phase = Phase::Dealing { id, protocol, broadcasts };
            }
            Ok(Progress::Done { send, output }) => {
                self.note(&send, &mut broadcasts);
                actions.extend(self.rounds(send, None));
                self.made(id, output, &broadcasts, now, actions);
            }
            Err(abort) => self.broken(abort, actions),
        }
    }

    /// What we say to everybody is a part of the transcript too.
    fn note(&self, send: &[Outgoing], broadcasts: &mut BTreeMap<u8, Digest>) {
        for message in send.iter().filter(|message| message.to.is_none()) {
            broadcasts.insert(self.terms.me, broadcast_digest(&message.payload));
        }
    }

    fn made(
        &mut self,
        id: Digest,
        share: KeyShare,
        broadcasts: &BTreeMap<u8, Digest>,
        now: Instant,
        actions: &mut Actions,
    ) {
        let (public_key, chain_code) = (share.public_key(), share.chain_code());
        let Terms { order, deployment, roster, networks, policy, fingerprint: kept, .. } = &self.terms;
        let place = (deployment, roster, policy);
        let printed = match fingerprint(place, networks, order.wallet, &public_key, &chain_code) {
            Ok(printed) => printed,
            Err(error) => return self.fail(&format!("the new key has no address: {error}"), actions),
        };
        let printed = match kept {
            Some(kept) => Fingerprinted { fingerprint: kept.clone(), ..printed },
            None => printed,
        };
        let mut parts: Vec<&[u8]> = vec![id.as_bytes(), &public_key, &chain_code];
        let epoch = share.epoch().to_be_bytes();
        parts.push(&epoch);
        parts.extend(broadcasts.values().map(|digest| digest.as_bytes().as_slice()));
        let transcript = Digest::of("bursar/ceremony-transcript/v1", &parts);
        self.enter(Phase::Keeping { id, printed: printed.clone(), transcript }, now, actions);
        actions.push(Action::Keep { share: Box::new(share), printed });
    }

    fn compare(
        &self,
        made: &Made,
        transcript: &Digest,
        from: u8,
        (theirs, fingerprint, signature): (Digest, &str, payout::key::Signature),
    ) -> Result<(), String> {
        let seat =
            self.terms.roster.seat(from).ok_or_else(|| format!("no co-signer {from} on the roster"))?;
        let digest = echo_digest(self.label(), &theirs, fingerprint);
        seat.key
            .verify_digest(&digest, &signature)
            .map_err(|_| format!("the echo of co-signer {from} is not signed by it"))?;
        if theirs != *transcript {
            return Err(format!(
                "co-signer {from} saw another transcript than this one: somebody said two things"
            ));
        }
        if fingerprint != made.printed.fingerprint {
            return Err(format!(
                "co-signer {from} computed fingerprint {fingerprint}, this one {}: the policies that they hold differ",
                made.printed.fingerprint
            ));
        }
        Ok(())
    }

    /// Starts the test signatures that we are a member of.
    fn test(&mut self, made: Made, now: Instant, actions: &mut Actions) {
        let subsets = test_subsets(self.terms.roster.threshold, self.terms.roster.share_count());
        let mut tests = BTreeMap::new();
        for (number, members) in (0u8..).zip(subsets) {
            if !members.contains(&self.terms.me) {
                continue;
            }
            let parties: Vec<Party> = members.into_iter().map(party).collect();
            let session = *proof::test_session(&made.id, number).as_bytes();
            let digest = *test_digest(&made.id, number).as_bytes();
            match Sign::start(&made.share, &[], &parties, session, digest) {
                Ok((test, send)) => {
                    actions.extend(self.rounds_among(send, Some(number), &parties));
                    tests.insert(number, Box::new(test));
                }
                Err(abort) => return self.broken(abort, actions),
            }
        }
        self.enter(Phase::Testing { made, tests }, now, actions);
    }

    fn play(
        &mut self,
        made: Made,
        mut tests: BTreeMap<u8, Box<Sign>>,
        from: u8,
        (wire_round, payload): (u8, &[u8]),
        now: Instant,
        actions: &mut Actions,
    ) {
        let Some((number, round)) = proof::from_wire(wire_round) else {
            return self.fail(&format!("co-signer {from} spoke out of turn"), actions);
        };
        let Some(test) = tests.get_mut(&number) else {
            return self.fail(&format!("co-signer {from} sent to a test that is not ours"), actions);
        };
        let subsets = test_subsets(self.terms.roster.threshold, self.terms.roster.share_count());
        let members = subsets.into_iter().nth(usize::from(number)).unwrap_or_default();
        let parties: Vec<Party> = members.into_iter().map(party).collect();
        let output: Option<Signature> = match test.receive(party(from), round, payload) {
            Ok(Progress::Waiting | Progress::Ignored { .. }) => None,
            Ok(Progress::Send(send)) => {
                actions.extend(self.rounds_among(send, Some(number), &parties));
                self.since = now;
                None
            }
            Ok(Progress::Done { send, output }) => {
                actions.extend(self.rounds_among(send, Some(number), &parties));
                Some(output)
            }
            Err(abort) => return self.broken(abort, actions),
        };
        if let Some(signature) = output {
            let digest = *test_digest(&made.id, number).as_bytes();
            if !signature.recovers(&made.share.public_key(), &digest) {
                return self.fail("a test signature does not verify", actions);
            }
            tests.remove(&number);
        }
        if !tests.is_empty() {
            self.phase = Phase::Testing { made, tests };
            return;
        }
        let printed = made.printed.clone();
        self.enter(Phase::Proving { made }, now, actions);
        actions.push(Action::Prove { printed });
    }

    fn broken(&mut self, abort: Abort, actions: &mut Actions) {
        if let Abort::Ban { culprit, why } = &abort {
            actions.push(Action::Ban { peer: culprit.index(), why: why.clone() });
        }
        self.fail(&abort.to_string(), actions);
    }

    fn enter(&mut self, phase: Phase, now: Instant, actions: &mut Actions) {
        self.phase = phase;
        self.since = now;
        if self.phase.name() != self.said {
            self.said = self.phase.name();
            actions.push(self.news());
        }
        if self.phase.listens() {
            self.pump(now, actions);
        }
    }

    fn news(&self) -> Action {
        Action::News(CeremonyNews::Stage(self.phase.name().to_owned()))
    }

    fn fail(&mut self, why: &str, actions: &mut Actions) {
        let message = PeerMessage::Abort { session: *self.label(), why: why.to_owned() };
        actions.extend(self.tell_all(&message));
        actions.push(Action::Fail { why: why.to_owned() });
        self.phase = Phase::Over;
    }

    fn acknowledge(&self, stage: &str) -> Actions {
        self.tell_all(&PeerMessage::Ack { ceremony: *self.label(), stage: stage.to_owned() })
    }

    fn tell_all(&self, message: &PeerMessage) -> Actions {
        self.early.keys().map(|peer| Action::Tell { peer: *peer, message: message.clone() }).collect()
    }

    fn rounds(&self, send: Vec<Outgoing>, test: Option<u8>) -> Actions {
        let everybody: Vec<Party> = self.early.keys().map(|index| party(*index)).collect();
        self.rounds_among(send, test, &everybody)
    }

    /// `among` are the members of the protocol; ourselves may be one of them.
    fn rounds_among(&self, send: Vec<Outgoing>, test: Option<u8>, among: &[Party]) -> Actions {
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

fn party(index: u8) -> Party {
    Party::new(index).expect("the roster was checked: indices are 1 to 9")
}

fn broadcast_digest(payload: &[u8]) -> Digest {
    Digest::of("bursar/ceremony-broadcast/v1", &[payload])
}
