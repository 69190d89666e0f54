//! `bursar doctor`

use clap::Args;

use super::answer::{Answer, Outcome};
use super::desk::Desk;
use super::failure::{Failure, chain};
use super::trust;
use crate::clock;
use crate::config::Config;
use crate::doctor::{Finding, Findings, Severity, offline, online, wallets};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Looks at files only.
    #[arg(long)]
    offline: bool,
}

pub(super) async fn run(desk: &Desk, args: DoctorArgs) -> Result<Answer, Failure> {
    let mut findings = Findings::default();
    let config = files(desk, &mut findings);
    if !args.offline {
        gateway(desk, config.as_ref(), &mut findings).await;
    }
    let list = findings.list();
    let worst = list.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Good);
    let outcome = if worst == Severity::Error { Outcome::Refused } else { Outcome::Done };
    Ok(Answer::new(text(&list), &list)?.with(outcome))
}

fn files(desk: &Desk, findings: &mut Findings) -> Option<Config> {
    let path = &desk.global.config;
    if !path.exists() {
        findings.skipped(
            "files",
            format!("there is no {} here, so this is no gateway's folder", path.display()),
            "say --config FILE on the gateway's machine, or `bursar init` for a new one",
        );
        return None;
    }
    match Config::read(path) {
        Ok(config) => {
            findings.good("configuration", path.display().to_string());
            offline::look(&config, findings);
            Some(config)
        }
        Err(error) => {
            findings.error(
                "configuration",
                chain(&error),
                "correct the file; `bursar init` writes a commented one elsewhere",
            );
            None
        }
    }
}

async fn gateway(desk: &Desk, config: Option<&Config>, findings: &mut Findings) {
    let genesis = trust::genesis(desk).ok().flatten();
    match desk.status().await {
        Ok(status) => {
            let deployment = genesis.as_ref().map(payout::policy::Genesis::deployment);
            online::judge(&status, config, deployment, clock::now(), findings);
        }
        Err(failure) => {
            findings.error(
                "gateway",
                failure.message(),
                "start `bursar serve`, or say where its operators' API is with --url",
            );
            return;
        }
    }
    if desk.global.who.is_none() && desk.global.key.is_none() {
        findings.skipped(
            "wallets",
            "not looked at, because it is not known who you are",
            "say --as NAME or --key FILE",
        );
        return;
    }
    let Some(config) = config else {
        findings.skipped(
            "wallets",
            "not looked at: their nodes stand in the gateway's configuration",
            "run this on the gateway's machine",
        );
        return;
    };
    match desk.trusted().await {
        Ok((_, trusted)) => {
            let policy = &trusted.policy;
            wallets::look(config, policy.newest_rules(), policy.environment(), findings).await;
        }
        Err(failure) => findings.error("wallets", failure.message(), "settle that first"),
    }
}

/// Worst last, where eyes end.
pub(super) fn text(list: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = list.iter().collect();
    sorted.sort_by_key(|finding| finding.severity);
    let mut text = String::new();
    for Finding { severity, about, what, next } in sorted {
        let mark = match severity {
            Severity::Good => "ok     ",
            Severity::Skipped => "skipped",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR  ",
        };
        text.push_str(&format!("{mark} {about}: {what}\n"));
        if let Some(next) = next {
            text.push_str(&format!("          next: {next}\n"));
        }
    }
    let count = |severity| list.iter().filter(|finding| finding.severity == severity).count();
    text.push_str(&format!("errors: {}, warnings: {}\n", count(Severity::Error), count(Severity::Warning)));
    text
}
