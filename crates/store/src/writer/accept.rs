//! Accepting a payout: number, first state, history and counters in one transaction, for a whole batch at once.

mod prepare;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use payout::approval::SignedAct;
use payout::coin::CoinId;
use payout::ids::{Cid, ProjectId, RuleId, ThirdPartyId};
use payout::life::{Cause, Payout};
use payout::money::Amount;
use payout::time::Millis;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, QueryTrait,
};

use super::bulk;
use super::queue::{AcceptSlip, Desk};
use super::replay::{self, ReplayKey};
use super::usage::Wanted;
use crate::column::to_word;
use crate::error::StoreError;
use crate::row::{CallerProof, Outcome, Terms};
use crate::schema::entity::{acts, callbacks, callers, findings, history, payouts, replays};
use crate::store::Store;

use payout::policy::{Limits, Unmet};
pub(crate) use prepare::PreparedAccept;

const HOUR_MS: i64 = 3_600_000;

/// One rule that could decide, with the payout as it would be then.
#[derive(Debug, Clone)]
pub struct AcceptOption {
    /// The rule's counters that must have room; may be empty.
    pub limits: Limits,
    /// The rule.
    pub rule: RuleId,
    /// The coin that is counted.
    pub coin: CoinId,
    /// What is counted, base units.
    pub amount: Amount,
    /// The payout as this rule would have it. All options have the same cid, project and business number.
    pub payout: Payout,
}

/// A payout to be numbered and stored.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Whose.
    pub project: ProjectId,
    /// The caller's number of it, unique in the project.
    pub third_party_id: ThirdPartyId,
    /// The request's replay key; `None` for a person's application, which carries a signature of its own.
    pub replay: Option<ReplayKey>,
    /// In order: the first whose limits have room decides. None at all is [`AcceptRefusal::NoRule`], but only after
    /// replays and duplicates are told as what they are.
    pub options: Vec<AcceptOption>,
    /// What the caller said.
    pub terms: Terms,
    /// The caller's signature over the request, if it came with one.
    pub caller: Option<CallerProof>,
    /// The applicant's signed application, if a person asked.
    pub acts: Vec<SignedAct>,
    /// Who asked.
    pub cause: Cause,
    /// The gateway's clock.
    pub now: Millis,
}

/// Why nothing was accepted. Checked in this order; nothing is stored, the replay key neither.
#[derive(Debug, thiserror::Error)]
pub enum AcceptRefusal {
    /// The same request was seen before (A0402).
    #[error("request already seen")]
    Replayed,
    /// The project has a payout of this number (E0009).
    #[error("duplicate business number")]
    DuplicateBusinessNumber,
    /// No option's limits have room (E0011).
    #[error("no rule has room")]
    NoRule {
        /// What each option lacks.
        unmet: Vec<(RuleId, Unmet)>,
    },
    /// The options contradict each other, or the cid is in use; a fault of the caller of this function.
    #[error("the options are not of one new payout")]
    Inconsistent,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Stores a payout durably under the first rule that has room: its number is taken when this returns.
    ///
    /// # Errors
    /// [`AcceptRefusal`], checked in the order of its variants. Nothing was stored then.
    pub async fn accept(&self, accept: Accept) -> Result<Cid, AcceptRefusal> {
        let Some(prepared) = PreparedAccept::new(self.minting(), accept) else {
            return Err(AcceptRefusal::Inconsistent);
        };
        self.write_accept(prepared).await
    }
}

/// What a batch writes, collected while it is decided.
#[derive(Default)]
struct Rows {
    history: Vec<history::Model>,
    callbacks: Vec<callbacks::Model>,
    callers: Vec<callers::Model>,
    acts: Vec<acts::Model>,
    replays: Vec<replays::Model>,
}

