//! `stop`: a signed rejection, withdrawal or freeze comes by hand, past every gateway.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, file_error, say};
use crate::config::Config;
use crate::desk::{INBOX, StopFile};

/// Deliver signed orders.
#[derive(Debug, Args)]
pub(super) struct Stop {
    /// A file of orders, as `bursar` writes it.
    file: PathBuf,
}

impl Stop {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let orders = StopFile::read(&self.file)?;
        let text = std::fs::read(&self.file).map_err(file_error(&self.file, "read"))?;
        let inbox = config.folder.join(INBOX);
        std::fs::create_dir_all(&inbox).map_err(file_error(&inbox, "made"))?;
        let digest = payout::ids::Digest::of("bursar-cosigner/inbox", &[&text]);
        let to = inbox.join(format!("{digest}.json"));
        seal::write_atomically(&to, &text, seal::PRIVATE)?;
        say(format_args!(
            "{} stops and {} freezes wait in {}.\n\
             A running co-signer journals them within a second, one that is stopped before it next connects; \
             then they are in {}/done, or in {}/refused beside the reason.",
            orders.acts.len(),
            orders.freezes.len(),
            to.display(),
            inbox.display(),
            inbox.display()
        ));
        Ok(())
    }
}
