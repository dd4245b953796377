//! Observations as the contract of `get` has them: one JSON object each, written as text.
//!
//! What all observations of a series share (publisher, agreement, dimensions) is written once, and so is what all
//! of an entry share; between two observations only the period, the value and its flags are formatted.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::engine::NodeError;
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId};
use crate::model::{ConfStatus, Decimal, Dimension, ObsStatus, Period, SeriesKey};
use crate::view::{EntryRef, SeriesView, State, Version};

/// The columns of an observation that are not dimensions, in their order after the dimensions.
pub const OBSERVATION_COLUMNS: [&str; 7] =
    ["time_period", "obs_value", "obs_status", "conf_status", "revision", "released_at", "entry"];

/// The columns of an observation, in the order of the JSON contract.
pub fn columns() -> Vec<String> {
    let first = [Dimension::RefArea, Dimension::CounterpartArea, Dimension::Indicator];
    let rest = Dimension::ALL.into_iter().filter(|dimension| !first.contains(dimension));
    let dimensions = first.into_iter().chain(rest).map(|dimension| dimension.id().to_ascii_lowercase());
    let around = ["publisher", "agreement"].map(str::to_owned).into_iter();
    around.chain(dimensions).chain(OBSERVATION_COLUMNS.map(str::to_owned)).collect()
}

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

/// The place of an observation in the order of answers, as an opaque text: what comes after it can be asked for, and
/// what came before is not read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    view_key: String,
    feed: FeedId,
    /// The last version that was shown; none where all of the series was.
    shown: Option<(Period, EntryId)>,
}

/// The longest text of a place: its key's parts with three hashes.
const MAX_PLACE: usize = 1024;

impl RowPlace {
    /// The place behind a whole series.
    pub fn behind(key: &SeriesKey, feed: FeedId) -> Self {
        Self { view_key: key.view_order_key(), feed, shown: None }
    }

    /// The place of an observation, of which this is the row.
    pub fn of_row(row: &str) -> Option<Self> {
        let row: Value = serde_json::from_str(row).ok()?;
        let text = |field: &str| row[field].as_str();
        let parts = Dimension::ALL.map(|dimension| dimension.id().to_ascii_lowercase());
        let parts: Option<Vec<&str>> = parts.iter().map(|part| text(part)).collect();
        let key = SeriesKey::parse(&parts?.join(".")).ok()?;
        let publisher = PublisherId::from_hex(text("publisher")?)?;
        let feed = FeedId::new(publisher, AgreementId::from_hex(text("agreement")?)?);
        let shown = (Period::parse(text("time_period")?).ok()?, EntryId::from_hex(text("entry")?)?);
        Some(Self { view_key: key.view_order_key(), feed, shown: Some(shown) })
    }

    /// Reads what [`RowPlace::to_text`] wrote.
    ///
    /// # Errors
    /// [`NodeError::Refused`] when it is something else.
    pub fn parse(text: &str) -> Result<Self, NodeError> {
        Self::read(text)
            .ok_or_else(|| NodeError::Refused("the cursor is none that was given out here".to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok().filter(|bytes| bytes.len() <= MAX_PLACE)?;
        let plain = String::from_utf8(bytes).ok()?;
        let mut parts = plain.split(' ');
        let view_key = parts.next().filter(|key| SeriesKey::from_view_order(key).is_ok())?.to_owned();
        let publisher = PublisherId::from_hex(parts.next()?)?;
        let feed = FeedId::new(publisher, AgreementId::from_hex(parts.next()?)?);
        let shown = match (parts.next(), parts.next(), parts.next()) {
            (None, _, _) => None,
            (Some(period), Some(entry), None) => {
                Some((Period::parse(period).ok()?, EntryId::from_hex(entry)?))
            }
            (Some(_), _, _) => return None,
        };
        Some(Self { view_key, feed, shown })
    }

    /// The text for whoever asks on.
    pub fn to_text(&self) -> String {
        let FeedId { publisher, agreement } = self.feed;
        let mut plain = format!("{} {} {}", self.view_key, publisher.to_hex(), agreement.to_hex());
        if let Some((period, entry)) = &self.shown {
            plain.push_str(&format!(" {period} {}", entry.to_hex()));
        }
        BASE64.encode(plain)
    }

    /// Where to begin to read.
    pub fn view_key(&self) -> &str {
        &self.view_key
    }

    /// Whether the whole of a series is before this place.
    pub fn covers(&self, series: &SeriesView) -> bool {
        let order = (series.key.view_order_key().as_str(), series.feed).cmp(&(&self.view_key, self.feed));
        order.is_lt() || order.is_eq() && self.shown.is_none()
    }

    /// Takes out of a series what was shown before this place; says whether the series is behind it.
    pub fn passes(&self, series: &mut SeriesView) -> bool {
        let order = (series.key.view_order_key().as_str(), series.feed).cmp(&(&self.view_key, self.feed));
        match (order, &self.shown) {
            (std::cmp::Ordering::Greater, _) => return true,
            (std::cmp::Ordering::Equal, Some((period, entry))) => {
                let is_last = |one: &Version| one.period == *period && one.entry.id == *entry;
                match series.versions.iter().position(is_last) {
                    Some(last) => drop(series.versions.drain(..=last)),
                    // It was revised or taken back meanwhile.
                    None => series.versions.retain(|one| one.period > *period),
                }
            }
            (std::cmp::Ordering::Less | std::cmp::Ordering::Equal, _) => series.versions.clear(),
        }
        false
    }
}

fn no_json(error: serde_json::Error) -> NodeError {
    NodeError::Refused(error.to_string())
}

#[cfg(test)]
mod tests;
