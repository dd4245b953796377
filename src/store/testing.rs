//! A store in a temporary directory with one government that releases, for the tests of this room.

use std::collections::BTreeMap;

use super::Store;
use crate::crypto::Network;
use crate::feed::head::Place;
use crate::feed::testing::Government;
use crate::feed::{EntryKind, FeedId, HeadRef, Seq};
use crate::model::{
    Attachment, AttributeId, Attributes, Decimal, Millis, Observation, Period, PeriodKind, Record,
    Retraction, Series, SeriesKey, SeriesPattern,
};
use crate::view::{EntryRef, Moment, Query, RowId, SeriesView, State, Version};

/// What a test lets a government say in an entry, in small numbers.
#[derive(Clone, Debug)]
pub(super) enum Say {
    /// A series, its attributes, and values by period.
    State(usize, usize, Vec<(i64, i64)>),
    /// A series and periods.
    Retract(usize, Vec<i64>),
}

/// Series attributes as last stated, and every version.
type ModelRow = (Attributes, BTreeMap<(Period, Seq), Version>);

pub(super) struct House {
    pub(super) store: Store,
    pub(super) government: Government,
    place: Place,
    directory: tempfile::TempDir,
    /// What the view must show, computed in the plainest way.
    pub(super) model: BTreeMap<RowId, ModelRow>,
    pub(super) stated: u64,
}

impl House {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let government = Government::new("PHL", 1);
        let store = open(&directory, &government);
        let place = Place::first(government.feed());
        Self { store, government, place, directory, model: BTreeMap::new(), stated: 0 }
    }

    pub(super) fn feed(&self) -> FeedId {
        self.government.feed()
    }

    /// Closes the store and opens it again; with `lost`, as after a kill: what is in memory alone is lost.
    pub(super) fn reopen(&mut self, lost: bool) {
        let held = tempfile::tempdir().unwrap();
        let other = Store::open(held.path(), self.government.publisher(), &Network::main(), CACHE).unwrap();
        let old = std::mem::replace(&mut self.store, other);
        if lost {
            old.derived().forget_overlay();
        }
        drop(old);
        self.store = open(&self.directory, &self.government);
    }

    /// Releases an entry and makes it durable.
    pub(super) fn release(&mut self, said: &[Say]) {
        let mut records: Vec<Record> = said.iter().map(Say::record).collect();
        records.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        records.dedup_by(|one, other| one.sort_key() == other.sort_key());
        let time = Millis(1_700_000_000_000 + self.place.seq.0.cast_signed() * 1000);
        let entry = self.government.entry(EntryKind::Release, &self.place, time, records.clone());
        self.store.append_own(&entry).unwrap();
        self.store.commit().unwrap();
        let entry = EntryRef { seq: self.place.seq, time, id: entry.header().id() };
        self.place = Place::after(&HeadRef { feed: self.feed(), seq: entry.seq, entry: entry.id });
        for record in records {
            self.count(entry, record);
        }
    }

    fn count(&mut self, entry: EntryRef, record: Record) {
        match record {
            Record::Series(series) => {
                let id = RowId::new(&series.key().view_order_key(), self.government.feed());
                let row = self.model.entry(id).or_default();
                row.0 = series.attributes().clone();
                self.stated += series.observations().len() as u64;
                for one in series.observations() {
                    let (value, flags, attributes) = (one.value(), one.flags(), one.attributes().clone());
                    let state = State::Stated { value, flags, attributes };
                    let version = Version { period: one.period(), entry, state };
                    row.1.entry((one.period(), entry.seq)).or_insert(version);
                }
            }
            Record::Retraction(retraction) => {
                let id = RowId::new(&retraction.key().view_order_key(), self.government.feed());
                let row = self.model.entry(id).or_default();
                let before = row.1.keys().filter(|(_, seq)| *seq < entry.seq).map(|(period, _)| *period);
                let all: Vec<Period> = before.collect();
                let periods = if retraction.periods().is_empty() { &all } else { retraction.periods() };
                for period in periods {
                    let state = State::Retracted { reason: retraction.reason().to_owned() };
                    let version = Version { period: *period, entry, state };
                    row.1.entry((*period, entry.seq)).or_insert(version);
                }
            }
            Record::Document(_) | Record::Receipt(_) => {}
        }
    }

    /// What the model says to a query, as of the entries before one.
    pub(super) fn expected(&self, query: &Query, before: Seq) -> Vec<SeriesView> {
        let rows = self.model.iter().filter_map(|(id, (attributes, versions))| {
            let key = SeriesKey::from_view_order(&id.key).unwrap();
            let versions = versions.values().filter(|version| version.entry.seq < before).cloned();
            let versions = query.moment.choose(versions.collect());
            let wanted = query.pattern.matches(&key) && !versions.is_empty();
            wanted.then(|| SeriesView { key, feed: id.feed, attributes: attributes.clone(), versions })
        });
        rows.collect()
    }

    /// What the view says to a query.
    pub(super) fn answer(&self, query: &Query) -> Vec<SeriesView> {
        let mut all = Vec::new();
        let asked = self.store.derived().query(query, &mut |series| {
            all.push(series);
            true
        });
        asked.unwrap();
        all
    }

    /// Compares everything that can be asked with the model.
    pub(super) fn check(&self) {
        let everything = Seq(u64::MAX);
        let past = Moment::AsOf(Millis(1_700_000_000_000 + 2000));
        for moment in [Moment::History, Moment::Current, past] {
            let query = Query { moment, ..Query::current(SeriesPattern::any()) };
            assert_eq!(self.answer(&query), self.expected(&query, everything));
        }
        let narrow = SeriesPattern::parse("A+Q.PHL.ESP+ITA").unwrap();
        assert_eq!(
            self.answer(&Query::current(narrow.clone())),
            self.expected(&Query::current(narrow), everything)
        );
        let mut reader = self.store.derived().row_reader();
        for (id, (attributes, versions)) in &self.model {
            let row = reader.row(&id.key, id.feed).unwrap();
            let found = row.map(|row| (row.attributes, row.versions)).unwrap_or_default();
            assert_eq!(found, (attributes.clone(), versions.values().cloned().collect()));
        }
        assert_eq!(self.store.derived().observations(&self.feed()).unwrap(), self.stated);
    }
}

