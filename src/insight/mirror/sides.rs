//! The two ends of a corridor as a view holds them, and which of their series are each other's mirror.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{Definition, Mirror, compare};
use crate::insight::exact::{Sum, has_sum, in_units};
use crate::model::catalogue::{self, Side as End};
use crate::model::{Attributes, Decimal, Dimension, Millis, Period, SeriesKey};
use crate::view::{SeriesView, State};

/// What one end says of a corridor: its series, each with its newest values, under whatever agreement they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    series: BTreeMap<SeriesKey, Told>,
}

/// The newest values of a series, in the unit itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Told {
    values: BTreeMap<Period, (Decimal, Millis)>,
    /// Periods that are stated to have no value.
    gaps: BTreeSet<Period>,
    /// What is said of the series, with when it was said.
    attributes: (Attributes, Option<Millis>),
}

impl Told {
    /// Both together, of the periods in which both have a value; none if there is none.
    fn with(&self, other: &Self) -> Option<Self> {
        let both = |(period, (value, time)): (&Period, &(Decimal, Millis))| {
            let (more, later) = other.values.get(period)?;
            let sum: Sum = [*value, *more].into_iter().collect();
            Some((*period, (sum.value()?, (*time).max(*later))))
        };
        let values: BTreeMap<_, _> = self.values.iter().filter_map(both).collect();
        let attributes = self.attributes.clone();
        (!values.is_empty()).then(|| Self { values, gaps: BTreeSet::new(), attributes })
    }

    /// Takes the values of periods of which nothing is stated.
    fn fill(&mut self, sums: Self) {
        for (period, value) in sums.values {
            if !self.gaps.contains(&period) {
                self.values.entry(period).or_insert(value);
            }
        }
    }

    fn plain(&self) -> Vec<(Period, Decimal)> {
        self.values.iter().map(|(period, (value, _))| (*period, *value)).collect()
    }
}

impl Side {
    /// Takes a series of this end with its current values.
    pub fn add(&mut self, series: &SeriesView) {
        let told = self.series.entry(series.key.clone()).or_default();
        for (period, state, entry) in series.stated() {
            let State::Stated { value, .. } = state else { continue };
            let Some(value) = value.and_then(|value| in_units(value, &series.attributes)) else {
                told.gaps.insert(period);
                continue;
            };
            if told.attributes.1.is_none_or(|time| time <= entry.time) {
                told.attributes = (series.attributes.clone(), Some(entry.time));
            }
            if told.values.get(&period).is_none_or(|(_, time)| *time <= entry.time) {
                told.values.insert(period, (value, entry.time));
            }
        }
    }

    /// The same with the totals that are not stated and that women and men make together, also those of single periods.
    #[must_use]
    pub fn with_totals(mut self) -> Self {
        let women: Vec<SeriesKey> = self
            .series
            .keys()
            .filter(|key| key.dimension(Dimension::Sex) == "F" && has_sum(key))
            .cloned()
            .collect();
        for women in women {
            let of_sex = |sex| women.with(Dimension::Sex, sex);
            let (Ok(men), Ok(total)) = (of_sex("M"), of_sex("_T")) else { continue };
            if let (Some(a), Some(b)) = (self.series.get(&women), self.series.get(&men))
                && let Some(both) = a.with(b)
            {
                match self.series.entry(total) {
                    Entry::Vacant(place) => drop(place.insert(both)),
                    Entry::Occupied(mut stated) => stated.get_mut().fill(both),
                }
            }
        }
        self
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}

/// A comparison, and of which series it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The origin's series; of a comparison without it, the mirror of the destination's.
    pub key: SeriesKey,
    /// The destination's series; of a comparison without it, the mirror of the origin's.
    pub mirror_key: SeriesKey,
    /// Both ends side by side.
    pub mirror: Mirror,
    /// By what the origin counts.
    pub origin: Definition,
    /// By what the destination counts.
    pub destination: Definition,
}

/// The indicator at the origin and its mirror at the destination; none where two countries may not compare theirs.
#[must_use]
pub fn pair_of(code: &str) -> Option<(&'static str, &'static str)> {
    let one = catalogue::get(code)?;
    let other = one.mirror.bilateral().and_then(catalogue::get)?;
    Some(match one.side {
        End::Destination => (other.code(), one.code()),
        End::Origin | End::Both | End::National => (one.code(), other.code()),
    })
}

/// The widest pair of series that are each other's mirror: of several breakdowns, the one with most totals.
#[must_use]
pub fn matching(
    (origin, destination): (&str, &str),
    (indicator, mirror_indicator): (&str, &str),
    (ours, theirs): (&Side, &Side),
) -> Option<Matched> {
    let pairs = ours.series.iter().filter_map(|(key, a)| {
        let mirrored = key.mirror()?;
        let b = theirs.series.get_key_value(&mirrored).or_else(|| alike(&mirrored, theirs))?;
        Some((key, a, b))
    });
    let (key, a, (mirror_key, b)) = pairs.max_by_key(|(key, _, _)| totals(key))?;
    let mirror = compare(origin, destination, indicator, mirror_indicator, &a.plain(), &b.plain());
    Some(Matched {
        key: key.clone(),
        mirror_key: mirror_key.clone(),
        mirror,
        origin: Definition::of(&a.attributes.0),
        destination: Definition::of(&b.attributes.0),
    })
}

