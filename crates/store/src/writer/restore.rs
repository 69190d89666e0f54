//! Noticing that this database is an old copy, keeping what was found, and going on.

use payout::ids::{Cid, PrincipalId};
use payout::time::Millis;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, Set,
};

use super::queue::{Answer, Desk, Write};
use super::{audit, bulk};
use crate::column::{Column, to_json, to_word};
use crate::error::StoreError;
use crate::read;
use crate::row::{Actor, Finding, Outcome, Restore, RestoreState};
use crate::schema::entity::{findings, journal_heads, payouts, restore_votes, restores};
use crate::store::Store;

/// Why an admin's word did not count.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is nothing to confirm.
    #[error("there is no restore {0} that waits for anybody")]
    Unknown(i64),
    /// What co-signers know has not arrived.
    #[error("not enough co-signers have told yet what they signed")]
    Importing,
    /// One person, one word.
    #[error("{0} has confirmed it already: another admin must")]
    Already(PrincipalId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Notes that this database may be an old copy: nothing is accepted, built or signed from here on until co-signers
    /// have told what they signed. One that was noted already, and not settled, is gone on with; admins' words that it
    /// has so far are void. Written to the audit log.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_restore(
        &self,
        reason: String,
        copied: Option<Millis>,
        now: Millis,
    ) -> Result<Restore, StoreError> {
        let id = self.mint(now);
        self.write(Note { id, reason, copied, now }).await
    }

    /// Keeps what was found. Told by another co-signer as well, it is one finding.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_finding(&self, finding: Finding) -> Result<(), StoreError> {
        self.write(finding).await
    }

    /// Notes that co-signers held policy versions that this database did not.
    ///
    /// # Errors
    /// The database's.
    pub async fn count_versions(&self, restore: i64, more: i32) -> Result<(), StoreError> {
        self.write(CountVersions { restore, more }).await
    }

    /// Enough co-signers have told: it is over if they knew nothing new, else admins have to look. Written to the audit
    /// log.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_import(&self, restore: i64, now: Millis) -> Result<Restore, StoreError> {
        self.write(EndImport { restore, now }).await
    }

    /// An admin's word that signing may go on; with `needed` of them it does. Words of people who are no admins any more
    /// do not count. Written to the audit log.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub async fn confirm_restore(
        &self,
        restore: i64,
        by: PrincipalId,
        admins: Admins,
        now: Millis,
    ) -> Result<Restore, RestoreError> {
        self.write(Confirm { restore, by, admins, now }).await
    }

    /// Notes that a payout, which has ended, has lost its caller's number to another one: that one was signed first,
    /// and this database did not know of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn displace(&self, cid: Cid, by: Cid) -> Result<(), StoreError> {
        self.write(Displace { cid, by }).await
    }

    /// Remembers how far a co-signer's journal was compared with this database.
    ///
    /// # Errors
    /// The database's.
    pub async fn remember_head(&self, cosigner: u8, entry: u64, at: Millis) -> Result<(), StoreError> {
        self.write(RememberHead { cosigner, entry, at }).await
    }
}

/// The same as [`Store::open_restore`], before there is a writer.
pub(crate) async fn note_at_start(
    writer: &DatabaseConnection,
    id: i64,
    reason: &str,
    now: Millis,
) -> Result<(), StoreError> {
    match read::restore::unsettled(writer).await? {
        None => {
            let copied = read::restore::newest_write(writer).await?;
            insert(writer, id, reason, copied, now).await
        }
        // The copy was made in the middle of another restore: what its admins had read is not what is here now.
        Some(restore) => begin_again(writer, restore.id).await,
    }
}

/// Co-signers have to tell once more, and admins to confirm.
async fn begin_again(conn: &impl ConnectionTrait, id: i64) -> Result<(), StoreError> {
    set_state(conn, id, RestoreState::Importing, None).await?;
    let votes = restore_votes::Entity::delete_many().filter(restore_votes::Column::Restore.eq(id));
    votes.exec(conn).await?;
    Ok(())
}

