//! What stands in the way: lies, gaps, and payouts that were made here before it was known better.

use payout::intent::Intent;
use payout::key::SecretKey;
use payout::life::{Event, Requirement, Screening, State, Status, Withdrawal};
use store::{Call, Outcome, RestoreState};
use wire::message::SignedEntry;

use super::cosigner::{Memory, moment};
use super::{Lost, SIGNATURE, Start};
use crate::engine::tests::house::build;

impl Start {
    /// Why a payout was kept out.
    async fn kept_out(&self, lost: &Lost) -> String {
        let restore = self.restore().await;
        let found = self.house.gateway.store.findings(restore.id).await.unwrap();
        let found = found.into_iter().find(|found| found.intent == lost.digest()).unwrap();
        assert_eq!(found.outcome, Outcome::KeptOut);
        found.why.unwrap()
    }
}

#[tokio::test]
async fn an_entry_that_its_author_did_not_sign_is_not_believed() {
    let start = Start::new().await;
    let lost = start.lost();
    let stranger = SecretKey::from_seed(&[77; 32]);
    let forge = |entry: &mut SignedEntry| {
        let SignedEntry { author, seq, previous, at, body, .. } = entry.clone();
        *entry = SignedEntry::sign(&stranger, author, seq, previous, at, body);
    };
    let _one = Memory::of(1).with(&lost, None).forged(forge).join(&start).await;
    let _two = Memory::of(2).with(&lost, None).forged(|entry| entry.author = 3).join(&start).await;
    moment().await;
    assert!(start.house.gateway.gate.compared().is_empty());
    assert_eq!(start.house.gateway.store.restore().await.unwrap(), None);
}

#[tokio::test]
async fn papers_that_are_not_those_of_the_entry_are_kept_out_and_their_token_is_nobodys() {
    let start = Start::new().await;
    let lost = start.lost();
    let memory = Memory::of(1).with(&lost, None).altered(|paper| paper.request.unsigned[10] ^= 1);
    let _one = memory.join(&start).await;
    start.until_compared(&[1]).await;
    assert!(start.kept_out(&lost).await.contains("not those that the entry names"));
    let kept = start.house.gateway.store.tokens_kept_out(&lost.intent.network_id, &lost.intent.from);
    assert_eq!(kept.await.unwrap(), [build(7).token]);
    assert_eq!(start.house.gateway.store.payout(lost.intent.cid).await.unwrap(), None);
}

#[tokio::test]
async fn an_intent_of_another_digest_or_an_address_that_is_not_ours_is_kept_out() {
    for foreign_address in [false, true] {
        let start = Start::new().await;
        let mut lost = start.lost();
        if foreign_address {
            lost.intent.from = lost.intent.to.clone();
        }
        let other = start.lost_as(lost.intent.cid, "another").request().intent;
        let memory = Memory::of(1).with(&lost, None).altered(|paper| {
            if !foreign_address {
                paper.request.intent.clone_from(&other);
            }
        });
        let _one = memory.join(&start).await;
        start.until_compared(&[1]).await;
        let why = start.kept_out(&lost).await;
        let expected =
            if foreign_address { "none of the wallet's" } else { "not the one that the entry names" };
        assert!(why.contains(expected), "{why}");
    }
}

