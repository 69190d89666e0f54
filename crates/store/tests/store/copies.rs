//! Taking copies of a database that is in use, and putting them back.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use store::{CopyError, PayoutFilter, RestoreState, Store, StoreError};

use crate::house::{House, at};
use crate::refused;

impl House {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

async fn payouts(path: &Path) -> usize {
    let store = Store::open(path).await.unwrap();
    let count = store.list(PayoutFilter::default()).await.unwrap().len();
    store.close().await;
    count
}

#[tokio::test]
async fn a_copy_that_is_taken_while_commits_go_on_holds_whole_commits_and_is_its_owners_alone() {
    let house = House::new().await;
    house.accepted("n-0").await;
    let writing = {
        let (store, requests) = (house.store.clone(), (1..200).map(|n| house.request(&format!("n-{n}"))));
        let requests: Vec<_> = requests.collect();
        tokio::spawn(async move {
            for request in requests {
                store.accept(request).await.unwrap();
            }
        })
    };
    let to = house.file("copy.db");
    store::copy(&house.path(), &to).await.unwrap();
    writing.await.unwrap();
    assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!house.names().iter().any(|name| name.ends_with(".part")), "{:?}", house.names());
    let held = payouts(&to).await;
    assert!((1..=200).contains(&held), "{held}");
    refused!(store::copy(&house.path(), &to).await, CopyError::Exists(_));
}

#[tokio::test]
async fn a_copy_is_put_back_alone_and_noticed() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let to = house.file("copy.db");
    store::copy(&house.path(), &to).await.unwrap();
    house.accepted("n-2").await;
    refused!(store::put_back(&to, &house.path(), "old").await, CopyError::Store(StoreError::InUse { .. }));
    house.store.close().await;
    // As a gateway that was killed leaves it: a log that belongs to the newer database.
    std::fs::write(house.file("bursar.db-wal"), b"of another time").unwrap();
    let put = store::put_back(&to, &house.path(), "old").await.unwrap();
    assert_eq!((put.newest, put.aside), (Some(at(0)), Some(house.file("bursar.db.old"))));
    assert_eq!(std::fs::read(house.file("bursar.db.old-wal")).unwrap(), b"of another time");
    assert!(!house.file("bursar.db-wal").exists());
    let store = Store::open(&house.path()).await.unwrap();
    assert_eq!(store.list(PayoutFilter::default()).await.unwrap().len(), 1);
    let restore = store.restore().await.unwrap().unwrap();
    assert_eq!((restore.state, restore.copied), (RestoreState::Importing, Some(at(0))));
    store.close().await;
    std::fs::remove_file(house.file("bursar.db.old-wal")).unwrap();
    assert_eq!(payouts(&house.file("bursar.db.old")).await, 2, "what was there is not lost");
    assert!(to.exists(), "the backup stays where it was");
}

#[tokio::test]
async fn a_copy_goes_to_a_new_host_where_nothing_was() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let to = house.file("copy.db");
    store::copy(&house.path(), &to).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let database = elsewhere.path().join("bursar.db");
    let put = store::put_back(&to, &database, "old").await.unwrap();
    assert_eq!(put.aside, None);
    assert_eq!(payouts(&database).await, 1);
}

#[tokio::test]
async fn what_is_no_whole_database_of_ours_is_not_put_back_and_changes_nothing() {
    let house = House::new().await;
    for n in 0..300 {
        house.accepted(&format!("n-{n}")).await;
    }
    let copy = house.file("copy.db");
    store::copy(&house.path(), &copy).await.unwrap();
    let whole = std::fs::read(&copy).unwrap();
    house.store.close().await;
    let before = (house.names(), std::fs::read(house.path()).unwrap());
    let try_this = async |bytes: &[u8]| {
        std::fs::write(&copy, bytes).unwrap();
        let error = store::put_back(&copy, &house.path(), "old").await.unwrap_err();
        assert_eq!((house.names(), std::fs::read(house.path()).unwrap()), before, "{error}");
        error.to_string()
    };
    assert!(try_this(b"").await.contains("no database of Bursar's"));
    assert!(try_this(&[7; 9000]).await.contains("copy.db"));
    let half = &whole[..whole.len() / 2];
    let said = try_this(half).await;
    assert!(said.contains("damaged"), "{said}");
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle..middle + 6000].fill(0);
    let said = try_this(&torn).await;
    assert!(said.contains("damaged"), "{said}");
    std::fs::remove_file(&copy).unwrap();
    refused!(store::put_back(&copy, &house.path(), "old").await, CopyError::File { .. });
}
