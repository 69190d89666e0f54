//! Payments that the chain does not take: higher offers, raised caps, voids, and what those behind them are told.

use std::num::NonZeroU8;

use payout::intent::Kind;
use payout::life::{Build, Death, Event, Requirement, Screening, SignedTx, State, Status, Token, Withdrawal};
use payout::money::Amount;
use store::{Call, Pause, PauseScope, PayoutRow};

use super::house::{House, Plans, block, build, name, signed_tx};
use crate::clock;
use crate::engine::{Next, broadcast, build as build_step, confirm, sign};
use crate::node::{Chance, Hold, Sighting, Standing};

fn too_low() -> Standing {
    Standing::TooLow { asks: Amount::from_u128(900), offers: Amount::from_u128(21) }
}

fn over_cap() -> Hold {
    Hold::FeeOverCap { fee: Amount::from_u128(1200), cap: Amount::from_u128(1000) }
}

fn spent_by(txid: &str) -> Sighting {
    Sighting::Dead(Death::TokenSpent { txid: txid.to_owned(), block: block() })
}

fn paid_by(txid: &str) -> Sighting {
    Sighting::Succeeded(Chance { txid: txid.to_owned(), block: block() })
}

impl House {
    fn sees(&self, sighting: Sighting) {
        self.road.sightings.lock().unwrap().push_back(Ok(sighting));
    }

    fn stands(&self, standing: Standing) {
        self.road.standings.lock().unwrap().push_back(standing);
    }

    async fn sign_newest(&self, row: &PayoutRow) -> PayoutRow {
        let row = self.row(row.cid()).await;
        let build = row.payout.state.build().unwrap().clone();
        let txid = format!("0x{}", hex::encode(&build.unsigned));
        let mut events = vec![Event::Signed { tx: SignedTx { signed: build.unsigned.clone(), build, txid } }];
        if matches!(row.payout.state, State::Built { .. }) {
            events.insert(0, Event::SigningStarted);
        }
        let mut row = row;
        for event in events {
            row = self.happen(&row, event).await;
        }
        assert_eq!(broadcast::step(&self.gateway, row.clone()).await.unwrap(), Next::Advanced);
        self.row(row.cid()).await
    }

    async fn confirm(&self, row: &PayoutRow) -> Next {
        let row = self.row(row.cid()).await;
        confirm::step(&self.gateway, row).await.unwrap()
    }

    async fn build(&self, row: &PayoutRow) -> Next {
        let row = self.row(row.cid()).await;
        build_step::step(&self.gateway, row).await.unwrap()
    }

    /// The status that its caller is told, if anybody is.
    async fn told(&self, row: &PayoutRow) -> Option<Status> {
        self.gateway.store.callback(row.cid()).await.unwrap().map(|callback| callback.status)
    }
}

#[tokio::test]
async fn an_offer_that_is_too_low_is_raised_on_its_own_token() {
    let house = House::new().await;
    let row = house.sent(3).await;
    house.stands(too_low());
    assert_eq!(house.confirm(&row).await, Next::Advanced);
    let raised = house.row(row.cid()).await;
    let State::Outbidding { build: newest, tx, earlier, .. } = &raised.payout.state else { panic!() };
    assert_eq!(newest.token, Token::new("nonce:3".to_owned()));
    assert_eq!((tx, earlier.len()), (&signed_tx(3), 0), "what was sent stays stored");
    let place = house.road.places.lock().unwrap().pop().unwrap();
    assert_eq!(place.rivals, [build(3)]);
    assert!(place.lane.taken.is_empty(), "itself is not in its own way");
    assert_eq!(
        raised.wait.unwrap().reason,
        "sent, not in a block: it offers 0.000000000000000021 ETH at most and the chain asks for 0.0000000000000009 ETH"
    );
    assert_eq!(raised.status, Status::OnItsWay);

    let sent = house.sign_newest(&row).await;
    let State::Sent { tx, earlier, .. } = &sent.payout.state else { panic!() };
    assert_eq!((tx.signed.as_slice(), earlier.as_slice()), (&[101][..], &[signed_tx(3)][..]));
    // Whichever of them lands, it is this payout that is paid, once.
    house.sees(paid_by("0x03"));
    assert_eq!(house.confirm(&row).await, Next::Advanced);
    assert_eq!(house.row(row.cid()).await.status, Status::Succeeded);
}

