//! What an approver is shown, and what is refused to be shown.

use std::collections::BTreeMap;

use payout::ids::{AddressIndex, Digest};
use payout::intent::Intent;
use payout::key::SecretKey;
use payout::money::Amount;
use payout::policy::{Document, Policy, Wallet};
use payout::time::Millis;

use super::Folder;
use crate::cli::intent;

/// The generator of the curve, as a compressed key: BIP32 derives from any point.
const PUBLIC_KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

/// A policy with an active wallet.
fn policy(folder: &Folder) -> Policy {
    folder.enlist();
    let rules = folder.read("rules.toml")
        + "\n[[rule]]\nid = \"normal\"\noutcome = \"approve\"\n\
           steps = [{ group = \"admins\", quorum = 1 }]\nexpires = \"24h\"\n";
    folder.write("rules.toml", &rules);
    folder.run(&["genesis", "build", "-o", &folder.in_house("genesis.json")]).unwrap();
    let genesis = payout::policy::Genesis::parse(&folder.read("genesis.json")).unwrap();
    let mut policy = Policy::from_genesis(&genesis);
    let mut rules = policy.newest_rules().clone();
    rules.wallets.push(Wallet {
        id: payout::ids::WalletId::new(1).unwrap(),
        public_key: hex::decode(PUBLIC_KEY).unwrap().try_into().unwrap(),
        chain_code: [7; 32],
        threshold: 2,
        share_count: 3,
        fingerprint: "0000-1111".to_owned(),
        ceilings: BTreeMap::new(),
    });
    let mut version = policy.draft(&Document::Rules(rules));
    version.sign(&ann(folder), "ann".parse().unwrap());
    policy.append(version).unwrap();
    policy
}

fn ann(folder: &Folder) -> SecretKey {
    let file = seal::KeyFile::parse(&folder.read("keys/ann.key")).unwrap();
    file.open(&seal::Passphrase::new("a passphrase").unwrap()).unwrap()
}

fn intent(policy: &Policy) -> Intent {
    let wallet = &policy.newest_rules().wallets[0];
    let network = &policy.newest_rules().networks[0];
    let from = chain::derive_address(
        network.family,
        &network.network_id,
        &wallet.public_key,
        &wallet.chain_code,
        AddressIndex::PAYOUT,
    )
    .unwrap();
    let text = format!(
        r#"{{"version":"1","kind":"payout","deployment":"{deployment}","project":"7","cid":"99","attempt":"1",
        "third_party_id":"inv-9","wallet":"1","address_index":"0","network_id":"1","chain_id":"60",
        "token_id":"60","from":"{from}","to":"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "amount":"1500000000000000000","amount_text":"1.5","memo":null,"fee_cap":"10000000000000000",
        "rules_version":"2","rule":"normal","applicant":null,"compliance_ref":"KYC \u202e7","target":null,
        "operation":null,"operation_args":null,"created":"1735689600000","expiry":"1735776000000"}}"#,
        deployment = policy.deployment(),
    );
    serde_json::from_str(&text).unwrap()
}

