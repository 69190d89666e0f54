//! The policy: versions that were forged, forked, withheld, skipped and rolled back.
//!
//! Every version that is refused here would let the attacker have a payout; the payout is asked for all the same.

use payout::ids::{Digest, RuleId};
use payout::intent::Intent;
use payout::key::SecretKey;
use payout::life::StepQuorum;
use payout::policy::{AmountRange, Document, Outcome, People, Rule, Rules, SignedVersion};
use wire::message::Check;

use crate::attacks::case::{Case, Fault, Seen};
use crate::attacks::draft::{Desk, Draft, ENOUGH, ETHER};
use crate::attacks::world::World;
use crate::deployment::cast::{ADMINS, FINANCE, OPERATOR, OUTSIDER, TREASURY, principal};
use crate::vendor::random;

/// Who may sign versions, by their word.
type Signing = fn(&Desk, &mut SignedVersion);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::scene("unsigned", "rules that nobody signed", |w| {
            Box::pin(gift(w, |_, _| {}, "0 of 2 signatures"))
        }),
        Case::scene("one-admin", "rules that one admin signed", |w| {
            Box::pin(gift(w, |desk, version| sign(desk, version, ADMINS[0]), "1 of 2 signatures"))
        }),
        Case::scene("one-admin-twice", "rules that one admin signed twice", |w| {
            Box::pin(gift(w, one_admin_twice, "ada has signed already"))
        }),
        Case::scene("others", "rules that people signed who are no admins", |w| {
            Box::pin(gift(w, others, "may not sign this"))
        }),
        Case::scene("forged-signatures", "rules signed under the admins' names by another key", |w| {
            Box::pin(gift(w, forged, "a key that is not theirs"))
        }),
        Case::scene(
            "signatures-of-another-version",
            "rules with the admins' signatures on something else",
            |w| Box::pin(gift(w, moved, "does not verify")),
        ),
        Case::scene("of-another-deployment", "rules that the admins signed for another deployment", |w| {
            Box::pin(foreign(w))
        }),
        Case::scene("people", "people among whom the attacker is an approver, signed by one admin", |w| {
            Box::pin(people(w))
        }),
        Case::scene("book", "an address book signed by one of the treasury", |w| Box::pin(book(w))),
        Case::scene("skipped", "a version whose parent is withheld", |w| Box::pin(skipped(w))),
        Case::scene("second-genesis", "another first version of the rules", |w| Box::pin(second_genesis(w))),
        Case::scene(
            "withheld",
            "a stricter version shown to two co-signers and withheld from the third",
            |w| Box::pin(withheld(w)),
        ),
        Case::scene(
            "held-by-one",
            "a stricter version shown to one co-signer, and a payout through the others",
            |w| Box::pin(held_by_one(w)),
        ),
        Case::scene("rolled-back", "the version before, shown again to co-signers that started anew", |w| {
            Box::pin(rolled_back(w))
        }),
        Case::scene("forked", "a second version of the same number, signed by both admins", |w| {
            Box::pin(forked(w))
        }),
        Case::scene("removed-approver", "the approval of somebody who was removed", |w| Box::pin(removed(w))),
        Case::scene(
            "removed-approver-withheld",
            "the same, and the removal withheld from one co-signer",
            |w| Box::pin(removed_withheld(w)),
        ),
    ]
}

fn sign(desk: &Desk, version: &mut SignedVersion, who: &str) {
    version.sign(&desk.cast.key(who), principal(who));
}

fn by_both(desk: &Desk, version: &mut SignedVersion) {
    ADMINS.iter().for_each(|who| sign(desk, version, who));
}

fn one_admin_twice(desk: &Desk, version: &mut SignedVersion) {
    sign(desk, version, ADMINS[0]);
    let again = version.signatures.clone();
    version.signatures.extend(again);
}

fn others(desk: &Desk, version: &mut SignedVersion) {
    [TREASURY[0], FINANCE[0], OPERATOR].iter().for_each(|who| sign(desk, version, who));
}

fn forged(_: &Desk, version: &mut SignedVersion) {
    for who in ADMINS {
        version.sign(&SecretKey::from_seed(&random()), principal(who));
    }
}

fn moved(desk: &Desk, version: &mut SignedVersion) {
    let mut other = version.clone();
    other.document.push(' ');
    by_both(desk, &mut other);
    version.signatures = other.signatures;
}

