//! Who is here, what they last said of themselves, and who waits for their answers.
//!
//! One lock guards it, held for look-ups only: never while anything is encoded, sent or waited for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use payout::ids::Digest;
use payout::time::Millis;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use wire::connection::{ConnectionError, Writer};
use wire::message::{Label, Standing, ToCosigner};
use wire::roster::Directory;

use super::ceremony::CeremonyWord;
use super::desk::Desk;
use super::pace::{Mean, Pace};
use super::recall::RecallWord;
use super::session::Word;
use super::sight::SightWord;
use super::stop::StopWord;
use super::{HubConfig, PolicySource};
use crate::clock;

/// The policy's versions are sent in messages of about this many bytes; a frame holds 4 MiB.
const POLICY_BYTES: usize = 1024 * 1024;

/// The hub's state.
pub(super) struct Room {
    pub(super) pace: Pace,
    pub(super) directory: Directory,
    /// The gateway's name on the roster.
    pub(super) name: String,
    pub(super) deployment: Digest,
    pub(super) policy: PolicySource,
    /// One permit a signing session in flight.
    pub(super) places: Semaphore,
    pub(super) sessions: Arc<Desk<Label, Word>>,
    pub(super) sights: Arc<Desk<u64, SightWord>>,
    pub(super) stops: Arc<Desk<u64, StopWord>>,
    pub(super) ceremonies: Arc<Desk<Label, CeremonyWord>>,
    pub(super) recalls: Arc<Desk<u64, RecallWord>>,
    floor: Mutex<Floor>,
    changes: watch::Sender<u64>,
    numbers: AtomicU64,
}

/// What the lock guards.
#[derive(Default)]
pub(super) struct Floor {
    pub(super) seats: BTreeMap<u8, Seated>,
    pub(super) records: BTreeMap<u8, Record>,
    /// Sets of co-signers whose session broke off, and until when they are asked last.
    pub(super) failed: HashMap<Vec<u8>, Instant>,
    /// Intents that are being asked about.
    pub(super) asking: HashSet<Digest>,
    /// Counts sessions.
    pub(super) turn: u64,
    /// When each set of co-signers was last asked, by that count.
    pub(super) turns: HashMap<Vec<u8>, u64>,
}

/// A co-signer that is here.
pub(super) struct Seated {
    /// Names this connection among all that this seat ever had.
    connection: u64,
    writer: Writer<ToCosigner>,
    parting: watch::Sender<Option<Parting>>,
    pub(super) standing: Standing,
    pub(super) since: Millis,
    pub(super) heard: Instant,
    pub(super) heard_at: Millis,
    pub(super) round_trip_us: Option<u64>,
}

/// What is remembered of a co-signer over its connections.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) mean: Mean,
    pub(super) measured: Option<Instant>,
    pub(super) in_flight: u32,
    pub(super) doubted_until: Option<Instant>,
    pub(super) failures: u32,
}

/// Why the hub ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Parting {
    #[error("it has connected again")]
    Replaced,
    #[error("it takes messages too slowly")]
    Backlog,
    #[error("the gateway stops")]
    Closing,
}

/// Why something was not said to a co-signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsaid {
    /// It is not here, or is just leaving.
    Absent,
    /// No frame holds it.
    TooLong,
}

/// A place in the room.
pub(super) struct Joined {
    pub(super) connection: u64,
    pub(super) parting: watch::Receiver<Option<Parting>>,
}

impl Room {
    pub(super) fn new(config: &HubConfig, pace: Pace, policy: PolicySource) -> Self {
        Self {
            pace,
            directory: Directory::new(&config.roster),
            name: config.gateway.clone(),
            deployment: config.deployment,
            policy,
            places: Semaphore::new(config.sessions.clamp(1, Semaphore::MAX_PERMITS)),
            sessions: Arc::default(),
            sights: Arc::default(),
            stops: Arc::default(),
            ceremonies: Arc::default(),
            recalls: Arc::default(),
            floor: Mutex::default(),
            changes: watch::channel(0).0,
            numbers: AtomicU64::new(1),
        }
    }

    pub(super) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that this hub never gave before.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A co-signer's name on the roster.
    pub(super) fn name_of(&self, index: u8) -> String {
        self.directory.seat(index).map_or_else(|| format!("co-signer {index}"), |seat| seat.name.clone())
    }

    /// Gives a co-signer its seat; an older connection of it is ended.
    pub(super) fn join(&self, index: u8, writer: Writer<ToCosigner>, standing: Standing) -> Joined {
        let connection = self.number();
        let (parting, parted) = watch::channel(None);
        let now = clock::now();
        let seated = Seated {
            connection,
            writer,
            parting,
            standing,
            since: now,
            heard: Instant::now(),
            heard_at: now,
            round_trip_us: None,
        };
        let older = self.floor().seats.insert(index, seated);
        if let Some(older) = older {
            older.parting.send_replace(Some(Parting::Replaced));
            self.forsake(index);
        }
        self.changed();
        Joined { connection, parting: parted }
    }

