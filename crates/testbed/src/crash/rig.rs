//! A deployment whose processes die at the point that is armed, and rise again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::{CrashError, compile};
use crate::anvil::Pace;
use crate::demo::Stage;
use crate::deployment::{Deployment, Plan, Tuning};
use crate::fixture;
use crate::ledgers::Chains;
use crate::process::{Running, log_tail};

/// How long anything that should happen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The file in the deployment's folder that names the point that is armed.
pub const ORDER: &str = "crash-at";
/// How often the processes are looked at.
const LOOK: Duration = Duration::from_millis(15);
/// What a kill is called where a process's end is told.
const KILLED: i32 = 9;

/// A running deployment with crash points, its wallet funded.
#[derive(Debug)]
pub struct Rig {
    /// Deployment, receiver of callbacks, payout address.
    pub stage: Stage,
    order: PathBuf,
}

/// A test's deployment of this size: blocks come fast, and are looked at as often.
pub const fn plan(threshold: u8, cosigners: u8) -> Plan {
    let tuning = Tuning { poll_ms: 50, ..Tuning::DEFAULT };
    Plan { pace: Pace::Tenth, tuning, ..Plan::test(threshold, cosigners) }
}

/// The same with the stand-ins for other chains beside the EVM chain, two of whose nodes must agree on an end.
pub const fn plan_of_all_chains(threshold: u8, cosigners: u8) -> Plan {
    let plan = plan(threshold, cosigners);
    let tuning = Tuning { ledger_witnesses: 2, ..plan.tuning };
    Plan { chains: Chains::All, tuning, ..plan }
}

impl Rig {
    /// Copies a prepared deployment into `folder`, and starts it with the programs that have crash points.
    ///
    /// # Errors
    /// [`CrashError`].
    pub async fn start(plan: Plan, folder: &Path) -> Result<Self, CrashError> {
        let mut rig = Self::asleep(plan, folder).await?;
        rig.stage.deployment.start().await?;
        rig.stage.deployment.fund(&rig.stage.from).await?;
        Ok(rig)
    }

    /// The same with only the chain running.
    ///
    /// # Errors
    /// [`CrashError`].
    pub async fn asleep(plan: Plan, folder: &Path) -> Result<Self, CrashError> {
        compile::programs()?;
        let (folder, from) = fixture::copy(plan, &folder.join("deployment")).await?;
        let deployment = Deployment::open(folder, plan).await?;
        Ok(Self::of(Stage::of(deployment, from).await?))
    }

    /// Takes a stage over. Processes that run already have no crash points until they are started again.
    pub fn of(mut stage: Stage) -> Self {
        let order = stage.deployment.folder().root().join(ORDER);
        stage.deployment.use_crash_points(order.clone());
        Self { stage, order }
    }

    /// A business system and people, with the doors that the gateway has now.
    ///
    /// # Errors
    /// [`CrashError`] before the gateway's first start.
    pub fn caller(&self) -> Result<Caller, CrashError> {
        Caller::of(&self.stage)
    }

    /// Whoever passes this point next dies: `name`, or `name:n` for the n-th time.
    ///
    /// # Errors
    /// [`CrashError::File`].
    pub fn arm(&self, point: &str) -> Result<(), CrashError> {
        // Renamed into place: a process must not read half a name.
        let half = self.order.with_extension("part");
        std::fs::write(&half, point).map_err(CrashError::file(&half))?;
        std::fs::rename(&half, &self.order).map_err(CrashError::file(&self.order))
    }

    /// Nobody dies any more. Says whether somebody has since it was armed.
    pub fn disarm(&self) -> bool {
        std::fs::remove_file(&self.order).is_err()
    }

    /// Whether nobody has passed the point yet.
    pub fn is_armed(&self) -> bool {
        self.order.exists()
    }

