//! `bursar freeze`

use std::path::PathBuf;

use clap::Subcommand;
use payout::approval::{Freeze, FreezeOrder};
use serde_json::json;

use super::answer::Answer;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::payout::write_orders;
use super::table::harmless;
use super::time::utc;
use crate::clock;
use crate::operator::freezes::{FreezeReceipt, FreezeSheet};

#[derive(Debug, Subcommand)]
pub(super) enum FreezeCommand {
    /// Stops all signing of the deployment; one admin suffices.
    Now {
        /// Why.
        reason: String,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
        /// Writes the order to a file in place of sending it: `bursar-cosigner stop FILE` delivers it past every
        /// gateway. Needs the genesis file, and no gateway.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Signs that it may go on; the admins' quorum must.
    Lift {
        /// Why.
        reason: String,
        /// Signs without asking.
        #[arg(long)]
        yes: bool,
        /// Writes the order to a file in place of sending it: `bursar-cosigner stop FILE` delivers it past every
        /// gateway. Needs the genesis file, and no gateway.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Shows the freeze in force, and what was ordered.
    Show,
}

pub(super) async fn run(desk: &Desk, command: FreezeCommand) -> Result<Answer, Failure> {
    match command {
        FreezeCommand::Now { reason, yes, output } => {
            order(desk, Freeze::Freeze, reason, Consent::of(yes), output).await
        }
        FreezeCommand::Lift { reason, yes, output } => {
            order(desk, Freeze::Lift, reason, Consent::of(yes), output).await
        }
        FreezeCommand::Show => {
            let sheet = desk.client()?.freezes().await?;
            Answer::new(show(&sheet), &sheet)
        }
    }
}

async fn order(
    desk: &Desk,
    order: Freeze,
    reason: String,
    consent: Consent,
    output: Option<PathBuf>,
) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let (question, word) = match order {
        Freeze::Freeze => {
            ("You are about to stop all signing. Lifting it takes the admins' quorum.", "freeze")
        }
        Freeze::Lift => ("You are about to sign that signing may go on.", "lift"),
    };
    confirm(consent, question, &format!("the word {word}"), word)?;
    let deployment = client.deployment().await?;
    let signed =
        FreezeOrder::sign(client.key(), client.principal().clone(), deployment, order, reason, clock::now());
    if let Some(path) = output {
        return write_orders(&path, &json!({ "freezes": [signed] }));
    }
    let receipt = client.freeze(&signed).await?;
    Answer::new(receipt_text(&receipt), &receipt)
}

fn receipt_text(receipt: &FreezeReceipt) -> String {
    let FreezeReceipt { frozen, journaled_by } = receipt;
    let state = if *frozen { "signing is frozen" } else { "no freeze is in force" };
    let who = if journaled_by.is_empty() { "no co-signer yet".to_owned() } else { journaled_by.join(", ") };
    format!("{state}\njournaled by: {who}; the others get the order when they connect\n")
}

fn show(sheet: &FreezeSheet) -> String {
    let mut text = match &sheet.in_force {
        Some(order) => {
            format!("frozen by {} since {}: {}\n", order.principal, utc(order.at), harmless(&order.reason))
        }
        None => "no freeze is in force\n".to_owned(),
    };
    for FreezeOrder { order, principal, at, reason, .. } in &sheet.orders {
        let word = match order {
            Freeze::Freeze => "freeze",
            Freeze::Lift => "lift",
        };
        text.push_str(&format!("  {}  {word} by {principal}: {}\n", utc(*at), harmless(reason)));
    }
    text
}
