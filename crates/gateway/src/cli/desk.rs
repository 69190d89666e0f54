//! Where a command gets its connection, its key and its trust from.

use std::path::Path;
use std::sync::Arc;

use payout::ids::{Digest, PrincipalId};
use payout::key::SecretKey;

use super::args::Global;
use super::failure::Failure;
use super::keys;
use super::trust::{self, Trusted};
use crate::client::OperatorClient;
use crate::config::Config;
use crate::operator::status::StatusSheet;

/// The global options, and what follows from them.
pub(super) struct Desk {
    pub(super) global: Global,
}

/// Whether a person has agreed beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// `--yes`
    Given,
    /// To be asked for.
    Ask,
}

impl Consent {
    pub(super) const fn of(yes: bool) -> Self {
        if yes { Self::Given } else { Self::Ask }
    }
}

impl Desk {
    pub(super) const fn new(global: Global) -> Self {
        Self { global }
    }

    /// The configuration file, if there is one; one that is there and can't be read is an error.
    pub(super) fn config(&self) -> Result<Option<Config>, Failure> {
        if !self.global.config.exists() {
            return Ok(None);
        }
        Config::read(&self.global.config).map(Some).map_err(|error| Failure::caused(&error))
    }

    /// The folder of the configuration file.
    pub(super) fn folder(&self) -> &Path {
        self.global.config.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Who acts, and their key.
    pub(super) fn signer(&self) -> Result<(PrincipalId, Arc<SecretKey>), Failure> {
        let Global { who, key, passphrase_file, config, .. } = &self.global;
        let path = match (key, who) {
            (Some(path), _) => path.clone(),
            (None, Some(name)) => keys::of_name(config, name),
            (None, None) => {
                return Err(Failure::usage("it is not known who you are")
                    .next("say --as NAME or --key FILE, or set BURSAR_AS or BURSAR_KEY"));
            }
        };
        let (principal, key) = keys::open(&path, passphrase_file.as_deref())?;
        match who {
            Some(name) if *name != principal => {
                Err(Failure::usage(format!("the key file {} is {principal}'s, not {name}'s", path.display())))
            }
            _ => Ok((principal, key)),
        }
    }

    /// The operators' address.
    pub(super) fn url(&self) -> Result<String, Failure> {
        if let Some(url) = &self.global.url {
            return Ok(url.clone());
        }
        let config = self.config()?.unwrap_or_default();
        Ok(format!("http://{}", config.server.operator_listen))
    }

    /// The state of the house, which the gateway tells without a signature.
    pub(super) async fn status(&self) -> Result<StatusSheet, Failure> {
        let nobody: PrincipalId = "nobody".parse().map_err(|rule| Failure::usage(format!("{rule}")))?;
        // A key is needed to make a client, not for this question: this one signs nothing.
        let client = OperatorClient::new(&self.url()?, SecretKey::from_seed(&[0; 32]), nobody)?;
        Ok(client.status().await?)
    }

    /// A connection that is signed in, for the deployment of the genesis file where there is one.
    pub(super) fn client(&self) -> Result<OperatorClient, Failure> {
        let (principal, key) = self.signer()?;
        let client = OperatorClient::new(&self.url()?, key, principal)?;
        Ok(match self.pinned()? {
            Some(deployment) => client.pinned(deployment),
            None => client,
        })
    }

    /// A connection for what must not hang on the gateway's word, and the policy as the genesis file and the versions'
    /// own signatures make it.
    pub(super) async fn trusted(&self) -> Result<(OperatorClient, Trusted), Failure> {
        let genesis = trust::genesis(self)?.ok_or_else(|| {
            Failure::refused("there is no genesis file to check the gateway's words against")
                .next("get genesis.json from a colleague, compare its deployment id, and say --genesis FILE")
        })?;
        let (principal, key) = self.signer()?;
        let client = OperatorClient::new(&self.url()?, key, principal)?.pinned(genesis.deployment());
        let trusted = Trusted::collect(&client, genesis).await?;
        Ok((client, trusted))
    }

    fn pinned(&self) -> Result<Option<Digest>, Failure> {
        Ok(trust::genesis(self)?.map(|genesis| genesis.deployment()))
    }
}

/// Has a person type `expected`, whose beginning stands at `where_it_stands`, so that they have looked there.
pub(super) fn confirm(
    consent: Consent,
    question: &str,
    where_it_stands: &str,
    expected: &str,
) -> Result<(), Failure> {
    if consent == Consent::Given {
        return Ok(());
    }
    let typed = keys::typed(&format!("{question}\nType {where_it_stands} to go on: "))?;
    if typed.eq_ignore_ascii_case(expected) {
        Ok(())
    } else {
        Err(Failure::refused("what you typed is something else; nothing was signed"))
    }
}
