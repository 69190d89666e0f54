use super::world::{act, intent, key, name, people, project, step};
use crate::approval::{Act, ActNonce, SignedAct};
use crate::ids::{Attempt, Cid, Digest};
use crate::intent::Intent;
use crate::life::StepQuorum;
use crate::policy::approvals::MAX_ACTS;
use crate::policy::*;

fn steps() -> Vec<StepQuorum> {
    vec![step("treasury", 2), step("directors", 1)]
}

fn refused(people: &People, intent: &Intent, act: &SignedAct, so_far: &[SignedAct]) -> ActError {
    let digest = intent.digest();
    let reason = may_act(people, intent, &digest, act, &steps(), so_far).unwrap_err();
    // What may not be added does not count either where it is in the list.
    let mut all = so_far.to_vec();
    let before = progress(&steps(), people, intent, &digest, &all).unwrap();
    all.push(act.clone());
    let after = progress(&steps(), people, intent, &digest, &all).unwrap();
    assert_eq!(after.given, before.given);
    assert_eq!(after.complete, before.complete);
    assert_eq!(after.ignored.last(), Some(&(act.principal.clone(), reason.clone())));
    reason
}

#[test]
fn two_of_the_treasury_and_a_director_complete_the_payout() {
    let (people, intent) = (people(), intent());
    let mut acts = Vec::new();
    for (who, step, missing) in [("tom", 0, 1), ("tina", 1, 1), ("dora", 2, 0)] {
        let act = act(who, Act::Approve, &intent);
        assert_eq!(may_act(&people, &intent, &intent.digest(), &act, &steps(), &acts), Ok(()));
        acts.push(act);
        let progress = progress(&steps(), &people, &intent, &intent.digest(), &acts).unwrap();
        assert_eq!((progress.step, progress.missing), (step, missing));
        assert_eq!(progress.complete, who == "dora");
        assert!(progress.ignored.is_empty());
    }
}

#[test]
fn an_automatic_payout_awaits_nobody() {
    let (people, intent) = (people(), intent());
    let progress = progress(&[], &people, &intent, &intent.digest(), &[]).unwrap();
    assert!(progress.complete);
    let late = act("tom", Act::Approve, &intent);
    let refusal = may_act(&people, &intent, &intent.digest(), &late, &[], &[]);
    assert_eq!(refusal, Err(ActError::NothingAwaited));
}

#[test]
fn an_outsider_does_not_approve() {
    let act = act("mallory", Act::Approve, &intent());
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::Unknown(name("mallory")));
}

#[test]
fn an_outsider_who_uses_an_approvers_name_does_not_approve() {
    let nonce = ActNonce::from_bytes([4; 32]);
    let act = SignedAct::sign(&key("mallory"), name("tom"), Act::Approve, intent().digest(), nonce);
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::NotTheirKey(name("tom")));
}

#[test]
fn an_approver_who_was_removed_does_not_approve() {
    let mut people = people();
    people.principals.retain(|who| who.id != name("tom"));
    let act = act("tom", Act::Approve, &intent());
    assert_eq!(refused(&people, &intent(), &act, &[]), ActError::Unknown(name("tom")));
}

#[test]
fn a_key_that_was_removed_does_not_approve() {
    let mut people = people();
    people.principals.iter_mut().find(|who| who.id == name("tom")).unwrap().keys =
        vec![key("tom's new phone").public()];
    let act = act("tom", Act::Approve, &intent());
    assert_eq!(refused(&people, &intent(), &act, &[]), ActError::NotTheirKey(name("tom")));
}

#[test]
fn somebody_else_takes_the_place_of_an_approver_who_was_removed() {
    let (mut people, intent) = (people(), intent());
    let acts = ["tom", "tina"].map(|who| act(who, Act::Approve, &intent));
    people.principals.retain(|who| who.id != name("tom"));
    let mut acts = acts.to_vec();
    acts.push(act("tess", Act::Approve, &intent));
    let progress = progress(&steps(), &people, &intent, &intent.digest(), &acts).unwrap();
    assert_eq!(progress.given, [name("tina"), name("tess")]);
    assert_eq!(progress.step, 1);
}

#[test]
fn one_person_with_two_keys_approves_once() {
    let mut people = people();
    let second = key("tom's second key");
    people.principals.iter_mut().find(|who| who.id == name("tom")).unwrap().keys.push(second.public());
    let first = act("tom", Act::Approve, &intent());
    let nonce = ActNonce::from_bytes([5; 32]);
    let again = SignedAct::sign(&second, name("tom"), Act::Approve, intent().digest(), nonce);
    assert_eq!(refused(&people, &intent(), &again, &[first]), ActError::Already(name("tom")));
}

