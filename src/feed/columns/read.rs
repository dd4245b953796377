//! Columns to records, with their canonical bytes.

use super::{PREDICTIONS, predict, unzigzag};
use crate::feed::block::{MAX_PLAIN, PlainBlock};
use crate::feed::codec::{CodecError, Cursor};
use crate::feed::record::{self, series};
use crate::model::{
    Attachment, Attributes, Decimal, Dimension, Flags, Observation, Period, PeriodKind, PeriodText, Record,
    Series, SeriesKey,
};

/// Reads the columns of a block: its records, put together to a plain block as they are made.
///
/// Work and memory are bounded by the columns' length and [`MAX_PLAIN`]: whatever a number stands for was read
/// once, and what it is repeated into is counted before it is made.
///
/// # Errors
/// [`CodecError`] for columns that are malformed, hold a record that is not allowed, or more than a block.
pub fn read(columns: &[u8]) -> Result<(PlainBlock, Vec<Record>), CodecError> {
    let mut reader = ColumnReader::new(columns)?;
    let (mut plain, mut records) = (PlainBlock::default(), Vec::new());
    for _ in 0..reader.count {
        let one = reader.next(&mut plain)?;
        plain.end_record();
        records.push(Record::Series(one));
    }
    if reader.is_read() { Ok((plain, records)) } else { Err(CodecError::Malformed) }
}

struct ColumnReader<'a> {
    count: u64,
    things: Cursor<'a>,
    keys: Cursor<'a>,
    shapes: Cursor<'a>,
    values: Cursor<'a>,
    memory: series::Memory,
    last_codes: [&'a str; 14],
    codes: Vec<&'a str>,
    attributes: Vec<Attributes>,
    periods: Vec<Vec<Dated>>,
    forms: Vec<Form>,
}

/// A period with its text.
struct Dated {
    period: Period,
    text: PeriodText,
}

/// All of an observation but its period and mantissa, with the canonical bytes that stand behind its value.
struct Form {
    scale: Option<u8>,
    flags: Flags,
    attributes: Attributes,
    tail: Vec<u8>,
}

impl<'a> ColumnReader<'a> {
    fn new(columns: &'a [u8]) -> Result<Self, CodecError> {
        let mut cursor = Cursor::new(columns);
        let count = number(&mut cursor)?;
        let lengths = [length(&mut cursor)?, length(&mut cursor)?, length(&mut cursor)?];
        let [things, keys, shapes] = lengths.map(|length| cursor.take(length).map(Cursor::new));
        Ok(Self {
            count,
            things: things?,
            keys: keys?,
            shapes: shapes?,
            values: cursor,
            memory: series::Memory::default(),
            last_codes: [""; 14],
            codes: Vec::new(),
            attributes: Vec::new(),
            periods: Vec::new(),
            forms: Vec::new(),
        })
    }

    fn is_read(&self) -> bool {
        [self.things, self.keys, self.shapes, self.values].iter().all(|column| column.rest().is_empty())
    }

    fn next(&mut self, plain: &mut PlainBlock) -> Result<Series, CodecError> {
        let key = self.key()?;
        let said = self.said()?;
        let periods = self.period_list()?;
        let form = number(&mut self.shapes)?;
        let count = self.periods[periods].len();
        plain.begin_series(&key, &said, count);
        if plain.len() + count * series::LEAST_OBSERVATION > MAX_PLAIN {
            return Err(CodecError::TooLarge);
        }
        let observations = match form.checked_sub(1) {
            Some(form) => {
                let form = self.form(form)?;
                self.observations(plain, periods, std::iter::repeat_n(form, count))?
            }
            None => {
                let forms: Result<Vec<usize>, _> = (0..count).map(|_| self.next_form()).collect();
                self.observations(plain, periods, forms?.into_iter())?
            }
        };
        Ok(Series::new(key, said, observations)?)
    }

    fn key(&mut self) -> Result<SeriesKey, CodecError> {
        let changed = number(&mut self.keys)?;
        if changed >> Dimension::ALL.len() != 0 {
            return Err(CodecError::Malformed);
        }
        for at in (0..Dimension::ALL.len()).filter(|at| changed >> at & 1 == 1) {
            let number = length(&mut self.keys)?;
            if number == self.codes.len() {
                let length = length(&mut self.things)?;
                let code = str::from_utf8(self.things.take(length)?).map_err(|_| CodecError::Malformed)?;
                self.codes.push(code);
            }
            self.last_codes[at] = self.codes.get(number).ok_or(CodecError::Malformed)?;
        }
        self.memory.key(&self.last_codes)
    }

