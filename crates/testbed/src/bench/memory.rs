//! Resident memory, as the kernel counts it.

use crate::deployment::Deployment;

/// Each running process of the deployment, with its memory in MiB; left out where the kernel does not tell.
pub(super) fn of(deployment: &mut Deployment) -> Vec<(String, u64)> {
    let running = deployment.running().into_iter();
    running
        .filter(|(name, _)| name != "anvil")
        .filter_map(|(name, pid)| Some((name, resident_mib(pid)?)))
        .collect()
}

fn resident_mib(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib.div_ceil(1024))
}
