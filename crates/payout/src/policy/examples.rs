//! Example payouts with the outcome that people expect: `rules.test.toml`, run by `policy test`.
//!
//! A change of the rules is reviewed by what it does to examples, not by reading conditions. They are tried with the
//! code that decides in the gateway.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::condition::{Case, Recipient};
use super::decide::{Candidate, Verdict, decide};
use super::document::{Book, People, Rules};
use super::file::{Coins, FileError, Source, Spelling, Sum, millis};
use super::limits::RuleUse;
use crate::coin::CoinId;
use crate::ids::{Address, Attempt, PrincipalId, ProjectId, RuleId, WalletId};
use crate::intent::Kind;
use crate::money::Amount;
use crate::time::Millis;

/// The moment of an example without `at`: noon of 2100-01-01 UTC, past every cooling time.
pub const DEFAULT_AT_MS: i64 = 4_102_488_000_000;

/// One example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub line: usize,
    payout: Payout,
    used: BTreeMap<RuleId, RuleUse>,
    expected: Expected,
    rule: Option<RuleId>,
}

/// An example that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What it shows.
    pub name: String,
    /// Where it stands.
    pub line: usize,
    /// What the rules say.
    pub verdict: Verdict,
    /// How that differs from what was expected; `None` if it does not.
    pub failure: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Payout {
    kind: Kind,
    project: ProjectId,
    wallet: WalletId,
    coin: CoinId,
    amount: Amount,
    to: Address,
    attempt: Attempt,
    applicant: Option<PrincipalId>,
    caller: Option<PrincipalId>,
    recipient: Recipient,
    at: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    Refused,
    Deny,
    Auto,
    Approve,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    payout: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    #[serde(default = "payout")]
    kind: Kind,
    project: Spanned<i64>,
    wallet: Option<Spanned<i64>>,
    coin: Spanned<String>,
    amount: Sum,
    to: Option<Spanned<String>>,
    attempt: Option<Spanned<u32>>,
    applicant: Option<PrincipalId>,
    caller: Option<PrincipalId>,
    #[serde(default = "known")]
    recipient: Recipient,
    at: Option<Spanned<Datetime>>,
    #[serde(default)]
    used: BTreeMap<Spanned<String>, Used>,
    expect: Expected,
    rule: Option<RuleId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    #[serde(default)]
    window_count: u32,
    window_sum: Option<Sum>,
    total: Option<Sum>,
}

const fn payout() -> Kind {
    Kind::Payout
}

const fn known() -> Recipient {
    Recipient::Known
}

/// Reads `rules.test.toml`. `file` is its name in errors.
///
/// # Errors
/// [`FileError`] with the line.
pub fn read_examples(
    file: &str,
    text: &str,
    rules: &Rules,
    spelling: Spelling<'_>,
) -> Result<Vec<Example>, FileError> {
    let source = Source { file, text };
    let coins = Coins { source, coins: &rules.coins };
    let entries = source.parse::<File>()?.payout;
    entries.into_iter().map(|entry| read(source, &coins, entry, spelling)).collect()
}

fn read(
    source: Source<'_>,
    coins: &Coins<'_>,
    entry: Entry,
    spelling: Spelling<'_>,
) -> Result<Example, FileError> {
    let coin = coins.find(&entry.coin)?;
    let positive = |id: &Spanned<i64>| source.error(&id.span(), "an id is a positive number");
    let wallet = match &entry.wallet {
        None => WalletId::new(1).expect("1 is positive"),
        Some(id) => WalletId::new(*id.get_ref()).ok_or_else(|| positive(id))?,
    };
    let to = match &entry.to {
        None => "nobody".parse().expect("letters are an address in form"),
        Some(written) => {
            spelling(&coin.chain_id, written.get_ref()).map_err(|why| source.error(&written.span(), why))?
        }
    };
    let attempt = match &entry.attempt {
        None => Attempt::FIRST,
        Some(number) => Attempt::new(*number.get_ref())
            .ok_or_else(|| source.error(&number.span(), "attempts count from 1"))?,
    };
    let at = match &entry.at {
        None => Millis::new(DEFAULT_AT_MS),
        Some(written) => millis(written.get_ref()),
    };
    let at = at.ok_or_else(|| {
        let span = entry.at.as_ref().map_or(0..0, Spanned::span);
        source.error(&span, "at is a date and time with its offset (Z for UTC)")
    })?;
    let mut used = BTreeMap::new();
    for (name, figures) in &entry.used {
        let rule: RuleId = source.read(name, "a rule's name", |text| text.parse().ok())?;
        let sum = |sum: &Option<Sum>| sum.as_ref().map_or(Ok(Amount::ZERO), |sum| coins.sum(sum, coin));
        let window_sum = sum(&figures.window_sum)?;
        let total = sum(&figures.total)?;
        used.insert(rule, RuleUse { window_count: figures.window_count, window_sum, total });
    }
    Ok(Example {
        line: source.line(&entry.name.span()),
        name: entry.name.into_inner(),
        payout: Payout {
            kind: entry.kind,
            project: ProjectId::new(*entry.project.get_ref()).ok_or_else(|| positive(&entry.project))?,
            wallet,
            coin: coin.id(),
            amount: coins.sum(&entry.amount, coin)?,
            to,
            attempt,
            applicant: entry.applicant,
            caller: entry.caller,
            recipient: entry.recipient,
            at,
        },
        used,
        expected: entry.expect,
        rule: entry.rule,
    })
}

/// Tries examples, in order.
pub fn try_examples(rules: &Rules, people: &People, book: &Book, examples: &[Example]) -> Vec<Tried> {
    examples.iter().map(|example| example.try_with(rules, people, book)).collect()
}

impl Example {
    fn try_with(&self, rules: &Rules, people: &People, book: &Book) -> Tried {
        let Payout { kind, project, wallet, coin, amount, to, attempt, applicant, caller, recipient, at } =
            &self.payout;
        let case = Case {
            kind: *kind,
            project: *project,
            wallet: *wallet,
            coin: coin.clone(),
            amount: *amount,
            to,
            attempt: *attempt,
            applicant: applicant.as_ref(),
            caller: caller.as_ref(),
            recipient: *recipient,
            at: *at,
        };
        let usage = |candidate: &Candidate| Some(self.used.get(&candidate.rule).copied().unwrap_or_default());
        let verdict = decide(rules, people, book, &case, &usage);
        let failure = self.failure(&verdict);
        Tried { name: self.name.clone(), line: self.line, verdict, failure }
    }

    fn failure(&self, verdict: &Verdict) -> Option<String> {
        let expected = self.expected.as_str();
        let (got, rule) = match verdict {
            Verdict::Refused { .. } => (Expected::Refused.as_str(), None),
            Verdict::Decided { rule, outcome, .. } => (outcome.as_str(), Some(rule)),
            Verdict::Held { rule, .. } => ("held", Some(rule)),
        };
        if got != expected {
            return Some(format!("expected {expected}, but it is {got}"));
        }
        match (&self.rule, rule) {
            (Some(expected), Some(rule)) if expected != rule => {
                Some(format!("expected rule {expected} to decide, but it is {rule}"))
            }
            (Some(expected), None) => Some(format!("expected rule {expected} to decide, but none does")),
            (None, _) | (Some(_), Some(_)) => None,
        }
    }
}

impl Expected {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Deny => "deny",
            Self::Auto => "auto",
            Self::Approve => "approve",
        }
    }
}
