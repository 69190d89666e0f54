//! `demo.json`: what a program needs to try the demo. It appears, whole, once payouts can be accepted, approved and
//! paid.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{DemoError, Stage};
use crate::deployment::cast::{self, FINANCE, TREASURY};
use crate::ledgers::{Ledgers, tron, xrp};

/// The file's name in the demo's folder.
pub const FILE: &str = "demo.json";

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The payout API, without a trailing slash; serves `/readyz` too.
    pub base_url: String,
    /// The operators' API, without a trailing slash.
    pub operator_url: String,
    /// The project.
    pub pid: i64,
    /// Its key for the request signature.
    pub api_key: String,
    /// The payout wallet.
    pub wallet_id: i64,
    /// The wallet's payout address, by `chain_id`.
    pub from: BTreeMap<String, String>,
    /// The coins that can be paid out.
    pub coins: Vec<CoinLine>,
    /// Who can approve: one of `treasury`, then two of `finance`.
    pub approvers: Vec<Approver>,
    /// A receiver of callbacks that answers `success`.
    pub callback_url: String,
    /// A node of each chain, by `chain_id`; those of XRP and TRON are stand-ins.
    pub nodes: BTreeMap<String, String>,
}

/// A coin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoinLine {
    /// Its name, which `currency` takes too.
    pub coin_name: String,
    /// Its chain.
    pub chain_id: String,
    /// The coin on it.
    pub token_id: String,
    /// `chain_id@token_id`.
    pub currency: String,
    /// Decimal places.
    pub decimals: u8,
}

/// Somebody who can approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approver {
    /// The name, for `bursar --as`.
    pub name: String,
    /// The group whose step they can fill.
    pub group: String,
    /// The sealed key.
    pub key_file: PathBuf,
    /// The file with its passphrase.
    pub passphrase_file: PathBuf,
}

impl Description {
    /// Describes what runs.
    ///
    /// # Errors
    /// [`DemoError`] when the gateway never ran.
    pub fn of(stage: &Stage) -> Result<Self, DemoError> {
        let deployment = &stage.deployment;
        let doors = deployment.doors()?;
        let rules = &deployment.genesis().rules;
        let folder = deployment.folder();
        let approver = |group: &str, name: &str| Approver {
            name: name.to_owned(),
            group: group.to_owned(),
            key_file: folder.key(name),
            passphrase_file: folder.passphrase(),
        };
        let mut nodes = BTreeMap::from([("60".to_owned(), deployment.anvil().url().to_owned())]);
        if let Some(Ledgers { xrp: ledger, tron: chain }) = deployment.ledgers() {
            nodes.insert(xrp::CHAIN.to_owned(), ledger.urls()[0].clone());
            nodes.insert(tron::CHAIN.to_owned(), chain.urls()[0].clone());
        }
        let treasury = TREASURY.iter().map(|name| approver("treasury", name));
        Ok(Self {
            base_url: doors.api_url(),
            operator_url: doors.operator_url(),
            pid: cast::PROJECT,
            api_key: cast::API_KEY.to_owned(),
            wallet_id: cast::WALLET,
            from: deployment.payout_addresses()?,
            coins: rules
                .coins
                .iter()
                .map(|coin| CoinLine {
                    coin_name: coin.name.clone(),
                    chain_id: coin.chain_id.to_string(),
                    token_id: coin.token_id.to_string(),
                    currency: coin.id().to_string(),
                    decimals: coin.decimals,
                })
                .collect(),
            approvers: treasury.chain(FINANCE.iter().map(|name| approver("finance", name))).collect(),
            callback_url: stage.receiver.url(),
            nodes,
        })
    }

    /// Writes it into the folder, whole or not at all.
    ///
    /// # Errors
    /// [`DemoError::File`].
    pub fn write(&self, folder: &Path) -> Result<PathBuf, DemoError> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).expect("texts and numbers are JSON");
        let half = path.with_extension("part");
        let failed = |source| DemoError::File { path: path.clone(), source };
        std::fs::write(&half, text + "\n").map_err(failed)?;
        std::fs::rename(&half, &path).map_err(failed)?;
        Ok(path)
    }
}
