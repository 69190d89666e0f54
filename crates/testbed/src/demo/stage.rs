//! From nothing to a funded wallet.

use std::path::{Path, PathBuf};

use super::DemoError;
use crate::deployment::{Deployment, DeploymentError, Plan, cosigner_name, folder::Folder};
use crate::ledgers::Ledgers;
use crate::process::record::{self, Record};
use crate::progress::Progress;
use crate::receiver::Receiver;

/// A running deployment with its wallet, and a business system that waits for callbacks.
#[derive(Debug)]
pub struct Stage {
    /// The deployment.
    pub deployment: Deployment,
    /// The business system.
    pub receiver: Receiver,
    /// The wallet's payout address on the EVM chain.
    pub from: String,
    /// Held for as long as we run in a folder that others may want.
    note: Option<OwnNote>,
}

/// The note that we run in this folder; taken away when we end.
#[derive(Debug)]
pub struct OwnNote(PathBuf);

impl Drop for OwnNote {
    fn drop(&mut self) {
        // Left behind, it names a process that is gone: harmless.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Stage {
    /// A deployment that has its wallet already, with a business system of its own.
    ///
    /// # Errors
    /// [`DemoError::Receiver`].
    pub async fn of(deployment: Deployment, from: String) -> Result<Self, DemoError> {
        let receiver = Receiver::start(deployment.api_key()).await.map_err(DemoError::Receiver)?;
        Ok(Self { deployment, receiver, from, note: None })
    }

    /// Ends all processes.
    pub async fn stop(self) {
        let Self { deployment, receiver, from: _, note } = self;
        deployment.stop().await;
        drop(receiver);
        drop(note);
    }
}

/// Empties the folder, after stopping what an earlier run left in it, and notes that we run there now.
///
/// # Errors
/// [`DemoError`].
pub async fn clear(root: &Path) -> Result<(Folder, OwnNote), DemoError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DemoError::File { path, source }
    };
    let folder = Folder::new(root.to_owned());
    record::stop_all(&folder.records()).await?;
    match std::fs::remove_dir_all(root) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(root)(error)),
        _ => {}
    }
    let records = folder.records();
    std::fs::create_dir_all(&records).map_err(failed(&records))?;
    // Ours too: another demo in this folder stops us first, and we then stop our children.
    let own = Record::path(&records, "bursar-demo");
    Record::of("bursar-demo", std::process::id().cast_signed()).write(&own)?;
    Ok((folder, OwnNote(own)))
}

/// Sets everything up.
///
/// # Errors
/// [`DemoError`].
pub async fn set(root: &Path, plan: Plan, progress: &Progress) -> Result<Stage, DemoError> {
    let step = progress.step("clean folder");
    let (folder, note) = clear(root).await?;
    step.done(&root.display().to_string());

    let step = progress.step("development chains");
    let mut deployment = Deployment::found(folder, plan).await?;
    let mut what = format!("{} with two ERC20 coins", deployment.anvil().url());
    if let Some(Ledgers { xrp, tron }) = deployment.ledgers() {
        let (xrp, tron) = (&xrp.urls()[0], &tron.urls()[0]);
        what.push_str(&format!("; stand-ins for the XRP Ledger at {xrp}, for TRON at {tron}"));
    }
    step.done(&format!("{what}; keys and genesis written"));

    let step = progress.step("gateway and co-signers");
    deployment.start().await?;
    let names: Vec<&str> = (1..=plan.cosigners).map(cosigner_name).collect();
    step.done(&format!("{}; {}", deployment.doors()?.api_url(), names.join(", ")));

    let step = progress.step("key ceremony");
    let wallet = deployment
        .make_wallet(|sheet| {
            let stages: Vec<String> =
                sheet.cosigners.iter().map(|voice| format!("{}: {}", voice.name, voice.stage)).collect();
            step.at(&stages.join(", "));
        })
        .await?;
    step.done(&format!("{} of {}; {}", plan.threshold, plan.cosigners, wallet.fingerprint));

    let step = progress.step("rules with the wallet");
    deployment.publish_wallet(wallet).await?;
    deployment.create_project().await?;
    step.done("signed by two admins, held by all co-signers; project confirmed by two people");

    let from = evm_address(&deployment)?;
    let step = progress.step("funds");
    deployment.fund(&from).await?;
    let addresses = deployment.payout_addresses()?;
    let addresses: Vec<&str> = addresses.values().map(String::as_str).collect();
    step.done(&format!("coins and tokens at {}", addresses.join(", ")));

    let receiver = Receiver::start(deployment.api_key()).await.map_err(DemoError::Receiver)?;
    Ok(Stage { deployment, receiver, from, note: Some(note) })
}

/// The wallet's payout address on the EVM chain.
///
/// # Errors
/// [`DeploymentError`] before the wallet is published.
pub fn evm_address(deployment: &Deployment) -> Result<String, DeploymentError> {
    let chain = deployment.genesis().rules.networks[0].chain_id.to_string();
    let mut addresses = deployment.payout_addresses()?;
    addresses.remove(&chain).ok_or_else(|| DeploymentError::Addresses(deployment.folder().payout_addresses()))
}
