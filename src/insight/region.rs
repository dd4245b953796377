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
//! Only stocks, flows and lists are summed: rates and states have no sum. Only totals by age, education, occupation,
//! activity, reason and part of the territory are, since parts are in their totals already; what differs in
//! frequency, basis, duration or unit is another [`Measure`].
//!
//! Members sign what they computed as a numbered [`edition`]; [`adoption`] counts who did.

use std::collections::{BTreeMap, BTreeSet};

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
}

/// Movement or presence from one member to another, as the member that counts it states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// What is counted.
    pub measure: Measure,
    /// The period.
    pub period: Period,
    /// Where people come from.
    pub origin: String,
    /// Where they are or go.
    pub destination: String,
    /// How many.
    pub value: BySex,
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
    /// By measure, period, origin and destination: every cell of every matrix.
    pub flows: Vec<Flow>,
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

/// By reporter and counterpart.
type Cells = BTreeMap<(String, String), Cell>;

/// Adds the records of members, in any order, and computes the profile of them.
#[derive(Debug, Clone)]
pub struct Builder {
    agreement: AgreementId,
    members: Vec<Member>,
    measures: BTreeMap<Measure, BTreeMap<Period, Cells>>,
    reported: BTreeMap<String, BTreeMap<String, Period>>,
}

impl Builder {
    /// The profile of these members under an agreement; of members of one country the first counts.
    #[must_use]
    pub fn new(agreement: AgreementId, members: impl IntoIterator<Item = Member>) -> Self {
        let mut members: Vec<Member> = members.into_iter().collect();
        members.sort();
        members.dedup_by(|later, first| later.country == first.country);
        Self { agreement, members, measures: BTreeMap::new(), reported: BTreeMap::new() }
    }

