//! The regional profile of an agreement: what its members' signed records say together.
//!
//! Each member computes it from the entries that it holds; where the heads are the same, so is every byte of it, and
//! [`Profile::digest`] says so in 64 digits. It is sums and counts of what members stated, nothing else: no value is
//! imputed for a member that reports nothing, who is named as missing instead.
//!
//! | figure | is |
//! |---|---|
//! | total | the sum over pairs of different members (indicators by counterpart), or over members (those without), in the unit itself; a cell's total is the one that was stated, else women and men together where both were |
//! | cells, withheld | how many such cells have a total, and how many are stated without a value |
//! | known share | sum / (sum + the last earlier values of the members that are missing for this period); beside the sum, never in it |
//! | coverage | how many members have stated a value for a core indicator, of how many |
//!
//! A sum over other members is no later value of the same thing: which sums of a measure are over the same members is said
//! with each.
//!
//! Only stocks, flows and lists are summed: rates and states have no sum. Only totals by age, education, occupation,
//! activity, reason and part of the territory are, since parts are in their totals already; what differs in
//! frequency, basis, duration or unit is another [`Measure`].
//!
//! Members sign what they computed as a numbered [`edition`]; [`adoption`] counts who did.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::exact::{Sum, in_units, share};
use crate::crypto::Hash;
use crate::feed::{AgreementId, PublisherId};
use crate::model::catalogue::{self, Breakdown, Kind, Side};
use crate::model::{Decimal, Dimension, Period, SeriesKey};
use crate::view::{SeriesView, State};

pub mod adoption;
mod canonical;
pub mod edition;

pub use adoption::{Adoption, Basis, Rule, Signed, Signer, Statement};
pub use canonical::FORM;
pub use edition::{Edition, EditionHead};

/// A member of the region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The country that its card claims; its id's first digits where no card is known.
    pub country: String,
    /// Who it is.
    pub publisher: PublisherId,
}

/// What is summed: all that must be alike in series whose values are added.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// What is measured.
    pub indicator: String,
    /// How often.
    pub freq: String,
    /// What ties people to the counterpart.
    pub basis: String,
    /// Length of stay or of permit.
    pub duration: String,
    /// The unit; values are in it, not in thousands of it.
    pub unit: String,
}

/// A value for all, for women and for men; none where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BySex {
    /// For all.
    pub total: Option<Decimal>,
    /// For men.
    pub male: Option<Decimal>,
    /// For women.
    pub female: Option<Decimal>,
}

/// The sum of a measure for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What is summed.
    pub measure: Measure,
    /// The period.
    pub period: Period,
    /// The sums over the cells that have a value.
    pub sum: BySex,
    /// Cells that have a total.
    pub cells: usize,
    /// Cells that members stated without a value, as suppressed or not collected.
    pub withheld: usize,
    /// Members with a cell that has a total, by country.
    pub reporting: Vec<String>,
    /// sum / (sum + last earlier values of those that are missing here); none where one of them has no earlier value.
    pub known_share: Option<Decimal>,
    /// Whether the known share is at least [`REPRESENTATIVE`]; none where it is not known.
    pub is_representative: Option<bool>,
    /// Whether the same members are in it as in most sums of the measure: only these make a course. Of sets of members that
    /// are in equally many sums, that of the newest counts.
    pub is_comparable: bool,
}

/// Movement or presence from one member to another, as the member that counts it states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where people come from.
    pub origin: Arc<str>,
    /// Where they are or go.
    pub destination: Arc<str>,
    /// How many.
    pub value: BySex,
}

/// What members say of each other for one period: a matrix of origins and destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// What is counted.
    pub measure: Measure,
    /// The period.
    pub period: Period,
    /// Its cells, in the order of reporter and counterpart.
    pub flows: Vec<Flow>,
}

/// How many members have stated a value for a core indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The core indicator.
    pub indicator: &'static str,
    /// Members that have, by country, in order.
    pub reporting: Vec<String>,
    /// The newest period of any of them.
    pub newest: Option<Period>,
}

/// A regional profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The agreement.
    pub agreement: AgreementId,
    /// Who could report, in the order of countries.
    pub members: Vec<Member>,
    /// Members that stated at least one value under the agreement, by country.
    pub reporting: Vec<String>,
    /// Members that did not.
    pub missing: Vec<String>,
    /// By measure, then by period.
    pub totals: Vec<Total>,
    /// For every core indicator, in the order of the catalogue.
    pub coverage: Vec<Coverage>,
    /// By measure, then by period; each has a cell.
    pub matrices: Vec<Matrix>,
    /// SHA-256 of the canonical form, [`FORM`].
    pub digest: Hash,
}