    /// Takes a seat back when its connection has ended, unless a newer one sits there.
    pub(super) fn leave(&self, index: u8, connection: u64) {
        let left = {
            let mut floor = self.floor();
            let ours = floor.seats.get(&index).is_some_and(|seat| seat.connection == connection);
            if ours { floor.seats.remove(&index) } else { None }
        };
        if left.is_some() {
            self.forsake(index);
            self.changed();
        }
    }

    /// Nobody waits any longer for what this co-signer was asked over a connection that is gone.
    fn forsake(&self, index: u8) {
        self.sessions.part(index);
        self.sights.part(index);
        self.stops.part(index);
        self.ceremonies.part(index);
        self.recalls.part(index);
    }

    /// Ends a connection from our side.
    pub(super) fn dismiss_all(&self, why: Parting) {
        for seat in self.floor().seats.values() {
            seat.parting.send_replace(Some(why));
        }
    }

    /// Notes that a co-signer was heard.
    pub(super) fn heard(&self, index: u8, connection: u64) {
        let at = clock::now();
        if let Some(seat) = self.seat(&mut self.floor(), index, connection) {
            seat.heard = Instant::now();
            seat.heard_at = at;
        }
    }

    /// Notes how long a ping took.
    pub(super) fn round_trip(&self, index: u8, connection: u64, micros: u64) {
        if let Some(seat) = self.seat(&mut self.floor(), index, connection) {
            seat.round_trip_us = Some(micros);
        }
    }

    /// Notes what a co-signer now says of itself. That its journal has grown is no news: it does with every payout.
    pub(super) fn restate(&self, index: u8, connection: u64, standing: Standing) {
        let news = match self.seat(&mut self.floor(), index, connection) {
            None => false,
            Some(seat) => {
                let older = std::mem::replace(&mut seat.standing, standing.clone());
                older != Standing { journal_seq: older.journal_seq, ..standing }
            }
        };
        if news {
            self.changed();
        }
    }

    fn seat<'f>(&self, floor: &'f mut Floor, index: u8, connection: u64) -> Option<&'f mut Seated> {
        floor.seats.get_mut(&index).filter(|seat| seat.connection == connection)
    }

    /// Who is here, in order.
    pub(super) fn present(&self) -> Vec<u8> {
        self.floor().seats.keys().copied().collect()
    }

    /// When each of these was last heard; `None` for who is not here.
    pub(super) fn last_heard(&self, indices: &[u8]) -> Vec<(u8, Option<Instant>)> {
        let floor = self.floor();
        indices.iter().map(|index| (*index, floor.seats.get(index).map(|seat| seat.heard))).collect()
    }

    /// Queues a message to a co-signer. Never waits: one that is slow is sent away, so that it holds up nobody.
    pub(super) fn say(&self, index: u8, message: &ToCosigner) -> Result<(), Unsaid> {
        let (writer, parting) = {
            let floor = self.floor();
            let seat = floor.seats.get(&index).ok_or(Unsaid::Absent)?;
            (seat.writer.clone(), seat.parting.clone())
        };
        match writer.try_send(message) {
            Ok(()) => Ok(()),
            Err(ConnectionError::Backlog) => {
                parting.send_replace(Some(Parting::Backlog));
                Err(Unsaid::Absent)
            }
            Err(ConnectionError::Frame(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a message fits no frame");
                Err(Unsaid::TooLong)
            }
            // It has ended; its own task takes the seat back.
            Err(_) => Err(Unsaid::Absent),
        }
    }

    /// Passes bytes from one co-signer to another, unseen. For one who is not here they are dropped: both ends of the
    /// link start anew anyway.
    pub(super) fn relay(&self, from: u8, to: u8, link: u64, data: Vec<u8>) {
        if from != to {
            let _ = self.say(to, &ToCosigner::Relay { peer: from, link, data });
        }
    }

    /// Sends every co-signer the policy versions that it lacks.
    pub(super) fn push_policy(&self) {
        for index in self.present() {
            self.push_policy_to(index);
        }
    }

    /// Sends one co-signer the policy versions that it lacks by its last word. What it has already, it skips.
    pub(super) fn push_policy_to(&self, index: u8) {
        let Some(heads) = self.floor().seats.get(&index).map(|seat| seat.standing.heads) else { return };
        let mut parcel = Vec::new();
        let mut bytes = 0;
        for version in (self.policy)().versions_after(&heads) {
            if bytes + version.document.len() > POLICY_BYTES && !parcel.is_empty() {
                let _ = self.say(index, &ToCosigner::Policy(std::mem::take(&mut parcel)));
                bytes = 0;
            }
            bytes += version.document.len();
            parcel.push(version);
        }
        if !parcel.is_empty() {
            let _ = self.say(index, &ToCosigner::Policy(parcel));
        }
    }
}
