//! What can be asked of a view, and the answer's form.

use super::page::{EntryRef, Row, State, Version};
use crate::feed::{FeedId, PublisherId};
use crate::model::{Attributes, Dimension, Millis, Period, SeriesKey, SeriesPattern};

/// Which versions of an observation are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The newest one.
    Current,
    /// The newest one that was released at or before this time.
    AsOf(Millis),
    /// All, oldest first.
    History,
}

/// A question to the view.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which series.
    pub pattern: SeriesPattern,
    /// Whose statements; empty for everybody's.
    pub publishers: Vec<PublisherId>,
    /// Which versions.
    pub moment: Moment,
}

impl Query {
    /// The current values of the series that match.
    pub fn current(pattern: SeriesPattern) -> Self {
        Self { pattern, publishers: Vec::new(), moment: Moment::Current }
    }

    /// Whether a feed's statements are wanted.
    pub fn wants(&self, feed: &FeedId) -> bool {
        self.publishers.is_empty() || self.publishers.contains(&feed.publisher)
    }

    /// The start that all view keys of the answer share.
    pub fn prefix(&self) -> String {
        view_prefix(&self.pattern)
    }
}

/// A series of one feed with the versions that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesView {
    /// The series.
    pub key: SeriesKey,
    /// Who says it under which agreement.
    pub feed: FeedId,
    /// Series attributes.
    pub attributes: Attributes,
    /// The versions, by period and then by entry.
    pub versions: Vec<Version>,
}

impl SeriesView {
    /// The observations that are stated, not retracted.
    pub fn stated(&self) -> impl Iterator<Item = (Period, &State, &EntryRef)> {
        let stated = |version: &&Version| matches!(version.state, State::Stated { .. });
        self.versions.iter().filter(stated).map(|version| (version.period, &version.state, &version.entry))
    }
}

impl Moment {
    /// The versions of a row that this moment selects. A retracted observation is not part of the current or a
    /// past moment's answer; it is part of the history.
    pub fn select(self, row: &Row) -> Vec<Version> {
        let until = match self {
            Self::History => return row.versions.clone(),
            Self::Current => Millis(i64::MAX),
            Self::AsOf(time) => time,
        };
        let mut selected: Vec<&Version> = Vec::new();
        for version in row.versions.iter().filter(|version| version.entry.time <= until) {
            match selected.last_mut() {
                Some(last) if last.period == version.period => *last = version,
                Some(_) | None => selected.push(version),
            }
        }
        selected.retain(|version| matches!(version.state, State::Stated { .. }));
        selected.into_iter().cloned().collect()
    }
}

/// The start of all view keys that a pattern can match: indicator, reporter, counterpart, as far as one code is
/// named for each.
fn view_prefix(pattern: &SeriesPattern) -> String {
    let mut prefix = String::new();
    for dimension in [Dimension::Indicator, Dimension::RefArea, Dimension::CounterpartArea] {
        let [code] = pattern.codes(dimension) else { break };
        prefix.push_str(code);
        prefix.push('.');
    }
    prefix
}
