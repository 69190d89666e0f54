//! The protocol that makes the shares, and what comes of it: a transcript and a fingerprint that all must have alike.

use std::collections::BTreeMap;
use std::time::Instant;

use mpc::{Abort, KeyShare, Keygen, Outgoing, Party, Progress, Refresh, Session as _};
use payout::ids::Digest;
use wire::message::echo_digest;

use super::fingerprint::{Fingerprinted, fingerprint};
use super::machine::{Action, Actions, Machine, party};
use super::phase::{Made, Phase};
use super::terms::Terms;

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
    pub(super) fn receive(
        &mut self,
        from: Party,
        round: u8,
        payload: &[u8],
    ) -> Result<Progress<KeyShare>, Abort> {
        match self {
            Self::Keygen(protocol) => protocol.receive(from, round, payload),
            Self::Refresh(protocol) => protocol.receive(from, round, payload),
        }
    }

    pub(super) fn waiting_for(&self) -> Vec<Party> {
        match self {
            Self::Keygen(protocol) => protocol.waiting_for(),
            Self::Refresh(protocol) => protocol.waiting_for(),
        }
    }
}

impl Machine {
    pub(super) fn deal(
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
                self.deadlines.step(now);
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

    pub(super) fn made(
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

    pub(super) fn compare(
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
}

fn broadcast_digest(payload: &[u8]) -> Digest {
    Digest::of("bursar/ceremony-broadcast/v1", &[payload])
}
