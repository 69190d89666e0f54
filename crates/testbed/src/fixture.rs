//! Deployments that are ready to pay: founded, their ceremony held, their rules published, their project made. Made once
//! for each plan and each build of the programs, and copied by everybody who needs one.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::demo::stage::evm_address;
use crate::deployment::folder::Folder;
use crate::deployment::{Deployment, DeploymentError, Plan};
use crate::place::{self, PlaceError};

/// The file that holds the wallet's payout address.
const WALLET: &str = "payout-address";

/// How often a lock that somebody else has is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What writes a deployment's files: another text may write others.
const AUTHORS: [&str; 8] = [
    include_str!("fixture.rs"),
    include_str!("deployment/cast.rs"),
    include_str!("deployment/folder.rs"),
    include_str!("deployment/found.rs"),
    include_str!("deployment/project.rs"),
    include_str!("deployment/rules.rs"),
    include_str!("deployment/wallet.rs"),
    include_str!("ledgers/tron.rs"),
];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// A file.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A program is missing.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The deployment was not made.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
}

impl FixtureError {
    fn file(path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path: path.clone(), source }
    }
}

/// A copy of the prepared deployment of this plan: its folder, and its wallet's payout address.
///
/// # Errors
/// [`FixtureError`].
pub async fn copy(plan: Plan, to: &Path) -> Result<(Folder, String), FixtureError> {
    let programs = place::program("bursar")?;
    let root = programs.parent().unwrap_or(Path::new(".")).join("../testbed-fixtures");
    std::fs::create_dir_all(&root).map_err(FixtureError::file(&root))?;
    let size =
        format!("{:?}-{:?}-{}-{}", plan.chains, plan.rules, plan.threshold, plan.cosigners).to_lowercase();
    // Held until this process has its copy: a newer build may clear old ones away.
    let path = root.join(format!("{size}.lock"));
    let lock = File::create(&path).map_err(FixtureError::file(&path))?;
    hold(&lock).await.map_err(FixtureError::file(&path))?;
    let name = format!("{size}-{:016x}", fingerprint()?);
    let ready = root.join(&name);
    if !ready.exists() {
        clear(&root, &size)?;
        let part = root.join(format!("{name}.part"));
        make(plan, &part).await?;
        std::fs::rename(&part, &ready).map_err(FixtureError::file(&ready))?;
    }
    let folder = Folder::new(ready.clone()).copy_to(to).map_err(FixtureError::file(to))?;
    let wallet = ready.join(WALLET);
    let from = std::fs::read_to_string(&wallet).map_err(FixtureError::file(&wallet))?;
    Ok((folder, from))
}

/// Waits for a lock without holding up the thread: whoever has it may be another part of the same task.
async fn hold(lock: &File) -> std::io::Result<()> {
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

async fn make(plan: Plan, root: &Path) -> Result<(), FixtureError> {
    let mut deployment = Deployment::found(Folder::new(root.to_owned()), plan).await?;
    deployment.start().await?;
    let wallet = deployment.make_wallet(|_| {}).await?;
    deployment.publish_wallet(wallet).await?;
    let from = evm_address(&deployment)?;
    deployment.create_project().await?;
    deployment.stop().await;
    let path = root.join(WALLET);
    std::fs::write(&path, from).map_err(FixtureError::file(&path))
}

/// Of the programs that made it, and of what told them how.
fn fingerprint() -> Result<u64, FixtureError> {
    let mut hash = DefaultHasher::new();
    for program in ["bursar", "bursar-cosigner"] {
        let path = place::program(program)?;
        let told = std::fs::metadata(&path).map_err(FixtureError::file(&path))?;
        (told.len(), told.modified().map_err(FixtureError::file(&path))?).hash(&mut hash);
    }
    AUTHORS.hash(&mut hash);
    Ok(hash.finish())
}

fn clear(root: &Path, size: &str) -> Result<(), FixtureError> {
    let prefix = format!("{size}-");
    let old = |path: &PathBuf| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
    };
    let entries = std::fs::read_dir(root).map_err(FixtureError::file(root))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(old) {
        std::fs::remove_dir_all(&path).map_err(FixtureError::file(&path))?;
    }
    Ok(())
}
