//! What countries say of themselves, picked for people: of each pair of countries and indicator one series, in the unit
//! itself, with what stands beside the value.
//!
//! Nothing is added up here, and nothing is filled in: a figure is one that its reporter signed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::api::http::guard::Refusal;
use crate::api::http::service::failed;
use crate::api::http::withdrawn::Withdrawn;
use crate::insight::exact::{Sum, has_sum, in_units};
use crate::model::{
    AttributeId, Attributes, Decimal, Dimension, Millis, ObsStatus, Period, SeriesKey, SeriesPattern,
};
use crate::node::{NodeError, Reader};
use crate::view::{Moment, SeriesView, State};

/// A series as its reporter states it, or the total that its women and men make.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The series.
    pub(super) key: SeriesKey,
    /// Where a total is not stated: the series of women and of men, of which some figures are the exact sum.
    pub(super) parts: Option<[SeriesKey; 2]>,
    /// What is said of all of it.
    pub(super) attributes: Attributes,
    /// By period, in order.
    pub(super) figures: BTreeMap<Period, Figure>,
    /// What the reporter remarks on a figure, by period: part of what it signed.
    pub(super) remarks: BTreeMap<Period, String>,
}

/// A statement about one period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    /// In the unit itself; none where the reporter says that there is none.
    pub(super) value: Option<Decimal>,
    /// What kind of value it is, or why there is none.
    pub(super) status: ObsStatus,
    /// How often it was revised.
    pub(super) revision: u32,
    /// When it was released.
    pub(super) time: Millis,
    /// Whether it is not stated, and women and men make it together.
    pub(super) is_sum: bool,
}

/// Series of one question; more are refused, since no page shows them.
const MAX_LINES: usize = 100_000;

/// The dimensions of which the total is shown.
const TOTALS: [Dimension; 6] = [
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Subnat,
];

impl Line {
    /// The newest figure with a value.
    pub(super) fn newest(&self) -> Option<(Period, Decimal)> {
        self.figures.iter().rev().find_map(|(period, figure)| Some((*period, figure.value?)))
    }

    /// The key by which all that is stated of it is asked for: of a total that its women and men make, both.
    pub(super) fn asked(&self) -> String {
        let code =
            |dimension: &Dimension| match dimension {
                Dimension::Sex if self.parts.is_some() => {
                    if self.figures.values().all(|figure| figure.is_sum) { "F+M" } else { "_T+F+M" }
                }
                other => self.key.dimension(*other),
            };
        Dimension::ALL.iter().map(code).collect::<Vec<_>>().join(".")
    }

    /// The series of women and of men that make the figure of a period, if it is not stated itself.
    pub(super) fn parts_of(&self, period: Period) -> Option<&[SeriesKey; 2]> {
        self.parts.as_ref().filter(|_| self.figures.get(&period).is_some_and(|figure| figure.is_sum))
    }

    /// The series that state a period: itself, or its women and men.
    pub(super) fn stated(&self, period: Period) -> Vec<&SeriesKey> {
        self.parts_of(period).map_or_else(|| vec![&self.key], |parts| parts.iter().collect())
    }

    fn of(series: &SeriesView) -> Self {
        let mut line = Self {
            key: series.key.clone(),
            parts: None,
            attributes: series.attributes.clone(),
            figures: BTreeMap::new(),
            remarks: BTreeMap::new(),
        };
        line.add(series);
        line
    }

    fn says_something(&self) -> bool {
        !self.figures.is_empty()
    }

    /// Takes what a feed says; of two feeds the later word counts.
    fn add(&mut self, series: &SeriesView) {
        for (period, state, entry) in series.stated() {
            let State::Stated { value, flags, attributes } = state else { continue };
            let value = value.and_then(|value| in_units(value, &series.attributes));
            let figure = Figure {
                value,
                status: flags.status,
                revision: flags.revision,
                time: entry.time,
                is_sum: false,
            };
            if self.figures.get(&period).is_some_and(|known| known.time > figure.time) {
                continue;
            }
            self.figures.insert(period, figure);
            match attributes.get(AttributeId::CommentObs) {
                Some(remark) => drop(self.remarks.insert(period, remark.to_owned())),
                None => drop(self.remarks.remove(&period)),
            }
        }
    }
}

/// Every series of a pattern that is its reporter's own word, in the order of keys.
///
/// # Errors
/// [`Refusal`] when there are more than a page can show, or the database is broken.
pub(super) fn lines(reader: &Reader, pattern: SeriesPattern) -> Result<Vec<Line>, Refusal> {
    let mut all = Vec::new();
    each(reader, pattern, |_| true, &mut |line| all.push(line))?;
    all.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(all)
}

