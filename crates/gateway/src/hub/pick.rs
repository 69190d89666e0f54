//! From who is here to who is asked.

use std::collections::BTreeSet;

use payout::policy::Wallet;
use tokio::time::Instant;
use wire::message::{Condition, Standing};

use super::quorum::{self, Candidate, Currency, Memory, Obstacle, Trust};
use super::room::{Floor, Record, Room, Seated};

/// What a payout's sessions have shown so far.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The sets that were asked.
    pub(super) tried: BTreeSet<Vec<u8>>,
    /// Who refused.
    pub(super) refused: BTreeSet<u8>,
    /// Who is asked last: it has said before that it will never sign this.
    pub(super) doubted: BTreeSet<u8>,
}

/// Nobody to ask.
#[derive(Debug)]
pub(super) struct NoQuorum {
    /// In words.
    pub(super) why: String,
    /// Who is connected.
    pub(super) connected: Vec<u8>,
}

struct Known<'f> {
    course: &'f Course,
    floor: &'f Floor,
    now: Instant,
}

impl Memory for Known<'_> {
    fn tried(&self, participants: &[u8]) -> bool {
        self.course.tried.contains(participants)
    }

    fn failed(&self, participants: &[u8]) -> bool {
        self.floor.failed.get(participants).is_some_and(|until| *until > self.now)
    }

    fn last_turn(&self, participants: &[u8]) -> u64 {
        self.floor.turns.get(participants).copied().unwrap_or(0)
    }
}

impl Room {
    /// The best quorum for a wallet that was not tried yet, its members counted as busy from now on.
    pub(super) fn pick(&self, wallet: &Wallet, course: &Course) -> Result<Vec<u8>, NoQuorum> {
        let policy = (self.policy)();
        let heads = policy.heads();
        let current = |standing: &Standing| {
            let behind = standing.heads.rules.version < heads.rules.version
                || standing.heads.people.version < heads.people.version
                || standing.heads.book.version < heads.book.version;
            if behind { Currency::Behind } else { Currency::Current }
        };
        let now = Instant::now();
        let mut floor = self.floor();
        let mut candidates = Vec::new();
        let mut ready = Vec::new();
        let mut obstacles = Vec::new();
        let unknown = Record::default();
        for seat in self.directory.cosigners() {
            let obstacle = match floor.seats.get(&seat.index) {
                None => Obstacle::Absent,
                Some(_) if course.refused.contains(&seat.index) => Obstacle::Refused,
                Some(seated) => match epoch(&seated.standing, wallet) {
                    Err(obstacle) => obstacle,
                    Ok(epoch) => {
                        let record = floor.records.get(&seat.index).unwrap_or(&unknown);
                        let doubted = course.doubted.contains(&seat.index);
                        let trust = if doubted { Trust::Doubtful } else { self.trust(seated, record, now) };
                        ready.push(seat.name.clone());
                        candidates.push(Candidate {
                            index: seat.index,
                            epoch,
                            trust,
                            policy: current(&seated.standing),
                            mean_us: self.mean(record, now),
                            in_flight: record.in_flight,
                            banned: seated.standing.banned.clone(),
                        });
                        continue;
                    }
                },
            };
            obstacles.push((seat.name.clone(), obstacle));
        }
        let known = Known { course, floor: &floor, now };
        let Some(participants) = quorum::choose(&candidates, wallet.threshold, &known) else {
            let why = quorum::explain(wallet.threshold, &ready, &obstacles);
            return Err(NoQuorum { why, connected: floor.seats.keys().copied().collect() });
        };
        floor.failed.retain(|_, until| *until > now);
        floor.turn += 1;
        let turn = floor.turn;
        for index in &participants {
            floor.records.entry(*index).or_default().in_flight += 1;
        }
        floor.turns.insert(participants.clone(), turn);
        Ok(participants)
    }

    /// The members of a quorum are less busy again.
    pub(super) fn release(&self, participants: &[u8]) {
        let mut floor = self.floor();
        for index in participants {
            let record = floor.records.entry(*index).or_default();
            record.in_flight = record.in_flight.saturating_sub(1);
        }
    }

    /// A session has ended with a signature after `took`.
    pub(super) fn praise(&self, participants: &[u8], took: std::time::Duration) {
        let now = Instant::now();
        let mut floor = self.floor();
        floor.failed.remove(participants);
        for index in participants {
            let record = floor.records.entry(*index).or_default();
            record.mean.add(took);
            record.measured = Some(now);
            record.doubted_until = None;
            record.failures = 0;
        }
    }

    /// A session has broken off: the set is asked last for a while, and those to blame even more so.
    pub(super) fn blame(&self, participants: &[u8], culprits: &BTreeSet<u8>) {
        let now = Instant::now();
        let mut floor = self.floor();
        floor.failed.insert(participants.to_vec(), now + self.pace.suspicion);
        for index in culprits {
            let record = floor.records.entry(*index).or_default();
            let span = self.pace.suspicion * (1 << record.failures.min(3));
            record.failures = record.failures.saturating_add(1);
            record.doubted_until = Some(now + span);
        }
    }

    fn trust(&self, seated: &Seated, record: &Record, now: Instant) -> Trust {
        let doubted = record.doubted_until.is_some_and(|until| until > now);
        // A ping unanswered for so long: a session would only run into its time-out.
        let silent = now.duration_since(seated.heard) > self.pace.ping + self.pace.silence;
        if doubted || silent { Trust::Doubtful } else { Trust::Healthy }
    }

    fn mean(&self, record: &Record, now: Instant) -> Option<u64> {
        let recent = record.measured.is_some_and(|at| now.duration_since(at) < self.pace.forget);
        record.mean.micros().filter(|_| recent)
    }
}

/// The epoch of a co-signer's share of this wallet.
fn epoch(standing: &Standing, wallet: &Wallet) -> Result<u32, Obstacle> {
    match &standing.condition {
        Condition::Ready => {}
        Condition::Quarantined(why) => return Err(Obstacle::Quarantined(why.clone())),
        Condition::Frozen(why) => return Err(Obstacle::Frozen(why.clone())),
    }
    let held = standing.wallets.iter().find(|held| held.wallet == wallet.id).ok_or(Obstacle::NoShare)?;
    if held.public_key != wallet.public_key || held.chain_code != wallet.chain_code {
        return Err(Obstacle::OtherKey);
    }
    Ok(held.epoch)
}
