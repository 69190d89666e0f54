//! Co-signers of one deployment, at work around the stand-in hub.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use mpc::KeyShare;
use payout::coin::Family;
use payout::ids::{AddressIndex, WalletId};
use payout::intent::Intent;
use payout::money::Amount;
use payout::policy::{Document, Genesis, Policy, Wallet};
use seal::{Params, Passphrase};
use tokio::task::JoinHandle;
use wire::message::{FromCosigner, Label, SignRequest};

use super::hub::Hub;
use crate::config::Gateway;
use crate::desk::cosigner::now;
use crate::desk::{Cosigner, Parts};
use crate::house::{self, HOUR, House, wallet_id};
use crate::journal::{CeremonyStage, Journal, Settings};
use crate::vault::{self, Owner, Vault};
use crate::{ceremony, session};

const FINGERPRINT: &str = "0123-4567";

/// A co-signer's whole state is in its folder: it can be stopped and started again.
pub(super) struct Chair {
    pub(super) cosigner: Arc<Cosigner>,
    task: JoinHandle<()>,
}

pub(super) struct Hall {
    pub(super) hub: Hub,
    pub(super) house: House,
    pub(super) chairs: Vec<Chair>,
    pub(super) wallet: Option<Wallet>,
    /// The ceremony that was ordered last.
    pub(super) ordered: Option<Label>,
    folder: tempfile::TempDir,
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse").unwrap()
}

/// A key that a dealer dealt: its shares cost nothing, a ceremony's cost seconds.
pub(super) fn dealt(t: u8, n: u8) -> (Vec<KeyShare>, Wallet) {
    let shares = mpc::local::deal(t, n).unwrap();
    let wallet = Wallet {
        id: wallet_id(),
        public_key: shares[0].public_key(),
        chain_code: shares[0].chain_code(),
        threshold: t,
        share_count: n,
        fingerprint: FINGERPRINT.to_owned(),
        ceilings: [].into(),
    };
    (shares, wallet)
}

impl Hall {
    /// t of n at work, with a wallet that is listed, kept and tested.
    pub(super) async fn with_wallet(t: u8, n: u8) -> Self {
        Self::with(t, n, |_| {}).await
    }

    pub(super) async fn with(t: u8, n: u8, change: impl FnOnce(&mut Genesis)) -> Self {
        let (shares, wallet) = dealt(t, n);
        let mut hall = Self::found(t, n, change).await;
        let mut rules = hall.house.genesis.rules.clone();
        rules.wallets.push(wallet.clone());
        hall.hub.publish(house::signed(&hall.hub.policy(), &Document::Rules(rules)));
        hall.wallet = Some(wallet.clone());
        for (index, share) in (1..=n).zip(&shares) {
            hall.install(index, Some(share));
            hall.seat(index);
        }
        hall.until("all hold the wallet and are linked", |hall| {
            hall.chairs.iter().all(|chair| {
                let linked = chair.cosigner.lines().first().map_or(0, |line| line.linked().len());
                chair.cosigner.keys().contains_key(&wallet.id)
                    && linked == usize::from(n) - 1
                    && chair.cosigner.policy().heads().rules.version == 2
            })
        })
        .await;
        hall
    }

    /// t of n at work, with no wallet yet.
    pub(super) async fn without_wallet(t: u8, n: u8) -> Self {
        let mut hall = Self::found(t, n, |_| {}).await;
        for index in 1..=n {
            hall.install(index, None);
            hall.seat(index);
        }
        hall.until("all are linked", |hall| {
            hall.chairs.iter().all(|chair| {
                chair.cosigner.lines().first().is_some_and(|line| line.linked().len() == usize::from(n) - 1)
            })
        })
        .await;
        hall
    }