/// The least known share of a sum that stands for its region: four fifths, in thousandths.
pub const REPRESENTATIVE: i128 = 800;

/// A statement of a cell: that there is no value, or the value.
type Stated = Option<Decimal>;

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    total: Option<Stated>,
    male: Option<Stated>,
    female: Option<Stated>,
}

/// Of whom a member says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// Of another member, by its place among them.
    Member(usize),
    /// `_T`.
    All,
    /// `_Z`: the indicator has no counterpart.
    Nobody,
}

/// Who says something, by place among the members, and of whom.
type Ends = (usize, About);

/// What is said of a measure: by reporter and counterpart, then by period, in order.
type Cells = BTreeMap<Ends, Vec<(Period, Cell)>>;

/// What the cells of one period have for values, in the order of reporter and counterpart.
type Values = Vec<(Ends, BySex)>;

/// Adds the records of members, in any order, and computes the profile of them.
#[derive(Debug, Clone)]
pub struct Builder {
    agreement: AgreementId,
    members: Vec<Member>,
    /// In the order in which they came: there are few.
    measures: Vec<(Measure, Cells)>,
    reported: BTreeMap<String, BTreeMap<String, Period>>,
}

impl Builder {
    /// The profile of these members under an agreement; of members of one country the first counts.
    #[must_use]
    pub fn new(agreement: AgreementId, members: impl IntoIterator<Item = Member>) -> Self {
        let mut members: Vec<Member> = members.into_iter().collect();
        members.sort();
        members.dedup_by(|later, first| later.country == first.country);
        Self { agreement, members, measures: Vec::new(), reported: BTreeMap::new() }
    }

    /// Takes a series with its current values. What is not a member's own word under the agreement is passed over.
    pub fn add(&mut self, series: &SeriesView) {
        let key = &series.key;
        let Some(reporter) = self.place(key.ref_area()) else { return };
        let is_own = self.members[reporter].publisher == series.feed.publisher;
        if series.feed.agreement != self.agreement || !is_own {
            return;
        }
        self.note(series);
        let Some(about) = self.about(key) else { return };
        let cells = self.cells(key).entry((reporter, about)).or_default();
        for (period, state, _) in series.stated() {
            let State::Stated { value, .. } = state else { continue };
            let cell = at_period(cells, period);
            let stated = Some(value.and_then(|value| in_units(value, &series.attributes)));
            match key.sex() {
                "_T" | "_Z" => cell.total = stated,
                "M" => cell.male = stated,
                _ => cell.female = stated,
            }
        }
    }

    /// Notes for the coverage that a member has stated a value.
    fn note(&mut self, series: &SeriesView) {
        let has_value = |state: &State| matches!(state, State::Stated { value: Some(_), .. });
        let periods = series.stated().filter(|(_, state, _)| has_value(state)).map(|(period, ..)| period);
        let Some(newest) = periods.max() else { return };
        let (indicator, country) = (series.key.indicator(), series.key.ref_area());
        let known = self.reported.get_mut(indicator).and_then(|by_country| by_country.get_mut(country));
        if let Some(known) = known {
            *known = newest.max(*known);
            return;
        }
        self.reported.entry(indicator.to_owned()).or_default().insert(country.to_owned(), newest);
    }

    /// Of whom a series says something, if it is a total that may be added.
    fn about(&self, key: &SeriesKey) -> Option<About> {
        let indicator = catalogue::get(key.indicator())?;
        let adds = matches!(indicator.kind, Kind::Stock | Kind::Flow | Kind::List);
        let is_total = TOTALS.iter().all(|dimension| matches!(key.dimension(*dimension), "_T" | "_Z"));
        if !adds || !is_total || !matches!(key.sex(), "_T" | "_Z" | "M" | "F") {
            return None;
        }
        let counterpart = key.counterpart_area();
        match (indicator.dims.contains(&Breakdown::Counterpart), counterpart) {
            (true, _) if counterpart == key.ref_area() => None,
            (true, _) => self.place(counterpart).map(About::Member),
            (false, "_T") => Some(About::All),
            (false, "_Z") => Some(About::Nobody),
            (false, _) => None,
        }
    }

    /// The cells of what a series measures. Series come in the order of measures, so it is mostly the last.
    fn cells(&mut self, key: &SeriesKey) -> &mut Cells {
        let at = self.measures.iter().rposition(|(measure, _)| measure.is_of(key)).unwrap_or_else(|| {
            self.measures.push((Measure::of(key), Cells::new()));
            self.measures.len() - 1
        });
        &mut self.measures[at].1
    }

