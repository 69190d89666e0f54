//! `bursar genesis`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use payout::policy::{Genesis, Severity, genesis::GENESIS_VERSION};
use serde_json::json;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::policy::{Files, Read};
use super::roster::RosterFile;
use super::table::{fields, harmless, table};

#[derive(Debug, Subcommand)]
pub(super) enum GenesisCommand {
    /// Builds genesis.json from the files that people write.
    Build(BuildArgs),
    /// Shows a genesis file, and the deployment id that owners compare.
    Show {
        /// The file.
        #[arg(default_value = "genesis.json")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    #[command(flatten)]
    files: Files,
    /// Co-signers and gateways; roster.toml beside the configuration file otherwise.
    #[arg(long)]
    roster: Option<PathBuf>,
    /// The file to write.
    #[arg(long, short, default_value = "genesis.json")]
    output: PathBuf,
}

pub(super) fn run(desk: &Desk, command: GenesisCommand) -> Result<Answer, Failure> {
    match command {
        GenesisCommand::Build(args) => build(desk, args),
        GenesisCommand::Show { file } => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| Failure::refused(format!("cannot read {}: {error}", file.display())))?;
            let genesis = Genesis::parse(&text).map_err(|error| {
                Failure::refused(format!("{}: {}", file.display(), super::failure::chain(&error)))
            })?;
            answer(&genesis, String::new())
        }
    }
}

fn build(desk: &Desk, args: BuildArgs) -> Result<Answer, Failure> {
    let BuildArgs { files, roster, output } = args;
    if output.exists() {
        return Err(Failure::refused(format!("{} exists already", output.display()))
            .next("another genesis is another deployment: move the file away if you mean it"));
    }
    let read = Read::files(desk, &files)?;
    let findings = read.findings();
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(Failure::refused(errors.join("\n")).next("`bursar policy check` says all of it"));
    }
    let roster = RosterFile::read(&roster.unwrap_or_else(|| desk.folder().join("roster.toml")))?;
    let genesis = Genesis {
        version: GENESIS_VERSION.to_owned(),
        name: roster.name.clone(),
        environment: read.rules.document.environment,
        roster: roster.roster(),
        rules: read.rules.document,
        people: read.people.document,
        book: read.book.document,
    };
    genesis.check().map_err(|error| Failure::caused(&error))?;
    seal::write_atomically(&output, genesis.to_text().as_bytes(), 0o644)
        .map_err(|error| Failure::caused(&error))?;
    let mut tail: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    tail.push_str(&format!(
        "written to {}\n  next: give this very file to every owner; each compares the deployment id\n",
        output.display()
    ));
    answer(&genesis, tail)
}

fn answer(genesis: &Genesis, tail: String) -> Result<Answer, Failure> {
    let roster = &genesis.roster;
    let people = &genesis.people;
    let admins: Vec<&str> = people.admins().map(|admin| admin.id.as_str()).collect();
    let lines = [
        ("deployment", genesis.deployment().to_string()),
        ("name", harmless(&genesis.name)),
        ("environment", genesis.environment.as_str().to_owned()),
        ("signers", format!("{} of {}", roster.threshold, roster.cosigners.len())),
        ("admins", format!("{} of {}", people.admin_quorum, admins.join(", "))),
        ("rules", genesis.rules.rules.len().to_string()),
    ];
    let seats = roster
        .cosigners
        .iter()
        .map(|seat| [format!("co-signer {}", seat.index), seat.name.clone(), seat.key.to_string()]);
    let gateways =
        roster.gateways.iter().map(|seat| ["gateway".to_owned(), seat.name.clone(), seat.key.to_string()]);
    let rows: Vec<_> = seats.chain(gateways).collect();
    let text = format!("{}{}{tail}", fields(&lines), table(["SEAT", "NAME", "KEY"], &rows));
    Answer::new(text, &json!({ "deployment": genesis.deployment(), "genesis": genesis }))
}
