//! Pauses of an operator, freezes of an admin, and what becomes of bytes that are signed and not sent.
//!
//! A pause or a freeze stops what is not signed: nothing is built, and no co-signer is asked. It does not stop signed
//! bytes: whoever has them can send them, so they count as sent, and holding them back would only hide that.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::time::{Duration, Instant};

use gateway::client::ClientError;
use gateway::operator::freezes::FreezeReceipt;
use gateway::operator::pauses::{PauseLine, PauseOrder, Scope};
use payout::approval::{Freeze, FreezeOrder};
use payout::ids::{ProjectId, WalletId};
use payout::time::Millis;
use testbed::deployment::cast::{ADMINS, OPERATOR, PROJECT, SHOP, WALLET, principal};
use testbed::people::PersonError;
use testbed::proxy::Fault;
use testbed::vendor::now_ms;

use house::House;
use world::{PATIENCE, World};

#[path = "whole/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "strange_chains/house.rs"]
mod house;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "whole/world.rs"]
mod world;

/// A node that takes no bytes now, and says nothing of what became of any.
const BUSY: Fault = Fault::Refusing { message: "the pool is full" };

impl World {
    /// The operator pauses something for so long.
    async fn pauses(&self, scope: Scope, reason: &str, ms: i64) -> PauseLine {
        let operator = self.person(OPERATOR);
        let until = Millis::new(now_ms() + ms).unwrap();
        let order = PauseOrder { scope, reason: reason.to_owned(), until };
        operator.told(operator.client().pause(&order).await).unwrap()
    }

    async fn resumes(&self, pause: &PauseLine) {
        let operator = self.person(OPERATOR);
        operator.told(operator.client().resume(pause.id).await).unwrap();
    }

    /// An admin signs an order to freeze, or to go on.
    async fn orders(&self, admin: &str, order: Freeze) -> FreezeReceipt {
        // Two orders of one moment have no order among them.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let (person, key) = (self.person(admin), self.stage.deployment.cast().key(admin));
        let (deployment, now) =
            (self.stage.deployment.genesis().deployment(), Millis::new(now_ms()).unwrap());
        let signed =
            FreezeOrder::sign(&key, principal(admin), deployment, order, "a stolen laptop".to_owned(), now);
        person.told(person.client().freeze(&signed).await).unwrap()
    }

