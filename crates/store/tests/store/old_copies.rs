//! A database that is put back from a copy, and what is kept of it.

use payout::ids::{Cid, Digest};
use payout::life::{Event, Rejection, Token};
use store::{AcceptRefusal, Admins, Finding, Outcome, RestoreError, RestoreState, Store};

use crate::house::{House, at};
use crate::refused;

impl House {
    /// The database file as somebody copies it after a clean end.
    async fn copied(self) -> (Self, Vec<u8>) {
        self.store.close().await;
        let copy = std::fs::read(self.path()).unwrap();
        (Self { store: Store::open(&self.path()).await.unwrap(), folder: self.folder }, copy)
    }

    async fn put_back(self, copy: &[u8]) -> Self {
        self.store.close().await;
        std::fs::write(self.path(), copy).unwrap();
        Self { store: Store::open(&self.path()).await.unwrap(), folder: self.folder }
    }
}

/// Two of these must confirm.
fn admins() -> Admins {
    Admins { all: ["ann", "bob", "cid"].map(|who| who.parse().unwrap()).into(), needed: 2 }
}

fn finding(restore: i64, number: u8, told_by: u8) -> Finding {
    Finding {
        intent: Digest::from_bytes([number; 32]),
        restore,
        cid: Cid::new(1000 + i64::from(number)).unwrap(),
        project: payout::ids::ProjectId::new(7).unwrap(),
        third_party_id: format!("lost-{number}").parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        network_id: "1".parse().unwrap(),
        from: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".parse().unwrap(),
        token: Token::new(format!("nonce:{number}")),
        signed: at(i64::from(number)),
        told_by: vec![told_by],
        outcome: Outcome::Adopted,
        why: None,
    }
}

#[tokio::test]
async fn a_normal_restart_doubts_nothing() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let house = house.reopened().await;
    assert_eq!(house.store.restore().await.unwrap(), None);
    let house = house.reopened().await;
    assert_eq!(house.store.restore().await.unwrap(), None, "nor does one after which nothing was written");
}

#[tokio::test]
async fn a_copy_put_back_is_an_import_that_stays_one_until_it_has_ended() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let (house, copy) = house.copied().await;
    house.accepted("n-2").await;
    let house = house.put_back(&copy).await;
    let restore = house.store.restore().await.unwrap().unwrap();
    assert_eq!(restore.state, RestoreState::Importing);
    assert!(restore.reason.contains("it is an old copy"), "{}", restore.reason);
    assert_eq!(restore.copied, house.store.newest_write().await.unwrap());
    // Another restart forgets nothing of it, although the counts are level by now.
    house.accepted("n-3").await;
    let house = house.reopened().await;
    assert_eq!(house.store.restore().await.unwrap().unwrap(), restore);
    let ended = house.store.end_import(restore.id, at(9)).await.unwrap();
    assert_eq!((ended.state, ended.settled), (RestoreState::Open, Some(at(9))));
    let house = house.reopened().await;
    assert_eq!(house.store.restore().await.unwrap(), None);
}

#[tokio::test]
async fn the_same_copy_put_back_twice_is_noticed_twice() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let (house, copy) = house.copied().await;
    house.accepted("n-2").await;
    let house = house.put_back(&copy).await;
    let first = house.store.restore().await.unwrap().unwrap();
    house.store.end_import(first.id, at(9)).await.unwrap();
    let house = house.put_back(&copy).await;
    assert_eq!(house.store.restore().await.unwrap().unwrap().state, RestoreState::Importing);
}

#[tokio::test]
async fn a_copy_on_another_host_has_no_count_beside_it_and_is_doubted() {
    let house = House::new().await;
    house.accepted("n-1").await;
    house.store.close().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("bursar.db");
    std::fs::copy(house.path(), &path).unwrap();
    let store = Store::open(&path).await.unwrap();
    let restore = store.restore().await.unwrap().unwrap();
    assert!(restore.reason.contains("bursar.db.head is missing"), "{}", restore.reason);
}

#[tokio::test]
async fn an_empty_database_in_the_place_of_one_that_had_commits_is_doubted() {
    let house = House::new().await;
    house.accepted("n-1").await;
    house.store.close().await;
    std::fs::remove_file(house.path()).unwrap();
    let store = Store::open(&house.path()).await.unwrap();
    assert_eq!(store.restore().await.unwrap().unwrap().state, RestoreState::Importing);
}

