//! Screen: ask the project's external check, before anybody is asked to approve.
//!
//! It never fails open: `ok` lets the payout on, `deny` ends it, and everything else is no answer. After a few tries the
//! payout is held with an alert, and asked about at long intervals, until an answer comes or its time runs out.

use std::time::Duration;

use payout::life::{Event, Rejection, State, Step, Withdrawal};
use payout::policy::Environment;
use payout::request::check::{CallbackUrl, callback_url};
use payout::request::notice::{Verification, VerificationAnswer};
use payout::time::Millis;
use store::{PayoutRow, Project};

use super::pace::again;
use super::record::{advance, hold, wait};
use super::{Next, StepError};
use crate::callback::signing::{self, NoKey};
use crate::callback::target::Reach;
use crate::clock;
use crate::state::Gateway;

/// Questions at once at one receiver.
const PARALLEL_PER_HOST: usize = 8;
/// How often a held payout's check is asked again, ms.
const SLOW_MS: i64 = 300_000;
/// Constant while there is no answer, so that it is known since when there is none.
const UNANSWERED: &str = "the project's external check has said neither ok nor deny";

/// Screens one payout.
pub(super) async fn step(gateway: &Gateway, row: PayoutRow) -> Result<Next, StepError> {
    let now = clock::now();
    match &row.payout.state {
        State::Undecided { .. } | State::Screening { .. } if now >= row.payout.intent.expiry => {
            let event = Event::Withdrawn { by: Withdrawal::Expired };
            advance(gateway, &row, Step::Screen, event).await
        }
        State::Undecided { missing } => {
            let reason = format!("the policy can't decide: {missing}");
            let next_action = "supply the figure, or withdraw the payout; it expires by itself";
            let due_at = again(&row, now, 5000).min(row.payout.intent.expiry);
            hold(gateway, &row, wait(reason, next_action), due_at).await
        }
        State::Screening { .. } => ask(gateway, &row).await,
        State::Approving { .. }
        | State::Queued
        | State::Built { .. }
        | State::Signing { .. }
        | State::Signed { .. }
        | State::Sent { .. }
        | State::Outbidding { .. }
        | State::Overtaken { .. }
        | State::Succeeded { .. }
        | State::Failed { .. }
        | State::Refused { .. }
        | State::Rejected { .. }
        | State::Withdrawn { .. } => Ok(Next::Nothing),
    }
}

