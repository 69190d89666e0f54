//! What is found, what is done with it, and who may sign again when.

use payout::approval::Act;
use payout::life::{Cause, Event, Record, State, Status, verify_history};
use payout::policy::{ChainName, Document, Nature, Principal, Role, SignedVersion};
use store::{Outcome, RestoreState};

use super::cosigner::{Memory, moment};
use super::{SIGNATURE, Start, TXID, bytes};
use crate::engine::tests::house::{act_of, key, name, two_of_treasury};
use crate::restore::Shut;

#[tokio::test]
async fn a_database_that_knows_everything_signs_as_soon_as_enough_cosigners_are_there_and_needs_nobody() {
    let start = Start::new().await;
    let lost = start.lost();
    let row = start.stored(&lost, payout::life::Requirement::Nobody).await;
    let build = payout::life::Build {
        token: payout::life::Token::new("nonce:7".to_owned()),
        ..crate::engine::tests::house::build(7)
    };
    start.house.happen(&row, Event::Built { build }).await;
    let gate = &start.house.gateway.gate;
    let _one = Memory::of(1).with(&lost, None).join(&start).await;
    start.until_compared(&[1]).await;
    assert!(matches!(gate.may_sign(), Err(Shut::Comparing { compared: 1, needed: 2 })));
    assert_eq!(gate.may_decide(), Ok(()), "accepting waits for nobody");
    let _three = Memory::of(3).join(&start).await;
    start.until_compared(&[1, 3]).await;
    assert_eq!(gate.may_sign(), Ok(()));
    assert_eq!(start.house.gateway.store.restore().await.unwrap(), None);
    let heads = start.house.gateway.store.journal_heads().await.unwrap();
    assert_eq!(heads[&1].0, 1, "the next start asks for what comes after");
}

#[tokio::test]
async fn a_payout_that_only_cosigners_know_is_stored_with_number_token_and_signed_bytes() {
    let start = Start::new().await;
    let lost = start.lost();
    let _one = Memory::of(1).with(&lost, Some(SIGNATURE)).join(&start).await;
    start.until_compared(&[1]).await;
    assert_eq!(start.restore().await.state, RestoreState::Importing);
    assert!(start.house.gateway.gate.may_decide().is_err(), "more may be unknown");
    let row = start.row(&lost).await;
    let State::Signed { tx, .. } = &row.payout.state else { panic!("{:?}", row.payout.state) };
    assert_eq!((tx.txid.as_str(), row.status), (TXID, Status::OnItsWay));
    assert_eq!((row.digest, &row.payout.intent), (lost.digest(), &lost.intent));
    assert_eq!(row.terms.callback_url, None, "where to was lost");
    let (network, from) = (&lost.intent.network_id, &lost.intent.from);
    let holder = start.house.gateway.store.intent_of_token(network, from, &tx.build.token).await.unwrap();
    assert_eq!(holder, Some(lost.digest()));
    let history = start.house.gateway.store.history(row.cid()).await.unwrap();
    assert_eq!(verify_history(row.cid(), &history).unwrap(), row.payout);
    assert!(history.iter().all(|entry| entry.cause == Cause::Import));
    assert!(matches!(history[0].record, Record::Accepted { .. }));
    // The caller's number is taken.
    let again =
        start.house.gateway.store.payout_by_business_number(lost.intent.project, &lost.intent.third_party_id);
    assert_eq!(again.await.unwrap().unwrap().cid(), row.cid());
}

#[tokio::test]
async fn after_a_discovery_signing_is_closed_until_admins_confirm_and_accepting_is_not() {
    let start = Start::new().await;
    let lost = start.lost();
    let gate = &start.house.gateway.gate;
    let _one = Memory::of(1).with(&lost, None).join(&start).await;
    let _two = Memory::of(2).with(&lost, None).join(&start).await;
    start.until_compared(&[1, 2]).await;
    start.until("the import has ended", async || gate.may_decide().is_ok()).await;
    assert!(matches!(gate.may_sign(), Err(Shut::Closed { .. })));
    assert!(matches!(start.row(&lost).await.payout.state, State::Signing { .. }));
    let restore = start.restore().await;
    assert_eq!(restore.state, RestoreState::Closed);
    let found = start.house.gateway.store.findings(restore.id).await.unwrap();
    assert_eq!((found.len(), found[0].outcome), (1, Outcome::Adopted));
    assert_eq!(found[0].told_by, [1, 2], "people count how many tell the same");
    // A co-signer that comes later and says the same changes nothing.
    let _three = Memory::of(3).with(&lost, None).join(&start).await;
    start.until_compared(&[1, 2, 3]).await;
    assert_eq!(start.restore().await.state, RestoreState::Closed);
}

