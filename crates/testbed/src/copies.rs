//! Copies of a deployment's machines, taken and put back as their owners do it: with the programs' own commands.
//!
//! What lies outside every backup stays where it is: the count of commits beside the database. A co-signer's counter
//! goes with its host.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gateway::operator::restore::{RestoreSheet, RestoreVoteBody};

use crate::deployment::cast::{ADMINS, OPERATOR};
use crate::deployment::{Deployment, DeploymentError};
use crate::people::PersonError;

/// Why no copy was taken, or none put back.
#[derive(Debug, thiserror::Error)]
pub enum CopiesError {
    /// The deployment.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The gateway does not answer, or refuses an admin's word.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// A program or a folder.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A command that was not content.
    #[error("{command}: {said}")]
    Refused {
        /// Its words.
        command: String,
        /// What it said.
        said: String,
    },
}

impl Deployment {
    /// Copies the gateway's database into the deployment's folder, whether the gateway runs or not.
    ///
    /// # Errors
    /// [`CopiesError::Refused`] with what the command said.
    pub async fn copy_database(&self) -> Result<PathBuf, CopiesError> {
        let file = self.fresh("database");
        self.gateway_command(&["backup".into(), file.clone().into()]).await?;
        Ok(file)
    }

    /// Kills the gateway if it runs, and puts a copy in the place of its database. It is to be started again.
    ///
    /// # Errors
    /// [`CopiesError::Refused`] with what the command said.
    pub async fn put_database_back(&mut self, copy: &Path) -> Result<(), CopiesError> {
        self.kill_gateway();
        self.gateway_command(&["restore".into(), "put".into(), copy.into()]).await?;
        Ok(())
    }

    /// Ends a co-signer, seals its backup into a file of the deployment's folder, and starts it again, without waiting
    /// for it.
    ///
    /// # Errors
    /// [`CopiesError::Refused`] with what the command said.
    pub async fn back_up_cosigner(&mut self, index: u8) -> Result<PathBuf, CopiesError> {
        let file = self.fresh(&format!("cosigner-{index}"));
        self.kill_cosigner(index);
        self.cosigner_command(index, &["backup".into(), file.clone().into()]).await?;
        self.launch_cosigner(index)?;
        Ok(file)
    }

    /// Kills a co-signer if it runs, wipes its host, and puts a backup back. It is to be started again. Gives what the
    /// command said.
    ///
    /// # Errors
    /// [`CopiesError::Refused`] with what the command said.
    pub async fn restore_cosigner(&mut self, index: u8, backup: &Path) -> Result<String, CopiesError> {
        self.kill_cosigner(index);
        for path in [self.folder().state(index), self.folder().counter(index)] {
            std::fs::remove_dir_all(&path).map_err(|source| CopiesError::File { path, source })?;
        }
        self.cosigner_command(index, &["restore".into(), backup.into()]).await
    }

    /// What the gateway says of old copies: the report of `bursar restore --check`.
    ///
    /// # Errors
    /// [`CopiesError::Person`] when it does not answer.
    pub async fn restore_report(&self) -> Result<RestoreSheet, CopiesError> {
        let operator = self.person(OPERATOR)?;
        Ok(operator.told(operator.client().restore().await)?)
    }

    /// Both admins read the report and confirm that signing may go on. Nothing happens unless it is closed.
    ///
    /// # Errors
    /// [`CopiesError::Person`] when the gateway refuses: more may have been found in between.
    pub async fn confirm_restore(&self) -> Result<(), CopiesError> {
        for name in ADMINS {
            let report = self.restore_report().await?;
            let (Some(restore), "closed") = (report.id, report.state.as_str()) else { return Ok(()) };
            let vote = RestoreVoteBody { restore, findings: report.findings.len() };
            let admin = self.person(name)?;
            admin.told(admin.client().confirm_restore(&vote).await)?;
        }
        Ok(())
    }

    /// A file in the deployment's folder that is not there.
    fn fresh(&self, stem: &str) -> PathBuf {
        let name = |number: u32| self.folder().root().join(format!("{stem}-{number}.backup"));
        let mut number = 1;
        while name(number).exists() {
            number += 1;
        }
        name(number)
    }

    async fn gateway_command(&self, words: &[OsString]) -> Result<String, CopiesError> {
        run(&self.gateway_program()?.path, words, &self.folder().gateway_config()).await
    }

    async fn cosigner_command(&self, index: u8, words: &[OsString]) -> Result<String, CopiesError> {
        run(&self.cosigner_program(index)?.path, words, &self.folder().cosigner_config(index)).await
    }
}

/// Runs one of our programs to its end; gives what it said.
async fn run(program: &Path, words: &[OsString], config: &Path) -> Result<String, CopiesError> {
    let mut command = Command::new(program);
    command.args(words).arg("--config").arg(config).stdin(Stdio::null());
    // On a thread of its own: the receiver of callbacks and others go on meanwhile.
    let ended = tokio::task::spawn_blocking(move || command.output()).await;
    let output = ended
        .expect("starting a program does not panic")
        .map_err(|source| CopiesError::File { path: program.to_owned(), source })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let said = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    Err(CopiesError::Refused { command: format!("{} {words:?}", program.display()), said })
}
