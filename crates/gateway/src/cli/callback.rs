//! `bursar callback`

use clap::Subcommand;
use payout::ids::{Cid, ProjectId};
use serde_json::json;

use super::answer::{Answer, Outcome};
use super::desk::Desk;
use super::failure::Failure;
use super::table::{harmless, table};
use super::time::utc;
use crate::operator::callbacks::{CallbackQuery, CallbackSheet, CallbackTest, CallbackTested};

#[derive(Debug, Subcommand)]
pub(super) enum CallbackCommand {
    /// Lists callbacks, newest first; of one payout with every try.
    List {
        /// Of this payout.
        #[arg(long)]
        cid: Option<Cid>,
        /// pending, delivered or failed.
        #[arg(long)]
        state: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Sends a payout's callback again, with a fresh schedule.
    Resend {
        /// The payout's number.
        cid: Cid,
    },
    /// Sends a callback with invented figures once, to see whether the receiver understands it.
    Test {
        /// The project whose key signs.
        #[arg(long)]
        project: ProjectId,
        /// Where to.
        #[arg(value_name = "URL")]
        receiver: String,
    },
}

pub(super) async fn run(desk: &Desk, command: CallbackCommand) -> Result<Answer, Failure> {
    let client = desk.client()?;
    match command {
        CallbackCommand::List { cid, state, limit } => {
            let sheets = client.callbacks(&CallbackQuery { cid, state, limit: Some(limit) }).await?;
            Answer::new(list(&sheets), &sheets)
        }
        CallbackCommand::Resend { cid } => {
            client.resend(cid).await?;
            Answer::new(format!("the callback of payout {cid} is sent again\n"), &json!({ "cid": cid }))
        }
        CallbackCommand::Test { project, receiver } => {
            let tested = client.test_callback(&CallbackTest { project, url: receiver }).await?;
            let outcome = if tested.delivered { Outcome::Done } else { Outcome::Refused };
            Ok(Answer::new(tested_text(&tested), &tested)?.with(outcome))
        }
    }
}

fn list(sheets: &[CallbackSheet]) -> String {
    if sheets.is_empty() {
        return "no callbacks\n".to_owned();
    }
    let rows: Vec<_> = sheets
        .iter()
        .map(|sheet| {
            [
                sheet.cid.to_string(),
                sheet.status.to_string(),
                sheet.state.clone(),
                sheet.attempt.to_string(),
                utc(sheet.updated),
                harmless(&sheet.url),
            ]
        })
        .collect();
    let mut text = table(["PAYOUT", "ST", "STATE", "TRIES", "CHANGED", "URL"], &rows);
    for one in sheets.iter().flat_map(|sheet| &sheet.tries) {
        let how = match (one.http_status, &one.error) {
            (Some(status), _) => format!("HTTP {status}, {:?}", one.reply_head),
            (None, Some(error)) => harmless(error),
            (None, None) => "no answer".to_owned(),
        };
        text.push_str(&format!("  try {} at {}: {how} ({} ms)\n", one.attempt, utc(one.at), one.duration_ms));
    }
    text
}

fn tested_text(tested: &CallbackTested) -> String {
    let CallbackTested { delivered, http_status, reply_head, error, duration_ms } = tested;
    let how = match (http_status, error) {
        (Some(status), _) => format!("HTTP {status}, {reply_head:?}, after {duration_ms} ms"),
        (None, Some(error)) => harmless(error),
        (None, None) => "no answer".to_owned(),
    };
    if *delivered {
        format!("understood: {how}\n")
    } else {
        format!(
            "not understood: {how}\n  next: the receiver checks the signature and answers HTTP 200 with the text success\n"
        )
    }
}
