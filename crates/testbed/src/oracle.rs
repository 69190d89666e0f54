//! Independent libraries that say what a transaction's bytes are, for our code to come out equal with: one in JavaScript
//! and one in Python for each chain, in `sandbox/`.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::place::{self, PlaceError};

/// Which of a chain's two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// `oracle.mjs`.
    JavaScript,
    /// `oracle.py`.
    Python,
}

/// Why an oracle says nothing.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// Something is not installed.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It does not run, or not to its end.
    #[error("the oracle does not run")]
    Run(#[from] std::io::Error),
    /// It has refused, or answered something else than a line for each line.
    #[error("the oracle answers {answers} of {questions} questions: {errors}")]
    Senseless {
        /// How many were asked.
        questions: usize,
        /// How many were answered.
        answers: usize,
        /// What it wrote beside.
        errors: String,
    },
}

/// Asks a chain's oracle, one line a question.
///
/// # Errors
/// [`OracleError`].
pub async fn ask(ledger: &str, library: Library, questions: &[Value]) -> Result<Vec<Value>, OracleError> {
    let (program, script) = match library {
        Library::JavaScript => (place::node()?, place::sandbox_script(ledger, "oracle.mjs")?),
        Library::Python => (place::python()?, place::sandbox_script(ledger, "oracle.py")?),
    };
    let mut child = tokio::process::Command::new(program)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = String::new();
    for question in questions {
        lines.push_str(&question.to_string());
        lines.push('\n');
    }
    let mut stdin = child.stdin.take().expect("piped a moment ago");
    // Written beside reading: either pipe may be full.
    let write = async move {
        stdin.write_all(lines.as_bytes()).await?;
        stdin.shutdown().await
    };
    let (written, output) = futures::join!(write, child.wait_with_output());
    let output = output?;
    let answers: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if answers.len() != questions.len() {
        let errors = String::from_utf8_lossy(&output.stderr).chars().take(2000).collect();
        return Err(OracleError::Senseless { questions: questions.len(), answers: answers.len(), errors });
    }
    written?;
    Ok(answers)
}
