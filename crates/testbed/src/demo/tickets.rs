//! Tickets of the wallet on the XRP Ledger: payouts on them wait for no other. What they leave, payouts by number take.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gateway::operator::maintenance::MaintenanceBody;
use payout::ids::{ProjectId, WalletId};
use payout::intent::Intent;

use super::{DemoError, Stage};
use crate::deployment::cast::{OPERATOR, PROJECT, TREASURY, WALLET};
use crate::ledgers::xrp;
use crate::people::PersonError;

/// How long people, co-signers and ledger may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);

impl Stage {
    /// An operator orders so many tickets, at most 250 at once; the treasury approves, and the wallet has them. It takes
    /// one transaction.
    ///
    /// # Errors
    /// [`DemoError`] when it does not come to that.
    pub async fn order_tickets(&self, count: u32) -> Result<(), DemoError> {
        let (operator, treasurer) = (self.deployment.person(OPERATOR)?, self.deployment.person(TREASURY[0])?);
        let order = MaintenanceBody {
            project: ProjectId::new(PROJECT).expect("it is positive"),
            wallet: WalletId::new(WALLET).expect("it is positive"),
            chain_id: xrp::CHAIN.parse().expect("a chain's number"),
            operation: "xrp_create_tickets".to_owned(),
            args: BTreeMap::from([("count".to_owned(), count.to_string())]),
        };
        let draft = operator.told(operator.client().draft_maintenance(&order).await)?;
        let intent: Intent = payout::canonical::parse(&draft.intent)
            .map_err(|_| PersonError::OtherIntent { who: OPERATOR.to_owned(), cid: 0 })?;
        let applied = operator.told(operator.client().order_maintenance(order, &intent).await)?;
        let cid = applied.cid.get();
        treasurer.approve(cid).await?;
        let start = Instant::now();
        loop {
            let status = operator.read(cid).await?.status;
            if status == 6 {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let why = "it should have made the wallet's tickets".to_owned();
                return Err(DemoError::Stuck {
                    cid,
                    status: status.into(),
                    waited_s: PATIENCE.as_secs(),
                    why,
                });
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
