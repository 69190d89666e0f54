//! Keeping what co-signers said, and the nonces of operators' requests.

use payout::ids::{Digest, PrincipalId};
use payout::time::Millis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, QueryTrait};

use super::bulk;
use super::queue::{Answer, Desk, Write};
use crate::column::to_json;
use crate::error::StoreError;
use crate::row::{Never, SessionRow};
use crate::schema::entity::{nevers, operator_nonces, sessions};
use crate::store::Store;

/// Whether a nonce was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceUse {
    /// For the first time.
    Fresh,
    /// Before.
    Seen,
}

impl Store {
    /// Stores a signing session, or replaces what is stored under its label.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_session(&self, session: SessionRow) -> Result<(), StoreError> {
        self.write(session).await
    }

    /// Keeps a co-signer's *never*; the first of a co-signer about an intent counts.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_never(&self, never: Never) -> Result<(), StoreError> {
        self.write(never).await
    }

    /// Whether a principal uses this nonce for the first time; it is remembered until `until`.
    ///
    /// # Errors
    /// The database's.
    pub async fn operator_nonce(
        &self,
        principal: &PrincipalId,
        nonce: &str,
        until: Millis,
    ) -> Result<NonceUse, StoreError> {
        let key = Digest::of("bursar/operator-nonce/v1", &[principal.as_str().as_bytes(), nonce.as_bytes()]);
        self.write(UseNonce { key, until }).await
    }
}

impl Write for SessionRow {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let row = sessions::Model {
            session: self.session.clone(),
            cid: self.cid.get(),
            intent: self.intent.to_string(),
            participants: to_json(&self.participants),
            outcome: to_json(&self.outcome),
            reports: to_json(&self.reports),
            opened: self.opened.get(),
            closed: self.closed.map(Millis::get),
        };
        let newer = OnConflict::column(sessions::Column::Session)
            .update_columns([
                sessions::Column::Participants,
                sessions::Column::Outcome,
                sessions::Column::Reports,
                sessions::Column::Closed,
            ])
            .to_owned();
        let row = bulk::all_set(row.into_active_model());
        sessions::Entity::insert(row).on_conflict(newer).exec_without_returning(desk.tx).await?;
        Ok(Ok(()))
    }
}

impl Write for Never {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let row = nevers::Model {
            intent: self.intent.to_string(),
            cosigner: i32::from(self.index),
            reason: self.reason.clone(),
            at: self.at.get(),
            signature: self.signature.to_string(),
        };
        let mut insert = nevers::Entity::insert(bulk::all_set(row.into_active_model())).into_query();
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        desk.tx.execute(&insert).await?;
        Ok(Ok(()))
    }
}

struct UseNonce {
    key: Digest,
    until: Millis,
}

impl Write for UseNonce {
    type Done = NonceUse;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<NonceUse, StoreError> {
        let row = operator_nonces::Model { key: self.key.to_string(), forget_after: self.until.get() };
        let mut insert = operator_nonces::Entity::insert(bulk::all_set(row.into_active_model())).into_query();
        insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        let done = desk.tx.execute(&insert).await?;
        Ok(Ok(if done.rows_affected() == 1 { NonceUse::Fresh } else { NonceUse::Seen }))
    }
}
