//! Observations as the contract of `get` has them: one JSON object each, written as text.
//!
//! What all observations of a series share (publisher, agreement, dimensions) is written once, and so is what all
//! of an entry share; between two observations only the period, the value and its flags are formatted.

use std::fmt::Display;

use serde::{Serialize, Serializer};
use serde_json::{Map, json};

use super::engine::NodeError;
use crate::feed::{EntryId, FeedId};
use crate::model::{ConfStatus, Decimal, Dimension, ObsStatus, Period, SeriesKey};
use crate::view::{EntryRef, SeriesView, State, Version};

/// The columns of an observation that are not dimensions, in their order after the dimensions.
pub const OBSERVATION_COLUMNS: [&str; 7] =
    ["time_period", "obs_value", "obs_status", "conf_status", "revision", "released_at", "entry"];

/// Writes observations one after the other into the same memory.
#[derive(Default)]
pub(super) struct RowWriter {
    text: Vec<u8>,
    /// The end in `text` of what the series' observations begin with.
    shared: usize,
    entry: Option<(EntryId, String, String)>,
}

/// What of an observation is its own.
#[derive(Serialize)]
struct Own<'a> {
    time_period: Shown<'a, Period>,
    obs_value: Option<Shown<'a, Decimal>>,
    obs_status: Option<Shown<'a, ObsStatus>>,
    conf_status: Option<Shown<'a, ConfStatus>>,
    revision: Option<u32>,
    released_at: &'a str,
    entry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retracted: Option<&'a str>,
}

/// A value as people read it.
struct Shown<'a, T>(&'a T);

impl<T: Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl RowWriter {
    /// Calls `each` with every observation of a series until it wants no more; says whether it does.
    ///
    /// # Errors
    /// [`NodeError`] when a text is no JSON.
    pub(super) fn series(
        &mut self,
        series: &SeriesView,
        each: &mut dyn FnMut(&str) -> bool,
    ) -> Result<bool, NodeError> {
        self.begin(&series.feed, &series.key)?;
        for version in &series.versions {
            if !each(self.row(version)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn begin(&mut self, feed: &FeedId, key: &SeriesKey) -> Result<(), NodeError> {
        let mut row = Map::new();
        row.insert("publisher".to_owned(), json!(feed.publisher.to_hex()));
        row.insert("agreement".to_owned(), json!(feed.agreement.to_hex()));
        let first = [Dimension::RefArea, Dimension::CounterpartArea, Dimension::Indicator];
        let rest = Dimension::ALL.into_iter().filter(|dimension| !first.contains(dimension));
        for dimension in first.into_iter().chain(rest) {
            row.insert(dimension.id().to_ascii_lowercase(), json!(key.dimension(dimension)));
        }
        self.text.clear();
        serde_json::to_writer(&mut self.text, &row).map_err(no_json)?;
        // The object goes on with what is an observation's own.
        self.text.pop();
        self.shared = self.text.len();
        Ok(())
    }

    fn row(&mut self, version: &Version) -> Result<&str, NodeError> {
        let (value, flags, retracted) = match &version.state {
            State::Stated { value, flags, .. } => (value.as_ref(), Some(flags), None),
            State::Retracted { reason } => (None, None, Some(&**reason)),
        };
        let (released_at, entry) = entry_texts(&mut self.entry, &version.entry);
        let own = Own {
            time_period: Shown(&version.period),
            obs_value: value.map(Shown),
            obs_status: flags.map(|flags| Shown(&flags.status)),
            conf_status: flags.map(|flags| Shown(&flags.conf)),
            revision: flags.map(|flags| flags.revision),
            released_at,
            entry,
            retracted,
        };
        self.text.truncate(self.shared);
        serde_json::to_writer(&mut self.text, &own).map_err(no_json)?;
        // Two objects become one.
        self.text[self.shared] = b',';
        std::str::from_utf8(&self.text).map_err(|error| NodeError::Refused(error.to_string()))
    }
}

/// When an entry was released, and its id: most observations that stand together came with one entry.
fn entry_texts<'a>(kept: &'a mut Option<(EntryId, String, String)>, entry: &EntryRef) -> (&'a str, &'a str) {
    if kept.as_ref().is_none_or(|(id, _, _)| *id != entry.id) {
        *kept = Some((entry.id, entry.time.to_string(), entry.id.to_hex()));
    }
    kept.as_ref().map_or(("", ""), |(_, time, id)| (time, id))
}

fn no_json(error: serde_json::Error) -> NodeError {
    NodeError::Refused(error.to_string())
}

#[cfg(test)]
mod tests;
