//! Notes of what runs: `<name>.process.json` with process id and start time, one file a child.
//!
//! A demo that is killed can't stop its children, and a process id alone may belong to somebody else by then; the
//! start time, as the kernel counts it, says whether it is the same process.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

use super::ProcessError;

const SUFFIX: &str = ".process.json";

/// How long what is left over may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// A note of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is called.
    pub name: String,
    /// Its process id.
    pub pid: i32,
    /// Its start, in the kernel's ticks since boot, and the boot; empty where the kernel does not tell.
    pub started: String,
}

impl Record {
    /// The note of a process that runs now.
    pub fn of(name: &str, pid: i32) -> Self {
        Self { name: name.to_owned(), pid, started: start_of(pid).unwrap_or_default() }
    }

    /// Where the note of `name` lies in the folder of notes.
    pub fn path(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}{SUFFIX}"))
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`ProcessError::File`].
    pub fn write(&self, path: &Path) -> Result<(), ProcessError> {
        let text = serde_json::to_string(self).expect("three plain fields are JSON");
        std::fs::write(path, text).map_err(|source| ProcessError::File { path: path.to_owned(), source })
    }

    /// Whether that very process still runs; one that is dead and waits to be collected does not.
    pub fn runs(&self) -> bool {
        !self.started.is_empty() && start_of(self.pid).as_deref() == Some(&self.started)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid)
            && self.runs()
        {
            // It ended in between: as wanted.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// Stops every process that has a note in `folder`, and removes the notes.
///
/// # Errors
/// [`ProcessError::Stubborn`] names what does not go away.
pub async fn stop_all(folder: &Path) -> Result<(), ProcessError> {
    let notes = read_all(folder);
    for (_, note) in &notes {
        note.signal(Signal::TERM);
        // A process that was held still acts on nothing else before.
        note.signal(Signal::CONT);
    }
    wait_for(&notes, PATIENCE).await;
    for (_, note) in &notes {
        note.signal(Signal::KILL);
    }
    wait_for(&notes, PATIENCE).await;
    if let Some((_, note)) = notes.iter().find(|(_, note)| note.runs()) {
        return Err(ProcessError::Stubborn { name: note.name.clone(), pid: note.pid });
    }
    for (path, _) in &notes {
        // The owner may have removed it first.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

async fn wait_for(notes: &[(PathBuf, Record)], patience: Duration) {
    let start = Instant::now();
    while start.elapsed() < patience && notes.iter().any(|(_, note)| note.runs()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Notes that can't be read say nothing about any process.
fn read_all(folder: &Path) -> Vec<(PathBuf, Record)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let notes = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(SUFFIX));
    notes
        .filter_map(|path| {
            let note = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            Some((path, note))
        })
        .collect()
}

/// When the process started: the 22nd field of `/proc/<pid>/stat`, with the boot's id. `None` when there is no such
/// process, or when it is dead and only waits to be collected.
fn start_of(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, in which anything can stand.
    let mut after_name = stat.rsplit_once(')')?.1.split_whitespace();
    let state = after_name.next()?;
    let started = after_name.nth(18)?;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    (state != "Z").then(|| format!("{started}@{}", boot.trim()))
}
