//! From words to an exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;

use super::answer::{Answer, Outcome};
use super::args::{Cli, Command};
use super::desk::Desk;
use super::failure::{Failure, Kind};
use super::{
    audit, backup, callback, cosigner, doctor, export, freeze, genesis, init, key, log, pause, payout,
    policy, project, restore, serve, status, wallet, why,
};

/// Exit code of something that was refused or found wrong.
const REFUSED: u8 = 1;
/// Exit code of wrong usage, as clap's own.
const USAGE: u8 = 2;

/// Parses the command line, does what it says, and prints what came of it.
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    if let Err(error) = log::keep_memory_private() {
        let _ = writeln!(std::io::stderr(), "cannot forbid core dumps: {error}");
        return ExitCode::from(REFUSED);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "cannot start: {error}");
            return ExitCode::from(REFUSED);
        }
    };
    let json = global.json;
    let desk = Desk::new(global);
    match runtime.block_on(Box::pin(run(&desk, command))) {
        Ok(answer) => print(&answer, json),
        Err(failure) => complain(&failure, json),
    }
}

async fn run(desk: &Desk, command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Init(args) => init::run(desk, args),
        Command::Genesis(command) => genesis::run(desk, command),
        Command::Key(command) => key::run(desk, command),
        Command::Serve => serve::run(desk).await,
        Command::Payout(command) => payout::run(desk, command).await,
        Command::Why { cid } => why::run(desk, cid).await,
        Command::Policy(command) => policy::run(desk, command).await,
        Command::Wallet(command) => wallet::run(desk, command).await,
        Command::Project(command) => project::run(desk, command).await,
        Command::Callback(command) => callback::run(desk, command).await,
        Command::Cosigner(command) => cosigner::run(desk, command).await,
        Command::Pause(args) => pause::pause(desk, args).await,
        Command::Resume { pause } => pause::resume(desk, pause).await,
        Command::Freeze(command) => freeze::run(desk, command).await,
        Command::Backup(args) => backup::run(desk, args).await,
        Command::Restore(args) => restore::run(desk, args).await,
        Command::Audit(args) => audit::run(desk, args).await,
        Command::Status => status::run(desk).await,
        Command::Doctor(args) => doctor::run(desk, args).await,
        Command::Export(args) => export::export(desk, args).await,
        Command::Verify(args) => export::verify(desk, &args),
    }
}

fn print(answer: &Answer, json: bool) -> ExitCode {
    let text = if json { format!("{:#}\n", answer.json) } else { ended(&answer.text) };
    // A reader that left (`| head`) is no failure of the command.
    let _ = std::io::stdout().write_all(text.as_bytes());
    match answer.outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::Refused => ExitCode::from(REFUSED),
    }
}

fn complain(failure: &Failure, json: bool) -> ExitCode {
    let text = if json {
        serde_json::json!({ "error": failure.message(), "next": failure.what_next() }).to_string()
    } else {
        format!("bursar: {failure}")
    };
    let _ = std::io::stderr().write_all(ended(&text).as_bytes());
    ExitCode::from(match failure.kind {
        Kind::Refused => REFUSED,
        Kind::Usage => USAGE,
    })
}

fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
