//! Child processes that never outlive their purpose.
//!
//! - [`Program`] starts one; a [`Running`] is killed when dropped. Children stay in our process group, so that Ctrl-C
//!   reaches them too.
//! - [`record`]: each child leaves a note with its process id and start time, by which the next start finds what a
//!   demo that was killed left behind.

pub mod record;
mod running;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

pub use running::Running;

/// How much of a log an error shows, bytes.
const LOG_TAIL: u64 = 2000;

/// Why a process is not there, or not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It did not start.
    #[error("cannot start {}: {source}", path.display())]
    Start {
        /// Which program.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Its log or its note can't be written or read.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It ended when it should run.
    #[error("{name} ended ({status}); the end of its log:\n{tail}")]
    Ended {
        /// Which.
        name: String,
        /// How.
        status: ExitStatus,
        /// What it said last.
        tail: String,
    },
    /// It runs, but what was waited for did not come.
    #[error("{name} did not {what} within {waited:?}; the end of its log:\n{tail}")]
    Late {
        /// Which.
        name: String,
        /// What was waited for.
        what: &'static str,
        /// How long.
        waited: Duration,
        /// What it said last.
        tail: String,
    },
    /// It does not go away.
    #[error("the process {pid} ({name}) of an earlier run cannot be stopped")]
    Stubborn {
        /// Which.
        name: String,
        /// Its process id.
        pid: i32,
    },
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Program {
    /// What it is called in logs, notes and errors: `gateway`, `cosigner-2`.
    pub name: String,
    /// The program file.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it finds in its environment besides ours.
    pub environment: Vec<(&'static str, OsString)>,
    /// The file that its output is appended to.
    pub log: PathBuf,
    /// The folder of notes; see [`record`].
    pub records: PathBuf,
}

impl Program {
    /// Starts it, with no input and both outputs in the log.
    ///
    /// # Errors
    /// [`ProcessError::Start`] and [`ProcessError::File`].
    pub fn start(&self) -> Result<Running, ProcessError> {
        // Held from here on, so that it is killed should its note not be written.
        let running = Running::new(self.name.clone(), self.spawn()?, self.log.clone(), &self.records);
        running.write_record()?;
        Ok(running)
    }

    fn spawn(&self) -> Result<std::process::Child, ProcessError> {
        let log = || {
            let open = OpenOptions::new().create(true).append(true).open(&self.log);
            open.map_err(|source| ProcessError::File { path: self.log.clone(), source })
        };
        let (out, err) = (log()?, log()?);
        std::process::Command::new(&self.path)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|source| ProcessError::Start { path: self.path.clone(), source })
    }
}

/// The end of a log, for errors; what can't be read is left out.
pub fn log_tail(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        let mut tail = Vec::new();
        file.take(LOG_TAIL).read_to_end(&mut tail)?;
        Ok(tail)
    };
    read().map(|tail| String::from_utf8_lossy(&tail).into_owned()).unwrap_or_default()
}
