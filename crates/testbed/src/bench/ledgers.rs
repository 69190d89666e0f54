//! The figures of XRP and TRON. Their ledgers are stand-ins, programs of one thread on the same cores: what is measured is
//! how the wallet goes through its steps on them, not how fast the ledgers are.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::load::{self, Load};
use super::{STEADY_PER_S, figure, percentiles, told_percentiles};
use crate::demo::{DemoError, stage};
use crate::deployment::{DeploymentError, Plan};
use crate::ledgers::{Chains, LedgerError, Ledgers, tron, xrp};
use crate::progress::Progress;

/// Payouts that wait at once.
const BACKLOG: u32 = 200;
/// How long the steady rate lasts: as long as there are tickets.
const STEADY: Duration = Duration::from_secs(12);
/// An account's tickets on the XRP Ledger, at most. Without one, a payout waits for the one before.
const TICKETS: u32 = 250;
/// The coins, and what is paid of them.
const COINS: [(&str, &str); 2] = [("XRP", "0.01"), ("USDT-TRC20", "0.01")];

/// Measures both: by coin.
pub(super) async fn run(root: &Path, progress: &Progress) -> Result<Map<String, Value>, DemoError> {
    progress.say("");
    let mut stage = stage::set(root, Plan { chains: Chains::All, ..Plan::BENCH }, progress).await?;
    // As above: two sign.
    stage.deployment.kill_cosigner(Plan::BENCH.cosigners);
    let mut figures = Map::new();
    if let Some(ledgers) = stage.deployment.ledgers() {
        let payees = payees(ledgers).await.map_err(DeploymentError::from)?;
        for ((coin, amount), payee) in COINS.into_iter().zip(payees) {
            let load = Load::new(&stage, coin, amount).to(&payee);
            let step = progress.step(coin);
            if coin == "XRP" {
                stage.order_tickets(TICKETS).await?;
            }
            let cids = load::backlog(&load, BACKLOG).await?;
            let sent = load::sent(&load, &cids).await?;
            let rate = figure::per_second(sent.0, sent.1);
            if coin == "XRP" {
                stage.order_tickets(BACKLOG).await?;
            }
            let times = percentiles(&load::steady(&load, STEADY_PER_S, STEADY).await?);
            step.done(&format!("{rate} payouts/s; accept to broadcast {}", told_percentiles(&times)));
            figures.insert(coin.to_owned(), json!({"payouts_per_s": rate, "accept_to_broadcast_ms": times}));
        }
    }
    stage.stop().await;
    Ok(figures)
}

/// An account of each ledger that exists and has received the coin before.
async fn payees(ledgers: &Ledgers) -> Result<[String; 2], LedgerError> {
    let (on_xrp, on_tron) = (xrp::account(&[7; 20]), tron::address(&[7; 20]));
    ledgers.xrp.fund(&on_xrp, 100 * xrp::XRP).await?;
    ledgers.tron.fund(&on_tron, tron::TRX, 1).await?;
    Ok([on_xrp, on_tron])
}
