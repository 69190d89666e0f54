//! The bare library: two of three parties sign in one process, each message written to bytes and read from them, with
//! nothing checked, journaled or sent over a wire. What a whole deployment is measured against: no system over this
//! library can be faster on the same cores.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mpc::{Abort, KeyShare, Keygen, Outgoing, Party, Progress, Session, Sign, Started};

use super::cpu;
use crate::vendor::random;

/// How many threads sign, each for both parties: as many as a deployment has busy co-signers.
const THREADS: usize = 2;

/// The path of the payout address: derivation is part of the work.
const PATH: [u32; 5] = [44, 60, 0, 0, 0];

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bare {
    /// How many signatures.
    pub(super) count: u64,
    /// In which time.
    pub(super) took: Duration,
    /// What this process spent on them.
    pub(super) spent: Duration,
}

/// Signs for about so long.
///
/// # Errors
/// [`Abort`] when the protocol fails, which it does not among honest parties.
pub(super) fn measure(length: Duration) -> Result<Bare, Abort> {
    let own = || cpu::of(std::process::id().cast_signed()).unwrap_or_default();
    let shares = keygen()?;
    let pair = &shares[..2];
    // Once before the clock starts, so that nothing is measured for the first time.
    sign(pair)?;
    let before = own();
    let start = Instant::now();
    let counts = std::thread::scope(|scope| {
        let work = || {
            let mut count = 0;
            while start.elapsed() < length {
                sign(pair)?;
                count += 1;
            }
            Ok::<u64, Abort>(count)
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    });
    let count: Result<u64, Abort> = counts;
    Ok(Bare { count: count?, took: start.elapsed(), spent: own().saturating_sub(before) })
}

fn keygen() -> Result<Vec<KeyShare>, Abort> {
    let id = random();
    let parties: Vec<Party> = (1..=3).filter_map(Party::new).collect();
    run(parties.iter().map(|me| (*me, Keygen::start(*me, 2, 3, id))).collect())
}

fn sign(shares: &[KeyShare]) -> Result<(), Abort> {
    let (id, digest) = (random(), random());
    let signers: Vec<Party> = shares.iter().map(KeyShare::me).collect();
    run(shares.iter().map(|share| (share.me(), Sign::start(share, &PATH, &signers, id, digest))).collect())?;
    Ok(())
}

/// Carries messages between the parties until each has its output.
fn run<S: Session>(started: Vec<(Party, Started<S>)>) -> Result<Vec<S::Output>, Abort> {
    let parties: Vec<Party> = started.iter().map(|(party, _)| *party).collect();
    let mut post = VecDeque::new();
    let put = |post: &mut VecDeque<_>, from: Party, send: Vec<Outgoing>| {
        for Outgoing { round, to, payload } in send {
            let receivers = parties.iter().filter(|seat| to.map_or(**seat != from, |to| to == **seat));
            post.extend(receivers.map(|to| (from, *to, round, payload.clone())));
        }
    };
    let mut sessions = Vec::new();
    for (party, started) in started {
        let (session, send) = started?;
        sessions.push((party, session));
        put(&mut post, party, send);
    }
    let mut outputs = Vec::new();
    while let Some((from, to, round, payload)) = post.pop_front() {
        let Some((_, session)) = sessions.iter_mut().find(|(party, _)| *party == to) else { continue };
        match session.receive(from, round, &payload)? {
            Progress::Waiting | Progress::Ignored { .. } => {}
            Progress::Send(send) => put(&mut post, to, send),
            Progress::Done { send, output } => {
                outputs.push(output);
                put(&mut post, to, send);
            }
        }
    }
    Ok(outputs)
}
