//! All parties in one process: for tests and for measuring, never for a wallet.
//!
//! [`Room`] carries messages between sessions of any suite, in the order and with the faults that a test wants.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use dkls23::protocols::re_key::re_key;
use dkls23::utilities::rng::get_rng;
use k256::elliptic_curve::Field;
use k256::{ProjectivePoint, Scalar, Secp256k1};

use crate::bind::bind;
use crate::party::Group;
use crate::{Abort, KeyShare, Keygen, Outgoing, Party, Progress, Refresh, Session, Sign, Signature, Started};

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Who sent it.
    pub from: Party,
    /// Who gets it.
    pub to: Party,
    /// The round that the sender names.
    pub round: u8,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// How a party's session stands when no message is left.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It has its output.
    Done(T),
    /// It gave up.
    Aborted(Abort),
    /// It waits for these.
    Waiting(Vec<Party>),
}

impl<T> Outcome<T> {
    /// The output, if there is one.
    ///
    /// # Errors
    /// The abort, or that the session still waits.
    pub fn output(self) -> Result<T, Abort> {
        match self {
            Self::Done(output) => Ok(output),
            Self::Aborted(abort) => Err(abort),
            Self::Waiting(parties) => Err(Abort::retry(format_args!("still waiting for {parties:?}"))),
        }
    }
}

/// Sessions of one protocol run, and the messages between them.
pub struct Room<S: Session> {
    seats: BTreeMap<Party, Seat<S>>,
    /// Messages that are not delivered yet, oldest first.
    pub post: Vec<Envelope>,
}

struct Seat<S: Session> {
    session: S,
    ended: Option<Result<S::Output, Abort>>,
}

impl<S: Session> Default for Room<S> {
    fn default() -> Self {
        Self { seats: BTreeMap::new(), post: Vec::new() }
    }
}

impl<S: Session> Room<S> {
    /// Seats each party with its started session and posts the first messages once all are seated.
    ///
    /// # Errors
    /// A session did not start.
    pub fn seat(parties: impl IntoIterator<Item = (Party, Started<S>)>) -> Result<Self, Abort> {
        let mut room = Self::default();
        let mut first = Vec::new();
        for (party, started) in parties {
            let (session, send) = started?;
            room.seats.insert(party, Seat { session, ended: None });
            first.push((party, send));
        }
        for (party, send) in first {
            room.posted(party, send);
        }
        Ok(room)
    }

    fn posted(&mut self, from: Party, send: Vec<Outgoing>) {
        let seats: Vec<Party> = self.seats.keys().copied().collect();
        for Outgoing { round, to, payload } in send {
            let receivers = seats.iter().filter(|seat| to.map_or(**seat != from, |to| to == **seat));
            self.post.extend(receivers.map(|to| Envelope { from, to: *to, round, payload: payload.clone() }));
        }
    }

    /// Hands over one message and posts what comes of it. Says why a message was ignored.
    pub fn deliver(&mut self, envelope: &Envelope) -> Option<&'static str> {
        let Envelope { from, to, round, payload } = envelope;
        let Some(seat) = self.seats.get_mut(to) else { return Some("nobody sits there") };
        match seat.session.receive(*from, *round, payload) {
            Ok(Progress::Waiting) => {}
            Ok(Progress::Ignored { why }) => return Some(why),
            Ok(Progress::Send(send)) => self.posted(*to, send),
            Ok(Progress::Done { send, output }) => {
                seat.ended = Some(Ok(output));
                self.posted(*to, send);
            }
            Err(abort) => seat.ended = Some(Err(abort)),
        }
        None
    }

    /// Delivers messages, the one that `next` takes out of the post each time, until it takes none.
    pub fn run_by(
        mut self,
        mut next: impl FnMut(&mut Vec<Envelope>) -> Option<Envelope>,
    ) -> BTreeMap<Party, Outcome<S::Output>> {
        while let Some(envelope) = next(&mut self.post) {
            self.deliver(&envelope);
        }
        self.outcomes()
    }

    /// Delivers all messages in the order in which they were sent.
    pub fn run(self) -> BTreeMap<Party, Outcome<S::Output>> {
        self.run_by(|post| if post.is_empty() { None } else { Some(post.remove(0)) })
    }

    /// How every party stands.
    pub fn outcomes(self) -> BTreeMap<Party, Outcome<S::Output>> {
        self.seats
            .into_iter()
            .map(|(party, seat)| {
                let outcome = match seat.ended {
                    Some(Ok(output)) => Outcome::Done(output),
                    Some(Err(abort)) => Outcome::Aborted(abort),
                    None => Outcome::Waiting(seat.session.waiting_for()),
                };
                (party, outcome)
            })
            .collect()
    }

    /// One party's session, to look at.
    pub fn session(&self, party: Party) -> Option<&S> {
        self.seats.get(&party).map(|seat| &seat.session)
    }
}

