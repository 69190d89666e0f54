//! The audit log: who changed what in the house. Append-only and hash-chained, like a payout's history.

use std::fmt;

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::audit;
use payout::ids::{Digest, PrincipalId};
use payout::time::Millis;

const DOMAIN: &str = "bursar/audit/v1";

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person or machine with a key.
    Principal(PrincipalId),
    /// The gateway by itself, or whoever runs its command line on its own host.
    Gateway,
}

impl Actor {
    /// `gateway`, or `principal:ann`: a prefix, because a principal may be called `gateway`.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Principal(id) => format!("principal:{id}"),
            Self::Gateway => "gateway".to_owned(),
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.strip_prefix("principal:") {
            Some(id) => id.parse().ok().map(Self::Principal),
            None => (text == "gateway").then_some(Self::Gateway),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(id) => fmt::Display::fmt(id, f),
            Self::Gateway => f.write_str("the gateway"),
        }
    }
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub seq: i64,
    /// When, by the gateway's clock.
    pub at: Millis,
    /// Who.
    pub who: Actor,
    /// What, one word or two: `pause`, `project.set_ips`.
    pub what: String,
    /// The particulars. Never a secret: of an API key, its fingerprint.
    pub detail: String,
    /// The hash of the entry before; zeros for the first.
    pub previous: Digest,
    /// Over all the above.
    pub hash: Digest,
}

impl AuditEntry {
    pub(crate) const ORIGIN: Digest = Digest::from_bytes([0; 32]);

    pub(crate) fn chain(
        seq: i64,
        previous: Digest,
        at: Millis,
        who: Actor,
        what: String,
        detail: String,
    ) -> Self {
        let hash = hash(seq, &previous, at, &who, &what, &detail);
        Self { seq, at, who, what, detail, previous, hash }
    }
}

fn hash(seq: i64, previous: &Digest, at: Millis, who: &Actor, what: &str, detail: &str) -> Digest {
    Digest::of(
        DOMAIN,
        &[
            &seq.to_be_bytes(),
            previous.as_bytes(),
            at.to_string().as_bytes(),
            who.to_text().as_bytes(),
            what.as_bytes(),
            detail.as_bytes(),
        ],
    )
}

/// Where an audit log does not hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit log is broken at entry {seq}: {why}")]
pub struct AuditBroken {
    /// The first entry that does not fit.
    pub seq: i64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Checks a whole audit log, oldest first.
///
/// # Errors
/// [`AuditBroken`] names the first entry that was altered, moved or is missing.
pub fn verify_audit(entries: &[AuditEntry]) -> Result<(), AuditBroken> {
    let mut previous = AuditEntry::ORIGIN;
    for (expected, entry) in (1i64..).zip(entries) {
        let broken = |why| Err(AuditBroken { seq: expected, why });
        if entry.seq != expected {
            return broken("another entry stands in its place");
        }
        if entry.previous != previous {
            return broken("it does not follow the entry before it");
        }
        if entry.hash != hash(entry.seq, &entry.previous, entry.at, &entry.who, &entry.what, &entry.detail) {
            return broken("its content was altered");
        }
        previous = entry.hash;
    }
    Ok(())
}

impl AuditEntry {
    pub(crate) fn from_model(row: audit::Model) -> Result<Self, StoreError> {
        let at = |column| Column("audit", column);
        Ok(Self {
            seq: row.seq,
            at: at("at").millis(row.at)?,
            who: at("who").some(Actor::from_text(&row.who))?,
            what: row.what,
            detail: row.detail,
            previous: at("previous").parse(&row.previous)?,
            hash: at("hash").parse(&row.hash)?,
        })
    }
}
