//! `why`: what the journals that are held here say about one intent. Read offline, believed by nobody but the owner.

use clap::Args;
use payout::ids::Digest;

use super::opened::Opened;
use super::{CommandError, passphrase, say};
use crate::config::Config;
use crate::folder::Folder;

/// Show what the journals say about an intent. `run` must be stopped.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// The intent's digest: 64 hex digits, as `bursar why` shows it.
    intent: Digest,
}

impl Why {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        let folder = Folder::open(&config.folder, &config.counter_folder)?;
        let passphrase = passphrase::existing(&config.passphrase)?;
        let opened = Opened::open(config, folder, &passphrase)?;
        let lines = opened.journal.with(|union| {
            let intent = &self.intent;
            let mut lines = Vec::new();
            match union.first_sight(intent, opened.policy.roster().faults_assumed()) {
                Some(at) => lines.push(format!("shown       approved, first at {at} ms")),
                None => lines.push("shown       to no co-signer yet".to_owned()),
            }
            let contributed = match (union.contributed_by_me(intent), union.contributed(intent)) {
                (true, _) => "by this co-signer: a signature may exist",
                (false, true) => "by another co-signer, not by this one: a signature may exist",
                (false, false) => "by no journal that is held here",
            };
            lines.push(format!("contributed {contributed}"));
            if let Some(token) = union.token_of(union.anybody(), intent) {
                lines.push(format!("token       {token}, which serves no other payout"));
            }
            for stop in union.stops(intent) {
                lines.push(format!("stopped     {} by {}", stop.act.act, stop.act.principal));
            }
            if let Some(reason) = union.never(intent) {
                lines.push(format!("refused     for ever: {reason}"));
            }
            lines
        });
        say(format_args!("Intent {}", self.intent));
        lines.into_iter().for_each(say);
        Ok(())
    }
}
