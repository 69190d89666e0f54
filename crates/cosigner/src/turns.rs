//! What a signing session and a ceremony have in common: letters that come before their turn, time that runs out, and
//! the thread that a protocol without I/O runs on.
//!
//! A thread and not a task: the protocols' rounds and the checks take milliseconds of computing each, which would hold
//! up everything else on an asynchronous runtime. The operating system shares two cores among the few sessions in
//! flight better than we could. A letter costs one wake-up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use crate::rooms::{Letters, Mail, Mailbox};

/// Whether a letter's turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Its phase is to come.
    Early,
    /// Now.
    Now,
    /// Its phase is over, or never was: its sender repeats itself or speaks out of turn.
    Late,
}

impl Turn {
    /// Of a letter of `stage`, in a phase that waits for letters of stage `now`, or will when it is our peers' turn.
    pub const fn of(stage: Option<u8>, now: u8, listens: Listens) -> Self {
        match (stage, listens) {
            (None, _) => Self::Late,
            (Some(stage), _) if stage < now => Self::Late,
            (Some(stage), Listens::Yes) if stage == now => Self::Now,
            (Some(_), _) => Self::Early,
        }
    }
}

/// Whether it is the peers' turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listens {
    /// They are waited for.
    Yes,
    /// We are at work ourselves, or it is over.
    No,
}

/// The letters of each peer, in its order, that wait for their phase.
#[derive(Debug)]
pub struct Early<L> {
    letters: BTreeMap<u8, VecDeque<L>>,
    /// Of one peer.
    most: usize,
}

/// A peer is further ahead than an honest one can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFarAhead;

impl<L> Early<L> {
    /// Nothing has come yet of these peers, each of whom may be `most` letters ahead.
    pub fn of(peers: impl IntoIterator<Item = u8>, most: usize) -> Self {
        Self { letters: peers.into_iter().map(|peer| (peer, VecDeque::new())).collect(), most }
    }

    /// Everybody but ourselves.
    pub fn peers(&self) -> impl Iterator<Item = u8> {
        self.letters.keys().copied()
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.letters.len()
    }

    /// Whether somebody is one of them.
    pub fn has(&self, peer: u8) -> bool {
        self.letters.contains_key(&peer)
    }

    /// Keeps a letter.
    ///
    /// # Errors
    /// [`TooFarAhead`].
    pub fn push(&mut self, from: u8, letter: L) -> Result<(), TooFarAhead> {
        match self.letters.get_mut(&from) {
            Some(letters) if letters.len() < self.most => letters.push_back(letter),
            _ => return Err(TooFarAhead),
        }
        Ok(())
    }

    /// Takes out a letter whose turn it is, or whose turn was missed.
    pub fn next(&mut self, turn: impl Fn(&L) -> Turn) -> Option<(u8, L, Turn)> {
        self.letters.iter_mut().find_map(|(from, letters)| {
            let turn = turn(letters.front()?);
            (turn != Turn::Early).then(|| letters.pop_front().map(|letter| (*from, letter, turn)))?
        })
    }
}

/// When something has taken too long.
#[derive(Debug)]
pub struct Deadlines {
    began: Instant,
    /// When the peers' last step was made.
    since: Instant,
    step: Duration,
    whole: Duration,
}

impl Deadlines {
    /// From now on, so long for each step of the peers and for the whole.
    pub const fn from(now: Instant, step: Duration, whole: Duration) -> Self {
        Self { began: now, since: now, step, whole }
    }

    /// A step was made.
    pub const fn step(&mut self, now: Instant) {
        self.since = now;
    }

    /// How long it has been going on.
    pub fn passed(&self, now: Instant) -> Duration {
        now.checked_duration_since(self.began).unwrap_or(Duration::ZERO)
    }

    /// When it will have taken too long if nothing happens.
    pub fn next(&self, listens: Listens) -> Instant {
        let last = self.began + self.whole;
        match listens {
            Listens::Yes => last.min(self.since + self.step),
            Listens::No => last,
        }
    }
}

/// A protocol without I/O, as its thread drives it.
pub trait Turns {
    /// What comes from peers.
    type Letter: Letters;
    /// What is to be done.
    type Action;

    /// When [`Self::expire`] is to be called if nothing else happens; none when it is over.
    fn deadline(&self) -> Option<Instant>;

    /// A letter has come over the link of `from`.
    fn receive(&mut self, from: u8, letter: Self::Letter, now: Instant) -> Vec<Self::Action>;

    /// Time has passed.
    fn expire(&mut self, now: Instant) -> Vec<Self::Action>;

    /// It can't go on here.
    fn close(&mut self, why: &str) -> Vec<Self::Action>;
}

/// Holds a protocol to its end. `act` does what it wants, which leads to more.
pub fn hold<M: Turns>(
    machine: &mut M,
    first: Vec<M::Action>,
    mailbox: &Mailbox<M::Letter>,
    mut act: impl FnMut(&mut M, M::Action) -> Vec<M::Action>,
) {
    let mut queue = VecDeque::from(first);
    loop {
        while let Some(action) = queue.pop_front() {
            queue.extend(act(machine, action));
        }
        let Some(deadline) = machine.deadline() else { return };
        let wait = deadline.saturating_duration_since(Instant::now());
        queue.extend(match mailbox.recv_timeout(wait) {
            Ok(Mail::Letter { from, letter }) => machine.receive(from, letter, Instant::now()),
            Ok(Mail::Close(why)) => machine.close(&why),
            Err(RecvTimeoutError::Timeout) => machine.expire(Instant::now()),
            Err(RecvTimeoutError::Disconnected) => machine.close("more letters came than anybody sends"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_wait_for_their_phase_in_their_senders_order() {
        let turn = |now| move |stage: &u8| Turn::of(Some(*stage), now, Listens::Yes);
        let mut early = Early::of([1, 2], 2);
        early.push(1, 1).unwrap();
        early.push(2, 0).unwrap();
        early.push(2, 2).unwrap();
        assert_eq!(early.push(2, 3), Err(TooFarAhead));
        assert_eq!(early.push(3, 0), Err(TooFarAhead));
        assert_eq!(early.next(turn(0)), Some((2, 0, Turn::Now)));
        assert_eq!(early.next(turn(0)), None);
        assert_eq!(early.next(turn(1)), Some((1, 1, Turn::Now)));
        assert_eq!(early.next(turn(3)), Some((2, 2, Turn::Late)));
    }

    #[test]
    fn nothing_is_taken_while_we_are_at_work_ourselves() {
        assert_eq!(Turn::of(Some(2), 2, Listens::No), Turn::Early);
        assert_eq!(Turn::of(Some(1), 2, Listens::No), Turn::Late);
        assert_eq!(Turn::of(None, 0, Listens::Yes), Turn::Late);
    }
}
