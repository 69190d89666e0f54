//! What is wrong or remarkable about the documents, before anybody signs them.

mod book;
mod people;
mod rules;
mod steps;

pub use rules::is_development;

use std::fmt;

use super::chain::ChainName;
use super::document::{Book, People, Rules};
use crate::coin::CoinId;
use crate::ids::{ChainId, GroupId, PrincipalId, RuleId, WalletId};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Works as written, which may not be as meant.
    Warning,
    /// The document is refused.
    Error,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The document as a whole.
    Document,
    /// A rule.
    Rule(RuleId),
    /// A chain, or what may be burnt on it.
    Network(ChainId),
    /// A coin.
    Coin(CoinId),
    /// A wallet.
    Wallet(WalletId),
    /// A person or machine.
    Principal(PrincipalId),
    /// A group.
    Group(GroupId),
    /// A payee, by its place in the list, from 1.
    Payee(usize),
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// In which document.
    pub document: ChainName,
    /// About what.
    pub about: About,
    /// The line of the file, where it was read from one ([`super::file::Lines::place`]).
    pub line: Option<usize>,
    /// In words.
    pub reason: String,
}

impl Finding {
    /// The rule, if it is about one.
    pub const fn rule(&self) -> Option<&RuleId> {
        match &self.about {
            About::Rule(rule) => Some(rule),
            _ => None,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, document, about, line, reason } = self;
        f.write_str(match severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
        })?;
        f.write_str(document.as_str())?;
        if let Some(line) = line {
            write!(f, " line {line}")?;
        }
        match about {
            About::Document => {}
            About::Rule(id) => write!(f, ", rule {id}")?,
            About::Network(id) => write!(f, ", chain {id}")?,
            About::Coin(id) => write!(f, ", coin {id}")?,
            About::Wallet(id) => write!(f, ", wallet {id}")?,
            About::Principal(id) => write!(f, ", {id}")?,
            About::Group(id) => write!(f, ", group {id}")?,
            About::Payee(place) => write!(f, ", payee {place}")?,
        }
        write!(f, ": {reason}")
    }
}

/// Everything there is to say about the three documents together, errors first.
pub fn check(rules: &Rules, people: &People, book: &Book) -> Vec<Finding> {
    let mut findings = rules::check(rules, people, book);
    findings.extend(people::check(people, rules.environment));
    findings.extend(book::check(book, rules));
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The errors among findings.
pub fn errors(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// Collects findings about one document.
struct Notes {
    document: ChainName,
    list: Vec<Finding>,
}

impl Notes {
    const fn new(document: ChainName) -> Self {
        Self { document, list: Vec::new() }
    }

    fn add(&mut self, severity: Severity, about: &About, reason: impl Into<String>) {
        self.list.push(Finding {
            severity,
            document: self.document,
            about: about.clone(),
            line: None,
            reason: reason.into(),
        });
    }

    fn error(&mut self, about: &About, reason: impl Into<String>) {
        self.add(Severity::Error, about, reason);
    }

    fn warning(&mut self, about: &About, reason: impl Into<String>) {
        self.add(Severity::Warning, about, reason);
    }
}
