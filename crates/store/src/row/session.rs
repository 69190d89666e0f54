//! What the co-signers said about a payout: for `bursar why`.

use std::collections::BTreeSet;

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::{nevers, sessions};
use payout::ids::{Cid, Digest};
use payout::key::Signature;
use payout::time::Millis;
use serde::{Deserialize, Serialize};

/// How a signing session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionOutcome {
    /// It has not ended.
    Open,
    /// With a signature.
    Signed,
    /// At least one co-signer refused.
    Refused,
    /// It broke off: a lost connection, a time-out, a protocol error.
    Aborted {
        /// Why.
        why: String,
    },
}

/// A co-signer's refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportedRefusal {
    /// The check that failed, by its name.
    pub check: String,
    /// Whether it may pass later (`later`) or never will (`never`).
    pub finality: String,
    /// In words.
    pub reason: String,
}

/// What one co-signer reported in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosignerReport {
    /// Its index in the roster, from 1.
    pub index: u8,
    /// The names of the checks that passed.
    pub checks: Vec<String>,
    /// The refusal, if it refused.
    pub refusal: Option<ReportedRefusal>,
}

/// One signing session of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's label, hex.
    pub session: String,
    /// The payout.
    pub cid: Cid,
    /// The intent.
    pub intent: Digest,
    /// Who took part: indices in the roster.
    pub participants: Vec<u8>,
    /// How it ended.
    pub outcome: SessionOutcome,
    /// What each said.
    pub reports: Vec<CosignerReport>,
    /// When it was opened.
    pub opened: Millis,
    /// When it ended. `None` also when the last word of a participant was lost: it may have passed its checks then, and
    /// from there on a signature may exist.
    pub closed: Option<Millis>,
}

impl SessionRow {
    /// The participants of which it is not known that they contributed nothing: they passed their checks, or nobody
    /// heard what became of them. Whoever is `promised` by a [`Never`] has not contributed and never will, whatever
    /// was heard.
    pub fn may_have_contributed(&self, promised: &BTreeSet<u8>) -> Vec<u8> {
        let may = |index: &u8| match &self.outcome {
            SessionOutcome::Signed => true,
            _ if promised.contains(index) => false,
            SessionOutcome::Open => true,
            SessionOutcome::Refused | SessionOutcome::Aborted { .. } => {
                let report = self.reports.iter().find(|report| report.index == *index);
                let passed = report.is_some_and(|report| !report.checks.is_empty());
                let refused = report.is_some_and(|report| report.refusal.is_some());
                passed || (self.closed.is_none() && !refused)
            }
        };
        self.participants.iter().copied().filter(may).collect()
    }
}

/// A co-signer's signed word that it has contributed nothing to an intent's signature and never will. The gateway has verified the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never {
    /// The co-signer's index in the roster.
    pub index: u8,
    /// The intent.
    pub intent: Digest,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Millis,
    /// The co-signer's signature.
    pub signature: Signature,
}

impl SessionRow {
    pub(crate) fn from_model(row: sessions::Model) -> Result<Self, StoreError> {
        let at = |column| Column("sessions", column);
        Ok(Self {
            session: row.session,
            cid: at("cid").some(Cid::new(row.cid))?,
            intent: at("intent").parse(&row.intent)?,
            participants: at("participants").json(&row.participants)?,
            outcome: at("outcome").json(&row.outcome)?,
            reports: at("reports").json(&row.reports)?,
            opened: at("opened").millis(row.opened)?,
            closed: at("closed").millis_opt(row.closed)?,
        })
    }
}

impl Never {
    pub(crate) fn from_model(row: nevers::Model) -> Result<Self, StoreError> {
        let at = |column| Column("nevers", column);
        Ok(Self {
            index: u8::try_from(row.cosigner).map_err(|error| at("cosigner").corrupt(error))?,
            intent: at("intent").parse(&row.intent)?,
            reason: row.reason,
            at: at("at").millis(row.at)?,
            signature: at("signature").parse(&row.signature)?,
        })
    }
}