    async fn found(t: u8, n: u8, change: impl FnOnce(&mut Genesis)) -> Self {
        let house = House::with(t, n, change);
        let hub = Hub::start(&house.genesis, Policy::from_genesis(&house.genesis)).await;
        Self {
            hub,
            house,
            chairs: Vec::new(),
            wallet: None,
            ordered: None,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn folder(&self, index: u8) -> PathBuf {
        self.folder.path().join(index.to_string())
    }

    fn settings(&self, index: u8) -> Settings {
        self.house.settings(index, &self.folder(index))
    }

    /// Makes vault and journal.
    fn install(&self, index: u8, share: Option<&KeyShare>) {
        let folder = self.folder(index);
        std::fs::create_dir(&folder).unwrap();
        std::fs::create_dir(folder.join("vault")).unwrap();
        let key = house::cosigner_key(index);
        vault::create(&folder.join("vault"), &key, &passphrase(), Params::light()).unwrap();
        let journal = Journal::create(self.settings(index)).unwrap();
        if let Some(share) = share {
            let vault = self.vault(index);
            vault.keep(wallet_id(), 1, FINGERPRINT, share).unwrap();
            let tested = CeremonyStage::Tested;
            block_on(journal.ceremony(wallet_id(), 1, FINGERPRINT.to_owned(), tested, now())).unwrap();
        }
    }

    fn vault(&self, index: u8) -> Vault {
        let owner = Owner { deployment: self.house.genesis.deployment(), index };
        Vault::open(&self.folder(index).join("vault"), &passphrase(), owner).unwrap()
    }

    /// Opens a co-signer's folder and sets it to work.
    pub(super) fn seat(&mut self, index: u8) {
        let journal = Journal::open(self.settings(index)).unwrap();
        let mut policy = Policy::from_genesis(&self.house.genesis);
        for (version, adopted) in journal.policy_versions().unwrap() {
            policy.append_at(version, adopted).unwrap();
        }
        let cosigner = Cosigner::new(Parts {
            me: index,
            policy,
            journal,
            vault: self.vault(index),
            folder: self.folder(index),
            gateways: vec![Gateway { name: "gateway".to_owned(), address: self.hub.address.to_string() }],
            sessions: 4,
            timing: session::Timing::default(),
            ceremony_timing: ceremony::Timing::default(),
        });
        let this = Arc::clone(&cosigner);
        let task = tokio::spawn(async move { this.run().await });
        self.chairs.insert(usize::from(index) - 1, Chair { cosigner, task });
    }

    /// Stops a co-signer, and waits until its folder is free.
    pub(super) async fn stop(&mut self, index: u8) -> Duration {
        let began = Instant::now();
        let chair = &mut self.chairs[usize::from(index) - 1];
        chair.cosigner.stop();
        (&mut chair.task).await.unwrap();
        began.elapsed()
    }

    pub(super) async fn restart(&mut self, index: u8) {
        self.leave(index).await;
        self.seat(index);
    }

    /// Stops a co-signer and waits until nothing of it is left. Its place stays empty until it is seated again.
    pub(super) async fn leave(&mut self, index: u8) {
        self.stop(index).await;
        let chair = self.chairs.remove(usize::from(index) - 1);
        let weak = Arc::downgrade(&chair.cosigner);
        drop(chair);
        while weak.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // What nobody can reach any more may still be closing.
        self.until("the journal is free", |hall| Journal::open(hall.settings(index)).is_ok()).await;
    }

    pub(super) fn chair(&self, index: u8) -> &Arc<Cosigner> {
        &self.chairs[usize::from(index) - 1].cosigner
    }

    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < Duration::from_secs(60), "not in a minute: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A payout of 200 USDT made now.
    pub(super) fn intent(&self, number: i64) -> Intent {
        self.made_now(self.house.intent(number))
    }

    /// A payout of 50 USDT made now, which passes without people.
    pub(super) fn small(&self, number: i64) -> Intent {
        self.made_now(self.house.small(number))
    }

    fn made_now(&self, intent: Intent) -> Intent {
        let wallet = self.wallet.as_ref().unwrap();
        let from = chain::derive_address(
            Family::Evm,
            &intent.network_id,
            &wallet.public_key,
            &wallet.chain_code,
            AddressIndex::PAYOUT,
        )
        .unwrap();
        let (created, span) = (now(), intent.expiry.since(intent.created).max(HOUR));
        let rules_version = self.hub.policy().heads().rules.version;
        Intent { from, created, expiry: created.plus(span), wallet: wallet.id, rules_version, ..intent }
    }

    pub(super) fn approved(&self, intent: &Intent, nonce: u64) -> SignRequest {
        self.house.approved(intent, nonce)
    }

    /// Signs a payout with these co-signers and checks every signature.
    pub(super) async fn sign(&mut self, participants: &[u8], number: i64) {
        let request = self.approved(&self.intent(number), u64::try_from(number).unwrap());
        let label = self.hub.open(participants, &request);
        let outcome = self.hub.outcome(label, participants).await;
        for said in outcome.values() {
            self.assert_signed(said, &request);
        }
    }

    pub(super) fn assert_signed(&self, said: &FromCosigner, request: &SignRequest) {
        let FromCosigner::Signed { signature, .. } = said else { panic!("{said:?}") };
        let wallet = self.wallet.as_ref().unwrap();
        let family = chain::family(Family::Evm);
        let network = "31337".parse().unwrap();
        let path = family.path(&network, AddressIndex::PAYOUT);
        let public_key = chain::child_public_key(&wallet.public_key, &wallet.chain_code, &path).unwrap();
        let signature = chain::EcdsaSignature {
            r: signature[..32].try_into().unwrap(),
            s: signature[32..64].try_into().unwrap(),
            recovery_id: signature[64],
        };
        family.attach(&network, &request.unsigned, &signature, &public_key).unwrap();
    }

    /// How much has been signed for, by one co-signer's journals.
    pub(super) fn counted(&self, index: u8) -> usize {
        self.chair(index).journal.with(crate::journal::Union::intent_count)
    }

    pub(super) const fn wallet_id(&self) -> WalletId {
        match &self.wallet {
            Some(wallet) => wallet.id,
            None => panic!("there is no wallet"),
        }
    }

    pub(super) fn fee_limit(genesis: &mut Genesis) {
        // Enough for every payout of a test.
        genesis.rules.fees[0].window_sum = Amount::from_u128(1_000_000_000_000_000_000);
    }
}
