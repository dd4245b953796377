//! A file's observations while it is read and checked: flat, in 24 bytes each, whatever their order.

use std::collections::HashMap;
use std::ops::Range;

use crate::intake::figure::{Aside, Figure};
use crate::intake::keys::SeriesList;
use crate::model::Period;

/// Everything that was taken from a file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) series: SeriesList,
    pub(super) periods: Periods,
    pub(super) figures: Vec<Figure>,
    pub(super) aside: Aside,
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
    /// Sorts the observations by series, period and line.
    pub(super) fn sort(&mut self) {
        if let Some(moved) = self.periods.sort() {
            for figure in &mut self.figures {
                figure.period = moved[figure.period as usize];
            }
        }
        self.sort_figures();
    }

    /// Numbers the series anew and sorts by that; `ranks` has the new number of each.
    pub(super) fn renumber(&mut self, ranks: &[u32]) {
        for figure in &mut self.figures {
            figure.series = ranks[figure.series as usize];
        }
        self.sort_figures();
    }

    fn sort_figures(&mut self) {
        let place = |f: &Figure| (f.series, f.period, f.line());
        if !self.figures.is_sorted_by_key(place) {
            self.figures.sort_unstable_by_key(place);
        }
    }

    /// Where each series begins and ends, once sorted.
    pub(super) fn ranges(&self) -> Ranges {
        let mut starts = Vec::with_capacity(self.series.index.keys().len() + 1);
        for (at, figure) in (0..).zip(&self.figures) {
            while starts.len() <= figure.series as usize {
                starts.push(at);
            }
        }
        // There are fewer than MAX_OBSERVATIONS.
        let end = u32::try_from(self.figures.len()).unwrap_or(u32::MAX);
        starts.resize(self.series.index.keys().len() + 1, end);
        Ranges(starts)
    }
}

/// Where the observations of each series lie.
#[derive(Debug)]
pub(super) struct Ranges(Vec<u32>);

impl Ranges {
    pub(super) fn of(&self, series: u32) -> Range<usize> {
        let at = series as usize;
        self.0[at] as usize..self.0[at + 1] as usize
    }

    /// How many series there are, with those that have no observation.
    pub(super) fn series(&self) -> Range<u32> {
        let end = self.0.len().saturating_sub(1);
        0..u32::try_from(end).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decimal, Observation};

    #[test]
    fn observations_are_sorted_by_series_and_time_whatever_their_order() {
        let mut draft = Draft::default();
        for series in 0..3 {
            draft.series.index.insert([series; 14]);
        }
        for (series, period, line) in
            [(2, "2018", 2), (0, "2018-01", 3), (2, "2017", 4), (0, "2017", 5), (2, "2017", 1)]
        {
            let period = Period::parse(period).unwrap();
            let number = draft.periods.number(period).unwrap();
            let observation = Observation::reported(period, Decimal::from(line));
            let figure = Figure::pack((series, number), observation, line as u64, &mut draft.aside);
            draft.figures.push(figure);
        }
        draft.sort();
        let shown = |draft: &Draft, series: u32| -> Vec<(String, u64)> {
            let figures = &draft.figures[draft.ranges().of(series)];
            figures.iter().map(|f| (draft.periods.get(f.period).to_string(), f.line())).collect()
        };
        let expected = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
            list.iter().map(|(period, line)| ((*period).to_owned(), *line)).collect()
        };
        let last = expected(&[("2017", 1), ("2017", 4), ("2018", 2)]);
        assert_eq!(shown(&draft, 0), expected(&[("2017", 5), ("2018-01", 3)]));
        assert_eq!((shown(&draft, 1), shown(&draft, 2)), (Vec::new(), last.clone()));
        draft.renumber(&[2, 1, 0]);
        assert_eq!((shown(&draft, 0), shown(&draft, 2).len(), draft.ranges().series()), (last, 2, 0..3));
    }
}