#[tokio::test]
async fn what_one_no_longer_keeps_another_brings() {
    let start = Start::new().await;
    let lost = start.lost();
    let _one = Memory::of(1).with_entry_only(&lost).join(&start).await;
    start.until_compared(&[1]).await;
    assert!(start.kept_out(&lost).await.contains("no longer keeps"));
    let _two = Memory::of(2).with(&lost, Some(SIGNATURE)).join(&start).await;
    start.until_compared(&[1, 2]).await;
    assert!(matches!(start.row(&lost).await.payout.state, State::Signed { .. }));
    let found = start.house.gateway.store.findings(start.restore().await.id).await.unwrap();
    assert_eq!((found[0].outcome, found[0].told_by.as_slice()), (Outcome::Adopted, [1, 2].as_slice()));
    assert!(
        start
            .house
            .gateway
            .store
            .tokens_kept_out(&lost.intent.network_id, &lost.intent.from)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_signature_that_is_not_this_wallets_leaves_the_payout_to_be_signed_anew() {
    let start = Start::new().await;
    let lost = start.lost();
    let wrong = SIGNATURE.replacen("6c", "6d", 1);
    let _one = Memory::of(1).with(&lost, Some(&wrong)).join(&start).await;
    start.until_compared(&[1]).await;
    assert!(matches!(start.row(&lost).await.payout.state, State::Signing { .. }));
}

#[tokio::test]
async fn a_second_request_of_the_caller_gives_the_number_back_to_the_first() {
    let start = Start::new().await;
    let first = start.lost();
    let second = start.lost_as(start.house.gateway.store.mint_cid(crate::clock::now()), "lost-1");
    let (intent, url) = (second.intent.clone(), "https://caller.example/payout".to_owned());
    let change = |fresh: &mut Intent| *fresh = intent;
    start.house.accept_with(Requirement::Nobody, Screening::None, change, Some(url), Call::V2).await;
    let _one = Memory::of(1).with(&first, Some(SIGNATURE)).join(&start).await;
    start.until_compared(&[1]).await;
    assert!(matches!(start.row(&first).await.payout.state, State::Signed { .. }));
    let ended = start.row(&second).await;
    let by = Withdrawal::Displaced { by: first.intent.cid };
    assert_eq!((ended.status, ended.payout.state), (Status::Withdrawn, State::Withdrawn { by }));
    assert_eq!(start.house.gateway.store.callback(second.intent.cid).await.unwrap(), None);
    // Where to tell comes from the second: its caller hears of the first.
    assert!(ended.terms.callback_url.is_some());
    assert_eq!(start.row(&first).await.terms, ended.terms);
    let found = start
        .house
        .gateway
        .store
        .payout_by_business_number(first.intent.project, &first.intent.third_party_id);
    assert_eq!(found.await.unwrap().unwrap().cid(), first.intent.cid);
}

#[tokio::test]
async fn a_payout_of_the_copy_that_holds_the_token_has_ended_when_it_was_given_away() {
    for signing in [false, true] {
        let start = Start::new().await;
        let lost = start.lost();
        let holder = start.lost_as(start.house.gateway.store.mint_cid(crate::clock::now()), "holder");
        let row = start.stored(&holder, Requirement::Nobody).await;
        let row = start.house.happen(&row, Event::Built { build: build(7) }).await;
        if signing {
            start.house.happen(&row, Event::SigningStarted).await;
        }
        let _one = Memory::of(1).with(&lost, Some(SIGNATURE)).join(&start).await;
        start.until_compared(&[1]).await;
        assert!(matches!(start.row(&lost).await.payout.state, State::Signed { .. }));
        let expected = if signing { Status::SignatureRejected } else { Status::ApprovalRejected };
        assert_eq!(start.row(&holder).await.status, expected);
    }
}

#[tokio::test]
async fn a_payout_that_ended_here_is_not_brought_back_to_life() {
    let start = Start::new().await;
    let lost = start.lost();
    let row = start.stored(&lost, Requirement::Nobody).await;
    let by = payout::life::Withdrawal::Principal { by: crate::engine::tests::house::name("dora") };
    start.house.happen(&row, Event::Withdrawn { by }).await;
    let _one = Memory::of(1).with(&lost, Some(SIGNATURE)).join(&start).await;
    start.until_compared(&[1]).await;
    assert_eq!(start.row(&lost).await.status, Status::Withdrawn);
    assert!(start.kept_out(&lost).await.contains("look on chain"));
}

#[tokio::test]
async fn a_cosigner_whose_journal_ends_before_what_it_told_once_is_not_counted() {
    let start = Start::new().await;
    start.house.gateway.store.remember_head(1, 9, crate::clock::now()).await.unwrap();
    let lost = start.lost();
    let _one = Memory::of(1).with(&lost, None).join(&start).await;
    let _two = Memory::of(2).join(&start).await;
    start.until_compared(&[2]).await;
    moment().await;
    assert_eq!(start.house.gateway.gate.compared().len(), 1);
}

#[tokio::test]
async fn a_doubt_that_comes_to_nothing_ends_by_itself() {
    let start = Start::new().await;
    let gateway = &start.house.gateway;
    let restore =
        gateway.store.open_restore("counts differ".to_owned(), None, crate::clock::now()).await.unwrap();
    gateway.gate.note_restore(restore);
    assert!(gateway.gate.may_decide().is_err());
    let _one = Memory::of(1).join(&start).await;
    start.until_compared(&[1]).await;
    assert!(gateway.gate.may_decide().is_err(), "one of two is not enough");
    let _two = Memory::of(2).join(&start).await;
    start.until("it is open", async || gateway.gate.may_sign().is_ok()).await;
    assert_eq!(gateway.store.newest_restore().await.unwrap().unwrap().state, RestoreState::Open);
}