    /// Where a country stands among the members, which are in the order of countries, each there once.
    fn place(&self, country: &str) -> Option<usize> {
        self.members.binary_search_by(|member| member.country.as_str().cmp(country)).ok()
    }

    /// The profile.
    #[must_use]
    pub fn finish(mut self) -> Profile {
        let (mut totals, mut matrices) = (Vec::new(), Vec::new());
        let countries: Vec<Arc<str>> =
            self.members.iter().map(|member| Arc::from(member.country.as_str())).collect();
        self.measures.sort_by(|one, other| one.0.cmp(&other.0));
        for (measure, cells) in &self.measures {
            // The last totals of each member, in periods before the one that is summed.
            let mut last: BTreeMap<usize, Sum> = BTreeMap::new();
            let first = totals.len();
            for (period, values) in by_period(cells) {
                let by_reporter = by_reporter(&values);
                totals.push(self.total(measure, (period, &values), &by_reporter, &last));
                last.extend(by_reporter);
                let flows: Vec<Flow> = flows(measure, &values, &countries);
                if !flows.is_empty() {
                    matrices.push(Matrix { measure: measure.clone(), period, flows });
                }
            }
            compare(&mut totals[first..]);
        }
        let coverage = catalogue::all().iter().map(|indicator| self.coverage(indicator.code())).collect();
        let countries: BTreeSet<&String> = self.reported.values().flat_map(BTreeMap::keys).collect();
        let all = self.members.iter().map(|member| member.country.clone());
        let (reporting, missing) = all.partition(|country| countries.contains(country));
        let mut profile = Profile {
            agreement: self.agreement,
            members: self.members,
            reporting,
            missing,
            totals,
            coverage,
            matrices,
            digest: Hash::ZERO,
        };
        profile.digest = canonical::digest(&profile);
        profile
    }

    fn coverage(&self, indicator: &'static str) -> Coverage {
        let reported = self.reported.get(indicator);
        Coverage {
            indicator,
            reporting: reported.into_iter().flat_map(BTreeMap::keys).cloned().collect(),
            newest: reported.into_iter().flat_map(BTreeMap::values).max().copied(),
        }
    }

    fn total(
        &self,
        measure: &Measure,
        (period, values): (Period, &Values),
        by_reporter: &BTreeMap<usize, Sum>,
        last: &BTreeMap<usize, Sum>,
    ) -> Total {
        // Of no values there is no sum: nobody said zero.
        let sum = |part: fn(&BySex) -> Option<Decimal>| {
            let stated = || values.iter().filter_map(|(_, value)| part(value));
            stated().next()?;
            stated().collect::<Sum>().value()
        };
        let sum = BySex { total: sum(|v| v.total), male: sum(|v| v.male), female: sum(|v| v.female) };
        let counted = values.iter().filter(|(_, value)| value.total.is_some()).count();
        let known_share = self.known_share(sum.total, by_reporter, last);
        Total {
            measure: measure.clone(),
            period,
            sum,
            cells: counted,
            withheld: values.len() - counted,
            reporting: by_reporter.keys().map(|at| self.members[*at].country.clone()).collect(),
            known_share,
            is_representative: known_share.map(|share| share.mantissa() >= REPRESENTATIVE),
            is_comparable: false,
        }
    }

    /// How much of what was known last is in a sum.
    fn known_share(
        &self,
        sum: Option<Decimal>,
        by_reporter: &BTreeMap<usize, Sum>,
        last: &BTreeMap<usize, Sum>,
    ) -> Option<Decimal> {
        let sum = sum?;
        let mut whole = Sum::from_iter([sum]);
        for absent in (0..self.members.len()).filter(|at| !by_reporter.contains_key(at)) {
            whole.add(last.get(&absent)?.value()?);
        }
        share(sum, whole.value()?)
    }
}

/// Notes which sums of a measure, by period, are over the members that are in most of them.
fn compare(totals: &mut [Total]) {
    let mut sets: BTreeMap<&[String], (usize, Period)> = BTreeMap::new();
    for total in totals.iter().filter(|total| total.sum.total.is_some()) {
        let known = sets.entry(&total.reporting).or_insert((0, total.period));
        *known = (known.0 + 1, total.period);
    }
    let usual = sets.into_iter().max_by_key(|(_, known)| *known).map(|(members, _)| members.to_vec());
    for total in totals {
        total.is_comparable = total.sum.total.is_some() && usual.as_ref() == Some(&total.reporting);
    }
}

