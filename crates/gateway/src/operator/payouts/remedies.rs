//! `POST /bursar/v1/payouts/{cid}/remedies/draft` and `POST /bursar/v1/payouts/{cid}/remedies`: a person orders that a
//! payout is voided, or that its fee cap is raised.
//!
//! As for an application: the gateway drafts the intent, the person reads and signs it, and what is stored is made again
//! from the person's words. The order is a payout of its own then, which the rules for its kind decide.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::approval::SignedAct;
use payout::intent::Intent;
use serde::{Deserialize, Serialize};

use super::apply::{Applied, Draft};
use crate::accept::remedy::{self, Remedy, RemedyError};
use crate::operator::door::{By, Operator};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;

/// A signed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRemedy {
    /// What was drafted from.
    pub order: Remedy,
    /// The intent that was drafted, its canonical text.
    pub intent: String,
    /// The applicant's signature over its digest.
    pub act: SignedAct,
}

pub(in crate::operator) async fn draft(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    by: By<Operator>,
) -> Answer<Draft> {
    let gateway = &office.gateway;
    let order = by.read::<Remedy>()?;
    let target = super::find(gateway, &cid).await?.cid();
    let intent = remedy::draft(gateway, &by.id(), target, &order).await?;
    Ok(Json(Draft { intent: intent.canonical() }))
}

pub(in crate::operator) async fn apply(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    by: By<Operator>,
) -> Answer<Applied> {
    let gateway = &office.gateway;
    let SignedRemedy { order, intent, act } = by.read()?;
    let intent: Intent =
        payout::canonical::parse(&intent).map_err(|why| Fault::field("intent", format!("is {why}")))?;
    if intent.applicant.as_ref() != Some(&by.principal.id) {
        return Err(Fault::field("intent", "names another applicant than the one who asks"));
    }
    let target = super::find(gateway, &cid).await?.cid();
    remedy::apply(gateway, target, &order, &intent, act).await?;
    Ok(Json(Applied { cid: intent.cid }))
}

impl From<RemedyError> for Fault {
    fn from(error: RemedyError) -> Self {
        match error {
            RemedyError::Unknown(_) => {
                Self::missing(error.to_string(), "look for it with `bursar payout list`")
            }
            RemedyError::Pointless(why) => {
                Self::conflict(why, "`bursar why CID` says where it is and what can be done")
            }
            RemedyError::Cap(why) => Self::field("cap", why),
            RemedyError::Application(error) => error.into(),
        }
    }
}
