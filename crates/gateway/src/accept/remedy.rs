//! A person's order about a payout that is stuck: spend its token on nothing, or pay it under a higher fee cap.
//!
//! Drafted here from the payout, signed by the person over the intent that was drafted, and stored as a payout of its
//! own: the rules for its kind decide it, and the people whom they ask approve it. It pays nothing beside its target:
//! both spend one token, so whichever lands ends both.

use payout::approval::SignedAct;
use payout::coin::CoinId;
use payout::ids::{Cid, PrincipalId, ThirdPartyId};
use payout::intent::{self, Intent, Kind};
use payout::life::{Screening, State};
use payout::money::Amount;
use payout::policy::{Case, Policy, UnmetRule, candidates};
use payout::time::Millis;
use serde::{Deserialize, Serialize};
use store::{AcceptOption, Call, PayoutRow, StoreError, Terms};

use super::options::{first_with_room, option_of};
use super::order;
use super::person::{ApplicationError, applicant_of};
use super::resolve::recipient_of;
use crate::clock;
use crate::restore::Shut;
use crate::state::Gateway;

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Remedy {
    /// Spend the payout's token on nothing, so that the lane moves on. Without a cap, as much as the rules allow.
    Void {
        /// The most that it may burn, in units of the fee coin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cap: Option<String>,
    },
    /// Pay the payout, on its token, under a higher cap.
    RaiseCap {
        /// The most that it may burn, in units of the fee coin.
        cap: String,
    },
}

impl Remedy {
    /// The kind of its intent.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Void { .. } => Kind::Void,
            Self::RaiseCap { .. } => Kind::RaiseCap,
        }
    }

    /// The fee cap that was asked for.
    pub fn cap(&self) -> Option<&str> {
        match self {
            Self::Void { cap } => cap.as_deref(),
            Self::RaiseCap { cap } => Some(cap),
        }
    }

    fn business_number(&self, cid: Cid) -> ThirdPartyId {
        let word = match self {
            Self::Void { .. } => "void",
            Self::RaiseCap { .. } => "raise",
        };
        format!("{word}-{cid}").parse().expect("a word and a number are printable and few")
    }
}

/// Why an order is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RemedyError {
    /// There is no such payout.
    #[error("there is no payout {0}")]
    Unknown(Cid),
    /// There is nothing that could be done about it.
    #[error("{0}")]
    Pointless(String),
    /// The fee cap is none, or not one that the rules allow.
    #[error("{0}")]
    Cap(String),
    /// As for any application.
    #[error(transparent)]
    Application(#[from] ApplicationError),
}

impl From<StoreError> for RemedyError {
    fn from(error: StoreError) -> Self {
        Self::Application(error.into())
    }
}

impl From<Shut> for RemedyError {
    fn from(shut: Shut) -> Self {
        Self::Application(shut.into())
    }
}

/// The intent that the person is to sign. Nothing is stored.
///
/// # Errors
/// [`RemedyError`] says what to change.
pub async fn draft(
    gateway: &Gateway,
    applicant: &PrincipalId,
    target: Cid,
    remedy: &Remedy,
) -> Result<Intent, RemedyError> {
    let now = clock::now();
    let row = target_row(gateway, target, remedy).await?;
    let cid = gateway.store.mint_cid(now);
    let (options, unmet) = options(gateway, applicant, &row, remedy, cid, now).await?;
    let intent = first_with_room(gateway, options, now).await?;
    intent.ok_or_else(|| ApplicationError::NoRule(unmet).into())
}

/// Stores a signed draft, and wakes whoever goes on with it.
///
/// # Errors
/// [`ApplicationError::Stale`] when the payout or the rules have changed since the draft.
pub async fn apply(
    gateway: &Gateway,
    target: Cid,
    remedy: &Remedy,
    drafted: &Intent,
    act: SignedAct,
) -> Result<(), RemedyError> {
    gateway.gate.may_decide()?;
    let now = clock::now();
    let applicant = applicant_of(gateway, drafted, &act, now)?;
    let row = target_row(gateway, target, remedy).await?;
    let (options, _) = options(gateway, &applicant, &row, remedy, drafted.cid, drafted.created).await?;
    let terms = Terms {
        call: Call::Person,
        currency: row.terms.currency.clone(),
        amount: row.terms.amount.clone(),
        to_echo: row.terms.to_echo.clone(),
        // The payout's caller is told how the payout ends, and nothing of what the house did about it.
        callback_url: None,
        remark: Some(format!("{} of payout {target}", drafted.kind)),
    };
    let cid = order::keep(gateway, options, drafted, terms, act, now).await?;
    tracing::info!(%cid, %target, kind = %drafted.kind, "order about a payout accepted from a person");
    Ok(())
}

async fn target_row(gateway: &Gateway, cid: Cid, remedy: &Remedy) -> Result<PayoutRow, RemedyError> {
    let row = gateway.store.payout(cid).await?.ok_or(RemedyError::Unknown(cid))?;
    match (row.payout.intent.kind, remedy) {
        (Kind::Payout, _) | (Kind::Maintenance, Remedy::Void { .. }) => Ok(row),
        (Kind::Maintenance, Remedy::RaiseCap { .. }) => {
            Err(RemedyError::Pointless(format!("{cid} is a maintenance: void it, and order it anew")))
        }
        (kind @ (Kind::Void | Kind::RaiseCap), _) => {
            Err(RemedyError::Pointless(format!("{cid} is a {kind} itself; order about its target")))
        }
    }
}

