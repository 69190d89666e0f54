//! Payments that the chain does not take because they offer too little: outbid on their own nonce under their cap, paid
//! under a cap that people raised, or voided so that those behind them go on.

// Clippy knows `#[test]` functions as tests, but not what they call.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

#[path = "whole/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "each test program uses its own part of it")]
#[path = "whole/world.rs"]
mod world;

use std::process::Command;
use std::time::Instant;

use gateway::accept::remedy::Remedy;
use payout::ids::Cid;
use payout::intent::Intent;
use serde_json::json;
use testbed::deployment::cast::{OPERATOR, TREASURY};
use testbed::deployment::{Plan, Tuning};
use testbed::vendor::Order;

use world::{PATIENCE, World, plan};

/// What the chain asks for per unit of gas, gwei: more than any offer that was made before, and under every cap.
const DEAR: u64 = 10;
/// Over the usual cap, and under one that people raise.
const TOO_DEAR: u64 = 500;

struct House {
    world: World,
}

/// A payout under way.
struct Sent {
    order: Order,
    cid: i64,
}

impl House {
    /// Running, funded; a higher offer is made after a second, and no block comes by itself.
    async fn start() -> Self {
        let tuning = Tuning { outbid_after_s: 1, ..Tuning::DEFAULT };
        let world = World::start_with(Plan { tuning, ..plan(2, 3) }).await;
        world.blocks_every(0).await;
        Self { world }
    }

    /// A payout of the native coin by the automatic rule, sent and in no block.
    async fn sends(&self) -> Sent {
        let order = self.world.order("0.1");
        let cid = self.world.accepted(&order).await;
        self.world.reaches(cid, &[1]).await;
        self.world.waits_for(cid, "not in a block").await;
        Sent { order, cid }
    }

    /// A block comes that is this dear, so that nothing cheaper is in it.
    async fn block_at(&self, gwei: u64) {
        let rpc = self.world.stage.deployment.anvil().rpc();
        let price = format!("{:#x}", gwei * 1_000_000_000);
        rpc.ask("anvil_setNextBlockBaseFeePerGas", json!([price])).await.unwrap();
        rpc.ask("evm_mine", json!([])).await.unwrap();
    }

    /// Blocks come again, cheap ones.
    async fn goes_on(&self) {
        self.block_at(0).await;
        self.world.blocks_every(1).await;
    }

    async fn transactions(&self) -> u64 {
        let anvil = self.world.stage.deployment.anvil();
        anvil.nonce(&self.world.stage.from).await.unwrap().saturating_to()
    }

    /// How often it was signed.
    async fn offers(&self, cid: i64) -> usize {
        let sheet = self.world.person(OPERATOR).read(cid).await.unwrap();
        let signed = |entry: &&payout::life::Entry| match &entry.record {
            payout::life::Record::Event(event) => matches!(**event, payout::life::Event::Signed { .. }),
            payout::life::Record::Accepted { .. } => false,
        };
        sheet.history.iter().filter(signed).count()
    }

