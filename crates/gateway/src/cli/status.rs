//! `bursar status`

use std::fmt::Write as _;

use super::answer::Answer;
use super::cosigner;
use super::desk::Desk;
use super::failure::Failure;
use super::table::{harmless, table};
use super::time::span;
use super::why::node_text;
use crate::operator::status::{QueueLine, StatusSheet};

pub(super) async fn run(desk: &Desk) -> Result<Answer, Failure> {
    let sheet = desk.status().await?;
    Answer::new(text(&sheet), &sheet)
}

/// The house on one screen.
pub(super) fn text(sheet: &StatusSheet) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(
        out,
        "{} ({}), deployment {}",
        harmless(&sheet.name),
        sheet.environment.as_str(),
        sheet.deployment
    );
    let heads = &sheet.heads;
    let _ = writeln!(
        out,
        "policy: rules {}, people {}, book {}",
        heads.rules.version, heads.people.version, heads.book.version
    );
    let signing =
        if sheet.can_sign { "enough co-signers are ready" } else { "NOT ENOUGH CO-SIGNERS ARE READY" };
    let _ = writeln!(out, "signing: {} of {}; {signing}\n", sheet.threshold, sheet.cosigners.len());
    if let Some(shut) = &sheet.shut {
        let _ = writeln!(out, "NOTHING IS SIGNED: {} (`bursar restore --check`)\n", harmless(shut));
    }
    out.push_str(&cosigner::list(&sheet.cosigners));
    for chain in &sheet.chains {
        let _ = writeln!(out, "\nchain {}", chain.chain_id);
        if chain.nodes.is_empty() {
            out.push_str("  NO NODE IS CONFIGURED\n");
        }
        for node in &chain.nodes {
            let _ = writeln!(out, "  {}", node_text(node));
        }
    }
    out.push('\n');
    out.push_str(&queue(&sheet.queue));
    if let Some(age) = sheet.oldest_ms {
        let _ = writeln!(out, "the oldest payout under way has been here for {}", span(age));
    }
    if sheet.pauses > 0 {
        let _ = writeln!(out, "pauses: {} (`bursar pause`)", sheet.pauses);
    }
    out
}

fn queue(lines: &[QueueLine]) -> String {
    if lines.is_empty() {
        return "no payouts\n".to_owned();
    }
    let row = |line: &QueueLine| {
        let step = line.step.clone().unwrap_or_else(|| "ended".to_owned());
        [line.status.to_string(), step, line.count.to_string(), line.waiting.to_string()]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    table(["STATUS", "STEP", "PAYOUTS", "WAITING"], &rows)
}
