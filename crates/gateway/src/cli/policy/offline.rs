//! `policy check`, `explain` and `test`: on files, without any server, by the code that decides.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use payout::ids::{Address, Attempt, ChainId};
use payout::intent::Kind;
use payout::money::Amount;
use payout::policy::examples::{Tried, read_examples, try_examples};
use payout::policy::file::{self, FileError, Located};
use payout::policy::{Book, Case, ChainName, Finding, People, Recipient, RuleUse, Rules, Severity, decide};
use serde_json::json;

use super::{ExplainArgs, Files};
use crate::cli::answer::{Answer, Outcome};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::clock;

/// What is known of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RecipientWord {
    /// Paid before.
    #[value(name = "known")]
    Paid,
    /// Never paid.
    FirstTime,
    /// One of the project's own addresses.
    Internal,
}

impl From<RecipientWord> for Recipient {
    fn from(word: RecipientWord) -> Self {
        match word {
            RecipientWord::Paid => Self::Known,
            RecipientWord::FirstTime => Self::FirstTime,
            RecipientWord::Internal => Self::Internal,
        }
    }
}

/// The three documents, and where their parts stand.
pub(in crate::cli) struct Read {
    pub(in crate::cli) rules: Located<Rules>,
    pub(in crate::cli) people: Located<People>,
    pub(in crate::cli) book: Located<Book>,
}

impl Read {
    /// Reads the files.
    pub(in crate::cli) fn files(desk: &Desk, files: &Files) -> Result<Self, Failure> {
        let rules = read_rules(&path(desk, files.rules.as_ref(), "rules.toml"))?;
        let people = read_people(&path(desk, files.people.as_ref(), "people.toml"))?;
        let book = path(desk, files.book.as_ref(), "book.toml");
        // Who has no payees needs no file of them.
        let book = if files.book.is_none() && !book.exists() {
            Located { document: Book::default(), lines: file::Lines::default() }
        } else {
            read_book(&book, &rules.document, &Book::default())?
        };
        Ok(Self { rules, people, book })
    }

    /// What is remarkable, with lines.
    pub(in crate::cli) fn findings(&self) -> Vec<Finding> {
        let Self { rules, people, book } = self;
        let mut findings = payout::policy::check(&rules.document, &people.document, &book.document);
        rules.lines.place(ChainName::Rules, &mut findings);
        people.lines.place(ChainName::People, &mut findings);
        book.lines.place(ChainName::Book, &mut findings);
        findings
    }
}

fn path(desk: &Desk, named: Option<&PathBuf>, default: &str) -> PathBuf {
    named.cloned().unwrap_or_else(|| desk.folder().join(default))
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", path.display()))
            .next("name the file, or let `bursar init` write one to start from")
    })
}

fn refused(error: &FileError) -> Failure {
    Failure::refused(error.to_string())
}

/// Reads `rules.toml`.
pub(super) fn read_rules(path: &Path) -> Result<Located<Rules>, Failure> {
    file::read_rules(&path.display().to_string(), &text(path)?).map_err(|error| refused(&error))
}

/// Reads `people.toml`.
pub(super) fn read_people(path: &Path) -> Result<Located<People>, Failure> {
    file::read_people(&path.display().to_string(), &text(path)?).map_err(|error| refused(&error))
}

/// Reads `book.toml`: addresses in their chains' spelling, old payees with the dates that they have in `listed`.
pub(super) fn read_book(path: &Path, rules: &Rules, listed: &Book) -> Result<Located<Book>, Failure> {
    let spelling = |chain_id: &ChainId, text: &str| spell(rules, chain_id, text);
    file::read_book(&path.display().to_string(), &text(path)?, &spelling, listed, clock::now())
        .map_err(|error| refused(&error))
}

/// An address in its chain's spelling.
fn spell(rules: &Rules, chain_id: &ChainId, text: &str) -> Result<Address, String> {
    let network = rules.network(chain_id).ok_or_else(|| format!("the rules list no chain {chain_id}"))?;
    chain::family(network.family)
        .parse_address(&network.network_id, text)
        .map_err(|why| format!("{text:?} {why}"))
}

