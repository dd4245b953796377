//! `sort`: by which components observations come, as `REF_AREA+TIME_PERIOD:desc`.
//!
//! The standard's words are ids of components, `*` for all dimensions and `series_key` for all but the time, each with `:asc`
//! or `:desc` behind it, `+` between them. Codes are compared by their ids, periods by the time that they begin. What is not
//! named keeps the order in which series are stored, which is by indicator, reporting area and counterpart first, and then that
//! of periods.

use std::cmp::Ordering;

use super::Fault;
use crate::model::series_key::VIEW_ORDER;
use crate::model::{Dimension, Period, SeriesKey};
use crate::sdmx::component::Component;

/// Words of one order at most: one for each dimension, and the time.
const MAX_WORDS: usize = Dimension::ALL.len() + 1;

/// By what is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Dimension(Dimension),
    Time,
}

/// An order of observations; the stored one by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sort {
    /// Each with whether it descends.
    terms: Vec<(By, bool)>,
}

impl Sort {
    /// Reads the value of the parameter.
    ///
    /// # Errors
    /// [`Fault`] for a word that the standard does not have, and for components that are no dimension.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut terms: Vec<(By, bool)> = Vec::new();
        for (at, word) in text.split('+').enumerate() {
            if at >= MAX_WORDS {
                return Err(Fault::syntax(format!("`sort` has more than {MAX_WORDS} words")));
            }
            let (name, descends) = match word.split_once(':') {
                None | Some((_, "asc")) => (word.split(':').next().unwrap_or_default(), false),
                Some((name, "desc")) => (name, true),
                Some(_) => return Err(Fault::syntax("`sort`: behind a component stands :asc or :desc")),
            };
            let new = named(name)?.into_iter().filter(|by| terms.iter().all(|(known, _)| known != by));
            let new: Vec<(By, bool)> = new.map(|by| (by, descends)).collect();
            terms.extend(new);
        }
        Ok(Self { terms })
    }

    /// Whether the periods of a series go from the newest to the oldest.
    #[must_use]
    pub fn is_newest_first(&self) -> bool {
        self.terms.contains(&(By::Time, true))
    }

    /// Whether it is the order in which series are stored, with their periods in one direction. `is_flat` says that
    /// observations stand for themselves: else the time is compared within a series alone.
    #[must_use]
    pub fn is_stored(&self, is_flat: bool) -> bool {
        let mut keys = VIEW_ORDER.into_iter();
        self.terms.iter().all(|(by, descends)| match by {
            By::Dimension(dimension) => !descends && keys.next() == Some(*dimension),
            By::Time => !is_flat || keys.len() == 0,
        })
    }

    /// Which of two observations comes first; of series where they have no period.
    #[must_use]
    pub fn compare(
        &self,
        one: (&SeriesKey, Option<Period>),
        other: (&SeriesKey, Option<Period>),
    ) -> Ordering {
        let mut orders = self.terms.iter().map(|(by, descends)| {
            let order = match by {
                By::Dimension(dimension) => one.0.dimension(*dimension).cmp(other.0.dimension(*dimension)),
                By::Time => one.1.cmp(&other.1),
            };
            if *descends { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// What a word stands for.
fn named(word: &str) -> Result<Vec<By>, Fault> {
    let dimensions = || Dimension::ALL.into_iter().map(By::Dimension);
    match word {
        "series_key" => return Ok(dimensions().collect()),
        "*" => return Ok(dimensions().chain([By::Time]).collect()),
        _ => {}
    }
    match Component::all().find(|component| component.id() == word) {
        Some(Component::Dimension(dimension)) => Ok(vec![By::Dimension(dimension)]),
        Some(Component::Time) => Ok(vec![By::Time]),
        Some(Component::Value | Component::Attribute(_)) => Err(Fault::unsupported(
            "`sort`: observations are sorted by dimensions and TIME_PERIOD here, not by values and attributes",
        )),
        None => Err(Fault::syntax(format!(
            "`sort`: {:?} is no component: write ids of dimensions, TIME_PERIOD, series_key or *, with + between them",
            super::params::short(word)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SeriesKey {
        SeriesKey::parse(&format!("A.{text}.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS")).unwrap()
    }

    #[test]
    fn orders_that_the_store_has_are_known() {
        for (text, of_series, flat) in [
            ("INDICATOR+REF_AREA+COUNTERPART_AREA", true, true),
            ("INDICATOR+TIME_PERIOD", true, false),
            ("TIME_PERIOD:desc", true, false),
            ("REF_AREA", false, false),
            ("INDICATOR:desc", false, false),
            ("series_key", false, false),
            ("*", false, false),
        ] {
            let sort = Sort::parse(text).unwrap();
            assert_eq!((sort.is_stored(false), sort.is_stored(true)), (of_series, flat), "{text}");
        }
        let stored = VIEW_ORDER.map(Dimension::id).join("+");
        assert!(Sort::parse(&format!("{stored}+TIME_PERIOD:desc")).unwrap().is_stored(true));
        assert!(Sort::default().is_stored(true) && !Sort::default().is_newest_first());
    }

    #[test]
    fn words_are_compared_one_after_the_other() {
        let period = |text: &str| Some(Period::parse(text).unwrap());
        let all = [("PHL.ESP", "2020"), ("PHL.ITA", "2019"), ("CAN.ITA", "2020")];
        for (text, order) in [
            ("REF_AREA+COUNTERPART_AREA:desc", [2, 1, 0]),
            ("TIME_PERIOD+REF_AREA", [1, 2, 0]),
            ("TIME_PERIOD:desc+REF_AREA:desc", [0, 2, 1]),
            ("COUNTERPART_AREA:desc", [1, 2, 0]),
            ("series_key:desc", [1, 0, 2]),
        ] {
            let sort = Sort::parse(text).unwrap();
            let mut found = [0, 1, 2];
            let of = |at: usize| (key(all[at].0), period(all[at].1));
            found.sort_by(|one, other| {
                let ((a, b), (c, d)) = (of(*one), of(*other));
                sort.compare((&a, b), (&c, d))
            });
            assert_eq!(found, order, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_sorted_by_is_refused() {
        for (text, code) in [
            ("", 140),
            ("NONE", 140),
            ("SEX:up", 140),
            ("SEX:desc:desc", 140),
            ("SEX++AGE", 140),
            ("OBS_VALUE", 501),
            ("OBS_STATUS:desc", 501),
        ] {
            assert_eq!(Sort::parse(text).unwrap_err().code, code, "{text}");
        }
        assert_eq!(Sort::parse(&vec!["SEX"; 16].join("+")).unwrap_err().code, 140);
    }
}
