//! What these tests do again and again: copies, payouts, reports.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gateway::operator::restore::RestoreSheet;
use testbed::crash::proof;
use testbed::vendor::Order;

use crate::world::{PATIENCE, World};

/// A whole disk of the gateway's, as a snapshot of it keeps it: with the count of commits, which no backup is meant to
/// hold.
pub(crate) struct Snapshot {
    database: Vec<u8>,
    head: Vec<u8>,
}

/// A payout that was asked for.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) order: Order,
    pub(crate) cid: i64,
}

impl World {
    fn head_file(&self) -> PathBuf {
        let mut path = self.stage.deployment.folder().database().into_os_string();
        path.push(".head");
        path.into()
    }

    /// Copies the gateway's database while it runs.
    pub(crate) async fn copy_database(&self) -> PathBuf {
        self.stage.deployment.copy_database().await.unwrap()
    }

    /// Stops the gateway and puts the copy in the place of its database.
    pub(crate) async fn put_back(&mut self, copy: &Path) {
        self.stage.deployment.stop_gateway().await;
        self.stage.deployment.put_database_back(copy).await.unwrap();
    }

    /// Stops the gateway, copies its disk, and starts it again.
    pub(crate) async fn snapshot(&mut self) -> Snapshot {
        self.stage.deployment.stop_gateway().await;
        let database = std::fs::read(self.stage.deployment.folder().database()).unwrap();
        let head = std::fs::read(self.head_file()).unwrap();
        self.stage.deployment.start_gateway().await.unwrap();
        self.stage.deployment.wait_for_cosigners().await.unwrap();
        Snapshot { database, head }
    }

    /// Stops the gateway and brings its disk back to what it was.
    pub(crate) async fn roll_back(&mut self, snapshot: &Snapshot) {
        self.stage.deployment.stop_gateway().await;
        self.remove_database();
        std::fs::write(self.stage.deployment.folder().database(), &snapshot.database).unwrap();
        std::fs::write(self.head_file(), &snapshot.head).unwrap();
    }

    /// Removes the database and its logs, not what lies beside it.
    pub(crate) fn remove_database(&self) {
        let database = self.stage.deployment.folder().database();
        for suffix in ["", "-wal", "-shm"] {
            let mut path = database.clone().into_os_string();
            path.push(suffix);
            let _ = std::fs::remove_file(PathBuf::from(path));
        }
    }

    /// Starts a gateway that does not become ready by itself.
    pub(crate) async fn launch_gateway(&mut self) {
        self.stage.deployment.launch_gateway().unwrap();
        self.until("the operators' door is open", async |world| {
            let url = format!("{}/healthz", world.stage.deployment.doors().unwrap().operator_url());
            reqwest::get(url).await.is_ok_and(|reply| reply.status().is_success())
        })
        .await;
    }

    pub(crate) async fn until(&self, what: &str, mut look: impl AsyncFnMut(&Self) -> bool) {
        let start = Instant::now();
        while !look(self).await {
            assert!(start.elapsed() < PATIENCE, "{what}: it did not come to that");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for so many payouts, one after the other.
    pub(crate) async fn ask(&self, count: usize, amount: &str) -> Vec<Asked> {
        let mut asked = Vec::with_capacity(count);
        for _ in 0..count {
            let order = self.order(amount);
            let cid = self.accepted(&order).await;
            asked.push(Asked { order, cid });
        }
        asked
    }

    /// Pays so many, to their ends.
    pub(crate) async fn pay(&self, count: usize, amount: &str) -> Vec<Asked> {
        let asked = self.ask(count, amount).await;
        for Asked { cid, .. } in &asked {
            self.reaches(*cid, &[6]).await;
        }
        asked
    }

    /// Each of these was paid exactly once, and says so.
    pub(crate) async fn assert_paid_once(&self, asked: &[Asked]) {
        for Asked { order, cid } in asked {
            self.reaches(*cid, &[6]).await;
            let mut coins = self.stage.coins().into_iter();
            let coin = coins.find(|coin| coin.currency == order.currency).unwrap();
            assert_eq!(self.balance(&coin, &order.to).await, order.amount, "{order:?}");
        }
    }

    /// Asking for any of these again is E0009.
    pub(crate) async fn assert_numbers_taken(&self, asked: &[Asked]) {
        for Asked { order, .. } in asked {
            let reply = self.vendor().payout(order).await.unwrap();
            assert_eq!(reply.code, "E0009", "{order:?}: {reply:?}");
        }
    }

    /// How many transactions the wallet has sent, on all chains together.
    pub(crate) async fn sent(&self) -> u64 {
        proof::sent(&self.stage).await.unwrap()
    }

    /// The report.
    pub(crate) async fn report(&self) -> RestoreSheet {
        self.stage.deployment.restore_report().await.unwrap()
    }

    /// Waits until a restore is in this state.
    pub(crate) async fn until_restore_is(&self, state: &str) -> RestoreSheet {
        self.until(state, async |world| world.report().await.state == state).await;
        self.report().await
    }

    /// Both admins read the report and confirm.
    pub(crate) async fn confirm(&self) {
        self.stage.deployment.confirm_restore().await.unwrap();
        assert_eq!(self.report().await.state, "open");
    }

    /// A new payout goes all the way.
    pub(crate) async fn assert_pays(&self) {
        let paid = self.pay(1, "0.07").await;
        self.assert_paid_once(&paid).await;
    }
}
