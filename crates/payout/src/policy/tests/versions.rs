use proptest::prelude::*;

use super::world::*;
use crate::ids::Digest;
use crate::money::Amount;
use crate::policy::*;
use crate::time::Millis;

fn doubled() -> Document {
    let mut rules = rules();
    rules.rules[1].budget.insert(usdt(), tokens(4000));
    Document::Rules(rules)
}

#[test]
fn the_admins_quorum_publishes_rules() {
    let mut policy = policy();
    policy.append(version(&policy, &doubled(), &["ann", "carol"])).unwrap();
    assert_eq!(policy.heads().rules.version, 2);
    assert_eq!(policy.newest_rules().rules[1].budget[&usdt()], tokens(4000));
    assert_eq!(policy.rules(1), Some(&rules()), "published versions are kept");
}

#[test]
fn who_lacks_versions_gets_them_in_an_order_that_verifies() {
    let mut ours = policy();
    // Bob leaves, so the second rules are valid only after the second people.
    let mut fewer = people();
    fewer.principals.retain(|who| who.id != name("bob"));
    ours.append(version(&ours, &doubled(), &["ann", "bob"])).unwrap();
    ours.append(version(&ours, &Document::People(fewer), &["ann", "carol"])).unwrap();
    ours.append(version(&ours, &Document::Rules(rules()), &["ann", "carol"])).unwrap();
    ours.append(version(
        &ours,
        &Document::Book(Book { payees: vec![payee("acme", NOON)] }),
        &["tom", "tina"],
    ))
    .unwrap();
    let mut theirs = policy();
    let after_two = {
        let mut policy = policy();
        policy.append(ours.versions_after(&policy.heads())[0].clone()).unwrap();
        policy.heads()
    };
    for version in ours.versions_after(&theirs.heads()) {
        theirs.append(version).unwrap();
    }
    assert_eq!(theirs.heads(), ours.heads());
    assert_eq!(ours.versions_after(&after_two).len(), 3);
}

#[test]
fn one_admin_alone_publishes_nothing() {
    let mut policy = policy();
    let alone = version(&policy, &doubled(), &["ann"]);
    assert!(matches!(policy.append(alone), Err(ChainError::Quorum { .. })));
    assert_eq!(policy.heads(), super::world::policy().heads());
}

#[test]
fn one_admin_with_two_keys_counts_once() {
    let mut genesis = genesis();
    genesis.people.principals[0].keys.push(key("ann's second key").public());
    let mut policy = Policy::from_genesis(&genesis);
    let mut version = version(&policy, &doubled(), &["ann"]);
    version.sign(&key("ann's second key"), name("ann"));
    let refusal = policy.append(version).unwrap_err().to_string();
    assert!(refusal.contains("ann has signed already"), "{refusal}");
}

#[test]
fn approvers_and_outsiders_do_not_make_up_an_admins_quorum() {
    let mut policy = policy();
    let version = version(&policy, &doubled(), &["ann", "tom", "mallory", "shop"]);
    let refusal = policy.append(version).unwrap_err().to_string();
    assert!(refusal.contains("1 of 2"), "{refusal}");
    assert!(refusal.contains("tom may not sign this"), "{refusal}");
    assert!(refusal.contains("mallory is not in the people chain"), "{refusal}");
}

#[test]
fn an_outsider_who_uses_an_admins_name_does_not_count() {
    let mut policy = policy();
    let mut version = version(&policy, &doubled(), &["ann"]);
    version.sign(&key("mallory"), name("bob"));
    let refusal = policy.append(version).unwrap_err().to_string();
    assert!(refusal.contains("bob signed with a key that is not theirs"), "{refusal}");
}

#[test]
fn a_version_with_too_few_signatures_can_be_completed() {
    let mut policy = policy();
    let mut version = version(&policy, &doubled(), &["ann"]);
    assert!(policy.append(version.clone()).is_err());
    assert_eq!(policy.signers(&version).given.len(), 1);
    version.sign(&key("carol"), name("carol"));
    policy.append(version).unwrap();
}

