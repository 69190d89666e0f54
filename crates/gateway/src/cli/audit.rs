//! `bursar audit`

use clap::Args;
use serde_json::json;
use store::{AuditEntry, verify_audit};

use super::answer::{Answer, Outcome};
use super::desk::Desk;
use super::failure::Failure;
use super::table::harmless;
use super::time::utc;
use crate::client::OperatorClient;
use crate::operator::audit::{AuditLine, AuditQuery};

/// Lines that are asked for at once.
const PAGE: u32 = 1000;

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Lines after this one; the newest ones otherwise.
    #[arg(long)]
    after: Option<i64>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Reads the whole log and checks its hash chain.
    #[arg(long)]
    verify: bool,
}

pub(super) async fn run(desk: &Desk, args: AuditArgs) -> Result<Answer, Failure> {
    let client = desk.client()?;
    if args.verify {
        return verify(&client).await;
    }
    let lines = client.audit(&AuditQuery { after: args.after, limit: Some(args.limit) }).await?;
    Answer::new(lines.iter().map(line_text).collect::<String>(), &lines)
}

fn line_text(line: &AuditLine) -> String {
    let who = line.principal.as_ref().map_or("the gateway", |id| id.as_str());
    format!("{:>6}  {}  {who}  {}  {}\n", line.seq, utc(line.at), line.what, harmless(&line.detail))
}

async fn verify(client: &OperatorClient) -> Result<Answer, Failure> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let page = client.audit(&AuditQuery { after: Some(after), limit: Some(PAGE) }).await?;
        if page.is_empty() {
            break;
        }
        entries.extend(page.into_iter().map(AuditEntry::from));
    }
    let head = entries.last().map(|entry| entry.hash.to_string());
    match verify_audit(&entries) {
        Ok(()) => {
            let text = format!(
                "{} lines follow from each other; the newest hash is {}\n",
                entries.len(),
                head.as_deref().unwrap_or("-")
            );
            Answer::new(text, &json!({ "lines": entries.len(), "head": head }))
        }
        Err(broken) => {
            let text = format!("{broken}\n  next: somebody altered the database: compare with a backup\n");
            Ok(Answer::new(text, &json!({ "error": broken.to_string() }))?.with(Outcome::Refused))
        }
    }
}
