//! Processor time, as the kernel counts it: on a machine whose cores are shared by the load, the chain and the rest of
//! the house, it says what a payout costs where the clock says only how long one waits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::deployment::Deployment;

/// What makes the load, and takes the callbacks: this process.
pub(super) const LOAD: &str = "load";

/// What each process has spent since it began.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent(BTreeMap<String, Duration>);

/// What the processes of the deployment and this one have spent so far; left out where the kernel does not tell.
pub(super) fn spent(deployment: &mut Deployment) -> Spent {
    let own = (LOAD.to_owned(), std::process::id().cast_signed());
    let processes = deployment.running().into_iter().chain([own]);
    Spent(processes.filter_map(|(name, pid)| Some((name, of(pid)?))).collect())
}

impl Spent {
    /// What was spent since `earlier`, by the processes that were there then and are now.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let spent = self.0.iter().filter_map(|(name, now)| {
            let before = earlier.0.get(name)?;
            Some((name.clone(), now.saturating_sub(*before)))
        });
        Self(spent.collect())
    }

    /// By process.
    pub(super) fn each(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.0.iter().map(|(name, spent)| (name.as_str(), *spent))
    }

    /// By gateway and co-signers together: the wallet itself, without its chain and its callers.
    pub(super) fn wallet(&self) -> Duration {
        self.each().filter(|(name, _)| *name != LOAD && *name != "anvil").map(|(_, spent)| spent).sum()
    }
}

/// User and system time of a process with all its threads.
pub(super) fn of(pid: i32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks = ticks(&stat)?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_micros(ticks.saturating_mul(1_000_000) / per_second))
}

/// The sum of the fields `utime` and `stime` (proc_pid_stat(5)).
fn ticks(stat: &str) -> Option<u64> {
    // The program's name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 10 0 0 0 123 45 0 0 20 0 1 0 9 1 1";
        assert_eq!(ticks(stat), Some(168));
        assert_eq!(ticks("7 (cut) S 1 7"), None);
    }

    #[test]
    fn the_time_of_this_process_only_grows() {
        let own = || of(std::process::id().cast_signed()).unwrap();
        let before = own();
        assert!(own() >= before);
    }
}