/// A rule that asks nobody who is not the attacker's.
fn gift_rule(desk: &Desk) -> Rule {
    let template = desk.policy.newest_rules().rule(&"lenient".parse::<RuleId>().expect("a rule"));
    let template = template.expect("the rules of the attacks have it").clone();
    Rule { id: "gift".parse().expect("a rule"), ..template }
}

fn with_rule(desk: &Desk, rule: Rule) -> Rules {
    let mut rules = desk.policy.newest_rules().clone();
    rules.rules.insert(0, rule);
    rules
}

/// The payout that a version with the gift would allow: 20 ether, approved by one of the treasury.
fn greedy(desk: &mut Desk) -> Draft {
    let rules_version = desk.policy.heads().rules.version + 1;
    let rule = "gift".parse().expect("a rule");
    let intent = Intent { rules_version, rule, ..desk.intent(ETHER, "20", "large") };
    let acts = desk.approvals(&intent, &[TREASURY[0]]);
    desk.draft(intent, acts)
}

/// A version that would allow it, and is refused; so is the payout.
async fn gift(world: &mut World, signing: Signing, says: &str) -> Result<Seen, Fault> {
    let rules = with_rule(&world.desk, gift_rule(&world.desk));
    let mut version = world.desk.policy.draft(&Document::Rules(rules));
    signing(&world.desk, &mut version);
    let why = refused_everywhere(world, &[version], says).await?;
    let greedy = greedy(&mut world.desk);
    world.refused(&greedy.request(), Check::Policy, "the newest held is").await?;
    Ok(Seen::everybody(why))
}

/// Shows versions to everybody, who refuse them.
async fn refused_everywhere(
    world: &mut World,
    versions: &[SignedVersion],
    says: &str,
) -> Result<String, Fault> {
    let heads = world.desk.policy.heads();
    let honest = world.honest();
    world.show_policy(&honest, versions);
    let why = world.all_logged(says).await?;
    let moved = world.gateway.look(|heard| {
        honest.iter().any(|index| heard.standings.get(index).is_some_and(|standing| standing.heads != heads))
    });
    if moved { Err(Fault::Broken("a version was adopted".to_owned())) } else { Ok(why) }
}

async fn foreign(world: &mut World) -> Result<Seen, Fault> {
    let rules = with_rule(&world.desk, gift_rule(&world.desk));
    let mut version = world.desk.policy.draft(&Document::Rules(rules));
    version.deployment = Digest::from_bytes([7; 32]);
    by_both(&world.desk, &mut version);
    let why = refused_everywhere(world, &[version], "belongs to the deployment 0707").await?;
    let greedy = greedy(&mut world.desk);
    world.refused(&greedy.request(), Check::Policy, "the newest held is").await?;
    Ok(Seen::everybody(why))
}

async fn people(world: &mut World) -> Result<Seen, Fault> {
    let mut people = world.desk.policy.people().clone();
    let treasury = people.groups.iter_mut().find(|group| group.id.as_str() == "treasury");
    treasury.expect("the cast has a treasury").members.push(principal(OUTSIDER));
    let mut version = world.desk.policy.draft(&Document::People(people));
    sign(&world.desk, &mut version, ADMINS[0]);
    let why = refused_everywhere(world, &[version], "version 2 of the people has 1 of 2 signatures").await?;
    let draft = world.control(Desk::native).await?;
    let acts = world.desk.approvals(&draft.intent, &[OUTSIDER, FINANCE[0], FINANCE[1]]);
    world.refused(&draft.with(acts), Check::Approvals, "otto is not in treasury").await?;
    Ok(Seen::everybody(why))
}

async fn book(world: &mut World) -> Result<Seen, Fault> {
    let mut book = world.desk.policy.book().clone();
    book.payees.push(payout::policy::Payee {
        group: "friends".parse().expect("a group"),
        chain_id: "60".parse().expect("a chain"),
        address: crate::attacks::draft::address(crate::attacks::draft::ATTACKER),
        label: "a friend".to_owned(),
        since: crate::attacks::gateway::now(),
    });
    let mut version = world.desk.policy.draft(&Document::Book(book));
    sign(&world.desk, &mut version, TREASURY[0]);
    let why = refused_everywhere(world, &[version], "version 2 of the book has 1 of 2 signatures").await?;
    Ok(Seen::everybody(why))
}