/// Hands on every series of a pattern that is its reporter's own word and wanted, in the order of views: all of one
/// indicator, reporter and counterpart come together.
fn each(
    reader: &Reader,
    pattern: SeriesPattern,
    is_wanted: impl Fn(&SeriesKey) -> bool,
    take: &mut impl FnMut(Line),
) -> Result<(), Refusal> {
    let (mut count, mut last): (usize, Option<Line>) = (0, None);
    let asked = reader.query_own(pattern, &mut |series| {
        if !is_wanted(&series.key) {
            return true;
        }
        // What several feeds say of a series comes together as well.
        if let Some(line) = last.as_mut().filter(|line| line.key == series.key) {
            line.add(&series);
            return true;
        }
        last.replace(Line::of(&series)).into_iter().filter(Line::says_something).for_each(&mut *take);
        count += 1;
        count <= MAX_LINES
    });
    last.into_iter().filter(Line::says_something).for_each(take);
    match asked {
        Ok(()) if count > MAX_LINES => {
            Err(Refusal::question("there are too many series for one page: ask the API"))
        }
        Ok(()) | Err(NodeError::NotFound(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// What reporters took back of their own series, the newest first.
///
/// # Errors
/// [`Refusal`] when the database is broken.
pub(super) fn withdrawn(reader: &Reader, pattern: SeriesPattern) -> Result<Vec<Withdrawn>, Refusal> {
    let mut all = Vec::new();
    let asked = reader.query_own_at(pattern, Moment::History, &mut |series| {
        all.extend(Withdrawn::of(&series));
        all.len() < MAX_LINES
    });
    match asked {
        Ok(()) => {}
        Err(NodeError::NotFound(_)) => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    }
    all.sort_by(|one, other| (other.time, &one.key).cmp(&(one.time, &other.key)));
    Ok(all)
}

/// Every series of totals, of women, men and both; where a reporter states no total, what its women and men make.
///
/// # Errors
/// As [`lines`].
pub(super) fn totals(reader: &Reader, pattern: SeriesPattern) -> Result<Vec<Line>, Refusal> {
    let mut all = Vec::new();
    each(reader, pattern, is_total, &mut |line| all.push(line))?;
    Ok(with_totals(all.into_iter()))
}

fn is_total(key: &SeriesKey) -> bool {
    TOTALS.iter().all(|one| matches!(key.dimension(*one), "_T" | "_Z"))
}

/// Of each reporter, counterpart and indicator the series of totals, of one sex or of both; of several the one that goes
/// on longest. Where a reporter states women and men and no total, the total is both together.
///
/// # Errors
/// As [`lines`].
pub(super) fn headlines(reader: &Reader, pattern: SeriesPattern, sex: &str) -> Result<Vec<Line>, Refusal> {
    // One pair of countries after the other: each has a few series, all together have many.
    let (mut all, mut pair): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
    each(reader, pattern, is_total, &mut |line| {
        if pair.last().is_some_and(|last| about(&last.key) != about(&line.key)) {
            all.extend(headline(std::mem::take(&mut pair), sex));
        }
        pair.push(line);
    })?;
    all.extend(headline(pair, sex));
    all.sort_by(|one, other| about(&one.key).cmp(&about(&other.key)));
    Ok(all)
}

fn about(key: &SeriesKey) -> [&str; 3] {
    [key.ref_area(), key.counterpart_area(), key.indicator()]
}

/// Of the series of one pair and indicator the one of this sex that goes on longest.
fn headline(pair: Vec<Line>, sex: &str) -> Option<Line> {
    let is_of = |line: &Line| {
        let own = line.key.sex();
        own == sex || own == "_Z" && sex == "_T"
    };
    let rank = |line: &Line| (line.figures.keys().next_back().copied(), line.figures.len());
    let mut best: Option<Line> = None;
    for line in with_totals(pair.into_iter()).into_iter().filter(is_of) {
        if best.as_ref().is_none_or(|known| rank(known) < rank(&line)) {
            best = Some(line);
        }
    }
    best
}

/// The series of a key, or what its women and men make together.
///
/// # Errors
/// As [`lines`].
pub(super) fn whole(reader: &Reader, key: &SeriesKey) -> Result<Option<Line>, Refusal> {
    let mut pattern = SeriesPattern::any();
    for dimension in Dimension::ALL {
        let is_any_sex = dimension == Dimension::Sex && key.dimension(dimension) == "_T";
        if !is_any_sex {
            pattern = pattern.with(dimension, key.dimension(dimension));
        }
    }
    Ok(with_totals(lines(reader, pattern)?.into_iter()).into_iter().find(|line| line.key == *key))
}

/// Adds the totals that are not stated and that women and men make, also those of single periods.
fn with_totals(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut all: BTreeMap<SeriesKey, Line> = lines.map(|line| (line.key.clone(), line)).collect();
    let women: Vec<SeriesKey> =
        all.keys().filter(|key| key.dimension(Dimension::Sex) == "F" && has_sum(key)).cloned().collect();
    for women in women {
        let of_sex = |sex| women.with(Dimension::Sex, sex);
        let (Ok(men), Ok(total)) = (of_sex("M"), of_sex("_T")) else { continue };
        let (Some(a), Some(b)) = (all.get(&women), all.get(&men)) else { continue };
        let stated = all.get(&total);
        let figures: BTreeMap<Period, Figure> = a
            .figures
            .iter()
            .filter(|(period, _)| stated.is_none_or(|line| !line.figures.contains_key(*period)))
            .filter_map(|(period, one)| Some((*period, one.with(b.figures.get(period)?)?)))
            .collect();
        if figures.is_empty() {
            continue;
        }
        let (attributes, remarks) = (a.attributes.clone(), a.remarks.clone());
        let parts = Some([women, men]);
        match all.entry(total) {
            Entry::Vacant(place) => {
                let key = place.key().clone();
                place.insert(Line { key, parts, attributes, figures, remarks });
            }
            Entry::Occupied(mut known) => {
                known.get_mut().figures.extend(figures);
                known.get_mut().parts = parts;
            }
        }
    }
    all.into_values().collect()
}

impl Figure {
    /// Both together; none where one has no value, or the sum is too long to be exact. The later and weaker word counts.
    fn with(&self, other: &Self) -> Option<Self> {
        let sum: Sum = [self.value?, other.value?].into_iter().collect();
        Some(Self {
            value: Some(sum.value()?),
            status: if self.status == ObsStatus::Normal { other.status } else { self.status },
            revision: self.revision.max(other.revision),
            time: self.time.max(other.time),
            is_sum: true,
        })
    }
}
