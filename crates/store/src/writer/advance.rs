//! Moving a payout on: state, history, token, acts and outbox in one transaction, for a whole batch at once.

use std::collections::{HashMap, HashSet};

use payout::approval::SignedAct;
use payout::ids::{Address, Cid, Digest, NetworkId};
use payout::intent::Kind;
use payout::life::{Entry, Event, Happened, Illegal, Payout, Record, Token};
use payout::time::Millis;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};

use super::queue::{AdvanceSlip, Desk};
use super::token::TokenTable;
use super::{bulk, rows};
use crate::column::Column;
use crate::error::StoreError;
use crate::row::stored::{NotifyWithdrawn, Place, build_of, is_told, payout_of};
use crate::row::{PayoutRow, ProjectSettings, Wait};
use crate::schema::entity::{acts, callbacks, history, payouts, projects, recipients, tokens};
use crate::store::Store;

/// A token to be taken, in the transaction of [`payout::life::Event::Built`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTake {
    /// The network.
    pub network_id: NetworkId,
    /// The paying address.
    pub from: Address,
    /// The token.
    pub token: Token,
    /// The intent that it will serve for ever.
    pub intent: Digest,
}

/// What happened to a payout.
#[derive(Debug, Clone)]
pub struct Advance {
    /// Which payout.
    pub cid: Cid,
    /// The version that was read.
    pub version: i64,
    /// What happened, in order.
    pub happened: Vec<Happened>,
    /// The token that a `Built` takes.
    pub take: Option<TokenTake>,
    /// Signed acts to be kept.
    pub acts: Vec<SignedAct>,
    /// Why it waits now, if it does.
    pub wait: Option<Wait>,
    /// When a step looks at it next; at once if `None`.
    pub due_at: Option<Millis>,
    /// The gateway's clock.
    pub now: Millis,
}

/// Nothing happened, but it is known why.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Which payout.
    pub cid: Cid,
    /// The version that was read.
    pub version: i64,
    /// Why it waits.
    pub wait: Wait,
    /// When a step looks at it again.
    pub due_at: Millis,
    /// The gateway's clock.
    pub now: Millis,
}

/// Why a payout was not moved. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// There is no such payout.
    #[error("there is no payout {0}")]
    Unknown(Cid),
    /// Somebody else moved it: read again, decide again.
    #[error("the payout has changed since it was read")]
    Stale,
    /// The token serves another intent.
    #[error("the token serves intent {by} already")]
    TokenTaken {
        /// Which one.
        by: Digest,
    },
    /// The intent has another token already: a second one needs another attempt.
    #[error("the intent has token {has} already")]
    SecondToken {
        /// Which one.
        has: Token,
    },
    /// `Built` and `take` do not belong together.
    #[error("{0}")]
    TokenMismatch(&'static str),
    /// The same principal's same act on the same intent is stored.
    #[error("this act is stored already")]
    ActRepeated,
    /// The event can't happen in that state.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Applies what happened, or nothing: the payout after it.
    ///
    /// # Errors
    /// [`AdvanceError`]. Nothing was written then; a lease that was held stays until it runs out.
    pub async fn advance(&self, advance: Advance) -> Result<PayoutRow, AdvanceError> {
        self.write_advance(advance).await
    }

    /// Records why a payout waits, and releases the lease. Its history is not touched.
    ///
    /// # Errors
    /// [`AdvanceError`], as for [`Store::advance`].
    pub async fn hold(&self, hold: Hold) -> Result<PayoutRow, AdvanceError> {
        let Hold { cid, version, wait, due_at, now } = hold;
        let (happened, acts) = (Vec::new(), Vec::new());
        let (wait, due_at) = (Some(wait), Some(due_at));
        self.advance(Advance { cid, version, happened, take: None, acts, wait, due_at, now }).await
    }
}

/// A command that has passed its own checks, with what it will write.
struct Move {
    before: i64,
    row: payouts::Model,
    payout: Payout,
    history: Vec<history::Model>,
    acts: Vec<acts::Model>,
    take: Option<tokens::Model>,
    recipient: Option<recipients::Model>,
    callback: Option<callbacks::Model>,
}

/// What the checks look at, loaded once for all commands of a pass.
struct View {
    tokens: TokenTable,
    acts: HashSet<(String, String, String)>,
    notify_withdrawn: HashMap<i64, NotifyWithdrawn>,
}

