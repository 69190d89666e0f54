//! Reading projects and pending changes.

use std::collections::HashMap;

use payout::ids::ProjectId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column::Column;
use crate::error::StoreError;
use crate::row::{ApiKey, ChangeRow, Project};
use crate::schema::entity::{api_keys, changes, projects};
use crate::store::Store;
use crate::writer::PENDING;

impl Store {
    /// A project, with its keys. Keys that have retired are there too: ask [`ApiKey::is_live_at`].
    ///
    /// # Errors
    /// The database's.
    pub async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        let Some(row) = projects::Entity::find_by_id(id.get()).one(self.readers()).await? else {
            return Ok(None);
        };
        let keys = api_keys::Entity::find()
            .filter(api_keys::Column::Project.eq(id.get()))
            .order_by_desc(api_keys::Column::Id)
            .all(self.readers())
            .await?;
        Ok(Some(project(row, keys)?))
    }

    /// The numbers of all projects.
    ///
    /// # Errors
    /// The database's.
    pub async fn project_ids(&self) -> Result<Vec<ProjectId>, StoreError> {
        let ids: Vec<i64> = projects::Entity::find()
            .select_only()
            .column(projects::Column::Id)
            .into_tuple()
            .all(self.readers())
            .await?;
        let id = Column("projects", "id");
        ids.into_iter().map(|number| id.some(ProjectId::new(number))).collect()
    }

    /// All projects, by number.
    ///
    /// # Errors
    /// The database's.
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        let rows = projects::Entity::find().order_by_asc(projects::Column::Id).all(self.readers()).await?;
        let mut keys: HashMap<i64, Vec<api_keys::Model>> = HashMap::new();
        for key in api_keys::Entity::find().order_by_desc(api_keys::Column::Id).all(self.readers()).await? {
            keys.entry(key.project).or_default().push(key);
        }
        rows.into_iter()
            .map(|row| {
                let keys = keys.remove(&row.id).unwrap_or_default();
                project(row, keys)
            })
            .collect()
    }

    /// Changes that wait for a second person, oldest first. An API key in them is replaced by its fingerprint.
    ///
    /// # Errors
    /// The database's.
    pub async fn pending_changes(&self) -> Result<Vec<ChangeRow>, StoreError> {
        let rows = changes::Entity::find()
            .filter(changes::Column::State.eq(PENDING))
            .order_by_asc(changes::Column::Id)
            .all(self.readers())
            .await?;
        let hide = |row: ChangeRow| ChangeRow { change: row.change.without_secrets(), ..row };
        rows.into_iter().map(|row| ChangeRow::from_model(row).map(hide)).collect()
    }
}

fn project(row: projects::Model, keys: Vec<api_keys::Model>) -> Result<Project, StoreError> {
    let at = |column| Column("projects", column);
    Ok(Project {
        id: at("id").some(ProjectId::new(row.id))?,
        settings: at("settings").json(&row.settings)?,
        api_keys: keys.into_iter().map(ApiKey::from_model).collect::<Result<_, _>>()?,
        created: at("created").millis(row.created)?,
        updated: at("updated").millis(row.updated)?,
    })
}
