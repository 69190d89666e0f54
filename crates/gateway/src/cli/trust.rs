//! What is believed: the genesis file in our hands, and every later version of the policy by its own signatures.

use payout::ids::{Address, ChainId};
use payout::policy::{Genesis, Heads, Policy, Wallet};

use super::desk::Desk;
use super::failure::Failure;
use crate::client::OperatorClient;

/// The genesis file and the policy that follows from it.
pub(super) struct Trusted {
    pub(super) genesis: Genesis,
    pub(super) policy: Policy,
    /// Where the chains stood after genesis and after each version, newest last.
    past: Vec<Heads>,
}

/// The genesis file: the one that was named, or the configuration's if it exists, or the one beside the key file: a
/// person keeps both.
pub(super) fn genesis(desk: &Desk) -> Result<Option<Genesis>, Failure> {
    let path = match &desk.global.genesis {
        Some(path) => path.clone(),
        None => {
            let default = crate::config::Config::default().genesis;
            let of_config = match desk.config()? {
                Some(config) => config.genesis,
                None => desk.folder().join(&default),
            };
            let key_folders = desk.global.key.iter().flat_map(|key| key.ancestors().skip(1).take(2));
            let candidates =
                std::iter::once(of_config).chain(key_folders.map(|folder| folder.join(&default)));
            let Some(path) = candidates.into_iter().find(|path| path.exists()) else { return Ok(None) };
            path
        }
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::refused(format!("cannot read {}: {error}", path.display())))?;
    Genesis::parse(&text)
        .map(Some)
        .map_err(|error| Failure::refused(format!("{}: {}", path.display(), super::failure::chain(&error))))
}

impl Trusted {
    /// Takes the versions from the gateway and believes only their signatures.
    pub(super) async fn collect(client: &OperatorClient, genesis: Genesis) -> Result<Self, Failure> {
        let versions = client.policy_versions().await?;
        Self::verify(genesis, versions)
    }

    /// Appends versions to genesis, in order.
    pub(super) fn verify(
        genesis: Genesis,
        versions: Vec<payout::policy::SignedVersion>,
    ) -> Result<Self, Failure> {
        let mut policy = Policy::from_genesis(&genesis);
        let mut past = vec![policy.heads()];
        for version in versions {
            policy.append(version).map_err(|error| {
                Failure::refused(format!(
                    "the gateway shows a policy that does not follow from your genesis: {error}"
                ))
                .next("sign nothing; tell the other admins")
            })?;
            past.push(policy.heads());
        }
        Ok(Self { genesis, policy, past })
    }

    /// The payout addresses of a wallet's key, once its fingerprint is computed again from the key: a gateway could show
    /// the fingerprint that the co-signers printed beside a key of its own, and wait for money.
    pub(super) fn addresses(&self, entry: &Wallet) -> Result<Vec<(ChainId, Address)>, Failure> {
        let policy = &self.policy;
        let computed = |heads: &Heads| {
            let networks = &policy.rules(heads.rules.version)?.networks;
            let place = (&policy.deployment(), policy.roster(), heads);
            chain::fingerprint(place, networks, entry.id, &entry.public_key, &entry.chain_code).ok()
        };
        // The ceremony was held under one of the versions; which one is not said anywhere.
        let found =
            self.past.iter().rev().filter_map(computed).find(|found| found.fingerprint == entry.fingerprint);
        found.map(|found| found.addresses).ok_or_else(|| {
            Failure::refused(format!(
                "the fingerprint {} is not that of the key that is shown",
                entry.fingerprint
            ))
            .next("sign nothing and send nothing there; tell the other admins")
        })
    }
}
