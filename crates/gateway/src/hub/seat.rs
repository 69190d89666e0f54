//! One co-signer's connection, from its seat to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use wire::connection::{Connection, ConnectionError};
use wire::message::{FromCosigner, Standing, ToCosigner};

use super::ceremony::CeremonyWord;
use super::recall::RecallWord;
use super::room::{Joined, Parting, Room};
use super::session::Word;
use super::sight::SightWord;
use super::stop::StopWord;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// The co-signer closed it.
    #[error("the co-signer closed it")]
    Closed,
    /// We closed it.
    #[error("{0}")]
    Parted(Parting),
    /// It is open, but nobody answers.
    #[error("nothing was heard for {0:?}")]
    HalfOpen(Duration),
    /// The co-signer broke the protocol.
    #[error("it sent {0}")]
    Protocol(&'static str),
    /// The connection failed.
    #[error("the connection failed")]
    Failed(#[from] ConnectionError),
}

/// Serves a connection whose co-signer has said who it is, until it ends.
pub(super) async fn attend(
    room: &Arc<Room>,
    index: u8,
    connection: Connection<FromCosigner, ToCosigner>,
    standing: Standing,
) -> Ended {
    let Connection { peer: _, mut reader, writer } = connection;
    let joined = room.join(index, writer, standing);
    // However this ends, even by being aborted, the seat is given back.
    let mut seat = Seat { room, index, connection: joined.connection, pinged: None, frames: 0 };
    room.push_policy_to(index);
    let Joined { connection: _, mut parting } = joined;
    let mut ticks = interval(room.pace.ping);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            biased;
            parted = parting.wait_for(Option::is_some) => {
                let why = parted.ok().and_then(|why| *why).unwrap_or(Parting::Replaced);
                return Ended::Parted(why);
            }
            _ = ticks.tick() => {
                if let Some(end) = seat.ping() {
                    return end;
                }
                continue;
            }
            frame = reader.read() => frame,
        };
        match frame {
            Ok(Some(message)) => {
                if let Err(end) = seat.take(message) {
                    return end;
                }
            }
            Ok(None) => return Ended::Closed,
            Err(error) => return Ended::Failed(error),
        }
    }
}

struct Seat<'r> {
    room: &'r Arc<Room>,
    index: u8,
    connection: u64,
    /// The last ping: its number, and when it went.
    pinged: Option<(u64, Instant)>,
    /// Frames since then.
    frames: u32,
}

impl Seat<'_> {
    fn ping(&mut self) -> Option<Ended> {
        self.frames = 0;
        let limit = self.room.pace.half_open;
        let silent = self
            .room
            .last_heard(&[self.index])
            .into_iter()
            .any(|(_, heard)| heard.is_some_and(|heard| heard.elapsed() >= limit));
        if silent {
            return Some(Ended::HalfOpen(limit));
        }
        let number = self.room.number();
        self.pinged = Some((number, Instant::now()));
        let _ = self.room.say(self.index, &ToCosigner::Ping(number));
        None
    }

    fn take(&mut self, message: FromCosigner) -> Result<(), Ended> {
        let Self { room, index, connection, .. } = *self;
        room.heard(index, connection);
        self.frames += 1;
        if self.frames > room.pace.frames_per_ping {
            return Err(Ended::Protocol("more messages than it could have reason to"));
        }
        match message {
            FromCosigner::Hello(_) => return Err(Ended::Protocol("a second hello")),
            FromCosigner::Standing(standing) if standing.index != index => {
                return Err(Ended::Protocol("another co-signer's standing"));
            }
            FromCosigner::Standing(standing) => room.restate(index, connection, standing),
            FromCosigner::Sighted { request, refusal } => {
                room.sights.tell(&request, index, SightWord::Answer(refusal));
            }
            FromCosigner::Refused { session, refusal } => {
                room.sessions.tell(&session, index, Word::Refused(refusal));
            }
            FromCosigner::Checked { session, checks } => {
                room.sessions.tell(&session, index, Word::Checked(checks));
            }
            FromCosigner::Signed { session, signature } => {
                room.sessions.tell(&session, index, Word::Signed(signature));
            }
            FromCosigner::Aborted { session, why, culprit } => {
                room.sessions.tell(&session, index, Word::Aborted { why, culprit });
            }
            FromCosigner::StopSeen { intent, kind } => {
                room.stops.tell_all(index, || StopWord::Seen { intent, kind: kind.clone() });
            }
            FromCosigner::Ceremony { ceremony, news } => {
                room.ceremonies.tell(&ceremony, index, CeremonyWord(news));
            }
            FromCosigner::Recalled { request, recollection } => {
                room.recalls.tell(&request, index, RecallWord::Recalled(recollection));
            }
            FromCosigner::Papers { request, papers } => {
                room.recalls.tell(&request, index, RecallWord::Papers(papers));
            }
            FromCosigner::Versions { request, versions } => {
                room.recalls.tell(&request, index, RecallWord::Versions(versions));
            }
            FromCosigner::Relay { peer, link, data } => room.relay(index, peer, link, data),
            FromCosigner::Pong(number) => {
                if let Some((_, at)) = self.pinged.take_if(|(sent, _)| *sent == number) {
                    let micros = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
                    room.round_trip(index, connection, micros);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.room.leave(self.index, self.connection);
    }
}