    /// Takes a series with its current values. What is not a member's own word under the agreement is passed over.
    pub fn add(&mut self, series: &SeriesView) {
        let key = &series.key;
        let is_own = |member: &Member| member.publisher == series.feed.publisher;
        if series.feed.agreement != self.agreement || !self.member(key.ref_area()).is_some_and(is_own) {
            return;
        }
        self.note(series);
        let Some(measure) = self.measure(key) else { return };
        let periods = self.measures.entry(measure).or_default();
        let ends = (key.ref_area().to_owned(), key.counterpart_area().to_owned());
        for (period, state, _) in series.stated() {
            let State::Stated { value, .. } = state else { continue };
            let cell = periods.entry(period).or_default().entry(ends.clone()).or_default();
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
        let by_country = self.reported.entry(series.key.indicator().to_owned()).or_default();
        let known = by_country.entry(series.key.ref_area().to_owned()).or_insert(newest);
        *known = newest.max(*known);
    }

    /// What a series is a part of, if it is a total that may be added.
    fn measure(&self, key: &SeriesKey) -> Option<Measure> {
        let indicator = catalogue::get(key.indicator())?;
        let adds = matches!(indicator.kind, Kind::Stock | Kind::Flow | Kind::List);
        let is_total = TOTALS.iter().all(|dimension| matches!(key.dimension(*dimension), "_T" | "_Z"));
        let is_by_sex = matches!(key.sex(), "_T" | "_Z" | "M" | "F");
        let counterpart = key.counterpart_area();
        let is_inside = match indicator.dims.contains(&Breakdown::Counterpart) {
            true => self.member(counterpart).is_some() && counterpart != key.ref_area(),
            false => matches!(counterpart, "_Z" | "_T"),
        };
        (adds && is_total && is_by_sex && is_inside).then(|| Measure {
            indicator: key.indicator().to_owned(),
            freq: key.dimension(Dimension::Freq).to_owned(),
            basis: key.dimension(Dimension::Basis).to_owned(),
            duration: key.dimension(Dimension::Duration).to_owned(),
            unit: key.dimension(Dimension::UnitMeasure).to_owned(),
        })
    }

    /// Members are in the order of countries, each there once.
    fn member(&self, country: &str) -> Option<&Member> {
        let at = self.members.binary_search_by(|member| member.country.as_str().cmp(country)).ok()?;
        self.members.get(at)
    }

    /// The profile.
    #[must_use]
    pub fn finish(self) -> Profile {
        let mut totals = Vec::new();
        let mut flows = Vec::new();
        for (measure, periods) in &self.measures {
            // The last totals of each member, in periods before the one that is summed.
            let mut last: BTreeMap<&str, Sum> = BTreeMap::new();
            for (period, cells) in periods {
                let by_reporter = by_reporter(cells);
                totals.push(self.total(measure, (*period, cells), &by_reporter, &last));
                last.extend(by_reporter);
                flows.extend(cells.iter().filter_map(|(ends, cell)| flow(measure, *period, ends, cell)));
            }
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
            flows,
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
        (period, cells): (Period, &Cells),
        by_reporter: &BTreeMap<&str, Sum>,
        last: &BTreeMap<&str, Sum>,
    ) -> Total {
        let values: Vec<BySex> = cells.values().map(Cell::value).collect();
        // Of no values there is no sum: nobody said zero.
        let sum = |part: fn(&BySex) -> Option<Decimal>| {
            let stated = || values.iter().filter_map(part);
            stated().next()?;
            stated().collect::<Sum>().value()
        };
        let sum = BySex { total: sum(|v| v.total), male: sum(|v| v.male), female: sum(|v| v.female) };
        let counted = values.iter().filter(|value| value.total.is_some()).count();
        let known_share = self.known_share(sum.total, by_reporter, last);
        Total {
            measure: measure.clone(),
            period,
            sum,
            cells: counted,
            withheld: cells.len() - counted,
            reporting: by_reporter.keys().map(|country| (*country).to_owned()).collect(),
            known_share,
            is_representative: known_share.map(|share| share.mantissa() >= REPRESENTATIVE),
        }
    }

    /// How much of what was known last is in a sum.
    fn known_share(
        &self,
        sum: Option<Decimal>,
        by_reporter: &BTreeMap<&str, Sum>,
        last: &BTreeMap<&str, Sum>,
    ) -> Option<Decimal> {
        let sum = sum?;
        let mut whole = Sum::from_iter([sum]);
        let absent = self.members.iter().map(|member| member.country.as_str());
        for country in absent.filter(|country| !by_reporter.contains_key(country)) {
            whole.add(last.get(country)?.value()?);
        }
        share(sum, whole.value()?)
    }
}

/// What each member adds to a sum, of those that add anything.
fn by_reporter(cells: &Cells) -> BTreeMap<&str, Sum> {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for ((reporter, _), cell) in cells {
        if let Some(total) = cell.value().total {
            sums.entry(reporter).or_default().add(total);
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

/// A cell as a movement between two countries.
fn flow(
    measure: &Measure,
    period: Period,
    (reporter, counterpart): &(String, String),
    cell: &Cell,
) -> Option<Flow> {
    let indicator = catalogue::get(&measure.indicator)?;
    let value = cell.value();
    if !indicator.dims.contains(&Breakdown::Counterpart) || value == BySex::default() {
        return None;
    }
    let (origin, destination) = match indicator.side {
        Side::Destination => (counterpart, reporter),
        Side::Origin | Side::Both | Side::National => (reporter, counterpart),
    };
    Some(Flow {
        measure: measure.clone(),
        period,
        origin: origin.clone(),
        destination: destination.clone(),
        value,
    })
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

    /// The cells of a measure for one period: a matrix of origins and destinations.
    pub fn matrix(&self, measure: &Measure, period: Period) -> impl Iterator<Item = &Flow> {
        self.flows.iter().filter(move |flow| flow.measure == *measure && flow.period == period)
    }

    /// The largest corridors of a measure for one period, largest first; of equal ones in the order of countries.
    #[must_use]
    pub fn largest(&self, measure: &Measure, period: Period, count: usize) -> Vec<&Flow> {
        let mut flows: Vec<&Flow> =
            self.matrix(measure, period).filter(|flow| flow.value.total.is_some()).collect();
        flows.sort_by_key(|flow| std::cmp::Reverse(flow.value.total));
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
