//! `POST /bursar/v1/payouts/draft` and `POST /bursar/v1/payouts`: a person applies for a payout.
//!
//! The gateway drafts the intent, the person reads it where they trust the reader, signs its digest, and sends both
//! back. What is stored is made again from the person's words: a draft that differs is refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use payout::approval::SignedAct;
use payout::ids::{Cid, ProjectId, ThirdPartyId, WalletId};
use payout::intent::Intent;
use payout::request::fields::{AmountText, PayoutCall};
use serde::{Deserialize, Serialize};

use crate::accept::person::{self, ApplicationError};
use crate::operator::door::{By, Operator};
use crate::operator::fault::{Answer, Fault};
use crate::operator::office::Office;

/// What a person asks for, in the wire contract's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationBody {
    /// In whose books.
    pub project: ProjectId,
    /// The paying wallet; the project's default if absent.
    #[serde(default)]
    pub wallet_id: Option<WalletId>,
    /// `chain_id@token_id` or a coin's name.
    pub currency: String,
    /// The paying address; the wallet's payout address if absent.
    #[serde(default)]
    pub from_address: Option<String>,
    /// The recipient.
    pub to_address: String,
    /// How much, in token units.
    pub amount: String,
    /// Where the end is told, if anywhere.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// The number in the project's books.
    pub third_party_id: ThirdPartyId,
    /// For the books.
    #[serde(default)]
    pub remark: Option<String>,
    /// Destination tag or comment.
    #[serde(default)]
    pub memo: Option<String>,
    /// The compliance department's reference.
    #[serde(default)]
    pub compliance_ref: Option<String>,
}

/// A drafted intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its canonical text.
    pub intent: String,
}

/// A signed application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedApplication {
    /// What was drafted from.
    pub application: ApplicationBody,
    /// The intent that was drafted, its canonical text.
    pub intent: String,
    /// The applicant's signature over its digest.
    pub act: SignedAct,
}

/// A payout that was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// Its number.
    pub cid: Cid,
}

pub(in crate::operator) async fn draft(State(office): State<Arc<Office>>, by: By<Operator>) -> Answer<Draft> {
    let application = by.read::<ApplicationBody>()?.into();
    let intent = person::draft(&office.gateway, &by.id(), &application).await?;
    Ok(Json(Draft { intent: intent.canonical() }))
}

pub(in crate::operator) async fn apply(
    State(office): State<Arc<Office>>,
    by: By<Operator>,
) -> Answer<Applied> {
    let SignedApplication { application, intent, act } = by.read()?;
    let intent: Intent =
        payout::canonical::parse(&intent).map_err(|why| Fault::field("intent", format!("is {why}")))?;
    if intent.applicant.as_ref() != Some(&by.principal.id) {
        return Err(Fault::field("intent", "names another applicant than the one who asks"));
    }
    person::apply(&office.gateway, &application.into(), &intent, act).await?;
    Ok(Json(Applied { cid: intent.cid }))
}

impl From<ApplicationBody> for person::Application {
    fn from(body: ApplicationBody) -> Self {
        let ApplicationBody {
            project,
            wallet_id,
            currency,
            from_address,
            to_address,
            amount,
            callback_url,
            third_party_id,
            remark,
            memo,
            compliance_ref,
        } = body;
        let call = PayoutCall {
            wallet_id,
            currency,
            from_address,
            to_address,
            amount: AmountText::Text(amount),
            callback_url,
            third_party_id,
            remark,
            memo,
        };
        Self { project, call, compliance_ref }
    }
}

impl From<ApplicationError> for Fault {
    fn from(error: ApplicationError) -> Self {
        let words = error.to_string();
        match error {
            ApplicationError::Rejected(rejected) => Self::bad(
                format!("{} ({})", rejected.msg, rejected.code.as_str()),
                "correct the application and draft it again",
            ),
            ApplicationError::NoRule(unmet) => {
                let reasons: Vec<String> = unmet.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
                Self::conflict(
                    format!("{words}; {}", reasons.join("; ")),
                    "change the application, or ask the admins to publish a rule for it",
                )
            }
            ApplicationError::UnknownProject(_) => Self::field("project", words),
            ApplicationError::NotSigned => {
                Self::unsigned(words, "sign the draft with one of the applicant's keys in the people chain")
            }
            ApplicationError::Stale => Self::conflict(words, "draft it again, read it again, sign it again"),
            ApplicationError::Shut(shut) => shut.into(),
            ApplicationError::Store(error) => error.into(),
        }
    }
}
