//! The tables: steps that build them, in order, each applied once in a transaction of its own.

mod column;
pub(crate) mod entity;
mod step_0001;
mod step_0002;
mod step_0003;

use std::path::Path;

use sea_orm::sea_query::{IndexCreateStatement, TableCreateStatement};
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, QueryOrder, Set};

use crate::dialect;
use crate::error::StoreError;
use entity::schema_steps;

/// What a step does. A step that was released never changes; a later one alters what it made.
struct SchemaStep {
    name: &'static str,
    tables: fn() -> Vec<TableCreateStatement>,
    indices: fn() -> Vec<IndexCreateStatement>,
    /// What changes in tables that are there, after the new ones are made; in words that every database knows.
    statements: &'static [&'static str],
    /// Tables whose rows are never changed or deleted.
    append_only: &'static [&'static str],
    /// The same, until the payout that a row belongs to is in one of these states. Replaces what an earlier step said.
    append_only_until: &'static [(&'static str, &'static [&'static str])],
}

/// Step n is the n-th of these.
const STEPS: &[SchemaStep] = &[
    SchemaStep {
        name: "the first tables",
        tables: step_0001::tables,
        indices: step_0001::indices,
        statements: &[],
        append_only: step_0001::APPEND_ONLY,
        append_only_until: step_0001::APPEND_ONLY_UNTIL,
    },
    SchemaStep {
        name: "old copies",
        tables: step_0002::tables,
        indices: step_0002::indices,
        statements: step_0002::STATEMENTS,
        append_only: &[],
        append_only_until: &[],
    },
    SchemaStep {
        name: "bytes that lapse",
        tables: Vec::new,
        indices: Vec::new,
        statements: &[],
        append_only: &[],
        append_only_until: step_0003::APPEND_ONLY_UNTIL,
    },
];

/// What a database was before it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// There was none.
    Nothing,
    /// One from before commits were counted.
    Uncounted,
    /// One that counts its commits.
    Counted,
}

/// The step that brought the counting.
pub(crate) const COUNTS: i32 = 2;

/// Brings the database to the newest step; says what it was before.
///
/// # Errors
/// [`StoreError::Newer`] and [`StoreError::Foreign`] leave the file as it was.
pub(crate) async fn migrate(writer: &DatabaseConnection, path: &Path) -> Result<Before, StoreError> {
    let found = step(writer, path).await?;
    for (number, step) in (1..).zip(STEPS) {
        if number > found {
            apply(writer, number, step).await?;
        }
    }
    Ok(match found {
        0 => Before::Nothing,
        older if older < COUNTS => Before::Uncounted,
        _ => Before::Counted,
    })
}

/// The newest step that the database at `path` has; 0 for an empty one.
///
/// # Errors
/// [`StoreError::Newer`] and [`StoreError::Foreign`].
pub(crate) async fn step(writer: &DatabaseConnection, path: &Path) -> Result<i32, StoreError> {
    let newest_known = i32::try_from(STEPS.len()).expect("there are few steps");
    let tables = dialect::table_names(writer).await.map_err(|source| dialect::opening(path, source))?;
    let has_ours = tables.iter().any(|name| name == "schema_steps");
    if !has_ours && !tables.is_empty() {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let found = if has_ours {
        let newest =
            schema_steps::Entity::find().order_by_desc(schema_steps::Column::Step).one(writer).await?;
        newest.map_or(0, |row| row.step)
    } else {
        0
    };
    if found > newest_known {
        return Err(StoreError::Newer { found, known: newest_known });
    }
    Ok(found)
}

async fn apply(writer: &DatabaseConnection, number: i32, step: &SchemaStep) -> Result<(), StoreError> {
    let tx = dialect::begin(writer).await?;
    for table in (step.tables)() {
        tx.execute(&table).await?;
    }
    for index in (step.indices)() {
        tx.execute(&index).await?;
    }
    for statement in step.statements {
        tx.execute_unprepared(statement).await?;
    }
    for table in step.append_only {
        for trigger in dialect::append_only(table) {
            tx.execute_unprepared(&trigger).await?;
        }
    }
    for (table, states) in step.append_only_until {
        for trigger in dialect::append_only_until(table, states) {
            tx.execute_unprepared(&trigger).await?;
        }
    }
    let row = schema_steps::ActiveModel { step: Set(number), name: Set(step.name.to_owned()) };
    schema_steps::Entity::insert(row).exec_without_returning(&tx).await?;
    tx.commit().await?;
    tracing::info!(step = number, name = step.name, "database schema brought up to date");
    Ok(())
}
