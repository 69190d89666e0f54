//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use payout::ids::{Cid, PrincipalId};

use super::{
    audit, backup, callback, doctor, export, freeze, genesis, init, key, pause, payout as payout_noun,
    policy, project, restore, wallet,
};

/// A self-hosted wallet for payouts: approved by people, signed by several machines, paid once.
#[derive(Debug, Parser)]
#[command(name = "bursar", version, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The gateway's configuration file; paths and addresses are taken from it where it exists.
    #[arg(
        long,
        global = true,
        env = "BURSAR_CONFIG",
        default_value = "gateway.toml",
        help_heading = "Global options"
    )]
    pub(super) config: PathBuf,
    /// The operators' address of the gateway, such as http://127.0.0.1:8701.
    #[arg(long, global = true, env = "BURSAR_URL", help_heading = "Global options")]
    pub(super) url: Option<String>,
    /// Who you are: takes keys/NAME.key beside the configuration file.
    #[arg(
        long = "as",
        value_name = "NAME",
        global = true,
        env = "BURSAR_AS",
        help_heading = "Global options"
    )]
    pub(super) who: Option<PrincipalId>,
    /// Your key file.
    #[arg(long, global = true, env = "BURSAR_KEY", value_name = "FILE", help_heading = "Global options")]
    pub(super) key: Option<PathBuf>,
    /// A file with the key's passphrase; asked on the terminal otherwise.
    #[arg(
        long,
        global = true,
        env = "BURSAR_PASSPHRASE_FILE",
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub(super) passphrase_file: Option<PathBuf>,
    /// The genesis file that you trust; what the gateway shows is checked against it. Otherwise the configuration's, or
    /// the one beside the key file or its folder.
    #[arg(long, global = true, env = "BURSAR_GENESIS", value_name = "FILE", help_heading = "Global options")]
    pub(super) genesis: Option<PathBuf>,
    /// Answers for machines.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Writes the files that a new installation starts from.
    Init(init::InitArgs),
    /// Builds or shows the genesis file, which every owner installs by hand.
    #[command(subcommand)]
    Genesis(genesis::GenesisCommand),
    /// Makes keys of people and machines.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Runs the gateway.
    Serve,
    /// Lists, shows, approves and makes payouts.
    #[command(subcommand)]
    Payout(payout_noun::PayoutCommand),
    /// Says why a payout is where it is, and what would move it on.
    Why {
        /// The payout's number.
        cid: Cid,
    },
    /// Checks, explains, tests, proposes and publishes the policy.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Makes wallets' keys and refreshes their shares.
    #[command(subcommand)]
    Wallet(wallet::WalletCommand),
    /// Projects, their API keys and settings.
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// What was told to callers, and telling it again.
    #[command(subcommand)]
    Callback(callback::CallbackCommand),
    /// The co-signers.
    #[command(subcommand)]
    Cosigner(super::cosigner::CosignerCommand),
    /// Pauses a chain, coin, wallet or project; without one, lists what is paused.
    Pause(pause::PauseArgs),
    /// Ends a pause early.
    Resume {
        /// The pause's number.
        pause: i64,
    },
    /// Stops all signing of the deployment, or lifts that.
    #[command(subcommand)]
    Freeze(freeze::FreezeCommand),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    /// The audit log.
    Audit(audit::AuditArgs),
    /// How chains, co-signers and the queue are. Needs no key.
    Status,
    /// Looks for what is wrong with this installation, and says what to do.
    Doctor(doctor::DoctorArgs),
    /// Writes a payout with its history and signatures to a file.
    Export(export::ExportArgs),
    /// Checks an exported payout without any server.
    Verify(export::VerifyArgs),
}
