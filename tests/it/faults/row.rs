//! A row of the table of faults: what is done, how often, what did not hold, how long recovery took.

use std::time::Duration;

use crate::ledger::{Ledger, Random};

/// A row that can be played.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// What is done, in a line.
    pub(super) what: &'static str,
    /// Whether a quick run plays it.
    pub(super) quick: bool,
    pub(super) play: fn(&mut Row),
}

/// A row that is being played.
pub(super) struct Row {
    pub(super) random: Random,
    /// Whether there is little time.
    pub(super) quick: bool,
    /// How often, if the caller has said it.
    rounds: Option<u64>,
    tries: u64,
    recoveries: Vec<Duration>,
    notes: Vec<String>,
    failures: Vec<String>,
    skipped: Option<String>,
}

impl Row {
    pub(super) fn new(seed: u64, quick: bool, rounds: Option<u64>) -> Self {
        Self {
            random: Random(seed),
            quick,
            rounds,
            tries: 0,
            recoveries: Vec::new(),
            notes: Vec::new(),
            failures: Vec::new(),
            skipped: None,
        }
    }

    /// How often something is to be tried.
    pub(super) fn count(&self, quick: u64, full: u64) -> u64 {
        self.rounds.unwrap_or(if self.quick { quick } else { full })
    }

    /// One try is over: takes over what a ledger has found to be wrong.
    pub(super) fn tried(&mut self, what: &str, ledger: &mut Ledger) {
        self.tries += 1;
        let word = if ledger.failures.is_empty() { "ok" } else { "WRONG" };
        println!("  {word}: {what}");
        self.failures.extend(ledger.failures.drain(..).map(|failure| format!("{what}: {failure}")));
    }

    /// Something had to be so.
    pub(super) fn holds(&mut self, what: &str, so: bool, why: impl FnOnce() -> String) {
        if !so {
            self.fail(format!("{what}: {}", why()));
        }
    }

    /// Something was not as it must be.
    pub(super) fn fail(&mut self, failure: String) {
        println!("  WRONG: {failure}");
        self.failures.push(failure);
    }

    /// All was well again after so long.
    pub(super) fn recovered(&mut self, time: Duration) {
        self.recoveries.push(time);
    }

    /// Something measured, for the reader of the table.
    pub(super) fn note(&mut self, note: String) {
        println!("  {note}");
        self.notes.push(note);
    }

    /// It cannot be played here.
    pub(super) fn skip(&mut self, why: &str) {
        self.skipped = Some(why.to_owned());
    }

    /// Whether nothing went wrong.
    pub(super) fn passed(&self) -> bool {
        self.failures.is_empty() && (self.tries > 0 || self.skipped.is_some())
    }

    /// The row's line; the first failures in full.
    pub(super) fn line(&self, name: &str) -> String {
        if let (Some(why), true) = (&self.skipped, self.failures.is_empty()) {
            return format!("SKIP row {name}: {why}");
        }
        if !self.passed() {
            let mut told: Vec<&str> = self.failures.iter().map(String::as_str).take(3).collect();
            if told.is_empty() {
                told.push("nothing was tried");
            }
            let (tries, count) = (self.tries, self.failures.len());
            return format!("FAIL row {name}: {tries} times, {count} wrong: {}", told.join(" | "));
        }
        let mut line = format!("PASS row {name}: {} times, nothing lost", self.tries);
        let mut sorted = self.recoveries.clone();
        sorted.sort_unstable();
        if let (Some(most), Some(median)) = (sorted.last(), sorted.get(sorted.len() / 2)) {
            line += &format!(", well again in {} (at most {})", seconds(*median), seconds(*most));
        }
        for note in &self.notes {
            line += "; ";
            line += note;
        }
        line
    }
}

/// A time for people.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        short if short < 0.1 => format!("{:.1} ms", short * 1e3),
        short if short < 10.0 => format!("{short:.2} s"),
        long => format!("{long:.1} s"),
    }
}