    fn said(&mut self) -> Result<Attributes, CodecError> {
        let number = length(&mut self.shapes)?;
        if number == self.attributes.len() {
            self.attributes.push(series::read_attributes(&mut self.things, Attachment::Series)?);
        }
        self.attributes.get(number).cloned().ok_or(CodecError::Malformed)
    }

    /// The number of the record's list of periods, which is there.
    fn period_list(&mut self) -> Result<usize, CodecError> {
        let number = length(&mut self.shapes)?;
        if number == self.periods.len() {
            let list = dated(&mut self.things)?;
            self.periods.push(list);
        }
        if number < self.periods.len() { Ok(number) } else { Err(CodecError::Malformed) }
    }

    fn next_form(&mut self) -> Result<usize, CodecError> {
        let number = number(&mut self.shapes)?;
        self.form(number)
    }

    /// The number of a form, which is there.
    fn form(&mut self, number: u64) -> Result<usize, CodecError> {
        let number = usize::try_from(number).map_err(|_| CodecError::Malformed)?;
        if number == self.forms.len() {
            let form = Form::read(&mut self.things)?;
            self.forms.push(form);
        }
        if number < self.forms.len() { Ok(number) } else { Err(CodecError::Malformed) }
    }

    fn observations(
        &mut self,
        plain: &mut PlainBlock,
        periods: usize,
        forms: impl Iterator<Item = usize>,
    ) -> Result<Vec<Observation>, CodecError> {
        let way = usize::from(self.shapes.byte()?);
        if way >= PREDICTIONS {
            return Err(CodecError::Malformed);
        }
        let mut before = [0; 2];
        let periods = &self.periods[periods];
        let mut list = Vec::with_capacity(periods.len());
        for (dated, form) in periods.iter().zip(forms) {
            let form = &self.forms[form];
            let mut value = None;
            if let Some(scale) = form.scale {
                let mantissa = unzigzag(number(&mut self.values)?).wrapping_add(predict(way, before));
                before = [before[1], mantissa];
                value = Some(Decimal::from_parts(mantissa.into(), scale)?);
            }
            plain.put_observation(&dated.text, value, &form.tail)?;
            list.push(Observation::new(dated.period, value, form.flags, form.attributes.clone())?);
        }
        Ok(list)
    }
}

impl Form {
    fn read(things: &mut Cursor<'_>) -> Result<Self, CodecError> {
        let scale = things.byte()?.checked_sub(1);
        let (status, conf) = (things.byte()?, things.byte()?);
        let revision = u32::try_from(number(things)?).map_err(|_| CodecError::Malformed)?;
        let flags = record::flags(status, conf, revision)?;
        let attributes = series::read_attributes(things, Attachment::Observation)?;
        let mut tail = Vec::new();
        series::put_flags(flags, &mut tail);
        series::put_attributes(&attributes, &mut tail);
        Ok(Self { scale, flags, attributes, tail })
    }
}

/// A list of periods, in time.
fn dated(things: &mut Cursor<'_>) -> Result<Vec<Dated>, CodecError> {
    let count = length(things)?;
    if count > things.rest().len() {
        return Err(CodecError::Short);
    }
    let mut list: Vec<Dated> = Vec::with_capacity(count);
    let (mut kind, mut ordinal) = (PeriodKind::Year, 0);
    for at in 0..count {
        let step = number(things)?;
        if step & 1 == 1 {
            kind = PeriodKind::from_code(things.byte()?).ok_or(CodecError::Malformed)?;
            ordinal = 0;
        } else if at == 0 {
            return Err(CodecError::Malformed);
        }
        ordinal = unzigzag(step >> 1).wrapping_add(ordinal);
        let period = Period::from_ordinal(kind, ordinal)?;
        if list.last().is_some_and(|last| last.period >= period) {
            return Err(CodecError::Invalid("periods out of order".to_owned()));
        }
        list.push(Dated { period, text: period.text() });
    }
    Ok(list)
}

/// Seven bits a byte, the lowest first.
fn number(cursor: &mut Cursor<'_>) -> Result<u64, CodecError> {
    let mut value = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = cursor.byte()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(CodecError::Malformed)
}

fn length(cursor: &mut Cursor<'_>) -> Result<usize, CodecError> {
    usize::try_from(number(cursor)?).map_err(|_| CodecError::Malformed)
}
