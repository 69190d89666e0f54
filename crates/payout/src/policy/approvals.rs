//! Whose acts count for an intent, and how far they fill the steps of its rule.
//!
//! People are asked in the newest people chain only: an approver who was removed has not approved. An act that does not
//! count is passed over, with its reason, so that somebody else's can take its place.

use super::condition::may_apply;
use super::document::{People, Principal, Role};
use crate::approval::{Act, SignedAct};
use crate::ids::{Digest, GroupId, PrincipalId, ProjectId};
use crate::intent::Intent;
use crate::life::StepQuorum;

/// The most acts that are looked at for one intent.
pub const MAX_ACTS: usize = 256;

/// How far approvals go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The step that is being filled, from 0; the number of steps when all are.
    pub step: usize,
    /// Whose approvals count, in the order in which they came, over all steps.
    pub given: Vec<PrincipalId>,
    /// How many the current step still lacks.
    pub missing: u8,
    /// Whether all steps are filled.
    pub complete: bool,
    /// Approvals that do not count, and why.
    pub ignored: Vec<(PrincipalId, ActError)>,
}

/// Why an act does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// About another payout, attempt or deployment: all of them are under the digest.
    #[error("the act is about another intent, {0}")]
    OtherIntent(Digest),
    /// Not in the newest people chain.
    #[error("{0} is not in the people chain")]
    Unknown(PrincipalId),
    /// Somebody else's key, or one that was removed.
    #[error("the key is not one of {0}'s")]
    NotTheirKey(PrincipalId),
    /// Another text was signed.
    #[error("the signature of {0} does not verify")]
    DoesNotVerify(PrincipalId),
    /// Lacks the role.
    #[error("{who} may not {act}: it needs the role {needs:?}")]
    Role {
        /// Who.
        who: PrincipalId,
        /// What.
        act: Act,
        /// The least role.
        needs: Role,
    },
    /// Nobody approves their own payout.
    #[error("{0} applied for this payout and can't approve it")]
    Applicant(PrincipalId),
    /// Who can ask in a project's name does not approve what was asked in it.
    #[error("{who} holds a key of project {project} and can't approve its API payouts")]
    KeyHolder {
        /// Who.
        who: PrincipalId,
        /// The project.
        project: ProjectId,
    },
    /// One person counts once, over all steps and with all their keys.
    #[error("{0} has approved already")]
    Already(PrincipalId),
    /// Belongs to another step, or to none.
    #[error("{who} is not in {group}, whose approvals are awaited")]
    NotInGroup {
        /// Who.
        who: PrincipalId,
        /// The current step's group.
        group: GroupId,
    },
    /// Nothing is awaited any more, or ever was.
    #[error("no approval is awaited")]
    NothingAwaited,
    /// Neither in a step's group nor an admin.
    #[error("{0} is in none of the groups that are asked, and no admin")]
    NotAsked(PrincipalId),
    /// Not the person in the intent.
    #[error("{0} is not the applicant")]
    NotApplicant(PrincipalId),
    /// The intent names an applicant who has not signed.
    #[error("{0} has not signed the application")]
    NotApplied(PrincipalId),
    /// Somebody stopped it.
    #[error("{who} has stopped it: {act}")]
    Stopped {
        /// Who.
        who: PrincipalId,
        /// Reject or withdraw.
        act: Act,
    },
    /// More than [`MAX_ACTS`].
    #[error("there are more than {MAX_ACTS} acts")]
    TooMany,
}

/// How far `acts` fill `steps`. They are taken in the order of the list. `digest` is the intent's.
///
/// # Errors
/// [`ActError::Stopped`] by a rejection or withdrawal that counts, [`ActError::NotApplied`] where the intent names an
/// applicant without their signature, [`ActError::TooMany`].
pub fn progress(
    steps: &[StepQuorum],
    people: &People,
    intent: &Intent,
    digest: &Digest,
    acts: &[SignedAct],
) -> Result<Progress, ActError> {
    if acts.len() > MAX_ACTS {
        return Err(ActError::TooMany);
    }
    applicant_signed(people, intent, digest, acts)?;
    let asked = Asked { people, intent, digest, steps };
    let mut filling = Filling::default();
    let mut ignored = Vec::new();
    for act in acts {
        match (act.act, asked.judge(act, &filling)) {
            (Act::Reject | Act::Withdraw, Ok(())) => {
                return Err(ActError::Stopped { who: act.principal.clone(), act: act.act });
            }
            (Act::Approve, Ok(())) => filling.add(steps, act.principal.clone()),
            (Act::Apply, Ok(())) => {}
            (_, Err(reason)) => ignored.push((act.principal.clone(), reason)),
        }
    }
    let missing = steps.get(filling.step).map_or(0, |step| step.quorum.saturating_sub(filling.in_step));
    let complete = filling.step == steps.len();
    Ok(Progress { step: filling.step, given: filling.given, missing, complete, ignored })
}

