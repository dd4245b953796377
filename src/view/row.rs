//! Rows: the series of a feed with all versions of its observations, and how statements are folded into them.
//!
//! A row is kept in [`Piece`]s: on pages, cut by period where it is long, and of what came last in memory. A reader
//! puts the pieces together; one that is read twice changes nothing.

use std::sync::Arc;

use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::{Attributes, Decimal, Flags, Millis, Period, Series};

/// The entry that a version came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryRef {
    /// Its place.
    pub seq: Seq,
    /// When its publisher says it was released.
    pub time: Millis,
    /// Its id.
    pub id: EntryId,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A value, or that there is none and why.
    Stated {
        /// The value; `None` when missing or suppressed.
        value: Option<Decimal>,
        /// Status, confidentiality and revision number.
        flags: Flags,
        /// Observation attributes.
        attributes: Attributes,
    },
    /// The publisher took the value back.
    Retracted {
        /// Why.
        reason: String,
    },
}

/// One observation as one entry stated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The period.
    pub period: Period,
    /// Where it was said.
    pub entry: EntryRef,
    /// What was said.
    pub state: State,
}

/// One series of one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Series attributes as last stated.
    pub attributes: Attributes,
    /// All versions, by period and then by entry.
    pub versions: Vec<Version>,
}

/// Which row: a series of a feed, in the order of views.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    /// [`crate::model::SeriesKey::view_order_key`].
    pub key: Arc<str>,
    /// Whose.
    pub feed: FeedId,
}

impl RowId {
    /// A row of a feed.
    pub fn new(key: &str, feed: FeedId) -> Self {
        Self { key: Arc::from(key), feed }
    }

    /// What stands before all rows whose keys begin so, or come later.
    pub fn first(key: &str) -> Self {
        Self::new(key, FeedId::new(PublisherId([0; 32]), AgreementId([0; 32])))
    }
}

/// Some versions of a row, with what was said about the series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Series attributes, each with the entry that stated them first; the newest last.
    said: Vec<(Seq, Attributes)>,
    /// By period and then by entry, each once.
    versions: Vec<Version>,
}

impl Piece {
    /// Series attributes with the entries that stated them.
    pub fn said(&self) -> &[(Seq, Attributes)] {
        &self.said
    }

    /// The versions, by period and then by entry.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty() && self.versions.is_empty()
    }

    /// Folds a statement in.
    pub fn state(&mut self, entry: EntryRef, series: Series) {
        let (_, attributes, observations) = series.into_parts();
        self.say(entry.seq, attributes);
        self.put(observations.into_iter().map(|observation| Version {
            period: observation.period(),
            entry,
            state: State::Stated {
                value: observation.value(),
                flags: observation.flags(),
                attributes: observation.attributes().clone(),
            },
        }));
    }

    /// Folds a retraction of these periods in.
    pub fn retract(&mut self, entry: EntryRef, periods: &[Period], reason: &str) {
        self.put(periods.iter().map(|period| Version {
            period: *period,
            entry,
            state: State::Retracted { reason: reason.to_owned() },
        }));
    }

    /// Takes over what another piece of the row says.
    pub fn absorb(&mut self, other: &Self) {
        for (seq, attributes) in &other.said {
            self.say(*seq, attributes.clone());
        }
        self.put(other.versions.iter().cloned());
    }

    /// Takes the attributes that an entry stated. A statement that repeats the one before it is not kept: what
    /// holds since when is the same without it. So entries must come in order, or again in order from any of them
    /// on, and all that is said of a row must come together in one piece before it counts.
    pub fn say(&mut self, seq: Seq, attributes: Attributes) {
        let at = match self.said.binary_search_by_key(&seq, |(seq, _)| *seq) {
            Ok(at) => {
                self.said[at].1 = attributes;
                at
            }
            Err(at) => {
                self.said.insert(at, (seq, attributes));
                at
            }
        };
        if self.said.get(at + 1).is_some_and(|next| next.1 == self.said[at].1) {
            self.said.remove(at + 1);
        }
        if at > 0 && self.said[at - 1].1 == self.said[at].1 {
            self.said.remove(at);
        }
    }

    /// Makes room for so many versions more.
    pub fn reserve(&mut self, versions: usize) {
        self.versions.reserve(versions);
    }

    /// Takes versions that are in order among themselves; those that are here already change nothing.
    pub fn put(&mut self, versions: impl Iterator<Item = Version>) {
        let before = self.versions.len();
        self.versions.extend(versions);
        let fits = |at: usize| place(&self.versions[at - 1]) < place(&self.versions[at]);
        let in_order = before == 0 || before == self.versions.len() || fits(before);
        if !in_order {
            self.versions.sort_by_key(place);
            self.versions.dedup_by_key(|version| place(version));
        }
    }

    /// Cuts off the versions that are later, as the caller defines it; time only ever passes from no to yes.
    pub fn split_off(&mut self, is_later: impl Fn(Period) -> bool) -> Self {
        let at = self.versions.partition_point(|version| !is_later(version.period));
        Self { said: Vec::new(), versions: self.versions.split_off(at) }
    }

    /// The row as of the entries before `next`.
    pub fn into_row(mut self, next: Seq) -> Row {
        if self.versions.iter().any(|version| version.entry.seq >= next) {
            self.versions.retain(|version| version.entry.seq < next);
        }
        let said = self.said.into_iter().rev().find(|(seq, _)| *seq < next);
        Row {
            attributes: said.map(|(_, attributes)| attributes).unwrap_or_default(),
            versions: self.versions,
        }
    }
}

/// By what versions are ordered; equal for two copies of one statement.
fn place(version: &Version) -> (Period, Seq) {
    (version.period, version.entry.seq)
}

#[cfg(test)]
mod tests;
