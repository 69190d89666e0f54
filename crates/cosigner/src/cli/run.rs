//! `run`: works until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::logs::{self, Format};
use super::opened::Opened;
use super::{CommandError, passphrase};
use crate::config::Config;
use crate::desk::{Cosigner, SOFTWARE};
use crate::folder::Folder;

/// The work must have ended so soon after the first signal.
const GRACE: Duration = Duration::from_millis(900);

/// Dial the gateways and work.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// How log lines are written, to the standard error output.
    #[arg(long, value_enum, default_value_t = Format::Text, env = "BURSAR_LOG_FORMAT")]
    log_format: Format,
    /// What is logged, such as `info` or `cosigner=debug`.
    #[arg(long, default_value = "info", env = "BURSAR_LOG")]
    log: String,
}

impl Run {
    pub(super) fn run(self, config: &Config) -> Result<(), CommandError> {
        logs::start(self.log_format, &self.log)?;
        let folder = Folder::open(&config.folder, &config.counter_folder)?;
        let passphrase = passphrase::existing(&config.passphrase)?;
        let opened = Opened::open(config, folder, &passphrase)?;
        drop(passphrase);
        tracing::info!(
            index = opened.me,
            name = config.name,
            deployment = %opened.genesis.deployment(),
            environment = ?opened.genesis.environment,
            "{SOFTWARE} starts"
        );
        let (_locked, parts) = opened.into_parts(config);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(CommandError::Runtime)?;
        let result = runtime.block_on(async {
            let cosigner = Cosigner::new(parts);
            let stopping = stop_on_signals(&cosigner)?;
            cosigner.run().await;
            stopping.abort();
            Ok(())
        });
        // What hangs is left to the end of the process.
        runtime.shutdown_timeout(Duration::from_millis(50));
        tracing::info!("stopped");
        result
    }
}

/// The first SIGTERM or SIGINT stops in order, the second at once.
fn stop_on_signals(cosigner: &Arc<Cosigner>) -> Result<tokio::task::JoinHandle<()>, CommandError> {
    let mut term = signal(SignalKind::terminate()).map_err(CommandError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Runtime)?;
    let cosigner = Arc::clone(cosigner);
    Ok(tokio::spawn(async move {
        either(&mut term, &mut interrupt).await;
        tracing::info!("stopping; a second signal stops at once");
        cosigner.stop();
        tokio::select! {
            () = either(&mut term, &mut interrupt) => tracing::warn!("stopped by a second signal"),
            () = tokio::time::sleep(GRACE) => tracing::warn!("work in flight did not end in time"),
        }
        std::process::exit(1);
    }))
}

async fn either(term: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}