impl Measure {
    fn of(key: &SeriesKey) -> Self {
        let [indicator, freq, basis, duration, unit] = Self::codes(key).map(str::to_owned);
        Self { indicator, freq, basis, duration, unit }
    }

    /// Whether a series measures this.
    fn is_of(&self, key: &SeriesKey) -> bool {
        let Self { indicator, freq, basis, duration, unit } = self;
        [indicator, freq, basis, duration, unit].map(String::as_str) == Self::codes(key)
    }

    fn codes(key: &SeriesKey) -> [&str; 5] {
        [key.indicator(), key.freq(), key.basis(), key.duration(), key.unit_measure()]
    }
}

/// The cell of a period, in order.
fn at_period(cells: &mut Vec<(Period, Cell)>, period: Period) -> &mut Cell {
    let at = cells.binary_search_by_key(&period, |(known, _)| *known).unwrap_or_else(|at| {
        cells.insert(at, (period, Cell::default()));
        at
    });
    &mut cells[at].1
}

/// The values of each period.
fn by_period(cells: &Cells) -> BTreeMap<Period, Values> {
    let mut periods: BTreeMap<Period, Values> = BTreeMap::new();
    for (ends, cells) in cells {
        for (period, cell) in cells {
            periods.entry(*period).or_default().push((*ends, cell.value()));
        }
    }
    periods
}

/// What each member adds to a sum, of those that add anything.
fn by_reporter(values: &Values) -> BTreeMap<usize, Sum> {
    let mut sums: BTreeMap<usize, Sum> = BTreeMap::new();
    for ((reporter, _), value) in values {
        if let Some(total) = value.total {
            sums.entry(*reporter).or_default().add(total);
        }
    }
    sums
}

impl Cell {
    /// What the cell says. A total that is withheld is not made of its parts: that would undo its protection.
    fn value(&self) -> BySex {
        let (male, female) = (self.male.flatten(), self.female.flatten());
        let both = || [male?, female?].into_iter().collect::<Sum>().value();
        BySex { total: self.total.unwrap_or_else(both), male, female }
    }
}

/// The cells that have a value, as movements between two countries.
fn flows(measure: &Measure, values: &Values, countries: &[Arc<str>]) -> Vec<Flow> {
    let Some(indicator) = catalogue::get(&measure.indicator) else { return Vec::new() };
    let flow = |((reporter, about), value): &(Ends, BySex)| {
        let About::Member(counterpart) = about else { return None };
        let (reporter, counterpart) = (&countries[*reporter], &countries[*counterpart]);
        let (origin, destination) = match indicator.side {
            Side::Destination => (counterpart, reporter),
            Side::Origin | Side::Both | Side::National => (reporter, counterpart),
        };
        let (origin, destination) = (Arc::clone(origin), Arc::clone(destination));
        (*value != BySex::default()).then_some(Flow { origin, destination, value: *value })
    };
    values.iter().filter_map(flow).collect()
}

impl Profile {
    /// The newest period of every measure for which there is a sum.
    #[must_use]
    pub fn newest(&self) -> Vec<(&Measure, Period)> {
        let mut newest: BTreeMap<&Measure, Period> = BTreeMap::new();
        for total in self.totals.iter().filter(|total| total.sum.total.is_some()) {
            newest.insert(&total.measure, total.period);
        }
        newest.into_iter().collect()
    }

    /// What members say of each other about a measure for one period.
    #[must_use]
    pub fn matrix(&self, measure: &Measure, period: Period) -> Option<&Matrix> {
        self.matrices.iter().find(|matrix| matrix.period == period && matrix.measure == *measure)
    }
}

impl Matrix {
    /// The largest corridors, largest first; of equal ones in the order of countries.
    #[must_use]
    pub fn largest(&self, count: usize) -> Vec<&Flow> {
        let mut flows: Vec<&Flow> = self.flows.iter().filter(|flow| flow.value.total.is_some()).collect();
        let place = |flow: &&Flow| Reverse(flow.value.total);
        flows.sort_by(|a, b| {
            place(a)
                .cmp(&place(b))
                .then_with(|| (&a.origin, &a.destination).cmp(&(&b.origin, &b.destination)))
        });
        flows.truncate(count);
        flows
    }
}

/// Dimensions of which only totals are summed.
const TOTALS: [Dimension; 6] = [
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Subnat,
];

#[cfg(test)]
mod tests;
