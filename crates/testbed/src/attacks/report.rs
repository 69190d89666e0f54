//! What came of all attacks: a table for people, a line for machines.

use serde::Serialize;

use super::case::{Fault, Seen};

/// What came of one attack.
#[derive(Debug)]
pub struct Row {
    /// The group's name and the case's, joined by a slash.
    pub case: String,
    /// What was tried.
    pub tried: &'static str,
    /// Who refused and why, or what went wrong.
    pub outcome: Result<Seen, Fault>,
}

/// What came of all.
#[derive(Debug, Default)]
pub struct Report(Vec<Row>);

/// The last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many attacks were tried.
    pub cases: usize,
    /// How many of them were refused, and left honest co-signers at peace.
    pub refused: usize,
}

impl Report {
    /// Takes a row.
    pub fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Takes all rows of another.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// All rows.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }

    /// The last line.
    pub fn summary(&self) -> Summary {
        Summary { cases: self.0.len(), refused: self.0.iter().filter(|row| row.outcome.is_ok()).count() }
    }

    /// The attacks that were not refused as they should be.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|row| {
            row.outcome.as_ref().err().map(|fault| format!("{}: {}", row.case, with_causes(fault)))
        })
    }
}

/// The table.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows: Vec<[String; 3]> = self.0.iter().map(cells).collect();
        let head = ["case", "tried", "refused by whom and why"].map(str::to_owned);
        let width = |column: usize| {
            let widths = rows.iter().chain([&head]).map(|cells| cells[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let (first, second) = (width(0), width(1));
        for [case, tried, refused] in [&head].into_iter().chain(&rows) {
            writeln!(f, "{case:first$}  {tried:second$}  {refused}")?;
        }
        Ok(())
    }
}

fn cells(row: &Row) -> [String; 3] {
    let outcome = match &row.outcome {
        Ok(Seen { by, why }) => format!("{by}: {why}"),
        Err(fault) => format!("NOT REFUSED: {}", with_causes(fault)),
    };
    [row.case.clone(), row.tried.to_owned(), outcome.replace(['\n', '\r'], " ")]
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
