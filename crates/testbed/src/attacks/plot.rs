//! A hostile co-signer's part in one session: it says yes at every step, and signs what the plot says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cosigner::session::request_digest;
use mpc::{KeyShare, Outgoing, Party, Progress, Sign};
use payout::ids::Digest;
use payout::intent::Intent;
use wire::message::{Label, PeerMessage, SignRequest};
use wire::session::SessionFacts;

use super::draft::path_of;

/// What a gateway shows to one participant.
#[derive(Debug, Clone)]
pub struct Showing {
    /// Who takes part, by its word.
    pub participants: Vec<u8>,
    /// What is to be signed, by its word.
    pub request: SignRequest,
}

/// What a hostile co-signer is to do in one session.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The session's name.
    pub label: Label,
    /// Who really takes part.
    pub participants: Vec<u8>,
    /// What each was shown: it tells each that it was shown the same.
    pub shown: BTreeMap<u8, Showing>,
    /// The digest that it signs in the protocol.
    pub digest: [u8; 32],
    /// The path of the key that it signs with.
    pub path: Vec<u32>,
    /// Its randomness; a repeated one is no fresh one.
    pub random: [u8; 32],
    /// The session's id that it says it computed, if not the right one.
    pub id: Option<Digest>,
    /// The claims of its other sessions that it tells of.
    pub claims: Vec<Vec<u8>>,
}

impl Plot {
    pub(super) fn peers(&self, me: u8) -> Vec<u8> {
        self.participants.iter().copied().filter(|index| *index != me).collect()
    }

    /// What a peer was shown; another hostile one was shown nothing, and what it hears does not matter.
    fn shown_to(&self, peer: u8) -> Option<&Showing> {
        self.shown.get(&peer).or_else(|| self.shown.values().next())
    }

    pub(super) fn request_of(&self, peer: u8) -> Digest {
        self.shown_to(peer).map_or(Digest::from_bytes([0; 32]), |showing| {
            request_digest(&self.label, &showing.participants, &showing.request)
        })
    }
}

/// What it says next.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) tell: Vec<(u8, PeerMessage)>,
    /// The session's id, once it is known.
    pub(super) id: Option<Digest>,
    pub(super) signature: Option<Vec<u8>>,
}

/// See the module.
pub(super) struct Play {
    me: u8,
    deployment: Digest,
    share: Option<Arc<KeyShare>>,
    plot: Plot,
    randoms: BTreeMap<u8, [u8; 32]>,
    told: BTreeSet<u8>,
    checked: BTreeSet<u8>,
    protocol: Option<Sign>,
    rounds: Vec<(u8, u8, Vec<u8>)>,
}

impl Play {
    pub(super) fn new(me: u8, deployment: Digest, share: Option<Arc<KeyShare>>, plot: Plot) -> Self {
        let randoms = BTreeMap::from([(me, plot.random)]);
        Self {
            me,
            deployment,
            share,
            plot,
            randoms,
            told: BTreeSet::new(),
            checked: BTreeSet::new(),
            protocol: None,
            rounds: Vec::new(),
        }
    }

    pub(super) fn hear(&mut self, from: u8, word: PeerMessage) -> Said {
        let session = self.plot.label;
        let peers = self.plot.peers(self.me);
        let mut said = Said::default();
        match word {
            PeerMessage::Begin { random, .. } => {
                self.randoms.insert(from, random);
                if self.randoms.len() > peers.len() {
                    let pending = PeerMessage::Pending { session, claims: self.plot.claims.clone() };
                    said.tell = peers.iter().map(|peer| (*peer, pending.clone())).collect();
                }
            }
            PeerMessage::Pending { .. } => {
                self.told.insert(from);
                if self.told.len() == peers.len() {
                    let checked = |peer: &u8| (*peer, PeerMessage::Checked { session, id: self.id(*peer) });
                    said.tell = peers.iter().map(checked).collect();
                    said.id = peers.first().map(|peer| self.id(*peer));
                }
            }
            PeerMessage::Checked { .. } => {
                self.checked.insert(from);
                if self.checked.len() == peers.len() {
                    self.start(from, &mut said);
                }
            }
            PeerMessage::Round { round, payload, .. } => {
                self.rounds.push((from, round, payload));
                self.go_on(&mut said);
            }
            // It is over; nothing that it could say changes that.
            _ => {}
        }
        said
    }

    /// The session's id, as `peer` computes it.
    fn id(&self, peer: u8) -> Digest {
        let right = || {
            let request = &self.plot.shown_to(peer)?.request;
            let intent: Intent = payout::canonical::parse(&request.intent).ok()?;
            // The honest path: with another one it would be found out before it can do anything.
            let path = path_of(&intent);
            let facts = SessionFacts {
                deployment: &self.deployment,
                label: &self.plot.label,
                intent: &intent.digest(),
                unsigned: &request.unsigned,
                wallet: intent.wallet,
                path: &path,
                epoch: 1,
                participants: &self.randoms,
            };
            Some(facts.id())
        };
        self.plot.id.or_else(right).unwrap_or(Digest::from_bytes([0; 32]))
    }

    fn start(&mut self, from: u8, said: &mut Said) {
        let Some(share) = self.share.clone() else { return };
        let Plot { participants, path, digest, .. } = &self.plot;
        let parties: Vec<Party> = participants.iter().filter_map(|index| Party::new(*index)).collect();
        let id = *self.id(from).as_bytes();
        if let Ok((protocol, send)) = Sign::start(&share, path, &parties, id, *digest) {
            self.protocol = Some(protocol);
            self.send(send, said);
            self.go_on(said);
        }
    }

    fn go_on(&mut self, said: &mut Said) {
        if self.protocol.is_none() {
            return;
        }
        for (from, round, payload) in std::mem::take(&mut self.rounds) {
            let (Some(protocol), Some(party)) = (self.protocol.as_mut(), Party::new(from)) else { continue };
            match protocol.receive(party, round, &payload) {
                Ok(Progress::Send(send)) => self.send(send, said),
                Ok(Progress::Done { send, output }) => {
                    self.send(send, said);
                    said.signature = Some(output.to_bytes().to_vec());
                }
                Ok(Progress::Waiting | Progress::Ignored { .. }) | Err(_) => {}
            }
        }
    }

    fn send(&self, send: Vec<Outgoing>, said: &mut Said) {
        let session = self.plot.label;
        for Outgoing { round, to, payload } in send {
            let message = PeerMessage::Round { session, round, payload };
            match to {
                Some(party) => said.tell.push((party.index(), message)),
                None => {
                    let all = self.plot.peers(self.me).into_iter().map(|peer| (peer, message.clone()));
                    said.tell.extend(all);
                }
            }
        }
    }
}