    /// Waits until it was signed so often, and the newest was sent.
    async fn until_offers(&self, cid: i64, count: usize) {
        let start = Instant::now();
        while self.offers(cid).await < count {
            assert!(start.elapsed() < PATIENCE, "no higher offer: {:#?}", self.world.why(cid).await);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.world.waits_for(cid, "not in a block").await;
    }

    /// Somebody orders it, and one of the treasury approves: the order's number.
    async fn orders(&self, target: &Sent, order: Remedy) -> i64 {
        let (operator, number) = (self.world.person(OPERATOR), Cid::new(target.cid).unwrap());
        let draft = operator.client().draft_remedy(number, &order).await.unwrap();
        let intent: Intent = payout::canonical::parse(&draft.intent).unwrap();
        let cid = operator.client().order_remedy(number, order, &intent).await.unwrap().cid.get();
        self.world.waits_for(cid, "1 more of treasury must approve").await;
        self.world.person(TREASURY[0]).approve(cid).await.unwrap();
        cid
    }

    async fn ends(&self, cid: i64, status: i64) {
        self.world.reaches(cid, &[2, 3, 4, 6, 7]).await;
        assert_eq!(self.world.status(cid).await, status, "{:#?}", self.world.why(cid).await);
    }

    /// It is paid once, and its caller is told so once.
    async fn is_paid(&self, sent: &Sent) {
        self.ends(sent.cid, 6).await;
        assert_eq!(self.world.told(sent.cid).await, 6);
        assert_eq!(self.world.stage.receiver.of(sent.cid).len(), 1);
        assert_eq!(self.world.balance(&self.world.ether(), &sent.order.to).await, sent.order.amount);
    }
}

#[tokio::test]
async fn a_payment_that_offers_too_little_is_outbid_on_its_own_nonce_until_it_is_taken() {
    let house = House::start().await;
    let sent = house.sends().await;
    let first = house.world.query(sent.cid).await["txid"].as_str().unwrap().to_owned();
    house.block_at(DEAR).await;
    house.until_offers(sent.cid, 2).await;
    let second = house.world.query(sent.cid).await["txid"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    // It got dearer still.
    house.block_at(4 * DEAR).await;
    house.until_offers(sent.cid, 3).await;
    house.goes_on().await;
    house.is_paid(&sent).await;
    assert_eq!(house.transactions().await, 1, "one nonce for all offers");
    let why = house.world.why(sent.cid).await;
    assert!(why.fee.at_most.unwrap() <= why.fee.cap);
}

#[tokio::test]
async fn a_payment_over_its_cap_is_paid_once_people_have_raised_it_and_those_behind_it_go_on() {
    let house = House::start().await;
    let (stuck, behind) = (house.sends().await, house.sends().await);
    house.block_at(TOO_DEAR).await;
    let reason = house.world.waits_for(stuck.cid, "over its cap of 0.01").await;
    assert!(reason.contains("the chain asks for"), "{reason}");
    let reason = house.world.waits_for(behind.cid, &format!("payout {}", stuck.cid)).await;
    assert!(reason.contains("over its cap"), "its head's reason: {reason}");

    let why = house.world.why(stuck.cid).await;
    let raise = format!("bursar payout raise-cap {}", stuck.cid);
    assert!(why.next_actions.iter().any(|action| action.contains(&raise)), "{:?}", why.next_actions);
    assert_eq!((why.lane.position, why.lane.in_flight.len()), (Some(1), 2));
    let says: Vec<&str> = why.accounts.iter().map(|account| account.says.as_str()).collect();
    assert!(says.len() == 1 && says[0].ends_with("its count of this address is 0"), "{says:?}");

    let raise = house.orders(&stuck, Remedy::RaiseCap { cap: "0.05".to_owned() }).await;
    house.world.reaches(raise, &[1]).await;
    house.world.waits_for(stuck.cid, "pays it under a higher fee cap").await;
    house.block_at(TOO_DEAR).await;
    assert_eq!(house.transactions().await, 1, "the raised offer is in that block, and nothing cheaper");
    house.goes_on().await;
    house.is_paid(&stuck).await;
    house.ends(raise, 6).await;
    assert!(house.world.stage.receiver.of(raise).is_empty(), "the caller is told of the payout alone");
    house.is_paid(&behind).await;
    assert_eq!(house.transactions().await, 2);
}

#[tokio::test]
async fn a_void_ends_a_stuck_payout_dead_and_frees_its_lane() {
    let house = House::start().await;
    let (stuck, behind) = (house.sends().await, house.sends().await);
    house.block_at(TOO_DEAR).await;
    house.world.waits_for(stuck.cid, "over its cap").await;
    let void = house.orders(&stuck, Remedy::Void { cap: None }).await;
    house.world.reaches(void, &[1]).await;
    house.world.waits_for(stuck.cid, "voids it and is approved").await;
    let why = house.world.why(stuck.cid).await;
    assert_eq!(why.related.iter().map(|other| other.cid.get()).collect::<Vec<_>>(), [void]);
    house.block_at(TOO_DEAR).await;
    house.goes_on().await;
    house.ends(void, 6).await;
    house.ends(stuck.cid, 7).await;
    assert_eq!(house.world.told(stuck.cid).await, 7);
    assert_eq!(house.world.stage.receiver.of(stuck.cid).len(), 1);
    assert_eq!(house.world.balance(&house.world.ether(), &stuck.order.to).await, "0");
    house.is_paid(&behind).await;
    assert_eq!(house.transactions().await, 2, "the void and the one behind it");
}

#[tokio::test]
async fn a_void_that_comes_too_late_takes_nothing_back() {
    let house = House::start().await;
    let stuck = house.sends().await;
    house.block_at(TOO_DEAR).await;
    house.world.waits_for(stuck.cid, "over its cap").await;
    // Its price falls before anybody has signed the void.
    let (operator, number) = (house.world.person(OPERATOR), Cid::new(stuck.cid).unwrap());
    let order = Remedy::Void { cap: None };
    let draft = operator.client().draft_remedy(number, &order).await.unwrap();
    let intent: Intent = payout::canonical::parse(&draft.intent).unwrap();
    let void = operator.client().order_remedy(number, order, &intent).await.unwrap().cid.get();
    house.goes_on().await;
    house.is_paid(&stuck).await;
    house.world.person(TREASURY[0]).approve(void).await.unwrap();
    house.ends(void, 3).await;
    assert!(house.world.why(void).await.story.contains("was paid by"));
    assert_eq!(house.transactions().await, 1);
}

#[tokio::test]
async fn the_command_line_orders_a_void_and_names_who_approves_it() {
    let house = House::start().await;
    let stuck = house.sends().await;
    let deployment = &house.world.stage.deployment;
    let run = |words: &[&str]| {
        let folder = deployment.folder();
        let mut command = Command::new(testbed::place::program("bursar").unwrap());
        command
            .args(["--url", &deployment.doors().unwrap().operator_url(), "--genesis"])
            .arg(folder.genesis())
            .arg("--key")
            .arg(folder.key(OPERATOR))
            .arg("--passphrase-file")
            .arg(folder.passphrase())
            .args(words);
        let output = command.output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let number = stuck.cid.to_string();
    let (done, said) = run(&["payout", "raise-cap", &number, "--cap", "0.06", "--yes"]);
    assert!(!done && said.contains("over the 0.05 Ethereum that the rules allow"), "{said}");
    let (done, said) = run(&["payout", "void", &number, "--cap", "0.02", "--yes"]);
    assert!(done && said.contains(&format!("of payout {number} is ordered")), "{said}");
    let related = house.world.why(stuck.cid).await.related;
    let [void] = related.as_slice() else { panic!("{related:?}") };
    house.world.waits_for(void.cid.get(), "1 more of treasury must approve").await;
    let (done, said) = run(&["why", &void.cid.to_string()]);
    assert!(done && said.contains(&format!("bursar payout approve {}", void.cid)), "{said}");
}
