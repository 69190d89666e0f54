//! What the checks of advances look at, loaded once for many commands.

use std::collections::{HashMap, HashSet};

use payout::life::Event;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use super::{Advance, free};
use crate::column::Column;
use crate::error::StoreError;
use crate::row::ProjectSettings;
use crate::row::stored::{NotifyWithdrawn, build_of};
use crate::schema::entity::{acts, payouts, projects};
use crate::writer::token::TokenTable;

/// What the checks look at, loaded once for all commands of a pass.
pub(super) struct View {
    pub(super) tokens: TokenTable,
    pub(super) acts: HashSet<(String, String, String)>,
    pub(super) notify_withdrawn: HashMap<i64, NotifyWithdrawn>,
    /// Intents that keep their tokens whatever happens to them now.
    pub(super) kept: HashSet<String>,
}

impl View {
    pub(super) async fn load(
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
            kept: free::kept(tx, commands, found).await?,
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
