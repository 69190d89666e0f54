//! A version of the policy on its way to being published.

use crate::column::Column;
use crate::error::StoreError;
use crate::schema::entity::proposals;
use payout::ids::{Digest, PrincipalId};
use payout::policy::SignedVersion;
use payout::time::Millis;

/// A proposed version with the signatures that it has so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The version's digest, which the signatures cover.
    pub digest: Digest,
    /// The version.
    pub version: SignedVersion,
    /// Who proposed it.
    pub by: PrincipalId,
    /// When.
    pub created: Millis,
    /// When a signature last came.
    pub updated: Millis,
}

impl Proposal {
    pub(crate) fn from_model(row: proposals::Model) -> Result<Self, StoreError> {
        let at = |column| Column("proposals", column);
        Ok(Self {
            digest: at("digest").parse(&row.digest)?,
            version: at("document").json(&row.document)?,
            by: at("proposed_by").parse(&row.proposed_by)?,
            created: at("created").millis(row.created)?,
            updated: at("updated").millis(row.updated)?,
        })
    }
}
