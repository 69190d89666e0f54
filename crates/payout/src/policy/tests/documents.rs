//! Every message form of the policy survives both encodings, JSON between people and postcard on the wire; documents travel
//! as their canonical text in either.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world::*;
use crate::approval::{Act, Freeze, FreezeOrder};
use crate::canonical;
use crate::policy::*;

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    reads_back(value);
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
}

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = canonical::text(value);
    assert_eq!(&canonical::parse::<T>(&json).unwrap(), value);
    assert_eq!(&serde_json::from_str::<T>(&serde_json::to_string(value).unwrap()).unwrap(), value);
}

fn everything() -> Rules {
    let mut rules = rules();
    rules.wallets.push(wallet());
    rules.approver = Some(ApproverSite {
        origin: "https://approve.example.com".to_owned(),
        rp_id: "example.com".to_owned(),
    });
    rules.rules.push(Rule {
        projects: vec![project(1), project(2)],
        wallets: vec![wallet().id],
        coins: vec![eth(), usdt()],
        applicant: ApplicantCondition::Api,
        recipient: RecipientCondition::Group("acme".parse().unwrap()),
        hours: Some(Hours { from: 480, to: 1080 }),
        caller_signed: true,
        ..rule("listed", approve(&[step("screening", 1), step("treasury", 2)]))
    });
    rules
}

#[test]
fn documents_read_back_from_their_text() {
    reads_back(&everything());
    let mut raised = everything();
    raised.fees[0].raised_cap = Some(raised.fees[0].window_sum);
    reads_back(&raised);
    assert!(!canonical::text(&everything()).contains("raised_cap"), "what is not there changes no digest");
    reads_back(&people());
    reads_back(&Book { payees: vec![payee("acme", NOON)] });
    reads_back(&genesis());
    survives(&roster());
}

#[test]
fn versions_orders_and_acts_read_back_from_json_and_from_postcard() {
    let policy = policy();
    survives(&version(&policy, &Document::Rules(everything()), &["ann", "bob"]));
    survives(&policy.heads());
    survives(&act("tom", Act::Approve, &intent()));
    survives(&FreezeOrder::sign(
        &key("ann"),
        name("ann"),
        policy.deployment(),
        Freeze::Freeze,
        "why".to_owned(),
        at(NOON),
    ));
    survives(&Finality::Never);
    survives(&Unmet::TooLarge { amount: "5 ETH".to_owned(), max: "1 ETH".to_owned() });
    survives(&intent());
}

#[test]
fn every_integer_of_a_document_is_a_string() {
    fn no_numbers(value: &serde_json::Value, path: &str) {
        match value {
            serde_json::Value::Number(number) => panic!("{path} is the number {number}"),
            serde_json::Value::Array(list) => list.iter().for_each(|item| no_numbers(item, path)),
            serde_json::Value::Object(object) => {
                object.iter().for_each(|(key, value)| no_numbers(value, &format!("{path}.{key}")));
            }
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => {}
        }
    }
    let mut genesis = genesis();
    genesis.rules = everything();
    genesis.book.payees.push(payee("acme", NOON));
    no_numbers(&serde_json::to_value(&genesis).unwrap(), "genesis");
    let version = version(&policy(), &Document::People(people()), &["ann"]);
    no_numbers(&serde_json::to_value(&version).unwrap(), "version");
}

#[test]
fn the_digest_of_a_version_equals_one_computed_with_pythons_hashlib() {
    // def part(b): return len(b).to_bytes(8, "big") + b
    // sha256(b"bursar/policy/v1\0" + part(bytes([1])*32) + part(b"book") + part(b"2") + part(bytes([2])*32)
    //        + part(b'{"payees":[]}'))
    let version = SignedVersion {
        deployment: crate::ids::Digest::from_bytes([1; 32]),
        chain: ChainName::Book,
        version: 2,
        parent: crate::ids::Digest::from_bytes([2; 32]),
        document: Document::Book(Book::default()).to_text(),
        signatures: vec![],
    };
    assert_eq!(version.document, r#"{"payees":[]}"#);
    assert_eq!(
        version.digest().to_string(),
        "037aef4f109b9ea3dfdc692e2446fc9d7fd915bbcd02ab1b5e25ae3c05972a21"
    );
}