async fn skipped(world: &mut World) -> Result<Seen, Fault> {
    let rules = with_rule(&world.desk, gift_rule(&world.desk));
    let mut version = world.desk.policy.draft(&Document::Rules(rules));
    version.version += 1;
    version.parent = Digest::from_bytes([7; 32]);
    by_both(&world.desk, &mut version);
    let why = refused_everywhere(world, &[version], "is the next one").await?;
    let mut greedy = greedy(&mut world.desk);
    greedy.intent.rules_version += 1;
    greedy.acts = world.desk.approvals(&greedy.intent, &[TREASURY[0]]);
    world.refused(&greedy.request(), Check::Policy, "the newest held is").await?;
    Ok(Seen::everybody(why))
}

async fn second_genesis(world: &mut World) -> Result<Seen, Fault> {
    let rules = with_rule(&world.desk, gift_rule(&world.desk));
    let deployment = world.genesis.deployment();
    let mut version = world.desk.policy.draft(&Document::Rules(rules));
    version.version = 1;
    version.parent = deployment;
    by_both(&world.desk, &mut version);
    let why = refused_everywhere(world, &[version], "the policy was forked").await?;
    let mut greedy = greedy(&mut world.desk);
    greedy.intent.rules_version = 1;
    greedy.acts = world.desk.approvals(&greedy.intent, &[TREASURY[0]]);
    world.refused(&greedy.request(), Check::Rule, "there is no rule gift").await?;
    Ok(Seen::everybody(why))
}

/// 6000 ether, which `large` allows until a version denies it.
fn huge(desk: &mut Desk) -> Draft {
    let intent = desk.intent(ETHER, "6000", "large");
    desk.approved(intent)
}

/// Denies amounts from 5000 ether on.
fn strict(desk: &Desk) -> Rules {
    let ether = desk.coin(ETHER).id();
    let min = payout::money::Amount::parse("5000", 18).expect("a whole number");
    let rule = Rule {
        id: "too-much".parse().expect("a rule"),
        outcome: Outcome::Deny,
        amounts: [(ether, AmountRange { min: Some(min), max: None })].into(),
        ..gift_rule(desk)
    };
    with_rule(desk, rule)
}

/// The next version, signed by both admins, as the gateway holds it from now on.
fn publish(world: &mut World, document: &Document) -> Result<SignedVersion, Fault> {
    let mut version = world.desk.policy.draft(document);
    by_both(&world.desk, &mut version);
    world.desk.policy.append(version.clone())?;
    Ok(version)
}

async fn withheld(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(huge).await?;
    let rules = strict(&world.desk);
    let version = publish(world, &Document::Rules(rules))?;
    world.show_policy(&[1, 2], std::slice::from_ref(&version));
    for index in [1, 2] {
        world.holds_rules(index, version.version).await?;
    }
    // The third would sign; but it hears of the version from the others' journals, and they would not.
    let number = version.version;
    let reasons =
        [(Check::Policy, "holds version"), (Check::Rule, "rule too-much of the newest rules denies it")];
    let seen = world.refused_by(&draft.request(), &reasons).await?;
    world.show_policy(&[3], &[version]);
    world.holds_rules(3, number).await?;
    Ok(seen)
}

/// The two that are asked have not seen it; but the third told them of it, with the admins' signatures.
async fn held_by_one(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let rules = world.desk.policy.newest_rules().clone();
    let version = publish(world, &Document::Rules(rules))?;
    world.show_policy(&[3], std::slice::from_ref(&version));
    world.holds_rules(3, version.version).await?;
    // The third's journal reaches the others, session or not.
    let small = world.desk.small();
    world.attack(&[1, 3], &small.request()).await?;
    world.attack(&[2, 3], &small.request()).await?;
    let attempt = world.attack(&[1, 2], &draft.request()).await?;
    world.judge()?;
    let seen = attempt.refused(Check::Policy, "co-signer 3 holds version")?;
    world.show_policy(&[1, 2], std::slice::from_ref(&version));
    for index in [1, 2] {
        world.holds_rules(index, version.version).await?;
    }
    world.sign(&draft.request()).await?;
    Ok(seen)
}

