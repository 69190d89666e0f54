use std::path::PathBuf;
use std::sync::Arc;

use mpc::KeyShare;
use payout::ids::WalletId;
use seal::{Params, Passphrase, SealError};
use tempfile::TempDir;

use super::*;
use crate::folder::Folder;
use crate::house::{House, cosigner_key, wallet_id};
use crate::journal::Journal;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// One key share of a fresh key; making it takes a while, so all tests share them.
fn shares() -> &'static [Vec<u8>] {
    static SHARES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SHARES.get_or_init(|| {
        mpc::local::deal(2, 3).unwrap().iter().map(|share| share.to_bytes().to_vec()).collect()
    })
}

fn share(index: u8) -> KeyShare {
    KeyShare::from_bytes(&shares()[usize::from(index) - 1]).unwrap()
}

struct Host {
    root: TempDir,
    house: House,
    folder: Folder,
}

impl Host {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::create(&root.path().join("state"), &root.path().join("counter")).unwrap();
        create(&folder.vault(), &cosigner_key(1), &passphrase("right"), Params::light()).unwrap();
        Self { root, house: House::new(2, 3), folder }
    }

    fn owner(&self) -> Owner {
        Owner { deployment: self.house.genesis.deployment(), index: 1 }
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.folder.vault(), &passphrase("right"), self.owner())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.vault().join(name)
    }
}

#[test]
fn the_identity_comes_back_with_the_right_passphrase_only() {
    let host = Host::new();
    assert_eq!(host.open().unwrap().identity().public(), cosigner_key(1).public());
    assert_eq!(
        identity(&host.folder.vault(), &passphrase("right")).unwrap().public(),
        cosigner_key(1).public()
    );
    let wrong = Vault::open(&host.folder.vault(), &passphrase("wrong"), host.owner()).unwrap_err();
    assert!(matches!(wrong, VaultError::Seal { cause: SealError::WrongPassphrase, .. }));
    assert!(wrong.to_string().contains("wrong passphrase"), "{wrong}");
}

#[test]
fn a_vault_is_never_made_over_another() {
    let host = Host::new();
    let again = create(&host.folder.vault(), &cosigner_key(2), &passphrase("right"), Params::light());
    assert!(matches!(again, Err(VaultError::Exists { .. })));
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let host = Host::new();
    let folder = host.folder.vault();
    let change = |old: &str, new: &str| {
        Vault::change_passphrase(&folder, &passphrase(old), &passphrase(new), Params::light())
    };
    assert!(change("wrong", "new").is_err());
    change("right", "new").unwrap();
    assert!(host.open().is_err());
    assert!(Vault::open(&folder, &passphrase("new"), host.owner()).is_ok());
}

#[test]
fn nothing_in_the_vault_is_readable_without_the_passphrase_or_by_others() {
    use std::os::unix::fs::MetadataExt as _;
    let host = Host::new();
    let vault = host.open().unwrap();
    vault.keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    let seed = cosigner_key(1).to_seed();
    let plain = share(1).to_bytes().to_vec();
    for file in std::fs::read_dir(host.folder.vault()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{:?}", file.path());
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in [&seed[..], &plain[40..72]] {
            assert!(!bytes.windows(32).any(|window| window == secret), "{:?}", file.path());
        }
    }
}

#[test]
fn a_kept_share_is_there_after_a_restart() {
    let host = Host::new();
    host.open().unwrap().keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    let vault = host.open().unwrap();
    let held = vault.held();
    assert_eq!(held.len(), 1);
    assert_eq!((held[0].epoch, held[0].fingerprint.as_str()), (1, "ABCD"));
    assert_eq!(held[0].public_key, share(1).public_key());
    assert_eq!((held[0].threshold, held[0].share_count), (2, 3));
    assert_eq!(vault.share(wallet_id(), 1).unwrap().to_bytes(), share(1).to_bytes());
    assert!(vault.share(wallet_id(), 2).is_none());
}

#[test]
fn a_share_of_another_party_or_epoch_is_refused() {
    let host = Host::new();
    let vault = host.open().unwrap();
    for (epoch, index) in [(1, 2), (2, 1)] {
        let refused = vault.keep(wallet_id(), epoch, "ABCD", &share(index)).unwrap_err();
        assert!(matches!(refused, VaultError::Share { fault: ShareFault::Misfiled { .. }, .. }));
    }
    assert!(vault.held().is_empty());
}

#[test]
fn a_retired_epoch_is_erased_and_never_taken_again() {
    let host = Host::new();
    let vault = host.open().unwrap();
    vault.keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    let file = host.file(&format!("share-{}-1.sealed", wallet_id()));
    assert!(file.exists());
    vault.retire(wallet_id(), 1).unwrap();
    assert!(!file.exists());
    assert!(vault.held().is_empty());
    let again = vault.keep(wallet_id(), 1, "ABCD", &share(1)).unwrap_err();
    assert!(matches!(again, VaultError::Share { fault: ShareFault::Rollback { first: 2, offered: 1 }, .. }));
}

