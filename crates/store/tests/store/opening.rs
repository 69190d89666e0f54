//! Opening: what can be wrong with the file, and what is said about it.

use std::os::unix::fs::PermissionsExt;

use sea_orm::{ConnectionTrait, Database};
use store::{Store, StoreError};

use crate::house::{House, at};
use crate::refused;

#[tokio::test]
async fn a_second_gateway_on_the_same_file_is_refused_until_the_first_has_closed() {
    let house = House::new().await;
    refused!(Store::open(&house.path()).await, StoreError::InUse { .. });
    let house = house.reopened().await;
    house.accepted("n-1").await;
}

#[tokio::test]
async fn commands_after_the_end_are_told_so_and_what_was_queued_is_kept() {
    let house = House::new().await;
    let late = house.store.clone();
    let pending = {
        let store = house.store.clone();
        let request = house.request("n-1");
        tokio::spawn(async move { store.accept(request).await })
    };
    tokio::task::yield_now().await;
    house.store.close().await;
    let kept = pending.await.unwrap().is_ok();
    refused!(late.ready(at(0)).await, StoreError::Closed);
    let store = Store::open(&house.path()).await.unwrap();
    assert_eq!(store.list(store::PayoutFilter::default()).await.unwrap().len(), usize::from(kept));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bursar.db");
    std::fs::write(&path, vec![b'x'; 8192]).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Broken { .. }), "{error:?}");
    assert!(error.to_string().contains("restore the newest backup"));
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let house = House::new().await;
    house.store.close().await;
    house.sql("INSERT INTO schema_steps VALUES (99, 'from the future')").await.unwrap();
    let error = Store::open(&house.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, known: 3 }), "{error:?}");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let other = Database::connect(format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
    other.execute_unprepared("CREATE TABLE cats (name text)").await.unwrap();
    other.close().await.unwrap();
    refused!(Store::open(&path).await, StoreError::Foreign { .. });
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(&folder.path().join("no/such/bursar.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("no/such/bursar.db"));
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let house = House::new().await;
    house.accepted("n-1").await;
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}

#[tokio::test]
async fn a_stranger_who_holds_the_database_is_named_as_the_cause() {
    let house = House::new().await;
    let stranger = house.raw().await;
    stranger.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    let error = house.store.ready(at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    stranger.execute_unprepared("COMMIT").await.unwrap();
    house.store.ready(at(0)).await.unwrap();
}

#[tokio::test]
async fn a_clean_end_leaves_everything_in_the_one_file_that_people_copy() {
    let house = House::new().await;
    house.accepted("n-1").await;
    assert_eq!(house.store.list(store::PayoutFilter::default()).await.unwrap().len(), 1);
    house.store.close().await;
    let log = house.path().with_extension("db-wal");
    assert!(std::fs::metadata(&log).map_or(0, |log| log.len()) == 0, "{} is not empty", log.display());
    let copy = house.folder.path().join("copy.db");
    std::fs::copy(house.path(), &copy).unwrap();
    let copied = Store::open(&copy).await.unwrap();
    assert_eq!(copied.list(store::PayoutFilter::default()).await.unwrap().len(), 1);
}
