//! Tickets of the wallet on the XRP Ledger: payouts on them wait for no other. What they leave, payouts by number take.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gateway::operator::maintenance::MaintenanceBody;
use payout::ids::{ProjectId, WalletId};
use payout::intent::Intent;

use crate::crash::CrashError;
use crate::demo::Stage;
use crate::deployment::cast::{OPERATOR, PROJECT, TREASURY, WALLET};
use crate::ledgers::xrp;
use crate::people::PersonError;

/// How many, and as many as a fire's first minutes use up.
const COUNT: u32 = 60;
/// How long people, co-signers and ledger may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An operator orders tickets, the treasury approves, and the wallet has them. It takes one transaction.
///
/// # Errors
/// [`CrashError`] when it does not come to that.
pub(super) async fn order(stage: &Stage) -> Result<(), CrashError> {
    let (operator, treasurer) = (stage.deployment.person(OPERATOR)?, stage.deployment.person(TREASURY[0])?);
    let order = MaintenanceBody {
        project: ProjectId::new(PROJECT).expect("it is positive"),
        wallet: WalletId::new(WALLET).expect("it is positive"),
        chain_id: xrp::CHAIN.parse().expect("a chain's number"),
        operation: "xrp_create_tickets".to_owned(),
        args: BTreeMap::from([("count".to_owned(), COUNT.to_string())]),
    };
    let draft = operator.told(operator.client().draft_maintenance(&order).await)?;
    let intent: Intent = payout::canonical::parse(&draft.intent)
        .map_err(|_| PersonError::OtherIntent { who: OPERATOR.to_owned(), cid: 0 })?;
    let applied = operator.told(operator.client().order_maintenance(order, &intent).await)?;
    let cid = applied.cid.get();
    treasurer.approve(cid).await?;
    let start = Instant::now();
    loop {
        let sheet = operator.read(cid).await?;
        if sheet.status == 6 {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let (what, seen) = ("the wallet's tickets".to_owned(), format!("at {}", sheet.status));
            return Err(CrashError::Late { what, waited: PATIENCE, seen });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
