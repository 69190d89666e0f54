//! Looks for what is wrong with an installation. Each finding says what is wrong and what to do.
//!
//! [`offline`] needs files only; [`online`] asks the running gateway; [`wallets`] asks the chains' nodes what the wallets
//! hold. None changes anything.

pub mod offline;
pub mod online;
pub mod wallets;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Good,
    /// Was not looked at, and why.
    Skipped,
    /// Works, and will not for long or not as meant.
    Warning,
    /// Does not work.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// About what: a word or two.
    pub about: String,
    /// What was found.
    pub what: String,
    /// What to do.
    pub next: Option<String>,
}

/// Collects findings.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// As it should be.
    pub fn good(&mut self, about: impl Into<String>, what: impl Into<String>) {
        self.add(Severity::Good, about, what, None);
    }

    /// Not looked at.
    pub fn skipped(&mut self, about: impl Into<String>, what: impl Into<String>, next: impl Into<String>) {
        self.add(Severity::Skipped, about, what, Some(next.into()));
    }

    /// Works, and will not for long or not as meant.
    pub fn warning(&mut self, about: impl Into<String>, what: impl Into<String>, next: impl Into<String>) {
        self.add(Severity::Warning, about, what, Some(next.into()));
    }

    /// Does not work.
    pub fn error(&mut self, about: impl Into<String>, what: impl Into<String>, next: impl Into<String>) {
        self.add(Severity::Error, about, what, Some(next.into()));
    }

    /// All of them, in the order in which they were found.
    pub fn list(self) -> Vec<Finding> {
        self.0
    }

    fn add(
        &mut self,
        severity: Severity,
        about: impl Into<String>,
        what: impl Into<String>,
        next: Option<String>,
    ) {
        self.0.push(Finding { severity, about: about.into(), what: what.into(), next });
    }
}
