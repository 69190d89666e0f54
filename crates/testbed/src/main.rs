//! `bursar-demo`: a whole deployment on this machine, to look at, to try, to measure.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use testbed::attacks::{self, AttackError};
use testbed::bench;
use testbed::demo::{self, DemoError};
use testbed::fire::{FireError, Wish};
use testbed::progress::Progress;
use testbed::testnet::{self, TestnetError};
use testbed::vendor::random;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How a program ends that was not told what it needs to know.
const USAGE: u8 = 2;

/// A development chain, a gateway, three co-signers and people with keys, all on this machine.
#[derive(Debug, Parser)]
#[command(name = "bursar-demo", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything, pay on each chain, and keep it running until Ctrl-C.
    Up {
        /// The folder, which is emptied first.
        #[arg(long, default_value = "var/demo")]
        folder: PathBuf,
    },
    /// Start everything, pay on each chain, stop everything; the last line of the output is a JSON report.
    Once {
        /// The folder, which is emptied first.
        #[arg(long, default_value = "var/demo")]
        folder: PathBuf,
    },
    /// Attack honest co-signers with a hostile gateway and hostile co-signers: prints a table of what was tried and who
    /// refused it, and a line of JSON last. Fails unless everything was refused.
    Attacks {
        /// Where the attacked deployments are made, and taken away again.
        #[arg(long, default_value = "var/attacks")]
        folder: PathBuf,
        /// Only attacks whose names begin so: a group, or group/case.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Kill, hold still, reorganise and lose at random for so many minutes, then prove that every payout was paid once;
    /// the last line of the output is JSON.
    Fire {
        /// How long.
        #[arg(long, default_value_t = 20)]
        minutes: u32,
        /// Decides what happens; random if not given.
        #[arg(long)]
        seed: Option<u64>,
        /// The folder, which is emptied first.
        #[arg(long, default_value = "var/fire")]
        folder: PathBuf,
    },
    /// Pay once on a public test network; says what it needs if that is not given. The last line of the output is JSON.
    Testnet {
        #[command(flatten)]
        asked: Asked,
        /// The folder, which is emptied first. The new wallet's key shares stay in it.
        #[arg(long, default_value = "var/testnet")]
        folder: PathBuf,
    },
    /// Measure signatures and accepted payouts a second, times and memory; the last line of the output is JSON.
    Bench {
        /// The folder, which is emptied first.
        #[arg(long, default_value = "var/bench")]
        folder: PathBuf,
    },
}

/// A trial on a public test network, as far as it was said.
#[derive(Debug, clap::Args)]
struct Asked {
    /// The contract's number of the chain: 144 is XRP, 198 TRON's Shasta.
    #[arg(long)]
    chain: Option<String>,
    /// A node's URL; several times for several nodes.
    #[arg(long)]
    node: Vec<String>,
    /// A file with a key that funds the new wallet.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Who is paid.
    #[arg(long)]
    to: Option<String>,
    /// How much, whole coins.
    #[arg(long, default_value = "1.5")]
    amount: String,
    /// A destination tag.
    #[arg(long)]
    memo: Option<String>,
    /// On a stand-in for the network on this machine; of all other options it takes the chain alone.
    #[arg(long, conflicts_with_all = ["node", "key", "to", "amount", "memo"])]
    dry_run: bool,
}

