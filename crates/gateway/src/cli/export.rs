//! `bursar export` and `bursar verify`: a payout that proves itself without any server.

use std::path::PathBuf;

use clap::Args;
use payout::approval::Act;
use payout::ids::Cid;
use payout::intent::Intent;
use payout::life::{Requirement, verify_history};
use payout::policy::{Genesis, SignedVersion, progress};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, Outcome};
use super::desk::Desk;
use super::failure::Failure;
use super::trust::{self, Trusted};
use crate::operator::payouts::show::PayoutSheet;

/// The only layout there is.
const FORMAT: &str = "bursar-export/1";

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The payout's number.
    cid: Cid,
    /// The file; payout-CID.json otherwise.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The exported file.
    file: PathBuf,
}

/// An exported payout.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    format: String,
    /// As the gateway shows it.
    payout: PayoutSheet,
    /// The policy's signed versions, so that keys and rules can be judged with the genesis file alone.
    versions: Vec<SignedVersion>,
}

pub(super) async fn export(desk: &Desk, args: ExportArgs) -> Result<Answer, Failure> {
    let client = desk.client()?;
    let payout = client.payout(args.cid).await?;
    let export = Export { format: FORMAT.to_owned(), payout, versions: client.policy_versions().await? };
    let path = args.output.unwrap_or_else(|| PathBuf::from(format!("payout-{}.json", args.cid)));
    let text = serde_json::to_vec_pretty(&export).map_err(|error| Failure::refused(error.to_string()))?;
    seal::write_atomically(&path, &text, 0o644).map_err(|error| Failure::caused(&error))?;
    Answer::new(
        format!(
            "written to {}\n  next: anybody with the genesis file checks it: bursar verify {}\n",
            path.display(),
            path.display()
        ),
        &json!({ "file": path }),
    )
}

pub(super) fn verify(desk: &Desk, args: &VerifyArgs) -> Result<Answer, Failure> {
    let text = std::fs::read_to_string(&args.file)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", args.file.display())))?;
    let export: Export = serde_json::from_str(&text)
        .map_err(|error| Failure::refused(format!("{} is no export: {error}", args.file.display())))?;
    if export.format != FORMAT {
        return Err(Failure::refused(format!(
            "its format is {:?}; this program knows {FORMAT:?}",
            export.format
        )));
    }
    let genesis = trust::genesis(desk)?.ok_or_else(|| {
        Failure::refused("there is no genesis file to check it against").next("say --genesis FILE")
    })?;
    let findings = check(export, genesis)?;
    let failed = findings.iter().filter(|finding| finding.wrong.is_some()).count();
    let mut text = String::new();
    for Finding { what, wrong } in &findings {
        match wrong {
            None => text.push_str(&format!("ok     {what}\n")),
            Some(why) => text.push_str(&format!("WRONG  {what}: {why}\n")),
        }
    }
    let outcome = if failed == 0 { Outcome::Done } else { Outcome::Refused };
    let value: Vec<_> = findings.iter().map(|one| json!({ "check": one.what, "wrong": one.wrong })).collect();
    Ok(Answer::new(text, &value)?.with(outcome))
}

/// One check.
struct Finding {
    what: &'static str,
    wrong: Option<String>,
}

fn finding<E: ToString>(what: &'static str, result: Result<(), E>) -> Finding {
    Finding { what, wrong: result.err().map(|why| why.to_string()) }
}

fn check(export: Export, genesis: Genesis) -> Result<Vec<Finding>, Failure> {
    let Export { format: _, payout: sheet, versions } = export;
    let Trusted { policy, .. } = Trusted::verify(genesis, versions)?;
    let intent: Intent = payout::canonical::parse(&sheet.intent)
        .map_err(|error| Failure::refused(format!("its intent is {error}")))?;
    let mut findings = vec![
        finding("the policy's versions follow from your genesis file", Ok::<(), String>(())),
        finding("the intent belongs to this deployment", equal(&intent.deployment, &policy.deployment())),
        finding("the digest is the intent's", equal(&intent.digest(), &sheet.digest)),
    ];
    let history = verify_history(sheet.cid, &sheet.history);
    findings.push(finding(
        "the history is whole, unaltered and possible",
        history.as_ref().map(|_| ()).map_err(ToString::to_string),
    ));
    if let Ok(told) = &history {
        findings
            .push(finding("the history is about this intent", equal(&told.intent.digest(), &sheet.digest)));
        findings
            .push(finding("the history leads to the state that is shown", equal(&told.state, &sheet.state)));
        findings
            .push(finding("the status is that state's", equal(&told.state.status().code(), &sheet.status)));
    }
    for act in &sheet.acts {
        findings.push(finding("a signature of an act verifies", act.verify()));
    }
    findings.push(finding("approvals, where it was signed", approvals(&sheet, &intent, &policy)));
    Ok(findings)
}

fn equal<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found:?} in place of {expected:?}")) }
}

/// Whoever signed it needed its rule's approvals. They are judged by the newest people: an approver who has left since is
/// reported as such, and the version that removed them shows when.
fn approvals(sheet: &PayoutSheet, intent: &Intent, policy: &payout::policy::Policy) -> Result<(), String> {
    if sheet.state.txid().is_none() {
        return Ok(());
    }
    let rule = policy.rules(intent.rules_version).and_then(|rules| rules.rule(&intent.rule));
    let rule = rule.ok_or_else(|| {
        format!("version {} of the rules has no rule {}", intent.rules_version, intent.rule)
    })?;
    let steps = match rule.outcome.requirement() {
        None => return Err(format!("rule {} denies", intent.rule)),
        Some(Requirement::Nobody) => return Ok(()),
        Some(Requirement::Steps(steps)) => steps,
    };
    // Approvals alone: a withdrawal that came after signing stopped nothing.
    let acts: Vec<_> =
        sheet.acts.iter().filter(|act| matches!(act.act, Act::Approve | Act::Apply)).cloned().collect();
    let reached =
        progress(&steps, policy.people(), intent, &sheet.digest, &acts).map_err(|why| why.to_string())?;
    if reached.complete {
        return Ok(());
    }
    let ignored: Vec<String> = reached.ignored.iter().map(|(_, why)| why.to_string()).collect();
    Err(format!(
        "by the newest people, step {} of {} is not filled{}{}",
        reached.step + 1,
        steps.len(),
        if ignored.is_empty() { "" } else { ": " },
        ignored.join("; ")
    ))
}