#[test]
fn one_person_in_two_groups_fills_one_step() {
    let (mut people, intent) = (people(), intent());
    people
        .groups
        .iter_mut()
        .find(|group| group.id.as_str() == "directors")
        .unwrap()
        .members
        .push(name("tom"));
    let acts = ["tom", "tina"].map(|who| act(who, Act::Approve, &intent));
    let again = act("tom", Act::Approve, &intent);
    assert_eq!(refused(&people, &intent, &again, &acts), ActError::Already(name("tom")));
}

#[test]
fn a_director_does_not_approve_before_the_treasury() {
    let act = act("dora", Act::Approve, &intent());
    let group = "treasury".parse().unwrap();
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::NotInGroup { who: name("dora"), group });
}

#[test]
fn an_admin_outside_the_group_does_not_approve() {
    let act = act("ann", Act::Approve, &intent());
    let group = "treasury".parse().unwrap();
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::NotInGroup { who: name("ann"), group });
}

#[test]
fn a_member_without_the_role_does_not_approve() {
    let mut people = people();
    people.principals.iter_mut().find(|who| who.id == name("tom")).unwrap().roles = vec![Role::Operator];
    let act = act("tom", Act::Approve, &intent());
    assert!(matches!(refused(&people, &intent(), &act, &[]), ActError::Role { needs: Role::Approver, .. }));
}

#[test]
fn a_rejection_does_not_pass_as_an_approval() {
    let (people, intent) = (people(), intent());
    let mut forged = act("tom", Act::Reject, &intent);
    forged.act = Act::Approve;
    assert_eq!(refused(&people, &intent, &forged, &[]), ActError::DoesNotVerify(name("tom")));
}

#[test]
fn a_rejection_stops_the_payout_whatever_was_approved() {
    let (people, intent) = (people(), intent());
    let acts: Vec<_> =
        [("tom", Act::Approve), ("tina", Act::Approve), ("dora", Act::Approve), ("dirk", Act::Reject)]
            .map(|(who, what)| act(who, what, &intent))
            .to_vec();
    let stopped = ActError::Stopped { who: name("dirk"), act: Act::Reject };
    assert_eq!(progress(&steps(), &people, &intent, &intent.digest(), &acts), Err(stopped));
}

#[test]
fn an_approval_of_another_payout_does_not_count() {
    let other = Intent { cid: Cid::new(101).unwrap(), ..intent() };
    let act = act("tom", Act::Approve, &other);
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::OtherIntent(other.digest()));
}

#[test]
fn an_approval_of_another_deployments_payout_does_not_count() {
    let other = Intent { deployment: Digest::from_bytes([9; 32]), ..intent() };
    let act = act("tom", Act::Approve, &other);
    assert_eq!(refused(&people(), &intent(), &act, &[]), ActError::OtherIntent(other.digest()));
}

#[test]
fn an_approval_of_the_first_attempt_does_not_count_for_the_second() {
    let second = Intent { attempt: Attempt::new(2).unwrap(), target: Some(intent().digest()), ..intent() };
    let act = act("tom", Act::Approve, &intent());
    assert_eq!(refused(&people(), &second, &act, &[]), ActError::OtherIntent(intent().digest()));
}

#[test]
fn an_approval_that_was_moved_to_this_payout_does_not_verify() {
    let other = Intent { cid: Cid::new(101).unwrap(), ..intent() };
    let mut moved = act("tom", Act::Approve, &other);
    moved.intent = intent().digest();
    assert_eq!(refused(&people(), &intent(), &moved, &[]), ActError::DoesNotVerify(name("tom")));
}

#[test]
fn an_applicant_does_not_approve_their_own_payout() {
    let intent = Intent { applicant: Some(name("tom")), ..intent() };
    let applied = act("tom", Act::Apply, &intent);
    let approved = act("tom", Act::Approve, &intent);
    assert_eq!(refused(&people(), &intent, &approved, &[applied]), ActError::Applicant(name("tom")));
}

