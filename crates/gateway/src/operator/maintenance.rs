//! `POST /bursar/v1/maintenance/draft` and `POST /bursar/v1/maintenance`: a person orders an operation of a wallet itself.
//!
//! As for an application: the gateway drafts the intent, the person reads and signs it, and what is stored is made again
//! from the person's words.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use payout::approval::SignedAct;
use payout::ids::{ChainId, ProjectId, WalletId};
use payout::intent::Intent;
use serde::{Deserialize, Serialize};

use crate::accept::maintenance::{self, MaintenanceError, Operation};
use crate::operator::door::{By, Operator};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;
use crate::operator::payouts::apply::{Applied, Draft};

/// What a person orders for a wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceBody {
    /// In whose books.
    pub project: ProjectId,
    /// The wallet.
    pub wallet: WalletId,
    /// On which chain.
    pub chain_id: ChainId,
    /// The operation's name, such as `xrp_create_tickets`.
    pub operation: String,
    /// Its arguments by name.
    pub args: BTreeMap<String, String>,
}

/// A signed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedMaintenance {
    /// What was drafted from.
    pub order: MaintenanceBody,
    /// The intent that was drafted, its canonical text.
    pub intent: String,
    /// The applicant's signature over its digest.
    pub act: SignedAct,
}

pub(super) async fn draft(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<Draft> {
    let order = by.read::<MaintenanceBody>()?.into();
    let intent = maintenance::draft(&office.gateway, &by.id(), &order).await?;
    Ok(Json(Draft { intent: intent.canonical() }))
}

pub(super) async fn apply(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<Applied> {
    let SignedMaintenance { order, intent, act } = by.read()?;
    let intent: Intent =
        payout::canonical::parse(&intent).map_err(|why| Fault::field("intent", format!("is {why}")))?;
    if intent.applicant.as_ref() != Some(&by.principal.id) {
        return Err(Fault::field("intent", "names another applicant than the one who asks"));
    }
    maintenance::apply(&office.gateway, &order.into(), &intent, act).await?;
    Ok(Json(Applied { cid: intent.cid }))
}

impl From<MaintenanceBody> for Operation {
    fn from(body: MaintenanceBody) -> Self {
        let MaintenanceBody { project, wallet, chain_id, operation, args } = body;
        Self { project, wallet, chain_id, name: operation, args }
    }
}

impl From<MaintenanceError> for Fault {
    fn from(error: MaintenanceError) -> Self {
        match error {
            MaintenanceError::Unknown(why) => Self::missing(why, "`bursar wallet list` shows what there is"),
            MaintenanceError::NoOperation { .. } => Self::field("operation", error.to_string()),
            MaintenanceError::Application(error) => error.into(),
        }
    }
}
