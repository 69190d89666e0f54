//! Projects as the door needs them, kept in memory for a moment: every call asks for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use payout::ids::ProjectId;
use payout::time::Millis;
use store::{Project, Store, StoreError};

/// How long a project is believed without asking the database. A change through this gateway is seen at once
/// ([`Projects::forget`]); one through another gateway of the deployment after this time.
const FRESH_MS: i64 = 1000;

/// Projects that were asked for. Unknown numbers are not kept, so that guessing fills no memory.
#[derive(Debug, Default)]
pub struct Projects(Mutex<HashMap<ProjectId, (Arc<Project>, Millis)>>);

impl Projects {
    /// The project with this number.
    ///
    /// # Errors
    /// [`StoreError`] when the database can't be read.
    pub async fn get(
        &self,
        store: &Store,
        id: ProjectId,
        now: Millis,
    ) -> Result<Option<Arc<Project>>, StoreError> {
        if let Some((project, read)) = self.lock().get(&id)
            && (0..FRESH_MS).contains(&now.since(*read))
        {
            return Ok(Some(Arc::clone(project)));
        }
        let Some(project) = store.project(id).await? else { return Ok(None) };
        let project = Arc::new(project);
        self.lock().insert(id, (Arc::clone(&project), now));
        Ok(Some(project))
    }

    /// Reads everything anew: settings have changed.
    pub fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProjectId, (Arc<Project>, Millis)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
