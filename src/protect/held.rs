//! What an audience holds already: every form in which a cell ever left this node towards it.
//!
//! Earlier releases, revisions, other agreements with the same party and the public feed all count: a signed
//! history is never unread. A figure that was closed then and is open now, or the other way round, tells the
//! audience as much as two tables side by side.
//!
//! An audience has several *readers* where its parties do not hold the same: who is also party to another agreement
//! knows more than the others. What leaves is one form for all, and is held against what each of them knows.

use std::collections::HashMap;

use crate::model::catalogue::{self, DisclosureRule};
use crate::model::{AttributeId, Attributes, Decimal, ObsStatus, Period, Series, SeriesKey};

use super::rule;

/// Cells that an audience holds, as they were published, and what is known of their truth.
#[derive(Debug, Clone)]
pub struct Held {
    cells: HashMap<SeriesKey, Vec<(Period, Statement)>>,
    truth: HashMap<SeriesKey, Vec<(Period, Decimal, i32)>>,
    pasts: HashMap<SeriesKey, Vec<Earlier>>,
    readers: usize,
}

/// A value that was revised since, and how it was published.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    pub(super) period: Period,
    pub(super) value: Decimal,
    pub(super) power: i32,
    /// The number of the release with which it came, and of that with which another one took its place.
    pub(super) releases: std::ops::Range<usize>,
    pub(super) statements: Vec<Statement>,
}

/// Some of an audience's readers, by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readers(u64);

impl Readers {
    /// More are not told apart: the last number stands for all that come after it, as if they told each other.
    pub const MAX: usize = 64;
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Everyone.
    pub const ALL: Self = Self(u64::MAX);

    /// One of them, counted from 0.
    #[must_use]
    pub const fn one(number: usize) -> Self {
        Self(1 << if number < Self::MAX { number } else { Self::MAX - 1 })
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is anyone in both?
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One cell as it was published once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement {
    /// The value, or nothing where it was suppressed.
    pub(super) value: Option<Decimal>,
    /// The rule that it was released under.
    pub(super) rule: DisclosureRule,
    /// Its power of ten.
    pub(super) power: i32,
    /// Who holds it.
    pub(super) readers: Readers,
}

impl Default for Held {
    fn default() -> Self {
        Self::of(1)
    }
}

impl Held {
    /// Nothing, with so many readers that may come to hold something; at least one.
    #[must_use]
    pub fn of(readers: usize) -> Self {
        Self {
            cells: HashMap::new(),
            truth: HashMap::new(),
            pasts: HashMap::new(),
            readers: readers.clamp(1, Readers::MAX),
        }
    }

    /// Takes a series as it was published to some readers. Order does not matter; the same statement twice counts
    /// once. What was said of a value that was revised since is none of it: see [`Held::take_past`].
    ///
    /// The rule of the release is read from `DISC_RULE`, which every protected series carries; without it the
    /// catalogue's rule is taken.
    pub fn take(&mut self, series: &Series, readers: Readers) {
        for one in series.observations() {
            let said = (one.period(), one.value(), one.status());
            self.take_one(series.key(), series.attributes(), said, readers);
        }
    }

    /// Takes one observation as it was published: its period, value and status, under these attributes of its series.
    pub fn take_one(
        &mut self,
        key: &SeriesKey,
        said: &Attributes,
        (period, value, status): (Period, Option<Decimal>, ObsStatus),
        readers: Readers,
    ) {
        let Some(new) = Statement::of(key, said, (value, status), readers) else { return };
        let known = match self.cells.get_mut(key) {
            Some(known) => known,
            None => self.cells.entry(key.clone()).or_default(),
        };
        let same = |(at, old): &&mut (Period, Statement)| *at == period && old.says_the_same(&new);
        match known.iter_mut().find(same) {
            Some((_, old)) => old.readers = old.readers.and(readers),
            None => known.push((period, new)),
        }
    }

    /// Takes a value that was revised since, with which release it came and with which it went, both counted in one way
    /// for all cells, and the forms in which it was published. Of forms of different values nothing is told as if they
    /// were of one: that never was true.
    pub fn take_past(
        &mut self,
        (key, said): (&SeriesKey, &Attributes),
        (period, value): (Period, Decimal),
        releases: std::ops::Range<usize>,
        forms: &[(Option<Decimal>, ObsStatus, Readers)],
    ) {
        let statement = |(value, status, readers): &(Option<Decimal>, ObsStatus, Readers)| {
            Statement::of(key, said, (*value, *status), *readers)
        };
        let statements = forms.iter().filter_map(statement).collect();
        let past = Earlier { period, value, power: power(said), releases, statements };
        self.pasts.entry(key.clone()).or_default().push(past);
    }

    /// The values of a series that were revised since.
    pub(super) fn pasts(&self, key: &SeriesKey) -> &[Earlier] {
        self.pasts.get(key).map_or(&[], Vec::as_slice)
    }

    /// Says what is true of a cell that the audience holds and that the release may not contain. Without it, it
    /// counts as what its published form allows, and as adding up with the rest where that is possible.
    pub fn know(&mut self, key: &SeriesKey, said: &Attributes, (period, value): (Period, Decimal)) {
        let known = match self.truth.get_mut(key) {
            Some(known) => known,
            None => self.truth.entry(key.clone()).or_default(),
        };
        known.push((period, value, power(said)));
    }

    /// The readers, one by one.
    pub(super) fn readers(&self) -> impl Iterator<Item = Readers> + use<> {
        (0..self.readers).map(Readers::one)
    }

    /// The statements by series.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&SeriesKey, &[(Period, Statement)])> {
        self.cells.iter().map(|(key, cells)| (key, cells.as_slice()))
    }

    /// The true values of a series, with their powers of ten, as far as they are known.
    pub(super) fn truth(&self, key: &SeriesKey) -> &[(Period, Decimal, i32)] {
        self.truth.get(key).map_or(&[], Vec::as_slice)
    }
}

impl Statement {
    fn of(
        key: &SeriesKey,
        said: &Attributes,
        (value, status): (Option<Decimal>, ObsStatus),
        readers: Readers,
    ) -> Option<Self> {
        let value = seen(value, status)?;
        let usual = || catalogue::get(key.indicator()).map_or(DisclosureRule::D0, |core| core.rule);
        let rule = stated_rule(said).unwrap_or_else(usual);
        Some(Self { value, rule, power: power(said), readers })
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (self.value, self.rule, self.power) == (other.value, other.rule, other.power)
    }
}

/// What an audience sees of an observation: a value, or that it was suppressed; nothing where it is missing.
pub(super) fn seen(value: Option<Decimal>, status: ObsStatus) -> Option<Option<Decimal>> {
    match (value, status) {
        (None, ObsStatus::Suppressed) => Some(None),
        (None, _) => None,
        (value, _) => Some(value),
    }
}

/// The rule that a series says it is released under.
fn stated_rule(attributes: &Attributes) -> Option<DisclosureRule> {
    DisclosureRule::from_id(attributes.get(AttributeId::DiscRule)?)
}

/// The power of ten by which the values of a series are to be multiplied.
pub(super) fn power(attributes: &Attributes) -> i32 {
    attributes.get(AttributeId::UnitMult).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The limit of a rule on values of a series.
pub(super) fn limit(key: &SeriesKey, rule: DisclosureRule) -> Option<rule::Limit> {
    (rule::Measure::of(key) == rule::Measure::Count).then(|| rule::Limit::of(rule)).flatten()
}
