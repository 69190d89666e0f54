//! Structured logs, to the standard error output. The terminal's standard output is for fingerprints.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::CommandError;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

pub(super) fn start(format: Format, filter: &str) -> Result<(), CommandError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        CommandError::Refused(format!("--log {filter}: {error}; try `info` or `cosigner=debug`"))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().try_init(),
    };
    started.map_err(|error| CommandError::Refused(format!("logs can't be started: {error}")))
}