/// After `withheld`, another version than the first is in force.
async fn rolled_back(world: &mut World) -> Result<Seen, Fault> {
    let now = world.desk.policy.heads();
    for index in world.honest() {
        world.kill(index);
        world.launch(index)?;
    }
    world.ready().await?;
    let older: Vec<SignedVersion> = world
        .desk
        .policy
        .versions_after(&payout::policy::Policy::from_genesis(&world.genesis).heads())
        .into_iter()
        .filter(|version| version.version < now.rules.version)
        .collect();
    let honest = world.honest();
    world.show_policy(&honest, &older);
    let mut draft = huge(&mut world.desk);
    draft.intent.rules_version = 2;
    draft.acts = world.desk.approvals(&draft.intent, &ENOUGH);
    let seen =
        world.refused(&draft.request(), Check::Rule, "rule too-much of the newest rules denies it").await?;
    let moved = world.gateway.look(|heard| {
        honest.iter().any(|index| heard.standings.get(index).is_some_and(|standing| standing.heads != now))
    });
    if moved { Err(Fault::Broken("the policy went back".to_owned())) } else { Ok(seen) }
}

async fn forked(world: &mut World) -> Result<Seen, Fault> {
    let now = world.desk.policy.heads().rules;
    // The same number and parent as the newest, and the gift in it.
    let parent =
        world.desk.policy.versions_after(&payout::policy::Policy::from_genesis(&world.genesis).heads());
    let newest = parent.iter().find(|version| version.digest() == now.digest);
    let newest = newest.ok_or_else(|| Fault::Broken("the newest rules are genesis'".to_owned()))?;
    let rules = with_rule(&world.desk, gift_rule(&world.desk));
    let document = Document::Rules(rules).to_text();
    let mut fork = SignedVersion { document, signatures: Vec::new(), ..newest.clone() };
    by_both(&world.desk, &mut fork);
    let why = refused_everywhere(world, &[fork], "the policy was forked").await?;
    let mut greedy = greedy(&mut world.desk);
    greedy.intent.rules_version = now.version;
    greedy.acts = world.desk.approvals(&greedy.intent, &[TREASURY[0]]);
    world.refused(&greedy.request(), Check::Rule, "there is no rule gift").await?;
    Ok(Seen::everybody(why))
}

/// Without one of finance.
fn fewer(people: &People, who: &str) -> People {
    let mut fewer = people.clone();
    let name = principal(who);
    fewer.principals.retain(|principal| principal.id != name);
    fewer.groups.iter_mut().for_each(|group| group.members.retain(|member| *member != name));
    fewer
}

async fn removed(world: &mut World) -> Result<Seen, Fault> {
    let draft = world.control(Desk::native).await?;
    let people = fewer(world.desk.policy.people(), FINANCE[1]);
    let version = publish(world, &Document::People(people))?;
    let honest = world.honest();
    world.show_policy(&honest, &[version]);
    holds_people(world, &honest).await?;
    let seen = world.refused(&draft.request(), Check::Approvals, "finn is not in the people chain").await?;
    let acts = world.desk.approvals(&draft.intent, &[TREASURY[0], FINANCE[0], FINANCE[2]]);
    world.sign(&draft.with(acts)).await?;
    Ok(seen)
}

async fn removed_withheld(world: &mut World) -> Result<Seen, Fault> {
    let mut draft = world.desk.native();
    draft.acts = world.desk.approvals(&draft.intent, &[TREASURY[1], FINANCE[0], FINANCE[2]]);
    world.sign(&draft.request()).await?;
    let mut draft = world.desk.native();
    draft.acts = world.desk.approvals(&draft.intent, &[TREASURY[1], FINANCE[0], FINANCE[2]]);
    let mut people = fewer(world.desk.policy.people(), TREASURY[1]);
    people.book = StepQuorum { quorum: 1, ..people.book };
    let version = publish(world, &Document::People(people))?;
    world.show_policy(&[1, 2], std::slice::from_ref(&version));
    holds_people(world, &[1, 2]).await?;
    let reasons =
        [(Check::Policy, "version 3 of the people"), (Check::Approvals, "tina is not in the people chain")];
    let seen = world.refused_by(&draft.request(), &reasons).await?;
    world.show_policy(&[3], &[version]);
    holds_people(world, &[3]).await?;
    Ok(seen)
}

async fn holds_people(world: &World, who: &[u8]) -> Result<(), Fault> {
    let version = world.desk.policy.heads().people.version;
    world
        .gateway
        .until("the people are held", crate::attacks::world::PATIENCE, |heard| {
            let holds = |index| heard.standings.get(index).is_some_and(|s| s.heads.people.version >= version);
            who.iter().all(holds).then_some(())
        })
        .await
}
