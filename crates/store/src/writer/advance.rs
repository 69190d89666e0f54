//! Moving a payout on: state, history, token, acts and outbox in one transaction, for a whole batch at once.

mod free;
mod prepare;
mod view;
mod write;

use std::collections::{HashMap, HashSet};

use payout::approval::SignedAct;
use payout::ids::{Address, Cid, Digest, NetworkId};
use payout::life::{Happened, Illegal, Token};
use payout::time::Millis;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use super::queue::{AdvanceSlip, Desk};
use crate::error::StoreError;
use crate::row::{PayoutRow, Wait};
use crate::schema::entity::payouts;
use crate::store::Store;
use prepare::prepare;
use view::View;

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
    desk.lanes += u64::try_from(moves.iter().filter(|step| step.free.is_some()).count()).unwrap_or(1);
    write::write(desk.tx, moves).await
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
