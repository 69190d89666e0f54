//! `bursar wallet`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use payout::ids::WalletId;
use payout::policy::{Document, Policy, VersionSignature, Wallet};
use serde_json::json;
use wire::message::{REFRESH_DOMAIN, refresh_text};

use super::answer::Answer;
use super::ceremony;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::maintenance::{self, FlagArgs, TicketsArgs};
use super::policy::offer;
use super::table::{harmless, table};
use super::trust::Trusted;
use crate::client::OperatorClient;
use crate::operator::wallets::{RefreshWallet, WalletSheet};

#[derive(Debug, Subcommand)]
pub(super) enum WalletCommand {
    /// Orders that tickets are set aside on the XRP Ledger, for payouts that do not wait for each other.
    Tickets(TicketsArgs),
    /// Orders that a flag of a wallet's account on the XRP Ledger is set or cleared.
    Flag(FlagArgs),
    /// Lists the wallets, and keys that are made and not active yet.
    List,
    /// Has the co-signers make a key, and proposes the rules that make it a wallet.
    Create {
        /// The wallet's number.
        wallet: WalletId,
        /// Signs the proposal without asking: for scripts whose author has looked at the co-signers' terminals.
        #[arg(long)]
        yes: bool,
    },
    /// Proposes the rules that make a key a wallet, if `create` did not come to that.
    Activate {
        /// The wallet's number.
        wallet: WalletId,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Has the co-signers make new shares of a wallet's key; old ones are worth nothing after it.
    Refresh {
        /// The wallet's number.
        wallet: WalletId,
        /// The epoch of the new shares; one more than the present one if not said.
        #[arg(long)]
        epoch: Option<u32>,
        /// Other admins' signed orders, as this command writes them.
        #[arg(long = "order", value_name = "FILE")]
        orders: Vec<PathBuf>,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(desk: &Desk, command: WalletCommand) -> Result<Answer, Failure> {
    match command {
        WalletCommand::Tickets(args) => maintenance::tickets(desk, args).await,
        WalletCommand::Flag(args) => maintenance::flag(desk, args).await,
        WalletCommand::List => list(desk).await,
        WalletCommand::Create { wallet, yes } => create(desk, wallet, Consent::of(yes)).await,
        WalletCommand::Activate { wallet, yes } => activate(desk, wallet, Consent::of(yes)).await,
        WalletCommand::Refresh { wallet, epoch, orders, yes } => {
            refresh(desk, wallet, epoch, &orders, Consent::of(yes)).await
        }
    }
}

async fn list(desk: &Desk) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let sheets = client.wallets().await?;
    if sheets.is_empty() {
        return Answer::new("no wallets; `bursar wallet create 1` makes one\n", &sheets);
    }
    let row = |sheet: &WalletSheet| {
        let holders: Vec<String> =
            sheet.holders.iter().map(|(name, epoch)| format!("{name} (epoch {epoch})")).collect();
        [
            sheet.entry.id.to_string(),
            if sheet.active { "active".to_owned() } else { "not signed yet".to_owned() },
            format!("{} of {}", sheet.entry.threshold, sheet.entry.share_count),
            sheet.entry.fingerprint.clone(),
            holders.join(", "),
        ]
    };
    let rows: Vec<_> = sheets.iter().map(row).collect();
    let mut text = table(["WALLET", "STATE", "SIGNERS", "FINGERPRINT", "HELD BY"], &rows);
    for sheet in &sheets {
        text.push_str(&addresses(&trusted, sheet));
        for remark in &sheet.remarks {
            text.push_str(&format!("wallet {}: {}\n", sheet.entry.id, harmless(remark)));
        }
    }
    Answer::new(text, &sheets)
}

/// Addresses as they follow from what admins signed, or from a key whose fingerprint is right; never as they are shown.
fn addresses(trusted: &Trusted, sheet: &WalletSheet) -> String {
    let id = sheet.entry.id;
    let signed = trusted.policy.newest_rules().wallet(id);
    let remark = match (sheet.active, signed) {
        (true, Some(signed)) if *signed == sheet.entry => "",
        (true, _) => return format!("wallet {id}: THE GATEWAY SHOWS ANOTHER KEY THAN THE ADMINS SIGNED\n"),
        (false, _) => " (not active: send nothing there)",
    };
    match trusted.addresses(&sheet.entry) {
        Ok(list) => list
            .into_iter()
            .map(|(chain, address)| format!("wallet {id} on chain {chain}: {address}{remark}\n"))
            .collect(),
        Err(failure) => format!("wallet {id}: {}\n", failure.message()),
    }
}

async fn create(desk: &Desk, wallet: WalletId, consent: Consent) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let opened = client.create_wallet(wallet).await?;
    let sheet = ceremony::follow(&client, &opened.ceremony).await?;
    let entry = sheet
        .entry
        .clone()
        .ok_or_else(|| Failure::refused("the gateway shows no key for a ceremony that is done"))?;
    let read = ceremony::text(&sheet, &trusted.addresses(&entry)?);
    let proposed = propose(&client, &trusted.policy, entry, &read, consent).await;
    match proposed {
        Ok(answer) => Answer::new(
            format!("{read}{}", answer.text),
            &json!({"ceremony": sheet, "proposal": answer.json}),
        ),
        Err(failure) => {
            Err(Failure::refused(format!("the key is made, but not proposed as a wallet: {failure}"))
                .next(format!("`bursar wallet activate {wallet}` once that is settled")))
        }
    }
}

async fn activate(desk: &Desk, wallet: WalletId, consent: Consent) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let sheets = client.wallets().await?;
    let sheet =
        sheets.into_iter().find(|sheet| sheet.entry.id == wallet && !sheet.active).ok_or_else(|| {
            Failure::refused(format!("no key waits to become wallet {wallet}"))
                .next("look at `bursar wallet list`")
        })?;
    if let Some(remark) = sheet.remarks.first() {
        return Err(Failure::refused(format!("the key of wallet {wallet} is not whole: {remark}"))
            .next("all co-signers must be connected and hold the same key"));
    }
    let read = format!(
        "Wallet {wallet}\n  fingerprint {}\n{}",
        sheet.entry.fingerprint,
        addresses(&trusted, &sheet)
    );
    trusted.addresses(&sheet.entry)?;
    propose(&client, &trusted.policy, sheet.entry, &read, consent).await
}

