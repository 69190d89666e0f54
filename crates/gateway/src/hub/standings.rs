//! Who is here, for `/status`, metrics and the console.

use payout::time::Millis;
use tokio::time::Instant;
use wire::message::Standing;

use super::Hub;

/// A seat of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatStanding {
    /// Its index.
    pub index: u8,
    /// Its name.
    pub name: String,
    /// The mean time of the sessions that it took part in, µs; `None` before the first.
    pub session_us: Option<u64>,
    /// Sessions that it takes part in now.
    pub in_flight: u32,
    /// Whether it failed a session a moment ago, and is asked last for a while.
    pub doubted: bool,
    /// What it is while it is connected.
    pub presence: Option<Presence>,
}

/// A connected co-signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// What it last said of itself.
    pub standing: Standing,
    /// Since when it is connected.
    pub since: Millis,
    /// When anything was last heard of it.
    pub heard: Millis,
    /// How long its last ping took, µs.
    pub round_trip_us: Option<u64>,
}

impl Hub {
    /// Every seat of the roster, in order.
    pub fn standings(&self) -> Vec<SeatStanding> {
        let now = Instant::now();
        let floor = self.room.floor();
        let seats = self.room.directory.cosigners().map(|seat| {
            let record = floor.records.get(&seat.index);
            SeatStanding {
                index: seat.index,
                name: seat.name.clone(),
                session_us: record.and_then(|record| record.mean.micros()),
                in_flight: record.map_or(0, |record| record.in_flight),
                doubted: record.and_then(|record| record.doubted_until).is_some_and(|until| until > now),
                presence: floor.seats.get(&seat.index).map(|seated| Presence {
                    standing: seated.standing.clone(),
                    since: seated.since,
                    heard: seated.heard_at,
                    round_trip_us: seated.round_trip_us,
                }),
            }
        });
        seats.collect()
    }

    /// The indices of the connected co-signers.
    pub fn connected(&self) -> Vec<u8> {
        self.room.present()
    }
}
