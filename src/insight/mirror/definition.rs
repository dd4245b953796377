//! By what each end counts, and what the figures would be on a common basis.
//!
//! Two governments that count the same people by different definitions are both right. So the definitions stand beside
//! each other, and what a known difference alone would make of the figures stands *beside* what was reported. Nothing of
//! it is ever stored or signed.

use super::{Pair, asymmetry, rounded};
use crate::model::{AttributeId, Attributes, Decimal, Period};

/// What a publisher says of how a series is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// Name and text of each attribute that is stated, in the order of the data structure.
    pub stated: Vec<(AttributeId, String)>,
}

impl Definition {
    /// Of a series with these attributes.
    #[must_use]
    pub fn of(attributes: &Attributes) -> Self {
        let of_it = attributes.iter().filter(|(id, _)| DEFINING.contains(id));
        Self { stated: of_it.map(|(id, text)| (id, text.to_owned())).collect() }
    }

    /// What is said of one attribute.
    #[must_use]
    pub fn get(&self, id: AttributeId) -> Option<&str> {
        self.stated.iter().find(|(one, _)| *one == id).map(|(_, text)| text.as_str())
    }

    /// How many months of stay make a migrant; [`PERMANENT`] for those who settle for good.
    #[must_use]
    pub fn min_stay(&self) -> Option<Decimal> {
        Decimal::parse(self.get(AttributeId::MinStayMonths)?).ok()
    }
}

/// What makes a definition: not who sent the figures, nor how they are protected.
const DEFINING: [AttributeId; 7] = [
    AttributeId::UnitMult,
    AttributeId::DefId,
    AttributeId::MinStayMonths,
    AttributeId::RefDateType,
    AttributeId::SourceLevel,
    AttributeId::SourceType,
    AttributeId::SourceRef,
];

/// Months of stay that stand for settling for good.
pub const PERMANENT: i64 = 60;

/// An attribute of which both ends do not say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what.
    pub attribute: AttributeId,
    /// What the origin says.
    pub origin: Option<String>,
    /// What the destination says.
    pub destination: Option<String>,
}

/// Where two definitions are not the same, in the order of the data structure.
#[must_use]
pub fn differences(origin: &Definition, destination: &Definition) -> Vec<Difference> {
    let differ = |attribute: &AttributeId| {
        let [a, b] = [origin, destination].map(|one| one.get(*attribute).map(str::to_owned));
        (a != b).then_some(Difference { attribute: *attribute, origin: a, destination: b })
    };
    DEFINING.iter().filter_map(differ).collect()
}

/// Factors that bring flows counted by one minimum stay to a minimum stay of twelve months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorSet {
    /// What it is called.
    pub name: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Months of minimum stay, and the factor in hundredths.
    factors: [(i64, i128); 5],
}

/// The sets that are known, in the order in which they are tried.
pub const FACTOR_SETS: [FactorSet; 2] = [
    FactorSet {
        name: "IMEM",
        source: "Integrated Modelling of European Migration: duration correction factors to twelve months",
        factors: [(0, 53), (3, 63), (6, 73), (12, 100), (PERMANENT, 226)],
    },
    FactorSet {
        name: "EXPERT",
        source: "Willekens (2019): expert opinion on the effect of the duration criterion",
        factors: [(0, 51), (3, 61), (6, 81), (12, 100), (PERMANENT, 161)],
    },
];

impl FactorSet {
    /// The set of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FACTOR_SETS.iter().find(|set| set.name.eq_ignore_ascii_case(name))
    }

    /// The factor for a minimum stay; none for one that the set does not name: it is not guessed in between.
    #[must_use]
    pub fn factor(&self, min_stay: Decimal) -> Option<Decimal> {
        let months = |months: i64| Decimal::from_parts(i128::from(months), 0).ok();
        let fits = |&&(stay, _): &&(i64, i128)| months(stay).is_some_and(|stay| stay.same_value(&min_stay));
        let (_, hundredths) = self.factors.iter().find(fits)?;
        Decimal::from_parts(*hundredths, 2).ok()
    }
}

/// Both ends' figures as they would be with a minimum stay of twelve months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparable {
    /// By which factors.
    pub set: &'static FactorSet,
    /// The factor of the origin's minimum stay.
    pub origin_factor: Decimal,
    /// The factor of the destination's.
    pub destination_factor: Decimal,
    /// The pairs, as many as were reported.
    pub pairs: Vec<ComparablePair>,
}

/// A pair on a common basis. Values have three decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparablePair {
    /// The period.
    pub period: Period,
    /// reported value of the origin × factor.
    pub origin_value: Option<Decimal>,
    /// reported value of the destination × factor.
    pub destination_value: Option<Decimal>,
    /// The asymmetry of these two.
    pub asymmetry: Option<Decimal>,
    /// The part of the reported asymmetry that the difference of minimum stays accounts for: reported − comparable. Below
    /// zero where the figures lie further apart on a common basis.
    pub explained: Option<Decimal>,
}

/// The pairs on a common basis, where both minimum stays are stated, differ, and the set has factors for them.
#[must_use]
pub fn on_common_basis(
    pairs: &[Pair],
    (origin, destination): (&Definition, &Definition),
    set: &'static FactorSet,
) -> Option<Comparable> {
    let (ours, theirs) = (origin.min_stay()?, destination.min_stay()?);
    if ours.same_value(&theirs) {
        return None;
    }
    let (origin_factor, destination_factor) = (set.factor(ours)?, set.factor(theirs)?);
    let times = |value: Decimal, factor: Decimal| {
        value.to_rust_decimal().checked_mul(factor.to_rust_decimal()).and_then(rounded)
    };
    let convert = |pair: &Pair| {
        let origin_value = times(pair.origin_value, origin_factor);
        let destination_value = times(pair.destination_value, destination_factor);
        let between = |(a, b)| asymmetry(a, b).and_then(rounded);
        let comparable = origin_value.zip(destination_value).and_then(between);
        let minus = |(a, b): (Decimal, Decimal)| {
            a.to_rust_decimal().checked_sub(b.to_rust_decimal()).and_then(rounded)
        };
        ComparablePair {
            period: pair.period,
            origin_value,
            destination_value,
            asymmetry: comparable,
            explained: pair.asymmetry.zip(comparable).and_then(minus),
        }
    };
    let pairs = pairs.iter().map(convert).collect();
    Some(Comparable { set, origin_factor, destination_factor, pairs })
}