#[test]
fn an_admin_who_was_removed_signs_nothing_more() {
    let mut policy = policy();
    let rules = version(&policy, &doubled(), &["ann", "bob"]);
    let mut fewer = people();
    fewer.principals.retain(|who| who.id != name("bob"));
    policy.append(version(&policy, &Document::People(fewer), &["ann", "carol"])).unwrap();
    assert!(matches!(policy.append(rules), Err(ChainError::Quorum { .. })));
}

#[test]
fn people_who_are_new_do_not_vote_themselves_in() {
    let mut policy = policy();
    let mut more = people();
    for who in ["mallory", "trudy"] {
        let mut admin = more.principals[0].clone();
        (admin.id, admin.keys) = (name(who), vec![key(who).public()]);
        more.principals.push(admin);
    }
    let version = version(&policy, &Document::People(more), &["mallory", "trudy"]);
    assert!(matches!(policy.append(version), Err(ChainError::Quorum { .. })));
}

#[test]
fn the_address_book_is_signed_by_its_own_group() {
    let mut policy = policy();
    let book = Document::Book(Book { payees: vec![payee("acme", NOON)] });
    let by_admins = version(&policy, &book, &["ann", "bob", "carol"]);
    assert!(matches!(policy.append(by_admins), Err(ChainError::Quorum { .. })));
    let rules_by_treasury = version(&policy, &doubled(), &["tom", "tess", "tina"]);
    assert!(matches!(policy.append(rules_by_treasury), Err(ChainError::Quorum { .. })));
    policy.append(version(&policy, &book, &["tom", "tess"])).unwrap();
    assert_eq!(policy.book().payees.len(), 1);
}

#[test]
fn the_same_version_twice_changes_nothing() {
    let mut policy = policy();
    let second = version(&policy, &doubled(), &["ann", "bob"]);
    policy.append(second.clone()).unwrap();
    let heads = policy.heads();
    policy.append(second.clone()).unwrap();
    policy.append(SignedVersion { signatures: vec![], ..second }).unwrap();
    assert_eq!(policy.heads(), heads);
    assert_eq!(policy.versions_after(&super::world::policy().heads()).len(), 1);
}

#[test]
fn another_document_at_the_same_version_is_a_fork() {
    let mut policy = policy();
    let other = version(&policy, &Document::Rules(rules()), &["ann", "bob", "carol"]);
    policy.append(version(&policy, &doubled(), &["ann", "bob"])).unwrap();
    assert!(matches!(policy.append(other), Err(ChainError::Fork { version: 2, .. })));
    let mut first = super::world::policy().draft(&doubled());
    first.version = 1;
    assert!(matches!(policy.append(first), Err(ChainError::Fork { version: 1, .. })));
}

#[test]
fn a_version_that_was_withheld_is_missed() {
    let mut ours = policy();
    ours.append(version(&ours, &doubled(), &["ann", "bob"])).unwrap();
    let third = version(&ours, &Document::Rules(rules()), &["ann", "bob"]);
    assert!(matches!(policy().append(third), Err(ChainError::Gap { found: 3, next: 2, .. })));
}

#[test]
fn a_version_over_another_parent_is_refused() {
    let mut policy = policy();
    let mut version = policy.draft(&doubled());
    version.parent = Digest::from_bytes([1; 32]);
    version.sign(&key("ann"), name("ann"));
    version.sign(&key("bob"), name("bob"));
    assert!(matches!(policy.append(version), Err(ChainError::Parent { .. })));
}

#[test]
fn a_version_of_another_deployment_is_refused() {
    let mut other = genesis();
    other.name = "another house".to_owned();
    let other = Policy::from_genesis(&other);
    let mut version = version(&other, &doubled(), &["ann", "bob"]);
    assert!(matches!(policy().append(version.clone()), Err(ChainError::OtherDeployment(_))));
    version.version = 1;
    assert!(matches!(policy().append(version), Err(ChainError::OtherDeployment(_))));
}

