//! A file's observations while it is read and checked: flat, in 24 bytes each, whatever their order.

use std::collections::HashMap;
use std::ops::Range;

use crate::intake::codes::Index;
use crate::intake::figure::{Aside, Figure};
use crate::intake::finding::Findings;
use crate::intake::series::SeriesList;
use crate::model::{Decimal, Dimension, Observation, Period};

/// Everything that was taken from a file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) series: SeriesList,
    pub(super) periods: Periods,
    pub(super) figures: Vec<Figure>,
    pub(super) aside: Aside,
    /// By series and period, the protection levels of sensitive totals.
    pub(super) levels: Vec<(u32, u32, Decimal)>,
    /// The columns with values.
    pub(super) columns: Vec<ValueColumn>,
}

/// A column with values, and of what they are where its name says so.
#[derive(Debug)]
pub(super) struct ValueColumn {
    pub(super) name: String,
    pub(super) period: Option<Period>,
    pub(super) codes: Vec<(Dimension, String)>,
}

/// The periods of a file, numbered as they come up and, once sorted, by time.
#[derive(Debug, Default)]
pub(super) struct Periods {
    list: Vec<Period>,
    numbers: HashMap<Period, u32>,
    /// Periods repeat from row to row more often than not.
    last: Option<(Period, u32)>,
}

impl Periods {
    /// The number of a period; none when numbers run out.
    pub(super) fn number(&mut self, period: Period) -> Option<u32> {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == period) {
            return Some(number);
        }
        let number = match self.numbers.get(&period) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.list.len()).ok()?;
                self.list.push(period);
                self.numbers.insert(period, number);
                number
            }
        };
        self.last = Some((period, number));
        Some(number)
    }

    /// The period of a number.
    pub(super) fn get(&self, number: u32) -> Period {
        self.list[number as usize]
    }

    /// Numbers the periods by time; the new number of each old one, unless all stay as they are.
    fn sort(&mut self) -> Option<Vec<u32>> {
        self.numbers = HashMap::new();
        self.last = None;
        if self.list.is_sorted() {
            return None;
        }
        let mut order: Vec<u32> = (0..).take(self.list.len()).collect();
        order.sort_unstable_by_key(|number| self.list[*number as usize]);
        let mut moved = vec![0; order.len()];
        for (new, old) in (0..).zip(&order) {
            moved[*old as usize] = new;
        }
        self.list.sort_unstable();
        Some(moved)
    }
}

impl Draft {
    /// The column in which an observation stands; none if several may be meant.
    pub(super) fn column_of(&self, figure: &Figure) -> Option<&str> {
        if let [only] = &self.columns[..] {
            return Some(&only.name);
        }
        let (key, period) =
            (&self.series.index.keys()[figure.series as usize], self.periods.get(figure.period));
        let is_it = |column: &&ValueColumn| {
            let says = |(dimension, code): &(Dimension, String)| {
                self.series.codes.text(*dimension, key) == code.as_str()
            };
            column.period.is_none_or(|named| named == period) && column.codes.iter().all(says)
        };
        let mut fitting = self.columns.iter().filter(is_it);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(&*first.name)
    }

    /// Numbers series by key and periods by time, and sorts the observations by both, and by line.
    pub(super) fn sort(&mut self) -> Ranges {
        let periods = self.periods.sort();
        let series = self.series.sort();
        for figure in &mut self.figures {
            figure.series = series[figure.series as usize];
            if let Some(periods) = &periods {
                figure.period = periods[figure.period as usize];
            }
        }
        for (of, at, _) in &mut self.levels {
            *of = series[*of as usize];
            if let Some(periods) = &periods {
                *at = periods[*at as usize];
            }
        }
        self.levels.sort_unstable_by_key(|(series, period, _)| (*series, *period));
        let place = |f: &Figure| ((u64::from(f.series) << 32) | u64::from(f.period), f.line());
        if !self.figures.is_sorted_by_key(place) {
            self.figures.sort_unstable_by_key(place);
        }
        self.ranges()
    }

    fn ranges(&self) -> Ranges {
        let series = self.series.index.keys().len();
        let mut starts = Vec::with_capacity(series + 1);
        for (at, figure) in (0..).zip(&self.figures) {
            while starts.len() <= figure.series as usize {
                starts.push(at);
            }
        }
        // There are at most MAX_OBSERVATIONS.
        let end = u32::try_from(self.figures.len()).unwrap_or(u32::MAX);
        starts.resize(series + 1, end);
        Ranges(starts)
    }

    /// Makes one value of several for one period, whose status is the same. What cannot be added stays, and is told
    /// as two values for one cell.
    pub(super) fn add_up(&mut self, findings: &mut Findings) -> Ranges {
        let mut all: Vec<Figure> = Vec::with_capacity(self.figures.len());
        for figure in std::mem::take(&mut self.figures) {
            let same = all.last().filter(|last| (last.series, last.period) == (figure.series, figure.period));
            let Some(last) = same else {
                all.push(figure);
                continue;
            };
            match self.sum(last, &figure) {
                Ok(Some(sum)) => {
                    all.pop();
                    all.push(sum);
                }
                Ok(None) => all.push(figure),
                Err(why) => drop(findings.error(figure.line(), None, why)),
            }
        }
        self.figures = all;
        self.ranges()
    }

