//! Orders about payouts that are stuck.

use payout::approval::Act;
use payout::ids::{Cid, Digest, PrincipalId};
use payout::intent::{Intent, Kind};
use payout::life::{Build, Cause, Event, Happened, SignedTx, Status, Step, Token};
use payout::money::Amount;
use store::{Advance, TokenTake};

use super::applications::{open_project, settings};
use super::house::{House, name, refused};
use super::maintenance::tickets;
use crate::accept::remedy::Remedy;
use crate::clock;

fn build() -> Build {
    Build {
        token: Token::new("nonce:4".to_owned()),
        unsigned: vec![4],
        signing_digest: Digest::from_bytes([4; 32]),
        max_fee: Amount::from_u128(21),
    }
}

async fn happen(house: &House, cid: Cid, events: Vec<Event>) {
    let now = clock::now();
    let row = house.gateway.store.payout(cid).await.unwrap().unwrap();
    let intent = &row.payout.intent;
    let builds = events.iter().any(|event| matches!(event, Event::Built { .. }));
    let take = builds.then(|| TokenTake {
        network_id: intent.network_id.clone(),
        from: intent.from.clone(),
        token: build().token,
        intent: row.digest,
    });
    let happened = |event| Happened { event, cause: Cause::Engine(Step::Sign), at: now };
    let advance = Advance {
        cid,
        version: row.version,
        happened: events.into_iter().map(happened).collect(),
        take,
        acts: Vec::new(),
        wait: None,
        due_at: None,
        now,
    };
    house.gateway.store.advance(advance).await.unwrap();
}

/// A payout that was sent with nonce 4.
async fn sent(house: &House) -> Cid {
    let cid = house.accept().await;
    send(house, cid).await;
    cid
}

/// It is approved and sent with nonce 4.
async fn send(house: &House, cid: Cid) {
    let tx = SignedTx { build: build(), signed: vec![4, 1], txid: "0x04".to_owned() };
    let by: PrincipalId = name("paula");
    let events = vec![
        Event::ApprovalComplete { by },
        Event::Built { build: build() },
        Event::SigningStarted,
        Event::Signed { tx },
        Event::Broadcast,
    ];
    happen(house, cid, events).await;
}

fn raise(cap: &str) -> Remedy {
    Remedy::RaiseCap { cap: cap.to_owned() }
}

fn read(text: &str) -> Intent {
    payout::canonical::parse(text).unwrap()
}

#[tokio::test]
async fn a_void_is_a_payout_of_its_own_that_its_rule_has_people_approve() {
    let house = House::new().await;
    let target = sent(&house).await;
    let oscar = house.client("oscar");
    let of = oscar.payout(target).await.unwrap();
    let order = Remedy::Void { cap: None };
    let drafted = read(&oscar.draft_remedy(target, &order).await.unwrap().intent);
    assert_eq!((drafted.kind, drafted.target), (Kind::Void, Some(of.digest)));
    assert_eq!(drafted.third_party_id.as_str(), format!("void-{}", drafted.cid));
    assert_eq!(drafted.fee_cap, Amount::from_u128(20_000_000_000_000_000), "as much as the rules allow");
    let cid = oscar.order_remedy(target, order, &drafted).await.unwrap().cid;
    assert!(cid != target);
    let sheet = oscar.payout(cid).await.unwrap();
    assert_eq!((sheet.status, sheet.progress.missing), (0, 2));
    assert_eq!(sheet.terms.callback_url, None, "the payout's caller is told of the payout");
    assert_eq!(oscar.payout(target).await.unwrap().related, [cid]);
    for who in ["paula", "paul"] {
        let client = house.client(who);
        client.act(cid, &client.sign_act(Act::Approve, sheet.digest).unwrap()).await.unwrap();
    }
    assert_eq!(oscar.payout(cid).await.unwrap().status, 5);
    assert_eq!(oscar.payout(target).await.unwrap().status, 1, "what it is about is where it was");
}

#[tokio::test]
async fn a_raised_cap_is_the_same_payment_and_stays_within_the_rules() {
    let house = House::new().await;
    let target = sent(&house).await;
    let oscar = house.client("oscar");
    let of = read(&oscar.payout(target).await.unwrap().intent);
    let drafted = read(&oscar.draft_remedy(target, &raise("0.02")).await.unwrap().intent);
    let same = Intent {
        kind: of.kind,
        cid: of.cid,
        third_party_id: of.third_party_id.clone(),
        fee_cap: of.fee_cap,
        rule: of.rule.clone(),
        applicant: None,
        target: None,
        created: of.created,
        expiry: of.expiry,
        ..drafted.clone()
    };
    assert_eq!(same, of, "nothing else differs");
    for (cap, why) in [("0.01", "above the payout's cap"), ("0.021", "over the 0.02 ETH"), ("much", "no fee")]
    {
        let (status, words) = refused(oscar.draft_remedy(target, &raise(cap)).await);
        assert_eq!(status, 400);
        assert!(words.contains(why), "{words}");
    }
    // Somebody in between who allows another cap than was signed for gets nothing.
    assert_eq!(refused(oscar.order_remedy(target, raise("0.015"), &drafted).await).0, 409);
    let dearer = Intent { fee_cap: Amount::from_u128(21_000_000_000_000_000), ..drafted.clone() };
    assert_eq!(refused(oscar.order_remedy(target, raise("0.02"), &dearer).await).0, 409);
    let elsewhere = Intent { to: drafted.from.clone(), ..drafted.clone() };
    assert_eq!(refused(oscar.order_remedy(target, raise("0.02"), &elsewhere).await).0, 409);
    let cid = oscar.order_remedy(target, raise("0.02"), &drafted).await.unwrap().cid;
    assert_eq!(oscar.payout(cid).await.unwrap().status, 0);
}