#[test]
fn a_document_of_another_chain_or_spelling_is_refused() {
    let mut policy = policy();
    let mut version = version(&policy, &doubled(), &["ann", "bob"]);
    version.document.push(' ');
    assert!(matches!(policy.append(version.clone()), Err(ChainError::Document(_))));
    version.document = Document::People(people()).to_text();
    assert!(matches!(policy.append(version), Err(ChainError::Document(_))));
}

#[test]
fn a_document_with_errors_is_refused_however_many_sign() {
    let mut policy = policy();
    let mut rules = rules();
    rules.rules[1].budget.clear();
    let version = version(&policy, &Document::Rules(rules), &ADMINS);
    assert!(matches!(policy.append(version), Err(ChainError::Findings(_))));
}

#[test]
fn a_person_can_be_removed_although_a_rule_then_lacks_one() {
    let mut policy = policy();
    let mut fewer = people();
    fewer.principals.retain(|who| who.id != name("dora") && who.id != name("dirk"));
    fewer.groups.retain(|group| group.id.as_str() != "directors");
    policy.append(version(&policy, &Document::People(fewer), &["ann", "bob"])).unwrap();
    assert!(!check::errors(check(policy.newest_rules(), policy.people(), policy.book())).is_empty());
}

#[test]
fn what_was_published_keeps_its_meaning() {
    type Change = fn(&mut Rules);
    let changes: [(&str, Change); 5] = [
        ("environment", |rules| rules.environment = Environment::Production),
        ("decimals", |rules| rules.coins[1].decimals = 8),
        ("network id", |rules| rules.networks[0].network_id = "1".parse().unwrap()),
        ("wallet key", |rules| rules.wallets[0].public_key = [3; 33]),
        ("wallet quorum", |rules| rules.wallets[0].threshold = 3),
    ];
    let mut policy = policy();
    let with_wallet = Rules { wallets: vec![wallet()], ..rules() };
    policy.append(version(&policy, &Document::Rules(with_wallet.clone()), &["ann", "bob"])).unwrap();
    for (what, change) in changes {
        let mut rules = with_wallet.clone();
        change(&mut rules);
        let version = version(&policy, &Document::Rules(rules), &ADMINS);
        assert!(matches!(policy.append(version), Err(ChainError::Immutable(_))), "{what}");
    }
}

#[test]
fn a_coin_that_was_removed_does_not_come_back_with_other_decimals() {
    let mut policy = policy();
    let mut without = rules();
    without.coins.pop();
    without.rules.remove(1);
    policy.append(version(&policy, &Document::Rules(without), &["ann", "bob"])).unwrap();
    let mut back = rules();
    back.coins[1].decimals = 7;
    let version = version(&policy, &Document::Rules(back), &ADMINS);
    assert!(matches!(policy.append(version), Err(ChainError::Immutable(Changed::Decimals(_)))));
}

#[test]
fn a_principal_does_not_take_a_cosigners_key() {
    let mut policy = policy();
    let mut people = people();
    people.principals[0].keys.push(key("cosigner 1").public());
    let version = version(&policy, &Document::People(people), &ADMINS);
    assert!(matches!(policy.append(version), Err(ChainError::Findings(_))));
}

#[test]
fn a_payee_is_no_older_than_its_adoption() {
    let mut policy = policy();
    let backdated = Book { payees: vec![payee("acme", 0)] };
    let second = version(&policy, &Document::Book(backdated.clone()), &["tom", "tess"]);
    policy.append_at(second, at(NOON)).unwrap();
    assert_eq!(policy.book().payees[0].since, at(NOON));
    // A later version with more payees leaves the date of this one alone.
    let mut more = backdated;
    more.payees.push(payee("others", 0));
    let third = version(&policy, &Document::Book(more), &["tom", "tess"]);
    policy.append_at(third, at(NOON + HOUR)).unwrap();
    let since: Vec<Millis> = policy.book().payees.iter().map(|payee| payee.since).collect();
    assert_eq!(since, [at(NOON), at(NOON + HOUR)]);
}

