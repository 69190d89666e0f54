//! What is believed of a gateway's words.

use std::collections::BTreeMap;

use payout::key::SecretKey;
use payout::policy::{Document, Genesis, Policy, Rules, SignedVersion, Wallet};

use super::Folder;
use crate::cli::trust::Trusted;

fn genesis(folder: &Folder) -> Genesis {
    folder.enlist();
    folder.run(&["genesis", "build", "-o", &folder.in_house("genesis.json")]).unwrap();
    Genesis::parse(&folder.read("genesis.json")).unwrap()
}

fn ann(folder: &Folder) -> SecretKey {
    let file = seal::KeyFile::parse(&folder.read("keys/ann.key")).unwrap();
    file.open(&seal::Passphrase::new("a passphrase").unwrap()).unwrap()
}

/// The next version: a longer cooling time.
fn version(policy: &Policy, key: &SecretKey) -> SignedVersion {
    let old = policy.newest_rules();
    let rules = Rules { book_cooling_hours: old.book_cooling_hours + 1, ..old.clone() };
    let mut version = policy.draft(&Document::Rules(rules));
    version.sign(key, "ann".parse().unwrap());
    version
}

#[test]
fn versions_are_believed_by_their_signatures_alone() {
    let folder = Folder::new();
    let genesis = genesis(&folder);
    let policy = Policy::from_genesis(&genesis);
    let signed = version(&policy, &ann(&folder));
    assert!(Trusted::verify(genesis.clone(), vec![signed.clone()]).is_ok());
    let stranger = version(&policy, &SecretKey::from_seed(&[8; 32]));
    assert!(Trusted::verify(genesis.clone(), vec![stranger]).is_err());
    let altered = SignedVersion { document: signed.document.replace("ETH", "ETX"), ..signed };
    assert!(Trusted::verify(genesis, vec![altered]).is_err());
}

#[test]
fn a_key_is_a_wallets_only_under_the_fingerprint_that_follows_from_it() {
    let folder = Folder::new();
    let genesis = genesis(&folder);
    let policy = Policy::from_genesis(&genesis);
    let at_ceremony = policy.heads();
    // The ceremony was held under genesis; a version was published since.
    let trusted = Trusted::verify(genesis, vec![version(&policy, &ann(&folder))]).unwrap();
    // The generator of the curve and twice the generator.
    let key = |hex| hex::decode::<&str>(hex).unwrap().try_into().unwrap();
    let ours: [u8; 33] = key("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    let theirs: [u8; 33] = key("02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5");
    let id = payout::ids::WalletId::new(1).unwrap();
    let place = (&policy.deployment(), policy.roster(), &at_ceremony);
    let printed = chain::fingerprint(place, &policy.newest_rules().networks, id, &ours, &[7; 32]).unwrap();
    let wallet = Wallet {
        id,
        public_key: ours,
        chain_code: [7; 32],
        threshold: 2,
        share_count: 3,
        fingerprint: printed.fingerprint,
        ceilings: BTreeMap::new(),
    };
    assert_eq!(trusted.addresses(&wallet).unwrap(), printed.addresses);
    assert!(trusted.addresses(&Wallet { public_key: theirs, ..wallet.clone() }).is_err());
    assert!(trusted.addresses(&Wallet { chain_code: [8; 32], ..wallet.clone() }).is_err());
    let other = payout::ids::WalletId::new(2).unwrap();
    assert!(trusted.addresses(&Wallet { id: other, ..wallet }).is_err());
}
