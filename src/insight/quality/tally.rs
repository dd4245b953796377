//! Counting what a publisher states of one indicator or series.

use super::*;

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    series: usize,
    observations: usize,
    accuracy: Accuracy,
    used: BTreeSet<Breakdown>,
    counterparts: BTreeSet<String>,
    is_priority: bool,
    defined: usize,
    definitions: BTreeSet<String>,
    /// By period: when it was released first, and whether it is marked as a break.
    periods: BTreeMap<Period, (Millis, bool)>,
    breaks: usize,
    revised: usize,
    moved: Sum,
    revised_last: Sum,
    freq: String,
    /// What the newest statement without a value says, in case there is none with a value.
    gap: Option<(Period, Gap)>,
}

impl Tally {
    pub(super) fn add(&mut self, open: &Open) {
        self.series += 1;
        self.note_key(&open.key);
        let attribute = |id| open.feeds.iter().find_map(|feed| feed.attributes.get(id));
        if let Some(definition) = attribute(AttributeId::DefId) {
            self.defined += 1;
            self.definitions.insert(definition.to_owned());
        }
        self.is_priority |= attribute(AttributeId::NatPriority).is_some();
        let mut newest: BTreeMap<Period, &Version> = BTreeMap::new();
        for feed in &open.feeds {
            self.note_revisions(&feed.versions);
            for version in &feed.versions {
                let first = version.entry.time;
                let period = self.periods.entry(version.period).or_insert((first, false));
                period.0 = period.0.min(first);
                let known = newest.entry(version.period).or_insert(version);
                if known.entry.time <= version.entry.time {
                    *known = version;
                }
            }
        }
        for version in newest.into_values() {
            self.note_standing(version);
        }
    }

    fn note_key(&mut self, key: &SeriesKey) {
        for (breakdown, dimension) in DIMENSIONS {
            if !matches!(key.dimension(dimension), "_T" | "_Z") {
                self.used.insert(breakdown);
            }
        }
        if !key.counterpart_area().starts_with('_') {
            self.counterparts.insert(key.counterpart_area().to_owned());
        }
        key.dimension(Dimension::Freq).clone_into(&mut self.freq);
    }

    /// A statement that stands.
    fn note_standing(&mut self, version: &Version) {
        let State::Stated { value, flags, .. } = &version.state else { return };
        self.observations += 1;
        if value.is_none() {
            self.accuracy.withheld += 1;
            let gap = gap_of(flags.status);
            if self.gap.is_none_or(|(period, _)| period <= version.period) {
                self.gap = Some((version.period, gap));
            }
            return;
        }
        let count = match flags.status {
            ObsStatus::Break => {
                self.breaks += 1;
                if let Some(period) = self.periods.get_mut(&version.period) {
                    period.1 = true;
                }
                &mut self.accuracy.normal
            }
            ObsStatus::Estimated | ObsStatus::Imputed | ObsStatus::Forecast | ObsStatus::Experimental => {
                &mut self.accuracy.estimated
            }
            ObsStatus::Provisional => &mut self.accuracy.provisional,
            ObsStatus::LowReliability | ObsStatus::NotSignificant => &mut self.accuracy.unreliable,
            ObsStatus::Unvalidated => &mut self.accuracy.unvalidated,
            ObsStatus::DefinitionDiffers | ObsStatus::IncludesOther | ObsStatus::IncludedElsewhere => {
                &mut self.accuracy.deviating
            }
            _ => &mut self.accuracy.normal,
        };
        *count += 1;
    }

    /// Within one feed: what another audience got in another form is no revision.
    fn note_revisions(&mut self, versions: &[Version]) {
        for of_period in versions.chunk_by(|a, b| a.period == b.period) {
            let values = of_period.iter().filter_map(|version| match version.state {
                State::Stated { value, .. } => value,
                State::Retracted { .. } => None,
            });
            let values: Vec<Decimal> = values.collect();
            let ([first, .., last], true) = (&values[..], values.len() > 1) else { continue };
            if values.iter().all(|value| value.same_value(first)) {
                continue;
            }
            self.revised += 1;
            let gap = last.to_rust_decimal().checked_sub(first.to_rust_decimal()).map(|gap| gap.abs());
            if let Some(gap) = gap.and_then(|gap| Decimal::from_rust_decimal(gap).ok()) {
                self.moved.add(gap);
            }
            if let Ok(size) = Decimal::from_rust_decimal(last.to_rust_decimal().abs()) {
                self.revised_last.add(size);
            }
        }
    }

