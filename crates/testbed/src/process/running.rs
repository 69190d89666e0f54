//! A child process that runs.

use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::record::Record;
use super::{ProcessError, log_tail};

/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(20);

/// A child process. Dropped, it is killed at once; [`Running::stop`] lets it end by itself.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    log: PathBuf,
    record: PathBuf,
}

impl Running {
    pub(super) fn new(name: String, child: Child, log: PathBuf, records: &Path) -> Self {
        let record = Record::path(records, &name);
        Self { name, child, log, record }
    }

    pub(super) fn write_record(&self) -> Result<(), ProcessError> {
        Record::of(&self.name, self.pid()).write(&self.record)
    }

    /// Puts a new process of the same name in the place of this one, which is killed if it still runs.
    ///
    /// # Errors
    /// As [`super::Program::start`].
    pub fn replace(&mut self, program: &super::Program) -> Result<(), ProcessError> {
        // Both fail only for a process that is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = program.spawn()?;
        self.write_record()
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Its log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// An error if it has ended.
    ///
    /// # Errors
    /// [`ProcessError::Ended`] with the end of its log.
    pub fn check(&mut self) -> Result<(), ProcessError> {
        match self.ended() {
            None => Ok(()),
            Some(status) => {
                Err(ProcessError::Ended { name: self.name.clone(), status, tail: log_tail(&self.log) })
            }
        }
    }

    /// Waits until `look` finds something; `what` completes "did not …" in the error.
    ///
    /// # Errors
    /// [`ProcessError::Ended`] and [`ProcessError::Late`].
    pub async fn until<T>(
        &mut self,
        what: &'static str,
        patience: Duration,
        mut look: impl AsyncFnMut() -> Option<T>,
    ) -> Result<T, ProcessError> {
        let start = Instant::now();
        loop {
            if let Some(found) = look().await {
                return Ok(found);
            }
            self.check()?;
            if start.elapsed() >= patience {
                let tail = log_tail(&self.log);
                return Err(ProcessError::Late { name: self.name.clone(), what, waited: patience, tail });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks it to end; it may take its time in the background.
    pub fn ask_to_stop(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Holds it still (`SIGSTOP`), as a machine that hangs.
    pub fn freeze(&mut self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on after [`Running::freeze`].
    pub fn thaw(&mut self) {
        self.signal(Signal::CONT);
    }

    /// Asks it to end, and kills it after `patience`.
    pub async fn stop(mut self, patience: Duration) -> Option<ExitStatus> {
        self.ask_to_stop();
        self.wait(patience).await
    }

    /// Waits for its end, at most `patience`.
    pub async fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            tokio::time::sleep(LOOK).await;
        }
        self.ended()
    }

    /// Kills it (`SIGKILL`) and leaves it to be found dead.
    pub fn strike(&mut self) {
        self.signal(Signal::KILL);
    }

    /// Kills it (`SIGKILL`), as a loss of power does, and returns when it is gone.
    pub fn kill(self) {
        drop(self);
    }

    fn signal(&mut self, signal: Signal) {
        // A child that has ended and was waited for has no process id any more: somebody else's may be the same.
        if self.ended().is_none()
            && let Some(pid) = Pid::from_raw(self.pid())
        {
            // It may have ended in between; until it is waited for, the signal goes nowhere.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a process that is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.record);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Program;
    use super::*;

    fn sleeper(folder: &Path) -> Program {
        Program {
            name: "sleeper".to_owned(),
            path: "/bin/sleep".into(),
            arguments: vec!["60".into()],
            environment: Vec::new(),
            log: folder.join("log"),
            records: folder.to_owned(),
        }
    }

    fn is_alive(pid: i32) -> bool {
        Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }

    #[test]
    fn a_dropped_process_is_gone_and_so_is_its_note() {
        let folder = tempfile::tempdir().unwrap();
        let running = sleeper(folder.path()).start().unwrap();
        let pid = running.pid();
        assert!(is_alive(pid) && Record::path(folder.path(), "sleeper").exists());
        drop(running);
        assert!(!is_alive(pid) && !Record::path(folder.path(), "sleeper").exists());
    }

    #[tokio::test]
    async fn a_process_that_ends_too_early_is_told_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = sleeper(folder.path());
        program.arguments = vec!["soon".into()];
        let mut running = program.start().unwrap();
        let late = running.until("wake", Duration::from_secs(5), async || None::<()>).await.unwrap_err();
        assert!(late.to_string().contains("soon"), "{late}");
    }

    #[tokio::test]
    async fn what_a_killed_run_left_is_stopped_by_its_note() {
        let folder = tempfile::tempdir().unwrap();
        let running = sleeper(folder.path()).start().unwrap();
        let note = std::fs::read(Record::path(folder.path(), "sleeper")).unwrap();
        // As if we had been killed: nobody drops it.
        let mut child = std::mem::ManuallyDrop::new(running);
        super::super::record::stop_all(folder.path()).await.unwrap();
        assert!(child.ended().is_some());

        // Another process that has the number now is left alone: its start time differs.
        let other = sleeper(folder.path()).start().unwrap();
        let old: serde_json::Value = serde_json::from_slice(&note).unwrap();
        let mut claimed = old.clone();
        claimed["pid"] = other.pid().into();
        claimed["started"] = "1".into();
        std::fs::write(Record::path(folder.path(), "old"), claimed.to_string()).unwrap();
        std::fs::remove_file(Record::path(folder.path(), "sleeper")).unwrap();
        super::super::record::stop_all(folder.path()).await.unwrap();
        assert!(is_alive(other.pid()));
    }
}
