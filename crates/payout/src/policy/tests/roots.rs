use super::world::{genesis, key, people, policy, roster, wallet};
use crate::policy::*;

#[test]
fn genesis_reads_back_from_its_own_text() {
    let genesis = genesis();
    let read = Genesis::parse(&genesis.to_text()).unwrap();
    assert_eq!(read, genesis);
    assert_eq!(read.deployment(), genesis.deployment());
}

#[test]
fn genesis_that_is_not_canonical_is_refused() {
    let spaced = genesis().to_text().replacen(':', ": ", 1);
    assert!(matches!(Genesis::parse(&spaced), Err(GenesisError::Text(_))));
    let extra = genesis().to_text().replacen('{', r#"{"a":"1","#, 1);
    assert!(matches!(Genesis::parse(&extra), Err(GenesisError::Text(_))));
}

#[test]
fn every_word_of_genesis_changes_the_deployment() {
    let base = genesis().deployment();
    let mut other = genesis();
    other.name.push('!');
    assert_ne!(other.deployment(), base);
    let mut other = genesis();
    other.roster.gateways[0].key = key("another gateway").public();
    assert_ne!(other.deployment(), base);
    let mut other = genesis();
    other.people.admin_quorum = 3;
    assert_ne!(other.deployment(), base);
}

#[test]
fn genesis_with_a_wallet_is_refused() {
    let mut genesis = genesis();
    genesis.rules.wallets.push(wallet());
    assert!(matches!(genesis.check(), Err(GenesisError::Wallet)));
}

#[test]
fn genesis_and_its_rules_name_one_environment() {
    let mut genesis = genesis();
    genesis.environment = Environment::Production;
    assert!(matches!(genesis.check(), Err(GenesisError::Environment)));
}

#[test]
fn a_demo_signs_for_the_sandbox_and_nothing_else() {
    let mut genesis = genesis();
    (genesis.environment, genesis.rules.environment) = (Environment::Demo, Environment::Demo);
    assert!(genesis.check().is_ok());
    genesis.rules.networks[0].network_id = "1".parse().unwrap();
    assert!(matches!(genesis.check(), Err(GenesisError::Policy(_))));
}

#[test]
fn a_person_with_a_cosigners_key_is_refused() {
    let mut genesis = genesis();
    genesis.people.principals[0].keys.push(key("cosigner 2").public());
    assert!(matches!(genesis.check(), Err(GenesisError::SharedKey(_))));
}

#[test]
fn quorums_always_share_a_member() {
    for count in 2..=MAX_COSIGNERS {
        for threshold in 0..=count + 1 {
            let mut roster = roster();
            roster.threshold = threshold;
            roster.cosigners = (1..=count)
                .map(|index| Seat {
                    index,
                    name: format!("c{index}"),
                    key: key(&format!("c{index}")).public(),
                })
                .collect();
            let sound = (2..=count).contains(&threshold) && 2 * threshold > count;
            assert_eq!(roster.check().is_ok(), sound, "{threshold} of {count}");
            if sound {
                assert_eq!(roster.faults_assumed(), 2 * threshold - count - 1);
            }
        }
    }
}

#[test]
fn a_roster_with_unsound_seats_is_refused() {
    type Spoil = fn(&mut Roster);
    let broken: [(&str, Spoil); 6] = [
        ("one co-signer", |roster| roster.cosigners.truncate(1)),
        ("an index that skips", |roster| roster.cosigners[2].index = 4),
        ("an index twice", |roster| roster.cosigners[2].index = 2),
        ("a key twice", |roster| roster.cosigners[2].key = roster.cosigners[0].key),
        ("a gateway with a co-signer's key", |roster| roster.gateways[0].key = roster.cosigners[0].key),
        ("no gateway", |roster| roster.gateways.clear()),
    ];
    for (what, spoil) in broken {
        let mut roster = roster();
        spoil(&mut roster);
        assert!(roster.check().is_err(), "{what}");
    }
}

#[test]
fn a_policy_starts_with_the_three_documents_of_genesis() {
    let policy = policy();
    assert_eq!(policy.deployment(), genesis().deployment());
    assert_eq!(policy.rules(1), Some(&genesis().rules));
    assert_eq!(policy.rules(0), None);
    assert_eq!(policy.rules(2), None);
    assert_eq!(policy.people(), &people());
    assert_eq!(policy.heads().rules.version, 1);
    assert!(policy.versions_after(&policy.heads()).is_empty());
}