#[tokio::test]
async fn an_offer_over_the_cap_is_not_made_and_people_are_told_what_they_can_do() {
    let house = House::new().await;
    let row = house.sent(0).await;
    house.stands(too_low());
    house.road.rebuilds.lock().unwrap().push_back(Err(over_cap()));
    assert_eq!(house.confirm(&row).await, Next::Held);
    let held = house.row(row.cid()).await;
    assert!(matches!(held.payout.state, State::Sent { .. }));
    let wait = held.wait.unwrap();
    assert!(wait.reason.ends_with("over its cap of 0.000000000000001 ETH"), "{}", wait.reason);
    for command in ["raise-cap", "void"] {
        assert!(
            wait.next_action.contains(&format!("bursar payout {command} {}", row.cid())),
            "{}",
            wait.next_action
        );
    }
}

#[tokio::test]
async fn those_behind_a_stuck_payout_say_what_it_waits_for() {
    let house = House::new().await;
    let (head, behind) = (house.sent(0).await, house.sent(1).await);
    house.stands(too_low());
    house.road.rebuilds.lock().unwrap().push_back(Err(over_cap()));
    house.confirm(&head).await;
    house.stands(Standing::NotItsTurn { next: Token::new("nonce:0".to_owned()) });
    house.confirm(&behind).await;
    let reason = house.reason(&behind).await;
    assert!(reason.contains(&format!("payout {} at nonce:0: sent, not in a block", head.cid())), "{reason}");
    assert!(reason.contains("over its cap"), "{reason}");
    // Those that find the lane full are told the same.
    house.road.plans.lock().unwrap().push_back(Err(Hold::LaneFull { limit: 2 }));
    let waiting = house.queued().await;
    assert_eq!(house.build(&waiting).await, Next::Held);
    assert!(house.reason(&waiting).await.contains("over its cap"), "{}", house.reason(&waiting).await);
}

#[tokio::test]
async fn a_token_that_an_ended_payout_kept_is_named_with_the_command_that_spends_it() {
    let house = House::new().await;
    let refused = house.queued().await;
    let refused = house.happen(&refused, Event::Built { build: build(0) }).await;
    let refused = house.happen(&refused, Event::SigningStarted).await;
    // Somebody ordered a void meanwhile, so the token stays with it.
    let void = house.remedy(Kind::Void, &refused).await;
    house.happen(&refused, Event::SignatureRefused { why: "never".to_owned() }).await;
    let behind = house.sent(1).await;
    house.stands(Standing::NotItsTurn { next: Token::new("nonce:0".to_owned()) });
    house.confirm(&behind).await;
    let reason = house.reason(&behind).await;
    assert!(
        reason.contains(&format!("`bursar payout void {}` moves the lane on", refused.cid())),
        "{reason}"
    );
    // The void is built on it although its payout has ended.
    assert_eq!(house.build(&void).await, Next::Advanced);
    assert_eq!(house.row(void.cid()).await.payout.state.build().unwrap().token, build(0).token);
}

#[tokio::test]
async fn nothing_is_raised_before_its_time_or_within_a_pause() {
    let mut plans = Plans::default();
    plans.config.chain = vec![
        serde_json::from_value(serde_json::json!({
            "chain_id": "60", "nodes": ["http://127.0.0.1:1"], "outbid_after_s": 60,
        }))
        .unwrap(),
    ];
    assert_eq!(plans.config.chain[0].witnesses, None::<NonZeroU8>);
    let house = House::with(plans).await;
    let row = house.sent(0).await;
    house.stands(too_low());
    assert_eq!(house.confirm(&row).await, Next::Held);
    assert_eq!(house.road.standings.lock().unwrap().len(), 1, "nobody asked for the price");

    let house = House::new().await;
    let row = house.sent(0).await;
    let now = clock::now();
    let scope = PauseScope::Wallet(row.payout.intent.wallet);
    let pause = Pause { scope, reason: "audit".to_owned(), by: name("dora"), now, until: now.plus(60_000) };
    house.gateway.store.pause(pause).await.unwrap();
    house.stands(too_low());
    assert_eq!(house.confirm(&row).await, Next::Held);
    assert!(house.road.places.lock().unwrap().is_empty());
    assert!(house.reason(&row).await.contains("paused by dora: audit"));
}