    pub(super) fn gap(&self) -> Option<Gap> {
        if self.observations > self.accuracy.withheld {
            return None;
        }
        Some(self.gap.map_or(Gap::NotReported, |(_, gap)| gap))
    }

    /// What comes of the counts; nothing where all was taken back.
    pub(super) fn assess(
        &self,
        indicator: &str,
        series: Option<SeriesKey>,
        now: Millis,
    ) -> Option<Assessment> {
        let (first, (last, newest)) = (self.periods.keys().next()?, self.periods.iter().next_back()?);
        if self.observations == 0 {
            return None;
        }
        let core = catalogue::get(indicator);
        let lag = days(Millis(last.end_millis()), newest.0);
        let before = self.periods.iter().nth_back(1);
        let later = |(period, (time, _)): (&Period, &(Millis, bool))| {
            (time.0 < newest.0.0).then(|| lag - days(Millis(period.end_millis()), *time))
        };
        let due =
            step(&self.freq).map(|step| Millis(end_of_next(*last, step)).saturating_add(lag.max(0) * DAY));
        let valued = self.observations - self.accuracy.withheld;
        Some(Assessment {
            indicator: indicator.to_owned(),
            series,
            series_count: self.series,
            observations: self.observations,
            first_period: *first,
            last_period: *last,
            accuracy: Accuracy { normal_share: share_of(self.accuracy.normal, valued), ..self.accuracy },
            breakdowns: self.used.iter().copied().collect(),
            possible_breakdowns: core.map(|one| one.dims.clone()).unwrap_or_default(),
            timeliness_days: lag,
            punctuality_days: before.and_then(later),
            due,
            is_overdue: due.is_some_and(|due| due < now),
            counterparts: self.counterparts.len(),
            is_priority: self.is_priority,
            comparability: Comparability {
                defined: self.defined,
                definitions: self.definitions.len(),
                breaks: self.breaks,
                comparable_periods: self.since_the_last_break(),
            },
            revisions: Revisions {
                revised: self.revised,
                mean_relative: self
                    .moved
                    .value()
                    .zip(self.revised_last.value())
                    .and_then(|(a, b)| share(a, b)),
            },
        })
    }

    fn since_the_last_break(&self) -> usize {
        let places = self.periods.values().rev().position(|(_, is_break)| *is_break);
        places.map_or(self.periods.len(), |at| at + 1)
    }
}

/// Why there is no value.
fn gap_of(status: ObsStatus) -> Gap {
    match status {
        ObsStatus::NotCollected => Gap::NotCollected,
        ObsStatus::CannotExist => Gap::CannotExist,
        ObsStatus::Suppressed => Gap::Suppressed,
        _ => Gap::Missing,
    }
}

/// How many periods of its own kind a series goes on by.
fn step(freq: &str) -> Option<i64> {
    Some(match freq {
        "A" | "S" | "A_3" | "Q" | "M" | "W" | "D" => 1,
        "A2" | "M2" | "W2" => 2,
        "A3" | "W3" => 3,
        "A4" | "W4" => 4,
        "A5" => 5,
        "A10" => 10,
        "A20" => 20,
        "A30" => 30,
        _ => return None,
    })
}

/// When the period so many steps after this one ends.
fn end_of_next(last: Period, step: i64) -> i64 {
    let next = Period::from_ordinal(last.kind(), last.ordinal().saturating_add(step));
    next.map_or(i64::MAX, |next| next.end_millis())
}

const DIMENSIONS: [(Breakdown, Dimension); 9] = [
    (Breakdown::Counterpart, Dimension::CounterpartArea),
    (Breakdown::Sex, Dimension::Sex),
    (Breakdown::Age, Dimension::Age),
    (Breakdown::Education, Dimension::EducationLev),
    (Breakdown::Occupation, Dimension::Occupation),
    (Breakdown::Industry, Dimension::Activity),
    (Breakdown::Reason, Dimension::Reason),
    (Breakdown::Duration, Dimension::Duration),
    (Breakdown::Geography, Dimension::Subnat),
];
