//! `bursar payout`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use payout::approval::Act;
use payout::coin::CoinId;
use payout::ids::{Cid, PrincipalId, ProjectId, ThirdPartyId, WalletId};
use payout::intent::Intent;
use payout::money::{Amount, MAX_DECIMALS};
use payout::policy::Rules;
use serde_json::{Value, json};
use wire::message::StopAct;

use super::answer::Answer;
use super::desk::{Consent, Desk, confirm};
use super::failure::Failure;
use super::intent::{self, Reading};
use super::remedy::{self, RaiseCapArgs, VoidArgs};
use super::table::{fields, harmless, table};
use super::time::utc;
use crate::accept::person::business_number;
use crate::operator::payouts::apply::ApplicationBody;
use crate::operator::payouts::list::{ListQuery, PayoutLine};
use crate::operator::payouts::show::PayoutSheet;

#[derive(Debug, Subcommand)]
pub(super) enum PayoutCommand {
    /// Lists payouts, newest first.
    List(ListArgs),
    /// Shows a payout, whole.
    Show {
        /// Its number.
        cid: Cid,
    },
    /// Signs an approval, after showing what is approved.
    Approve(ActArgs),
    /// Signs a rejection, which ends the payout.
    Reject(ActArgs),
    /// Signs a withdrawal, which ends the payout.
    Withdraw(ActArgs),
    /// Applies for a payout.
    Create(CreateArgs),
    /// Orders that a payout which is stuck is paid under a higher fee cap.
    RaiseCap(RaiseCapArgs),
    /// Orders that the token of a payout which is stuck is spent on nothing, so that those behind it go on.
    Void(VoidArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Of this project.
    #[arg(long)]
    project: Option<ProjectId>,
    /// At these statuses: the API's integers, such as 0,5.
    #[arg(long)]
    status: Option<String>,
    /// Older than this one.
    #[arg(long)]
    before: Option<Cid>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Args)]
pub(super) struct ActArgs {
    /// The payout's number.
    cid: Cid,
    /// Signs without asking: for scripts whose author has looked elsewhere.
    #[arg(long)]
    yes: bool,
    /// Writes a signed rejection or withdrawal to a file in place of sending it: `bursar-cosigner stop FILE` delivers it
    /// past every gateway.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// In whose books.
    #[arg(long)]
    project: ProjectId,
    /// How much, in token units.
    #[arg(long)]
    amount: String,
    /// The coin: its name, or chain_id@token_id.
    #[arg(long)]
    currency: String,
    /// The recipient's address.
    #[arg(long)]
    to: String,
    /// The paying wallet; the project's default otherwise.
    #[arg(long)]
    wallet: Option<WalletId>,
    /// The paying address; the wallet's payout address otherwise.
    #[arg(long)]
    from: Option<String>,
    /// Destination tag or comment.
    #[arg(long)]
    memo: Option<String>,
    /// For the books.
    #[arg(long)]
    remark: Option<String>,
    /// Where the end is told.
    #[arg(long)]
    callback: Option<String>,
    /// The compliance department's reference.
    #[arg(long)]
    reference: Option<String>,
    /// The number in the project's books; a fresh one otherwise.
    #[arg(long)]
    number: Option<ThirdPartyId>,
    /// Signs without asking.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(desk: &Desk, command: PayoutCommand) -> Result<Answer, Failure> {
    match command {
        PayoutCommand::List(args) => list(desk, args).await,
        PayoutCommand::Show { cid } => {
            let sheet = desk.client()?.payout(cid).await?;
            Answer::new(show(&sheet), &sheet)
        }
        PayoutCommand::Approve(args) => act(desk, args, Act::Approve).await,
        PayoutCommand::Reject(args) => act(desk, args, Act::Reject).await,
        PayoutCommand::Withdraw(args) => act(desk, args, Act::Withdraw).await,
        PayoutCommand::Create(args) => create(desk, args).await,
        PayoutCommand::RaiseCap(args) => remedy::raise_cap(desk, args).await,
        PayoutCommand::Void(args) => remedy::void(desk, args).await,
    }
}

async fn list(desk: &Desk, args: ListArgs) -> Result<Answer, Failure> {
    let ListArgs { project, status, before, limit } = args;
    let query = ListQuery { project, status, kind: None, before, limit: Some(limit) };
    let lines = desk.client()?.payouts(&query).await?;
    Answer::new(lines_text(&lines), &lines)
}

