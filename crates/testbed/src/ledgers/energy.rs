//! The stand-in for whoever rents out energy on TRON.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{LedgerError, stand_in};
use crate::place;
use crate::process::{Program, Running};

const START: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);
/// What its callers prove themselves by.
const KEY: &str = "secret";
const NAME: &str = "energy";

/// A running provider: `sandbox/tron/provider.mjs`.
#[derive(Debug)]
pub struct EnergyProvider {
    url: String,
    http: reqwest::Client,
    _running: Running,
}

impl EnergyProvider {
    /// Starts one that delegates on the TRON stand-in at `node`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start(node: &str, sun_per_energy: u64, folder: &Path) -> Result<Self, LedgerError> {
        let price = sun_per_energy.to_string();
        let arguments = ["--node", node, "--sun-per-energy", &price, "--key", KEY];
        let script = place::sandbox_script("tron", "provider.mjs")?;
        let program = Program {
            name: NAME.to_owned(),
            path: place::node()?,
            arguments: std::iter::once(script.into()).chain(arguments.iter().map(Into::into)).collect(),
            environment: Vec::new(),
            log: folder.join(format!("{NAME}.log")),
            records: folder.to_owned(),
        };
        let mut running = program.start()?;
        let log = program.log.clone();
        let listening = async || stand_in::listening(&log).pop();
        let url = running.until("start to listen", START, listening).await?;
        Ok(Self { url, http: crate::vendor::http_client(TIMEOUT), _running: running })
    }

    /// Its URL as a gateway's configuration has it: with its key in the password's place.
    pub fn url(&self) -> String {
        self.url.replace("http://", &format!("http://:{KEY}@"))
    }

    /// Posts a question.
    ///
    /// # Errors
    /// [`LedgerError::Unreachable`].
    pub async fn ask(&self, path: &str, question: &Value) -> Result<Value, LedgerError> {
        let unreachable =
            |source| LedgerError::Unreachable { ledger: NAME, question: path.to_owned(), source };
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(KEY).json(question);
        request.send().await.map_err(unreachable)?.json().await.map_err(unreachable)
    }
}