fn summary(findings: &[Finding]) -> (String, Outcome) {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    text.push_str(&match (errors, findings.len()) {
        (0, 0) => "nothing to remark\n".to_owned(),
        (0, warnings) => format!("no errors; warnings: {warnings}\n"),
        (errors, _) => format!("errors: {errors}; this would be refused\n"),
    });
    (text, if errors == 0 { Outcome::Done } else { Outcome::Refused })
}

/// `policy check`
pub(super) fn check(desk: &Desk, files: &Files) -> Result<Answer, Failure> {
    let findings = Read::files(desk, files)?.findings();
    let (text, outcome) = summary(&findings);
    let list: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "severity": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
                "document": finding.document,
                "line": finding.line,
                "rule": finding.rule(),
                "reason": finding.reason,
            })
        })
        .collect();
    Ok(Answer::new(text, &list)?.with(outcome))
}

/// `policy explain`: with counters that nothing has used yet.
pub(super) fn explain(desk: &Desk, args: &ExplainArgs) -> Result<Answer, Failure> {
    let read = Read::files(desk, &args.files)?;
    let rules = &read.rules.document;
    let coin = rules
        .coin_named(&args.coin)
        .ok_or_else(|| Failure::usage(format!("the rules list no coin {:?}", args.coin)))?;
    let amount = Amount::parse(&args.amount, coin.decimals)
        .map_err(|rule| Failure::usage(format!("--amount {rule}")))?;
    let to = spell(rules, &coin.chain_id, &args.to).map_err(|why| Failure::usage(format!("--to {why}")))?;
    let case = Case {
        kind: Kind::Payout,
        project: args.project,
        wallet: args.wallet,
        coin: coin.id(),
        amount,
        to: &to,
        attempt: Attempt::FIRST,
        applicant: args.applicant.as_ref(),
        caller: args.caller.as_ref(),
        recipient: args.recipient.into(),
        at: clock::now(),
    };
    let unused = |_: &_| Some(RuleUse::default());
    let verdict = decide(rules, &read.people.document, &read.book.document, &case, &unused);
    let text = format!("{verdict}\n(counters taken as unused)\n");
    Answer::new(text, &json!({ "verdict": verdict.to_string() }))
}

/// `policy test`
pub(super) fn test(desk: &Desk, examples: &Path, files: &Files) -> Result<Answer, Failure> {
    let read = Read::files(desk, files)?;
    let rules = &read.rules.document;
    let spelling = |chain_id: &ChainId, text: &str| spell(rules, chain_id, text);
    let name = examples.display().to_string();
    let list = read_examples(&name, &text(examples)?, rules, &spelling).map_err(|error| refused(&error))?;
    let tried = try_examples(rules, &read.people.document, &read.book.document, &list);
    let (text, failed) = results(&name, &tried);
    let value: Vec<_> = tried
        .iter()
        .map(|one| json!({ "name": one.name, "line": one.line, "failure": one.failure, "verdict": one.verdict.to_string() }))
        .collect();
    Ok(Answer::new(text, &value)?.with(if failed == 0 { Outcome::Done } else { Outcome::Refused }))
}

fn results(file: &str, tried: &[Tried]) -> (String, usize) {
    let mut text = String::new();
    let mut failed = 0;
    for Tried { name, line, verdict, failure } in tried {
        match failure {
            None => text.push_str(&format!("ok    {name}\n")),
            Some(why) => {
                failed += 1;
                text.push_str(&format!("FAIL  {name} ({file}:{line}): {why}\n"));
                for line in verdict.to_string().lines() {
                    text.push_str(&format!("        {line}\n"));
                }
            }
        }
    }
    text.push_str(&format!("{} passed, {failed} failed\n", tried.len() - failed));
    (text, failed)
}
