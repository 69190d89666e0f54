//! Eighth: every approval's signature over this intent's digest, meeting the rule: distinct people over all steps, the
//! right groups in order, not the applicant.

use payout::policy::{ActError, Outcome, progress};
use wire::message::{Check, Refusal, SignRequest};

use super::context::Context;
use super::subject::Subject;
use crate::refuse::{later, never};

pub(crate) fn check(
    ctx: &Context<'_>,
    outcome: &Outcome,
    subject: &Subject,
    request: &SignRequest,
) -> Result<(), Refusal> {
    let steps = outcome.steps();
    let progress = progress(steps, ctx.policy.people(), &subject.intent, &subject.digest, &request.acts)
        .map_err(|error| match error {
            // Signed by somebody who may: nobody can take it back.
            ActError::Stopped { .. } => never(Check::Approvals, error.to_string()),
            error => later(Check::Approvals, error.to_string()),
        })?;
    if progress.complete {
        return Ok(());
    }
    let step = steps.get(progress.step).map_or_else(String::new, |step| format!(" of {}", step.group));
    let mut reason = format!("{} more approval(s){step} needed", progress.missing);
    for (who, fault) in &progress.ignored {
        reason.push_str(&format!("; {who}'s does not count: {fault}"));
    }
    Err(later(Check::Approvals, reason))
}
