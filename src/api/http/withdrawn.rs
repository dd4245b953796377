//! What governments took back: that a figure was there, since when it is withdrawn and why. Its value is told nowhere.

use std::collections::BTreeMap;

use crate::model::{Millis, Period, SeriesKey};
use crate::view::{SeriesView, State};

/// Periods of a series that one entry took back, and that nothing was stated for since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Withdrawn {
    /// The series.
    pub(super) key: SeriesKey,
    /// In their order.
    pub(super) periods: Vec<Period>,
    /// When that was released.
    pub(super) time: Millis,
    /// As its publisher gives it.
    pub(super) reason: String,
}

impl Withdrawn {
    /// What stands as withdrawn in a series with its whole history.
    pub(super) fn of(series: &SeriesView) -> Vec<Self> {
        let mut entries: BTreeMap<_, Self> = BTreeMap::new();
        for (at, version) in series.versions.iter().enumerate() {
            let is_last = series.versions.get(at + 1).is_none_or(|next| next.period != version.period);
            let State::Retracted { reason } = &version.state else { continue };
            if is_last {
                let first = || Self {
                    key: series.key.clone(),
                    periods: Vec::new(),
                    time: version.entry.time,
                    reason: reason.clone(),
                };
                entries
                    .entry((version.entry.seq, reason.clone()))
                    .or_insert_with(first)
                    .periods
                    .push(version.period);
            }
        }
        entries.into_values().collect()
    }

    /// The periods in few words: the first and the last of many.
    pub(super) fn spell(&self) -> String {
        match self.periods.as_slice() {
            [] => String::new(),
            [one] => one.to_string(),
            [one, two] => format!("{one}, {two}"),
            [first, .., last] => format!("{first} \u{2013} {last} ({})", self.periods.len()),
        }
    }
}

/// The newest of what a publisher took back, and how much there is of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Newest {
    kept: BTreeMap<(Millis, SeriesKey, String), Withdrawn>,
    /// All of them.
    pub(super) count: u64,
}

impl Newest {
    /// So many are kept.
    const MOST: usize = 50;

    pub(super) fn add(&mut self, one: Withdrawn) {
        self.count += 1;
        self.kept.insert((one.time, one.key.clone(), one.reason.clone()), one);
        if self.kept.len() > Self::MOST {
            self.kept.pop_first();
        }
    }

    /// The newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Withdrawn> {
        self.kept.values().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Hash;
    use crate::feed::testing::KEY;
    use crate::feed::{EntryId, FeedId, PublisherId, Seq};
    use crate::model::{Attributes, Decimal, Flags};
    use crate::view::{EntryRef, Version};

    fn version(period: &str, seq: u64, reason: Option<&str>) -> Version {
        let state = match reason {
            Some(reason) => State::Retracted { reason: reason.to_owned() },
            None => State::Stated {
                value: Decimal::parse("7").ok(),
                flags: Flags::default(),
                attributes: Attributes::default(),
            },
        };
        let entry = EntryRef { seq: Seq(seq), time: Millis(seq.cast_signed()), id: EntryId(Hash([0; 32]).0) };
        Version { period: Period::parse(period).unwrap(), entry, state }
    }

    #[test]
    fn what_was_stated_again_is_withdrawn_no_more() {
        let versions = vec![
            version("2001", 1, None),
            version("2001", 2, Some("wrong")),
            version("2002", 1, None),
            version("2002", 2, Some("wrong")),
            version("2002", 3, None),
            version("2003", 1, None),
            version("2003", 2, Some("wrong")),
            version("2004", 1, None),
            version("2004", 5, Some("late")),
        ];
        let key = SeriesKey::parse(KEY).unwrap();
        let feed = FeedId::new(PublisherId([1; 32]), crate::feed::AgreementId::public());
        let view = SeriesView { key, feed, attributes: Attributes::default(), versions };
        let all = Withdrawn::of(&view);
        let said: Vec<_> = all.iter().map(|one| (one.spell(), one.reason.as_str(), one.time.0)).collect();
        assert_eq!(said, [("2001, 2003".to_owned(), "wrong", 2), ("2004".to_owned(), "late", 5)]);
    }

    #[test]
    fn the_newest_are_kept_and_all_are_counted() {
        let mut newest = Newest::default();
        for time in 0..60 {
            let key = SeriesKey::parse(KEY).unwrap();
            newest.add(Withdrawn { key, periods: Vec::new(), time: Millis(time), reason: String::new() });
        }
        let times: Vec<i64> = newest.iter().map(|one| one.time.0).collect();
        assert_eq!((newest.count, times), (60, (10..60).rev().collect()));
    }
}
