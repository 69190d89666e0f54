//! `bursar project`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ipnet::IpNet;
use payout::ids::{ProjectId, WalletId};
use serde_json::json;
use store::ProjectSettings;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::table::{fields, harmless, table};
use super::time::{parse_span, utc};
use crate::client::OperatorClient;
use crate::config::parse_network;
use crate::operator::projects::{ChangeLine, ProjectChange, ProjectSheet, Proposed};

#[derive(Debug, Subcommand)]
pub(super) enum ProjectCommand {
    /// Lists the projects.
    List,
    /// Shows a project.
    Show {
        /// Its number.
        project: ProjectId,
    },
    /// Proposes a new project; its API key is shown once.
    Add {
        /// Its number (`pid`).
        project: ProjectId,
        /// Its name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        settings: SettingsArgs,
        /// A file with the API key; a fresh one otherwise.
        #[arg(long, value_name = "FILE")]
        api_key_file: Option<PathBuf>,
    },
    /// Proposes other settings.
    Set {
        /// Its number.
        project: ProjectId,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Proposes another list of addresses from which calls may come.
    Ips {
        /// Its number.
        project: ProjectId,
        /// Addresses or CIDR ranges: the whole new list.
        #[arg(required = true, value_parser = network)]
        ips: Vec<IpNet>,
    },
    /// Lists, rotates and retires API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Lists the changes that wait for a second person.
    Changes,
    /// Confirms a change as the second person.
    Confirm {
        /// The change's number.
        change: i64,
    },
    /// Takes a change back, or turns it down.
    Drop {
        /// The change's number.
        change: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Lists a project's API keys, by fingerprint.
    List {
        /// The project's number.
        project: ProjectId,
    },
    /// Proposes a new API key; it is shown once.
    Rotate {
        /// The project's number.
        project: ProjectId,
        /// How long the old one still works, such as 24h.
        #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = parse_span)]
        keep_old: i64,
        /// A file with the API key; a fresh one otherwise.
        #[arg(long, value_name = "FILE")]
        api_key_file: Option<PathBuf>,
    },
    /// Proposes that an API key stops working.
    Retire {
        /// The project's number.
        project: ProjectId,
        /// The key's number, as listed.
        #[arg(value_name = "KEY")]
        number: i64,
    },
}

#[derive(Debug, Default, Args)]
pub(super) struct SettingsArgs {
    /// From where calls may come: an address or CIDR range; may be repeated.
    #[arg(long = "ip", value_parser = network)]
    ips: Vec<IpNet>,
    /// The wallet that pays when a call names none.
    #[arg(long)]
    wallet: Option<WalletId>,
    /// The external check's URL.
    #[arg(long, value_name = "URL", conflicts_with = "no_verification")]
    verification_url: Option<String>,
    /// No external check.
    #[arg(long)]
    no_verification: bool,
    /// Whether calls are taken.
    #[arg(long)]
    enabled: Option<bool>,
    /// Whether callbacks may go to private addresses (not in production).
    #[arg(long)]
    private_callbacks: Option<bool>,
    /// Whether status 3 has a callback.
    #[arg(long)]
    notify_withdrawn: Option<bool>,
    /// Requests a second; 0 takes the gateway's setting.
    #[arg(long)]
    rate: Option<u32>,
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    parse_network(text).ok_or(crate::config::NOT_A_NETWORK)
}

pub(super) async fn run(desk: &Desk, command: ProjectCommand) -> Result<Answer, Failure> {
    let client = desk.client()?;
    match command {
        ProjectCommand::List => {
            let sheets = client.projects().await?;
            Answer::new(list(&sheets), &sheets)
        }
        ProjectCommand::Show { project } => {
            let sheet = find(&client, project).await?;
            Answer::new(show(&sheet), &sheet)
        }
        ProjectCommand::Add { project, name, settings, api_key_file } => {
            let settings = settings.over(blank(name));
            let api_key = api_key_file.as_deref().map(read_key).transpose()?;
            propose(&client, ProjectChange::Create { project, settings, api_key }).await
        }
        ProjectCommand::Set { project, name, settings } => {
            let mut old = find(&client, project).await?.settings;
            if let Some(name) = name {
                old.name = name;
            }
            propose(&client, ProjectChange::Set { project, settings: settings.over(old) }).await
        }
        ProjectCommand::Ips { project, ips } => {
            let settings = ProjectSettings { ips, ..find(&client, project).await?.settings };
            propose(&client, ProjectChange::Set { project, settings }).await
        }
        ProjectCommand::Keys(command) => keys(&client, command).await,
        ProjectCommand::Changes => {
            let lines = client.pending_changes().await?;
            Answer::new(changes(&lines), &lines)
        }
        ProjectCommand::Confirm { change } => {
            let line = client.confirm_change(change).await?;
            Answer::new(
                format!("change {change} is in force ({} of project {})\n", line.what, line.project),
                &line,
            )
        }
        ProjectCommand::Drop { change } => {
            let line = client.drop_change(change).await?;
            Answer::new(format!("change {change} is dropped\n"), &line)
        }
    }
}

async fn keys(client: &OperatorClient, command: KeysCommand) -> Result<Answer, Failure> {
    match command {
        KeysCommand::List { project } => {
            let keys = find(client, project).await?.api_keys;
            let rows: Vec<_> = keys
                .iter()
                .map(|key| {
                    let end = key.retires.map_or_else(|| "-".to_owned(), utc);
                    [key.id.to_string(), key.fingerprint.clone(), utc(key.created), end]
                })
                .collect();
            Answer::new(table(["KEY", "FINGERPRINT", "MADE", "RETIRES"], &rows), &keys)
        }
        KeysCommand::Rotate { project, keep_old, api_key_file } => {
            let api_key = api_key_file.as_deref().map(read_key).transpose()?;
            // Up to the next full hour: an old key is never cut off earlier than was said.
            let hours = u32::try_from((keep_old + 3_599_999) / 3_600_000)
                .map_err(|_| Failure::usage("--keep-old is too long"))?;
            propose(client, ProjectChange::RotateKey { project, api_key, keep_old_hours: hours }).await
        }
        KeysCommand::Retire { project, number } => {
            propose(client, ProjectChange::RetireKey { project, key: number }).await
        }
    }
}

/// A new project's settings before anything is said.
fn blank(name: String) -> ProjectSettings {
    ProjectSettings {
        name,
        enabled: true,
        ips: Vec::new(),
        allow_private_callbacks: false,
        notify_withdrawn: false,
        verification_url: None,
        default_wallet: None,
        rate_limit_per_s: 0,
    }
}

impl SettingsArgs {
    /// What is said here over what was.
    fn over(self, old: ProjectSettings) -> ProjectSettings {
        ProjectSettings {
            name: old.name,
            enabled: self.enabled.unwrap_or(old.enabled),
            ips: if self.ips.is_empty() { old.ips } else { self.ips },
            allow_private_callbacks: self.private_callbacks.unwrap_or(old.allow_private_callbacks),
            notify_withdrawn: self.notify_withdrawn.unwrap_or(old.notify_withdrawn),
            verification_url: if self.no_verification {
                None
            } else {
                self.verification_url.or(old.verification_url)
            },
            default_wallet: self.wallet.or(old.default_wallet),
            rate_limit_per_s: self.rate.unwrap_or(old.rate_limit_per_s),
        }
    }
}

async fn find(client: &OperatorClient, project: ProjectId) -> Result<ProjectSheet, Failure> {
    let sheets = client.projects().await?;
    sheets.into_iter().find(|sheet| sheet.id == project).ok_or_else(|| {
        Failure::refused(format!("there is no project {project}")).next("look at `bursar project list`")
    })
}

async fn propose(client: &OperatorClient, change: ProjectChange) -> Result<Answer, Failure> {
    let proposed = client.propose_change(&change).await?;
    Answer::new(proposed_text(&proposed), &proposed)
}

fn proposed_text(proposed: &Proposed) -> String {
    let Proposed { change, api_key } = proposed;
    let mut text = if change.state == "applied" {
        format!("change {} is in force: there is no second admin who could confirm it\n", change.id)
    } else {
        format!(
            "change {} is proposed; another admin confirms it: bursar project confirm {}\n",
            change.id, change.id
        )
    };
    if let Some(key) = api_key {
        text.push_str(&format!("API key, shown this once: {key}\n"));
    }
    text
}

fn read_key(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn list(sheets: &[ProjectSheet]) -> String {
    if sheets.is_empty() {
        return "no projects; `bursar project add` proposes one\n".to_owned();
    }
    let rows: Vec<_> = sheets
        .iter()
        .map(|sheet| {
            [
                sheet.id.to_string(),
                harmless(&sheet.settings.name),
                if sheet.settings.enabled { "yes".to_owned() } else { "no".to_owned() },
                sheet.api_keys.len().to_string(),
                sheet.settings.default_wallet.map_or_else(|| "-".to_owned(), |wallet| wallet.to_string()),
            ]
        })
        .collect();
    table(["PROJECT", "NAME", "ENABLED", "KEYS", "WALLET"], &rows)
}

fn show(sheet: &ProjectSheet) -> String {
    let settings = &sheet.settings;
    let yes = |value: bool| if value { "yes".to_owned() } else { "no".to_owned() };
    let ips: Vec<String> = settings.ips.iter().map(ToString::to_string).collect();
    let lines = [
        ("name", harmless(&settings.name)),
        ("enabled", yes(settings.enabled)),
        ("calls from", if ips.is_empty() { "nowhere".to_owned() } else { ips.join(", ") }),
        ("wallet", settings.default_wallet.map_or_else(|| "-".to_owned(), |wallet| wallet.to_string())),
        ("external check", settings.verification_url.as_deref().map_or_else(|| "-".to_owned(), harmless)),
        ("private callbacks", yes(settings.allow_private_callbacks)),
        ("tells status 3", yes(settings.notify_withdrawn)),
        ("requests a second", settings.rate_limit_per_s.to_string()),
        ("keys", sheet.api_keys.iter().map(|key| key.fingerprint.clone()).collect::<Vec<_>>().join(", ")),
    ];
    format!("Project {}\n{}", sheet.id, fields(&lines))
}

fn changes(lines: &[ChangeLine]) -> String {
    if lines.is_empty() {
        return "no changes wait\n".to_owned();
    }
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let to = match (&line.settings, &line.fingerprint) {
                (Some(settings), _) => json!(settings).to_string(),
                (None, Some(fingerprint)) => format!("key {fingerprint}"),
                (None, None) => String::new(),
            };
            [
                line.id.to_string(),
                line.project.to_string(),
                line.what.clone(),
                line.by.to_string(),
                harmless(&to),
            ]
        })
        .collect();
    table(["CHANGE", "PROJECT", "WHAT", "BY", "TO"], &rows)
}
