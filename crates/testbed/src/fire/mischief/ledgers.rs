//! What the nodes of the stand-ins do, and the ledgers behind them: lose, forget, lag, lie, hang, stop and fork.
//!
//! Nothing of it may lead to a wrong end: of two nodes one is honest, and both must agree. What ends a payout by the ledger's
//! own rules (a `tec`, a call without energy) is left out: it would be a right end, and the account counts payments.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Mischief;
use crate::crash::rig::Rig;
use crate::ledgers::{LedgerError, Ledgers, StandIn};

/// The stand-ins, as their processes are called.
pub(super) const LEDGERS: [&str; 2] = [XRP, TRON];
const XRP: &str = "xrp";
const TRON: &str = "tron";

/// Blocks of TRON that may be taken back: those above them are not solidified.
const FORKS: u64 = 2;
/// A ledger's number of servers.
const SERVERS: usize = 2;

/// What ends all faults of a server and of its ledger.
fn honest(ledger: &str) -> Value {
    match ledger {
        XRP => json!({
            "answer_lost": null, "lag": null, "gap": null, "network_id": null, "hang": null, "down": null,
            "lie": null, "drop": null, "open_fee": null, "halt": null
        }),
        _ => json!({
            "lose": 0, "hang": false, "lag": 0, "blind": false, "no_logs": false, "network": null, "drop": 0,
            "stopped": false
        }),
    }
}

impl Mischief {
    /// Has a node of a stand-in do something wrong, or its ledger, or all its nodes something harmless, for a while.
    pub(super) async fn spoil_ledger(&mut self, rig: &Rig, now: Instant) {
        let (Some(ledgers), ledger) = (rig.stage.deployment.ledgers(), *self.dice.pick(&LEDGERS)) else {
            return;
        };
        if self.held_until.contains_key(ledger) || self.spoiled_until.contains_key(ledger) {
            return;
        }
        let server = self.dice.index(SERVERS);
        let Ok(fault) = self.fault_of(ledgers, ledger).await else { return };
        let spoiled = match fault {
            Fault::OfOne(fault) => node(ledgers, ledger).fault(server, &fault).await,
            Fault::OfAll(fault) => all(ledgers, ledger, &fault).await,
        };
        if spoiled.is_ok() {
            self.note("faults of ledgers");
            let until = now + self.span(200, 6000);
            self.spoiled_until.insert(ledger, until);
        }
    }

    async fn fault_of(&mut self, ledgers: &Ledgers, ledger: &str) -> Result<Fault, LedgerError> {
        let few = 1 + self.dice.below(3);
        if ledger == XRP {
            let height = ledgers.xrp.height().await?;
            return Ok(match self.dice.below(12) {
                0 => Fault::OfAll(json!({"answer_lost": few})),
                1 => Fault::OfAll(json!({"down": true})),
                2 => Fault::OfAll(json!({"hang": ["*"]})),
                3 => Fault::OfOne(json!({"lag": 1 + self.dice.below(40)})),
                4 => Fault::OfOne(json!({"gap": [height.saturating_sub(few), height + few]})),
                5 => Fault::OfOne(json!({"network_id": 1})),
                6 => Fault::OfOne(json!({"hang": ["*"]})),
                7 => Fault::OfOne(json!({"lie": "paid"})),
                8 => Fault::OfOne(json!({"lie": "not_found"})),
                9 => Fault::OfOne(json!({"halt": true})),
                10 => Fault::OfOne(json!({"open_fee": 400})),
                _ => Fault::OfOne(json!({"drop": 2 * few})),
            });
        }
        Ok(match self.dice.below(10) {
            0 => Fault::OfAll(json!({"lose": few})),
            1 => Fault::OfAll(json!({"hang": true})),
            2 => Fault::OfOne(json!({"lag": 1 + self.dice.below(40)})),
            3 => Fault::OfOne(json!({"blind": true})),
            4 => Fault::OfOne(json!({"no_logs": true})),
            5 => Fault::OfOne(json!({"network": "2b6653dc"})),
            6 => Fault::OfOne(json!({"hang": true})),
            7 => Fault::OfOne(json!({"stopped": true})),
            8 => Fault::OfOne(json!({"drop": 2 * few})),
            _ => {
                let forget = self.dice.percent(50);
                Fault::OfOne(json!({"fork": 1 + self.dice.below(FORKS), "forget": forget}))
            }
        })
    }

    /// Ends the faults whose time is over. A ledger that is held still is told when it goes on.
    pub(super) async fn mend_ledgers(&mut self, rig: &Rig, now: Option<Instant>) {
        let Some(ledgers) = rig.stage.deployment.ledgers() else { return };
        for ledger in LEDGERS {
            let over =
                self.spoiled_until.get(ledger).is_some_and(|until| now.is_none_or(|now| now >= *until));
            if over
                && !self.held_until.contains_key(ledger)
                && all(ledgers, ledger, &honest(ledger)).await.is_ok()
            {
                self.spoiled_until.remove(ledger);
            }
        }
    }

    /// The same for all, until each has heard it.
    pub(super) async fn mend_all_ledgers(&mut self, rig: &Rig) {
        while !self.spoiled_until.is_empty() {
            self.mend_ledgers(rig, None).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// One thing that goes wrong.
enum Fault {
    /// At one server, or in the ledger, which each of them can be told.
    OfOne(Value),
    /// At all servers.
    OfAll(Value),
}

fn node<'a>(ledgers: &'a Ledgers, ledger: &str) -> &'a StandIn {
    if ledger == XRP { &ledgers.xrp } else { &ledgers.tron }
}

async fn all(ledgers: &Ledgers, ledger: &str, fault: &Value) -> Result<(), LedgerError> {
    for server in 0..SERVERS {
        node(ledgers, ledger).fault(server, fault).await?;
    }
    Ok(())
}
