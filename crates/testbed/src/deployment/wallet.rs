//! The wallet: its ceremony, and the version of the rules that makes it one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gateway::operator::wallets::CeremonySheet;
use payout::coin::Network;
use payout::ids::AddressIndex;
use payout::policy::{Document, SignedVersion, Wallet};

use super::cast::{ADMINS, principal};
use super::project::wallet_id;
use super::{Deployment, DeploymentError};

/// How long a ceremony may take; key generation among five takes seconds.
const CEREMONY: Duration = Duration::from_secs(120);

/// How long co-signers may take to hear of a new version.
const HEARD: Duration = Duration::from_secs(20);

impl Deployment {
    /// Makes the wallet's key with all co-signers. `news` gets what they say meanwhile.
    ///
    /// # Errors
    /// [`DeploymentError::Ceremony`] when it fails, or a co-signer's fingerprint is not the others'.
    pub async fn make_wallet(&self, mut news: impl FnMut(&CeremonySheet)) -> Result<Wallet, DeploymentError> {
        let admin = self.person(ADMINS[0])?;
        let opened = admin.told(admin.client().create_wallet(wallet_id()).await)?;
        let start = Instant::now();
        while start.elapsed() < CEREMONY {
            let sheet = admin.told(admin.client().ceremony(&opened.ceremony).await)?;
            news(&sheet);
            if let Some(failed) = sheet.failed {
                return Err(DeploymentError::Ceremony(failed));
            }
            if let Some(entry) = sheet.entry.filter(|_| sheet.done) {
                // The owners would read it on their own terminals; here the co-signers' words have to do.
                let same = sheet
                    .cosigners
                    .iter()
                    .all(|voice| voice.fingerprint.as_ref() == Some(&entry.fingerprint));
                return if same {
                    Ok(entry)
                } else {
                    Err(DeploymentError::Ceremony("the co-signers print different fingerprints".to_owned()))
                };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(DeploymentError::Ceremony(format!("it took longer than {CEREMONY:?}")))
    }

    /// Publishes the next version of the rules, with the wallet in it, signed by both admins, and waits until every
    /// running co-signer holds it.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn publish_wallet(&self, wallet: Wallet) -> Result<(), DeploymentError> {
        let admin = self.person(ADMINS[0])?;
        let mut rules = admin.told(admin.client().policy().await)?.rules;
        let addresses = payout_addresses(&wallet, &rules.networks)?;
        let path = self.folder.payout_addresses();
        let text = serde_json::to_string_pretty(&addresses).expect("texts are JSON");
        std::fs::write(&path, text).map_err(DeploymentError::file(&path))?;
        rules.wallets.push(wallet);
        self.publish(&Document::Rules(rules)).await
    }

    /// The wallet's payout address on each chain, by `chain_id`, as they were derived from its public key.
    ///
    /// # Errors
    /// [`DeploymentError`] before the wallet is published.
    pub fn payout_addresses(&self) -> Result<BTreeMap<String, String>, DeploymentError> {
        let path = self.folder.payout_addresses();
        let text = std::fs::read_to_string(&path).map_err(DeploymentError::file(&path))?;
        serde_json::from_str(&text).map_err(|_| DeploymentError::Addresses(path))
    }

    /// Publishes the next version of a chain with both admins' signatures, and waits until every running co-signer
    /// holds it.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn publish(&self, document: &Document) -> Result<(), DeploymentError> {
        let [first, second] = ADMINS;
        let (proposer, voter) = (self.person(first)?, self.person(second)?);
        let heads = proposer.told(proposer.client().policy().await)?.heads;
        let head = heads.of(document.chain());
        let mut version = SignedVersion {
            deployment: self.genesis.deployment(),
            chain: document.chain(),
            version: head.version + 1,
            parent: head.digest,
            document: document.to_text(),
            signatures: Vec::new(),
        };
        version.sign(&self.cast.key(first), principal(first));
        let proposal = proposer.told(proposer.client().propose(&version).await)?;
        voter.told(voter.client().vote(proposal.digest).await)?;
        proposer.told(proposer.client().publish(proposal.digest).await)?;
        self.wait_for_policy().await
    }

    /// Waits until every connected co-signer holds the newest policy.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn wait_for_policy(&self) -> Result<(), DeploymentError> {
        let admin = self.person(ADMINS[0])?;
        let start = Instant::now();
        loop {
            let seats = admin.told(admin.client().cosigners().await)?;
            let behind = seats.iter().find(|seat| seat.connected && !seat.behind.is_empty());
            match behind {
                None => return Ok(()),
                Some(seat) if start.elapsed() >= HEARD => {
                    return Err(DeploymentError::NotRunning(format!(
                        "{} lacks the newest policy and",
                        seat.name
                    )));
                }
                Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// Derived here, not taken from anybody's word.
fn payout_addresses(
    wallet: &Wallet,
    networks: &[Network],
) -> Result<BTreeMap<String, String>, DeploymentError> {
    let derive = |network: &Network| {
        let Network { chain_id, family, network_id } = network;
        let Wallet { public_key, chain_code, .. } = wallet;
        let index = AddressIndex::PAYOUT;
        let address = chain::derive_address(*family, network_id, public_key, chain_code, index)?;
        Ok((chain_id.to_string(), address.to_string()))
    };
    networks.iter().map(derive).collect()
}
