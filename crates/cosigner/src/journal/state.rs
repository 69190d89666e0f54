//! What the journal holds in memory, under one lock.

use std::collections::BTreeMap;

use payout::ids::Digest;
use payout::policy::Roster;
use payout::time::Millis;
use wire::message::JournalHead;

use super::chain::AuthorChain;
use super::pace::{self, Allowance, Sights};
use super::quarantine::Quarantine;
use super::union::Union;
use wire::journal::{Body, Facts};

/// The number of a session in flight.
pub(crate) type Ticket = u64;

/// See the module.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) me: u8,
    pub(crate) union: Union,
    pub(crate) chains: BTreeMap<u8, AuthorChain>,
    /// Sessions in flight: claimed, reserved, or being written.
    pub(crate) claims: BTreeMap<Ticket, Facts>,
    pub(crate) next_ticket: Ticket,
    /// Own entries that are queued and not yet durable.
    pub(crate) own_queued: usize,
    pub(crate) quarantine: Option<Quarantine>,
    /// Policy versions that were adopted in quarantine: they are told of when it ends.
    pub(crate) untold: Vec<Body>,
    /// The disk failed: nothing is written any more.
    pub(crate) failed: Option<String>,
    /// What people must hear of, newest last.
    pub(crate) alarms: Vec<String>,
    /// How many more promises may be made now.
    pub(crate) promises: Allowance,
    /// How much more may be taken in now of each of the others' journals.
    pub(crate) taken_in: BTreeMap<u8, Allowance>,
    /// Sights of payouts that no person approved.
    pub(crate) sights: Sights,
}

impl State {
    pub(crate) fn new(me: u8, roster: &Roster, deployment: Digest) -> Self {
        let chain = |seat: &payout::policy::Seat| (seat.index, AuthorChain::new(seat.index, deployment));
        Self {
            me,
            union: Union::new(me),
            chains: roster.cosigners.iter().map(chain).collect(),
            claims: BTreeMap::new(),
            next_ticket: 0,
            own_queued: 0,
            quarantine: None,
            untold: Vec::new(),
            failed: None,
            alarms: Vec::new(),
            promises: pace::promises(),
            taken_in: roster.cosigners.iter().map(|seat| (seat.index, pace::bytes_of_others())).collect(),
            sights: Sights::default(),
        }
    }

    /// The greater of the clock and our own newest entry. Others' may be dated ahead of us, and ours would follow them out
    /// of what our peers take in.
    pub(crate) fn time(&self, clock: Millis) -> Millis {
        clock.max(self.own().at)
    }

    pub(crate) fn heads(&self) -> Vec<JournalHead> {
        self.chains.values().map(AuthorChain::head).collect()
    }

    pub(crate) fn own(&self) -> &AuthorChain {
        self.chains.get(&self.me).expect("opening checked that we have a seat on the roster")
    }

    pub(crate) fn claims_but<'a>(&'a self, ticket: Option<Ticket>) -> impl Iterator<Item = &'a Facts> + 'a {
        self.claims.iter().filter(move |(other, _)| Some(**other) != ticket).map(|(_, facts)| facts)
    }

    pub(crate) fn raise_alarm(&mut self, alarm: String) {
        tracing::error!(alarm, "journal alarm");
        // The newest hundred are enough to see what goes on; the log has them all.
        if self.alarms.len() == 100 {
            self.alarms.remove(0);
        }
        self.alarms.push(alarm);
    }
}
