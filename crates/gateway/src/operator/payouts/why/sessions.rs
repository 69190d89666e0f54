//! What co-signers said, by name.

use payout::policy::Roster;
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{CosignerReport, Never, ReportedRefusal, SessionOutcome, SessionRow};

/// One signing session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStory {
    /// Its label.
    pub session: String,
    /// When it was opened.
    pub opened: Millis,
    /// When it ended.
    pub closed: Option<Millis>,
    /// Who took part, by name.
    pub participants: Vec<String>,
    /// How it ended.
    pub outcome: SessionOutcome,
    /// What each said.
    pub cosigners: Vec<CosignerStory>,
}

/// What one co-signer said in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignerStory {
    /// Its name.
    pub name: String,
    /// The checks that passed, if it said so.
    pub checks: Vec<String>,
    /// Its refusal, if it refused.
    pub refusal: Option<ReportedRefusal>,
}

/// A co-signer that will never sign the intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeverStory {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// When it journaled that.
    pub at: Millis,
}

pub(super) fn story(roster: &Roster, row: SessionRow) -> SessionStory {
    let SessionRow { session, cid: _, intent: _, participants, outcome, reports, opened, closed } = row;
    let told = |CosignerReport { index, checks, refusal }| CosignerStory {
        name: seat_name(roster, index),
        checks,
        refusal,
    };
    SessionStory {
        session,
        opened,
        closed,
        participants: participants.into_iter().map(|index| seat_name(roster, index)).collect(),
        outcome,
        cosigners: reports.into_iter().map(told).collect(),
    }
}

pub(super) fn never(roster: &Roster, never: Never) -> NeverStory {
    NeverStory { name: seat_name(roster, never.index), reason: never.reason, at: never.at }
}

/// A co-signer's name.
pub(in crate::operator) fn seat_name(roster: &Roster, index: u8) -> String {
    let seat = roster.cosigners.iter().find(|seat| seat.index == index);
    seat.map_or_else(|| format!("co-signer {index}"), |seat| seat.name.clone())
}
