//! Showing an approved intent to the co-signers, at once, funded or not.
//!
//! They journal when they saw it and compare the end of its approval time with that, so that a payout does not expire
//! while it waits for money. No token is taken before a quorum has seen it: a payout that co-signers would refuse burns
//! none.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use payout::ids::Digest;
use store::{PayoutRow, Wait};
use wire::message::{Finality, Refusal};

use super::StepError;
use super::record::wait;
use super::request::sign_request;
use crate::state::Gateway;

/// More are forgotten all at once; showing an intent again is harmless.
const REMEMBERED: usize = 65_536;

/// Intents that a quorum has seen since this gateway started.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashSet<Digest>>);

impl Seen {
    fn has(&self, intent: &Digest) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(intent)
    }

    pub(super) fn add(&self, intent: Digest) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(intent);
    }

    /// Its token is taken: nobody will ask again.
    pub(super) fn forget(&self, intent: &Digest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(intent);
    }
}

/// Shows the intent, unless a quorum has seen it already. Gives a reason to wait when too few have.
///
/// # Errors
/// [`StepError::Store`].
pub(super) async fn show(gateway: &Gateway, row: &PayoutRow) -> Result<Option<Wait>, StepError> {
    if gateway.memory.seen.has(&row.digest) {
        return Ok(None);
    }
    let roster = &gateway.genesis.roster;
    let request = sign_request(gateway, row, Vec::new()).await?;
    let answers = gateway.hub.sight(request, roster.threshold).await;
    let seats = roster.cosigners.iter().map(|seat| {
        let answer = answers.iter().find(|(index, _)| *index == seat.index).map(|(_, answer)| answer);
        (seat.name.as_str(), answer)
    });
    let verdict = weigh(roster.threshold, &seats.collect::<Vec<_>>());
    if verdict.is_none() {
        gateway.memory.seen.add(row.digest);
    }
    Ok(verdict)
}

/// `None` when a quorum has seen it, else who has not and why.
fn weigh(threshold: u8, seats: &[(&str, Option<&Result<(), Refusal>>)]) -> Option<Wait> {
    let seen = seats.iter().filter(|(_, answer)| matches!(answer, Some(Ok(())))).count();
    let needed = usize::from(threshold);
    if seen >= needed {
        return None;
    }
    let never = |answer: &&Result<(), Refusal>| {
        answer.as_ref().is_err_and(|refusal| refusal.finality == Finality::Never)
    };
    let lost = seats.iter().filter(|(_, answer)| answer.as_ref().is_some_and(never)).count();
    let mut reason = format!("{threshold} co-signers must have seen it, {seen} have");
    for (name, answer) in seats {
        match answer {
            Some(Ok(())) => {}
            Some(Err(refusal)) => reason.push_str(&format!("; {name} refuses: {refusal}")),
            None => reason.push_str(&format!("; {name} does not answer")),
        }
    }
    let next_action = if seats.len() - lost < needed {
        "withdraw it: so many co-signers will never sign it that no quorum is left"
    } else {
        "look at the co-signers with `bursar status`; it goes on by itself when enough of them agree"
    };
    Some(wait(reason, next_action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::message::Check;

    fn refusal(finality: Finality) -> Refusal {
        Refusal { check: Check::Time, finality, reason: "seen too late".to_owned(), never: None }
    }

    #[test]
    fn a_quorum_that_has_seen_it_is_enough() {
        let (seen, refused) = (Ok(()), Err(refusal(Finality::Later)));
        assert_eq!(weigh(2, &[("a", Some(&seen)), ("b", Some(&refused)), ("c", Some(&seen))]), None);
    }

    #[test]
    fn who_is_missing_and_why_is_said_by_name() {
        let (seen, refused) = (Ok(()), Err(refusal(Finality::Later)));
        let wait = weigh(2, &[("a", Some(&seen)), ("b", Some(&refused)), ("c", None)]).unwrap();
        assert_eq!(
            wait.reason,
            "2 co-signers must have seen it, 1 have; b refuses: time: seen too late; c does not answer"
        );
        assert!(wait.next_action.contains("goes on by itself"), "{}", wait.next_action);
    }

    #[test]
    fn no_quorum_left_says_so() {
        let never = Err(refusal(Finality::Never));
        let wait = weigh(2, &[("a", Some(&never)), ("b", Some(&never)), ("c", None)]).unwrap();
        assert!(wait.next_action.contains("no quorum is left"), "{}", wait.next_action);
    }
}
