//! The command line: one file a command.

mod backup;
mod enroll;
mod init;
mod logs;
mod opened;
mod passphrase;
mod restore;
mod run;
mod status;
mod stop;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::desk::StopFileError;
use crate::folder::{FolderError, harden};
use crate::journal::{DiskError, JournalError};
use crate::vault::{BackupError, VaultError};

pub use opened::Opened;

/// A co-signer of a Bursar deployment: checks every payout by itself and signs with its peers. It listens on no port.
#[derive(Debug, Parser)]
#[command(name = "bursar-cosigner", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, global = true, default_value = "cosigner.toml", env = "BURSAR_COSIGNER_CONFIG")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make folder, identity and, if there is none, a configuration; prints the public key for the roster.
    Init(init::Init),
    /// Pin the deployment: install genesis.json and begin the journal.
    Enroll(enroll::Enroll),
    /// Dial the gateways and work until SIGTERM.
    Run(run::Run),
    /// Show what this co-signer is and holds.
    Status(status::Status),
    /// Seal identity, key shares, policy and journals into one file. `run` must be stopped.
    Backup(backup::Backup),
    /// Put a backup into a new folder. It starts quarantined.
    Restore(restore::Restore),
    /// Deliver a signed rejection, withdrawal or freeze past every gateway.
    Stop(stop::Stop),
    /// Seal the vault with another passphrase.
    Passphrase(passphrase::Change),
    /// Show what the journals that are held here say about an intent.
    Why(why::Why),
}

/// Why a command failed. The text says what to do next.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("this process could not be hardened against core dumps, and does not run without")]
    Harden(#[source] std::io::Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Passphrase(#[from] passphrase::PassphraseFault),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Opened(#[from] opened::OpenError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    StopFile(#[from] StopFileError),
    #[error("{} can't be {step}", path.display())]
    File {
        path: PathBuf,
        step: &'static str,
        #[source]
        cause: std::io::Error,
    },
    #[error(transparent)]
    Write(#[from] seal::WriteError),
    #[error("{0}")]
    Refused(String),
    #[error("the asynchronous runtime can't be started")]
    Runtime(#[source] std::io::Error),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let result = harden().map_err(CommandError::Harden).and_then(|()| match command {
        Command::Init(init) => init.run(&config),
        Command::Enroll(enroll) => enroll.run(&Config::read(&config)?),
        Command::Run(run) => run.run(&Config::read(&config)?),
        Command::Status(status) => status.run(&Config::read(&config)?),
        Command::Backup(backup) => backup.run(&Config::read(&config)?),
        Command::Restore(restore) => restore.run(&Config::read(&config)?),
        Command::Stop(stop) => stop.run(&Config::read(&config)?),
        Command::Passphrase(change) => change.run(&Config::read(&config)?),
        Command::Why(why) => why.run(&Config::read(&config)?),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line's own voice")]
fn complain(error: &CommandError) {
    eprintln!("bursar-cosigner: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        eprintln!("  because {next}");
        cause = next.source();
    }
}

/// Text for the person at the terminal.
#[expect(clippy::print_stdout, reason = "the command line's own voice")]
fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

fn file_error(path: &std::path::Path, step: &'static str) -> impl FnOnce(std::io::Error) -> CommandError {
    let path = path.to_owned();
    move |cause| CommandError::File { path, step, cause }
}
