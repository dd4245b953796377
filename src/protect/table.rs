//! All cells of a release beside those that the audience holds, as whole numbers of one scale.

use std::collections::HashMap;
use std::ops::Range;

use super::held::{self, Held, Readers, Statement};
use super::rule::{Limit, Measure};
use super::system::{MAX_VALUE, OPEN, index};
use super::vintage::Past;
use super::{Breach, MAX_CELLS};
use crate::model::catalogue::DisclosureRule;
use crate::model::dimension::DIMENSIONS;
use crate::model::{Decimal, Dimension, Period, Series, SeriesKey};

/// What an audience knows of one cell by itself. Limits are in the table's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The value as it is.
    Exact(i64),
    /// A multiple of the limit's base, less than one base away.
    Rounded(i64, Limit),
    /// That there is a value, which is not shown.
    Closed,
}

impl Form {
    /// The form of a published value. Zero is never the outcome of rounding, what would round to it is closed; and
    /// what is no multiple of the base was never rounded, whatever rule stands beside it.
    pub(super) fn of(value: Option<i64>, limit: Option<Limit>) -> Self {
        match (value, limit) {
            (None, _) => Self::Closed,
            (Some(shown), Some(limit)) if shown != 0 && shown % limit.base == 0 => {
                Self::Rounded(shown, limit)
            }
            (Some(value), _) => Self::Exact(value),
        }
    }

    /// The values that it leaves open.
    pub(super) fn bounds(self, signed: bool) -> (i64, i64) {
        match self {
            Self::Exact(value) => (value, value),
            Self::Rounded(shown, limit) => {
                let (low, high) = (shown.abs() - limit.base + 1, shown.abs() + limit.base - 1);
                let (low, high) = (low.max(limit.least), high);
                if shown < 0 { (-high, -low) } else { (low, high) }
            }
            Self::Closed if signed => (-OPEN, OPEN),
            Self::Closed => (0, OPEN),
        }
    }
}

/// One series of the table.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) key: SeriesKey,
    /// A number for each code, equal for equal codes of a dimension.
    pub(super) codes: [u32; DIMENSIONS],
    pub(super) measure: Measure,
    /// What its rule asks, in the table's scale.
    pub(super) limit: Option<Limit>,
    /// One person, or one unit of whatever is measured, in the table's scale.
    pub(super) one: i64,
    /// Power of ten of the smallest part that the table counts in.
    pub(super) exponent: i32,
    /// Does the table hold values below zero?
    pub(super) signed: bool,
    /// Its cells.
    pub(super) cells: Range<u32>,
}

/// One value of the table.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) line: u32,
    pub(super) period: Period,
    /// The value as it is; of one that the release does not state it may be unknown.
    pub(super) truth: Option<i64>,
    /// Does the release state it?
    pub(super) released: bool,
    /// The forms in which readers of the audience hold it.
    pub(super) held: Vec<(Form, Readers)>,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) lines: Vec<Line>,
    pub(super) cells: Vec<Cell>,
    /// Values that cells had before.
    pub(super) pasts: Vec<Past>,
    places: HashMap<SeriesKey, u32>,
}

/// A value before the scale of its table is known.
type Raw = (Decimal, i32);

/// A line before its scale is known.
struct Draft<'a> {
    key: &'a SeriesKey,
    rule: DisclosureRule,
    truth: Vec<(Period, Raw)>,
    held: Vec<(Period, Statement)>,
}

impl Table {
    /// The table of a release: series with the rule of each, and what the audience holds.
    pub(super) fn new(series: &[(&Series, DisclosureRule)], held: &Held) -> Result<Self, Breach> {
        let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(series.len());
        let mut places: HashMap<SeriesKey, u32> = HashMap::with_capacity(series.len());
        for (one, rule) in series {
            let at = *places.entry(one.key().clone()).or_insert_with(|| index(drafts.len()));
            if at as usize == drafts.len() {
                drafts.push(Draft { key: one.key(), rule: *rule, truth: Vec::new(), held: Vec::new() });
            }
            let power = held::power(one.attributes());
            let values = one.observations().iter().filter_map(|o| Some((o.period(), (o.value()?, power))));
            drafts[at as usize].truth.extend(values);
        }
        let released = drafts.len();
        for (key, statements) in held.statements() {
            let at = *places.entry(key.clone()).or_insert_with(|| index(drafts.len()));
            if at as usize == drafts.len() {
                let rule = statements.iter().map(|(_, s)| s.rule).max().unwrap_or(DisclosureRule::D0);
                drafts.push(Draft { key, rule, truth: Vec::new(), held: Vec::new() });
            }
            drafts[at as usize].held.extend_from_slice(statements);
        }
        let cells = drafts.iter().map(|draft| draft.truth.len() + draft.held.len()).sum::<usize>();
        if cells > MAX_CELLS {
            return Err(Breach::TooLarge { cells });
        }
        let scales = Scales::of(&drafts, held);
        let mut table = Self { places, ..Self::default() };
        let mut codes = Codes::default();
        for (at, draft) in drafts.into_iter().enumerate() {
            table.add(draft, &scales, &mut codes, (at < released, held))?;
        }
        Ok(table)
    }

