//! The diaspora of a country: its citizens on consular registers abroad (`ES_CIT_REG`) beside its citizens whom each host
//! counts among its residents (`MS_FCIT`).
//!
//! The two count different things: a register knows who has come to it, a host who lives there. The share
//! registered / resident informs, and is no measure of a fault of either. Figures are aggregates as they were released:
//! what their publishers suppressed is not here either.

use std::collections::BTreeMap;

use super::exact::{in_units, share};
use crate::model::{Decimal, Dimension, Millis, Period};
use crate::view::{SeriesView, State};

/// What the origin reports.
pub const REGISTERED: &str = "ES_CIT_REG";
/// What hosts report.
pub const RESIDENT: &str = "MS_FCIT";

/// A value and the period that it is of.
pub type Dated = (Period, Decimal);

/// A host country, as both see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The host.
    pub country: String,
    /// Citizens registered there: the newest value of the origin.
    pub registered: Option<Dated>,
    /// Citizens resident there: the newest value of the host.
    pub resident: Option<Dated>,
    /// registered / resident.
    pub share: Option<Decimal>,
    /// Citizens registered by part of the host's territory, by its code.
    pub regions: Vec<(String, Dated)>,
}

type Told = Option<(Period, Millis, Decimal)>;

#[derive(Debug, Default)]
struct Known {
    registered: Told,
    resident: Told,
    regions: BTreeMap<String, Told>,
}

/// Takes the series of the origin and of hosts.
#[derive(Debug, Default)]
pub struct Builder {
    hosts: BTreeMap<String, Known>,
}

impl Builder {
    /// Takes a series with its current values: the origin's of registered citizens, a host's of resident ones.
    pub fn add(&mut self, series: &SeriesView) {
        let key = &series.key;
        if !TOTALS.iter().all(|dimension| matches!(key.dimension(*dimension), "_T" | "_Z")) {
            return;
        }
        let (is_register, place) = (key.indicator() == REGISTERED, key.dimension(Dimension::Subnat));
        let host = if is_register { key.counterpart_area() } else { key.ref_area() };
        let is_whole = matches!(place, "_T" | "_Z");
        if host.starts_with('_') || !is_register && !is_whole {
            return;
        }
        let newest = newest(series);
        if newest.is_none() {
            return;
        }
        let host = self.hosts.entry(host.to_owned()).or_default();
        let told = match (is_register, is_whole) {
            (true, true) => &mut host.registered,
            (true, false) => host.regions.entry(place.to_owned()).or_default(),
            (false, _) => &mut host.resident,
        };
        if told.map(|known| (known.0, known.1)) <= newest.map(|new| (new.0, new.1)) {
            *told = newest;
        }
    }

    /// The hosts, by code.
    #[must_use]
    pub fn finish(self) -> Vec<Host> {
        let dated = |told: Told| told.map(|(period, _, value)| (period, value));
        let host = |(country, told): (String, Known)| {
            let (registered, resident) = (dated(told.registered), dated(told.resident));
            let regions = told.regions.into_iter();
            Host {
                country,
                registered,
                resident,
                share: registered.zip(resident).and_then(|(a, b)| share(a.1, b.1)),
                regions: regions.filter_map(|(place, told)| Some((place, dated(told)?))).collect(),
            }
        };
        self.hosts.into_iter().map(host).collect()
    }
}

fn newest(series: &SeriesView) -> Told {
    let valued = series.stated().filter_map(|(period, state, entry)| match state {
        State::Stated { value, .. } => Some((period, entry.time, in_units((*value)?, &series.attributes)?)),
        State::Retracted { .. } => None,
    });
    valued.max_by_key(|(period, time, _)| (*period, *time))
}

/// Dimensions of which only totals count.
const TOTALS: [Dimension; 7] = [
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Duration,
];

#[cfg(test)]
mod tests;