#[test]
fn a_share_that_never_came_in_use_is_discarded_and_can_be_made_again() {
    let host = Host::new();
    let vault = host.open().unwrap();
    vault.keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    vault.discard(wallet_id(), 1).unwrap();
    assert!(vault.held().is_empty());
    vault.keep(wallet_id(), 1, "EFGH", &share(1)).unwrap();
    vault.keep(wallet_id(), 1, "IJKL", &share(1)).unwrap();
    assert_eq!(host.open().unwrap().held()[0].fingerprint, "IJKL");
}

#[test]
fn a_share_in_the_place_of_another_does_not_open() {
    let host = Host::new();
    host.open().unwrap().keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    let file = host.file(&format!("share-{}-1.sealed", wallet_id()));
    // As another wallet's, as a newer epoch, under a name that says nothing.
    for name in ["share-8-1.sealed", "share-7-2.sealed", "share-07-1.sealed", "share-x.sealed"] {
        let other = host.file(name);
        std::fs::copy(&file, &other).unwrap();
        assert!(host.open().is_err(), "{name}");
        std::fs::remove_file(&other).unwrap();
    }
    // And for another seat or deployment.
    for owner in [
        Owner { index: 2, ..host.owner() },
        Owner { deployment: payout::ids::Digest::of("another", &[]), ..host.owner() },
    ] {
        assert!(Vault::open(&host.folder.vault(), &passphrase("right"), owner).is_err());
    }
    assert!(host.open().is_ok());
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let host = Host::new();
    host.open().unwrap().keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    for name in ["key.sealed", "identity.sealed", "share-7-1.sealed"] {
        let file = host.file(name);
        let whole = std::fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        for bad in [&flipped[..], &whole[..whole.len() / 2], b""] {
            std::fs::write(&file, bad).unwrap();
            let error = host.open().unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(host.open().is_ok());
}

// -- backups

fn journal(host: &Host) -> Journal {
    let mut settings = host.house.settings(1, host.root.path());
    (settings.path, settings.counter) = (host.folder.journal(), host.folder.counter());
    Journal::create(settings).unwrap()
}

#[test]
fn a_restored_backup_has_everything_and_starts_quarantined() {
    let host = Host::new();
    let vault = host.open().unwrap();
    vault.keep(wallet_id(), 1, "ABCD", &share(1)).unwrap();
    let journal = journal(&host);
    let now = crate::house::noon();
    futures::executor::block_on(journal.ban(wallet_id(), 1, 2, "cheated".to_owned(), now)).unwrap();
    let version =
        host.house.policy.versions_after(&payout::policy::Policy::from_genesis(&host.house.genesis).heads());
    futures::executor::block_on(journal.adopt(version[0].clone(), now)).unwrap();
    let sealed =
        backup(&vault, &journal, &host.house.genesis, &passphrase("backup"), Params::light()).unwrap();
    drop(journal);

    let root = tempfile::tempdir().unwrap();
    let folder = Folder::create(&root.path().join("state"), &root.path().join("counter")).unwrap();
    let wrong = restore(&folder, &sealed, &passphrase("wrong"), &passphrase("new"), Params::light());
    assert!(matches!(wrong, Err(BackupError::Seal(SealError::WrongPassphrase))));
    let restored =
        restore(&folder, &sealed, &passphrase("backup"), &passphrase("new"), Params::light()).unwrap();
    assert_eq!(restored.genesis, host.house.genesis);
    assert_eq!((restored.index, restored.entries, restored.shares), (1, 2, 1));

    let vault = Vault::open(&folder.vault(), &passphrase("new"), host.owner()).unwrap();
    assert_eq!(vault.identity().public(), cosigner_key(1).public());
    assert_eq!(vault.held()[0].fingerprint, "ABCD");
    let mut settings = host.house.settings(1, root.path());
    (settings.path, settings.counter) = (folder.journal(), folder.counter());
    settings.key = Arc::clone(&vault.identity());
    let journal = Journal::open(settings).unwrap();
    assert_eq!(journal.own_seq(), 2);
    assert_eq!(journal.with(|union| union.banned(wallet_id(), 1).collect::<Vec<_>>()), [2]);
    assert_eq!(journal.policy_versions().unwrap(), [(version[0].clone(), now)]);
    assert!(journal.quarantine().unwrap().reason.contains("restored from a backup"));
    let refused = journal.ban(WalletId::new(9).unwrap(), 1, 2, String::new(), now);
    assert!(futures::executor::block_on(refused).is_err(), "it writes nothing until others have told it");
}

#[test]
fn a_backup_is_not_restored_over_anything() {
    let host = Host::new();
    let vault = host.open().unwrap();
    let journal = journal(&host);
    let sealed =
        backup(&vault, &journal, &host.house.genesis, &passphrase("backup"), Params::light()).unwrap();
    let again = restore(&host.folder, &sealed, &passphrase("backup"), &passphrase("new"), Params::light());
    assert!(matches!(again, Err(BackupError::Vault(VaultError::Exists { .. }))));
}
