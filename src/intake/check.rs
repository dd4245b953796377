//! Checks of a whole file: one value for each period, and parts that fit into their totals.

use crate::intake::codes::Key;
use crate::intake::collector;
use crate::intake::draft::{Draft, Ranges};
use crate::intake::figure::Figure;
use crate::intake::finding::Findings;
use crate::model::{AttributeId, Decimal, Dimension};

/// The code of a total.
const TOTAL: &str = "_T";

/// Sexes that together make the total.
const SEXES: [&str; 2] = ["F", "M"];

/// Sexes that may be counted beside them.
const OTHER_SEXES: [&str; 3] = ["_U", "_O", "_N"];

/// Notes two values for one period. The draft is sorted.
pub(super) fn duplicates(draft: &Draft, findings: &mut Findings) {
    for [a, b] in draft.figures.array_windows() {
        if (a.series, a.period) == (b.series, b.period) {
            let message = format!(
                "TIME_PERIOD {} of series {} stands on line {} and again on line {}: keep one",
                draft.periods.get(a.period),
                draft.series.codes.dotted(&draft.series.index.keys()[a.series as usize]),
                a.line(),
                b.line(),
            );
            findings.error(b.line(), draft.column_of(b), message);
        }
    }
}

/// Compares counted parts with their totals. The draft is sorted.
pub(super) fn totals(draft: &Draft, ranges: &Ranges, findings: &mut Findings) {
    let codes = &draft.series.codes;
    let relatives = Relatives {
        draft,
        ranges,
        sexes: SEXES.map(|sex| codes.find(Dimension::Sex, sex)),
        others: OTHER_SEXES.map(|sex| codes.find(Dimension::Sex, sex)),
    };
    let counted: Vec<bool> =
        codes.texts(Dimension::UnitMeasure).iter().map(|unit| collector::counts(unit)).collect();
    let wholes = Dimension::ADDITIVE.map(|dimension| Whole::new(draft, dimension));
    let total_sex = codes.find(Dimension::Sex, TOTAL);
    for (series, key) in (0..).zip(draft.series.index.keys()) {
        if !counted[usize::from(key[Dimension::UnitMeasure.position()])] {
            continue;
        }
        for whole in wholes.iter().flatten() {
            if whole.is_part[usize::from(key[whole.dimension.position()])]
                && let Some(total) = relatives.get(series, *key, (whole.dimension, whole.total))
            {
                relatives.part(series, total, whole.dimension, findings);
            }
        }
        if Some(key[Dimension::Sex.position()]) == total_sex {
            relatives.sexes(series, *key, findings);
        }
    }
}

/// A dimension that the file has a total of.
struct Whole {
    dimension: Dimension,
    total: u16,
    /// By code: is it a part of the total?
    is_part: Vec<bool>,
}

impl Whole {
    fn new(draft: &Draft, dimension: Dimension) -> Option<Self> {
        let codes = &draft.series.codes;
        let is_part = codes.texts(dimension).iter().map(|code| !code.starts_with('_')).collect();
        Some(Self { dimension, total: codes.find(dimension, TOTAL)?, is_part })
    }
}

/// Series found by the key of another one with one code exchanged.
struct Relatives<'a> {
    draft: &'a Draft,
    ranges: &'a Ranges,
    /// The codes of [`SEXES`] and [`OTHER_SEXES`], where the file has them.
    sexes: [Option<u16>; 2],
    others: [Option<u16>; 3],
}

impl<'a> Relatives<'a> {
    /// The relative, if its values have the same power of ten.
    fn get(&self, series: u32, mut key: Key, (dimension, code): (Dimension, u16)) -> Option<u32> {
        key[dimension.position()] = code;
        let found = self.draft.series.index.find(&key);
        found.filter(|relative| {
            let said = [series, *relative].map(|series| self.draft.series.said[series as usize]);
            said[0] == said[1] || self.multiplier(said[0]) == self.multiplier(said[1])
        })
    }

    fn multiplier(&self, said: u32) -> Option<&'a str> {
        let texts = &self.draft.series.texts[said as usize];
        texts.iter().find(|(id, _)| *id == AttributeId::UnitMult).map(|(_, text)| text.as_str())
    }

    fn figures(&self, series: u32) -> &'a [Figure] {
        &self.draft.figures[self.ranges.of(series)]
    }

    fn part(&self, series: u32, total: u32, dimension: Dimension, findings: &mut Findings) {
        let mut totals = Walk(self.figures(total));
        for figure in self.figures(series) {
            let Some(whole) = totals.to(figure.period) else { continue };
            let aside = &self.draft.aside;
            if !figure.exceeds(whole, aside) {
                continue;
            }
            if let (Some(value), Some(most)) = (figure.value(aside), whole.value(aside)) {
                let code =
                    self.draft.series.codes.text(dimension, &self.draft.series.index.keys()[series as usize]);
                let message = format!(
                    "{value} for {dimension} {code} in {} is more than the total {most} on line {}: correct one",
                    self.draft.periods.get(figure.period),
                    whole.line(),
                );
                findings.error(figure.line(), self.draft.column_of(figure), message);
            }
        }
    }

    /// Women and men, and those of other or unknown sex where the file has them, against the total.
    fn sexes(&self, total: u32, key: Key, findings: &mut Findings) {
        let of = |code: Option<u16>| {
            let series = self.get(total, key, (Dimension::Sex, code?))?;
            Some(Walk(self.figures(series)))
        };
        let [Some(mut women), Some(mut men)] = self.sexes.map(of) else { return };
        let mut others: Vec<Walk<'_>> = self.others.iter().filter_map(|code| of(*code)).collect();
        let aside = &self.draft.aside;
        for figure in self.figures(total) {
            let period = figure.period;
            // A part that is suppressed, or others that are listed without a value, leave the sum open.
            let (Some(women), Some(men)) = (women.to(period), men.to(period)) else { continue };
            let stated = others.iter_mut().filter_map(|walk| walk.to(period));
            let values = [women, men].into_iter().chain(stated).map(|part| part.value(aside));
            let sum = values.into_iter().try_fold(Decimal::ZERO.to_rust_decimal(), |sum, value| {
                sum.checked_add(value?.to_rust_decimal())
            });
            let (Some(sum), Some(whole)) = (sum, figure.value(aside)) else { continue };
            if sum != whole.to_rust_decimal() {
                let period = self.draft.periods.get(period);
                let message = format!(
                    "SEX F and M make {sum} in {period}, the total says {whole}: correct one, or report _U"
                );
                findings.warning(figure.line(), self.draft.column_of(figure), message);
            }
        }
    }
}

/// A series that is walked along by period, beside another.
struct Walk<'a>(&'a [Figure]);

impl<'a> Walk<'a> {
    /// The observation of a period, which is not before the last one that was asked for.
    fn to(&mut self, period: u32) -> Option<&'a Figure> {
        while let [first, rest @ ..] = self.0
            && first.period < period
        {
            self.0 = rest;
        }
        self.0.first().filter(|figure| figure.period == period)
    }
}