    /// Removes every value of a period that has several: which one is right is not known.
    pub(super) fn drop_repeats(&mut self) -> Ranges {
        let place = |figure: &Figure| (figure.series, figure.period);
        let repeated = |at: usize, all: &[Figure]| {
            let here = place(&all[at]);
            (at > 0 && place(&all[at - 1]) == here) || all.get(at + 1).is_some_and(|next| place(next) == here)
        };
        let all = std::mem::take(&mut self.figures);
        let single = (0..all.len()).filter(|at| !repeated(*at, &all));
        self.figures = single.map(|at| all[at]).collect();
        let kept: std::collections::HashSet<(u32, u32)> = if self.levels.is_empty() {
            Default::default()
        } else {
            self.figures.iter().map(place).collect()
        };
        self.levels.retain(|(series, period, _)| kept.contains(&(*series, *period)));
        self.ranges()
    }

    /// Removes series without observations, so that keys and observations go together one by one.
    pub(super) fn drop_empty(&mut self, ranges: Ranges) -> Ranges {
        let count = self.series.index.keys().len();
        let filled: Vec<usize> = (0..count).filter(|at| ranges.0[*at] < ranges.0[*at + 1]).collect();
        if filled.len() == count {
            return ranges;
        }
        let mut moved = vec![0; count];
        let mut index = Index::default();
        for at in &filled {
            // There are fewer than before, so numbers do not run out.
            moved[*at] = index.insert(self.series.index.keys()[*at]).unwrap_or_default();
        }
        self.series.said = filled.iter().map(|at| self.series.said[*at]).collect();
        self.series.index = index;
        for figure in &mut self.figures {
            figure.series = moved[figure.series as usize];
        }
        for (series, _, _) in &mut self.levels {
            *series = moved[*series as usize];
        }
        self.ranges()
    }

    /// One value from two, if they have the same status and nothing else is said of them.
    fn sum(&mut self, a: &Figure, b: &Figure) -> Result<Option<Figure>, String> {
        let period = self.periods.get(a.period);
        let both = [a, b].map(|figure| figure.unpack(period, &self.aside));
        let [Ok(first), Ok(second)] = both else { return Ok(None) };
        let (Some(x), Some(y)) = (first.value(), second.value()) else { return Ok(None) };
        if first.flags() != second.flags() || first.attributes() != second.attributes() {
            return Ok(None);
        }
        let sum = x.to_rust_decimal().checked_add(y.to_rust_decimal()).map(|sum| sum.to_string());
        let sum = sum.ok_or("the sum of its rows is longer than 28 digits: split it")?;
        let sum = Decimal::parse(&sum).map_err(|error| error.to_string())?;
        let whole = Observation::new(period, Some(sum), first.flags(), first.attributes().clone());
        let whole = whole.map_err(|error| error.to_string())?;
        Ok(Some(Figure::pack((a.series, a.period), whole, a.line(), &mut self.aside)))
    }
}

/// Where the observations of each series lie, once sorted.
#[derive(Debug)]
pub(super) struct Ranges(Vec<u32>);

impl Ranges {
    pub(super) fn of(&self, series: u32) -> Range<usize> {
        let at = series as usize;
        self.0[at] as usize..self.0[at + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::codes::Key;
    use crate::model::Dimension;

    #[test]
    fn observations_are_sorted_by_key_and_time_whatever_their_order() {
        let mut draft = Draft::default();
        for sex in ["M", "_T", "F"] {
            let mut key = Key::default();
            for dimension in Dimension::ALL {
                let code = if dimension == Dimension::Sex { sex } else { "_T" };
                key[dimension.position()] = draft.series.codes.number(dimension, code).unwrap();
            }
            draft.series.index.insert(key);
            draft.series.said.push(0);
        }
        for (series, period, line) in
            [(2, "2018", 2), (0, "2018-01", 3), (2, "2017", 4), (0, "2017", 5), (2, "2017", 1)]
        {
            let period = Period::parse(period).unwrap();
            let number = draft.periods.number(period).unwrap();
            let observation = Observation::reported(period, Decimal::from(1));
            let figure = Figure::pack((series, number), observation, line, &mut draft.aside);
            draft.figures.push(figure);
        }
        let ranges = draft.sort();
        let shown = |series: u32| -> Vec<(String, u64)> {
            let figures = &draft.figures[ranges.of(series)];
            figures.iter().map(|f| (draft.periods.get(f.period).to_string(), f.line())).collect()
        };
        let expected = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
            list.iter().map(|(period, line)| ((*period).to_owned(), *line)).collect()
        };
        // F, M, _T
        assert_eq!(shown(0), expected(&[("2017", 1), ("2017", 4), ("2018", 2)]));
        assert_eq!(shown(1), expected(&[("2017", 5), ("2018-01", 3)]));
        assert_eq!((shown(2), ranges.of(0)), (Vec::new(), 0..3));
    }
}