#[tokio::test]
async fn only_what_may_have_been_signed_can_be_voided_or_raised() {
    let house = House::new().await;
    let (oscar, void) = (house.client("oscar"), Remedy::Void { cap: None });
    let waiting = house.accept().await;
    let (status, words) = refused(oscar.draft_remedy(waiting, &void).await);
    assert_eq!(status, 409);
    assert!(words.contains(&format!("bursar payout withdraw {waiting}")), "{words}");
    assert_eq!(refused(oscar.draft_remedy(Cid::new(5).unwrap(), &void).await).0, 404);

    let target = sent(&house).await;
    let drafted = read(&oscar.draft_remedy(target, &void).await.unwrap().intent);
    let cid = oscar.order_remedy(target, void.clone(), &drafted).await.unwrap().cid;
    assert!(refused(oscar.draft_remedy(cid, &void).await).1.contains("is a void itself"));
    let late = read(&oscar.draft_remedy(target, &raise("0.02")).await.unwrap().intent);
    let block = crate::engine::tests::house::block();
    happen(&house, target, vec![Event::Succeeded { txid: "0x04".to_owned(), block }]).await;
    let (status, words) = refused(oscar.order_remedy(target, raise("0.02"), &late).await);
    assert_eq!(status, 409);
    assert!(words.contains("was paid by 0x04"), "{words}");
    assert_eq!(house.gateway.store.payout(target).await.unwrap().unwrap().status, Status::Succeeded);
}

#[tokio::test]
async fn a_refused_payout_that_keeps_its_token_can_be_voided_and_not_paid() {
    let house = House::new().await;
    let target = house.accept().await;
    let by = name("paula");
    let built = Event::Built { build: build() };
    happen(&house, target, vec![Event::ApprovalComplete { by }, built, Event::SigningStarted]).await;
    let oscar = house.client("oscar");
    let (_, words) = refused(oscar.draft_remedy(target, &raise("0.02")).await);
    assert!(words.contains("no signature of payout"), "{words}");
    let void = Remedy::Void { cap: Some("0.001".to_owned()) };
    let drafted = read(&oscar.draft_remedy(target, &void).await.unwrap().intent);
    oscar.order_remedy(target, void.clone(), &drafted).await.unwrap();
    // The order keeps the token with it: whatever spends it may land.
    happen(&house, target, vec![Event::SignatureRefused { why: "never".to_owned() }]).await;
    assert!(oscar.draft_remedy(target, &void).await.is_ok());
    assert!(refused(oscar.draft_remedy(target, &raise("0.02")).await).1.contains("ended unsigned"));
}

#[tokio::test]
async fn a_stuck_operation_of_a_wallet_can_be_voided_and_is_ordered_anew_in_place_of_a_higher_cap() {
    let house = House::new().await;
    open_project(&house, settings()).await;
    let oscar = house.client("oscar");
    let drafted = read(&oscar.draft_maintenance(&tickets("10")).await.unwrap().intent);
    let target = oscar.order_maintenance(tickets("10"), &drafted).await.unwrap().cid;
    send(&house, target).await;
    let void = Remedy::Void { cap: None };
    let intent = read(&oscar.draft_remedy(target, &void).await.unwrap().intent);
    assert_eq!(
        (intent.kind, intent.target, intent.contradiction()),
        (Kind::Void, Some(drafted.digest()), None)
    );
    oscar.order_remedy(target, void, &intent).await.unwrap();
    let (status, words) = refused(oscar.draft_remedy(target, &raise("0.001")).await);
    assert_eq!(status, 409);
    assert!(words.contains("is a maintenance: void it, and order it anew"), "{words}");
}

#[tokio::test]
async fn an_order_that_no_rule_is_for_is_refused() {
    let house = House::new().await;
    let target = sent(&house).await;
    assert_eq!(refused(house.client("vera").draft_remedy(target, &raise("0.02")).await).0, 403);
    assert_eq!(refused(house.client("shop").draft_remedy(target, &raise("0.02")).await).0, 403);
}
