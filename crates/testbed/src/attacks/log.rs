//! What co-signers write into their logs, for what they say nowhere else: why a policy version or a journal entry was
//! refused.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What the first line with these words says, from this place of the log on.
///
/// # Errors
/// The operating system's.
pub(super) fn said(log: &Path, from: u64, words: &str) -> std::io::Result<Option<String>> {
    let mut file = std::fs::File::open(log)?;
    file.seek(SeekFrom::Start(from))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let line = text.lines().map(plain).find(|line| line.contains(words));
    Ok(line.map(|line| message(&line).to_owned()))
}

/// A line of a log without the colours that it has for terminals.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(next) = rest.next() {
        if next == '\u{1b}' {
            // "ESC [ … m"
            rest.by_ref().find(|end| *end == 'm');
        } else {
            text.push(next);
        }
    }
    text
}

/// What a line says behind time, level and place.
fn message(line: &str) -> &str {
    let behind = line.split_once("cosigner::").and_then(|(_, rest)| rest.split_once(": "));
    behind.map_or(line, |(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_of_a_line() {
        assert_eq!(plain("\u{1b}[2mat\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m why"), "at  WARN why");
    }

    #[test]
    fn what_a_line_says_comes_behind_its_place() {
        assert_eq!(message("2026-11-25T07:32:12Z  WARN cosigner::desk::stop: refused: no"), "refused: no");
    }
}
