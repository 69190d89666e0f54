//! `POST /bursar/v1/payouts/{cid}/acts`: an approval, a rejection or a withdrawal, signed over the intent's digest.
//!
//! Whoever runs the house may deliver an act; whose act it is and whether it counts, its own signature decides, here
//! and again at each co-signer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use payout::approval::SignedAct;
use serde::{Deserialize, Serialize};

use super::show::{approvals, steps};
use super::why::seat_name;
use crate::engine::approve::{self, ActRefusal, Effect};
use crate::operator::door::{By, Operator};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;

/// What an act led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// The wire contract's integer, after the act.
    pub status: u8,
    /// Where the payout is.
    pub state: String,
    /// Whether all steps of approvals are filled.
    pub complete: bool,
    /// How many approvals the present step still lacks.
    pub missing: u8,
    /// A stop that came after co-signers were asked to sign is only requested: the co-signers that have journaled it,
    /// by name. It ends the payout once so many have that no quorum is left.
    pub requested: Option<Vec<String>>,
}

pub(in crate::operator) async fn handle(
    State(office): State<Arc<Office>>,
    Path(cid): Path<String>,
    by: By<Operator>,
) -> Answer<Acted> {
    let gateway = &office.gateway;
    let act: SignedAct = by.read()?;
    let row = super::find(gateway, &cid).await?;
    if act.intent != row.digest {
        return Err(Fault::field(
            "intent",
            format!("is another intent's digest; this payout's is {}", row.digest),
        ));
    }
    let approve::Acted { row, effect } = approve::act(gateway, row.cid(), act).await?;
    let policy = gateway.policy();
    let requested = match effect {
        Effect::Requested { acknowledged } => {
            Some(acknowledged.into_iter().map(|index| seat_name(policy.roster(), index)).collect())
        }
        Effect::Approved(_) | Effect::ApprovalComplete | Effect::Ended => None,
    };
    let acts = gateway.store.acts(row.cid()).await?;
    let progress = approvals(&policy, &row, &steps(&policy, &row), &acts);
    Ok(Json(Acted {
        status: row.status.code(),
        state: row.payout.state.name().to_owned(),
        complete: progress.complete,
        missing: progress.missing,
        requested,
    }))
}

impl From<ActRefusal> for Fault {
    fn from(refusal: ActRefusal) -> Self {
        let words = refusal.to_string();
        match refusal {
            ActRefusal::Unknown(_) => Self::missing(words, "look for it with `bursar payout list`"),
            ActRefusal::DoesNotCount(_) => Self::forbidden(words, "`bursar why CID` says who is asked"),
            ActRefusal::TooLate { .. } | ActRefusal::Expired | ActRefusal::Apply => {
                Self::conflict(words, "`bursar why CID` says where it is and what can be done")
            }
            ActRefusal::Shut(shut) => shut.into(),
            ActRefusal::Busy => Self::unavailable(words, "try again"),
            ActRefusal::Store(error) => error.into(),
            ActRefusal::Fault(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an act can't be stored");
                Self::unavailable(words, "look at the gateway's log, and report it")
            }
        }
    }
}