async fn ask(gateway: &Gateway, row: &PayoutRow) -> Result<Next, StepError> {
    let project = gateway.store.project(row.payout.intent.project).await?;
    let url = project.as_ref().and_then(|project| project.settings.verification_url.as_deref());
    let Some(_place) = gateway.memory.checks.place(url.unwrap_or_default(), PARALLEL_PER_HOST) else {
        // A check that hangs must not hold up the other projects' checks. Nothing was tried: what was known stays.
        let busy =
            || wait("the project's external check is busy with other payouts", "none: it takes its turn");
        let known = row.wait.clone().unwrap_or_else(busy);
        return hold(gateway, row, known, clock::now().plus(1000).min(row.payout.intent.expiry)).await;
    };
    let question =
        project.as_ref().ok_or(NoAnswer::NoProject).and_then(|project| prepare(gateway, row, project));
    let answered = match question {
        Ok(question) => put(gateway, question).await,
        Err(unable) => Err(unable),
    };
    match answered {
        Ok(event) => advance(gateway, row, Step::Screen, event).await,
        Err(why) => unanswered(gateway, row, &why).await,
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the project is gone")]
    NoProject,
    #[error("the project has no verification URL any more; set one, or withdraw the payout")]
    NoUrl,
    #[error("the verification URL {0}")]
    BadUrl(&'static str),
    #[error(transparent)]
    NoKey(#[from] NoKey),
    #[error(transparent)]
    Post(#[from] crate::callback::PostError),
    #[error("it answered {0}")]
    Reply(String),
}

/// Where to ask, and what.
struct Question {
    url: CallbackUrl,
    reach: Reach,
    body: String,
}

fn prepare(gateway: &Gateway, row: &PayoutRow, project: &Project) -> Result<Question, NoAnswer> {
    let text = project.settings.verification_url.as_deref().ok_or(NoAnswer::NoUrl)?;
    let url = verification_url(text, gateway.environment()).map_err(NoAnswer::BadUrl)?;
    let now = clock::now();
    let key = signing::newest_key(project, now)?;
    let intent = &row.payout.intent;
    let verification = Verification {
        pid: intent.project,
        cid: intent.cid,
        third_party_id: intent.third_party_id.clone(),
        chain_id: intent.chain_id.clone(),
        token_id: intent.token_id.clone(),
        from_address: intent.from.clone(),
        to_address: intent.to.clone(),
        amount: row.terms.amount.clone(),
        remark: row.terms.remark.clone(),
        memo: intent.memo.clone(),
    };
    let body = verification.to_body(&key, &signing::fresh_nonce(), now);
    Ok(Question { url, reach: Reach::of(&project.settings, gateway.environment()), body })
}

/// A verification URL is https; a development deployment's may be plain http.
fn verification_url(text: &str, environment: Environment) -> Result<CallbackUrl, &'static str> {
    let url = callback_url(text).map_err(|_| "must be an absolute http(s) URL")?;
    match environment {
        Environment::Production if !url.is_https() => Err("must be https"),
        Environment::Production | Environment::Development | Environment::Demo => Ok(url),
    }
}

/// Asks, and reads the answer: what it means for the payout.
async fn put(gateway: &Gateway, question: Question) -> Result<Event, NoAnswer> {
    let Question { url, reach, body } = question;
    let within = Duration::from_millis(gateway.config.screening.timeout_ms.into());
    let reply = gateway.post.post(&url, reach, body, within).await?;
    match reply.whole_success().map(VerificationAnswer::read) {
        Some(VerificationAnswer::Ok) => Ok(Event::ScreeningPassed),
        Some(VerificationAnswer::Deny) => Ok(Event::Rejected { by: Rejection::Screening }),
        Some(VerificationAnswer::Unclear) | None => Err(NoAnswer::Reply(reply.describe())),
    }
}

/// No answer: asked again after the configured pauses, then held with an alert.
async fn unanswered(gateway: &Gateway, row: &PayoutRow, why: &NoAnswer) -> Result<Next, StepError> {
    let now = clock::now();
    let same = row.wait.as_ref().is_some_and(|wait| wait.reason == UNANSWERED);
    let since = row.waiting_since.filter(|_| same).unwrap_or(now);
    let (next_action, due_at) = match next_try(&gateway.config.screening.pauses_s, since, now) {
        Some(due_at) => (format!("it is asked again soon; the last try: {why}"), due_at),
        None => {
            gateway.metrics.step(Step::Screen, "alert");
            tracing::error!(
                alert = "external check", cid = %row.cid(), project = %row.payout.intent.project, %why,
                "an external check does not answer: the payout is held"
            );
            let text = format!("look at the project's verification URL; the last try: {why}");
            (text, now.plus(SLOW_MS))
        }
    };
    hold(gateway, row, wait(UNANSWERED, next_action), due_at.min(row.payout.intent.expiry)).await
}

/// When the next of the quick tries is due, counted from the first that failed; `None` when they are used up.
fn next_try(pauses_s: &[u32], since: Millis, now: Millis) -> Option<Millis> {
    let mut due = since;
    for pause in pauses_s {
        due = due.plus(i64::from(*pause) * 1000);
        if due > now {
            return Some(due);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Millis {
        Millis::new(ms).unwrap()
    }

    #[test]
    fn the_quick_tries_come_after_the_configured_pauses() {
        let pauses = [2, 10, 60];
        assert_eq!(next_try(&pauses, at(5000), at(5000)), Some(at(7000)));
        assert_eq!(next_try(&pauses, at(5000), at(7000)), Some(at(17_000)));
        assert_eq!(next_try(&pauses, at(5000), at(17_100)), Some(at(77_000)));
        assert_eq!(next_try(&pauses, at(5000), at(77_000)), None);
        assert_eq!(next_try(&[], at(5000), at(5000)), None);
    }

    #[test]
    fn only_a_development_deployment_may_ask_without_tls() {
        assert_eq!(verification_url("http://a.example/x", Environment::Production), Err("must be https"));
        assert!(verification_url("https://a.example/x", Environment::Production).is_ok());
        assert!(verification_url("HTTPS://a.example/x", Environment::Production).is_ok());
        assert!(verification_url("http://a.example/x", Environment::Development).is_ok());
        assert!(verification_url("ftp://a.example/x", Environment::Demo).is_err());
    }
}
