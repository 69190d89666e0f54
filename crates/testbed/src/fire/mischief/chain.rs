//! What nodes do: reorganise, forget, restart, hang, lag and lie.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ANVIL, Mischief};
use crate::crash::rig::Rig;
use crate::fire::FireError;
use crate::proxy::{Fault, Lie};

/// After so long a node has made more blocks since its start than a reorganisation replaces.
const OWN_BLOCKS: Duration = Duration::from_secs(3);

/// What one node may do at a time: nothing of it may lead to a wrong end, since the other one is honest.
const FAULTS: [Fault; 13] = [
    Fault::Lagging { blocks: 3 },
    Fault::Lagging { blocks: 40 },
    Fault::Receipt(Lie::StatusFlipped),
    Fault::Receipt(Lie::BlockThatIsNone),
    Fault::Receipt(Lie::WithoutLogs),
    Fault::Receipt(Lie::OfAnother),
    Fault::OtherNetwork { id: 1 },
    Fault::AnswerLost,
    Fault::Dropping,
    Fault::Refusing { message: "nonce too low" },
    Fault::Nonsense,
    Fault::Hanging,
    Fault::Counts { off_by: -3 },
];
/// What all nodes may do at once.
const HARMLESS: [Fault; 4] = [Fault::AnswerLost, Fault::Nonsense, Fault::InternalError, Fault::Hanging];

impl Mischief {
    /// Replaces the newest blocks. Never those that are final: two blocks lie above them.
    pub(super) async fn reorganise(&mut self, rig: &Rig) {
        // A node that was restarted has no state of the blocks before: it can't go back to them, and would contradict itself.
        let restarted = self.restarted.is_some_and(|at| at.elapsed() < OWN_BLOCKS);
        if restarted || self.held_until.contains_key(ANVIL) {
            return;
        }
        let depth = 1 + self.dice.below(2);
        if rig.stage.deployment.anvil().rpc().ask("anvil_reorg", json!([depth, []])).await.is_ok() {
            self.note("reorganisations");
        }
    }

    /// Has the node forget transactions that wait for a block.
    pub(super) async fn drop_transactions(&mut self, rig: &Rig) {
        if self.held_until.contains_key(ANVIL) {
            return;
        }
        let rpc = rig.stage.deployment.anvil().rpc();
        // Blocks come fast: there may be none at this moment.
        for _ in 0..20 {
            let Ok(pool) = rpc.ask("txpool_content", json!([])).await else { return };
            let accounts = ["pending", "queued"].into_iter().filter_map(|kind| pool[kind].as_object());
            let waiting = accounts.flat_map(|accounts| accounts.values()).filter_map(|sent| sent.as_object());
            let hashes: Vec<String> = waiting
                .flat_map(|sent| sent.values())
                .filter_map(|transaction| transaction["hash"].as_str().map(str::to_owned))
                .collect();
            let mut dropped = false;
            for hash in hashes {
                if self.dice.percent(60) && rpc.ask("anvil_dropTransaction", json!([hash])).await.is_ok() {
                    self.note("lost transactions");
                    dropped = true;
                }
            }
            if dropped {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops the chain's node and starts it again. What waited for a block is gone.
    pub(super) async fn restart_node(&mut self, rig: &mut Rig) -> Result<(), FireError> {
        if self.held_until.contains_key(ANVIL) {
            return Ok(());
        }
        self.note("restarts of the node");
        rig.stage.deployment.anvil_mut().restart().await?;
        self.restarted = Some(Instant::now());
        Ok(())
    }

    /// Has one node do something wrong, or all of them something harmless, for a while.
    pub(super) fn spoil_node(&mut self, now: Instant) {
        self.note("faults of nodes");
        self.make_nodes_honest();
        if self.dice.percent(25) {
            let fault = self.dice.pick(&HARMLESS);
            self.nodes.iter().for_each(|node| node.behave(std::slice::from_ref(fault)));
        } else if !self.nodes.is_empty() {
            let node = self.dice.index(self.nodes.len());
            self.nodes[node].behave(std::slice::from_ref(self.dice.pick(&FAULTS)));
        }
        self.nodes_until = Some(now + self.span(200, 6000));
    }

    pub(super) fn make_nodes_honest(&mut self) {
        self.nodes_until = None;
        for node in &self.nodes {
            node.recover();
        }
    }
}
