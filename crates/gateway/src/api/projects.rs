//! Projects as the door needs them, kept in memory for a moment: every call asks for one, strangers' calls too.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use payout::ids::ProjectId;
use payout::time::Millis;
use store::{Project, Store, StoreError};

/// How long something is believed without asking the database. A change through this gateway is seen at once
/// ([`Projects::forget`]); one through another gateway of the deployment after this time.
const FRESH_MS: i64 = 1000;

/// Projects that were asked for, and the numbers of all: whoever guesses numbers costs the database one question a
/// second, and fills no memory.
#[derive(Debug, Default)]
pub struct Projects {
    known: Mutex<Known>,
    /// Held while the numbers are read: one question serves all who wait.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    projects: HashMap<ProjectId, (Arc<Project>, Millis)>,
    numbers: Option<(HashSet<ProjectId>, Millis)>,
    /// Grows with each change: what was read before one is not kept after it.
    changes: u64,
}

impl Known {
    /// Whether the project exists; `None` if that has to be read.
    fn has(&self, id: ProjectId, now: Millis) -> Option<bool> {
        let (numbers, read) = self.numbers.as_ref()?;
        is_fresh(*read, now).then(|| numbers.contains(&id))
    }
}

/// A clock that steps back makes everything stale.
fn is_fresh(read: Millis, now: Millis) -> bool {
    (0..FRESH_MS).contains(&now.since(read))
}

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
        if let Some((project, read)) = self.known().projects.get(&id)
            && is_fresh(*read, now)
        {
            return Ok(Some(Arc::clone(project)));
        }
        if !self.exists(store, id, now).await? {
            return Ok(None);
        }
        let changes = self.known().changes;
        let Some(project) = store.project(id).await? else { return Ok(None) };
        let project = Arc::new(project);
        let mut known = self.known();
        if known.changes == changes {
            known.projects.insert(id, (Arc::clone(&project), now));
        }
        Ok(Some(project))
    }

    async fn exists(&self, store: &Store, id: ProjectId, now: Millis) -> Result<bool, StoreError> {
        if let Some(found) = self.known().has(id, now) {
            return Ok(found);
        }
        let _turn = self.reading.lock().await;
        if let Some(found) = self.known().has(id, now) {
            return Ok(found);
        }
        let changes = self.known().changes;
        let numbers: HashSet<ProjectId> = store.project_ids().await?.into_iter().collect();
        let found = numbers.contains(&id);
        let mut known = self.known();
        if known.changes == changes {
            known.numbers = Some((numbers, now));
        }
        Ok(found)
    }

    /// Reads everything anew: settings have changed.
    pub fn forget(&self) {
        let mut known = self.known();
        *known = Known { changes: known.changes + 1, ..Known::default() };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use payout::ids::PrincipalId;
    use store::{ApiKeyText, People, ProjectSettings, SettingsChange};

    fn at(ms: i64) -> Millis {
        Millis::new(ms).unwrap()
    }

    async fn create(store: &Store, project: ProjectId) {
        let settings = ProjectSettings {
            name: "shop".to_owned(),
            enabled: true,
            ips: Vec::new(),
            allow_private_callbacks: false,
            notify_withdrawn: false,
            verification_url: None,
            default_wallet: None,
            rate_limit_per_s: 0,
        };
        let api_key = ApiKeyText::new(format!("key-of-project-{project}"));
        let change = SettingsChange::CreateProject { project, settings, api_key };
        let ann: PrincipalId = "ann".parse().unwrap();
        store.propose_change(change, ann, People::One, at(1)).await.unwrap();
    }

    #[tokio::test]
    async fn a_guessed_number_is_answered_from_memory_until_a_change_or_a_second_has_passed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bursar.db")).await.unwrap();
        let (projects, id) = (Projects::default(), ProjectId::new(7).unwrap());
        assert!(projects.get(&store, id, at(5000)).await.unwrap().is_none());
        create(&store, id).await;
        assert!(projects.get(&store, id, at(5999)).await.unwrap().is_none(), "remembered");
        assert!(projects.get(&store, id, at(6000)).await.unwrap().is_some(), "a second is over");
        let other = ProjectId::new(8).unwrap();
        create(&store, other).await;
        assert!(projects.get(&store, other, at(6001)).await.unwrap().is_none(), "remembered");
        projects.forget();
        assert!(projects.get(&store, other, at(6001)).await.unwrap().is_some(), "a change was made here");
    }
}
