//! What is true of figures that left in another form: the exact values, as this government released them last.
//!
//! They stand in the submissions of the house feed. Those of an indicator that needs protection are read once and
//! kept, and afterwards only what was released since.

use std::collections::{BTreeMap, HashMap};

use super::engine::NodeError;
use super::house::House;
use super::levels;
use crate::feed::{AgreementId, FeedId, PublisherId};
use crate::intake::Level;
use crate::model::{Attributes, Decimal, Observation, Period, Record, SeriesKey};
use crate::protect::Levels;
use crate::store::Store;

/// Values that are kept, of all indicators: some hundred megabytes at the most. Beyond it what was read before is
/// read again when it is needed.
const MAX_VALUES: usize = 2_000_000;

/// The exact values of indicators.
#[derive(Debug, Default)]
pub(super) struct Truths(BTreeMap<String, Truth>);

/// The exact values of one indicator.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// How many releases are in it.
    releases: usize,
    /// Of each figure its values in the order of their releases, at least one.
    series: HashMap<SeriesKey, BTreeMap<Period, Vec<Value>>>,
    values: usize,
    /// The protection levels of those that are sensitive by their contributors.
    levels: Levels,
}

/// A value, what is said of its series, and the number of the release since which it is so.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) value: Decimal,
    pub(super) said: Attributes,
    pub(super) since: usize,
}

impl Truths {
    /// Takes what was released of an indicator since it was asked for last.
    pub(super) fn catch_up(
        &mut self,
        indicator: &str,
        (house, store, us): (&House, &Store, PublisherId),
    ) -> Result<(), NodeError> {
        let others: usize = self.0.iter().filter(|(of, _)| *of != indicator).map(|(_, one)| one.values).sum();
        if others > MAX_VALUES {
            self.0.retain(|of, _| of == indicator);
        }
        let truth = self.0.entry(indicator.to_owned()).or_default();
        let feed = FeedId::new(us, AgreementId::house());
        for (release, submission) in house.released().skip(truth.releases) {
            if submission.may_state(indicator) {
                for record in store.records(&feed, submission.seq)? {
                    truth.take(indicator, release, record?);
                }
                let own = levels::read(submission, (store, us))?.into_iter();
                let own = own.filter(|level| level.key.indicator() == indicator);
                truth.levels.extend(own.map(|Level { key, period, level }| ((key, period), level)));
            }
            truth.releases += 1;
        }
        Ok(())
    }

    /// What was taken of an indicator.
    pub(super) fn of(&self, indicator: &str) -> Option<&Truth> {
        self.0.get(indicator)
    }
}

impl Truth {
    fn take(&mut self, indicator: &str, release: usize, record: Record) {
        let Record::Series(series) = record else { return };
        if series.key().indicator() != indicator {
            return;
        }
        levels::replace(&mut self.levels, &series);
        let known = self.series.entry(series.key().clone()).or_default();
        for observation in series.observations() {
            let Some(value) = observation.value() else {
                known.remove(&observation.period());
                continue;
            };
            let values = known.entry(observation.period()).or_default();
            // Of two submissions of one release the later one counts.
            self.values -= usize::from(values.pop_if(|last| last.since == release).is_some());
            if values.last().is_none_or(|last| last.value != value) {
                values.push(Value { value, said: series.attributes().clone(), since: release });
                self.values += 1;
            }
        }
    }

    /// All values: of which series, when, how much, and what is said of the series.
    pub(super) fn values(&self) -> impl Iterator<Item = (&SeriesKey, Period, Decimal, &Attributes)> {
        self.series.iter().flat_map(|(key, values)| {
            let last = values.iter().filter_map(|(period, all)| Some((period, all.last()?)));
            last.map(move |(period, one)| (key, *period, one.value, &one.said))
        })
    }

    /// A value, and what is said of its series.
    pub(super) fn value(&self, key: &SeriesKey, period: Period) -> Option<(Decimal, &Attributes)> {
        self.history(key, period).last().map(|one| (one.value, &one.said))
    }

    /// The protection levels of values that are sensitive by their contributors.
    pub(super) fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Was this the value when it left last? Where that is not known, it may have been.
    pub(super) fn was(&self, key: &SeriesKey, now: &Observation) -> bool {
        self.value(key, now.period()).is_none_or(|(value, _)| Some(value) == now.value())
    }

    /// The values of a figure in the order of their releases, as far as they are known.
    pub(super) fn history(&self, key: &SeriesKey, period: Period) -> &[Value] {
        let values = self.series.get(key).and_then(|values| values.get(&period));
        values.map_or(&[], Vec::as_slice)
    }
}