/// Carries out all advances of a batch. At most one command a payout in a pass: a second one for the same payout
/// comes in the next pass and meets what the first has done.
pub(super) async fn run_all(desk: &mut Desk<'_>, slips: &mut [&mut AdvanceSlip]) -> Result<(), StoreError> {
    let mut waiting: Vec<usize> = (0..slips.len()).collect();
    while !waiting.is_empty() {
        let mut in_pass = HashSet::new();
        let (now, later): (Vec<usize>, Vec<usize>) =
            waiting.into_iter().partition(|index| in_pass.insert(slips[*index].command.cid));
        pass(desk, slips, &now).await?;
        waiting = later;
    }
    Ok(())
}

async fn pass(desk: &mut Desk<'_>, slips: &mut [&mut AdvanceSlip], pass: &[usize]) -> Result<(), StoreError> {
    let commands: Vec<&Advance> = pass.iter().map(|index| &slips[*index].command).collect();
    let mut found = load(desk.tx, &commands).await?;
    let mut view = View::load(desk.tx, &commands, &found).await?;
    let mut moves = Vec::new();
    let mut outcomes = Vec::with_capacity(pass.len());
    for command in commands {
        let outcome = match found.remove(&command.cid.get()) {
            None => Err(AdvanceError::Unknown(command.cid)),
            Some(row) => prepare(desk, command, row, &mut view),
        };
        outcomes.push(match outcome {
            Ok(step) => {
                let row = PayoutRow::from_parts(step.row.clone(), step.payout.clone())?;
                moves.push(step);
                Ok(row)
            }
            Err(AdvanceError::Store(error)) => return Err(error),
            Err(refusal) => Err(refusal),
        });
    }
    for (index, outcome) in pass.iter().zip(outcomes) {
        slips[*index].outcome = Some(outcome);
    }
    write(desk.tx, moves).await
}

async fn load(
    tx: &DatabaseTransaction,
    commands: &[&Advance],
) -> Result<HashMap<i64, payouts::Model>, StoreError> {
    let cids: Vec<i64> = commands.iter().map(|command| command.cid.get()).collect();
    let rows =
        payouts::Entity::find().filter(payouts::Column::Cid.is_in(cids)).lock_exclusive().all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.cid, row)).collect())
}

impl View {
    async fn load(
        tx: &DatabaseTransaction,
        commands: &[&Advance],
        found: &HashMap<i64, payouts::Model>,
    ) -> Result<Self, StoreError> {
        let takes = commands.iter().filter_map(|command| command.take.as_ref());
        let targets = commands
            .iter()
            .filter(|command| command.happened.iter().any(|happened| build_of(&happened.event).is_some()))
            .filter_map(|command| found.get(&command.cid.get())?.target.clone());
        let tokens = TokenTable::load(tx, takes, targets).await?;
        let intents: Vec<String> =
            commands.iter().flat_map(|command| &command.acts).map(|act| act.intent.to_string()).collect();
        let withdrawn: HashSet<i64> = commands
            .iter()
            .filter(|command| {
                command.happened.iter().any(|happened| matches!(happened.event, Event::Withdrawn { .. }))
            })
            .filter_map(|command| found.get(&command.cid.get()).map(|row| row.project))
            .collect();
        Ok(Self {
            tokens,
            acts: stored_acts(tx, intents).await?,
            notify_withdrawn: notify_withdrawn(tx, withdrawn).await?,
        })
    }
}