#[tokio::test]
async fn a_void_spends_its_targets_token_and_the_target_ends_dead_and_is_told_once() {
    let house = House::new().await;
    let url = Some("http://127.0.0.1:9/".to_owned());
    let target = house.accept_with(Requirement::Nobody, Screening::None, |_| {}, url, Call::V2).await;
    let target = house.happen(&target, Event::Built { build: build(0) }).await;
    let target = house.sign_newest(&target).await;
    let void = house.remedy(Kind::Void, &target).await;
    assert_eq!(house.build(&void).await, Next::Advanced);
    let place = house.road.places.lock().unwrap().pop().unwrap();
    assert_eq!((place.token, place.rivals), (build(0).token, vec![build(0)]), "it outbids what was sent");
    assert_eq!(
        house.gateway.store.token_of(&void.digest).await.unwrap(),
        None,
        "it takes no token of its own"
    );
    let void = house.sign_newest(&void).await;

    // The payout makes no offers any more, and may still land.
    house.confirm(&target).await;
    let reason = house.reason(&target).await;
    assert!(reason.contains(&format!("payout {} voids it and is approved", void.cid())), "{reason}");
    house.sees(spent_by("0xvoid"));
    house.confirm(&target).await;
    house.sees(paid_by("0xvoid"));
    house.confirm(&void).await;
    assert_eq!(house.row(target.cid()).await.status, Status::Failed);
    assert_eq!(house.row(void.cid()).await.status, Status::Succeeded);
    assert_eq!((house.told(&target).await, house.told(&void).await), (Some(Status::Failed), None));
}

#[tokio::test]
async fn a_payout_that_lands_before_its_void_is_paid_and_the_void_is_dead() {
    let house = House::new().await;
    let target = house.sent(0).await;
    let void = house.remedy(Kind::Void, &target).await;
    house.build(&void).await;
    let void = house.sign_newest(&void).await;
    house.sees(paid_by("0x00"));
    house.confirm(&target).await;
    house.sees(spent_by("0x00"));
    house.confirm(&void).await;
    assert_eq!(house.row(target.cid()).await.status, Status::Succeeded);
    assert_eq!(house.row(void.cid()).await.status, Status::Failed);
}

#[tokio::test]
async fn an_order_about_a_payout_that_has_ended_is_taken_back_before_anybody_signs_it() {
    let house = House::new().await;
    let target = house.sent(0).await;
    let (early, late) =
        (house.remedy(Kind::Void, &target).await, house.remedy(Kind::RaiseCap, &target).await);
    house.build(&early).await;
    house.sees(paid_by("0x00"));
    house.confirm(&target).await;
    assert_eq!(house.build(&late).await, Next::Advanced);
    let withdrawn = house.row(late.cid()).await;
    assert_eq!(withdrawn.status, Status::Withdrawn);
    let State::Withdrawn { by: Withdrawal::TargetEnded { how } } = withdrawn.payout.state else { panic!() };
    assert!(how.contains("was paid by 0x00"), "{how}");
    // One that is built and waits, for co-signers say, ends at its next look.
    let built = house.row(early.cid()).await;
    assert!(matches!(built.payout.state, State::Built { .. }));
    let now = clock::now();
    crate::engine::record::hold(
        &house.gateway,
        &built,
        crate::engine::record::wait("no quorum", "none"),
        now,
    )
    .await
    .unwrap();
    let built = house.row(early.cid()).await;
    assert_eq!(sign::step(&house.gateway, built).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(early.cid()).await.status, Status::Withdrawn);
}