    /// Waits until so many co-signers say that they are frozen.
    async fn are_frozen(&self, cosigners: usize) {
        let (admin, start) = (self.person(ADMINS[0]), Instant::now());
        loop {
            let seats = admin.told(admin.client().cosigners().await).unwrap();
            if seats.iter().filter(|seat| seat.condition == "frozen").count() == cosigners {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{seats:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Lifts a freeze by the admins' quorum.
    async fn thaws(&self) {
        assert!(self.orders(ADMINS[0], Freeze::Lift).await.frozen, "one admin is no quorum");
        assert!(!self.orders(ADMINS[1], Freeze::Lift).await.frozen);
    }
}

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_pause_holds_what_is_in_its_scope_says_who_and_why_and_lets_it_go_when_lifted() {
    let house = House::start().await;
    let world = &house.world;
    let usdc = world.stage.coin("USDC-ERC20").currency;
    let scopes = [
        (Scope::Chain("60".parse().unwrap()), "chain 60"),
        (Scope::Coin(usdc.parse().unwrap()), "coin"),
        (Scope::Wallet(WalletId::new(WALLET).unwrap()), "wallet"),
        (Scope::Project(ProjectId::new(PROJECT).unwrap()), "project"),
    ];
    for (turn, (scope, words)) in scopes.into_iter().enumerate() {
        let pause = world.pauses(scope, "stocktaking", HOUR).await;
        let held = house.sends_of("USDC-ERC20", "0.5").await;
        let reason = world.waits_for(held.cid, "stocktaking").await;
        assert!(reason.contains(OPERATOR) && reason.contains(words), "{reason}");
        house.is_silent(&held).await;
        let why = world.why(held.cid).await;
        assert_eq!((why.status, why.token, why.pauses.len()), (5, None, 1));
        world.resumes(&pause).await;
        let lifted = Instant::now();
        house.is_paid(&held).await;
        assert!(lifted.elapsed() < PATIENCE / 4, "it goes on at once: {:?}", lifted.elapsed());
        house.has_sent(u64::try_from(turn).unwrap() + 1).await;
    }
}

#[tokio::test]
async fn a_pause_holds_nothing_outside_its_scope() {
    let house = House::start().await;
    let world = &house.world;
    let usdc = world.stage.coin("USDC-ERC20").currency;
    world.pauses(Scope::Coin(usdc.parse().unwrap()), "a depeg", HOUR).await;
    world.pauses(Scope::Chain("62".parse().unwrap()), "another chain", HOUR).await;
    world.pauses(Scope::Wallet(WalletId::new(WALLET + 1).unwrap()), "another wallet", HOUR).await;
    world.pauses(Scope::Project(ProjectId::new(PROJECT + 1).unwrap()), "another project", HOUR).await;
    let held = house.sends_of("USDC-ERC20", "0.5").await;
    // A payout that is held does not stand in the way of the same address's others.
    for coin in ["Ethereum", "USDT-ERC20"] {
        let sent = house.sends_of(coin, "0.5").await;
        house.is_paid(&sent).await;
    }
    house.holds(&held, "a depeg").await;
    house.has_sent(2).await;
}

#[tokio::test]
async fn a_pause_ends_by_itself_at_its_end() {
    let house = House::start().await;
    let world = &house.world;
    let pause = world.pauses(Scope::Chain("60".parse().unwrap()), "a short look", 5_000).await;
    let sent = house.sends().await;
    world.waits_for(sent.cid, "a short look").await;
    house.is_paid(&sent).await;
    assert!(now_ms() >= pause.until.get(), "not before its end");
    let operator = world.person(OPERATOR);
    assert!(operator.told(operator.client().pauses().await).unwrap().is_empty());
    // What has ended can't be lifted.
    assert!(operator.client().resume(pause.id).await.is_err());
}

#[tokio::test]
async fn of_two_pauses_the_last_to_be_lifted_counts() {
    let house = House::start().await;
    let world = &house.world;
    let chain = world.pauses(Scope::Chain("60".parse().unwrap()), "the first", HOUR).await;
    let wallet = world.pauses(Scope::Wallet(WalletId::new(WALLET).unwrap()), "the second", HOUR).await;
    let sent = house.sends().await;
    world.waits_for(sent.cid, "the first").await;
    world.resumes(&chain).await;
    house.holds(&sent, "the second").await;
    world.resumes(&wallet).await;
    house.is_paid(&sent).await;
}

#[tokio::test]
async fn a_pause_is_an_operators_act_with_a_reason_and_an_end() {
    let house = House::start().await;
    let world = &house.world;
    let scope = || Scope::Chain("60".parse().unwrap());
    let refused = async |name: &str, reason: &str, ms: i64| {
        let person = world.person(name);
        let order = PauseOrder {
            scope: scope(),
            reason: reason.to_owned(),
            until: Millis::new(now_ms() + ms).unwrap(),
        };
        match person.told(person.client().pause(&order).await) {
            Err(PersonError::Client { source: ClientError::Refused { fault, .. }, .. }) => fault.error,
            other => panic!("it was not refused: {other:?}"),
        }
    };
    refused(SHOP, "a reason", HOUR).await;
    refused(OPERATOR, " ", HOUR).await;
    refused(OPERATOR, "too late", -HOUR).await;
    refused(OPERATOR, "for ever", 31 * 24 * HOUR).await;
    let sent = house.sends().await;
    house.is_paid(&sent).await;
}

#[tokio::test]
async fn what_co_signers_were_asked_for_before_a_pause_is_not_asked_again_within_it() {
    let mut house = House::start().await;
    for index in 1..=3 {
        house.world.stage.deployment.cosigner(index).unwrap().freeze();
    }
    let sent = house.sends().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pause = house.world.pauses(Scope::Chain("60".parse().unwrap()), "an inquiry", HOUR).await;
    // Those that hang are gone before anybody can have signed.
    for index in 1..=3 {
        house.world.stage.deployment.kill_cosigner(index);
        house.world.stage.deployment.launch_cosigner(index).unwrap();
    }
    house.world.stage.deployment.wait_for_cosigners().await.unwrap();
    house.holds(&sent, "an inquiry").await;
    house.has_sent(0).await;
    house.world.resumes(&pause).await;
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn what_was_signed_before_a_pause_is_sent_within_it() {
    let house = House::start().await;
    house.both(&[BUSY]);
    let signed = house.sends().await;
    house.world.waits_for(signed.cid, "signed, but not sent").await;
    house.world.pauses(Scope::Chain("60".parse().unwrap()), "an inquiry", HOUR).await;
    let unsigned = house.sends().await;
    house.recover();
    house.is_paid(&signed).await;
    house.holds(&unsigned, "an inquiry").await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_freeze_holds_everything_unsigned_until_a_quorum_lifts_it() {
    let mut house = House::start().await;
    // One of them is away and is told when it comes.
    house.world.stage.deployment.kill_cosigner(3);
    let receipt = house.world.orders(ADMINS[0], Freeze::Freeze).await;
    assert!(receipt.frozen);
    assert_eq!(receipt.journaled_by.len(), 2, "{receipt:?}");
    house.world.stage.deployment.launch_cosigner(3).unwrap();
    house.world.are_frozen(3).await;
    house.world.stage.deployment.kill_cosigner(1);
    let sent = house.sends().await;
    // Now only a quorum with the one that was away could sign.
    let reason = house.holds(&sent, "froze").await;
    assert!(reason.contains("a stolen laptop"), "{reason}");
    assert_eq!(house.world.status(sent.cid).await, 5);
    house.world.stage.deployment.launch_cosigner(1).unwrap();
    house.world.are_frozen(3).await;
    house.world.orders(ADMINS[0], Freeze::Lift).await;
    house.is_silent(&sent).await;
    assert!(!house.world.orders(ADMINS[1], Freeze::Lift).await.frozen);
    house.is_paid(&sent).await;
    house.has_sent(1).await;
}

#[tokio::test]
async fn a_freeze_outlives_restarts_of_everybody() {
    let mut house = House::start().await;
    house.world.orders(ADMINS[1], Freeze::Freeze).await;
    house.world.stage.deployment.kill_gateway();
    for index in 1..=3 {
        house.world.stage.deployment.kill_cosigner(index);
    }
    house.world.stage.deployment.start_gateway().await.unwrap();
    for index in 1..=3 {
        house.world.stage.deployment.launch_cosigner(index).unwrap();
    }
    house.world.are_frozen(3).await;
    let sent = house.sends().await;
    house.holds(&sent, "froze").await;
    house.world.thaws().await;
    house.is_paid(&sent).await;
    // A second freeze needs lifts of its own.
    house.world.orders(ADMINS[0], Freeze::Freeze).await;
    let sent = house.sends().await;
    house.holds(&sent, "froze").await;
    house.world.thaws().await;
    house.is_paid(&sent).await;
}

#[tokio::test]
async fn what_was_signed_before_a_freeze_is_sent_while_it_is_in_force() {
    let house = House::start().await;
    house.both(&[BUSY]);
    let signed = house.sends().await;
    house.world.waits_for(signed.cid, "signed, but not sent").await;
    house.world.orders(ADMINS[0], Freeze::Freeze).await;
    let unsigned = house.sends().await;
    house.recover();
    house.is_paid(&signed).await;
    house.holds(&unsigned, "froze").await;
    house.has_sent(1).await;
    house.world.thaws().await;
    house.is_paid(&unsigned).await;
    house.has_sent(2).await;
}
