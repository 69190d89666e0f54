//! Orders that the owner of the host brings by hand, past every gateway: stops and freezes as files, and a pause.
//!
//! `bursar-cosigner stop FILE` copies a file into the inbox of the folder. Here it is read, journaled and moved to
//! `inbox/done`, or to `inbox/refused` beside a text that says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use payout::approval::FreezeOrder;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use wire::message::StopAct;

use super::cosigner::Cosigner;

/// The folder that is looked at.
pub const INBOX: &str = "inbox";
/// A file of this name in the folder pauses all signing; its text is the reason.
pub const PAUSE: &str = "pause";

/// How often. A person waits for it, no payout does.
const EVERY: Duration = Duration::from_millis(500);
/// No order is longer.
const MAX_BYTES: u64 = 256 * 1024;

/// What a file of orders holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopFile {
    /// Rejections and withdrawals, each with its intent.
    #[serde(default)]
    pub acts: Vec<StopAct>,
    /// Freezes, or admins' words to lift one.
    #[serde(default)]
    pub freezes: Vec<FreezeOrder>,
}

/// Why a file is no file of orders.
#[derive(Debug, thiserror::Error)]
pub enum StopFileError {
    /// It can't be read.
    #[error("{} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// It is too long.
    #[error("{} is longer than {MAX_BYTES} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{} holds no orders: `{{\"acts\":[…],\"freezes\":[…]}}` is expected", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: serde_json::Error,
    },
    /// It orders nothing.
    #[error("{} orders nothing", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl StopFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`StopFileError`].
    pub fn read(path: &Path) -> Result<Self, StopFileError> {
        let failed = |cause| StopFileError::Read { path: path.to_owned(), cause };
        if std::fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
            return Err(StopFileError::TooLong { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let orders: Self = serde_json::from_str(&text)
            .map_err(|cause| StopFileError::Shape { path: path.to_owned(), cause })?;
        if orders.acts.is_empty() && orders.freezes.is_empty() {
            return Err(StopFileError::Empty { path: path.to_owned() });
        }
        Ok(orders)
    }
}

/// Looks into the inbox, and for the pause, until `stop` says so.
pub(super) async fn watch(cosigner: Arc<Cosigner>, mut stop: watch::Receiver<bool>) {
    loop {
        look(&cosigner).await;
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Looks once.
pub(super) async fn look(cosigner: &Cosigner) {
    cosigner.look_for_pause();
    // It may not write yet. Orders that were put away now would be forgotten; nothing is signed meanwhile either.
    if cosigner.journal.quarantine().is_some() || cosigner.journal.failure().is_some() {
        return;
    }
    for path in waiting(&cosigner.folder.join(INBOX)) {
        let result = cosigner.follow(&path).await;
        put_away(&path, result.err().as_deref());
    }
}

impl Cosigner {
    fn look_for_pause(&self) {
        match std::fs::read_to_string(self.folder.join(PAUSE)) {
            Ok(reason) => {
                let reason = reason.trim();
                self.set_paused(Some(if reason.is_empty() { "no reason given" } else { reason }));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.set_paused(None),
            // Unreadable is not absent.
            Err(error) => self.set_paused(Some(&format!("the pause file can't be read: {error}"))),
        }
    }

    /// Journals every order of a file.
    ///
    /// # Errors
    /// What was refused, and why; the rest is journaled.
    pub async fn follow(&self, path: &Path) -> Result<(), String> {
        let StopFile { acts, freezes } = StopFile::read(path).map_err(|error| error.to_string())?;
        let mut refused = Vec::new();
        for act in &acts {
            if let Err(why) = self.stop_intent(act).await {
                refused.push(format!("{} of {}: {why}", act.act.act, act.act.intent));
            }
        }
        for order in freezes {
            let who = order.principal.clone();
            if let Err(why) = self.freeze(order).await {
                refused.push(format!("order of {who}: {why}"));
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused.join("\n")) }
    }
}

/// The files that wait, oldest name first.
fn waiting(inbox: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(inbox) else { return Vec::new() };
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let is_order = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|end| end == "json");
    let mut files: Vec<PathBuf> = files.filter(is_order).collect();
    files.sort();
    files
}

fn put_away(path: &Path, refused: Option<&str>) {
    let Some((inbox, name)) = path.parent().zip(path.file_name()) else { return };
    let to = inbox.join(if refused.is_some() { "refused" } else { "done" });
    let made = std::fs::create_dir_all(&to);
    if let Some(why) = refused {
        tracing::warn!(file = %path.display(), why, "orders were refused");
        let mut reason = name.to_owned();
        reason.push(".reason");
        if let Err(error) = seal::write_atomically(&to.join(reason), why.as_bytes(), seal::PRIVATE) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the reason was not written");
        }
    }
    match made.and_then(|()| std::fs::rename(path, to.join(name))) {
        Ok(()) => tracing::info!(file = %path.display(), "orders were read"),
        // It is read again and changes nothing: orders are journaled once.
        Err(error) => tracing::warn!(file = %path.display(), %error, "a file of orders was not moved"),
    }
}
