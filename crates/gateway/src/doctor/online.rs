//! What the running gateway says of itself, its co-signers and its nodes.

use payout::ids::Digest;
use payout::policy::Environment;
use payout::time::{CLOCK_SKEW_MS, Millis};

use super::Findings;
use crate::config::Config;
use crate::operator::cosigners::CosignerLine;
use crate::operator::status::{ChainLine, NodeLine, StatusSheet};

/// Clocks that differ by more are looked at.
const CLOCK_WARNING_MS: i64 = 2_000;
/// Co-signers hold at this difference.
const CLOCK_ERROR_MS: i64 = CLOCK_SKEW_MS;
/// A head that is older than this is late where the configuration says nothing.
const LAG_MS: i64 = 60_000;
/// A payout that is older than this and has not ended is looked at.
const OLD_MS: i64 = 3_600_000;

/// Judges what the gateway says. `deployment` is the genesis file's, `now` our own clock.
pub fn judge(
    status: &StatusSheet,
    config: Option<&Config>,
    deployment: Option<Digest>,
    now: Millis,
    findings: &mut Findings,
) {
    match deployment {
        Some(deployment) if deployment != status.deployment => findings.error(
            "gateway",
            format!("it serves the deployment {}, your genesis file is {deployment}", status.deployment),
            "check --url and --genesis",
        ),
        _ => findings.good("gateway", format!("{} answers ({})", status.name, status.software)),
    }
    clock(now.since(status.now), findings);
    cosigners(status, findings);
    for chain in &status.chains {
        nodes(chain, config, status.environment, findings);
    }
    queue(status, findings);
}

fn clock(off_ms: i64, findings: &mut Findings) {
    let words = format!("the gateway's clock differs from ours by {off_ms} ms");
    match off_ms.abs() {
        0..=CLOCK_WARNING_MS => findings.good("clock", words),
        ..CLOCK_ERROR_MS => findings.warning("clock", words, "let both machines keep time (NTP)"),
        _ => findings.error("clock", words, "let both machines keep time (NTP): co-signers hold at 30 s"),
    }
}

fn cosigners(status: &StatusSheet, findings: &mut Findings) {
    for CosignerLine { name, condition, why, behind, banned, .. } in &status.cosigners {
        let about = format!("co-signer {name}");
        let reason = why.clone().unwrap_or_default();
        match condition.as_str() {
            "ready" => findings.good(about.clone(), "ready"),
            "doubted" => findings.warning(about.clone(), reason, "look at its log if it happens again"),
            "absent" => findings.warning(about.clone(), "is not connected", reason),
            "quarantined" => findings.error(
                about.clone(),
                format!("is quarantined: {reason}"),
                "connect the other co-signers: it leaves quarantine when their journals have filled its own",
            ),
            "frozen" => findings.error(
                about.clone(),
                format!("is frozen: {reason}"),
                "the admins' quorum lifts it: `bursar freeze lift`",
            ),
            other => findings.warning(about.clone(), other, "compare its version with the gateway's"),
        }
        if !behind.is_empty() {
            let chains: Vec<&str> = behind.iter().map(|chain| chain.as_str()).collect();
            findings.warning(
                about.clone(),
                format!("lacks the newest {}", chains.join(", ")),
                "look at its log: it may have refused the version",
            );
        }
        if !banned.is_empty() {
            findings.error(
                about,
                format!("signs nothing with {banned:?}: they broke the protocol"),
                "find out why, then refresh the wallet's shares: `bursar wallet refresh`",
            );
        }
    }
    if status.can_sign {
        findings.good(
            "signing",
            format!("{} of {} are needed, and are there", status.threshold, status.cosigners.len()),
        );
    } else {
        findings.error(
            "signing",
            format!("fewer than {} co-signers are ready: nothing can be signed", status.threshold),
            "start the missing ones: `bursar cosigner list`",
        );
    }
}

fn nodes(chain: &ChainLine, config: Option<&Config>, environment: Environment, findings: &mut Findings) {
    let about = format!("nodes of chain {}", chain.chain_id);
    if chain.nodes.is_empty() {
        findings.error(
            about,
            "the rules list this chain, and no node is configured for it",
            "name two nodes in gateway.toml, [[chain]], and start the gateway again",
        );
        return;
    }
    let limit = config
        .and_then(|config| config.chain(&chain.chain_id))
        .map_or(LAG_MS, |chain| i64::from(chain.lag_limit_s) * 1000);
    let mut healthy = 0;
    for NodeLine { node, height, lag_ms, error } in &chain.nodes {
        match (error, height, lag_ms) {
            (Some(error), _, _) => {
                findings.error(about.clone(), format!("{node}: {error}"), "look at that node")
            }
            (None, Some(height), Some(lag)) if *lag > limit => findings.warning(
                about.clone(),
                format!("{node}: block {height} is {} s old", lag / 1000),
                "wait for it to catch up, or look at that node",
            ),
            (None, Some(height), _) => {
                healthy += 1;
                findings.good(about.clone(), format!("{node}: block {height}"));
            }
            (None, None, _) => {
                findings.error(about.clone(), format!("{node} shows no block"), "look at that node")
            }
        }
    }
    let needed = if environment == Environment::Production { 2 } else { 1 };
    if healthy < needed {
        findings.error(
            about,
            format!("{healthy} healthy nodes; a final status needs {needed} that agree"),
            "payouts wait meanwhile, nothing is lost: bring the nodes back",
        );
    }
}

fn queue(status: &StatusSheet, findings: &mut Findings) {
    let waiting: u64 = status.queue.iter().filter(|line| line.step.is_some()).map(|line| line.waiting).sum();
    if status.pauses > 0 {
        findings.warning("pauses", format!("{} pauses hold", status.pauses), "`bursar pause` lists them");
    }
    match status.oldest_ms {
        Some(age) if age > OLD_MS => findings.warning(
            "queue",
            format!("the oldest payout has been here for {} min; {waiting} say why they wait", age / 60_000),
            "`bursar payout list --status 0,5,1`, then `bursar why CID`",
        ),
        _ => findings.good("queue", format!("{waiting} payouts say why they wait")),
    }
}
