//! Deployments that are ready to pay: founded, their ceremony held, their rules published, their project made. Made once
//! for each size and each build of the programs, and copied by every test.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use testbed::demo::stage::payout_address;
use testbed::deployment::{Deployment, Plan, folder::Folder};
use testbed::place;

const WALLET: &str = "payout-address";

/// A copy of the prepared deployment of this plan: its folder, and its wallet's payout address.
pub(crate) async fn copy(plan: Plan, to: &Path) -> (Folder, String) {
    let root = place::program("bursar").unwrap().parent().unwrap().join("../testbed-fixtures");
    std::fs::create_dir_all(&root).unwrap();
    let size = format!("{}-{}", plan.threshold, plan.cosigners);
    // Held until this process has its copy: a newer build's test may clear old ones away.
    let lock = File::create(root.join(format!("{size}.lock"))).unwrap();
    lock.lock().unwrap();
    let name = format!("{size}-{:016x}", fingerprint());
    let ready = root.join(&name);
    if !ready.exists() {
        clear(&root, &size);
        let part = root.join(format!("{name}.part"));
        make(plan, &part).await;
        std::fs::rename(&part, &ready).unwrap();
    }
    let folder = Folder::new(ready.clone()).copy_to(to).unwrap();
    let from = std::fs::read_to_string(ready.join(WALLET)).unwrap();
    (folder, from)
}

async fn make(plan: Plan, root: &Path) {
    let mut deployment = Deployment::found(Folder::new(root.to_owned()), plan).await.unwrap();
    deployment.start().await.unwrap();
    let wallet = deployment.make_wallet(|_| {}).await.unwrap();
    let from = payout_address(&deployment, &wallet).unwrap();
    deployment.publish_wallet(wallet).await.unwrap();
    deployment.create_project().await.unwrap();
    deployment.stop().await;
    std::fs::write(root.join(WALLET), from).unwrap();
}

/// Of the programs that made it: another build may write other files.
fn fingerprint() -> u64 {
    let mut hash = DefaultHasher::new();
    for program in ["bursar", "bursar-cosigner"] {
        let told = std::fs::metadata(place::program(program).unwrap()).unwrap();
        (told.len(), told.modified().unwrap()).hash(&mut hash);
    }
    // And of this program, which wrote the documents.
    std::fs::metadata(std::env::current_exe().unwrap()).unwrap().modified().unwrap().hash(&mut hash);
    hash.finish()
}

fn clear(root: &Path, size: &str) {
    let old = |path: &PathBuf| {
        path.is_dir()
            && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{size}-")))
    };
    for path in std::fs::read_dir(root).unwrap().flatten().map(|entry| entry.path()).filter(old) {
        std::fs::remove_dir_all(path).unwrap();
    }
}