/// A session id that this process has not used.
pub fn fresh_session_id() -> [u8; 32] {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    bind("bursar/mpc/local/v1", &[&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()])
}

/// The key generation of t of n, run by all n parties.
///
/// # Errors
/// t and n are out of bounds.
pub fn run_keygen(threshold: u8, parties: u8) -> Result<Vec<KeyShare>, Abort> {
    let session_id = fresh_session_id();
    let group = Group::new(threshold, parties)?;
    let starts = group.members().map(|me| (me, Keygen::start(me, threshold, parties, session_id)));
    Room::seat(starts)?.run().into_values().map(Outcome::output).collect()
}

/// The refresh of all n shares.
///
/// # Errors
/// The shares are not all shares of one key and epoch.
pub fn run_refresh(shares: &[KeyShare]) -> Result<Vec<KeyShare>, Abort> {
    let session_id = fresh_session_id();
    let starts = shares.iter().map(|share| (share.me(), Refresh::start(share, session_id)));
    Room::seat(starts)?.run().into_values().map(Outcome::output).collect()
}

/// The signature of `digest` by the key at `path` with exactly these shares.
///
/// # Errors
/// They are not exactly t shares of one key and epoch, or the path is not allowed.
pub fn run_sign<'a>(
    shares: impl IntoIterator<Item = &'a KeyShare>,
    path: &[u32],
    digest: [u8; 32],
) -> Result<Signature, Abort> {
    let shares: Vec<&KeyShare> = shares.into_iter().collect();
    let participants: Vec<Party> = shares.iter().map(|share| share.me()).collect();
    let session_id = fresh_session_id();
    let starts =
        shares.iter().map(|share| (share.me(), Sign::start(share, path, &participants, session_id, digest)));
    let mut signatures = Room::seat(starts)?.run().into_values().map(Outcome::output);
    let first = signatures.next().ok_or_else(|| Abort::retry("nobody to sign"))??;
    for other in signatures {
        if other? != first {
            return Err(Abort::retry("two signers hold different signatures"));
        }
    }
    Ok(first)
}

/// Shares of a random key from a trusted dealer: what [`run_keygen`] makes, in a thousandth of its time. The whole key
/// was in memory, so these shares are for tests only.
///
/// # Errors
/// t and n are out of bounds.
pub fn deal(threshold: u8, parties: u8) -> Result<Vec<KeyShare>, Abort> {
    let group = Group::new(threshold, parties)?;
    let secret = Scalar::random(&mut get_rng());
    let (session_id, chain_code) = (fresh_session_id(), fresh_session_id());
    let (dealt, _) =
        re_key::<Secp256k1>(&group.library(), &session_id, &secret, Some(chain_code), |_| String::new());
    let points: Vec<_> =
        dealt.iter().map(|party| (ProjectivePoint::GENERATOR * party.poly_point).to_affine()).collect();
    dealt
        .into_iter()
        .zip(group.members())
        .map(|(party, me)| KeyShare::from_library(party, group, me, 0, points.clone()))
        .collect()
}
