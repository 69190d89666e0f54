//! Which rule decided, and the first unmet condition of each rule before it: computed again by the code that decided.

use payout::ids::{PrincipalId, RuleId};
use payout::policy::{Candidates, Case, Policy, Recipient, candidates};
use payout::request::caller::CallerSignature;
use serde::{Deserialize, Serialize};
use store::PayoutRow;

use crate::accept::recipient_of;
use crate::operator::fault::Fault;
use crate::state::Gateway;

/// The deciding rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStory {
    /// Its name.
    pub rule: RuleId,
    /// The version of the rules that decided.
    pub version: u64,
    /// The newest version: its denies and limits apply, too.
    pub newest: u64,
    /// What it leads to, in words.
    pub outcome: String,
    /// The rules before it, and why each does not decide.
    pub before: Vec<Verdict>,
    /// What is remarkable: the rule is gone from the newest version, or would not match today.
    pub remarks: Vec<String>,
}

/// Why a rule does not decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule.
    pub rule: RuleId,
    /// The first condition that is not met.
    pub because: String,
}

/// The story under the rules that the intent names, and the people and address book of today.
pub(super) async fn story(gateway: &Gateway, policy: &Policy, row: &PayoutRow) -> Result<RuleStory, Fault> {
    let intent = &row.payout.intent;
    let newest = policy.heads().rules.version;
    let mut story = RuleStory {
        rule: intent.rule.clone(),
        version: intent.rules_version,
        newest,
        outcome: String::new(),
        before: Vec::new(),
        remarks: Vec::new(),
    };
    let Some(rules) = policy.rules(intent.rules_version) else {
        story.remarks.push(format!("version {} of the rules is not held here", intent.rules_version));
        return Ok(story);
    };
    if let Some(rule) = rules.rule(&intent.rule) {
        story.outcome = rule.outcome.to_string();
    }
    if policy.newest_rules().rule(&intent.rule).is_none() {
        story.remarks.push("the newest rules have no rule of this name: co-signers refuse".to_owned());
    }
    let caller = caller(gateway, policy, row).await?;
    let found = |recipient| {
        candidates(rules, policy.people(), policy.book(), &Case::of(intent, recipient, caller.as_ref()))
    };
    let mut all = found(recipient_of(gateway, policy.newest_rules(), intent).await?);
    if !decides(&all, &intent.rule) {
        // It was a first payment when it was accepted; its own signature may have made the recipient a known one.
        all = found(Recipient::FirstTime);
    }
    if !decides(&all, &intent.rule) {
        story
            .remarks
            .push("the rule would not match today: people, book or recipient have changed".to_owned());
    }
    story.before = before(rules.rules.iter().map(|rule| &rule.id), &intent.rule, &all);
    Ok(story)
}

fn decides(all: &Candidates, rule: &RuleId) -> bool {
    all.list.iter().any(|candidate| candidate.rule == *rule)
}

/// The rules above the deciding one, in their order.
fn before<'a>(order: impl Iterator<Item = &'a RuleId>, deciding: &RuleId, all: &Candidates) -> Vec<Verdict> {
    let because = |rule: &RuleId| {
        let unmet = all.unmet.iter().find(|(id, _)| id == rule).map(|(_, why)| why.to_string());
        let limited = all.list.iter().any(|candidate| candidate.rule == *rule);
        unmet
            .or_else(|| limited.then(|| "its window or budget was used up when this was accepted".to_owned()))
    };
    order
        .take_while(|rule| *rule != deciding)
        .filter_map(|rule| Some(Verdict { rule: rule.clone(), because: because(rule)? }))
        .collect()
}

/// The machine that signed the request.
async fn caller(gateway: &Gateway, policy: &Policy, row: &PayoutRow) -> Result<Option<PrincipalId>, Fault> {
    let Some(proof) = gateway.store.caller(row.cid()).await? else { return Ok(None) };
    let signature: Option<CallerSignature> = proof.header.parse().ok();
    Ok(signature
        .and_then(|signature| policy.people().owner_of(&signature.key()))
        .map(|owner| owner.id.clone()))
}
