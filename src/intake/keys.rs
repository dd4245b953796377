//! From rows to series: each row's codes as numbers, and by them its series.
//!
//! The columns of a row are mostly those of the row before, and their words mostly known. So a row costs a
//! comparison for each column, and a series that comes up costs a few look-ups: a code that was right once is right
//! for ever, and what depends on two codes is kept by the two. The [`Resolver`] is asked about everything that was
//! not seen to be right before; what is wrong stays unknown, so that every row with it is told.

use std::collections::{HashMap, HashSet};

use crate::intake::Rules;
use crate::intake::batch::Row;
use crate::intake::codes::{Codes, Key, MAX_WORDS};
use crate::intake::finding::{Findings, Noted};
use crate::intake::plan::{Column, Origin, Plan};
use crate::intake::resolver::{Resolver, Texts, usual};
use crate::intake::series::SeriesList;
use crate::model::dimension::DIMENSIONS;
use crate::model::series_key::MAX_KEY_BYTES;
use crate::model::{Dimension, Period, PeriodKind};

/// Stands between raw fields; no UTF-8 text has it.
const SEPARATOR: u8 = 0xff;

/// Finds the series of rows.
pub(super) struct Keys<'a> {
    plan: &'a Plan,
    rules: Rules<'a>,
    list: SeriesList,
    columns: Vec<KeyColumn<'a>>,
    attributes: Vec<(&'a Column, Vec<u8>)>,
    groups: Vec<Group>,
    said: HashMap<Box<[u8]>, u32>,
    right: Right,
    row: RowCodes,
    last: Option<(u16, PeriodKind, u32)>,
}

/// A column with codes, and what the last row had there.
struct KeyColumn<'a> {
    dimension: Dimension,
    column: &'a Column,
    field: Vec<u8>,
    code: Option<u16>,
}

/// The codes that do not come from columns, for some of the value columns.
struct Group {
    fixed: Vec<(Dimension, Option<u16>)>,
    usual: Vec<Dimension>,
}

/// What the columns of the current row say.
#[derive(Default)]
struct RowCodes {
    key: [Option<u16>; DIMENSIONS],
    said: Option<u32>,
}

/// What was found right.
#[derive(Default)]
struct Right {
    codes: [Vec<bool>; DIMENSIONS],
    /// By frequency: the kinds of periods it goes with, a bit each.
    kinds: Vec<u8>,
    /// Reporter, counterpart and the place in one of them.
    places: HashSet<[u16; 3]>,
    /// An indicator with its unit, and what is said of its series.
    measured: HashSet<([u16; 2], u32)>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(plan: &'a Plan, rules: Rules<'a>) -> Self {
        let mut list = SeriesList::default();
        let groups = plan.groups.iter().map(|own| Group::new(plan, own, &mut list.codes)).collect();
        let from_column = |d: Dimension| match &plan.dimensions[d.position()] {
            Origin::Column(column) => Some(KeyColumn { dimension: d, column, field: Vec::new(), code: None }),
            Origin::Absent | Origin::Constant(_) => None,
        };
        let attributes = plan.attributes.iter().filter_map(|(_, origin)| match origin {
            Origin::Column(column) => Some((column, Vec::new())),
            Origin::Absent | Origin::Constant(_) => None,
        });
        Self {
            plan,
            rules,
            list,
            columns: Dimension::ALL.into_iter().filter_map(from_column).collect(),
            attributes: attributes.collect(),
            groups,
            said: HashMap::new(),
            right: Right::default(),
            row: RowCodes::default(),
            last: None,
        }
    }

    pub(super) fn into_list(self) -> SeriesList {
        self.list
    }

    /// The code of a dimension in a series.
    pub(super) fn code(&self, series: u32, dimension: Dimension) -> &str {
        self.list.codes.text(dimension, &self.list.index.keys()[series as usize])
    }

    /// Takes up a row.
    pub(super) fn begin(&mut self, row: Row<'_>) {
        for column in &mut self.columns {
            let field = row.get(column.column.at);
            // The code is none before the first row, and where it could not be read.
            if column.code.is_some() && column.field == field {
                continue;
            }
            column.field.clear();
            column.field.extend_from_slice(field);
            column.code = self.list.codes.read(column.dimension, column.column, field);
            self.row.key[column.dimension.position()] = column.code;
            self.last = None;
        }
        let mut same = self.row.said.is_some();
        for (column, last) in &mut self.attributes {
            let field = row.get(column.at);
            if last != field {
                last.clear();
                last.extend_from_slice(field);
                same = false;
            }
        }
        if !same {
            self.row.said = self.said();
            self.last = None;
        }
    }

    /// Is the row that was taken up of the node's country? Every row is, where the node has none.
    pub(super) fn is_own(&self) -> bool {
        let reporter = self.row.key[Dimension::RefArea.position()];
        let (Some(country), Some(reporter)) = (self.rules.country, reporter) else { return true };
        &*self.list.codes.texts(Dimension::RefArea)[usize::from(reporter)] == country
    }

    /// The number of what the row says in its attributes; none when numbers run out.
    fn said(&mut self) -> Option<u32> {
        let mut raw = Vec::new();
        for (_, field) in &self.attributes {
            raw.extend_from_slice(field);
            raw.push(SEPARATOR);
        }
        if let Some(said) = self.said.get(raw.as_slice()) {
            return Some(*said);
        }
        let said = u32::try_from(self.list.texts.len()).ok()?;
        self.list.texts.push(Texts::new());
        self.said.insert(raw.into(), said);
        Some(said)
    }