    /// The cell of a series and period.
    pub(super) fn find(&self, key: &SeriesKey, period: Period) -> Option<u32> {
        let line = &self.lines[*self.places.get(key)? as usize];
        let cells = &self.cells[line.cells.start as usize..line.cells.end as usize];
        let at = cells.binary_search_by_key(&period, |cell| cell.period).ok()?;
        Some(line.cells.start + index(at))
    }

    /// The line of a cell.
    pub(super) fn line(&self, cell: &Cell) -> &Line {
        &self.lines[cell.line as usize]
    }

    /// What these readers would know of a cell by itself, if it were published in a form, or not at all. A form that
    /// they hold counts unless the value was revised since.
    pub(super) fn bounds(&self, cell: &Cell, now: Option<Form>, readers: Readers) -> (i64, i64) {
        let line = self.line(cell);
        let open = (if line.signed { -OPEN } else { 0 }, OPEN);
        let bounds = |form: &Form| form.bounds(line.signed);
        let (mut low, mut high) = now.as_ref().map_or(open, bounds);
        let held = cell.held.iter().filter(|(_, by)| by.meets(readers));
        for (least, most) in held.map(|(form, _)| bounds(form)) {
            let holds = cell.truth.is_none_or(|value| least <= value && value <= most);
            if holds && least.max(low) <= most.min(high) {
                (low, high) = (least.max(low), most.min(high));
            }
        }
        (low, high)
    }

    fn add(
        &mut self,
        draft: Draft<'_>,
        scales: &Scales,
        codes: &mut Codes,
        (released, held): (bool, &Held),
    ) -> Result<(), Breach> {
        let (exponent, signed) = scales.get(draft.key);
        let measure = Measure::of(draft.key);
        let one = 10_i64.pow(exponent.unsigned_abs());
        let scaled = |limit: Limit| Limit { least: limit.least * one, base: limit.base * one };
        let limit = held::limit(draft.key, draft.rule).map(scaled);
        let line = index(self.lines.len());
        let number = |(value, power): Raw, period: Period| {
            let units = units(value, power, exponent);
            let fits = |units: &i128| units.unsigned_abs() <= u128::from(MAX_VALUE.unsigned_abs());
            match units.filter(fits).and_then(|units| i64::try_from(units).ok()) {
                Some(units) => Ok(units),
                // A rule for small numbers does not look at it, and nothing but a bound depends on it.
                None if measure != Measure::Count => Ok(MAX_VALUE),
                None => Err(Breach::Number { key: draft.key.clone(), period }),
            }
        };
        let mut cells: Vec<Cell> = Vec::with_capacity(draft.truth.len());
        for (period, raw) in draft.truth {
            let truth = Some(number(raw, period)?);
            cells.push(Cell { line, period, truth, released, held: Vec::new() });
        }
        cells.sort_by_key(|cell| cell.period);
        cells.dedup_by_key(|cell| cell.period);
        for (period, said) in draft.held {
            let value = said.value.map(|value| number((value, said.power), period)).transpose()?;
            let form = Form::of(value, held::limit(draft.key, said.rule).map(scaled));
            match cells.binary_search_by_key(&period, |cell| cell.period) {
                Ok(at) => cells[at].held.push((form, said.readers)),
                Err(at) => {
                    let known = held.truth(draft.key).iter().rfind(|(of, ..)| *of == period);
                    let truth =
                        known.map(|(_, value, power)| number((*value, *power), period)).transpose()?;
                    let held = vec![(form, said.readers)];
                    cells.insert(at, Cell { line, period, truth, released: false, held });
                }
            }
        }
        let start = index(self.cells.len());
        for past in held.pasts(draft.key) {
            let Ok(at) = cells.binary_search_by_key(&past.period, |cell| cell.period) else { continue };
            let truth = number((past.value, past.power), past.period)?;
            let form = |said: &Statement| -> Result<(Form, Readers), Breach> {
                let value = said.value.map(|value| number((value, said.power), past.period)).transpose()?;
                Ok((Form::of(value, held::limit(draft.key, said.rule).map(scaled)), said.readers))
            };
            let held = past.statements.iter().map(form).collect::<Result<_, _>>()?;
            let (of, Range { start: from, end: to }) = (start + index(at), past.releases.clone());
            self.pasts.push(Past { of, truth, from, to, held });
        }
        self.cells.append(&mut cells);
        let cells = start..index(self.cells.len());
        let codes = codes.of(draft.key);
        let key = draft.key.clone();
        self.lines.push(Line { key, codes, measure, limit, one, exponent, signed, cells });
        Ok(())
    }
}