/// In how many dimensions a series is a total.
fn totals(key: &SeriesKey) -> usize {
    key.parts().iter().filter(|code| **code == "_T").count()
}

/// No series are each other's mirror, or one side alone has figures: the comparison says so.
#[must_use]
pub fn unmatched(
    (origin, destination): (&str, &str),
    (indicator, mirror_indicator): (&str, &str),
    (ours, theirs): (&Side, &Side),
) -> Option<Matched> {
    let [a, b] = [ours, theirs].map(|side| side.series.iter().rev().max_by_key(|(key, _)| totals(key)));
    let (key, mirror_key) = match (a, b) {
        (Some((key, _)), Some((mirror_key, _))) => (key.clone(), mirror_key.clone()),
        (Some((key, _)), None) => (key.clone(), key.mirror()?),
        (None, Some((mirror_key, _))) => (mirror_key.mirror()?, mirror_key.clone()),
        (None, None) => return None,
    };
    let values = |told: Option<(&SeriesKey, &Told)>| told.map(|(_, told)| told.plain()).unwrap_or_default();
    let definition = |told: Option<(&SeriesKey, &Told)>| {
        told.map(|(_, told)| Definition::of(&told.attributes.0)).unwrap_or_default()
    };
    Some(Matched {
        key,
        mirror_key,
        mirror: compare(origin, destination, indicator, mirror_indicator, &values(a), &values(b)),
        origin: definition(a),
        destination: definition(b),
    })
}

/// A series that differs from the mirror by its unit or basis alone.
fn alike<'a>(mirrored: &SeriesKey, side: &'a Side) -> Option<(&'a SeriesKey, &'a Told)> {
    let loose = [Dimension::Basis, Dimension::UnitMeasure, Dimension::Indicator];
    let same = |key: &SeriesKey| {
        Dimension::ALL
            .iter()
            .filter(|d| !loose.contains(d))
            .all(|d| key.dimension(*d) == mirrored.dimension(*d))
    };
    side.series.iter().find(|(key, _)| same(key))
}

/// The corridors of one pair of indicators, to see where both ends lie furthest apart.
#[derive(Debug, Clone, Default)]
pub struct Corridors {
    ends: BTreeMap<(String, String), (Side, Side)>,
}

impl Corridors {
    /// Takes a reporter's own series of either indicator, with its current values.
    pub fn add(&mut self, series: &SeriesView, (indicator, mirror_indicator): (&str, &str)) {
        let (here, there) = (series.key.ref_area().to_owned(), series.key.counterpart_area().to_owned());
        let is_total = |one: &Dimension| matches!(series.key.dimension(*one), "_T" | "_Z");
        let has_part = matches!(series.key.dimension(Dimension::Sex), "F" | "M");
        if !TOTALS.iter().all(|one| is_total(one) || *one == Dimension::Sex && has_part) {
            return;
        }
        if series.key.indicator() == indicator
            && let Some((ours, _)) = self.corridor((here.clone(), there.clone()))
        {
            ours.add(series);
        }
        if series.key.indicator() == mirror_indicator
            && let Some((_, theirs)) = self.corridor((there, here))
        {
            theirs.add(series);
        }
    }

    fn corridor(&mut self, ends: (String, String)) -> Option<&mut (Side, Side)> {
        let is_full = self.ends.len() >= MAX_CORRIDORS && !self.ends.contains_key(&ends);
        (!is_full).then(|| self.ends.entry(ends).or_default())
    }

    /// Those that both ends report, by the asymmetry of the newest pair, widest first; of equal ones the larger first.
    #[must_use]
    pub fn widest(&self, codes: (&str, &str), count: usize) -> Vec<Matched> {
        let both = self.ends.iter().filter_map(|((origin, destination), (ours, theirs))| {
            let (ours, theirs) = (ours.clone().with_totals(), theirs.clone().with_totals());
            matching((origin, destination), codes, (&ours, &theirs)).filter(|m| {
                let is_whole = m.key.dimension(Dimension::Sex).starts_with('_');
                is_whole && !m.mirror.pairs.is_empty()
            })
        });
        let mut all: Vec<Matched> = both.collect();
        let rank = |one: &Matched| {
            let newest = one.mirror.pairs.last();
            newest.map(|pair| (pair.asymmetry, pair.origin_value.max(pair.destination_value)))
        };
        all.sort_by_key(|one| std::cmp::Reverse(rank(one)));
        all.truncate(count);
        all
    }
}

/// Corridors that are told apart: every pair of the world's countries.
const MAX_CORRIDORS: usize = 70_000;
/// Dimensions of which corridors are compared in totals.
const TOTALS: [Dimension; 7] = [
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Subnat,
];
