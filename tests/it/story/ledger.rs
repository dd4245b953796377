//! What a publisher of a story knows: its true figures, and which entry it released them with.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use corridor::cli::demo::government::Government;
use serde_json::Value;

use super::figures::Flow;
use crate::attacker::Cell;

/// A publisher's figures under one agreement.
#[derive(Default)]
pub(super) struct Ledger {
    /// All figures as they are now.
    pub(super) truth: BTreeMap<Cell, i64>,
    /// The entries under the agreement, and all that was true when they were made.
    pub(super) releases: Vec<(String, BTreeMap<Cell, i64>)>,
}

/// A release under one agreement.
pub(super) struct Released {
    /// Its entry's id.
    pub(super) entry: String,
    /// What the command said of it.
    pub(super) said: Value,
}

impl Ledger {
    /// Submits figures.
    pub(super) fn submit(
        &mut self,
        node: &Government,
        path: &Path,
        flow: &Flow,
        cells: &BTreeMap<Cell, i64>,
    ) -> anyhow::Result<Value> {
        self.truth.extend(cells.iter().map(|(cell, value)| (cell.clone(), *value)));
        node.ask(&["submit", &flow.write(path, cells)])
    }

    /// Releases what was submitted.
    pub(super) fn release(
        &mut self,
        node: &Government,
        title: &str,
        why: &[&str],
    ) -> anyhow::Result<Released> {
        let said = node.ask(&[&["release"], why].concat())?;
        let said = under(&said, title).with_context(|| format!("nothing of {title:?} in {said}"))?;
        let entry = said["entry"].as_str().with_context(|| format!("no entry in {said}"))?.to_owned();
        self.releases.push((entry.clone(), self.truth.clone()));
        Ok(Released { entry, said })
    }
}

/// What a release said of one agreement.
pub(super) fn under(said: &Value, title: &str) -> Option<Value> {
    said["released"].as_array()?.iter().find(|one| one["title"] == title).cloned()
}
