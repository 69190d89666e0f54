//! `bursar key`

use std::path::PathBuf;

use clap::Subcommand;
use payout::ids::PrincipalId;
use seal::KeyFile;
use serde_json::json;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::keys;

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Makes a key, sealed under a passphrase, and prints its public half for people.toml.
    New {
        /// Whose: a person's or machine's name.
        name: PrincipalId,
        /// The file; keys/NAME.key beside the configuration file otherwise.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Prints whose a key file is, and its public half. Asks for no passphrase.
    Show {
        /// The key file.
        file: PathBuf,
    },
}

pub(super) fn run(desk: &Desk, command: KeyCommand) -> Result<Answer, Failure> {
    match command {
        KeyCommand::New { name, output } => {
            let path = output.unwrap_or_else(|| keys::of_name(&desk.global.config, &name));
            let key = keys::make(&path, &name, desk.global.passphrase_file.as_deref())?;
            let public = key.public();
            let text = format!(
                "{} holds {name}'s key\npublic key: {public}\n  next: put the public key into people.toml, keys of {name}; back the file up\n",
                path.display()
            );
            Answer::new(text, &json!({ "file": path, "principal": name, "public": public }))
        }
        KeyCommand::Show { file } => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| Failure::refused(format!("cannot read {}: {error}", file.display())))?;
            let file = KeyFile::parse(&text).map_err(|error| Failure::caused(&error))?;
            let (principal, public) = (file.principal(), file.public());
            Answer::new(
                format!("{principal} {public}\n"),
                &json!({ "principal": principal, "public": public }),
            )
        }
    }
}
