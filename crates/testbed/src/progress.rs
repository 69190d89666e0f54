//! What people see while something takes time: a line a step on standard error, with a spinner where that is a
//! terminal. Standard output stays for results.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(80);

/// The display.
#[derive(Debug)]
pub struct Progress {
    /// `None` where nobody looks at a spinner: a file, a pipe.
    bars: Option<MultiProgress>,
}

/// A step that is under way. Dropped before [`Step::done`], it is shown as failed.
#[derive(Debug)]
pub struct Step<'a> {
    progress: &'a Progress,
    name: String,
    bar: Option<ProgressBar>,
    started: Instant,
    told: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self { bars: std::io::stderr().is_terminal().then(MultiProgress::new) }
    }
}

impl Progress {
    /// A line between steps.
    pub fn say(&self, line: &str) {
        let written = match &self.bars {
            Some(bars) => bars.println(line),
            None => writeln!(std::io::stderr(), "{line}"),
        };
        // Whoever closed our standard error does not want to read it.
        let _ = written;
    }

    /// Begins a step.
    pub fn step(&self, name: &str) -> Step<'_> {
        let bar = self.bars.as_ref().map(|bars| {
            let style = ProgressStyle::with_template("  {spinner} {prefix:<28} {msg}");
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_prefix(name.to_owned());
            bar.enable_steady_tick(TICK);
            bar
        });
        Step { progress: self, name: name.to_owned(), bar, started: Instant::now(), told: false }
    }
}

impl Step<'_> {
    /// Shows how far it is, for the moment.
    pub fn at(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// Ends it well.
    pub fn done(mut self, text: &str) {
        self.end("✓", text);
    }

    fn end(&mut self, mark: &str, text: &str) {
        self.told = true;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let took = self.started.elapsed();
        let seconds = took.as_secs();
        let tenths = took.subsec_millis() / 100;
        self.progress.say(&format!("  {mark} {:<28} {seconds:>3}.{tenths} s  {text}", self.name));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.end("✗", "");
        }
    }
}
