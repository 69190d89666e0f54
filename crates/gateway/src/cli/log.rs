//! The process itself: no core dumps, and log lines.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{Log, LogFormat};

/// Keeps keys out of core dumps and away from debuggers of the same user.
///
/// # Errors
/// The operating system's.
pub(super) fn keep_memory_private() -> Result<(), rustix::io::Errno> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
}

/// Starts the log as configured, to the standard error stream; `RUST_LOG` wins over the file.
///
/// # Errors
/// The filter can't be read.
pub(super) fn start(log: &Log) -> Result<(), ParseError> {
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(text)?,
        _ => EnvFilter::try_new(&log.filter)?,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start would be a second gateway in one process, which tests do: the first log stands.
    let _ = match log.format {
        LogFormat::Text => lines.with_ansi(rustix::termios::isatty(std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}