/// Signs rules that list the wallet, once somebody has looked at a co-signer's own terminal.
async fn propose(
    client: &OperatorClient,
    policy: &Policy,
    entry: Wallet,
    read: &str,
    consent: Consent,
) -> Result<Answer, Failure> {
    let roster = policy.roster();
    if entry.threshold != roster.threshold || entry.share_count != roster.share_count() {
        return Err(Failure::refused("the key is not made for the roster of your genesis file"));
    }
    let shown: String = entry.fingerprint.chars().take(9).collect();
    let question = format!(
        "{read}\nEach co-signer printed a fingerprint on its own terminal. Only those are evidence: compare all of them."
    );
    confirm(consent, &question, "the first two groups, as a co-signer's own terminal shows them", &shown)?;
    let mut rules = policy.newest_rules().clone();
    rules.wallets.push(entry);
    rules.wallets.sort_by_key(|wallet| wallet.id);
    offer(client, policy, &Document::Rules(rules), consent).await
}

async fn refresh(
    desk: &Desk,
    wallet: WalletId,
    epoch: Option<u32>,
    files: &[PathBuf],
    consent: Consent,
) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let policy = &trusted.policy;
    if policy.newest_rules().wallet(wallet).is_none() {
        return Err(Failure::refused(format!("the rules list no wallet {wallet}"))
            .next("look at `bursar wallet list`"));
    }
    let epoch = match epoch {
        Some(epoch) => epoch,
        None => next_epoch(&client, wallet).await?,
    };
    let text = refresh_text(wallet, epoch);
    let mut orders = Vec::new();
    for file in files {
        orders.push(read_order(file)?);
    }
    let question = format!("You are about to order: {text}.");
    confirm(consent, &question, "the wallet's number", &wallet.to_string())?;
    let digest = policy.order_digest(REFRESH_DOMAIN, text.as_bytes());
    orders.retain(|order: &VersionSignature| order.principal != *client.principal());
    orders.push(VersionSignature::sign(&digest, client.key(), client.principal().clone()));
    if let Err(missing) = policy.verify_quorum(REFRESH_DOMAIN, text.as_bytes(), &orders) {
        return hand_on(desk, &client, wallet, epoch, &orders, &missing.to_string());
    }
    let opened = client.refresh_wallet(wallet, &RefreshWallet { epoch, orders }).await?;
    let sheet = ceremony::follow(&client, &opened.ceremony).await?;
    // The key is the same as before, or it is not this wallet's.
    let signed = policy.newest_rules().wallet(wallet);
    let same = sheet.entry.as_ref().zip(signed).is_some_and(|(shown, signed)| {
        shown.public_key == signed.public_key
            && shown.chain_code == signed.chain_code
            && shown.fingerprint == signed.fingerprint
    });
    match signed {
        Some(signed) if same => Answer::new(ceremony::text(&sheet, &trusted.addresses(signed)?), &sheet),
        _ => Err(Failure::refused("the refreshed key is not the one that the admins signed")
            .next("look at each co-signer's own terminal; send nothing to its addresses")),
    }
}

async fn next_epoch(client: &OperatorClient, wallet: WalletId) -> Result<u32, Failure> {
    let sheets = client.wallets().await?;
    let holders = sheets.iter().filter(|sheet| sheet.entry.id == wallet).flat_map(|sheet| &sheet.holders);
    holders
        .map(|(_, epoch)| *epoch)
        .max()
        .and_then(|epoch| epoch.checked_add(1))
        .ok_or_else(|| Failure::refused("no connected co-signer holds a share of it").next("say --epoch"))
}

fn read_order(path: &Path) -> Result<VersionSignature, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} is no signed order: {error}", path.display())))
}

/// Writes our order for the next admin.
fn hand_on(
    desk: &Desk,
    client: &OperatorClient,
    wallet: WalletId,
    epoch: u32,
    orders: &[VersionSignature],
    missing: &str,
) -> Result<Answer, Failure> {
    let path = desk.folder().join(format!("refresh-{wallet}-{epoch}-{}.json", client.principal()));
    let ours = orders.iter().find(|order| order.principal == *client.principal());
    let text = serde_json::to_vec(&ours).map_err(|error| Failure::refused(error.to_string()))?;
    seal::write_atomically(&path, &text, 0o644).map_err(|error| Failure::caused(&error))?;
    let text = format!(
        "your order is in {}\nit takes more: {missing}\nthe next admin says: bursar wallet refresh {wallet} --epoch {epoch} --order {}\n",
        path.display(),
        path.display()
    );
    Answer::new(text, &json!({ "file": path, "missing": missing }))
}
