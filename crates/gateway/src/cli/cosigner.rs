//! `bursar cosigner`

use clap::Subcommand;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::table::{harmless, table};
use crate::operator::cosigners::CosignerLine;

#[derive(Debug, Subcommand)]
pub(super) enum CosignerCommand {
    /// Lists the co-signers of the roster.
    List,
}

pub(super) async fn run(desk: &Desk, command: CosignerCommand) -> Result<Answer, Failure> {
    match command {
        CosignerCommand::List => {
            let lines = desk.client()?.cosigners().await?;
            Answer::new(list(&lines), &lines)
        }
    }
}

/// The roster as a table.
pub(super) fn list(lines: &[CosignerLine]) -> String {
    let row = |line: &CosignerLine| {
        let wallets: Vec<String> =
            line.wallets.iter().map(|held| format!("{} (epoch {})", held.wallet, held.epoch)).collect();
        let behind: Vec<&str> = line.behind.iter().map(|chain| chain.as_str()).collect();
        let why = line.why.as_deref().map_or_else(String::new, harmless);
        let remark = match (behind.is_empty(), line.banned.is_empty()) {
            (true, true) => why,
            (false, _) => format!("{why} lacks the newest {}", behind.join(", ")).trim_start().to_owned(),
            (true, false) => format!("{why} signs nothing with {:?}", line.banned).trim_start().to_owned(),
        };
        [
            line.index.to_string(),
            line.name.clone(),
            line.condition.clone(),
            line.round_trip_us.map_or_else(|| "-".to_owned(), |us| format!("{} ms", us / 1000)),
            line.session_us.map_or_else(|| "-".to_owned(), |us| format!("{} ms", us / 1000)),
            wallets.join(", "),
            line.software.as_deref().map_or_else(String::new, harmless),
            remark,
        ]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    table(["N", "NAME", "CONDITION", "PING", "SESSION", "WALLETS", "SOFTWARE", "REMARK"], &rows)
}