async fn stored_acts(
    tx: &DatabaseTransaction,
    intents: Vec<String>,
) -> Result<HashSet<(String, String, String)>, StoreError> {
    if intents.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<(String, String, String)> = acts::Entity::find()
        .select_only()
        .columns([acts::Column::Intent, acts::Column::Principal, acts::Column::Act])
        .filter(acts::Column::Intent.is_in(intents))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

async fn notify_withdrawn(
    tx: &DatabaseTransaction,
    projects: HashSet<i64>,
) -> Result<HashMap<i64, NotifyWithdrawn>, StoreError> {
    if projects.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = projects::Entity::find().filter(projects::Column::Id.is_in(projects)).all(tx).await?;
    rows.into_iter()
        .map(|row| {
            let settings: ProjectSettings = Column("projects", "settings").json(&row.settings)?;
            let wish = if settings.notify_withdrawn { NotifyWithdrawn::Yes } else { NotifyWithdrawn::No };
            Ok((row.id, wish))
        })
        .collect()
}

/// All checks of one command, and what it will write.
fn prepare(
    desk: &Desk<'_>,
    command: &Advance,
    mut row: payouts::Model,
    view: &mut View,
) -> Result<Move, AdvanceError> {
    if row.version != command.version {
        return Err(AdvanceError::Stale);
    }
    let mut payout = payout_of(&row)?;
    let only_waits = command.happened.is_empty() && command.acts.is_empty();
    if only_waits && payout.step().is_none() {
        return Err(Illegal { state: payout.state.name(), event: "held" }.into());
    }
    let was_over = payout.state.status().is_terminal();
    let mut written = Vec::with_capacity(command.happened.len());
    for Happened { event, cause, at } in &command.happened {
        payout = payout.apply(event.clone(), *at)?;
        let seq = u32::try_from(row.head_seq).map_err(|_| column("head_seq").corrupt("negative"))? + 1;
        let previous: Digest = column("head_hash").parse(&row.head_hash)?;
        let record = Record::Event(Box::new(event.clone()));
        let entry = Entry::chain(command.cid, seq, previous, *at, cause.clone(), record);
        row.head_hash = entry.hash.to_string();
        written.push(rows::history(&entry));
        row.head_seq += 1;
    }
    let take = take(command, &payout, &row.digest, view)?;
    let acts = new_acts(desk, command, view)?;
    let before = row.version;
    settle(&mut row, &payout, command);
    let status = payout.state.status();
    let wish = view.notify_withdrawn.get(&row.project).copied().unwrap_or(NotifyWithdrawn::No);
    let tell = !was_over && is_told(status, wish);
    let callback = if tell { rows::callback(&row, desk.mint.next(command.now), command.now) } else { None };
    let take = take.map(|take| view.tokens.enter(take, command));
    Ok(Move {
        before,
        recipient: recipient(command, &row),
        row,
        payout,
        history: written,
        acts,
        take,
        callback,
    })
}

const fn column(name: &'static str) -> Column {
    Column("payouts", name)
}

/// The token that a `Built` event takes, checked: one to one with the intent, for ever.
fn take<'a>(
    command: &'a Advance,
    payout: &Payout,
    digest: &str,
    view: &View,
) -> Result<Option<&'a TokenTake>, AdvanceError> {
    let mut builds = command.happened.iter().filter_map(|happened| build_of(&happened.event));
    let Some(build) = builds.next() else {
        return match command.take {
            None => Ok(None),
            Some(_) => {
                Err(AdvanceError::TokenMismatch("a token is taken when the bytes are built, not otherwise"))
            }
        };
    };
    let intent = &payout.intent;
    match (intent.kind, &command.take) {
        (Kind::Payout | Kind::Maintenance, None) => {
            Err(AdvanceError::TokenMismatch("bytes were built and no token was taken"))
        }
        (Kind::Payout | Kind::Maintenance, Some(take)) => {
            let fits = take.network_id == intent.network_id
                && take.from == intent.from
                && take.token == build.token
                && take.intent.to_string() == digest;
            if !fits {
                return Err(AdvanceError::TokenMismatch("the token is not the one of this payout's bytes"));
            }
            view.tokens.check(take)?;
            Ok(Some(take))
        }
        // They spend the target's token: whichever lands, the other is dead.
        (Kind::Void | Kind::RaiseCap, take) => {
            let of_target = intent.target.and_then(|target| view.tokens.of_intent(&target.to_string()));
            let same = of_target.is_some_and(|held| {
                held.network_id == intent.network_id.as_str()
                    && held.from_address == intent.from.as_str()
                    && held.token == build.token.as_str()
            });
            match (same, take) {
                (true, None) => Ok(None),
                _ => Err(AdvanceError::TokenMismatch("a void or raised cap spends its target's token")),
            }
        }
    }
}