async fn insert(
    conn: &impl ConnectionTrait,
    id: i64,
    reason: &str,
    copied: Option<Millis>,
    now: Millis,
) -> Result<(), StoreError> {
    let row = restores::Model {
        id,
        since: now.get(),
        copied: copied.map(Millis::get),
        reason: reason.to_owned(),
        state: to_word(&RestoreState::Importing),
        versions: 0,
        settled: None,
    };
    restores::Entity::insert(bulk::all_set(row.into_active_model())).exec_without_returning(conn).await?;
    Ok(())
}

struct Note {
    id: i64,
    reason: String,
    copied: Option<Millis>,
    now: Millis,
}

impl Write for Note {
    type Done = Restore;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Restore, StoreError> {
        let id = match read::restore::unsettled(desk.tx).await? {
            Some(restore) if restore.state == RestoreState::Importing => return Ok(Ok(restore)),
            Some(restore) => {
                begin_again(desk.tx, restore.id).await?;
                restore.id
            }
            None => {
                insert(desk.tx, self.id, &self.reason, self.copied, self.now).await?;
                self.id
            }
        };
        let detail = format!("restore {id}: {}", self.reason);
        log(desk, Actor::Gateway, "restore.found", detail, self.now).await?;
        Ok(Ok(found(desk, id).await?))
    }
}

impl Write for Finding {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let earlier = findings::Entity::find_by_id(self.intent.to_string()).one(desk.tx).await?;
        let mut told_by = self.told_by.clone();
        let (mut outcome, mut why) = (self.outcome, self.why.clone());
        if let Some(earlier) = earlier.map(Finding::from_model).transpose()?
            && earlier.restore == self.restore
        {
            told_by.extend(earlier.told_by);
            // What the first of them led to stays what was done, unless that was nothing.
            if earlier.outcome != Outcome::KeptOut {
                (outcome, why) = (earlier.outcome, earlier.why);
            }
        }
        told_by.sort_unstable();
        told_by.dedup();
        let row = findings::Model {
            intent: self.intent.to_string(),
            restore: self.restore,
            cid: self.cid.get(),
            project: self.project.get(),
            third_party_id: self.third_party_id.to_string(),
            chain_id: self.chain_id.to_string(),
            network_id: self.network_id.to_string(),
            from_address: self.from.to_string(),
            token: self.token.to_string(),
            signed: self.signed.get(),
            told_by: to_json(&told_by),
            outcome: to_word(&outcome),
            why,
        };
        let newer = OnConflict::column(findings::Column::Intent)
            .update_columns([
                findings::Column::Restore,
                findings::Column::ToldBy,
                findings::Column::Outcome,
                findings::Column::Why,
            ])
            .to_owned();
        let row = bulk::all_set(row.into_active_model());
        findings::Entity::insert(row).on_conflict(newer).exec_without_returning(desk.tx).await?;
        // It may keep a token out.
        desk.lanes += 1;
        Ok(Ok(()))
    }
}

struct CountVersions {
    restore: i64,
    more: i32,
}

impl Write for CountVersions {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        restores::Entity::update_many()
            .col_expr(restores::Column::Versions, Expr::col(restores::Column::Versions).add(self.more))
            .filter(restores::Column::Id.eq(self.restore))
            .exec(desk.tx)
            .await?;
        Ok(Ok(()))
    }
}

struct EndImport {
    restore: i64,
    now: Millis,
}

impl Write for EndImport {
    type Done = Restore;
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Restore, StoreError> {
        let restore = found(desk, self.restore).await?;
        if restore.state != RestoreState::Importing {
            return Ok(Ok(restore));
        }
        let count = findings::Entity::find()
            .filter(findings::Column::Restore.eq(self.restore))
            .count(desk.tx)
            .await?;
        let versions = restore.versions;
        let (state, settled) = match (count, versions) {
            (0, 0) => (RestoreState::Open, Some(self.now)),
            _ => (RestoreState::Closed, None),
        };
        set_state(desk.tx, self.restore, state, settled).await?;
        let id = self.restore;
        let detail = match state {
            RestoreState::Open => {
                format!("restore {id}: the co-signers know nothing that this database does not")
            }
            RestoreState::Importing | RestoreState::Closed => format!(
                "restore {id}: only co-signers knew {count} payouts and {versions} policy versions; admins must look"
            ),
        };
        log(desk, Actor::Gateway, "restore.imported", detail, self.now).await?;
        Ok(Ok(Restore { state, settled, ..restore }))
    }
}

