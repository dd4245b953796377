//! Observations as the contract of `get` has them: one JSON object each, written as text.
//!
//! What all observations of a series share (publisher, agreement, dimensions) is written once, and so is what all
//! of an entry share; between two observations only the period, the value and its flags are formatted.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::engine::NodeError;
use crate::feed::{EntryId, FeedId};
use crate::model::{Dimension, SeriesKey};
use crate::view::{EntryRef, SeriesView, State, Version};

/// The columns of an observation that are not dimensions, in their order after the dimensions.
pub const OBSERVATION_COLUMNS: [&str; 7] =
    ["time_period", "obs_value", "obs_status", "conf_status", "revision", "released_at", "entry"];

/// Writes observations one after the other into the same memory.
#[derive(Default)]
pub(super) struct RowWriter {
    text: String,
    /// The end in `text` of what the series' observations begin with.
    shared: usize,
    entry: Option<(EntryId, String, String)>,
}

/// What of an observation is its own.
#[derive(Serialize)]
struct Own<'a> {
    time_period: &'a str,
    obs_value: Option<&'a str>,
    obs_status: Option<String>,
    conf_status: Option<String>,
    revision: Option<u32>,
    released_at: &'a str,
    entry: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retracted: Option<&'a str>,
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
        let (mut period, mut value) = (String::new(), String::new());
        for version in &series.versions {
            period.clear();
            value.clear();
            // Writing into a string does not fail.
            let _ = write!(period, "{}", version.period);
            if let State::Stated { value: Some(number), .. } = &version.state {
                let _ = write!(value, "{number}");
            }
            if !each(self.row(version, &period, &value)?) {
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
        self.text = serde_json::to_string(&Value::Object(row)).map_err(no_json)?;
        // The object goes on with what is an observation's own.
        self.text.pop();
        self.text.push(',');
        self.shared = self.text.len();
        Ok(())
    }

    fn row(&mut self, version: &Version, period: &str, value: &str) -> Result<&str, NodeError> {
        let (flags, retracted) = match &version.state {
            State::Stated { flags, .. } => (Some(flags), None),
            State::Retracted { reason } => (None, Some(&**reason)),
        };
        let (released_at, entry) = entry_texts(&mut self.entry, &version.entry);
        let own = Own {
            time_period: period,
            obs_value: (!value.is_empty()).then_some(value),
            obs_status: flags.map(|flags| flags.status.to_string()),
            conf_status: flags.map(|flags| flags.conf.to_string()),
            revision: flags.map(|flags| flags.revision),
            released_at,
            entry,
            retracted,
        };
        let own = serde_json::to_string(&own).map_err(no_json)?;
        self.text.truncate(self.shared);
        self.text.push_str(&own[1..]);
        Ok(&self.text)
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