/// A value in parts of `10^exponent`; digits beyond are cut off.
pub(super) fn units(value: Decimal, power: i32, exponent: i32) -> Option<i128> {
    let shift = power - i32::from(value.scale()) - exponent;
    let factor = 10_i128.checked_pow(shift.unsigned_abs())?;
    if shift < 0 { Some(value.mantissa() / factor) } else { value.mantissa().checked_mul(factor) }
}

/// Parts of `10^exponent` as a value with this power of ten, with at least so many decimals.
pub(super) fn value(units: i64, power: i32, exponent: i32, decimals: u8) -> Option<Decimal> {
    let mut mantissa = i128::from(units);
    let mut scale = power - exponent;
    while scale > i32::from(decimals) && mantissa % 10 == 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    while scale < i32::from(decimals) {
        (mantissa, scale) = (mantissa.checked_mul(10)?, scale + 1);
    }
    Decimal::from_parts(mantissa, u8::try_from(scale).ok()?).ok()
}

/// Decimals of a person, or of a unit, that a table keeps apart.
const MAX_DECIMALS: i32 = 6;

/// The smallest part that values of related series are counted in, and whether some are below zero.
struct Scales(HashMap<String, (i32, bool)>);

impl Scales {
    fn of(drafts: &[Draft<'_>], held: &Held) -> Self {
        let mut scales: HashMap<String, (i32, bool)> = HashMap::new();
        for draft in drafts {
            let known = held.truth(draft.key).iter().map(|(_, value, power)| (*value, *power));
            let stated = draft.held.iter().filter_map(|(_, s)| Some((s.value?, s.power)));
            let pasts = held.pasts(draft.key).iter().flat_map(|past| {
                let shown = past.statements.iter().filter_map(|said| Some((said.value?, said.power)));
                shown.chain([(past.value, past.power)])
            });
            let all = draft.truth.iter().map(|(_, raw)| *raw).chain(stated).chain(known).chain(pasts);
            let (exponent, signed) = scales.entry(family(draft.key)).or_insert((0, false));
            for (value, power) in all {
                *exponent = (*exponent).min(power - i32::from(value.scale())).max(-MAX_DECIMALS);
                *signed |= value.is_negative();
            }
        }
        Self(scales)
    }

    fn get(&self, key: &SeriesKey) -> (i32, bool) {
        self.0.get(&family(key)).copied().unwrap_or_default()
    }
}

/// What series that can be related have in common.
fn family(key: &SeriesKey) -> String {
    let fixed = |dimension: &Dimension| !Dimension::ADDITIVE.contains(dimension);
    Dimension::ALL.iter().filter(|d| fixed(d)).map(|d| key.dimension(*d)).collect::<Vec<_>>().join(".")
}

/// Numbers for codes.
#[derive(Default)]
struct Codes([HashMap<Box<str>, u32>; DIMENSIONS]);

impl Codes {
    fn of(&mut self, key: &SeriesKey) -> [u32; DIMENSIONS] {
        Dimension::ALL.map(|dimension| {
            let known = &mut self.0[dimension.position()];
            let code = key.dimension(dimension);
            if let Some(number) = known.get(code) {
                return *number;
            }
            let number = index(known.len());
            known.insert(code.into(), number);
            number
        })
    }
}
