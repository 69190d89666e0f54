//! The dry run: the same trial on a stand-in that plays the public network, with a key and a recipient of its own.

use std::path::Path;
use std::time::Duration;

use payout::coin::Family;
use serde_json::json;

use super::{Outcome, TestnetError, Trial, Wish, run_in};
use crate::anvil::Pace;
use crate::demo::stage;
use crate::deployment::folder::Folder;
use crate::deployment::public::{Public, TestNetwork};
use crate::ledgers::{LedgerError, Tron, Xrp, tron, xrp};
use crate::progress::Progress;
use crate::vendor::random;

/// What the key of the dry run gets, whole coins.
const COINS: u64 = 100;

/// The stand-in, which says that it is the public network.
enum Network {
    Xrp(Xrp),
    Tron(Tron),
}

impl Network {
    async fn start(about: &TestNetwork, folder: &Folder) -> Result<Self, LedgerError> {
        let (logs, records) = (folder.logs(), folder.records());
        match about.family {
            Family::Tron => {
                let tron = Tron::start(&logs, &records, Pace::Quarter).await?;
                // As the last bytes of its first block's id.
                let number: u32 = about.network_id.parse().expect("a network of TRON has a number");
                for node in 0..tron.urls().len() {
                    tron.fault(node, &json!({"network": format!("{number:08x}")})).await?;
                }
                Ok(Self::Tron(tron))
            }
            Family::Xrp | Family::Evm => {
                Xrp::start_as(&logs, &records, Pace::Quarter, about.network_id).await.map(Self::Xrp)
            }
        }
    }

    fn urls(&self) -> &[String] {
        match self {
            Self::Xrp(xrp) => xrp.urls(),
            Self::Tron(tron) => tron.urls(),
        }
    }

    async fn fund(&self, account: &str) -> Result<(), LedgerError> {
        match self {
            Self::Xrp(ledger) => ledger.fund(account, COINS * xrp::XRP).await,
            Self::Tron(nodes) => nodes.fund(account, COINS * tron::TRX, 0).await,
        }
    }

    /// Somebody who never had an account, and a tag where there are tags.
    fn recipient(&self) -> (String, Option<String>) {
        match self {
            Self::Xrp(_) => (xrp::account(&random()), Some("123".to_owned())),
            Self::Tron(_) => (tron::address(&random()), None),
        }
    }

    async fn stop(self) {
        let patience = Duration::from_millis(300);
        match self {
            Self::Xrp(xrp) => xrp.stop(patience).await,
            Self::Tron(tron) => tron.stop(patience).await,
        }
    }
}

/// Runs it in a folder, which is emptied first.
///
/// # Errors
/// [`TestnetError`] for whatever did not go right.
pub async fn rehearse(root: &Path, chain: &str, progress: &Progress) -> Result<Outcome, TestnetError> {
    // A chain that is not known is said before anything is made.
    let about = Public::of(chain, &[])?.about();
    let (folder, note) = stage::clear(root).await?;
    folder.make(0).map_err(|source| TestnetError::File { path: root.to_owned(), source })?;
    progress.say("dry run: a stand-in on this machine plays the network");
    let network = Network::start(about, &folder).await?;

    let key = folder.root().join("dry-run.key");
    std::fs::write(&key, hex::encode(random::<32>()))
        .map_err(|source| TestnetError::File { path: key.clone(), source })?;
    let (to, memo) = network.recipient();
    let wish = Wish {
        chain: chain.to_owned(),
        nodes: network.urls().to_vec(),
        key: Some(key),
        to,
        amount: "1.5".to_owned(),
        memo,
    };
    let trial = Trial::of(&wish)?;
    if let Some(purse) = &trial.purse {
        network.fund(purse.address().as_str()).await?;
    }
    let outcome = run_in((folder, note), &wish, &trial, progress).await;
    network.stop().await;
    outcome
}