/// Whether a new act counts beside those that were taken before.
///
/// # Errors
/// [`ActError`] names the reason why it does not.
pub fn may_act(
    people: &People,
    intent: &Intent,
    digest: &Digest,
    act: &SignedAct,
    steps: &[StepQuorum],
    so_far: &[SignedAct],
) -> Result<(), ActError> {
    if so_far.len() >= MAX_ACTS {
        return Err(ActError::TooMany);
    }
    let asked = Asked { people, intent, digest, steps };
    let mut filling = Filling::default();
    for taken in so_far.iter().filter(|taken| taken.act == Act::Approve) {
        if asked.judge(taken, &filling).is_ok() {
            filling.add(steps, taken.principal.clone());
        }
    }
    asked.judge(act, &filling)
}

/// The applicant, if the intent names one and their signed application is among the acts; `None` for a payout of the
/// API.
///
/// # Errors
/// [`ActError::NotApplied`], or why their application does not count; [`ActError::TooMany`].
pub fn applicant_signed<'a>(
    people: &People,
    intent: &'a Intent,
    digest: &Digest,
    acts: &[SignedAct],
) -> Result<Option<&'a PrincipalId>, ActError> {
    let Some(applicant) = &intent.applicant else {
        return Ok(None);
    };
    if acts.len() > MAX_ACTS {
        return Err(ActError::TooMany);
    }
    let asked = Asked { people, intent, digest, steps: &[] };
    let mut reason = ActError::NotApplied(applicant.clone());
    for act in acts.iter().filter(|act| act.act == Act::Apply && act.principal == *applicant) {
        match asked.judge(act, &Filling::default()) {
            Ok(()) => return Ok(Some(applicant)),
            Err(why) => reason = why,
        }
    }
    Err(reason)
}

/// Who stands behind an act: known, with their own key, over this digest.
///
/// # Errors
/// [`ActError`] names the reason.
pub fn author<'p>(people: &'p People, digest: &Digest, act: &SignedAct) -> Result<&'p Principal, ActError> {
    if act.intent != *digest {
        return Err(ActError::OtherIntent(act.intent));
    }
    let who = || act.principal.clone();
    let principal = people.principal(&act.principal).ok_or_else(|| ActError::Unknown(who()))?;
    if !principal.keys.contains(&act.key()) {
        return Err(ActError::NotTheirKey(who()));
    }
    act.verify().map_err(|_| ActError::DoesNotVerify(who()))?;
    Ok(principal)
}

#[derive(Default)]
struct Filling {
    step: usize,
    in_step: u8,
    given: Vec<PrincipalId>,
}

impl Filling {
    fn add(&mut self, steps: &[StepQuorum], who: PrincipalId) {
        self.given.push(who);
        self.in_step = self.in_step.saturating_add(1);
        if steps.get(self.step).is_some_and(|step| self.in_step >= step.quorum) {
            self.step += 1;
            self.in_step = 0;
        }
    }
}

struct Asked<'a> {
    people: &'a People,
    intent: &'a Intent,
    digest: &'a Digest,
    steps: &'a [StepQuorum],
}

impl Asked<'_> {
    fn judge(&self, act: &SignedAct, filling: &Filling) -> Result<(), ActError> {
        let principal = author(self.people, self.digest, act)?;
        match act.act {
            Act::Approve => self.approves(principal, filling),
            Act::Reject => self.rejects(principal),
            Act::Apply => self.applies(principal),
            Act::Withdraw => self.withdraws(principal),
        }
    }

    fn approves(&self, principal: &Principal, filling: &Filling) -> Result<(), ActError> {
        let who = || principal.id.clone();
        needs(principal, Act::Approve, Role::Approver)?;
        if self.intent.applicant.as_ref() == Some(&principal.id) {
            return Err(ActError::Applicant(who()));
        }
        let project = self.intent.project;
        if self.intent.applicant.is_none() && principal.holds_key_of(project) {
            return Err(ActError::KeyHolder { who: who(), project });
        }
        if filling.given.contains(&principal.id) {
            return Err(ActError::Already(who()));
        }
        let step = self.steps.get(filling.step).ok_or(ActError::NothingAwaited)?;
        if self.people.is_member(&step.group, &principal.id) {
            Ok(())
        } else {
            Err(ActError::NotInGroup { who: who(), group: step.group.clone() })
        }
    }

    fn rejects(&self, principal: &Principal) -> Result<(), ActError> {
        let asked = self.steps.iter().any(|step| self.people.is_member(&step.group, &principal.id));
        if principal.is_admin() {
            return Ok(());
        }
        if !asked {
            return Err(ActError::NotAsked(principal.id.clone()));
        }
        needs(principal, Act::Reject, Role::Approver)
    }

    fn applies(&self, principal: &Principal) -> Result<(), ActError> {
        if self.intent.applicant.as_ref() != Some(&principal.id) {
            return Err(ActError::NotApplicant(principal.id.clone()));
        }
        if may_apply(self.people, &principal.id) {
            Ok(())
        } else {
            Err(role(principal, Act::Apply, Role::Operator))
        }
    }

    fn withdraws(&self, principal: &Principal) -> Result<(), ActError> {
        if self.intent.applicant.as_ref() == Some(&principal.id) {
            return Ok(());
        }
        needs(principal, Act::Withdraw, Role::Operator)
    }
}

fn needs(principal: &Principal, act: Act, least: Role) -> Result<(), ActError> {
    if principal.may(least) { Ok(()) } else { Err(role(principal, act, least)) }
}

fn role(principal: &Principal, act: Act, needs: Role) -> ActError {
    ActError::Role { who: principal.id.clone(), act, needs }
}
