//! `bursar-demo once`: everything up, a payout or two on each chain, everything down.

use std::path::Path;

use serde::Serialize;

use super::description::Description;
use super::payment::Paid;
use super::{DemoError, Stage, stage};
use crate::deployment::Plan;
use crate::deployment::cast::{FINANCE, TREASURY};
use crate::progress::Progress;
use crate::vendor::Order;

/// The last line on standard output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The payouts, in their order.
    pub payouts: Vec<Paid>,
}

/// Runs it.
///
/// # Errors
/// [`DemoError`] for whatever did not go right.
pub async fn run(root: &Path, progress: &Progress) -> Result<Outcome, DemoError> {
    let stage = stage::set(root, Plan::DEMO, progress).await?;
    let outcome = show(&stage, progress).await?;
    Description::of(&stage)?.write(root)?;
    let step = progress.step("stop");
    stage.stop().await;
    step.done("all processes ended");
    Ok(outcome)
}

/// The payouts that the demo begins with: a small one that a rule lets through, a large one for which people sign, one of
/// XRP with a destination tag, and one of TRON's USDT.
pub(super) async fn show(stage: &Stage, progress: &Progress) -> Result<Outcome, DemoError> {
    let small = stage.pay(&stage.coin("Ethereum"), "0.5", &[], progress).await?;
    let approvers = [TREASURY[0], FINANCE[0], FINANCE[1]];
    let large = stage.pay(&stage.coin("USDT-ERC20"), "250.75", &approvers, progress).await?;
    let mut payouts = vec![small, large];
    if stage.deployment.ledgers().is_some() {
        let xrp = stage.coin("XRP");
        let tagged = Order { memo: Some("123".to_owned()), ..stage.order(&xrp, "1.1") };
        payouts.push(stage.pay_order(&xrp, &tagged, &approvers, progress).await?);
        let tether = stage.coin("USDT-TRC20");
        payouts.push(stage.pay(&tether, "0.75", &[], progress).await?);
    }
    payouts.iter().try_for_each(check)?;
    Ok(Outcome { payouts })
}

/// Whether everything about a payout went right.
fn check(paid: &Paid) -> Result<(), DemoError> {
    let wrong = |what: &str| DemoError::Wrong { cid: paid.cid, what: what.to_owned() };
    if paid.status != 6 {
        return Err(wrong("it is not at status 6"));
    }
    if paid.received != paid.amount {
        return Err(wrong(&format!("its recipient got {} and not {}", paid.received, paid.amount)));
    }
    if !paid.callback {
        return Err(wrong("its callback did not come"));
    }
    if paid.txid.is_none() {
        return Err(wrong("it has no transaction"));
    }
    Ok(())
}
