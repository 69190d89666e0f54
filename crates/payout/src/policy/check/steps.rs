//! Whether the steps of an `approve` rule can be filled at all.

use super::{About, Notes};
use crate::ids::PrincipalId;
use crate::life::StepQuorum;
use crate::policy::{ApplicantCondition, People, Principal, Role, Rule};

pub(super) fn check(rule: &Rule, steps: &[StepQuorum], people: &People, about: &About, notes: &mut Notes) {
    if steps.is_empty() {
        notes.error(
            about,
            "asks for approval in no step; write auto, with its limits, if nobody is to be asked",
        );
    }
    for step in steps {
        if step.quorum == 0 {
            notes.error(about, format!("the quorum of {} is 0", step.group));
        }
        let Some(group) = people.group(&step.group) else {
            notes.error(about, format!("the group {} does not exist", step.group));
            continue;
        };
        for member in group.members.iter().filter_map(|member| people.principal(member)) {
            if !member.may(Role::Approver) {
                let reason = format!("{} of {} lacks the role approver", member.id, step.group);
                notes.warning(about, reason);
            }
        }
    }
    if steps.iter().any(|step| people.group(&step.group).is_none()) {
        return;
    }
    if !can_fill(people, steps, &|_| true) {
        notes.error(about, "no set of distinct people can fill its steps");
        return;
    }
    for project in &rule.projects {
        if rule.applicant != ApplicantCondition::Person
            && !can_fill(people, steps, &|who| !who.holds_key_of(*project))
        {
            let reason = format!(
                "its steps can't be filled for API payouts of project {project}, without its key holders"
            );
            notes.warning(about, reason);
        }
    }
    if rule.applicant == ApplicantCondition::Person {
        let stuck = |applicant: &&Principal| !can_fill(people, steps, &|who| who.id != applicant.id);
        let applicants = people.principals.iter().filter(|who| who.may(Role::Operator));
        for applicant in applicants.filter(stuck) {
            notes.warning(about, format!("its steps can't be filled when {} applies", applicant.id));
        }
    }
}

/// Whether every place of every step finds a person of its own: a maximum matching by augmenting paths.
fn can_fill(people: &People, steps: &[StepQuorum], admit: &dyn Fn(&Principal) -> bool) -> bool {
    let eligible = |id: &&PrincipalId| {
        people.principal(id).is_some_and(|who| who.may(Role::Approver) && !who.keys.is_empty() && admit(who))
    };
    let members = |step: &StepQuorum| -> Vec<PrincipalId> {
        let group = people.group(&step.group).into_iter();
        group.flat_map(|group| &group.members).filter(eligible).cloned().collect()
    };
    let mut places: Vec<Vec<PrincipalId>> = Vec::new();
    for step in steps {
        let members = members(step);
        places.extend((0..step.quorum).map(|_| members.clone()));
    }
    let mut taken: Vec<(PrincipalId, usize)> = Vec::new();
    (0..places.len()).all(|place| seat(place, &places, &mut taken, &mut Vec::new()))
}

fn seat(
    place: usize,
    places: &[Vec<PrincipalId>],
    taken: &mut Vec<(PrincipalId, usize)>,
    tried: &mut Vec<PrincipalId>,
) -> bool {
    for who in &places[place] {
        if tried.contains(who) {
            continue;
        }
        tried.push(who.clone());
        let Some(held) = taken.iter().position(|(holder, _)| holder == who) else {
            taken.push((who.clone(), place));
            return true;
        };
        let other = taken[held].1;
        if seat(other, places, taken, tried) {
            // `other` sits elsewhere now; this person moves here.
            if let Some(moved) = taken.iter_mut().find(|(holder, at)| holder == who && *at == other) {
                moved.1 = place;
            }
            return true;
        }
    }
    false
}