/// A table of payouts.
pub(super) fn lines_text(lines: &[PayoutLine]) -> String {
    if lines.is_empty() {
        return "no payouts\n".to_owned();
    }
    let row = |line: &PayoutLine| {
        [
            line.cid.to_string(),
            line.status.to_string(),
            line.state.clone(),
            format!("{} {}", line.amount, harmless(&line.currency)),
            line.to.to_string(),
            utc(line.created),
            line.wait.as_ref().map_or_else(String::new, |wait| harmless(&wait.reason)),
        ]
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    table(["PAYOUT", "ST", "STATE", "AMOUNT", "TO", "MADE", "WAITS FOR"], &rows)
}

fn show(sheet: &PayoutSheet) -> String {
    let intent: Option<Intent> = payout::canonical::parse(&sheet.intent).ok();
    let mut lines = vec![("status", format!("{} ({})", sheet.status, sheet.state.name()))];
    if let Some(intent) = &intent {
        lines.push(("pays", format!("{} of {}@{}", intent.amount_text, intent.chain_id, intent.token_id)));
        lines.push(("to", intent.to.to_string()));
        lines.push(("from", format!("{} (wallet {})", intent.from, intent.wallet)));
        lines.push(("rule", format!("{}, version {}", intent.rule, intent.rules_version)));
        lines.push(("their number", harmless(intent.third_party_id.as_str())));
    }
    if let Some(wait) = &sheet.wait {
        lines.push(("waits for", harmless(&wait.reason)));
        lines.push(("next", harmless(&wait.next_action)));
    }
    if !sheet.steps.is_empty() {
        let given: Vec<&str> = sheet.progress.given.iter().map(|id| id.as_str()).collect();
        lines.push((
            "approvals",
            format!("{} of {} steps; by {}", sheet.progress.steps_done, sheet.steps.len(), given.join(", ")),
        ));
    }
    if let Some(txid) = sheet.state.txid() {
        lines.push(("transaction", txid.to_owned()));
    }
    if let Some(url) = &sheet.terms.callback_url {
        lines.push(("callback", harmless(url)));
    }
    lines.push(("digest", sheet.digest.to_string()));
    let mut text = format!("Payout {}\n{}", sheet.cid, fields(&lines));
    text.push_str("History\n");
    for entry in &sheet.history {
        text.push_str(&format!("  {}  {}\n", utc(entry.at), happened(&entry.record)));
    }
    text
}

/// An entry of the history in a word or two.
fn happened(record: &payout::life::Record) -> String {
    match record {
        payout::life::Record::Accepted { state, .. } => format!("accepted as {}", state.name()),
        payout::life::Record::Event(event) => {
            let value = serde_json::to_value(event).unwrap_or_default();
            let name = value.get("event").and_then(|name| name.as_str()).unwrap_or("event").replace('_', " ");
            match value.get("by").and_then(|by| by.as_str()) {
                Some(by) => format!("{name} by {by}"),
                None => name,
            }
        }
    }
}

async fn act(desk: &Desk, args: ActArgs, act: Act) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let sheet = client.payout(args.cid).await?;
    let Reading { intent, digest, text } = intent::read(&sheet.intent, &trusted.policy)?;
    if intent.cid != args.cid || digest != sheet.digest {
        return Err(Failure::refused(format!(
            "the gateway shows payout {} in place of {}",
            intent.cid, args.cid
        ))
        .next("sign nothing; tell the admins"));
    }
    let question = format!("{text}\nYou are about to {act} this payout.");
    confirm(
        Consent::of(args.yes),
        &question,
        "the first 8 digits of the digest",
        &intent::beginning(&digest),
    )?;
    let signed = client.sign_act(act, digest)?;
    if let Some(path) = args.output {
        if !act.is_stop() {
            return Err(Failure::usage("co-signers take rejections and withdrawals by file, nothing else"));
        }
        let stop = StopAct { intent: sheet.intent, act: signed };
        return write_orders(&path, &json!({ "acts": [stop] }));
    }
    let acted = client.act(args.cid, &signed).await?;
    if let Some(journaled) = &acted.requested {
        let who = if journaled.is_empty() { "no co-signer yet".to_owned() } else { journaled.join(", ") };
        let text = format!(
            "payout {}: co-signers were asked to sign before this came, so it is only requested (journaled by {who})\n  \
             next: `bursar why {}` says whether it came in time\n",
            args.cid, args.cid
        );
        return Answer::new(text, &acted);
    }
    let words = match (act, acted.complete) {
        (Act::Approve, true) => "approved; all approvals are there".to_owned(),
        (Act::Approve, false) => format!("approved; {} more in this step", acted.missing),
        (Act::Reject, _) => "rejected".to_owned(),
        (Act::Withdraw, _) => "withdrawn".to_owned(),
        (Act::Apply, _) => "applied".to_owned(),
    };
    Answer::new(format!("payout {}: {words} (status {}, {})\n", args.cid, acted.status, acted.state), &acted)
}

