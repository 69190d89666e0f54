//! `bursar restore`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use store::Outcome;

use super::answer::Answer;
use super::backup;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::table::{harmless, table};
use super::time::{span, utc};
use crate::operator::restore::{FindingLine, RestoreReceipt, RestoreSheet, RestoreVoteBody};

/// Whether the database was an old copy, what it lacked, and the admins' word that signing may go on.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RestoreArgs {
    /// Shows the report: the copy's age, the payouts that only co-signers knew and what became of them, callbacks that
    /// are repeated, and outflows that nobody can explain. The same without it.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    command: Option<RestoreCommand>,
}

#[derive(Debug, Subcommand)]
enum RestoreCommand {
    /// Puts a copy of the database in its place, whole and alone; the gateway must have stopped. What was there is moved
    /// aside.
    Put {
        /// The copy, as `bursar backup` writes it.
        file: PathBuf,
    },
    /// Confirms, as an admin who has read the report, that signing may go on; two admins must.
    Confirm {
        /// Confirms without asking.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(desk: &Desk, args: RestoreArgs) -> Result<Answer, Failure> {
    match args.command {
        None => {
            let sheet = desk.client()?.restore().await?;
            Answer::new(text(&sheet), &sheet)
        }
        Some(RestoreCommand::Put { file }) => backup::put_back(desk, &file).await,
        Some(RestoreCommand::Confirm { yes }) => vote(desk, Consent::of(yes)).await,
    }
}

async fn vote(desk: &Desk, consent: Consent) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let sheet = client.restore().await?;
    let Some(restore) = sheet.id.filter(|_| sheet.state == "closed") else {
        return Err(Failure::refused(match sheet.state.as_str() {
            "importing" => "not enough co-signers have told yet what they signed",
            _ => "there is nothing to confirm: signing is not closed",
        })
        .next("look at `bursar restore --check`"));
    };
    let question = format!("{}\nYou are about to confirm that signing may go on.", text(&sheet));
    confirm(consent, &question, "the word confirm", "confirm")?;
    let body = RestoreVoteBody { restore, findings: sheet.findings.len() };
    let receipt = client.confirm_restore(&body).await?;
    Answer::new(receipt_text(&receipt), &receipt)
}

fn receipt_text(receipt: &RestoreReceipt) -> String {
    let RestoreReceipt { state, votes, votes_needed } = receipt;
    let who: Vec<String> = votes.iter().map(ToString::to_string).collect();
    let outcome = if state == "open" { "signing goes on" } else { "signing stays closed" };
    format!("{outcome}: confirmed by {} ({} of {votes_needed})\n", who.join(", "), votes.len())
}

/// The report on one screen.
pub(super) fn text(sheet: &RestoreSheet) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    match (sheet.since, &sheet.reason) {
        (Some(since), Some(reason)) => {
            let _ = writeln!(out, "old copy noticed {}: {}", utc(since), harmless(reason));
        }
        _ => out.push_str("this database was never found to be an old copy\n"),
    }
    if let (Some(copied), Some(age)) = (sheet.copied, sheet.age_ms) {
        let _ =
            writeln!(out, "the copy: newest entry {}, {} old when it was noticed", utc(copied), span(age));
    }
    let signing = match (&sheet.shut, sheet.state.as_str()) {
        (None, _) => "open".to_owned(),
        (Some(_), "closed") => format!(
            "CLOSED until {} admins run `bursar restore confirm`; so far: {}",
            sheet.votes_needed,
            names(&sheet.votes)
        ),
        (Some(shut), _) => format!("CLOSED: {}", harmless(shut)),
    };
    let _ = writeln!(out, "signing: {signing}\n");
    cosigners(&mut out, sheet);
    findings(&mut out, &sheet.findings);
    list(
        &mut out,
        "payouts that go on from where the copy had them (withdraw again what was withdrawn since)",
        &sheet.resumed,
    );
    let _ = writeln!(out, "callbacks that may be a repetition: {}", sheet.repeated.len());
    for line in &sheet.repeated {
        let _ = writeln!(out, "  payout {} to {}", line.cid, harmless(&line.url));
    }
    list(&mut out, "payouts whose callback cannot be sent, because where to was lost", &sheet.untold);
    let so_far = match sheet.state.as_str() {
        "importing" if !sheet.unexplained.is_empty() => " (co-signers may explain them yet)",
        _ => "",
    };
    let _ = writeln!(out, "outflows that belong to no payout: {}{so_far}", sheet.unexplained.len());
    for line in &sheet.unexplained {
        let txid = line.outflow.txid.as_deref().map_or_else(|| "not looked for".to_owned(), harmless);
        let (from, chain, token) = (&line.from, &line.chain_id, &line.outflow.token);
        let _ = writeln!(out, "  {from} on chain {chain}: {token}, transaction {txid}");
    }
    for why in &sheet.unknown {
        let _ = writeln!(out, "  NOT LOOKED AT: {}", harmless(why));
    }
    out
}

fn cosigners(out: &mut String, sheet: &RestoreSheet) {
    let row = |line: &crate::operator::restore::ComparedLine| {
        let entry = line.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string());
        [line.name.clone(), if line.compared { "yes" } else { "no" }.to_owned(), entry]
    };
    let rows: Vec<_> = sheet.cosigners.iter().map(row).collect();
    out.push_str(&table(["CO-SIGNER", "HAS TOLD", "JOURNAL SEEN UP TO"], &rows));
    let _ = writeln!(out, "{} of them must have told\n", sheet.needed);
}

fn findings(out: &mut String, findings: &[FindingLine]) {
    let _ = writeln!(out, "payouts that only co-signers knew: {}", findings.len());
    let row = |found: &FindingLine| {
        let here = match (&found.state, found.status) {
            (Some(state), Some(status)) => format!("{state} ({status})"),
            _ => "not stored".to_owned(),
        };
        let done = match found.outcome {
            Outcome::Adopted => "taken over".to_owned(),
            Outcome::MovedOn => "moved on".to_owned(),
            Outcome::KeptOut => {
                format!("KEPT OUT: {}", harmless(found.why.as_deref().unwrap_or("no reason is kept")))
            }
        };
        [
            found.cid.to_string(),
            harmless(found.third_party_id.as_str()),
            found.token.to_string(),
            utc(found.signed),
            found.told_by.join(", "),
            done,
            here,
            harmless(&found.on_chain),
        ]
    };
    if !findings.is_empty() {
        let rows: Vec<_> = findings.iter().map(row).collect();
        let head = ["CID", "CALLER'S NUMBER", "TOKEN", "SIGNED", "TOLD BY", "DONE", "NOW", "ON CHAIN"];
        out.push_str(&table(head, &rows));
    }
}

fn list(out: &mut String, what: &str, cids: &[payout::ids::Cid]) {
    let _ = writeln!(out, "{what}: {}", cids.len());
    if !cids.is_empty() {
        let cids: Vec<String> = cids.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "  {}", cids.join(" "));
    }
}

fn names(who: &[payout::ids::PrincipalId]) -> String {
    if who.is_empty() {
        return "nobody".to_owned();
    }
    who.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
