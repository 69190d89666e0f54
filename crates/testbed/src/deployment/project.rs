//! The caller's project, and the money in the wallet.

use gateway::operator::projects::ProjectChange;
use payout::ids::{ProjectId, WalletId};
use store::ProjectSettings;

use super::cast::{self, principal};
use super::{Deployment, DeploymentError};
use crate::anvil::{COIN, Sum, TOKEN};
use crate::ledgers::{Ledgers, tron, xrp};
use crate::people::Person;

impl Deployment {
    /// Somebody of the cast, connected to the gateway.
    ///
    /// # Errors
    /// [`DeploymentError::NotRunning`] before the gateway's first start.
    pub fn person(&self, name: &str) -> Result<Person, DeploymentError> {
        let url = self.doors()?.operator_url();
        let client = gateway::client::OperatorClient::new(&url, self.cast.key(name), principal(name));
        let client =
            client.map_err(|source| crate::people::PersonError::Client { who: name.to_owned(), source })?;
        Ok(Person::new(name, client.pinned(self.genesis.deployment())))
    }

    /// The settings of the caller's project.
    ///
    /// # Panics
    /// Never: the numbers in `cast` are ids.
    pub fn project_settings() -> ProjectSettings {
        ProjectSettings {
            name: "shop".to_owned(),
            enabled: true,
            ips: ["127.0.0.1/32", "::1/128"].iter().map(|net| net.parse().expect("a network")).collect(),
            allow_private_callbacks: true,
            notify_withdrawn: false,
            verification_url: None,
            default_wallet: Some(wallet_id()),
            rate_limit_per_s: 1_000_000,
        }
    }

    /// Makes the caller's project: one admin proposes, the other confirms.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn create_project(&self) -> Result<(), DeploymentError> {
        let project = ProjectId::new(cast::PROJECT).expect("it is positive");
        let change = ProjectChange::Create {
            project,
            settings: Self::project_settings(),
            api_key: Some(self.api_key().to_owned()),
        };
        self.change_project(change).await
    }

    /// Changes a project's settings: one admin proposes, the other confirms.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn change_project(&self, change: ProjectChange) -> Result<(), DeploymentError> {
        let [first, second] = cast::ADMINS;
        let (first, second) = (self.person(first)?, self.person(second)?);
        let proposed = first.told(first.client().propose_change(&change).await)?;
        second.told(second.client().confirm_change(proposed.change.id).await)?;
        Ok(())
    }

    /// Puts 100 native coins and 100,000 of each token into the wallet's payout address; on the other chains, if there are
    /// any, 10,000 XRP, and 100,000 TRX and tokens.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn fund(&self, wallet: &str) -> Result<(), DeploymentError> {
        let contracts = self.anvil.contracts();
        let token = |contract| Sum { contract: Some(contract), base_units: 100_000 * TOKEN };
        let coins = Sum { contract: None, base_units: 100 * COIN };
        self.anvil.fund(wallet, &[coins, token(&contracts.usdc), token(&contracts.usdt)]).await?;
        if let Some(Ledgers { xrp: ledger, tron: nodes }) = &self.ledgers {
            let addresses = self.payout_addresses()?;
            ledger.fund(&addresses[xrp::CHAIN], 10_000 * xrp::XRP).await?;
            nodes.fund(&addresses[tron::CHAIN], 100_000 * tron::TRX, 100_000 * tron::TRX).await?;
        }
        Ok(())
    }
}

/// The wallet's id.
pub(super) fn wallet_id() -> WalletId {
    WalletId::new(cast::WALLET).expect("it is positive")
}
