//! Keeping the policy's published versions, and proposals that collect signatures.

use payout::ids::{Digest, PrincipalId};
use payout::policy::SignedVersion;
use payout::time::Millis;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};

use super::queue::{Answer, Desk, Write};
use super::{audit, bulk};
use crate::column::{Column, to_json, to_word};
use crate::error::StoreError;
use crate::row::{Actor, Proposal};
use crate::schema::entity::{policy_versions, proposals};
use crate::store::Store;

/// Why a version was not stored. Whether it is valid is the policy's business, not the store's.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Another document has this number.
    #[error("another version {version} is published: {published}")]
    Fork {
        /// The number.
        version: u64,
        /// The digest of the published one.
        published: Digest,
    },
    /// Its number is no 64-bit integer.
    #[error("version {0} is too high")]
    TooHigh(u64),
    /// No proposal of this digest.
    #[error("there is no proposal {0}")]
    Unknown(Digest),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Keeps a published version, which the caller has verified, as adopted `now`. The same version again changes nothing.
    /// Drops the proposal of the same digest. Written to the audit log.
    ///
    /// # Errors
    /// [`PolicyError::Fork`] when another version has its number.
    pub async fn append_policy(&self, version: SignedVersion, now: Millis) -> Result<(), PolicyError> {
        let digest = version.digest();
        self.write(Publish { version, digest, now }).await
    }

    /// Stores a proposal, or adds the signatures that it brings to those that are there.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_proposal(
        &self,
        version: SignedVersion,
        by: PrincipalId,
        now: Millis,
    ) -> Result<Proposal, PolicyError> {
        let digest = version.digest();
        self.write(Propose { version, digest, by, now }).await
    }

    /// Drops a proposal. Written to the audit log.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`] when there is none.
    pub async fn drop_proposal(
        &self,
        digest: Digest,
        by: PrincipalId,
        now: Millis,
    ) -> Result<(), PolicyError> {
        self.write(Drop { digest, by, now }).await
    }
}

struct Publish {
    version: SignedVersion,
    digest: Digest,
    now: Millis,
}

impl Write for Publish {
    type Done = ();
    type Refusal = PolicyError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), PolicyError> {
        let Ok(number) = i64::try_from(self.version.version) else {
            return Ok(Err(PolicyError::TooHigh(self.version.version)));
        };
        let chain = to_word(&self.version.chain);
        let same = policy_versions::Entity::find_by_id((chain.clone(), number)).one(desk.tx).await?;
        if let Some(published) = same {
            let published = Column("policy_versions", "digest").parse(&published.digest)?;
            let fork = published != self.digest;
            let version = self.version.version;
            return Ok(if fork { Err(PolicyError::Fork { version, published }) } else { Ok(()) });
        }
        let line = audit::Audit {
            at: self.now,
            who: Actor::Gateway,
            what: "policy.publish".to_owned(),
            detail: format!("{chain} {number} {}", self.digest),
        };
        let row = policy_versions::Model {
            chain,
            version: number,
            id: desk.mint.next(self.now),
            digest: self.digest.to_string(),
            document: to_json(&self.version),
            stored: self.now.get(),
        };
        let row = bulk::all_set(row.into_active_model());
        policy_versions::Entity::insert(row).exec_without_returning(desk.tx).await?;
        proposals::Entity::delete_by_id(self.digest.to_string()).exec(desk.tx).await?;
        audit::append(desk, line).await?;
        Ok(Ok(()))
    }
}

struct Propose {
    version: SignedVersion,
    digest: Digest,
    by: PrincipalId,
    now: Millis,
}

impl Write for Propose {
    type Done = Proposal;
    type Refusal = PolicyError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Proposal, PolicyError> {
        let stored = proposals::Entity::find_by_id(self.digest.to_string()).one(desk.tx).await?;
        let mut proposal = match stored {
            Some(row) => Proposal::from_model(row)?,
            None => Proposal {
                digest: self.digest,
                version: SignedVersion { signatures: Vec::new(), ..self.version.clone() },
                by: self.by.clone(),
                created: self.now,
                updated: self.now,
            },
        };
        // Two admins who sign at once both count.
        let kept = &mut proposal.version.signatures;
        for signature in &self.version.signatures {
            if !kept.iter().any(|have| have.principal == signature.principal && have.key == signature.key) {
                kept.push(signature.clone());
            }
        }
        proposal.updated = self.now;
        let row = proposals::ActiveModel {
            digest: Set(self.digest.to_string()),
            document: Set(to_json(&proposal.version)),
            proposed_by: Set(proposal.by.to_string()),
            created: Set(proposal.created.get()),
            updated: Set(proposal.updated.get()),
        };
        let newer = OnConflict::column(proposals::Column::Digest)
            .update_columns([proposals::Column::Document, proposals::Column::Updated])
            .to_owned();
        proposals::Entity::insert(row).on_conflict(newer).exec_without_returning(desk.tx).await?;
        Ok(Ok(proposal))
    }
}

struct Drop {
    digest: Digest,
    by: PrincipalId,
    now: Millis,
}

impl Write for Drop {
    type Done = ();
    type Refusal = PolicyError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), PolicyError> {
        let gone = proposals::Entity::delete_many()
            .filter(proposals::Column::Digest.eq(self.digest.to_string()))
            .exec(desk.tx)
            .await?;
        if gone.rows_affected == 0 {
            return Ok(Err(PolicyError::Unknown(self.digest)));
        }
        let line = audit::Audit {
            at: self.now,
            who: Actor::Principal(self.by.clone()),
            what: "policy.drop_proposal".to_owned(),
            detail: self.digest.to_string(),
        };
        audit::append(desk, line).await?;
        Ok(Ok(()))
    }
}
