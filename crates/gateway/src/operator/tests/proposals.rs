//! Versions of the policy that collect signatures.

use payout::policy::{Book, Document, Payee, Policy, Rules, SignedVersion, VersionSignature};

use super::house::{House, key, name, refused};
use crate::clock;

fn cooler(house: &House) -> Document {
    let rules = house.gateway.policy().newest_rules().clone();
    Document::Rules(Rules { book_cooling_hours: 48, ..rules })
}

fn signed(house: &House, document: &Document, who: &str) -> SignedVersion {
    let mut version = house.gateway.policy().draft(document);
    version.sign(&key(who), name(who));
    version
}

#[tokio::test]
async fn a_version_is_in_force_once_the_admins_quorum_has_signed_and_it_is_published() {
    let house = House::new().await;
    let (ann, ben) = (house.client("ann"), house.client("ben"));
    let sheet = ann.propose(&signed(&house, &cooler(&house), "ann")).await.unwrap();
    assert_eq!((sheet.needed, sheet.given.as_slice(), sheet.ready), (2, [name("ann")].as_slice(), false));
    assert_eq!(refused(ann.publish(sheet.digest).await).0, 409);
    let sheet = ben.vote(sheet.digest).await.unwrap();
    assert!(sheet.ready);
    let published = ben.publish(sheet.digest).await.unwrap();
    assert_eq!(published.version, 2);
    assert_eq!(house.gateway.policy().newest_rules().book_cooling_hours, 48);
    assert!(ann.proposals().await.unwrap().is_empty());
    // What is stored leads to the same policy again, by its signatures alone.
    let mut replayed = Policy::from_genesis(&house.gateway.genesis);
    for version in ann.policy_versions().await.unwrap() {
        replayed.append(version).unwrap();
    }
    assert_eq!(replayed.heads(), house.gateway.policy().heads());
    let stored = crate::serve::replay(&house.gateway.genesis, &house.gateway.store).await.unwrap();
    assert_eq!(stored.heads(), replayed.heads());
}

#[tokio::test]
async fn signatures_of_people_without_a_say_are_not_taken() {
    let house = House::new().await;
    let (ann, paula) = (house.client("ann"), house.client("paula"));
    let document = cooler(&house);
    assert_eq!(refused(paula.propose(&signed(&house, &document, "paula")).await).0, 403);
    // An admin who brings somebody else's.
    assert_eq!(refused(ann.propose(&signed(&house, &document, "paula")).await).0, 409);
    let digest = ann.propose(&signed(&house, &document, "ann")).await.unwrap().digest;
    assert_eq!(refused(paula.vote(digest).await).0, 409);
    assert_eq!(ann.proposal(digest).await.unwrap().given, [name("ann")]);
}

#[tokio::test]
async fn one_admin_who_signs_twice_is_one() {
    let house = House::new().await;
    let ann = house.client("ann");
    let digest = ann.propose(&signed(&house, &cooler(&house), "ann")).await.unwrap().digest;
    let sheet = ann.vote(digest).await.unwrap();
    assert_eq!((sheet.given.len(), sheet.ready), (1, false));
}

#[tokio::test]
async fn a_proposal_that_was_overtaken_can_neither_be_signed_nor_published() {
    let house = House::new().await;
    let (ann, ben) = (house.client("ann"), house.client("ben"));
    let late = ann.propose(&signed(&house, &cooler(&house), "ann")).await.unwrap().digest;
    let rules = house.gateway.policy().newest_rules().clone();
    let other = Document::Rules(Rules { book_cooling_hours: 12, ..rules });
    let first = ann.propose(&signed(&house, &other, "ann")).await.unwrap().digest;
    ben.vote(first).await.unwrap();
    ben.publish(first).await.unwrap();
    assert_eq!(refused(ben.vote(late).await).0, 409);
    assert_eq!(refused(ben.publish(late).await).0, 409);
    assert!(!ann.proposal(late).await.unwrap().findings.is_empty());
    ann.drop_proposal(late).await.unwrap();
    assert_eq!(refused(ann.proposal(late).await).0, 404);
}

#[tokio::test]
async fn a_document_with_errors_is_not_kept() {
    let house = House::new().await;
    let rules = house.gateway.policy().newest_rules().clone();
    let broken = Document::Rules(Rules { fees: [rules.fees.clone(), rules.fees.clone()].concat(), ..rules });
    assert_eq!(refused(house.client("ann").propose(&signed(&house, &broken, "ann")).await).0, 400);
    assert!(house.client("ann").proposals().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_address_book_is_its_own_groups_business() {
    let house = House::new().await;
    let paula = house.client("paula");
    let payee = Payee {
        group: "suppliers".parse().unwrap(),
        chain_id: "60".parse().unwrap(),
        address: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap(),
        label: "Acme".to_owned(),
        since: clock::now(),
    };
    let book = Document::Book(Book { payees: vec![payee] });
    let sheet = paula.propose(&signed(&house, &book, "paula")).await.unwrap();
    assert!(sheet.ready);
    paula.publish(sheet.digest).await.unwrap();
    assert_eq!(house.gateway.policy().book().payees.len(), 1);
    assert_eq!(refused(house.client("oscar").publish(sheet.digest).await).0, 403);
}

#[tokio::test]
async fn a_signature_over_another_digest_is_not_taken() {
    let house = House::new().await;
    let ann = house.client("ann");
    let digest = ann.propose(&signed(&house, &cooler(&house), "ann")).await.unwrap().digest;
    let mut forged = house.gateway.policy().draft(&cooler(&house));
    forged.signatures.push(VersionSignature::sign(
        &payout::ids::Digest::from_bytes([7; 32]),
        &key("ben"),
        name("ben"),
    ));
    assert_eq!(refused(ann.propose(&forged).await).0, 409);
    assert_eq!(ann.proposal(digest).await.unwrap().given.len(), 1);
}
