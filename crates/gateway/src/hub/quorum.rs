//! Which co-signers to ask: the fastest healthy ones, with the load spread over those that are about as fast.
//!
//! Nothing's safety hangs on this choice: any quorum signs the same things. It decides only how soon.

use std::fmt;

/// A co-signer that could sign, as it looks now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its index on the roster.
    pub index: u8,
    /// The epoch of its share; shares of different epochs don't fit together.
    pub epoch: u32,
    /// Whether it failed a session a moment ago.
    pub trust: Trust,
    /// Whether it holds the newest policy.
    pub policy: Currency,
    /// Its sessions' mean time, µs; `None` when there is no recent one.
    pub mean_us: Option<u64>,
    /// Sessions that it takes part in now.
    pub in_flight: u32,
    /// Those that it signs nothing with.
    pub banned: Vec<u8>,
}

/// Whether a co-signer is expected to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// It is.
    Healthy,
    /// It failed lately, or has said that it will never sign this intent.
    Doubtful,
}

/// Whether a co-signer's policy is the newest: with an older one it would refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Currency {
    /// The newest.
    Current,
    /// Older; what it lacks is on its way.
    Behind,
}

/// What is known of sets of co-signers.
pub(super) trait Memory {
    /// It was asked already for this payout, just now.
    fn tried(&self, participants: &[u8]) -> bool;
    /// It failed lately for some payout.
    fn failed(&self, participants: &[u8]) -> bool;
    /// When it was last asked, as a count of sessions; 0 if never.
    fn last_turn(&self, participants: &[u8]) -> u64;
}

/// The best quorum of `threshold` candidates that was not tried yet; indices sorted.
pub(super) fn choose(candidates: &[Candidate], threshold: u8, memory: &impl Memory) -> Option<Vec<u8>> {
    let fastest = candidates.iter().filter_map(|one| one.mean_us).min().unwrap_or(0).max(1);
    let mut best: Option<(Cost, Vec<u8>)> = None;
    each_set(candidates, threshold.into(), &mut |set| {
        if !fits(set) {
            return;
        }
        let mut participants: Vec<u8> = set.iter().map(|one| one.index).collect();
        participants.sort_unstable();
        if memory.tried(&participants) {
            return;
        }
        let cost = Cost::of(set, fastest, memory.failed(&participants), memory.last_turn(&participants));
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, participants));
        }
    });
    best.map(|(_, participants)| participants)
}

/// Whether these can sign together at all.
fn fits(set: &[&Candidate]) -> bool {
    let one_epoch = set.windows(2).all(|pair| pair[0].epoch == pair[1].epoch);
    one_epoch && set.iter().all(|one| set.iter().all(|other| !one.banned.contains(&other.index)))
}

/// Compared field by field: the first that differs decides.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    failed_lately: bool,
    doubtful: usize,
    behind: usize,
    /// Old shares are valid until all have new ones, but new ones are what is meant to be used.
    age: std::cmp::Reverse<u32>,
    /// How many times slower than the fastest the slowest is, as a power of two: less than twice is as good.
    slowness: u32,
    busy: u32,
    /// Equals take turns.
    last_turn: u64,
}

impl Cost {
    fn of(set: &[&Candidate], fastest: u64, failed_lately: bool, last_turn: u64) -> Self {
        let count = |wanted: fn(&Candidate) -> bool| set.iter().filter(|one| wanted(one)).count();
        let slowest = set.iter().filter_map(|one| one.mean_us).max().unwrap_or(fastest).max(fastest);
        Self {
            failed_lately,
            doubtful: count(|one| one.trust == Trust::Doubtful),
            behind: count(|one| one.policy == Currency::Behind),
            age: std::cmp::Reverse(set.iter().map(|one| one.epoch).min().unwrap_or(0)),
            slowness: (slowest / fastest).ilog2(),
            busy: set.iter().fold(0, |sum, one| sum.saturating_add(one.in_flight)),
            last_turn,
        }
    }
}

/// Calls `visit` with every set of `size` candidates: at most 126 of 9.
fn each_set<'a>(candidates: &'a [Candidate], size: usize, visit: &mut impl FnMut(&[&'a Candidate])) {
    fn descend<'a>(
        rest: &'a [Candidate],
        size: usize,
        set: &mut Vec<&'a Candidate>,
        visit: &mut impl FnMut(&[&'a Candidate]),
    ) {
        if set.len() == size {
            return visit(set);
        }
        for (position, one) in rest.iter().enumerate() {
            set.push(one);
            descend(&rest[position + 1..], size, set, visit);
            set.pop();
        }
    }
    descend(candidates, size, &mut Vec::with_capacity(size), visit);
}

/// Why a co-signer is no candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Not connected.
    Absent,
    /// Its journal is not whole.
    Quarantined(String),
    /// Admins have frozen it.
    Frozen(String),
    /// It holds no share of the wallet.
    NoShare,
    /// Its share is of another key than the policy's.
    OtherKey,
    /// It refused this very request.
    Refused,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not connected"),
            Self::Quarantined(why) => write!(f, "quarantined: {why}"),
            Self::Frozen(why) => write!(f, "frozen: {why}"),
            Self::NoShare => f.write_str("has no share of this wallet"),
            Self::OtherKey => f.write_str("its share is of another key than the policy's"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// In words, why there is no quorum: which co-signers are missing and why, by name.
pub(super) fn explain(threshold: u8, ready: &[String], obstacles: &[(String, Obstacle)]) -> String {
    let mut text = format!("{threshold} co-signers must sign; ");
    match ready {
        [] => text.push_str("none is ready"),
        names => {
            text.push_str("ready: ");
            text.push_str(&names.join(", "));
        }
    }
    for (name, obstacle) in obstacles {
        text.push_str("; ");
        text.push_str(name);
        text.push_str(": ");
        text.push_str(&obstacle.to_string());
    }
    if ready.len() >= usize::from(threshold) {
        text.push_str("; but no such set of them can sign together (bans or epochs of their shares)");
    }
    text
}

#[cfg(test)]
mod tests;
