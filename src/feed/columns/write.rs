//! Records to columns.

use std::collections::HashMap;
use std::hash::Hash;

use super::{PREDICTIONS, predict, zigzag};
use crate::feed::codec::Sink;
use crate::feed::record::series;
use crate::model::{Attributes, Dimension, Flags, Observation, Period, Record, Series, SeriesKey};

/// Lays the series of a block out in columns while they come.
#[derive(Clone, Debug, Default)]
pub struct ColumnWriter {
    records: usize,
    /// Something came that columns do not hold.
    is_odd: bool,
    columns: Columns,
    last_key: Option<SeriesKey>,
    codes: Things<Box<str>>,
    attributes: Things<Attributes>,
    periods: Things<Vec<Period>>,
    forms: Things<Form>,
    /// Mantissas and periods of the record in hand; kept for their memory.
    mantissas: Vec<i64>,
    list: Vec<Period>,
}

#[derive(Clone, Debug, Default)]
struct Columns {
    things: Vec<u8>,
    keys: Vec<u8>,
    shapes: Vec<u8>,
    values: Vec<u8>,
}

/// All of an observation but its period and mantissa.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Form {
    scale: Option<u8>,
    flags: Flags,
    attributes: Attributes,
}

/// What is stored once, with the numbers that stand for it.
#[derive(Clone, Debug)]
struct Things<T> {
    numbers: HashMap<T, usize>,
    last: Option<(T, usize)>,
}

impl<T> Default for Things<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), last: None }
    }
}

impl<T: Clone + Eq + Hash> Things<T> {
    /// The number of a thing, and whether it is new.
    fn number(&mut self, thing: &T) -> (usize, bool) {
        if let Some((last, number)) = &self.last
            && last == thing
        {
            return (*number, false);
        }
        let next = self.numbers.len();
        let known = self.numbers.get(thing).copied();
        let number = known.unwrap_or(next);
        if known.is_none() {
            self.numbers.insert(thing.clone(), next);
        }
        self.last = Some((thing.clone(), number));
        (number, known.is_none())
    }
}

impl ColumnWriter {
    /// Takes the next record.
    pub fn push(&mut self, record: &Record) {
        match record {
            Record::Series(series) if !self.is_odd => self.push_series(series),
            Record::Series(_) => {}
            Record::Retraction(_) | Record::Document(_) | Record::Receipt(_) => self.is_odd = true,
        }
    }

    /// The columns; `None` when something came that columns do not hold.
    pub fn finish(&self) -> Option<Vec<u8>> {
        if self.is_odd {
            return None;
        }
        let Columns { things, keys, shapes, values } = &self.columns;
        let mut bytes = Vec::with_capacity(32 + things.len() + keys.len() + shapes.len() + values.len());
        put(self.records as u64, &mut bytes);
        for column in [things, keys, shapes] {
            put(column.len() as u64, &mut bytes);
        }
        for column in [things, keys, shapes, values] {
            bytes.extend_from_slice(column);
        }
        Some(bytes)
    }

    fn push_series(&mut self, series: &Series) {
        self.records += 1;
        self.push_key(series.key());
        self.push_attributes(series.attributes());
        self.push_periods(series.observations());
        self.push_forms(series.observations());
        self.push_values(series.observations());
    }

    fn push_key(&mut self, key: &SeriesKey) {
        let codes = key.parts();
        let known = self.last_key.as_ref().map_or([""; 14], SeriesKey::parts);
        let changed =
            || Dimension::ALL.map(Dimension::position).into_iter().filter(|at| codes[*at] != known[*at]);
        put(changed().fold(0, |mask, at| mask | 1 << at), &mut self.columns.keys);
        for at in changed() {
            let code = codes[at];
            let next = self.codes.numbers.len();
            let number = self.codes.numbers.get(code).copied().unwrap_or(next);
            put(number as u64, &mut self.columns.keys);
            if number == next {
                self.codes.numbers.insert(code.into(), number);
                put(code.len() as u64, &mut self.columns.things);
                self.columns.things.put(code.as_bytes());
            }
        }
        self.last_key = Some(key.clone());
    }

    fn push_attributes(&mut self, said: &Attributes) {
        let (number, is_new) = self.attributes.number(said);
        put(number as u64, &mut self.columns.shapes);
        if is_new {
            series::put_attributes(said, &mut self.columns.things);
        }
    }

    fn push_periods(&mut self, observations: &[Observation]) {
        self.list.clear();
        self.list.extend(observations.iter().map(Observation::period));
        let (number, is_new) = self.periods.number(&self.list);
        put(number as u64, &mut self.columns.shapes);
        if !is_new {
            return;
        }
        let things = &mut self.columns.things;
        put(self.list.len() as u64, things);
        let mut before = (None, 0);
        for period in &self.list {
            // A kind is written where it changes: behind a bit of the step before it.
            let (kind, number) = (period.kind(), period.ordinal());
            let same = before.0 == Some(kind);
            let step = zigzag(number - if same { before.1 } else { 0 });
            put((step << 1) | u64::from(!same), things);
            if !same {
                things.push(kind.code());
            }
            before = (Some(kind), number);
        }
    }

    fn push_forms(&mut self, observations: &[Observation]) {
        let Some(first) = observations.first() else {
            put(0, &mut self.columns.shapes);
            return;
        };
        let all_same = observations.iter().all(|one| is_alike(one, first));
        if all_same {
            let number = self.form(first);
            put(number as u64 + 1, &mut self.columns.shapes);
            return;
        }
        put(0, &mut self.columns.shapes);
        for one in observations {
            let number = self.form(one);
            put(number as u64, &mut self.columns.shapes);
        }
    }

    fn form(&mut self, one: &Observation) -> usize {
        let scale = one.value().map(|value| value.scale());
        let form = Form { scale, flags: one.flags(), attributes: one.attributes().clone() };
        let (number, is_new) = self.forms.number(&form);
        if is_new {
            let things = &mut self.columns.things;
            things.push(scale.map_or(0, |scale| scale + 1));
            things.put(&[form.flags.status.code() as u8, form.flags.conf.code() as u8]);
            put(form.flags.revision.into(), things);
            series::put_attributes(&form.attributes, things);
        }
        number
    }

    fn push_values(&mut self, observations: &[Observation]) {
        self.mantissas.clear();
        for value in observations.iter().filter_map(Observation::value) {
            match i64::try_from(value.mantissa()) {
                Ok(mantissa) => self.mantissas.push(mantissa),
                Err(_) => self.is_odd = true,
            }
        }
        let way = best_way(&self.mantissas);
        self.columns.shapes.push(way.to_le_bytes()[0]);
        let mut before = [0; 2];
        for value in &self.mantissas {
            put(zigzag(value.wrapping_sub(predict(way, before))), &mut self.columns.values);
            before = [before[1], *value];
        }
    }
}

/// Whether two observations have one form.
fn is_alike(one: &Observation, other: &Observation) -> bool {
    let scale = |one: &Observation| one.value().map(|value| value.scale());
    one.flags() == other.flags() && scale(one) == scale(other) && one.attributes() == other.attributes()
}

/// The way to predict these values that leaves the fewest bits to write.
fn best_way(values: &[i64]) -> usize {
    let mut costs = [0_u32; PREDICTIONS];
    let mut before = [0; 2];
    for value in values {
        for (way, cost) in costs.iter_mut().enumerate() {
            *cost += u64::BITS - zigzag(value.wrapping_sub(predict(way, before))).leading_zeros();
        }
        before = [before[1], *value];
    }
    (0..PREDICTIONS).min_by_key(|way| costs[*way]).unwrap_or_default()
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}
