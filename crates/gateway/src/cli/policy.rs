//! `bursar policy`

mod chain;
mod offline;
mod online;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use payout::ids::{Digest, PrincipalId, ProjectId, WalletId};

use self::chain::ChainWord;
use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Says what is wrong or surprising in the files. Asks no server.
    Check(Files),
    /// Says which rule decides a payout, and why none above it does. Asks no server.
    Explain(ExplainArgs),
    /// Runs the example payouts of a file. Asks no server.
    Test {
        /// The examples.
        #[arg(default_value = "rules.test.toml")]
        examples: PathBuf,
        #[command(flatten)]
        files: Files,
    },
    /// Shows the newest documents, or the proposals.
    Show {
        /// Which document; all if not said.
        chain: Option<ChainWord>,
        /// The proposals that collect signatures instead.
        #[arg(long)]
        proposals: bool,
    },
    /// Proposes a file as the next version, with your signature.
    Propose {
        /// Which document.
        chain: ChainWord,
        /// The file.
        file: PathBuf,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Signs a proposal, after showing what it changes.
    Vote {
        /// The proposal's digest, or its beginning.
        proposal: String,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Puts a proposal in force that has its signatures.
    Publish {
        /// The proposal's digest, or its beginning.
        proposal: String,
    },
    /// Takes a proposal away.
    Drop {
        /// The proposal's digest, or its beginning.
        proposal: String,
    },
}

/// The three files.
#[derive(Debug, Clone, Args)]
pub(super) struct Files {
    /// The rules; rules.toml beside the configuration file otherwise.
    #[arg(long)]
    pub(super) rules: Option<PathBuf>,
    /// The people; people.toml otherwise.
    #[arg(long)]
    pub(super) people: Option<PathBuf>,
    /// The address book; book.toml otherwise.
    #[arg(long)]
    pub(super) book: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    files: Files,
    /// Whose payout.
    #[arg(long)]
    project: ProjectId,
    /// The coin: its name, or chain_id@token_id.
    #[arg(long)]
    coin: String,
    /// How much, in token units.
    #[arg(long)]
    amount: String,
    /// The recipient's address.
    #[arg(long)]
    to: String,
    /// The paying wallet.
    #[arg(long, default_value = "1")]
    wallet: WalletId,
    /// The person who applied; a caller of the API otherwise.
    #[arg(long)]
    applicant: Option<PrincipalId>,
    /// The machine that signed the request.
    #[arg(long)]
    caller: Option<PrincipalId>,
    /// What is known of the recipient.
    #[arg(long, value_enum, default_value_t = offline::RecipientWord::Paid)]
    recipient: offline::RecipientWord,
}

pub(super) async fn run(desk: &Desk, command: PolicyCommand) -> Result<Answer, Failure> {
    match command {
        PolicyCommand::Check(files) => offline::check(desk, &files),
        PolicyCommand::Explain(args) => offline::explain(desk, &args),
        PolicyCommand::Test { examples, files } => offline::test(desk, &examples, &files),
        PolicyCommand::Show { proposals: true, .. } => online::proposals(desk).await,
        PolicyCommand::Show { chain, proposals: false } => online::show(desk, chain).await,
        PolicyCommand::Propose { chain, file, yes } => online::propose(desk, chain, &file, yes).await,
        PolicyCommand::Vote { proposal, yes } => online::vote(desk, &proposal, yes).await,
        PolicyCommand::Publish { proposal } => online::publish(desk, &proposal).await,
        PolicyCommand::Drop { proposal } => online::drop(desk, &proposal).await,
    }
}

pub(super) use offline::Read;
pub(super) use online::offer;

/// A digest's line in an answer.
fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(16).collect()
}
