//! `bursar-demo bench`: figures of this machine.
//!
//! - Signatures a second through gateway and co-signer processes, with every check, journal and database write, against
//!   the bare library ([`bare`]) on the same cores in the same run. The chain and whoever makes the load take the same
//!   cores, so the same is said for each second of processor time that gateway and co-signers spent.
//! - What a payout costs from its request to its broadcast, processor time by process.
//! - The time from accepting to broadcasting at a steady rate.
//! - Payouts accepted a second, each on disk before its reply, with 64 callers over HTTP.
//! - Payouts a second and the time from accepting to broadcasting on XRP and TRON, over their stand-ins.
//! - The memory of each process.

mod bare;
mod cpu;
mod figure;
mod ledgers;
mod load;
mod memory;

use std::path::Path;
use std::time::Duration;

use bare::Bare;
use load::Load;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::demo::{DemoError, stage};
use crate::deployment::Plan;
use crate::progress::Progress;

/// How long the bare library signs.
const BARE: Duration = Duration::from_secs(6);
/// Payouts that wait to be signed at once.
const BACKLOG: u32 = 400;
/// Payouts a second of the steady rate, and for how long.
const STEADY_PER_S: u32 = 20;
const STEADY: Duration = Duration::from_secs(15);
/// Callers at once, and how long they ask.
const CALLERS: usize = 64;
const ASKING: Duration = Duration::from_secs(6);

/// What is paid.
const COIN: &str = "Ethereum";
const SUM: &str = "0.0001";

/// The last line on standard output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Signatures a second: `system`, `bare`, and their `ratio`; and the same `per_cpu_s`, for each second of processor
    /// time, of gateway and co-signers only.
    pub signatures: Value,
    /// Processor time from a payout's request to its broadcast by process, milliseconds; `bare` is that of both parties.
    pub cpu_ms_per_payout: Value,
    /// Payouts accepted a second.
    pub accepts_per_s: Value,
    /// Processor time of an accepted payout by process, milliseconds.
    pub cpu_ms_per_accept: Value,
    /// From accepting to broadcasting at 20 a second, milliseconds: `p50`, `p99`, `payouts`.
    pub accept_to_broadcast_ms: Value,
    /// By coin of a stand-in's ledger: `payouts_per_s` from the first to the last broadcast of a backlog, and
    /// `accept_to_broadcast_ms` at 20 a second as above.
    pub ledgers: Value,
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
    let bare_rate = figure::per_second(bare.count, bare.took);
    step.done(&format!("{bare_rate} signatures/s by two threads"));

    // The bare library keeps two threads busy: so do two co-signers. The third would take their cores.
    stage.deployment.kill_cosigner(Plan::BENCH.cosigners);
    let step = progress.step("signatures");
    let idle = cpu::spent(&mut stage.deployment);
    let cids = load::backlog(&Load::new(&stage, COIN, SUM), BACKLOG).await?;
    let spent = cpu::spent(&mut stage.deployment).since(&idle);
    let system = load::signed(&Load::new(&stage, COIN, SUM), &cids).await?;
    let signatures = signatures(system, &spent, bare);
    let (rate, ratio) = (&signatures["system"], &signatures["ratio"]);
    step.done(&format!("{rate} signatures/s through gateway and co-signers: {ratio} of the bare library"));
    let step = progress.step("processor time");
    let mut cpu_ms_per_payout = each_ms(&spent, u64::from(BACKLOG));
    step.done(&format!("{} a payout, request to broadcast", told_ms(&cpu_ms_per_payout)));
    cpu_ms_per_payout.insert("bare".to_owned(), figure::each_ms(bare.spent, bare.count));

    let step = progress.step("accept to broadcast");
    let times = load::steady(&Load::new(&stage, COIN, SUM), STEADY_PER_S, STEADY).await?;
    let accept_to_broadcast_ms = percentiles(&times);
    step.done(&told_percentiles(&accept_to_broadcast_ms));
    let after = memory::of(&mut stage.deployment);

    // Nothing signs meanwhile: what is measured is the door and the disk.
    for index in 1..Plan::BENCH.cosigners {
        stage.deployment.kill_cosigner(index);
    }
    let step = progress.step("durable accepts");
    let idle = cpu::spent(&mut stage.deployment);
    let (accepted, took) = load::callers(&Load::new(&stage, COIN, SUM), CALLERS, ASKING).await?;
    let cpu_ms_per_accept = each_ms(&cpu::spent(&mut stage.deployment).since(&idle), accepted);
    let accepts = figure::per_second(accepted, took);
    step.done(&format!("{accepts}/s with {CALLERS} callers; {}", told_ms(&cpu_ms_per_accept)));

    let step = progress.step("memory");
    let told: Vec<String> = after.iter().map(|(name, mib)| format!("{name} {mib} MiB")).collect();
    step.done(&told.join(", "));
    stage.stop().await;
    let ledgers = ledgers::run(&root.with_file_name("bench-ledgers"), progress).await?;
    Ok(Figures {
        signatures,
        cpu_ms_per_payout: cpu_ms_per_payout.into(),
        accepts_per_s: accepts,
        cpu_ms_per_accept: cpu_ms_per_accept.into(),
        accept_to_broadcast_ms,
        ledgers: ledgers.into(),
        memory_mib: json!({"idle": table(before), "loaded": table(after)}),
    })
}

fn signatures(system: (u64, Duration), spent: &cpu::Spent, bare: Bare) -> Value {
    // All payouts were paid for, the first one too, which the rate does not count.
    let (whole, library) = ((u64::from(BACKLOG), spent.wallet()), (bare.count, bare.spent));
    json!({
        "system": figure::per_second(system.0, system.1),
        "bare": figure::per_second(bare.count, bare.took),
        "ratio": figure::ratio(system, (bare.count, bare.took)),
        "per_cpu_s": {
            "system": figure::per_second(whole.0, whole.1),
            "bare": figure::per_second(library.0, library.1),
            "ratio": figure::ratio(whole, library),
        },
    })
}

/// Of sorted times, milliseconds.
fn percentiles(times: &[i64]) -> Value {
    let at = |per_mille| figure::percentile(times, per_mille).unwrap_or_default();
    json!({"p50": at(500), "p99": at(990), "payouts": times.len()})
}

fn told_percentiles(times: &Value) -> String {
    format!("p50 {} ms, p99 {} ms at {STEADY_PER_S}/s", times["p50"], times["p99"])
}

fn each_ms(spent: &cpu::Spent, count: u64) -> Map<String, Value> {
    spent.each().map(|(name, spent)| (name.to_owned(), figure::each_ms(spent, count))).collect()
}

fn told_ms(each: &Map<String, Value>) -> String {
    let told: Vec<String> = each.iter().map(|(name, ms)| format!("{name} {ms} ms")).collect();
    told.join(", ")
}

fn table(memory: Vec<(String, u64)>) -> Map<String, Value> {
    memory.into_iter().map(|(name, mib)| (name, mib.into())).collect()
}

/// In a thread of its own, so that a signal is heard meanwhile.
async fn bare_library() -> Result<Bare, DemoError> {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more when we were told to stop.
        let _ = tell.send(bare::measure(BARE).map_err(|abort| abort.to_string()));
    });
    let measured = told.await.unwrap_or_else(|_| Err("its thread ended".to_owned()));
    measured.map_err(DemoError::Bench)
}