/// Writes signed orders as `bursar-cosigner stop` takes them.
pub(super) fn write_orders(path: &Path, orders: &Value) -> Result<Answer, Failure> {
    seal::write_atomically(path, format!("{orders:#}\n").as_bytes(), 0o644)
        .map_err(|error| Failure::caused(&error))?;
    let path = path.display();
    let text = format!(
        "written to {path}; nothing was sent\n  next: on each co-signer's machine: bursar-cosigner stop {path}\n"
    );
    Answer::new(text, orders)
}

async fn create(desk: &Desk, args: CreateArgs) -> Result<Answer, Failure> {
    let (client, trusted) = desk.trusted().await?;
    let number = match args.number {
        Some(number) => number,
        None => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)
                .map_err(|_| Failure::refused("the operating system gives no randomness"))?;
            business_number(bytes)
        }
    };
    let application = ApplicationBody {
        project: args.project,
        wallet_id: args.wallet,
        currency: args.currency,
        from_address: args.from,
        to_address: args.to,
        amount: args.amount,
        callback_url: args.callback,
        third_party_id: number,
        remark: args.remark,
        memo: args.memo,
        compliance_ref: args.reference,
    };
    let draft = client.draft(&application).await?;
    let Reading { intent, digest, text } = intent::read(&draft.intent, &trusted.policy)?;
    same(&application, &intent, client.principal(), trusted.policy.newest_rules())?;
    let question = format!("{text}\nYou are about to apply for this payout.");
    confirm(
        Consent::of(args.yes),
        &question,
        "the first 8 digits of the digest",
        &intent::beginning(&digest),
    )?;
    let applied = client.apply(application, &intent).await?;
    Answer::new(format!("payout {} is applied for\n", applied.cid), &applied)
}

/// The draft says what was asked for: a person who is in a hurry is not the only one who compares.
fn same(
    asked: &ApplicationBody,
    intent: &Intent,
    applicant: &PrincipalId,
    rules: &Rules,
) -> Result<(), Failure> {
    let network = rules.network(&intent.chain_id);
    let canonical = |text: &str| {
        let network = network?;
        chain::family(network.family).parse_address(&network.network_id, text).ok()
    };
    let recipient = network.and_then(|network| {
        let memo = asked.memo.as_deref();
        chain::family(network.family).payee(&network.network_id, &asked.to_address, memo).ok()
    });
    let coin = CoinId { chain_id: intent.chain_id.clone(), token_id: intent.token_id.clone() };
    let figure = |text: &str| Amount::parse(text, MAX_DECIMALS).ok();
    let from = asked.from_address.as_deref();
    let fields = [
        ("project", intent.project == asked.project),
        ("number", intent.third_party_id == asked.third_party_id),
        ("applicant", intent.applicant.as_ref() == Some(applicant)),
        ("coin", rules.coin_named(&asked.currency).is_some_and(|named| named.id() == coin)),
        ("amount", figure(&intent.amount_text) == figure(&asked.amount)),
        ("recipient", recipient.as_ref().is_some_and(|recipient| recipient.address == intent.to)),
        ("wallet", asked.wallet_id.is_none_or(|wallet| wallet == intent.wallet)),
        ("paying address", from.is_none_or(|from| canonical(from).as_ref() == Some(&intent.from))),
        ("memo", recipient.is_some_and(|recipient| recipient.memo == intent.memo)),
        ("reference", intent.compliance_ref == asked.compliance_ref),
    ];
    match fields.into_iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((field, _)) => {
            Err(Failure::refused(format!("the gateway's draft has another {field} than you asked for"))
                .next("sign nothing; tell the admins"))
        }
    }
}