#[tokio::test]
async fn a_raised_cap_pays_the_same_payout_and_both_end_by_whatever_lands() {
    let house = House::new().await;
    let target = house.sent(0).await;
    let raise = house.remedy(Kind::RaiseCap, &target).await;
    assert_eq!(house.build(&raise).await, Next::Advanced);
    let raise = house.sign_newest(&raise).await;
    assert_eq!(raise.status, Status::OnItsWay);
    house.confirm(&target).await;
    assert!(house.reason(&target).await.contains("pays it under a higher fee cap"));
    for row in [&target, &raise] {
        house.sees(paid_by("0xraised"));
        house.confirm(row).await;
        let ended = house.row(row.cid()).await;
        assert_eq!((ended.status, ended.payout.state.txid()), (Status::Succeeded, Some("0xraised")));
    }
}

#[tokio::test]
async fn of_several_orders_the_youngest_void_makes_the_offers() {
    let house = House::new().await;
    let target = house.sent(0).await;
    let raise = house.remedy(Kind::RaiseCap, &target).await;
    let void = house.remedy(Kind::Void, &target).await;
    assert_eq!(house.build(&raise).await, Next::Held);
    assert!(house.reason(&raise).await.contains(&format!("payout {} voids it", void.cid())));
    let younger = house.remedy(Kind::Void, &target).await;
    assert_eq!(house.build(&void).await, Next::Held);
    assert_eq!(house.build(&younger).await, Next::Advanced);
    // Taken back, it leaves the lead to the one before it.
    let younger = house.row(younger.cid()).await;
    let by = Withdrawal::Principal { by: name("dora") };
    house.happen(&younger, Event::Withdrawn { by }).await;
    assert_eq!(house.build(&void).await, Next::Advanced);
}

#[tokio::test]
async fn a_payout_whose_signature_never_came_ends_when_its_void_is_final() {
    let house = House::new().await;
    let url = Some("http://127.0.0.1:9/".to_owned());
    let target = house.accept_with(Requirement::Nobody, Screening::None, |_| {}, url, Call::V2).await;
    let target = house.happen(&target, Event::Built { build: build(0) }).await;
    let target = house.happen(&target, Event::SigningStarted).await;
    let void = house.remedy(Kind::Void, &target).await;
    house.build(&void).await;
    house.sign_newest(&void).await;
    assert_eq!(sign::step(&house.gateway, target.clone()).await.unwrap(), Next::Held);
    assert!(house.reason(&target).await.contains("voids it and is approved"));
    house.sees(spent_by("0xvoid"));
    let row = house.row(target.cid()).await;
    assert_eq!(sign::step(&house.gateway, row).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(target.cid()).await.status, Status::Failed);
    assert_eq!(house.told(&target).await, Some(Status::Failed));
}

#[tokio::test]
async fn an_earlier_offer_that_lands_ends_the_payout_while_a_higher_one_waits_for_signatures() {
    let house = House::new().await;
    let row = house.sent(0).await;
    house.stands(too_low());
    house.confirm(&row).await;
    // No co-signer is here: it waits, and what was sent keeps its place.
    house.sees(Sighting::Missing);
    let outbidding = house.row(row.cid()).await;
    assert_eq!(sign::step(&house.gateway, outbidding).await.unwrap(), Next::Held);
    assert_eq!(*house.road.sent.lock().unwrap(), [vec![0, 1]]);
    house.sees(paid_by("0x00"));
    let outbidding = house.row(row.cid()).await;
    assert_eq!(outbidding.status, Status::OnItsWay);
    assert_eq!(sign::step(&house.gateway, outbidding).await.unwrap(), Next::Advanced);
    assert_eq!(house.row(row.cid()).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_lane_counts_what_is_on_a_token_at_its_worst() {
    let house = House::new().await;
    let target = house.sent(0).await;
    let raise = house.remedy(Kind::RaiseCap, &target).await;
    let dear = Build { max_fee: Amount::from_u128(4000), ..build(101) };
    let dear = Build { token: build(0).token, ..dear };
    house.road.rebuilds.lock().unwrap().push_back(Ok(crate::node::Plan { build: dear }));
    house.build(&raise).await;
    let next = house.queued().await;
    house.build(&next).await;
    let lane = house.road.lanes.lock().unwrap().pop().unwrap();
    assert_eq!(lane.taken.len(), 1);
    assert_eq!(
        (lane.taken[0].amount, lane.taken[0].max_fee),
        (target.payout.intent.amount, Amount::from_u128(4000))
    );
}