/// Who may open a restored database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admins {
    /// All admins there are now.
    pub all: Vec<PrincipalId>,
    /// How many of them must say so.
    pub needed: u64,
}

struct Confirm {
    restore: i64,
    by: PrincipalId,
    admins: Admins,
    now: Millis,
}

impl Write for Confirm {
    type Done = Restore;
    type Refusal = RestoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<Restore, RestoreError> {
        let unsettled = read::restore::unsettled(desk.tx).await?;
        let Some(restore) = unsettled.filter(|restore| restore.id == self.restore) else {
            return Ok(Err(RestoreError::Unknown(self.restore)));
        };
        if restore.state == RestoreState::Importing {
            return Ok(Err(RestoreError::Importing));
        }
        let vote = (self.restore, self.by.to_string());
        if restore_votes::Entity::find_by_id(vote.clone()).one(desk.tx).await?.is_some() {
            return Ok(Err(RestoreError::Already(self.by.clone())));
        }
        let row = restore_votes::Model { restore: vote.0, principal: vote.1, at: self.now.get() };
        restore_votes::Entity::insert(bulk::all_set(row.into_active_model()))
            .exec_without_returning(desk.tx)
            .await?;
        let actor = || Actor::Principal(self.by.clone());
        log(desk, actor(), "restore.confirm", format!("restore {}", self.restore), self.now).await?;
        let votes = restore_votes::Entity::find()
            .filter(restore_votes::Column::Restore.eq(self.restore))
            .filter(restore_votes::Column::Principal.is_in(self.admins.all.iter().map(PrincipalId::as_str)))
            .count(desk.tx)
            .await?;
        if votes < self.admins.needed {
            return Ok(Ok(restore));
        }
        let (state, settled) = (RestoreState::Open, Some(self.now));
        set_state(desk.tx, self.restore, state, settled).await?;
        let detail = format!("restore {}: signing goes on, confirmed by {votes} admins", self.restore);
        log(desk, actor(), "restore.open", detail, self.now).await?;
        Ok(Ok(Restore { state, settled, ..restore }))
    }
}

struct Displace {
    cid: Cid,
    by: Cid,
}

impl Write for Displace {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        payouts::Entity::update_many()
            .col_expr(payouts::Column::DisplacedBy, Expr::value(self.by.get()))
            .filter(payouts::Column::Cid.eq(self.cid.get()))
            // One that lives has a right to its number.
            .filter(payouts::Column::Step.is_null())
            .exec(desk.tx)
            .await?;
        Ok(Ok(()))
    }
}

struct RememberHead {
    cosigner: u8,
    entry: u64,
    at: Millis,
}

impl Write for RememberHead {
    type Done = ();
    type Refusal = StoreError;

    async fn run(&self, desk: &mut Desk<'_>) -> Answer<(), StoreError> {
        let row = journal_heads::Model {
            cosigner: i32::from(self.cosigner),
            entry: self.entry.to_string(),
            at: self.at.get(),
        };
        let newer = OnConflict::column(journal_heads::Column::Cosigner)
            .update_columns([journal_heads::Column::Entry, journal_heads::Column::At])
            .to_owned();
        let row = bulk::all_set(row.into_active_model());
        journal_heads::Entity::insert(row).on_conflict(newer).exec_without_returning(desk.tx).await?;
        Ok(Ok(()))
    }
}

async fn found(desk: &Desk<'_>, id: i64) -> Result<Restore, StoreError> {
    let row = restores::Entity::find_by_id(id).one(desk.tx).await?;
    Restore::from_model(Column("restores", "id").some(row)?)
}

async fn set_state(
    conn: &impl ConnectionTrait,
    id: i64,
    state: RestoreState,
    settled: Option<Millis>,
) -> Result<(), StoreError> {
    let change = restores::ActiveModel {
        state: Set(to_word(&state)),
        settled: Set(settled.map(Millis::get)),
        ..restores::ActiveModel::default()
    };
    restores::Entity::update_many().set(change).filter(restores::Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}

async fn log(
    desk: &mut Desk<'_>,
    who: Actor,
    what: &str,
    detail: String,
    at: Millis,
) -> Result<(), StoreError> {
    audit::append(desk, audit::Audit { at, who, what: what.to_owned(), detail }).await?;
    Ok(())
}