#[tokio::test]
async fn a_commit_that_changes_nothing_is_not_counted() {
    let house = House::new().await;
    house.accepted("n-1").await;
    let counted = house.number("SELECT count FROM commits").await;
    for _ in 0..3 {
        assert!(house.store.claim(payout::life::Step::Sign, 10, 1000, at(5)).await.unwrap().is_empty());
    }
    assert_eq!(house.number("SELECT count FROM commits").await, counted);
}

#[tokio::test]
async fn findings_close_it_until_as_many_admins_as_are_needed_have_confirmed() {
    let house = House::new().await;
    let restore = house.store.open_restore("heads".to_owned(), None, at(1)).await.unwrap();
    let (ann, bob) = ("ann".parse().unwrap(), "bob".parse().unwrap());
    refused!(house.store.confirm_restore(restore.id, ann, admins(), at(2)).await, RestoreError::Importing);
    house.store.record_finding(finding(restore.id, 1, 2)).await.unwrap();
    house.store.record_finding(finding(restore.id, 1, 1)).await.unwrap();
    let found = house.store.findings(restore.id).await.unwrap();
    assert_eq!((found.len(), found[0].told_by.as_slice()), (1, [1, 2].as_slice()));
    let closed = house.store.end_import(restore.id, at(3)).await.unwrap();
    assert_eq!(closed.state, RestoreState::Closed);
    let house = house.reopened().await;
    let confirm = async |who: &str, ms| {
        house.store.confirm_restore(restore.id, who.parse().unwrap(), admins(), at(ms)).await
    };
    assert_eq!(confirm("ann", 4).await.unwrap().state, RestoreState::Closed);
    refused!(confirm("ann", 5).await, RestoreError::Already(_));
    assert_eq!(confirm("bob", 6).await.unwrap().state, RestoreState::Open);
    refused!(house.store.confirm_restore(restore.id, bob, admins(), at(7)).await, RestoreError::Unknown(_));
    let log = house.store.audit_list(0, 100).await.unwrap();
    let words: Vec<&str> = log.iter().map(|line| line.what.as_str()).collect();
    let expected =
        ["restore.found", "restore.imported", "restore.confirm", "restore.confirm", "restore.open"];
    assert_eq!(words, expected);
}

#[tokio::test]
async fn what_is_found_later_makes_earlier_confirmations_void() {
    let house = House::new().await;
    let restore = house.store.open_restore("heads".to_owned(), None, at(1)).await.unwrap();
    house.store.record_finding(finding(restore.id, 1, 1)).await.unwrap();
    house.store.end_import(restore.id, at(2)).await.unwrap();
    house.store.confirm_restore(restore.id, "ann".parse().unwrap(), admins(), at(3)).await.unwrap();
    let again = house.store.open_restore("one more".to_owned(), None, at(4)).await.unwrap();
    assert_eq!((again.id, again.state), (restore.id, RestoreState::Importing));
    house.store.end_import(restore.id, at(5)).await.unwrap();
    assert_eq!(house.store.restore_votes(restore.id).await.unwrap(), []);
    let bob = house.store.confirm_restore(restore.id, "bob".parse().unwrap(), admins(), at(6)).await.unwrap();
    assert_eq!(bob.state, RestoreState::Closed);
}

#[tokio::test]
async fn a_displaced_payout_gives_its_number_to_the_one_that_was_signed_first() {
    let house = House::new().await;
    let row = house.accepted("n-1").await;
    refused!(house.store.accept(house.request("n-1")).await, AcceptRefusal::DuplicateBusinessNumber);
    // One that lives keeps it.
    house.store.displace(row.cid(), Cid::new(5).unwrap()).await.unwrap();
    refused!(house.store.accept(house.request("n-1")).await, AcceptRefusal::DuplicateBusinessNumber);
    let by = Rejection::Rule { why: "signed before".to_owned() };
    house.advance(&row, vec![Event::Rejected { by }]).await.unwrap();
    house.store.displace(row.cid(), Cid::new(5).unwrap()).await.unwrap();
    let first = house.accepted("n-1").await;
    let number = "n-1".parse().unwrap();
    let found = house.store.payout_by_business_number(first.payout.intent.project, &number).await.unwrap();
    assert_eq!(found.unwrap().cid(), first.cid());
    refused!(house.store.accept(house.request("n-1")).await, AcceptRefusal::DuplicateBusinessNumber);
}