/// What can be done about a payout follows from where it is: without a token there is nothing to spend or to raise, and
/// what has landed is over.
async fn sensible(gateway: &Gateway, row: &PayoutRow, kind: Kind) -> Result<(), RemedyError> {
    let cid = row.cid();
    let pointless = |why: String| Err(RemedyError::Pointless(why));
    match &row.payout.state {
        State::Undecided { .. }
        | State::Screening { .. }
        | State::Approving { .. }
        | State::Queued
        | State::Built { .. } => pointless(format!(
            "no co-signer was asked to sign payout {cid} yet: `bursar payout withdraw {cid}` ends it"
        )),
        // Co-signers raise no cap of what none of them has signed for, and the payout would wait for that.
        State::Signing { .. } if kind == Kind::RaiseCap => pointless(format!(
            "no signature of payout {cid} came back yet: when one is sent and stuck, its cap can be raised"
        )),
        State::Signing { .. }
        | State::Signed { .. }
        | State::Sent { .. }
        | State::Outbidding { .. }
        | State::Overtaken { .. } => Ok(()),
        State::Succeeded { txid, .. } => pointless(format!("payout {cid} was paid by {txid}")),
        State::Failed { .. } => pointless(format!("payout {cid} is proven dead")),
        State::Refused { .. } | State::Rejected { .. } | State::Withdrawn { .. } => {
            if kind == Kind::RaiseCap {
                return pointless(format!("payout {cid} has ended unsigned"));
            }
            match gateway.store.token_of(&row.digest).await? {
                Some(_) => Ok(()),
                None => pointless(format!("payout {cid} has ended and holds no token")),
            }
        }
    }
}

/// The rules that may decide the order, each with the intent that it would mean.
async fn options(
    gateway: &Gateway,
    applicant: &PrincipalId,
    target: &PayoutRow,
    remedy: &Remedy,
    cid: Cid,
    now: Millis,
) -> Result<(Vec<AcceptOption>, Vec<UnmetRule>), RemedyError> {
    let kind = remedy.kind();
    sensible(gateway, target, kind).await?;
    let policy = gateway.policy();
    let rules = policy.newest_rules();
    let of = &target.payout.intent;
    let fee_cap = fee_cap(&policy, of, remedy)?;
    let recipient = recipient_of(gateway, rules, of).await?;
    let case = Case { kind, applicant: Some(applicant), at: now, ..Case::of(of, recipient, None) };
    let found = candidates(rules, policy.people(), policy.book(), &case);
    let made = found.list.into_iter().map(|candidate| {
        let intent = Intent {
            version: intent::VERSION.to_owned(),
            kind,
            cid,
            third_party_id: remedy.business_number(cid),
            fee_cap,
            rules_version: policy.heads().rules.version,
            rule: candidate.rule.clone(),
            applicant: Some(applicant.clone()),
            target: Some(target.digest),
            operation: None,
            operation_args: None,
            created: now,
            expiry: candidate.outcome.expiry(now),
            ..of.clone()
        };
        // The external check is asked about payments; this is none beside its target.
        option_of(candidate, intent, Screening::None)
    });
    Ok((made.collect(), found.unmet))
}

/// The cap in base units: as ordered, or the most that the rules allow.
fn fee_cap(policy: &Policy, target: &Intent, remedy: &Remedy) -> Result<Amount, RemedyError> {
    let rules = policy.newest_rules();
    let chain = &target.chain_id;
    let limit = rules
        .fee(chain)
        .ok_or_else(|| RemedyError::Pointless(format!("the rules allow no fees on chain {chain}")))?;
    let native = rules
        .coin(&CoinId::native(chain))
        .ok_or_else(|| RemedyError::Pointless(format!("the rules do not list the coin of chain {chain}")))?;
    let show = |amount: Amount| format!("{} {}", amount.to_decimal(native.decimals), native.name);
    let most = limit.most(remedy.kind());
    let cap = match remedy.cap() {
        None => most,
        Some(text) => Amount::parse(text, native.decimals)
            .map_err(|why| RemedyError::Cap(format!("is no fee in {}: {why}", native.name)))?,
    };
    if cap > most {
        let next = "the admins may publish a higher raised_cap";
        return Err(RemedyError::Cap(format!("is over the {} that the rules allow; {next}", show(most))));
    }
    match remedy {
        Remedy::Void { .. } if cap.is_zero() => Err(RemedyError::Cap("must not be nothing".to_owned())),
        Remedy::Void { .. } => Ok(cap),
        Remedy::RaiseCap { .. } if cap <= target.fee_cap => {
            Err(RemedyError::Cap(format!("must be above the payout's cap of {}", show(target.fee_cap))))
        }
        Remedy::RaiseCap { .. } => Ok(cap),
    }
}
