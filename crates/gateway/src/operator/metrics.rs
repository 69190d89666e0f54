//! `GET /metrics`: the counters of the process, and gauges of the same figures as `/status`.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::fault::Fault;
use super::office::Office;
use super::status::{self, StatusSheet};

const END: &str = "# EOF\n";

pub(super) async fn handle(State(office): State<Arc<Office>>) -> Result<Response, Fault> {
    let counters = office.gateway.metrics.text();
    let sheet = status::sheet(&office).await?;
    let mut text = counters.strip_suffix(END).unwrap_or(&counters).to_owned();
    // Writing to a String cannot fail.
    let _ = gauges(&mut text, &sheet);
    text.push_str(END);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, kind)], text).into_response())
}

fn gauges(text: &mut String, sheet: &StatusSheet) -> std::fmt::Result {
    head(text, "payouts", "Payouts by status and the step that moves them on")?;
    for line in &sheet.queue {
        let step = line.step.as_deref().unwrap_or("ended");
        writeln!(text, "bursar_payouts{{status=\"{}\",step=\"{step}\"}} {}", line.status, line.count)?;
    }
    head(text, "payouts_waiting", "Payouts that say why they wait")?;
    for line in sheet.queue.iter().filter(|line| line.step.is_some()) {
        let step = line.step.as_deref().unwrap_or("ended");
        writeln!(
            text,
            "bursar_payouts_waiting{{status=\"{}\",step=\"{step}\"}} {}",
            line.status, line.waiting
        )?;
    }
    head(text, "oldest_payout_ms", "Age of the oldest payout that has not ended")?;
    writeln!(text, "bursar_oldest_payout_ms {}", sheet.oldest_ms.unwrap_or(0))?;
    head(text, "pauses", "Pauses that hold")?;
    writeln!(text, "bursar_pauses {}", sheet.pauses)?;
    head(text, "can_sign", "Whether enough co-signers are ready")?;
    writeln!(text, "bursar_can_sign {}", u8::from(sheet.can_sign))?;
    head(text, "cosigner_ready", "Whether a co-signer is connected and ready")?;
    for line in &sheet.cosigners {
        let ready = u8::from(matches!(line.condition.as_str(), "ready" | "doubted"));
        writeln!(text, "bursar_cosigner_ready{{cosigner=\"{}\"}} {ready}", label(&line.name))?;
    }
    head(text, "node_up", "Whether a node answers for its chain")?;
    for chain in &sheet.chains {
        for node in &chain.nodes {
            let up = u8::from(node.error.is_none());
            writeln!(
                text,
                "bursar_node_up{{chain=\"{}\",node=\"{}\"}} {up}",
                chain.chain_id,
                label(&node.node)
            )?;
        }
    }
    head(text, "node_lag_ms", "Age of a node's newest block")?;
    for chain in &sheet.chains {
        for node in &chain.nodes {
            let Some(lag) = node.lag_ms else { continue };
            writeln!(
                text,
                "bursar_node_lag_ms{{chain=\"{}\",node=\"{}\"}} {lag}",
                chain.chain_id,
                label(&node.node)
            )?;
        }
    }
    Ok(())
}

fn head(text: &mut String, name: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP bursar_{name} {help}.\n# TYPE bursar_{name} gauge")
}

/// A label's value (OpenMetrics, section 3.2.1).
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