/// Decides and writes all accepts of a batch, in the order of their arrival.
pub(super) async fn run_all(desk: &mut Desk<'_>, slips: &mut [&mut AcceptSlip]) -> Result<(), StoreError> {
    if slips.is_empty() {
        return Ok(());
    }
    let keys = slips.iter().filter_map(|slip| slip.command.replay.as_ref()).map(|row| row.key.clone());
    let mut seen_keys = replay::seen(desk.tx, keys).await?;
    let mut seen_numbers = taken_numbers(desk.tx, slips).await?;
    let kept_out = kept_out_numbers(desk.tx, slips).await?;

    let newest = slips.iter().map(|slip| slip.command.now).max().unwrap_or_default();
    desk.newest = desk.newest.max(newest);
    desk.usage.clock(newest);
    let wanted: BTreeSet<Wanted> = slips
        .iter()
        .flat_map(|slip| &slip.command.options)
        .map(|option| (option.rule.clone(), window_ms(&option.limits)))
        .collect();
    desk.usage.load(desk.tx, &wanted).await?;

    let mut chosen: Vec<Option<usize>> = Vec::with_capacity(slips.len());
    for slip in slips.iter_mut() {
        let accept = &slip.command;
        if accept.replay.as_ref().is_some_and(|row| seen_keys.contains(&row.key)) {
            slip.outcome = Some(Err(AcceptRefusal::Replayed));
            chosen.push(None);
            continue;
        }
        let number = (accept.project, accept.third_party_id.clone());
        if seen_numbers.contains(&number) || (!accept.is_import() && kept_out.contains(&number)) {
            slip.outcome = Some(Err(AcceptRefusal::DuplicateBusinessNumber));
            chosen.push(None);
            continue;
        }
        match first_with_room(desk, accept) {
            Ok(index) => {
                let option = &accept.options[index];
                desk.usage.count(&option.rule, &option.coin, option.amount, option.cid);
                seen_keys.extend(accept.replay.as_ref().map(|row| row.key.clone()));
                seen_numbers.insert(number);
                chosen.push(Some(index));
            }
            Err(unmet) => {
                slip.outcome = Some(Err(AcceptRefusal::NoRule { unmet }));
                chosen.push(None);
            }
        }
    }
    write(desk, slips, &chosen).await
}

/// The length of a rule's window.
fn window_ms(limits: &Limits) -> Option<i64> {
    limits.window.as_ref().map(|window| i64::from(window.hours) * HOUR_MS)
}

/// The first option whose counters have room, or what each of them lacks.
fn first_with_room(desk: &Desk<'_>, accept: &PreparedAccept) -> Result<usize, Vec<(RuleId, Unmet)>> {
    let mut unmet = Vec::new();
    for (index, option) in accept.options.iter().enumerate() {
        if option.limits.is_empty() {
            return Ok(index);
        }
        let used = desk.usage.used(&option.rule, &option.coin, window_ms(&option.limits));
        match option.limits.fit(option.amount, &used) {
            Ok(()) => return Ok(index),
            Err(reason) => unmet.push((option.rule.clone(), reason)),
        }
    }
    Err(unmet)
}

