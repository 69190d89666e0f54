//! The rules that may decide, each with the intent that it would mean.

use payout::approval::SignedAct;
use payout::coin::CoinId;
use payout::ids::{Attempt, Cid, PrincipalId, ThirdPartyId};
use payout::intent::{self, Intent, Kind};
use payout::life::{Cause, Payout, Screening};
use payout::policy::{Candidate, Case, Policy, Recipient, UnmetRule, candidates};
use payout::time::Millis;
use store::{Accept, AcceptOption, Project, StoreError, Terms};

use super::resolve::Resolved;
use crate::state::Gateway;

/// What is asked for beside the payment itself.
pub struct Asked<'a> {
    /// The number that the payout will have.
    pub cid: Cid,
    /// The caller's number.
    pub third_party_id: &'a ThirdPartyId,
    /// The person who asks; `None` for a caller of the API.
    pub applicant: Option<&'a PrincipalId>,
    /// The machine that signed the request.
    pub caller: Option<&'a PrincipalId>,
    /// Whether the recipient was paid before.
    pub recipient: Recipient,
    /// The compliance department's reference.
    pub compliance_ref: Option<&'a str>,
    /// Now.
    pub now: Millis,
}

/// The options, in the rules' order, and why the other rules don't match. No option means that no rule matches.
pub fn options(
    policy: &Policy,
    project: &Project,
    resolved: &Resolved<'_>,
    asked: &Asked<'_>,
) -> (Vec<AcceptOption>, Vec<UnmetRule>) {
    let coin: CoinId = resolved.coin.id();
    let case = Case {
        kind: Kind::Payout,
        project: project.id,
        wallet: resolved.wallet.id,
        coin: coin.clone(),
        amount: resolved.amount,
        to: &resolved.to.address,
        attempt: Attempt::FIRST,
        applicant: asked.applicant,
        caller: asked.caller,
        recipient: asked.recipient,
        at: asked.now,
    };
    let rules = policy.newest_rules();
    let found = candidates(rules, policy.people(), policy.book(), &case);
    let screening =
        if project.settings.verification_url.is_some() { Screening::Asked } else { Screening::None };
    let made = found.list.into_iter().filter_map(|candidate| {
        let fee_cap = rules.fee(&resolved.coin.chain_id)?.cap;
        let intent = Intent {
            version: intent::VERSION.to_owned(),
            kind: Kind::Payout,
            deployment: policy.deployment(),
            project: project.id,
            cid: asked.cid,
            attempt: Attempt::FIRST,
            third_party_id: asked.third_party_id.clone(),
            wallet: resolved.wallet.id,
            address_index: resolved.index,
            network_id: resolved.network.network_id.clone(),
            chain_id: resolved.coin.chain_id.clone(),
            token_id: resolved.coin.token_id.clone(),
            from: resolved.from.clone(),
            to: resolved.to.address.clone(),
            amount: resolved.amount,
            amount_text: resolved.amount.to_decimal(resolved.coin.decimals),
            memo: resolved.to.memo.clone(),
            fee_cap,
            rules_version: policy.heads().rules.version,
            rule: candidate.rule.clone(),
            applicant: asked.applicant.cloned(),
            compliance_ref: asked.compliance_ref.map(str::to_owned),
            target: None,
            operation: None,
            operation_args: None,
            created: asked.now,
            expiry: candidate.outcome.expiry(asked.now),
        };
        Some(option_of(candidate, intent, screening))
    });
    (made.collect(), found.unmet)
}

/// What is decided if this rule decides, with the intent that it means.
pub(super) fn option_of(candidate: Candidate, intent: Intent, screening: Screening) -> AcceptOption {
    let Candidate { rule, outcome, limits, unmet_before: _ } = candidate;
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    let amount = intent.amount;
    let payout = match outcome.requirement() {
        Some(requirement) => Payout::accept(intent, requirement, screening),
        None => Payout::denied(intent, format!("rule {rule} says {}", outcome.as_str())),
    };
    AcceptOption { limits, rule, coin, amount, payout }
}

/// The intent of the first option without counters, or whose counters have room by what is used now. They are looked at
/// again when the signed draft is stored.
pub(super) async fn first_with_room(
    gateway: &Gateway,
    options: Vec<AcceptOption>,
    now: Millis,
) -> Result<Option<Intent>, StoreError> {
    for option in options {
        let since = option.limits.window_start(now).unwrap_or(now);
        let used = gateway.store.usage(&option.rule, &option.coin, since).await?;
        if option.limits.fit(option.amount, &used).is_ok() {
            return Ok(Some(option.payout.intent));
        }
    }
    Ok(None)
}

/// What is stored of a draft that a person signed.
pub(super) fn signed_draft(option: AcceptOption, terms: Terms, act: SignedAct, now: Millis) -> Accept {
    let intent = &option.payout.intent;
    Accept {
        project: intent.project,
        third_party_id: intent.third_party_id.clone(),
        replay: None,
        terms,
        caller: None,
        cause: Cause::Principal(act.principal.clone()),
        options: vec![option],
        acts: vec![act],
        now,
    }
}
