//! Sessions between the first look and the journal: claimed, reserved, committed.
//!
//! Journals alone do not hold a limit. Three sessions in flight at once, between the first and second co-signer, the
//! second and third, the third and first, each share one member with each other, so each member sees two of the three,
//! and nothing is journaled yet. So participants tell each other what they have in flight, too:
//!
//! 1. [`Journal::claim`], *before* the participant says that it begins: from then on its other sessions see this one.
//! 2. When all participants have begun, and not before, each sends the others its [`Journal::share`]: the entries that
//!    they lack and everything that it has in flight.
//! 3. [`Journal::merge`], verify over the union, [`Claim::reserve`] with what the peers have in flight.
//! 4. When all say that their checks passed: [`Reservation::commit`].
//!
//! Of any set of sessions that all commit, take the one in which the last participant claimed last. Every other one
//! was claimed by all its participants before this one's shares were taken, and two quorums have a member in common,
//! so this one saw all the others and counted them.

use payout::ids::Digest;
use payout::policy::Policy;
use payout::time::Millis;
use wire::message::{Check, Refusal, SignedEntry};

use super::demand::Demand;
use super::handle::{AppendError, Journal, may_write, written};
use super::state::Ticket;
use super::writer::Job;
use crate::refuse::later;
use crate::verify::{Outline, Verified};
use wire::journal::{Body, Contribution, Facts};

/// The most sessions in flight that peers may tell of: more than any honest ones have together.
const MOST_TOLD: usize = 4096;

/// A session that the journal knows of. Dropped, it is forgotten, unless it is being written.
#[derive(Debug)]
struct Seat {
    journal: Journal,
    ticket: Option<Ticket>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.journal.0.change().claims.remove(&ticket);
        }
    }
}

/// A session that others can see and that fits beside what is held here. Nothing is verified yet.
#[derive(Debug)]
#[must_use = "a claim that is dropped is released"]
pub struct Claim(Seat);

/// A session whose checks have all passed over the merged journals. Nothing is journaled yet.
#[derive(Debug)]
#[must_use = "a reservation that is dropped is released"]
pub struct Reservation {
    seat: Seat,
    verified: Verified,
}

/// A contribution is in the journal, synced: the only thing from which the signing protocol can start.
#[derive(Debug)]
pub struct Contributed {
    verified: Verified,
    entry: SignedEntry,
}

/// Why a reservation did not become a contribution.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something came in between.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The journal can't be written.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<Refusal> for CommitError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Journal {
    /// Makes a session visible to all others of this co-signer. Refuses what does not fit beside what is held already:
    /// of two sessions that can't both be, the first one here goes on.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub fn claim(&self, outline: &Outline) -> Result<Claim, Refusal> {
        let demand: &Demand = outline.demand();
        let mut state = self.0.change();
        may_write(&state).map_err(|error| later(Check::Frozen, error.to_string()))?;
        let (tries, next) = state.union.next_try(&demand.facts.intent);
        if next > demand.now {
            let reason = format!("it was signed for {tries} times here; the next time may be at {next}");
            return Err(later(Check::Session, reason));
        }
        demand.fits(&state.union, state.claims_but(None))?;
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.claims.insert(ticket, demand.facts.clone());
        drop(state);
        Ok(Claim(Seat { journal: self.clone(), ticket: Some(ticket) }))
    }
}

impl Claim {
    /// Decides one-to-one and all limits over the merged journals, this co-signer's sessions in flight and those that
    /// its peers told of (`peers`).
    ///
    /// # Errors
    /// The refusal to answer with; the claim is released.
    pub fn reserve(self, verified: Verified, peers: &[Facts]) -> Result<Reservation, Refusal> {
        let Self(seat) = self;
        if peers.len() > MOST_TOLD {
            return Err(later(Check::Session, format!("peers tell of {} sessions in flight", peers.len())));
        }
        let demand = verified.demand();
        {
            let state = seat.journal.0.read();
            let claimed = seat.ticket.and_then(|ticket| state.claims.get(&ticket));
            if claimed != Some(&demand.facts) {
                return Err(later(Check::Session, "what was verified is not what was claimed"));
            }
            may_write(&state).map_err(|error| later(Check::Frozen, error.to_string()))?;
            demand.fits(&state.union, state.claims_but(seat.ticket).chain(peers))?;
        }
        Ok(Reservation { seat, verified })
    }
}

impl Reservation {
    /// What was verified.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// Writes the contribution and waits until it is durable. Call it when all participants have said that their checks
    /// passed. `session` is the id that commits to everything, `policy` the newest one that is held.
    ///
    /// # Errors
    /// [`CommitError::Refused`] when a stop of this payout, a freeze or a later attempt came in between, or the id was
    /// used before; [`CommitError::Append`] when the disk refuses.
    pub async fn commit(
        mut self,
        session: Digest,
        policy: &Policy,
        clock: Millis,
    ) -> Result<Contributed, CommitError> {
        let answer = {
            let inner = &self.seat.journal.0;
            let mut state = inner.change();
            may_write(&state)?;
            self.verified.is_not_stopped(policy, &state.union)?;
            let demand = self.verified.demand();
            // Limits were decided with what the peers had in flight; one-to-one can only have got tighter since.
            state
                .union
                .one_to_one(demand.believed, &demand.facts)
                .map_err(|(conflict, _)| later(Check::Journal, format!("meanwhile: {conflict}")))?;
            if state.union.knows_session(&session) {
                return Err(later(Check::Session, format!("the session id {session} was used before")).into());
            }
            let body = Body::Contribution(Box::new(Contribution { facts: demand.facts.clone(), session }));
            let at = state.time(clock);
            let paper = Some(self.verified.paper().to_vec());
            let job = Job { own: vec![(body, at)], paper, ticket: self.seat.ticket, ..Job::default() };
            // From here on the writer releases the claim, when the entry is durable and in memory.
            self.seat.ticket = None;
            inner.queue(&mut state, job)
        };
        let entry = written(answer).await?;
        Ok(Contributed { verified: self.verified, entry })
    }
}

impl Contributed {
    /// What was verified: digest, path, wallet.
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The entry, as peers will get it.
    pub fn entry(&self) -> &SignedEntry {
        &self.entry
    }
}
