//! Where in a file something stands.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::policy::check::{About, Finding};

/// A file that can't be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct FileError {
    /// The file, as the caller called it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// In words.
    pub reason: String,
}

/// A document with the lines of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The document.
    pub document: T,
    /// The lines.
    pub lines: Lines,
}

/// On which line what stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines(BTreeMap<About, usize>);

impl Lines {
    /// The line of something, from 1.
    pub fn of(&self, about: &About) -> Option<usize> {
        self.0.get(about).copied()
    }

    /// Writes the lines into the findings of this file's document.
    pub fn place(&self, document: crate::policy::ChainName, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.document == document) {
            finding.line = self.of(&finding.about);
        }
    }

    /// The first place wins: of two rules with one name, the finding points at the first.
    pub(crate) fn add(&mut self, about: About, line: usize) {
        self.0.entry(about).or_insert(line);
    }
}

/// A file that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// The file as TOML of a shape.
    pub(crate) fn parse<T: DeserializeOwned>(self) -> Result<T, FileError> {
        toml::from_str(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.error(&span, error.message().trim_end().replace('\n', "; "))
        })
    }

    pub(crate) fn line(self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or("");
        1 + before.bytes().filter(|byte| *byte == b'\n').count()
    }

    pub(crate) fn error(self, span: &Range<usize>, reason: impl Into<String>) -> FileError {
        FileError { file: self.file.to_owned(), line: self.line(span), reason: reason.into() }
    }

    /// Reads a written value, or says on its line what it should be.
    pub(crate) fn read<T: AsRef<str>, R>(
        self,
        written: &Spanned<T>,
        expected: &str,
        read: impl FnOnce(&str) -> Option<R>,
    ) -> Result<R, FileError> {
        let text = written.get_ref().as_ref();
        read(text).ok_or_else(|| self.error(&written.span(), format!("{text:?} is not {expected}")))
    }
}