/// The business numbers of the batch that payouts have already.
async fn taken_numbers(
    tx: &DatabaseTransaction,
    slips: &[&mut AcceptSlip],
) -> Result<HashSet<(i64, String)>, StoreError> {
    let mut any = Condition::any();
    for (project, numbers) in by_project(slips.iter().map(|slip| &slip.command)) {
        any = any.add(
            Condition::all()
                .add(payouts::Column::Project.eq(project))
                .add(payouts::Column::ThirdPartyId.is_in(numbers))
                .add(payouts::Column::DisplacedBy.is_null()),
        );
    }
    let found: Vec<(i64, String)> = payouts::Entity::find()
        .select_only()
        .columns([payouts::Column::Project, payouts::Column::ThirdPartyId])
        .filter(any)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

/// The business numbers of the batch that belong to payouts which only co-signers know and which could not be stored.
/// They may be paid; whoever asked for them is not told of a new one that is then ended. What is imported is such a
/// payout itself, at another try.
async fn kept_out_numbers(
    tx: &DatabaseTransaction,
    slips: &[&mut AcceptSlip],
) -> Result<HashSet<(i64, String)>, StoreError> {
    let asked = slips.iter().map(|slip| &slip.command).filter(|accept| !accept.is_import());
    let by_project = by_project(asked);
    if by_project.is_empty() {
        return Ok(HashSet::new());
    }
    let mut any = Condition::any();
    for (project, numbers) in by_project {
        any = any.add(
            Condition::all()
                .add(findings::Column::Project.eq(project))
                .add(findings::Column::ThirdPartyId.is_in(numbers)),
        );
    }
    // Empty, unless a database was ever put back.
    let found: Vec<(i64, String)> = findings::Entity::find()
        .select_only()
        .columns([findings::Column::Project, findings::Column::ThirdPartyId])
        .filter(findings::Column::Outcome.eq(to_word(&Outcome::KeptOut)))
        .filter(any)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

fn by_project<'a>(accepts: impl Iterator<Item = &'a PreparedAccept>) -> BTreeMap<i64, Vec<&'a str>> {
    let mut by_project: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for accept in accepts {
        by_project.entry(accept.project).or_default().push(&accept.third_party_id);
    }
    by_project
}

async fn write(
    desk: &mut Desk<'_>,
    slips: &mut [&mut AcceptSlip],
    chosen: &[Option<usize>],
) -> Result<(), StoreError> {
    let payouts: Vec<payouts::Model> = slips
        .iter()
        .zip(chosen)
        .filter_map(|(slip, index)| {
            index.map(|index| slip.command.options[index].rows(desk.mint).payout.clone())
        })
        .collect();
    if payouts.is_empty() {
        return Ok(());
    }
    let expected = payouts.len();
    let stored = insert_new(desk.tx, payouts).await?;
    if stored.len() < expected {
        if slips.len() > 1 {
            // Some row is there that the look-ups did not see. One by one, so that its counters are not counted.
            return Err(DbErr::RecordNotInserted.into());
        }
        slips[0].outcome = Some(Err(AcceptRefusal::Inconsistent));
        desk.usage.forget();
        return Ok(());
    }
    let mut rows = Rows::default();
    for (slip, index) in slips.iter_mut().zip(chosen) {
        let Some(index) = *index else { continue };
        let accept = &slip.command;
        let option = &accept.options[index];
        let made = option.rows(desk.mint);
        rows.history.push(made.first.clone());
        rows.callbacks.extend(made.callback.clone());
        rows.callers.extend(accept.caller.clone());
        rows.acts.extend(accept.acts.iter().cloned());
        rows.replays.extend(accept.replay.clone());
        slip.outcome = Some(Ok(option.cid));
    }
    bulk::insert::<history::Entity>(desk.tx, rows.history).await?;
    bulk::insert::<callbacks::Entity>(desk.tx, rows.callbacks).await?;
    bulk::insert::<callers::Entity>(desk.tx, rows.callers).await?;
    bulk::insert::<acts::Entity>(desk.tx, rows.acts).await?;
    bulk::insert::<replays::Entity>(desk.tx, rows.replays).await?;
    desk.usage.flush(desk.tx).await
}

/// Inserts those payouts that are new, in one statement or few: the numbers of those that were.
async fn insert_new(tx: &DatabaseTransaction, rows: Vec<payouts::Model>) -> Result<HashSet<i64>, StoreError> {
    let mut stored = HashSet::with_capacity(rows.len());
    let mut rows = rows.into_iter().map(|row| bulk::all_set(row.into_active_model())).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(bulk::rows_per_statement::<payouts::Entity>()).collect();
        let mut insert = payouts::Entity::insert_many(chunk).into_query();
        insert.on_conflict(OnConflict::new().do_nothing().to_owned()).returning_col(payouts::Column::Cid);
        for row in tx.query_all(&insert).await? {
            stored.insert(row.try_get::<i64>("", "cid")?);
        }
    }
    Ok(stored)
}
