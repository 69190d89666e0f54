//! Published versions and proposals.

use payout::ids::Digest;
use payout::key::SecretKey;
use payout::policy::{ChainName, SignedVersion, VersionSignature};
use store::PolicyError;

use crate::house::{House, at, person};
use crate::refused;

fn version(chain: ChainName, number: u64, document: &str, signers: &[u8]) -> SignedVersion {
    let mut version = SignedVersion {
        deployment: Digest::from_bytes([0x11; 32]),
        chain,
        version: number,
        parent: Digest::from_bytes([0x22; 32]),
        document: document.to_owned(),
        signatures: Vec::new(),
    };
    let digest = version.digest();
    version.signatures = signers
        .iter()
        .map(|seed| {
            VersionSignature::sign(&digest, &SecretKey::from_seed(&[*seed; 32]), person(&format!("p{seed}")))
        })
        .collect();
    version
}

#[tokio::test]
async fn versions_come_back_in_the_order_of_their_publication() {
    let house = House::new().await;
    let versions = [
        version(ChainName::Rules, 2, "{}", &[1]),
        version(ChainName::Book, 2, "{}", &[1]),
        version(ChainName::People, 2, "{}", &[1]),
        version(ChainName::Rules, 3, "{}", &[1]),
    ];
    for (version, ms) in versions.iter().zip(0..) {
        house.store.append_policy(version.clone(), at(ms)).await.unwrap();
        house.store.append_policy(version.clone(), at(99)).await.unwrap();
    }
    let house = house.reopened().await;
    let adopted: Vec<_> = versions.into_iter().zip((0..).map(at)).collect();
    assert_eq!(
        house.store.policy_versions().await.unwrap(),
        adopted,
        "each with the time of its first adoption"
    );
    assert_eq!(house.store.audit_list(0, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_number_has_one_version() {
    let house = House::new().await;
    let (one, other) = (version(ChainName::Rules, 2, "{}", &[1]), version(ChainName::Rules, 2, "[]", &[1]));
    house.store.append_policy(one.clone(), at(0)).await.unwrap();
    let refusal = house.store.append_policy(other, at(1)).await;
    assert!(matches!(refusal, Err(PolicyError::Fork { version: 2, published }) if published == one.digest()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admins_who_sign_a_proposal_at_once_all_count() {
    let house = House::new().await;
    let signed = |signers: &[u8]| version(ChainName::Rules, 2, "{}", signers);
    let calls: Vec<_> = (1..=8)
        .map(|seed| {
            let (store, version) = (house.store.clone(), signed(&[seed]));
            tokio::spawn(async move { store.put_proposal(version, person("p1"), at(0)).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let digest = signed(&[]).digest();
    let proposal = house.store.proposal(&digest).await.unwrap().unwrap();
    assert_eq!(proposal.version.signatures.len(), 8);
    assert_eq!(house.store.proposals().await.unwrap(), vec![proposal.clone()]);
    house.store.append_policy(proposal.version, at(1)).await.unwrap();
    assert_eq!(house.store.proposal(&digest).await.unwrap(), None, "published ones are no proposals");
    refused!(house.store.drop_proposal(digest, person("p1"), at(2)).await, PolicyError::Unknown(_));
}
