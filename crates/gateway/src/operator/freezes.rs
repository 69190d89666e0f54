//! `/bursar/v1/freezes`: an admin stops all signing; a quorum of admins lets it go on.
//!
//! The order carries its own signature and is the co-signers' to obey: they journal it for ever. The gateway keeps it in
//! the audit log, delivers it, and delivers it again whenever co-signers come, because one that was away has not seen
//! it. Delivering twice is harmless.

use std::sync::{Arc, Weak};

use axum::Json;
use axum::extract::State;
use payout::approval::{Freeze, FreezeOrder};
use payout::policy::FreezeError;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::door::{Admin, By, Viewer};
use super::fault::{Answer, Fault};
use super::office::Office;
use super::pauses::reasonable;
use super::payouts::why::seat_name;
use crate::hub::Acknowledgement;
use crate::state::Gateway;

const WHAT: &str = "freeze";
/// Lines of the audit log that are read at once.
const PAGE: u32 = 1000;

/// The freeze that stands, and everything that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeSheet {
    /// The freeze in force, if there is one.
    pub in_force: Option<FreezeOrder>,
    /// All orders, oldest first.
    pub orders: Vec<FreezeOrder>,
}

/// What an order led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreezeReceipt {
    /// Whether a freeze is in force after it.
    pub frozen: bool,
    /// The co-signers that have it in their journals, by name; the others get it when they come.
    pub journaled_by: Vec<String>,
}

pub(super) async fn list(State(office): State<Arc<Office>>, _by: By<Viewer>) -> Answer<FreezeSheet> {
    let orders = kept(&office.gateway).await?;
    Ok(Json(FreezeSheet { in_force: office.gateway.policy().freeze_state(&orders), orders }))
}

pub(super) async fn order(State(office): State<Arc<Office>>, by: By<Admin>) -> Answer<FreezeReceipt> {
    let gateway = &office.gateway;
    let order: FreezeOrder = by.read()?;
    let policy = gateway.policy();
    policy.check_freeze_order(&order, by.now)?;
    reasonable(&order.reason)?;
    let mut orders = kept(gateway).await?;
    if !orders.contains(&order) {
        let detail = payout::canonical::text(&order);
        super::audit::note(gateway, &by.id(), WHAT, detail, by.now).await?;
        orders.push(order.clone());
    }
    match order.order {
        Freeze::Freeze => tracing::warn!(by = %order.principal, reason = order.reason, "frozen"),
        Freeze::Lift => tracing::warn!(by = %order.principal, reason = order.reason, "a lift was signed"),
    }
    let seen = gateway.hub.stop(Vec::new(), orders.clone()).await;
    let journaled_by =
        seen.into_iter().map(|Acknowledgement { index, .. }| seat_name(policy.roster(), index));
    Ok(Json(FreezeReceipt {
        frozen: policy.freeze_state(&orders).is_some(),
        journaled_by: journaled_by.collect(),
    }))
}

/// All orders that were taken, oldest first.
async fn kept(gateway: &Gateway) -> Result<Vec<FreezeOrder>, StoreError> {
    let mut orders = Vec::new();
    let mut after = 0;
    loop {
        let page = gateway.store.audit_list(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(orders) };
        after = last.seq;
        // A line that is no order was altered; co-signers hold the true ones.
        let found = page.iter().filter(|entry| entry.what == WHAT);
        orders.extend(found.filter_map(|entry| serde_json::from_str(&entry.detail).ok()));
    }
}

/// Delivers what was ordered again whenever co-signers come, as long as the gateway lives.
pub(super) fn keep_delivering(gateway: &Arc<Gateway>) {
    let mut changes = gateway.hub.subscribe();
    // Whoever came before this task began has not been told either.
    changes.mark_changed();
    // Weak: this task must not keep a stopped gateway's parts alive.
    let gateway: Weak<Gateway> = Arc::downgrade(gateway);
    tokio::spawn(async move {
        let mut told: Vec<u8> = Vec::new();
        while changes.changed().await.is_ok() {
            let Some(gateway) = gateway.upgrade() else { return };
            let present = gateway.hub.connected();
            let newcomers = present.iter().any(|index| !told.contains(index));
            told = present;
            if !newcomers {
                continue;
            }
            match kept(&gateway).await {
                Ok(orders) if orders.is_empty() => {}
                Ok(orders) => {
                    let _acknowledged = gateway.hub.stop(Vec::new(), orders).await;
                }
                Err(error) => {
                    // Tried again when the next one comes.
                    told.clear();
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "cannot read the freeze orders"
                    );
                }
            }
        }
    });
}

impl From<FreezeError> for Fault {
    fn from(error: FreezeError) -> Self {
        let words = error.to_string();
        match error {
            FreezeError::OtherDeployment(_) => Self::field("deployment", words),
            FreezeError::Signer { .. } => {
                Self::forbidden(words, "an admin signs it: `bursar freeze --as NAME`")
            }
            FreezeError::Reason => Self::field("reason", words),
            FreezeError::Ahead => Self::field("at", words),
        }
    }
}