    /// Waits until somebody has died at the point that is armed. Gives its name; it stays dead.
    ///
    /// # Errors
    /// [`CrashError::Late`] when nobody does, [`CrashError::Ended`] when a process ended otherwise.
    pub async fn death(&mut self) -> Result<String, CrashError> {
        let start = Instant::now();
        let armed = std::fs::read_to_string(&self.order).unwrap_or_default();
        loop {
            if let Some(name) = self.dead()?.into_iter().next() {
                return Ok(name);
            }
            if start.elapsed() > PATIENCE {
                let what = format!("a crash at {armed:?}");
                return Err(CrashError::Late { what, waited: PATIENCE, seen: self.logs() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts whatever was killed again, without waiting for it. Gives the names.
    ///
    /// # Errors
    /// [`CrashError::Ended`] when a process ended otherwise.
    pub fn revive(&mut self) -> Result<Vec<String>, CrashError> {
        self.revive_those(|_| true)
    }

    /// The same for those whose time has come.
    ///
    /// # Errors
    /// [`CrashError::Ended`] when a process ended otherwise.
    pub fn revive_those(&mut self, may: impl Fn(&str) -> bool) -> Result<Vec<String>, CrashError> {
        let mut dead = self.dead()?;
        dead.retain(|name| may(name));
        let deployment = &mut self.stage.deployment;
        for name in &dead {
            match name.strip_prefix("cosigner-").and_then(|index| index.parse().ok()) {
                Some(index) => {
                    deployment.kill_cosigner(index);
                    deployment.launch_cosigner(index)?;
                }
                None => {
                    // Collected first: its lock on the database ends with it.
                    deployment.kill_gateway();
                    deployment.launch_gateway()?;
                }
            }
        }
        Ok(dead)
    }

    /// Keeps everything alive until `look` finds something; `what` completes "… did not happen".
    ///
    /// # Errors
    /// [`CrashError::Late`], and what `look` and reviving find.
    pub async fn until<T>(
        &mut self,
        what: &str,
        mut look: impl AsyncFnMut(&mut Self) -> Result<Option<T>, CrashError>,
    ) -> Result<T, CrashError> {
        let start = Instant::now();
        loop {
            self.revive()?;
            if let Some(found) = look(self).await? {
                return Ok(found);
            }
            if start.elapsed() > PATIENCE {
                let what = what.to_owned();
                return Err(CrashError::Late { what, waited: PATIENCE, seen: self.logs() });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Keeps everything alive until `work` is done.
    ///
    /// # Errors
    /// What `work` and reviving find.
    pub async fn alive_while<T>(
        &mut self,
        work: impl Future<Output = Result<T, CrashError>>,
    ) -> Result<T, CrashError> {
        let mut work = std::pin::pin!(work);
        loop {
            self.revive()?;
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Waits until all processes run and the gateway sees every co-signer ready.
    ///
    /// # Errors
    /// [`CrashError`].
    pub async fn whole(&mut self) -> Result<(), CrashError> {
        self.revive()?;
        Ok(self.stage.deployment.wait_for_cosigners().await?)
    }

    /// The names of those that were killed.
    ///
    /// # Errors
    /// [`CrashError::Ended`] when a process ended otherwise.
    pub fn dead(&mut self) -> Result<Vec<String>, CrashError> {
        let deployment = &mut self.stage.deployment;
        let mut dead = Vec::new();
        let cosigners = 1..=deployment.plan().cosigners;
        if let Ok(gateway) = deployment.gateway() {
            dead.extend(killed(gateway)?);
        }
        for index in cosigners {
            if let Ok(cosigner) = deployment.cosigner(index) {
                dead.extend(killed(cosigner)?);
            }
        }
        Ok(dead)
    }

    /// The ends of all logs, for errors.
    pub fn logs(&self) -> String {
        let folder = self.stage.deployment.folder();
        let cosigners = (1..=self.stage.deployment.plan().cosigners).map(|index| format!("cosigner-{index}"));
        let names = [crate::deployment::GATEWAY.to_owned()].into_iter().chain(cosigners);
        let tails = names.map(|name| format!("--- {name}\n{}", log_tail(&folder.log(&name))));
        tails.collect::<Vec<_>>().join("\n")
    }
}

/// Its name if it was killed.
fn killed(running: &mut Running) -> Result<Option<String>, CrashError> {
    use std::os::unix::process::ExitStatusExt;
    let Some(status) = running.ended() else { return Ok(None) };
    let name = running.name().to_owned();
    if status.signal() == Some(KILLED) {
        return Ok(Some(name));
    }
    Err(CrashError::Ended { name, how: status.to_string(), tail: log_tail(running.log()) })
}
