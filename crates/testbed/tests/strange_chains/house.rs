//! A deployment whose gateway asks two nodes, and what these tests do with it again and again.

use std::time::{Duration, Instant};

use testbed::crash::proof;
use testbed::demo::payment::Money;
use testbed::deployment::{Nodes, Plan, Tuning};
use testbed::ledgers::{Chains, Ledgers};
use testbed::proxy::{Fault, Proxy};
use testbed::vendor::Order;

use crate::world::{World, plan};

/// Long enough for a status or a callback that should not come: several looks at the chain, with blocks four times a
/// second.
const SILENCE: Duration = Duration::from_secs(3);
/// Blocks after which one of TRON's is solidified that is not the first.
const SOLID: usize = 4;
/// The statuses that nothing follows.
const ENDS: [i64; 5] = [2, 3, 4, 6, 7];

/// Two nodes that see the same chain.
pub(crate) struct House {
    pub(crate) world: World,
    pub(crate) one: Proxy,
    pub(crate) two: Proxy,
}

/// A payout under way.
pub(crate) struct Sent {
    pub(crate) order: Order,
    pub(crate) coin: Money,
    pub(crate) cid: i64,
}

impl House {
    /// Running, both nodes honest, the wallet funded.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with these faults of both nodes from the beginning.
    pub(crate) async fn start_with(faults: &[Fault]) -> Self {
        Self::start_as(plan(2, 3), faults).await
    }

    /// The same with the stand-ins for other chains, two of whose nodes must agree as well.
    pub(crate) async fn start_on_all_chains() -> Self {
        Self::start_on_all_chains_with(Tuning::DEFAULT).await
    }

    /// The same with other numbers.
    pub(crate) async fn start_on_all_chains_with(tuning: Tuning) -> Self {
        let tuning = Tuning { ledger_witnesses: 2, ..tuning };
        let house = Self::start_as(Plan { chains: Chains::All, tuning, ..plan(2, 3) }, &[]).await;
        // TRON's first block can be referred to by nobody; tests stop its chain as soon as they run.
        house.ledgers().tron.close(SOLID).await.unwrap();
        house
    }

    async fn start_as(plan: Plan, faults: &[Fault]) -> Self {
        let mut world = World::asleep(plan).await;
        let chain = world.stage.deployment.anvil().url().to_owned();
        let (one, two) = (Proxy::start(&chain).await.unwrap(), Proxy::start(&chain).await.unwrap());
        let house = [&one, &two];
        house.iter().for_each(|node| node.behave(faults));
        let urls = house.map(Proxy::url).to_vec();
        world.stage.deployment.use_nodes(Nodes { urls, witnesses: 2 });
        world.stage.deployment.start().await.unwrap();
        world.fund().await;
        Self { world, one, two }
    }

    /// Both nodes have these faults.
    pub(crate) fn both(&self, faults: &[Fault]) {
        self.one.behave(faults);
        self.two.behave(faults);
    }

    /// Both nodes are honest.
    pub(crate) fn recover(&self) {
        self.one.recover();
        self.two.recover();
    }

    /// A payout of the native coin by the automatic rule.
    pub(crate) async fn sends(&self) -> Sent {
        self.sends_of("Ethereum", "0.1").await
    }

    /// The same of another coin.
    pub(crate) async fn sends_of(&self, coin: &str, amount: &str) -> Sent {
        let coin = self.world.stage.coin(coin);
        let order = self.world.stage.order(&coin, amount);
        let cid = self.world.accepted(&order).await;
        Sent { order, coin, cid }
    }

    /// It says what it waits for, in these words among others, and stays without an end and a callback.
    pub(crate) async fn holds(&self, sent: &Sent, words: &str) -> String {
        let reason = self.world.waits_for(sent.cid, words).await;
        self.is_silent(sent).await;
        reason
    }

    /// For a while there is no end, and no callback.
    pub(crate) async fn is_silent(&self, sent: &Sent) {
        let start = Instant::now();
        while start.elapsed() < SILENCE {
            let status = self.world.status(sent.cid).await;
            if ENDS.contains(&status) {
                panic!("it ended at {status}: {:#?}", self.world.why(sent.cid).await);
            }
            assert!(self.world.stage.receiver.of(sent.cid).is_empty(), "a callback of no end");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// It is paid: once, and its caller is told so.
    pub(crate) async fn is_paid(&self, sent: &Sent) {
        self.world.reaches(sent.cid, &ENDS).await;
        assert_eq!(self.world.status(sent.cid).await, 6, "{:#?}", self.world.why(sent.cid).await);
        assert_eq!(self.world.told(sent.cid).await, 6);
        assert_eq!(self.world.balance(&sent.coin, &sent.order.to).await, sent.order.amount);
    }

    /// It has failed: nothing arrived, and its caller is told so.
    pub(crate) async fn has_failed(&self, sent: &Sent) {
        self.world.reaches(sent.cid, &ENDS).await;
        assert_eq!(self.world.status(sent.cid).await, 7, "{:#?}", self.world.why(sent.cid).await);
        assert_eq!(self.world.told(sent.cid).await, 7);
        assert_eq!(self.world.balance(&sent.coin, &sent.order.to).await, "0");
    }

    /// So many transactions have left the wallet, ever, on all chains together.
    pub(crate) async fn has_sent(&self, transactions: u64) {
        assert_eq!(proof::sent(&self.world.stage).await.unwrap(), transactions);
    }

    /// The stand-ins for the other chains.
    pub(crate) fn ledgers(&self) -> &Ledgers {
        self.world.stage.deployment.ledgers().unwrap()
    }

    /// The id of the transaction that was signed for it.
    pub(crate) async fn txid(&self, sent: &Sent) -> String {
        self.world.reaches(sent.cid, &[1]).await;
        self.world.query(sent.cid).await["txid"].as_str().unwrap().to_owned()
    }
}