fn refusal(policy: &Policy, change: impl FnOnce(&mut Intent)) -> String {
    let mut changed = intent(policy);
    change(&mut changed);
    match intent::read(&changed.canonical(), policy) {
        Ok(reading) => panic!("shown: {}", reading.text),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn an_approver_reads_every_figure_before_the_digest() {
    let folder = Folder::new();
    let policy = policy(&folder);
    let intent = intent(&policy);
    let reading = intent::read(&intent.canonical(), &policy).unwrap();
    assert_eq!(reading.digest, intent.digest());
    // The deployment's id, and with it the digest, is another one in each run.
    let text = reading.text.replace(&reading.digest.to_string(), "DIGEST");
    insta::assert_snapshot!(text, @r"
    Payout 99 of project 7
      pays          1.5 ETH
      to            0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359 (not in the address book)
      memo          -
      from          0xcF5e937ba745AF197BEB4Cd6df88E8130a10d0B2 (wallet 1, address 0)
      chain         60 (network 1)
      fee           at most 0.01 ETH
      rule          normal, version 2: approve by 1 of admins
      asked by      a caller of the API
      their number  inv-9
      reference     KYC \u{202e}7
      attempt       1
      made          2025-01-01 00:00:00 UTC
      approve by    2025-01-02 00:00:00 UTC
      digest        DIGEST
    ");
}

#[test]
fn an_approver_reads_what_a_maintenance_does_and_that_it_pays_nobody() {
    let folder = Folder::new();
    let policy = policy(&folder);
    let payout = intent(&policy);
    let ordered = Intent {
        kind: payout::intent::Kind::Maintenance,
        to: payout.from.clone(),
        amount: Amount::ZERO,
        amount_text: "0".to_owned(),
        operation: Some("xrp_create_tickets".to_owned()),
        operation_args: Some("{\"count\":\"200\"}".to_owned()),
        ..payout
    };
    let reading = intent::read(&ordered.canonical(), &policy).unwrap();
    let beginning: Vec<&str> = reading.text.lines().take(3).collect();
    insta::assert_snapshot!(beginning.join("\n"), @r#"
    Maintenance 99 of project 7: an operation of the wallet itself, which pays nobody
      does          xrp_create_tickets {"count":"200"}
      from          0xcF5e937ba745AF197BEB4Cd6df88E8130a10d0B2 (wallet 1, address 0)
    "#);
    let pays =
        Intent { amount: Amount::from_u128(1), amount_text: "0.000000000000000001".to_owned(), ..ordered };
    let words = intent::read(&pays.canonical(), &policy).err().unwrap().to_string();
    assert!(words.contains("a maintenance that pays somebody"), "{words}");
    let hidden = refusal(&policy, |intent| intent.operation = Some("xrp_set_flag".to_owned()));
    assert!(hidden.contains("an operation of the wallet in an intent that is no maintenance"), "{hidden}");
}

#[test]
fn an_amount_whose_text_says_something_else_is_not_shown() {
    let folder = Folder::new();
    let words =
        refusal(&policy(&folder), |intent| intent.amount = Amount::from_u128(15_000_000_000_000_000_000));
    assert!(words.contains("its amount is 15 ETH") && words.contains("\"1.5\""), "{words}");
    assert!(words.contains("sign nothing"), "{words}");
}

#[test]
fn an_intent_for_elsewhere_or_from_elsewhere_is_not_shown() {
    let folder = Folder::new();
    let policy = policy(&folder);
    let refusal = |change: fn(&mut Intent)| refusal(&policy, change);
    assert!(refusal(|intent| intent.deployment = Digest::from_bytes([9; 32])).contains("another deployment"));
    assert!(refusal(|intent| intent.network_id = "137".parse().unwrap()).contains("network 137"));
    assert!(refusal(|intent| intent.from = intent.to.clone()).contains("it pays from"));
    assert!(refusal(|intent| intent.rule = "another".parse().unwrap()).contains("no rule another"));
    assert!(refusal(|intent| intent.rules_version = 3).contains("version 3"));
    assert!(refusal(|intent| intent.token_id = "61".parse().unwrap()).contains("coin"));
    let lower: fn(&mut Intent) = |intent| intent.to = intent.to.as_str().to_lowercase().parse().unwrap();
    assert!(refusal(lower).contains("spelling"));
}

#[test]
fn a_text_that_is_not_canonical_is_not_shown() {
    let folder = Folder::new();
    let policy = policy(&folder);
    let text = intent(&policy).canonical();
    assert!(intent::read(&format!("{text} "), &policy).is_err());
    assert!(intent::read(&text.replace("\"1.5\"", "\"1.5\",\"extra\":\"1\""), &policy).is_err());
}

#[test]
fn the_times_of_the_golden_text_are_those_of_the_intent() {
    assert_eq!(crate::cli::time::utc(Millis::new(1_735_689_600_000).unwrap()), "2025-01-01 00:00:00 UTC");
}
