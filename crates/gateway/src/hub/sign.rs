//! Asking for a signature: one quorum after the other, until it is signed, refused, or nobody is left to ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use payout::ids::Digest;
use payout::policy::Wallet;
use payout::time::Millis;
use tokio::time::{Instant, timeout_at};
use wire::message::{Label, Refusal, SignRequest};

use super::Hub;
use super::pick::Course;
use super::room::Room;
use super::session::{Session, SessionEnd, SessionReport};
use crate::clock;

/// What is to be signed.
#[derive(Debug, Clone)]
pub struct SignOrder {
    /// The digest of the request's intent.
    pub intent: Digest,
    /// The wallet that pays, as the newest rules have it.
    pub wallet: Wallet,
    /// What co-signers get.
    pub request: SignRequest,
    /// Co-signers that have said before that they will never sign it: asked last.
    pub doubted: Vec<u8>,
}

/// A session that is about to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Its name.
    pub session: Label,
    /// Who will be asked, sorted.
    pub participants: &'a [u8],
    /// Now.
    pub at: Millis,
}

/// Whoever wants a signature.
pub trait Asker: Sync {
    /// What a signature is made into.
    type Made: Send;
    /// Why a session must not be opened.
    type Stop: Send;

    /// Called before co-signers hear of a session: the place to store that they are about to be asked. From here on a
    /// signature may exist.
    fn opening(&self, opening: Opening<'_>) -> impl Future<Output = Result<(), Self::Stop>> + Send;

    /// Makes something of 65 bytes r ‖ s ‖ recovery id, or says what is wrong with them; the next quorum is asked then.
    ///
    /// # Errors
    /// In words, for the record.
    fn accept(&self, signature: &[u8; 65]) -> Result<Self::Made, String>;
}

/// What came of it, and how.
#[derive(Debug)]
pub struct Signing<T, S> {
    /// What came of it.
    pub outcome: SignOutcome<T, S>,
    /// Every session that was opened, in order, settled.
    pub sessions: Vec<SessionReport>,
}

/// What came of asking for a signature.
#[derive(Debug, PartialEq, Eq)]
pub enum SignOutcome<T, S> {
    /// It is signed.
    Signed {
        /// What the signature was made into.
        made: T,
        /// In which session.
        session: Label,
        /// The names of the checks that each participant passed, as far as they were heard.
        checks: Vec<(u8, Vec<String>)>,
    },
    /// Without those who refused no quorum is left.
    Refused {
        /// Who, and why.
        refusals: Vec<(u8, Refusal)>,
    },
    /// Too few co-signers can be asked; nobody was.
    NoQuorum {
        /// In words: who is missing, and why.
        why: String,
        /// Who is connected.
        connected: Vec<u8>,
    },
    /// Everybody who could be asked was; nothing came of it.
    Aborted {
        /// Why the last session broke off.
        why: String,
    },
    /// No session could be begun in time: as many as may be are in flight.
    Busy,
    /// The same intent is being asked about already.
    AskedAlready,
    /// The asker did not want it any more.
    Stopped(S),
}

impl Hub {
    /// Asks for a signature. Dropped half-way, its sessions are closed; a signature may exist all the same.
    pub async fn sign<A: Asker>(&self, order: SignOrder, asker: &A) -> Signing<A::Made, A::Stop> {
        let mut sessions = Vec::new();
        let deadline = Instant::now() + self.room.pace.overall;
        let Some(_alone) = Alone::with(&self.room, order.intent) else {
            return Signing { outcome: SignOutcome::AskedAlready, sessions };
        };
        let Ok(Ok(_place)) = timeout_at(deadline, self.room.places.acquire()).await else {
            return Signing { outcome: SignOutcome::Busy, sessions };
        };
        let outcome = self.ask(order, asker, deadline, &mut sessions).await;
        Signing { outcome, sessions }
    }

    async fn ask<A: Asker>(
        &self,
        order: SignOrder,
        asker: &A,
        deadline: Instant,
        sessions: &mut Vec<SessionReport>,
    ) -> SignOutcome<A::Made, A::Stop> {
        let SignOrder { intent, wallet, request, doubted } = order;
        let mut course = Course { doubted: doubted.into_iter().collect(), ..Course::default() };
        let mut refusals = BTreeMap::new();
        loop {
            let participants = match self.room.pick(&wallet, &course) {
                Ok(participants) => participants,
                Err(_) if !refusals.is_empty() => {
                    return SignOutcome::Refused { refusals: refusals.into_iter().collect() };
                }
                Err(nobody) => {
                    let (why, connected) = (nobody.why, nobody.connected);
                    return broke_off(sessions).unwrap_or(SignOutcome::NoQuorum { why, connected });
                }
            };
            course.tried.insert(participants.clone());
            let session = Session::new(&self.room, participants, fresh_label());
            let opening =
                Opening { session: session.label(), participants: session.participants(), at: clock::now() };
            if let Err(stop) = asker.opening(opening).await {
                return SignOutcome::Stopped(stop);
            }
            let (report, made) =
                session.run(request.clone(), intent, |signature| asker.accept(signature)).await;
            let session = report.session;
            let voices = report.voices.clone();
            sessions.push(report);
            if let Some(made) = made {
                let checks = voices.into_iter().filter_map(|voice| Some((voice.index, voice.checks?)));
                return SignOutcome::Signed { made, session, checks: checks.collect() };
            }
            for voice in voices {
                if let Some(refusal) = voice.refusal {
                    course.refused.insert(voice.index);
                    refusals.insert(voice.index, refusal);
                }
            }
            if Instant::now() >= deadline {
                return match refusals.is_empty() {
                    false => SignOutcome::Refused { refusals: refusals.into_iter().collect() },
                    true => broke_off(sessions).unwrap_or(SignOutcome::Busy),
                };
            }
        }
    }
}

/// The last session's end, if it broke off.
fn broke_off<T, S>(sessions: &[SessionReport]) -> Option<SignOutcome<T, S>> {
    match &sessions.last()?.end {
        SessionEnd::Aborted { why } => Some(SignOutcome::Aborted { why: why.clone() }),
        SessionEnd::Signed { .. } | SessionEnd::Refused => None,
    }
}

/// 16 bytes of the operating system's.
pub(super) fn fresh_label() -> Label {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("an operating system without randomness can't run a wallet");
    Label::from_bytes(bytes)
}

/// The right to ask about an intent. Two at once would only make co-signers refuse one of them.
struct Alone<'r> {
    room: &'r Arc<Room>,
    intent: Digest,
}

impl<'r> Alone<'r> {
    fn with(room: &'r Arc<Room>, intent: Digest) -> Option<Self> {
        let first = room.floor().asking.insert(intent);
        // Made only by the first: one that was made and dropped at once would give the right away.
        if first { Some(Self { room, intent }) } else { None }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.room.floor().asking.remove(&self.intent);
    }
}