#[tokio::test]
async fn a_payout_that_was_known_in_an_earlier_state_is_moved_on_with_its_approvals() {
    let start = Start::new().await;
    let lost = start.lost();
    let row = start.stored(&lost, two_of_treasury()).await;
    assert!(matches!(row.payout.state, State::Approving { .. }));
    let acts: Vec<_> = ["ann", "bob"].map(|who| act_of(who, Act::Approve, lost.digest())).into();
    let memory = Memory::of(1).with(&lost, None).altered(|paper| paper.request.acts = acts.clone());
    let _one = memory.join(&start).await;
    start.until_compared(&[1]).await;
    let moved = start.row(&lost).await;
    let State::Signing { build, .. } = &moved.payout.state else { panic!("{:?}", moved.payout.state) };
    assert_eq!(build.unsigned, bytes(super::UNSIGNED));
    assert_eq!(start.house.gateway.store.acts(moved.cid()).await.unwrap(), acts);
    let found = start.house.gateway.store.findings(start.restore().await.id).await.unwrap();
    assert_eq!(found[0].outcome, Outcome::MovedOn);
}

#[tokio::test]
async fn a_policy_version_that_only_cosigners_hold_is_in_force_again() {
    let start = Start::new().await;
    let before = start.house.gateway.policy();
    let mut people = before.people().clone();
    people.principals.push(Principal {
        id: name("fay"),
        nature: Nature::Person,
        roles: vec![Role::Viewer],
        keys: vec![key("fay").public()],
        projects: Vec::new(),
    });
    let mut version = SignedVersion {
        deployment: before.deployment(),
        chain: ChainName::People,
        version: 2,
        parent: before.heads().people.digest,
        document: Document::People(people).to_text(),
        signatures: Vec::new(),
    };
    version.sign(&key("eve"), name("eve"));
    let _one = Memory::of(1).with_policy(vec![version.clone()]).join(&start).await;
    let _two = Memory::of(2).with_policy(vec![version]).join(&start).await;
    start.until_compared(&[1, 2]).await;
    assert_eq!(start.house.gateway.policy().heads().people.version, 2);
    assert_eq!(start.house.gateway.store.policy_versions().await.unwrap().len(), 1);
    let gate = &start.house.gateway.gate;
    start.until("the import has ended", async || gate.may_decide().is_ok()).await;
    let restore = start.restore().await;
    assert_eq!((restore.state, restore.versions), (RestoreState::Closed, 1));
}

#[tokio::test]
async fn what_one_cosigner_tells_alone_when_enough_others_have_told_closes_nothing() {
    let start = Start::new().await;
    let _one = Memory::of(1).join(&start).await;
    let _two = Memory::of(2).join(&start).await;
    start.until_compared(&[1, 2]).await;
    let lost = start.lost();
    let _three = Memory::of(3).with(&lost, None).join(&start).await;
    start.until_compared(&[1, 2, 3]).await;
    assert_eq!(start.house.gateway.gate.may_sign(), Ok(()));
    assert_eq!(start.house.gateway.store.payout(lost.intent.cid).await.unwrap(), None);
}

#[tokio::test]
async fn a_cosigner_in_quarantine_tells_what_it_knows_and_does_not_count() {
    let start = Start::new().await;
    let lost = start.lost();
    let _one = Memory::of(1).with(&lost, None).quarantined().join(&start).await;
    start
        .until("it is found", async || {
            start.house.gateway.store.payout(lost.intent.cid).await.unwrap().is_some()
        })
        .await;
    moment().await;
    assert!(start.house.gateway.gate.compared().is_empty());
    assert_eq!(start.restore().await.state, RestoreState::Importing);
}

#[tokio::test]
async fn a_cosigner_of_the_version_before_is_not_asked_what_it_does_not_know() {
    let start = Start::new().await;
    let _one = Memory::of(1).of_protocol(1).join(&start).await;
    start.until_compared(&[1]).await;
    assert_eq!(start.house.gateway.hub.connected(), [1]);
}

#[tokio::test]
async fn a_cosigner_that_cannot_tell_does_not_count_when_the_database_may_be_an_old_copy() {
    let start = Start::new().await;
    let gateway = &start.house.gateway;
    let restore =
        gateway.store.open_restore("counts differ".to_owned(), None, crate::clock::now()).await.unwrap();
    gateway.gate.note_restore(restore);
    let _one = Memory::of(1).of_protocol(1).join(&start).await;
    let _two = Memory::of(2).join(&start).await;
    start.until_compared(&[2]).await;
    moment().await;
    assert_eq!(gateway.gate.compared().len(), 1);
    assert!(gateway.gate.may_decide().is_err());
}