    /// The series of a cell of the row that was taken up.
    pub(super) fn series(
        &mut self,
        row: Row<'_>,
        group: u16,
        period: Period,
        findings: &mut Findings,
    ) -> Result<u32, Noted> {
        if let Some((_, _, series)) = self.last.filter(|last| (last.0, last.1) == (group, period.kind())) {
            return Ok(series);
        }
        let codes = self.key(group, period).zip(self.row.said);
        let found = codes.and_then(|(key, _)| self.list.index.find(&key));
        let same = |(key, said): (Key, u32), series: u32| {
            self.list.said[series as usize] == said && self.right.goes_with(&key, period.kind())
        };
        let series = match (found, codes) {
            (Some(series), Some(codes)) if same(codes, series) => series,
            _ => self.new_series((codes, found), (row, group, period), findings)?,
        };
        self.last = Some((group, period.kind(), series));
        Ok(series)
    }

    /// The codes of a cell; none if one of them cannot be told.
    fn key(&mut self, group: u16, period: Period) -> Option<Key> {
        let mut key = self.row.key;
        let group = self.groups.get(usize::from(group))?;
        for (dimension, code) in &group.fixed {
            key[dimension.position()] = *code;
        }
        for dimension in &group.usual {
            let indicator = key[Dimension::Indicator.position()]?;
            let indicator = &self.list.codes.texts(Dimension::Indicator)[usize::from(indicator)];
            let code = usual(*dimension, indicator, period)?;
            key[dimension.position()] = self.list.codes.number(*dimension, code);
        }
        let mut whole = Key::default();
        for (code, given) in whole.iter_mut().zip(key) {
            *code = given?;
        }
        Some(whole)
    }

    /// A series that comes up, or one with new texts or another kind of period.
    fn new_series(
        &mut self,
        (codes, found): (Option<(Key, u32)>, Option<u32>),
        (row, group, period): (Row<'_>, u16, Period),
        findings: &mut Findings,
    ) -> Result<u32, Noted> {
        let right = codes.is_some_and(|(key, said)| self.right.holds(&key, said, period.kind()));
        if !right || self.list.codes.longest_key() > MAX_KEY_BYTES {
            let mut resolver = Resolver { plan: self.plan, rules: self.rules, findings };
            let (_, texts) = resolver.resolve(row, group, period)?;
            if let Some((key, said)) = codes {
                self.right.add(&key, said, period.kind());
                self.list.texts[said as usize] = texts;
            }
        }
        let too_many = || format!("more than {MAX_WORDS} different words in one column: split the file");
        let Some((key, said)) = codes else { return Err(findings.error(row.line, None, too_many())) };
        let Some(series) = found else {
            let series = self.list.index.insert(key);
            self.list.said.push(said);
            return series.ok_or_else(|| findings.error(row.line, None, too_many()));
        };
        let before = &self.list.texts[self.list.said[series as usize] as usize];
        let now = &self.list.texts[said as usize];
        if before == now {
            return Ok(series);
        }
        let odd = before.iter().zip(now).find(|(a, b)| a != b);
        let name = odd.map(|((id, _), _)| id.id());
        let key = self.list.codes.dotted(&key);
        let message = format!("series {key} has another text here than before: give all its rows the same");
        Err(findings.error(row.line, name, message))
    }
}

impl Group {
    fn new(plan: &Plan, own: &[(Dimension, String)], codes: &mut Codes) -> Self {
        let mut group = Self { fixed: Vec::new(), usual: Vec::new() };
        for dimension in Dimension::ALL {
            let given = own.iter().find(|(d, _)| *d == dimension).map(|(_, code)| code);
            match (given, &plan.dimensions[dimension.position()]) {
                (Some(code), _) | (None, Origin::Constant(code)) => {
                    group.fixed.push((dimension, codes.number(dimension, code)));
                }
                (None, Origin::Absent) => group.usual.push(dimension),
                (None, Origin::Column(_)) => {}
            }
        }
        group
    }
}

impl Right {
    /// Was everything about such a series found right before?
    fn holds(&self, key: &Key, said: u32, kind: PeriodKind) -> bool {
        let seen = |(codes, code): (&Vec<bool>, &u16)| codes.get(usize::from(*code)) == Some(&true);
        let (place, measured) = Self::together(key, said);
        self.codes.iter().zip(key).all(seen)
            && self.goes_with(key, kind)
            && self.places.contains(&place)
            && self.measured.contains(&measured)
    }

    /// Was the key's frequency found to go with this kind of period?
    fn goes_with(&self, key: &Key, kind: PeriodKind) -> bool {
        let kinds = self.kinds.get(usize::from(key[Dimension::Freq.position()]));
        kinds.is_some_and(|kinds| kinds & bit(kind) != 0)
    }

    fn add(&mut self, key: &Key, said: u32, kind: PeriodKind) {
        for (codes, code) in self.codes.iter_mut().zip(key) {
            *entry(codes, *code) = true;
        }
        *entry(&mut self.kinds, key[Dimension::Freq.position()]) |= bit(kind);
        let (place, measured) = Self::together(key, said);
        self.places.insert(place);
        self.measured.insert(measured);
    }

    /// The codes that must be right together.
    fn together(key: &Key, said: u32) -> ([u16; 3], ([u16; 2], u32)) {
        let code = |d: Dimension| key[d.position()];
        let place = [Dimension::RefArea, Dimension::CounterpartArea, Dimension::Subnat].map(code);
        (place, ([Dimension::Indicator, Dimension::UnitMeasure].map(code), said))
    }
}

const fn bit(kind: PeriodKind) -> u8 {
    1 << kind.code()
}

/// The entry of a code in a list that grows to it.
fn entry<T: Clone + Default>(list: &mut Vec<T>, code: u16) -> &mut T {
    let at = usize::from(code);
    if list.len() <= at {
        list.resize(at + 1, T::default());
    }
    &mut list[at]
}
