//! Fourth: nobody stopped it, and this co-signer has not promised never to sign it. A void is always allowed: it lets
//! the lane move on.

use payout::approval::SignedAct;
use payout::ids::Digest;
use payout::intent::{Intent, Kind};
use payout::life::StepQuorum;
use payout::policy::{self, Policy};
use wire::message::{Check, Refusal, StopAct};

use super::subject::{self, Subject};
use crate::journal::{Evidence, Union};
use crate::refuse::{later, never};

pub(crate) fn check(policy: &Policy, union: &Union, subject: &Subject) -> Result<(), Refusal> {
    not_stopped(policy, union, &subject.intent, &subject.digest)?;
    // A raise of the cap pays what its target pays; a later attempt too. Stopped is stopped.
    if let (Kind::RaiseCap | Kind::Payout, Some(target)) = (subject.intent.kind, &subject.target) {
        not_stopped(policy, union, &target.intent, &target.digest)?;
    }
    let mut promised = union.never(&subject.digest);
    if let (Kind::RaiseCap, Some(target)) = (subject.intent.kind, &subject.intent.target) {
        promised = promised.or_else(|| union.never(target));
    }
    match promised {
        None => Ok(()),
        Some(reason) => {
            Err(never(Check::Journal, format!("this co-signer has refused it for ever: {reason}")))
        }
    }
}

fn not_stopped(policy: &Policy, union: &Union, intent: &Intent, digest: &Digest) -> Result<(), Refusal> {
    let counts = |act: &SignedAct, evidence| match evidence {
        // Checked when it was journaled; who may stop today does not matter.
        Evidence::Own => true,
        Evidence::Others => may_stop(policy, intent, digest, act).is_ok(),
    };
    match union.stops(digest).iter().find(|stop| counts(&stop.act, stop.evidence)) {
        None => Ok(()),
        Some(stop) => Err(never(
            Check::Journal,
            format!("{} did {} the payout: journaled for ever", stop.act.principal, stop.act.act),
        )),
    }
}

/// A stop that its author may give, to be journaled.
#[derive(Debug, Clone)]
pub struct StopOrder {
    act: SignedAct,
}

impl StopOrder {
    /// Checks a stop as it arrived.
    ///
    /// # Errors
    /// The refusal to log: about another intent, no stop, or not by somebody who may.
    pub fn check(policy: &Policy, stop: &StopAct) -> Result<Self, Refusal> {
        let (intent, digest) = subject::read(&stop.intent)?;
        if intent.deployment != policy.deployment() {
            return Err(later(Check::Policy, "the stop is for another deployment"));
        }
        if !stop.act.act.is_stop() {
            return Err(later(Check::Journal, format!("{} is no stop", stop.act.act)));
        }
        may_stop(policy, &intent, &digest, &stop.act)
            .map_err(|error| later(Check::Journal, format!("the stop does not count: {error}")))?;
        Ok(Self { act: stop.act.clone() })
    }

    /// The act.
    pub fn act(&self) -> &SignedAct {
        &self.act
    }

    pub(crate) fn into_act(self) -> SignedAct {
        self.act
    }
}

/// Who may stop follows from the steps of the rule, in the version that the intent names or in the newest.
fn may_stop(
    policy: &Policy,
    intent: &Intent,
    digest: &Digest,
    act: &SignedAct,
) -> Result<(), policy::ActError> {
    let steps = |rules: Option<&policy::Rules>| -> Vec<StepQuorum> {
        rules
            .and_then(|rules| rules.rule(&intent.rule))
            .map(|rule| rule.outcome.steps().to_vec())
            .unwrap_or_default()
    };
    let named = steps(policy.rules(intent.rules_version));
    let newest = steps(Some(policy.newest_rules()));
    policy::may_act(policy.people(), intent, digest, act, &named, &[])
        .or_else(|_| policy::may_act(policy.people(), intent, digest, act, &newest, &[]))
}
