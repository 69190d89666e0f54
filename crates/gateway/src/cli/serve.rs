//! `bursar serve`

use std::io::Write as _;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::answer::{Answer, Outcome};
use super::desk::Desk;
use super::failure::{Failure, chain};
use super::{keys, log};
use crate::config::Config;

/// Exit code of a gateway that was told twice to stop, as a shell gives it for SIGINT.
const HARD_EXIT: i32 = 130;

/// Runs the gateway until SIGTERM or SIGINT; a second one ends it at once.
pub(super) async fn run(desk: &Desk) -> Result<Answer, Failure> {
    let config = Config::read(&desk.global.config).map_err(|error| Failure::caused(&error))?;
    log::start(&config.log).map_err(|error| Failure::usage(format!("log.filter or RUST_LOG: {error}")))?;
    // One provider a process; it can only be there already, as the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let passphrase_file = config.identity.passphrase_file.as_ref().or(desk.global.passphrase_file.as_ref());
    let (_, key) = keys::open(&config.identity.key_file, passphrase_file.map(|path| &**path))?;
    let (told, stop) = watch::channel(false);
    watch_signals(told).map_err(|error| Failure::refused(format!("cannot listen for signals: {error}")))?;
    match Box::pin(crate::serve::serve(config, &key, stop)).await {
        Ok(()) => Ok(Answer { text: String::new(), json: Value::Null, outcome: Outcome::Done }),
        Err(error) => {
            tracing::error!(error = chain(&error), "the gateway does not run");
            Err(Failure::caused(&error).next("`bursar doctor` looks for the cause"))
        }
    }
}

fn watch_signals(told: watch::Sender<bool>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                // Every step stores its intent first: what is cut off here is taken up again at the next start.
                let _ = std::io::stderr().write_all(b"told twice: ending at once\n");
                std::process::exit(HARD_EXIT);
            }
            told.send_replace(true);
        }
    });
    Ok(())
}