fn new_acts(desk: &Desk<'_>, command: &Advance, view: &mut View) -> Result<Vec<acts::Model>, AdvanceError> {
    let rows: Vec<acts::Model> = command
        .acts
        .iter()
        .map(|act| rows::act(desk.mint.next(command.now), command.cid, act, command.now))
        .collect();
    let key = |row: &acts::Model| (row.intent.clone(), row.principal.clone(), row.act.clone());
    let distinct: HashSet<_> = rows.iter().map(key).collect();
    if distinct.len() < rows.len() || distinct.iter().any(|act| view.acts.contains(act)) {
        return Err(AdvanceError::ActRepeated);
    }
    view.acts.extend(distinct);
    Ok(rows)
}

/// The derived columns, the wait and the end of the lease.
fn settle(row: &mut payouts::Model, payout: &Payout, command: &Advance) {
    let Place { state, state_name, status, step, token, txid } = Place::of(payout);
    row.state = state;
    row.state_name = state_name;
    row.status = status;
    row.step = step;
    row.token = token;
    row.txid = txid;
    row.version += 1;
    row.due_at = command.due_at.unwrap_or(command.now).get();
    row.lease_until = None;
    row.lease_owner = None;
    row.updated = command.now.get();
    let wait = command.wait.as_ref().filter(|_| row.step.is_some());
    let same = wait.map(|wait| &wait.reason) == row.wait_reason.as_ref();
    row.wait_since = wait.map(|_| if same { row.wait_since } else { None }.unwrap_or(command.now.get()));
    row.wait_reason = wait.map(|wait| wait.reason.clone());
    row.wait_next = wait.map(|wait| wait.next_action.clone());
}

/// From its signature on, a payment's recipient is a known one.
fn recipient(command: &Advance, row: &payouts::Model) -> Option<recipients::Model> {
    let signed = command.happened.iter().any(|happened| matches!(happened.event, Event::Signed { .. }));
    (signed && row.kind == Kind::Payout.as_str()).then(|| recipients::Model {
        chain_id: row.chain_id.clone(),
        address: row.to_address.clone(),
        project: row.project,
        cid: row.cid,
        at: command.now.get(),
    })
}

async fn write(tx: &DatabaseTransaction, moves: Vec<Move>) -> Result<(), StoreError> {
    let (mut all_history, mut all_acts, mut takes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut known, mut callbacks) = (Vec::new(), Vec::new());
    for Move { before, row, payout: _, history, acts, take, recipient, callback } in moves {
        update(tx, before, row).await?;
        all_history.extend(history);
        all_acts.extend(acts);
        takes.extend(take);
        known.extend(recipient);
        callbacks.extend(callback);
    }
    bulk::insert::<tokens::Entity>(tx, takes).await?;
    bulk::insert::<history::Entity>(tx, all_history).await?;
    bulk::insert::<acts::Entity>(tx, all_acts).await?;
    bulk::insert::<callbacks::Entity>(tx, callbacks).await?;
    if !known.is_empty() {
        let known = known.into_iter().map(|row| bulk::all_set(row.into_active_model()));
        recipients::Entity::insert_many(known)
            .on_conflict_do_nothing_on([
                recipients::Column::ChainId,
                recipients::Column::Address,
                recipients::Column::Project,
            ])
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

async fn update(tx: &DatabaseTransaction, before: i64, row: payouts::Model) -> Result<(), StoreError> {
    let cid = row.cid;
    let changed = payouts::ActiveModel {
        state: Set(row.state),
        state_name: Set(row.state_name),
        status: Set(row.status),
        step: Set(row.step),
        token: Set(row.token),
        txid: Set(row.txid),
        version: Set(row.version),
        due_at: Set(row.due_at),
        lease_until: Set(row.lease_until),
        lease_owner: Set(row.lease_owner),
        wait_reason: Set(row.wait_reason),
        wait_next: Set(row.wait_next),
        wait_since: Set(row.wait_since),
        updated: Set(row.updated),
        head_seq: Set(row.head_seq),
        head_hash: Set(row.head_hash),
        ..payouts::ActiveModel::default()
    };
    let done = payouts::Entity::update_many()
        .set(changed)
        .filter(payouts::Column::Cid.eq(cid))
        .filter(payouts::Column::Version.eq(before))
        .exec(tx)
        .await?;
    // The row is locked since it was read; anything else is a fault that undoes the transaction.
    if done.rows_affected == 1 { Ok(()) } else { Err(DbErr::RecordNotUpdated.into()) }
}
