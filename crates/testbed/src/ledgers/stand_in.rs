//! The process of a stand-in, and questions to its servers.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::LedgerError;
use crate::place;
use crate::process::{Program, Running};

/// How long it may take to start: its libraries are large.
const START: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);

/// What it prints for each server.
const LISTENS: &str = "listening on ";

/// A running stand-in with one or more servers over one ledger.
#[derive(Debug)]
pub struct StandIn {
    ledger: &'static str,
    running: Running,
    urls: Vec<String>,
    http: reqwest::Client,
}

impl StandIn {
    /// Starts `sandbox/LEDGER/server.mjs` and waits until `servers` listen.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn start(
        ledger: &'static str,
        arguments: &[&str],
        servers: usize,
        logs: &Path,
        records: &Path,
    ) -> Result<Self, LedgerError> {
        let script = place::sandbox_script(ledger, "server.mjs")?;
        let program = Program {
            name: ledger.to_owned(),
            path: place::node()?,
            arguments: std::iter::once(script.into()).chain(arguments.iter().map(Into::into)).collect(),
            environment: Vec::new(),
            log: logs.join(format!("{ledger}.log")),
            records: records.to_owned(),
        };
        // The ports are found in the log: an older one would name older ports.
        let _ = std::fs::remove_file(&program.log);
        let mut running = program.start()?;
        let log = program.log.clone();
        let listening = async || Some(listening(&log)).filter(|urls| urls.len() == servers);
        let urls = running.until("start to listen", START, listening).await?;
        Ok(Self { ledger, running, urls, http: crate::vendor::http_client(TIMEOUT) })
    }

    /// The servers' URLs, without a trailing slash.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The process, to kill or freeze.
    pub fn process(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Ends it.
    pub async fn stop(self, patience: Duration) {
        self.running.stop(patience).await;
    }

    /// Posts a question to the first server.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn ask(&self, path: &str, question: &Value) -> Result<Value, LedgerError> {
        self.ask_server(0, path, question).await
    }

    /// Posts a question to one of the servers, counted from 0.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn ask_server(
        &self,
        server: usize,
        path: &str,
        question: &Value,
    ) -> Result<Value, LedgerError> {
        let unreachable =
            |source| LedgerError::Unreachable { ledger: self.ledger, question: path.to_owned(), source };
        let url = format!("{}{path}", self.urls[server]);
        let reply = self.http.post(url).json(question).send().await.map_err(unreachable)?;
        reply.json().await.map_err(unreachable)
    }

    /// Switches faults of one server, or of the ledger behind all of them. What there are is said at the top of the
    /// stand-in's `server.mjs`.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn fault(&self, server: usize, faults: &Value) -> Result<(), LedgerError> {
        let answer = self.ask_server(server, "/faults", faults).await?;
        match answer.get("Error").or_else(|| answer.get("error")) {
            None => Ok(()),
            Some(_) => Err(self.senseless("/faults", &answer)),
        }
    }

    pub(super) fn senseless(&self, question: &str, answer: &Value) -> LedgerError {
        LedgerError::Senseless {
            ledger: self.ledger,
            question: question.to_owned(),
            answer: answer.to_string(),
        }
    }
}

/// The addresses in the whole lines that say so.
pub(super) fn listening(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    lines.filter_map(|line| line.strip_prefix(LISTENS)).map(ToOwned::to_owned).collect()
}

/// Base58 with a checksum, written here again: Bursar's own code is not used to check Bursar.
pub(super) fn check_encoded(payload: &[&[u8]], alphabet: &bs58::Alphabet) -> String {
    let mut bytes = payload.concat();
    let check = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend(&check[..4]);
    bs58::encode(bytes).with_alphabet(alphabet).into_string()
}