impl Asked {
    /// `None` when something is missing.
    fn wish(self) -> Option<testnet::Wish> {
        let Self { chain, node, key, to, amount, memo, dry_run: _ } = self;
        let nodes = Some(node).filter(|nodes| !nodes.is_empty())?;
        Some(testnet::Wish { chain: chain?, nodes, key, to: to?, amount, memo })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let progress = Progress::default();
    let result = match command {
        Command::Up { folder } => up(&folder, &progress).await,
        Command::Once { folder } => once(&folder, &progress).await,
        Command::Bench { folder } => Box::pin(measure(&folder, &progress)).await,
        Command::Fire { minutes, seed, folder } => {
            let seed = seed.unwrap_or_else(|| u64::from_le_bytes(random()));
            let length = Duration::from_secs(u64::from(minutes) * 60);
            let wish = Wish { length, seed };
            return ended(Box::pin(fire(&folder, wish, &progress)).await, &progress);
        }
        Command::Testnet { asked, folder } => {
            return ended(Box::pin(try_out(&folder, asked, &progress)).await, &progress);
        }
        Command::Attacks { folder, only } => {
            return ended(attack(&folder, &only, &progress).await, &progress);
        }
    };
    ended(result, &progress)
}

fn ended<E: std::error::Error>(result: Result<ExitCode, E>, progress: &Progress) -> ExitCode {
    result.unwrap_or_else(|error| {
        progress.say(&format!("\n{}", with_causes(&error)));
        ExitCode::FAILURE
    })
}

async fn fire(folder: &Path, wish: Wish, progress: &Progress) -> Result<ExitCode, FireError> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let account = tokio::select! {
        // First: Ctrl-C reaches the processes too, and their end is then no fault of theirs.
        biased;
        () = stop.asked() => return Ok(told_to_stop(progress)),
        account = testbed::fire::burn(&folder, wish, progress) => account?,
    };
    progress.say(&format!("seed {}", wish.seed));
    report(&account)?;
    Ok(if account.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn try_out(folder: &Path, asked: Asked, progress: &Progress) -> Result<ExitCode, TestnetError> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let trial = async {
        match asked {
            Asked { dry_run: true, chain: Some(chain), .. } => {
                testnet::rehearse(&folder, &chain, progress).await.map(Some)
            }
            asked => match asked.wish() {
                Some(wish) => testnet::run(&folder, &wish, progress).await.map(Some),
                None => Ok(None),
            },
        }
    };
    let outcome = tokio::select! {
        outcome = trial => outcome?,
        () = stop.asked() => return Ok(told_to_stop(progress)),
    };
    let Some(outcome) = outcome else {
        progress.say(testnet::HOW);
        return Ok(ExitCode::from(USAGE));
    };
    report(&outcome)?;
    Ok(ExitCode::SUCCESS)
}

async fn up(folder: &Path, progress: &Progress) -> Result<ExitCode, DemoError> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let mut stage = tokio::select! {
        stage = demo::up::start(&folder, progress) => stage?,
        () = stop.asked() => return Ok(told_to_stop(progress)),
    };
    tokio::select! {
        () = demo::up::watch(&mut stage, progress) => {}
        () = stop.asked() => {}
    }
    progress.say("stopping");
    stage.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn once(folder: &Path, progress: &Progress) -> Result<ExitCode, DemoError> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let outcome = tokio::select! {
        outcome = demo::once::run(&folder, progress) => outcome?,
        () = stop.asked() => return Ok(told_to_stop(progress)),
    };
    report(&outcome)?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(folder: &Path, progress: &Progress) -> Result<ExitCode, DemoError> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let figures = tokio::select! {
        figures = bench::run(&folder, progress) => figures?,
        () = stop.asked() => return Ok(told_to_stop(progress)),
    };
    report(&figures)?;
    Ok(ExitCode::SUCCESS)
}

async fn attack(folder: &Path, only: &str, progress: &Progress) -> Result<ExitCode, Failure> {
    let mut stop = Stop::new()?;
    let folder = absolute(folder)?;
    let attacks = tokio::select! {
        attacks = attacks::run(&folder, only, progress) => attacks?,
        () = stop.asked() => return Ok(told_to_stop(progress)),
    };
    let summary = attacks.summary();
    let text = format!("{attacks}\n");
    write(&text).map_err(DemoError::Output)?;
    report(&summary)?;
    Ok(if summary.refused == summary.cases { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why attacks ended without a report.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Attack(#[from] AttackError),
}

/// Everything that runs is killed as what is half done is dropped.
fn told_to_stop(progress: &Progress) -> ExitCode {
    progress.say("told to stop before it was done");
    ExitCode::FAILURE
}

/// The last line of standard output.
fn report(result: &impl serde::Serialize) -> Result<(), DemoError> {
    let text = serde_json::to_string(result).expect("texts and numbers are JSON");
    write(&format!("{text}\n")).map_err(DemoError::Output)
}

/// To standard output, whole.
fn write(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// SIGTERM, SIGINT and SIGHUP: the three ways to be told to end.
struct Stop([Signal; 3]);

impl Stop {
    fn new() -> Result<Self, DemoError> {
        let open = |kind| signal(kind).map_err(DemoError::Signals);
        Ok(Self([
            open(SignalKind::terminate())?,
            open(SignalKind::interrupt())?,
            open(SignalKind::hangup())?,
        ]))
    }

    async fn asked(&mut self) {
        let Self([terminate, interrupt, hangup]) = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Paths in what we print and write work from any folder.
fn absolute(folder: &Path) -> Result<PathBuf, DemoError> {
    std::path::absolute(folder).map_err(|source| DemoError::File { path: folder.to_owned(), source })
}

/// An error with what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
