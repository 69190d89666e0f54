//! `bursar-demo bench`: figures of this machine.
//!
//! - Signatures a second through gateway and co-signer processes, with every check, journal and database write, against
//!   the bare library ([`bare`]) on the same cores in the same run.
//! - The time from accepting to broadcasting at a steady rate.
//! - Payouts accepted a second, each on disk before its reply, with 64 callers over HTTP.
//! - The memory of each process.

mod bare;
mod figure;
mod load;
mod memory;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::demo::{DemoError, stage};
use crate::deployment::Plan;
use crate::progress::Progress;

/// How long the bare library signs.
const BARE: Duration = Duration::from_secs(6);
/// Payouts that wait to be signed at once.
const BACKLOG: usize = 400;
/// Payouts a second of the steady rate, and for how long.
const STEADY_PER_S: u32 = 20;
const STEADY: Duration = Duration::from_secs(15);
/// Callers at once, and how long they ask.
const CALLERS: usize = 64;
const ASKING: Duration = Duration::from_secs(6);

/// The last line on standard output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Signatures a second: `system`, `bare`, and their `ratio`.
    pub signatures: Value,
    /// Payouts accepted a second.
    pub accepts_per_s: Value,
    /// From accepting to broadcasting at 20 a second, milliseconds: `p50`, `p99`, `payouts`.
    pub accept_to_broadcast_ms: Value,
    /// Resident memory by process, MiB: before the first payout, and at the end.
    pub memory_mib: Value,
}

/// Measures everything.
///
/// # Errors
/// [`DemoError`].
pub async fn run(root: &Path, progress: &Progress) -> Result<Figures, DemoError> {
    let mut stage = stage::set(root, Plan::BENCH, progress).await?;
    let before = memory::of(&mut stage.deployment);
    progress.say("");

    let step = progress.step("bare library");
    let bare = bare_library().await?;
    step.done(&format!("{} signatures/s by two threads", figure::per_second(bare.0, bare.1)));

    // The bare library keeps two threads busy: so do two co-signers. The third would take their cores.
    stage.deployment.kill_cosigner(Plan::BENCH.cosigners);
    let step = progress.step("signatures");
    let system = load::backlog(&stage, BACKLOG).await?;
    let rate = figure::per_second(system.0, system.1);
    let ratio = figure::ratio(system, bare);
    step.done(&format!("{rate} signatures/s through gateway and co-signers: {ratio} of the bare library"));

    let step = progress.step("accept to broadcast");
    let times = load::steady(&stage, STEADY_PER_S, STEADY).await?;
    let at = |per_mille| figure::percentile(&times, per_mille).unwrap_or_default();
    let (p50, p99) = (at(500), at(990));
    step.done(&format!("p50 {p50} ms, p99 {p99} ms at {STEADY_PER_S}/s"));
    let after = memory::of(&mut stage.deployment);

    // Nothing signs meanwhile: what is measured is the door and the disk.
    for index in 1..Plan::BENCH.cosigners {
        stage.deployment.kill_cosigner(index);
    }
    let step = progress.step("durable accepts");
    let (accepted, took) = load::callers(&stage, CALLERS, ASKING).await?;
    let accepts = figure::per_second(accepted, took);
    step.done(&format!("{accepts}/s with {CALLERS} callers"));

    let step = progress.step("memory");
    let told: Vec<String> = after.iter().map(|(name, mib)| format!("{name} {mib} MiB")).collect();
    step.done(&told.join(", "));
    stage.stop().await;
    Ok(Figures {
        signatures: json!({"system": rate, "bare": figure::per_second(bare.0, bare.1), "ratio": ratio}),
        accepts_per_s: accepts,
        accept_to_broadcast_ms: json!({"p50": p50, "p99": p99, "payouts": times.len()}),
        memory_mib: json!({"idle": table(before), "loaded": table(after)}),
    })
}

fn table(memory: Vec<(String, u64)>) -> Map<String, Value> {
    memory.into_iter().map(|(name, mib)| (name, mib.into())).collect()
}

/// In a thread of its own, so that a signal is heard meanwhile.
async fn bare_library() -> Result<(u64, Duration), DemoError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when we were told to stop.
        let _ = tell.send(bare::measure(BARE).map_err(|abort| abort.to_string()));
    });
    let measured = told.await.unwrap_or_else(|_| Err("its thread ended".to_owned()));
    measured.map_err(DemoError::Bench)
}