/// Bytes of sled's cache.
const CACHE: u64 = 1 << 20;

fn open(directory: &tempfile::TempDir, government: &Government) -> Store {
    Store::open(directory.path(), government.publisher(), &Network::main(), CACHE).unwrap()
}

impl Say {
    fn record(&self) -> Record {
        match self {
            Self::State(number, attributes, values) => {
                let texts = [None, Some("0"), Some("3")];
                let given = texts[attributes % 3].map(|text| (AttributeId::UnitMult, text));
                let attributes = Attributes::new(Attachment::Series, given).unwrap();
                let values: BTreeMap<i64, i64> = values.iter().copied().collect();
                let values = values.iter().map(|(ordinal, value)| {
                    Observation::reported(period(*number, *ordinal), Decimal::from(*value))
                });
                Record::Series(Series::new(key(*number), attributes, values.collect()).unwrap())
            }
            Self::Retract(number, ordinals) => {
                let mut ordinals = ordinals.clone();
                ordinals.sort_unstable();
                ordinals.dedup();
                let periods = ordinals.iter().map(|ordinal| period(*number, *ordinal)).collect();
                Record::Retraction(Retraction::new(key(*number), periods, "a wrong table").unwrap())
            }
        }
    }
}

/// A series for a number: yearly and daily ones, of several countries.
pub(super) fn key(number: usize) -> SeriesKey {
    let freq = ["A", "D"][number % 2];
    let other = ["ESP", "ITA", "DEU"][number / 2 % 3];
    let indicator = ["MS_FBORN", "MF_IMM_PREV"][number / 6 % 2];
    let sex = ["_T", "F", "M"][number / 12 % 3];
    SeriesKey::parse(&format!("{freq}.PHL.{other}.{indicator}.BIR.{sex}._T._T._T._T._T._T._T.PS")).unwrap()
}

fn period(number: usize, ordinal: i64) -> Period {
    let kind = if key(number).freq() == "A" { PeriodKind::Year } else { PeriodKind::Day };
    Period::from_ordinal(kind, 1900 + ordinal).unwrap()
}
