//! `bursar init`

use std::path::{Path, PathBuf};

use clap::Args;
use payout::ids::PrincipalId;
use payout::key::PublicKey;
use payout::policy::file::DEFAULT_RULES;
use serde_json::json;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::{keys, roster};
use crate::config;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where to write.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// The first admin's name.
    #[arg(long, default_value = "admin")]
    admin: PrincipalId,
}

/// Example payouts for `bursar policy test`.
const EXAMPLES: &str = include_str!("rules.test.default.toml");

pub(super) fn run(desk: &Desk, args: InitArgs) -> Result<Answer, Failure> {
    let InitArgs { folder, admin } = args;
    let config = folder.join("gateway.toml");
    if config.exists() {
        return Err(Failure::refused(format!("{} exists already", config.display()))
            .next("an installation is never overwritten: choose another folder with --folder"));
    }
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::refused(format!("cannot make {}: {error}", folder.display())))?;
    let passphrase_file = desk.global.passphrase_file.as_deref();
    let defaults = config::Config::default();
    let name: PrincipalId = "gateway".parse().map_err(|rule| Failure::refused(format!("{rule}")))?;
    let gateway = keys::make(&folder.join(&defaults.identity.key_file), &name, passphrase_file)?;
    let admin_file = keys::of_name(&config, &admin);
    let admin_key = keys::make(&admin_file, &admin, passphrase_file)?;
    write(&folder, "rules.toml", DEFAULT_RULES)?;
    write(&folder, "rules.test.toml", EXAMPLES)?;
    write(&folder, "people.toml", &people(&admin, admin_key.public()))?;
    write(&folder, "book.toml", BOOK)?;
    write(&folder, "roster.toml", &roster::template(gateway.public()))?;
    // Last: a folder with this file is a whole installation.
    write(&folder, "gateway.toml", config::DEFAULT)?;
    let text = format!(
        "{folder} is ready:
  gateway.toml      the gateway's configuration, every setting with its default
  gateway.key       the gateway's key, sealed
  {key}   {admin}'s key, sealed: keep it with {admin}, not on the gateway
  rules.toml        what may be paid, and who is asked
  rules.test.toml   example payouts, tried by `bursar policy test`
  people.toml       people, machines and groups
  book.toml         the address book
  roster.toml       co-signers and gateways

Next
  1. Each co-signer's owner runs `bursar-cosigner init` on their own machine and sends you its public key: into roster.toml.
  2. Each person and machine makes a key with `bursar key new NAME` and sends you its public half: into people.toml.
  3. Write rules.toml; try it with `bursar policy check` and `bursar policy test`.
  4. `bursar genesis build`, and give genesis.json to every owner.
  5. Name your nodes in gateway.toml, [[chain]], and start `bursar serve`.
  6. `bursar doctor` says what is still missing.
",
        folder = folder.display(),
        key = admin_file.strip_prefix(&folder).unwrap_or(&admin_file).display(),
    );
    let value = json!({ "folder": folder, "gateway": gateway.public(), "admin": admin, "admin_key": admin_key.public() });
    Answer::new(text, &value)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(());
    }
    seal::write_atomically(&path, text.as_bytes(), 0o644).map_err(|error| Failure::caused(&error))
}

fn people(admin: &PrincipalId, key: PublicKey) -> String {
    format!(
        r#"# The people and machines of a Bursar deployment. Versions of this file are signed by the admins' quorum.
#
# A person or machine makes its own key with `bursar key new NAME` and sends the public half.
#
# roles: viewer (sees), operator (pauses, re-sends, applies for payouts), approver (approves), admin (publishes policy,
# orders ceremonies, freezes); each includes those before it. caller: a machine that signs its project's requests.

# How many admins sign a version of the rules or of this file, lift a freeze, order a refresh. More than one, as soon as
# there are more than one.
admin_quorum = 1

# Who signs a version of the address book.
book = {{ group = "admins", quorum = 1 }}

[[principal]]
id = "{admin}"
roles = ["admin"]
keys = ["{key}"]

# [[principal]]
# id = "ben"
# roles = ["approver"]
# keys = ["64 hex digits"]
# # Whose API key they hold: they don't approve that project's API payouts.
# projects = []
#
# [[principal]]
# id = "shop"
# nature = "machine"
# roles = ["caller"]
# keys = ["64 hex digits"]
# projects = [1]

[groups]
admins = ["{admin}"]
# treasury = ["ben"]
"#
    )
}

const BOOK: &str = r#"# The address book: payees that rules can name with recipient = "group:suppliers". A new payee counts after the cooling
# time of the rules. Versions are signed by the group that people.toml names.
#
# [[payee]]
# group = "suppliers"
# chain_id = "60"
# address = "0x…"
# label = "Acme, invoices"
"#;
