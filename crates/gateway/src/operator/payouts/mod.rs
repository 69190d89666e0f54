//! `/bursar/v1/payouts`

pub mod acts;
pub mod apply;
pub mod list;
pub mod remedies;
pub mod show;
pub mod why;

use payout::ids::Cid;
use serde::{Deserialize, Serialize};
use store::{PayoutRow, Wait};

use super::fault::Fault;
use crate::state::Gateway;

/// Why nothing happens at the moment, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Why.
    pub reason: String,
    /// What happens next, or what somebody has to do.
    pub next_action: String,
}

impl From<&Wait> for Waiting {
    fn from(wait: &Wait) -> Self {
        Self { reason: wait.reason.clone(), next_action: wait.next_action.clone() }
    }
}

/// The payout with this number in a path.
async fn find(gateway: &Gateway, cid: &str) -> Result<PayoutRow, Fault> {
    let missing =
        || Fault::missing(format!("there is no payout {cid}"), "look for it with `bursar payout list`");
    let number: Cid = cid.parse().map_err(|_| missing())?;
    gateway.store.payout(number).await?.ok_or_else(missing)
}
