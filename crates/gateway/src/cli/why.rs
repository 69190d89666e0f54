//! `bursar why CID`

use std::fmt::Write as _;

use payout::ids::Cid;

use super::answer::Answer;
use super::desk::Desk;
use super::failure::Failure;
use super::table::harmless;
use super::time::{span, utc};
use crate::node::Account;
use crate::operator::payouts::why::{CosignerStory, FeeStory, NeverStory, RelatedStory, SessionStory, Why};
use crate::operator::status::NodeLine;

pub(super) async fn run(desk: &Desk, cid: Cid) -> Result<Answer, Failure> {
    let why = desk.client()?.why(cid).await?;
    Answer::new(text(&why), &why)
}

/// The whole story, most important first.
pub(super) fn text(why: &Why) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "Payout {}: status {}, {}", why.cid, why.status, why.state);
    let _ = writeln!(out, "  {}", harmless(&why.story));
    if let Some(wait) = &why.wait {
        let since = why.waiting_since.map_or_else(String::new, |since| format!(" (since {})", utc(since)));
        let _ = writeln!(out, "  waits: {}{since}", harmless(&wait.reason));
    }
    for pause in &why.pauses {
        let _ = writeln!(out, "  paused: {}", harmless(pause));
    }
    if !why.next_actions.is_empty() {
        out.push_str("What can be done\n");
    }
    for action in &why.next_actions {
        let _ = writeln!(out, "  - {}", harmless(action));
    }
    rule(&mut out, why);
    if let Some(token) = &why.token {
        let place = why.lane.position.map_or_else(String::new, |position| {
            format!(", number {position} of {} in flight", why.lane.in_flight.len())
        });
        let _ = writeln!(out, "Token\n  {token} of {}{place}", why.lane.from);
    }
    for RelatedStory { cid, kind, status, state, wait } in &why.related {
        let waits = wait.as_ref().map_or_else(String::new, |wait| format!(": {}", harmless(&wait.reason)));
        let _ = writeln!(out, "  also spent by {kind} {cid} (status {status}, {state}){waits}");
    }
    if !why.lane.in_flight.is_empty() {
        let window = why.lane.window.map_or_else(String::new, |window| format!(" of {window}"));
        let _ = writeln!(out, "In flight from {}: {}{window}", why.lane.from, why.lane.in_flight.len());
        for taken in &why.lane.in_flight {
            let _ = writeln!(out, "  {} payout {} (status {})", taken.token, taken.cid, taken.status);
        }
    }
    let _ = writeln!(out, "Fee\n  {}", fee(&why.fee));
    for session in &why.sessions {
        story(&mut out, session);
    }
    for NeverStory { name, reason, at } in &why.nevers {
        let _ = writeln!(out, "{name} will never sign it (since {}): {}", utc(*at), harmless(reason));
    }
    if !why.nodes.is_empty() {
        out.push_str("Nodes\n");
    }
    for node in &why.nodes {
        let _ = writeln!(out, "  {}", node_text(node));
    }
    for Account { node, says } in &why.accounts {
        let _ = writeln!(out, "  {} says of it: {}", harmless(node), harmless(says));
    }
    out
}

fn rule(out: &mut String, why: &Why) {
    let rule = &why.rule;
    let _ = writeln!(out, "Rule\n  {} of version {} decided: {}", rule.rule, rule.version, rule.outcome);
    for verdict in &rule.before {
        let _ = writeln!(out, "  not {}: {}", verdict.rule, harmless(&verdict.because));
    }
    for remark in &rule.remarks {
        let _ = writeln!(out, "  note: {remark}");
    }
    for remark in &why.approvals.remarks {
        let _ = writeln!(out, "  note: {}", harmless(remark));
    }
}

fn fee(fee: &FeeStory) -> String {
    let show = |amount: payout::money::Amount| match fee.decimals {
        Some(decimals) => format!("{} {}", amount.to_decimal(decimals), fee.coin),
        None => format!("{amount} base units of {}", fee.coin),
    };
    match fee.at_most {
        Some(at_most) => format!("at most {} is burnt; the cap is {}", show(at_most), show(fee.cap)),
        None => format!("not built yet; the cap is {}", show(fee.cap)),
    }
}

fn story(out: &mut String, session: &SessionStory) {
    let outcome = match &session.outcome {
        store::SessionOutcome::Open => "open".to_owned(),
        store::SessionOutcome::Signed => "signed".to_owned(),
        store::SessionOutcome::Refused => "refused".to_owned(),
        store::SessionOutcome::Aborted { why } => format!("broke off: {}", harmless(why)),
    };
    let who = session.participants.join(", ");
    let took =
        session.closed.map_or_else(String::new, |end| format!(" after {}", span(end.since(session.opened))));
    let _ = writeln!(out, "Signing session of {} with {who}: {outcome}{took}", utc(session.opened));
    for CosignerStory { name, checks, refusal } in &session.cosigners {
        match refusal {
            Some(refusal) => {
                let _ = writeln!(
                    out,
                    "  {name} refused at {} ({}): {}",
                    refusal.check,
                    refusal.finality,
                    harmless(&refusal.reason)
                );
            }
            None if checks.is_empty() => {
                let _ = writeln!(out, "  {name} has not answered");
            }
            None => {
                let _ = writeln!(out, "  {name} checked");
                for check in checks {
                    let _ = writeln!(out, "    {}", harmless(check));
                }
            }
        }
    }
}

/// A node in a line.
pub(super) fn node_text(node: &NodeLine) -> String {
    match (&node.error, node.height, node.lag_ms) {
        (Some(error), _, _) => format!("{}: {}", node.node, harmless(error)),
        (None, Some(height), Some(lag)) => format!("{}: block {height}, {} old", node.node, span(lag)),
        (None, _, _) => format!("{}: no block", node.node),
    }
}
