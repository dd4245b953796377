//! What can be asked of a view, and the answer's form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::row::{EntryRef, Row, State, Version};
use crate::feed::{AgreementId, FeedId, PublisherId, Seq};
use crate::model::series_key::VIEW_ORDER;
use crate::model::{Attributes, Millis, Period, SeriesKey, SeriesPattern};

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
    /// Under which agreements; empty for all.
    pub agreements: Vec<AgreementId>,
    /// Which versions.
    pub moment: Moment,
    /// As of which entries: of each feed that is named up to this one, and of no other feed; none for what is here now.
    pub heads: Option<Arc<BTreeMap<FeedId, Seq>>>,
}

impl Query {
    /// The current values of the series that match.
    pub fn current(pattern: SeriesPattern) -> Self {
        Self { pattern, publishers: Vec::new(), agreements: Vec::new(), moment: Moment::Current, heads: None }
    }

    /// Whether a feed's statements are wanted.
    pub fn wants(&self, feed: &FeedId) -> bool {
        (self.publishers.is_empty() || self.publishers.contains(&feed.publisher))
            && (self.agreements.is_empty() || self.agreements.contains(&feed.agreement))
            && self.heads.as_ref().is_none_or(|heads| heads.contains_key(feed))
    }

    /// The first place of a feed that the answer does not show, where `next` is the first that may not be seen yet.
    pub fn end(&self, feed: &FeedId, next: Seq) -> Seq {
        let head = self.heads.as_ref().and_then(|heads| heads.get(feed));
        head.map_or(next, |head| head.next().min(next))
    }

    /// The start that all view keys of the answer share: indicator, reporter, counterpart, as far as one code is
    /// named for each.
    pub fn prefix(&self) -> String {
        let mut prefix = String::new();
        for dimension in &VIEW_ORDER[..3] {
            let [code] = self.pattern.codes(*dimension) else { break };
            prefix.push_str(code);
            prefix.push('.');
        }
        prefix
    }

    /// What a view key means to one who walks over all of them in order. Nothing is allocated for a key that is
    /// taken.
    pub fn look(&self, view_key: &str) -> Look {
        let mut ends = [0; VIEW_ORDER.len()];
        let mut start = 0;
        for (level, dimension) in VIEW_ORDER.into_iter().enumerate() {
            let end = view_key[start..].find('.').map_or(view_key.len(), |at| start + at);
            ends[level] = end;
            let (wanted, code) = (self.pattern.codes(dimension), &view_key[start..end]);
            if !wanted.is_empty() && wanted.iter().all(|wanted| **wanted != *code) {
                return self.beyond(view_key, &ends[..=level]);
            }
            start = (end + 1).min(view_key.len());
        }
        Look::Takes
    }

    /// The first place after a key that the pattern may take, where its code at the last of these levels is not
    /// wanted. `.` stands before all letters and digits and `/` right behind it: keys that begin with `MS.AUS.` end
    /// before `MS.AUS/`.
    fn beyond(&self, view_key: &str, ends: &[usize]) -> Look {
        for level in (0..ends.len()).rev() {
            let wanted = self.pattern.codes(VIEW_ORDER[level]);
            if wanted.is_empty() {
                return Look::Skips(Some(format!("{}/", &view_key[..ends[level]])));
            }
            let before = if level == 0 { "" } else { &view_key[..(ends[level - 1] + 1).min(view_key.len())] };
            let dot = if level + 1 == VIEW_ORDER.len() { "" } else { "." };
            let places = wanted.iter().map(|code| format!("{before}{code}{dot}"));
            if let Some(next) = places.filter(|place| place.as_str() > view_key).min() {
                return Look::Skips(Some(next));
            }
        }
        Look::Skips(None)
    }
}

/// What a view key means to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its series is part of the answer.
    Takes,
    /// It is not, and the next that may be is not before this text; after `None` there is none.
    Skips(Option<String>),
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
        self.choose(row.versions.clone())
    }

    /// As [`Moment::select`], of versions that nobody else needs.
    pub fn choose(self, mut versions: Vec<Version>) -> Vec<Version> {
        match self {
            Self::History => return versions,
            Self::Current => {}
            Self::AsOf(time) => versions.retain(|version| version.entry.time <= time),
        }
        // Of one period the last stays.
        versions.dedup_by(|later, kept| {
            let same = later.period == kept.period;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        versions.retain(|version| matches!(version.state, State::Stated { .. }));
        versions
    }
}

#[cfg(test)]
mod tests;