#[test]
fn an_order_of_the_admins_is_bound_to_deployment_domain_and_text() {
    let policy = policy();
    let sign = |digest: Digest| {
        ["ann", "bob"].map(|who| VersionSignature::sign(&digest, &key(who), name(who))).to_vec()
    };
    let signed = sign(policy.order_digest("bursar/refresh/v1", b"wallet 7"));
    assert_eq!(policy.verify_quorum("bursar/refresh/v1", b"wallet 7", &signed).unwrap().len(), 2);
    assert!(policy.verify_quorum("bursar/refresh/v1", b"wallet 8", &signed).is_err());
    assert!(policy.verify_quorum("bursar/create/v1", b"wallet 7", &signed).is_err());
    assert!(policy.verify_quorum("bursar/refresh/v1", b"wallet 7", &signed[..1]).is_err());
    let mut other = genesis();
    other.name = "another house".to_owned();
    let other = Policy::from_genesis(&other);
    assert!(other.verify_quorum("bursar/refresh/v1", b"wallet 7", &signed).is_err());
}

#[derive(Debug, Clone)]
enum Tamper {
    Deployment,
    Chain(ChainName),
    Version(u64),
    Parent(u8),
    Budget(u64),
    Signature(usize, u8),
    Signer(usize),
}

fn tamper() -> impl Strategy<Value = Tamper> {
    prop_oneof![
        Just(Tamper::Deployment),
        prop_oneof![Just(ChainName::People), Just(ChainName::Book)].prop_map(Tamper::Chain),
        any::<u64>().prop_filter("the true one", |version| *version != 2).prop_map(Tamper::Version),
        (0u8..32).prop_map(Tamper::Parent),
        (4001u64..).prop_map(Tamper::Budget),
        (0usize..2, 0u8..64).prop_map(|(which, byte)| Tamper::Signature(which, byte)),
        (0usize..2).prop_map(Tamper::Signer),
    ]
}

proptest! {
    #[test]
    fn a_version_that_was_tampered_with_is_refused_and_changes_nothing(tamper in tamper()) {
        let mut policy = policy();
        let mut version = version(&policy, &doubled(), &["ann", "bob"]);
        match tamper {
            Tamper::Deployment => version.deployment = Digest::from_bytes([8; 32]),
            Tamper::Chain(chain) => version.chain = chain,
            Tamper::Version(number) => version.version = number,
            Tamper::Parent(byte) => {
                let mut bytes = *version.parent.as_bytes();
                bytes[usize::from(byte)] ^= 1;
                version.parent = Digest::from_bytes(bytes);
            }
            Tamper::Budget(tokens) => {
                let mut rules = rules();
                rules.rules[1].budget.insert(usdt(), Amount::from_u128(u128::from(tokens) * 1_000_000));
                version.document = Document::Rules(rules).to_text();
            }
            Tamper::Signature(which, byte) => {
                let mut bytes = *version.signatures[which].signature.as_bytes();
                bytes[usize::from(byte)] ^= 1;
                version.signatures[which].signature = crate::key::Signature::from_bytes(bytes);
            }
            Tamper::Signer(which) => version.signatures[which].principal = name("carol"),
        }
        let heads = policy.heads();
        prop_assert!(policy.append(version).is_err());
        prop_assert_eq!(policy.heads(), heads);
        prop_assert_eq!(policy.newest_rules(), &rules());
    }
}

#[test]
fn too_few_signatures_say_under_which_people_they_were_counted() {
    let policy = policy();
    let lone = version(&policy, &Document::Rules(rules()), &["ann"]);
    let refused = policy.clone().append(lone).unwrap_err().to_string();
    assert!(refused.contains("counted under people version 1, the newest held"), "{refused}");
    assert!(refused.contains("must be delivered first"), "{refused}");
}