#[tokio::test]
async fn heads_that_were_compared_are_remembered() {
    let house = House::new().await;
    house.store.remember_head(2, u64::MAX, at(1)).await.unwrap();
    house.store.remember_head(1, 7, at(2)).await.unwrap();
    house.store.remember_head(1, 8, at(3)).await.unwrap();
    let house = house.reopened().await;
    let heads = house.store.journal_heads().await.unwrap();
    assert_eq!(heads.into_iter().collect::<Vec<_>>(), [(1, (8, at(3))), (2, (u64::MAX, at(1)))]);
}

#[tokio::test]
async fn the_word_of_somebody_who_is_no_admin_any_more_does_not_count() {
    let house = House::new().await;
    let restore = house.store.open_restore("heads".to_owned(), None, at(1)).await.unwrap();
    house.store.record_finding(finding(restore.id, 1, 1)).await.unwrap();
    house.store.end_import(restore.id, at(2)).await.unwrap();
    let confirm = async |who: &str, admins, ms| {
        house.store.confirm_restore(restore.id, who.parse().unwrap(), admins, at(ms)).await.unwrap().state
    };
    assert_eq!(confirm("ann", admins(), 3).await, RestoreState::Closed);
    let without_ann = || Admins { all: vec!["bob".parse().unwrap(), "cid".parse().unwrap()], needed: 2 };
    assert_eq!(confirm("bob", without_ann(), 4).await, RestoreState::Closed);
    assert_eq!(confirm("cid", without_ann(), 5).await, RestoreState::Open);
}

#[tokio::test]
async fn a_copy_that_was_made_in_the_middle_of_a_restore_begins_it_again() {
    let house = House::new().await;
    let restore = house.store.open_restore("heads".to_owned(), None, at(1)).await.unwrap();
    house.store.record_finding(finding(restore.id, 1, 1)).await.unwrap();
    house.store.end_import(restore.id, at(2)).await.unwrap();
    house.store.confirm_restore(restore.id, "ann".parse().unwrap(), admins(), at(3)).await.unwrap();
    let (house, copy) = house.copied().await;
    house.store.confirm_restore(restore.id, "bob".parse().unwrap(), admins(), at(4)).await.unwrap();
    let house = house.put_back(&copy).await;
    let again = house.store.restore().await.unwrap().unwrap();
    assert_eq!((again.id, again.state), (restore.id, RestoreState::Importing), "co-signers tell once more");
    assert_eq!(house.store.restore_votes(restore.id).await.unwrap(), [], "what was read then is not this");
}

#[tokio::test]
async fn the_number_of_a_payout_that_was_kept_out_is_taken() {
    let house = House::new().await;
    let restore = house.store.open_restore("heads".to_owned(), None, at(1)).await.unwrap();
    let request = house.request("lost-1");
    let kept_out = Finding {
        project: request.project,
        outcome: Outcome::KeptOut,
        why: Some("nobody keeps what it was made for".to_owned()),
        ..finding(restore.id, 1, 1)
    };
    house.store.record_finding(kept_out.clone()).await.unwrap();
    let refusal = house.store.accept(request).await.unwrap_err();
    assert!(matches!(refusal, AcceptRefusal::DuplicateBusinessNumber), "{refusal:?}");
    // What is imported is that very payout, at another try.
    let import = store::Accept { cause: payout::life::Cause::Import, ..house.request("lost-1") };
    house.store.accept(import).await.unwrap();
    // Another number, and the same one once the payout is there or in another project, are not held up.
    house.store.accept(house.request("lost-2")).await.unwrap();
    let elsewhere =
        Finding { project: payout::ids::ProjectId::new(99).unwrap(), ..finding(restore.id, 3, 1) };
    house.store.record_finding(Finding { outcome: Outcome::KeptOut, ..elsewhere }).await.unwrap();
    house.store.accept(house.request("lost-3")).await.unwrap();
}
