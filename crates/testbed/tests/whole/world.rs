//! A running deployment for one test, and what tests do with it again and again.

use std::time::{Duration, Instant};

use gateway::operator::payouts::why::Why;
use payout::ids::Cid;
use serde_json::Value;
use tempfile::TempDir;
use testbed::anvil::Pace;
use testbed::demo::Stage;
use testbed::demo::payment::Money;
use testbed::deployment::cast::OPERATOR;
use testbed::deployment::{Deployment, Plan};
use testbed::people::Person;
use testbed::vendor::{Order, Reply, Vendor};

use crate::fixture;

/// How long anything that should happen may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running deployment.
pub(crate) struct World {
    /// Deployment, receiver of callbacks, payout address.
    pub(crate) stage: Stage,
    _folder: TempDir,
}

/// A test's deployment: blocks come fast.
pub(crate) fn plan(threshold: u8, cosigners: u8) -> Plan {
    Plan { pace: Pace::Quarter, ..Plan::test(threshold, cosigners) }
}

impl World {
    /// Two of three, running, its wallet funded.
    pub(crate) async fn start() -> Self {
        Self::start_with(plan(2, 3)).await
    }

    /// Another size, running, its wallet funded.
    pub(crate) async fn start_with(plan: Plan) -> Self {
        let mut world = Self::asleep(plan).await;
        world.stage.deployment.start().await.unwrap();
        world.fund().await;
        world
    }

    /// Its chain runs, and nothing else.
    pub(crate) async fn asleep(plan: Plan) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let (folder, from) = fixture::copy(plan, &temporary.path().join("deployment")).await;
        let deployment = Deployment::open(folder, plan).await.unwrap();
        let stage = Stage::of(deployment, from).await.unwrap();
        Self { stage, _folder: temporary }
    }

    /// Fills the wallet.
    pub(crate) async fn fund(&self) {
        self.stage.deployment.fund(&self.stage.from).await.unwrap();
    }

    /// A caller of the payout API.
    pub(crate) fn vendor(&self) -> Vendor {
        self.stage.deployment.vendor().unwrap()
    }

    /// Somebody of the cast.
    pub(crate) fn person(&self, name: &str) -> Person {
        self.stage.deployment.person(name).unwrap()
    }

    /// The native coin.
    pub(crate) fn ether(&self) -> Money {
        self.stage.coin("Ethereum")
    }

    /// An order in the native coin, to an address that nobody has used.
    pub(crate) fn order(&self, amount: &str) -> Order {
        self.stage.order(&self.ether(), amount)
    }

    /// Asks for a payout that is accepted: its number.
    pub(crate) async fn accepted(&self, order: &Order) -> i64 {
        let reply = self.vendor().payout(order).await.unwrap();
        assert_eq!((reply.code.as_str(), reply.msg.as_str()), ("00000", "ok"), "{order:?}");
        reply.cid().unwrap()
    }

    /// What the query says of a payout.
    pub(crate) async fn query(&self, cid: i64) -> Value {
        let Reply { code, msg, data } = self.vendor().query(cid).await.unwrap();
        assert_eq!((code.as_str(), msg.as_str()), ("00000", "ok"));
        data
    }

    /// A payout's status.
    pub(crate) async fn status(&self, cid: i64) -> i64 {
        self.query(cid).await["status"].as_i64().unwrap()
    }

    /// Waits until a payout has one of these statuses.
    pub(crate) async fn reaches(&self, cid: i64, statuses: &[i64]) -> i64 {
        self.reaches_within(cid, statuses, PATIENCE).await
    }

    /// Waits until a payout has one of these statuses, at most so long.
    pub(crate) async fn reaches_within(&self, cid: i64, statuses: &[i64], patience: Duration) -> i64 {
        let start = Instant::now();
        loop {
            let status = self.status(cid).await;
            if statuses.contains(&status) {
                return status;
            }
            if start.elapsed() >= patience {
                let why = self.why(cid).await;
                panic!("payout {cid} is at {status}, not at {statuses:?}: {why:#?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Why a payout is where it is.
    pub(crate) async fn why(&self, cid: i64) -> Why {
        let watcher = self.person(OPERATOR);
        watcher.client().why(Cid::new(cid).unwrap()).await.unwrap()
    }

    /// Waits until a payout says that it waits for a reason with these words.
    pub(crate) async fn waits_for(&self, cid: i64, words: &str) -> String {
        let start = Instant::now();
        loop {
            let why = self.why(cid).await;
            let reason = why.wait.as_ref().map(|wait| wait.reason.clone()).unwrap_or_default();
            if reason.contains(words) {
                return reason;
            }
            assert!(start.elapsed() < PATIENCE, "payout {cid} does not wait for {words:?}: {why:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The one callback of a payout that has ended; checked, and sent once.
    pub(crate) async fn told(&self, cid: i64) -> i64 {
        let first = self.stage.receiver.wait(cid, PATIENCE).await;
        let first = first.unwrap_or_else(|| panic!("payout {cid} has no callback"));
        assert_eq!(first.faults, Vec::<String>::new());
        first.status().unwrap()
    }

    /// Lets a block come every so many seconds; none for 0.
    pub(crate) async fn blocks_every(&self, seconds: u64) {
        let rpc = self.stage.deployment.anvil().rpc();
        rpc.ask("evm_setIntervalMining", serde_json::json!([seconds])).await.unwrap();
    }

    /// The balance of an address in token units.
    pub(crate) async fn balance(&self, coin: &Money, owner: &str) -> String {
        self.stage.balance(coin, owner).await.unwrap().to_decimal(coin.decimals)
    }
}