#[test]
fn who_holds_a_key_of_the_project_does_not_approve_its_api_payouts() {
    let mut people = people();
    let tom = people.principals.iter_mut().find(|who| who.id == name("tom")).unwrap();
    tom.projects.push(project(1));
    let approval = act("tom", Act::Approve, &intent());
    let expected = ActError::KeyHolder { who: name("tom"), project: project(1) };
    assert_eq!(refused(&people, &intent(), &approval, &[]), expected);
    // Another person's signed application is not something that a key could have asked for.
    let applied_for = Intent { applicant: Some(name("otto")), ..intent() };
    let approval = act("tom", Act::Approve, &applied_for);
    assert_eq!(may_act(&people, &applied_for, &applied_for.digest(), &approval, &steps(), &[]), Ok(()));
}

#[test]
fn an_application_that_nobody_signed_holds_the_payout() {
    let people = people();
    let intent = Intent { applicant: Some(name("otto")), ..intent() };
    let digest = intent.digest();
    let unsigned = ActError::NotApplied(name("otto"));
    assert_eq!(progress(&steps(), &people, &intent, &digest, &[]), Err(unsigned.clone()));
    assert_eq!(applicant_signed(&people, &intent, &digest, &[]), Err(unsigned));
    let nonce = ActNonce::from_bytes([4; 32]);
    let forged = SignedAct::sign(&key("mallory"), name("otto"), Act::Apply, digest, nonce);
    assert_eq!(
        applicant_signed(&people, &intent, &digest, &[forged]),
        Err(ActError::NotTheirKey(name("otto")))
    );
    let signed = act("otto", Act::Apply, &intent);
    assert_eq!(applicant_signed(&people, &intent, &digest, &[signed]), Ok(Some(&name("otto"))));
}

#[test]
fn a_machine_does_not_apply_as_a_person() {
    let people = people();
    let intent = Intent { applicant: Some(name("screener")), ..intent() };
    let applied = act("screener", Act::Apply, &intent);
    let reason = applicant_signed(&people, &intent, &intent.digest(), &[applied]);
    assert!(matches!(reason, Err(ActError::Role { act: Act::Apply, .. })));
}

#[test]
fn an_api_payout_has_no_applicant_even_if_somebody_signs_one() {
    let (people, intent) = (people(), intent());
    let applied = act("otto", Act::Apply, &intent);
    assert_eq!(applicant_signed(&people, &intent, &intent.digest(), &[applied]), Ok(None));
}

#[test]
fn a_screening_machine_is_a_step_like_any_other() {
    let (people, intent) = (people(), intent());
    let steps = [step("screening", 1), step("treasury", 1)];
    let acts = ["screener", "tom"].map(|who| act(who, Act::Approve, &intent));
    assert!(progress(&steps, &people, &intent, &intent.digest(), &acts).unwrap().complete);
}

#[test]
fn stops_are_for_those_who_are_asked_for_admins_operators_and_the_applicant() {
    let people = people();
    let intent = Intent { applicant: Some(name("dirk")), ..intent() };
    let may = |who: &str, what| {
        may_act(&people, &intent, &intent.digest(), &act(who, what, &intent), &steps(), &[]).is_ok()
    };
    assert!(may("dora", Act::Reject), "of a later step");
    assert!(may("ann", Act::Reject), "an admin");
    assert!(!may("otto", Act::Reject), "an operator");
    assert!(!may("screener", Act::Reject), "of a group that is not asked");
    assert!(may("otto", Act::Withdraw), "an operator");
    assert!(may("dirk", Act::Withdraw), "the applicant");
    assert!(!may("shop", Act::Withdraw), "a caller");
    assert!(!may("mallory", Act::Withdraw), "an outsider");
}

#[test]
fn a_stop_by_somebody_without_a_say_stops_nothing() {
    let (people, intent) = (people(), intent());
    let acts = [act("mallory", Act::Reject, &intent), act("tom", Act::Approve, &intent)];
    let progress = progress(&steps(), &people, &intent, &intent.digest(), &acts).unwrap();
    assert_eq!(progress.given, [name("tom")]);
}

#[test]
fn a_flood_of_acts_is_not_looked_at() {
    let (people, intent) = (people(), intent());
    let acts = vec![act("mallory", Act::Approve, &intent); MAX_ACTS + 1];
    assert_eq!(progress(&steps(), &people, &intent, &intent.digest(), &acts), Err(ActError::TooMany));
    let intent = Intent { applicant: Some(name("dirk")), ..intent };
    let acts = vec![act("dirk", Act::Apply, &intent); MAX_ACTS + 1];
    assert_eq!(applicant_signed(&people, &intent, &intent.digest(), &acts), Err(ActError::TooMany));
}
