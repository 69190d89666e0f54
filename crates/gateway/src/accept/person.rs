//! A person's application for a payout: drafted here, signed by the person over the intent that was drafted, and
//! stored only if it still is what the rules make of it.

use payout::approval::{Act, SignedAct};
use payout::ids::{PrincipalId, ProjectId, ThirdPartyId};
use payout::intent::Intent;
use payout::policy::{Recipient, UnmetRule};
use payout::request::fields::PayoutCall;
use payout::request::{Code, Rejected};
use payout::time::Millis;
use store::{AcceptRefusal, Call, Project, StoreError, Terms};

use super::options::{Asked, first_with_room, options, signed_draft};
use super::resolve::{Payer, Resolved, Unresolved, resolve};
use crate::clock;
use crate::restore::Shut;
use crate::state::Gateway;

/// How old a draft may be when it comes back signed, milliseconds.
const DRAFT_LIFE_MS: i64 = 10 * 60_000;

/// Why an application is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// A field breaks a rule of the wire contract.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// No rule matches.
    #[error("no rule of the policy matches this payout")]
    NoRule(Vec<UnmetRule>),
    /// The project is not there, or disabled.
    #[error("there is no project {0}, or it is disabled")]
    UnknownProject(ProjectId),
    /// The signed act is not the applicant's application for this intent.
    #[error("the signature is not the applicant's over this draft")]
    NotSigned,
    /// What was drafted is no longer what the rules make of it.
    #[error("the draft is out of date: draft it again and compare")]
    Stale,
    /// The database may be an old copy.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unresolved> for ApplicationError {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Rejected(rejected) => Self::Rejected(rejected),
            Unresolved::Store(error) => Self::Store(error),
        }
    }
}

/// What a person asks for.
#[derive(Debug, Clone)]
pub struct Application {
    /// For which project's books.
    pub project: ProjectId,
    /// The payment, in the wire contract's terms.
    pub call: PayoutCall,
    /// The compliance department's reference.
    pub compliance_ref: Option<String>,
}

/// The intent that the person is to sign. Nothing is stored.
///
/// # Errors
/// [`ApplicationError`] says what to change.
pub async fn draft(
    gateway: &Gateway,
    applicant: &PrincipalId,
    application: &Application,
) -> Result<Intent, ApplicationError> {
    let now = clock::now();
    let project = project(gateway, application.project).await?;
    let policy = gateway.policy();
    let resolved =
        resolve(gateway, policy.newest_rules(), &project, &application.call, Payer::Wallet).await?;
    let asked = Asked {
        cid: gateway.store.mint_cid(now),
        third_party_id: &application.call.third_party_id,
        applicant: Some(applicant),
        caller: None,
        recipient: recipient(gateway, &resolved).await?,
        compliance_ref: application.compliance_ref.as_deref(),
        now,
    };
    let (options, unmet) = options(&policy, &project, &resolved, &asked);
    first_with_room(gateway, options, now).await?.ok_or(ApplicationError::NoRule(unmet))
}

/// Stores a signed draft.
///
/// # Errors
/// [`ApplicationError::Stale`] when the rules, their counters or the recipient have changed since the draft.
pub async fn apply(
    gateway: &Gateway,
    application: &Application,
    drafted: &Intent,
    act: SignedAct,
) -> Result<(), ApplicationError> {
    gateway.gate.may_decide()?;
    let now = clock::now();
    let applicant = applicant_of(gateway, drafted, &act, now)?;
    let project = project(gateway, application.project).await?;
    let policy = gateway.policy();
    let resolved =
        resolve(gateway, policy.newest_rules(), &project, &application.call, Payer::Wallet).await?;
    // Made again from the same words at the same time: the only intent that is stored is one of our own making.
    let asked = Asked {
        cid: drafted.cid,
        third_party_id: &application.call.third_party_id,
        applicant: Some(&applicant),
        caller: None,
        recipient: recipient(gateway, &resolved).await?,
        compliance_ref: application.compliance_ref.as_deref(),
        now: drafted.created,
    };
    let (options, _) = options(&policy, &project, &resolved, &asked);
    let option =
        options.into_iter().find(|option| option.payout.intent == *drafted).ok_or(ApplicationError::Stale)?;
    let step = option.payout.step();
    let accept = signed_draft(option, terms(&application.call, Call::Person), act, now);
    match gateway.store.accept(accept).await {
        Ok(cid) => {
            gateway.wake.next(step);
            tracing::info!(%cid, "payout accepted from a person");
            Ok(())
        }
        Err(AcceptRefusal::DuplicateBusinessNumber) => {
            Err(ApplicationError::Rejected(Code::Duplicate.into()))
        }
        Err(AcceptRefusal::NoRule { .. } | AcceptRefusal::Replayed | AcceptRefusal::Inconsistent) => {
            Err(ApplicationError::Stale)
        }
        Err(AcceptRefusal::Store(error)) => Err(error.into()),
    }
}

/// Who signed a draft: the applicant whom it names, with a key of theirs, over a number and a time that are ours.
///
/// # Errors
/// [`ApplicationError::NotSigned`], [`ApplicationError::Stale`].
pub(super) fn applicant_of(
    gateway: &Gateway,
    drafted: &Intent,
    act: &SignedAct,
    now: Millis,
) -> Result<PrincipalId, ApplicationError> {
    let applicant = drafted.applicant.clone().ok_or(ApplicationError::NotSigned)?;
    let owner = gateway.policy().people().owner_of(&act.key()).map(|principal| principal.id.clone());
    let is_theirs = act.act == Act::Apply
        && act.intent == drafted.digest()
        && act.principal == applicant
        && owner.as_ref() == Some(&applicant)
        && act.verify().is_ok();
    if !is_theirs {
        return Err(ApplicationError::NotSigned);
    }
    // A number that was not minted before now is none of ours: stored, it would be where counting goes on from.
    let is_minted = drafted.cid < gateway.store.mint_cid(now);
    if !is_minted || !(0..DRAFT_LIFE_MS).contains(&now.since(drafted.created)) {
        return Err(ApplicationError::Stale);
    }
    Ok(applicant)
}

/// An enabled project.
///
/// # Errors
/// [`ApplicationError::UnknownProject`].
pub(super) async fn project(
    gateway: &Gateway,
    id: ProjectId,
) -> Result<std::sync::Arc<Project>, ApplicationError> {
    let project = gateway.doors.projects.get(&gateway.store, id, clock::now()).await?;
    project.filter(|project| project.settings.enabled).ok_or(ApplicationError::UnknownProject(id))
}

/// What is known of the recipient by our own records.
pub(crate) async fn recipient(gateway: &Gateway, resolved: &Resolved<'_>) -> Result<Recipient, StoreError> {
    if resolved.internal {
        return Ok(Recipient::Internal);
    }
    let known = gateway.store.known_recipient(None, &resolved.coin.chain_id, &resolved.to.address).await?;
    Ok(if known { Recipient::Known } else { Recipient::FirstTime })
}

/// What the caller said, for echoes and callbacks.
pub(crate) fn terms(call: &PayoutCall, form: Call) -> Terms {
    Terms {
        call: form,
        currency: call.currency.clone(),
        amount: call.amount.echo(),
        to_echo: call.to_address.clone(),
        callback_url: call.callback_url.clone(),
        remark: call.remark.clone(),
    }
}

/// The number that a person's application has in the project's books, where none was given.
pub fn business_number(bytes: [u8; 16]) -> ThirdPartyId {
    format!("person-{}", hex::encode(bytes)).parse().expect("hex digits are printable and few")
}
