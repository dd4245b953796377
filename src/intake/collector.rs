//! Rows come in, series grow.
//!
//! The codes of a row are looked up once for every series, not once for every row: the raw bytes of the columns
//! that name a series lead straight to it.

use std::collections::HashMap;

use crate::intake::Rules;
use crate::intake::draft::{Draft, Resolver};
use crate::intake::finding::{Findings, Noted, explain};
use crate::intake::plan::{Cell, Column, Plan};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Flags, ModelError, ObsStatus, Observation,
    Period, SeriesKey,
};

/// Stands between raw fields; no UTF-8 text has it.
const SEPARATOR: u8 = 0xff;

/// Digits and separators of the longest number: 28 digits, a point, a sign, and a separator after every third.
const MAX_NUMBER_BYTES: usize = 40;

/// Texts of periods that are kept with what they mean: every day of a century.
const MAX_PERIODS: usize = 36_525;

/// Where the raw bytes of a row lead.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Draft(usize),
    Bad(Noted),
}

/// Collects the observations of a file by series.
pub(super) struct Collector<'a> {
    plan: &'a Plan,
    rules: Rules<'a>,
    findings: &'a mut Findings,
    drafts: Vec<Draft>,
    slots: HashMap<Box<[u8]>, Slot>,
    keys: HashMap<SeriesKey, usize>,
    periods: HashMap<Box<[u8]>, Period>,
    raw: Vec<u8>,
    last: (Vec<u8>, Option<Slot>),
}

/// A value as a cell has it.
#[derive(Debug, Clone, Copy)]
enum Found {
    Value(Decimal),
    Missing(Option<ObsStatus>),
}

impl<'a> Collector<'a> {
    pub(super) fn new(plan: &'a Plan, rules: Rules<'a>, findings: &'a mut Findings) -> Self {
        Self {
            plan,
            rules,
            findings,
            drafts: Vec::new(),
            slots: HashMap::new(),
            keys: HashMap::new(),
            periods: HashMap::new(),
            raw: Vec::new(),
            last: (Vec::new(), None),
        }
    }

    pub(super) const fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    pub(super) fn into_drafts(self) -> Vec<Draft> {
        self.drafts
    }

    /// Takes a row as long as the header.
    pub(super) fn row(&mut self, row: &csv::ByteRecord, line: u64) {
        let plan = self.plan;
        if !plan.conditions.iter().all(|c| c.holds(row)) {
            return;
        }
        self.raw.clear();
        for at in &plan.key_columns {
            self.raw.extend_from_slice(row.get(*at).unwrap_or_default());
            self.raw.push(SEPARATOR);
        }
        let length = self.raw.len();
        for cell in &plan.cells {
            self.raw.truncate(length);
            // What is wrong was noted where it was found.
            let _noted = self.cell(row, line, cell);
        }
    }

    fn cell(&mut self, row: &csv::ByteRecord, line: u64, cell: &Cell) -> Result<(), Noted> {
        let found = self.found(row.get(cell.at).unwrap_or_default(), cell, line)?;
        let status = match &self.plan.status {
            Some(column) => self.status(row, column, line)?,
            None => None,
        };
        if matches!(found, Found::Missing(None)) && status.is_none() && self.plan.skips_missing {
            return Ok(());
        }
        let period = match (cell.period, self.plan.period) {
            (Some(period), _) => period,
            (None, Some(at)) => self.period(row.get(at).unwrap_or_default(), at, line)?,
            // Every plan has the one or the other.
            (None, None) => return Ok(()),
        };
        self.raw.extend_from_slice(&cell.group.to_le_bytes());
        self.raw.push(period.kind().code());
        let at = match self.slot(row, cell.group, period, line) {
            Slot::Draft(at) => at,
            Slot::Bad(noted) => return Err(noted),
        };
        let observation = self.observation(row, (period, found, status), cell, line)?;
        let draft = &mut self.drafts[at];
        if draft.counts && observation.value().is_some_and(|v| v.is_negative()) {
            let message = format!(
                "{} is below zero, and {} counts: correct it",
                observation.value().unwrap_or(Decimal::ZERO),
                draft.key.indicator()
            );
            return Err(self.findings.error(line, self.plan.name(cell.at), message));
        }
        draft.observations.push((observation, line));
        Ok(())
    }

    /// The series that the raw bytes lead to.
    fn slot(&mut self, row: &csv::ByteRecord, group: u16, period: Period, line: u64) -> Slot {
        if let Some(slot) = self.last.1.filter(|_| self.last.0 == self.raw) {
            self.count(slot);
            return slot;
        }
        let slot = match self.slots.get(self.raw.as_slice()) {
            Some(slot) => {
                let slot = *slot;
                self.count(slot);
                slot
            }
            None => {
                let slot = self.new_slot(row, group, period, line);
                self.slots.insert(self.raw.as_slice().into(), slot);
                slot
            }
        };
        self.last.0.clone_from(&self.raw);
        self.last.1 = Some(slot);
        slot
    }

    fn count(&mut self, slot: Slot) {
        if let Slot::Bad(noted) = slot {
            self.findings.again(noted);
        }
    }

    fn new_slot(&mut self, row: &csv::ByteRecord, group: u16, period: Period, line: u64) -> Slot {
        let mut resolver = Resolver { plan: self.plan, rules: self.rules, findings: self.findings, line };
        let draft = match resolver.resolve(row, group, period) {
            Ok(draft) => draft,
            Err(noted) => return Slot::Bad(noted),
        };
        let Some(at) = self.keys.get(&draft.key) else {
            self.keys.insert(draft.key.clone(), self.drafts.len());
            self.drafts.push(draft);
            return Slot::Draft(self.drafts.len() - 1);
        };
        let known = &self.drafts[*at];
        if known.attributes == draft.attributes {
            return Slot::Draft(*at);
        }
        let odd = known.attributes.iter().zip(&draft.attributes).find(|(a, b)| a != b);
        let name = odd.map(|((id, _), _)| id.id());
        let message =
            format!("series {} has another text here than before: give all its rows the same", draft.key);
        Slot::Bad(self.findings.error(line, name, message))
    }

    /// What a value cell says.
    fn found(&mut self, field: &[u8], cell: &Cell, line: u64) -> Result<Found, Noted> {
        let field = field.trim_ascii();
        if let Some((_, status)) = self.plan.missing.iter().find(|(word, _)| word == field) {
            return Ok(Found::Missing(*status));
        }
        let mut plain = [0; MAX_NUMBER_BYTES];
        let digits = match self.plan.thousands {
            Some(separator) => without(field, separator, &mut plain),
            None => field,
        };
        let number = str::from_utf8(digits).map_err(|_| NOT_UTF8.to_owned());
        let number = number.and_then(|text| Decimal::parse(text).map_err(|e| e.to_string()));
        number.map(Found::Value).map_err(|why| self.findings.error(line, self.plan.name(cell.at), why))
    }

    fn period(&mut self, field: &[u8], at: usize, line: u64) -> Result<Period, Noted> {
        let field = field.trim_ascii();
        // A year is read faster than it is looked up.
        if field.len() != 4
            && let Some(period) = self.periods.get(field)
        {
            return Ok(*period);
        }
        let name = self.plan.name(at);
        let text = str::from_utf8(field).map_err(|_| self.findings.error(line, name, NOT_UTF8.to_owned()))?;
        let period =
            Period::parse(text).map_err(|e| self.findings.error(line, name, explain_period(&e, name)))?;
        if field.len() != 4 && self.periods.len() < MAX_PERIODS {
            self.periods.insert(field.into(), period);
        }
        Ok(period)
    }

    fn status(
        &mut self,
        row: &csv::ByteRecord,
        column: &Column,
        line: u64,
    ) -> Result<Option<ObsStatus>, Noted> {
        let text = self.text(row, column, line)?;
        let parsed = text.map(|t| ObsStatus::parse(&t)).transpose();
        parsed.map_err(|e| self.fault(&e, column, line))
    }

    fn observation(
        &mut self,
        row: &csv::ByteRecord,
        (period, found, status): (Period, Found, Option<ObsStatus>),
        cell: &Cell,
        line: u64,
    ) -> Result<Observation, Noted> {
        let plan = self.plan;
        let (value, implied) = match found {
            Found::Value(value) => (Some(value), None),
            Found::Missing(implied) => (None, implied),
        };
        let mut flags = Flags::default();
        flags.status = status.or(implied).unwrap_or(flags.status);
        if let Some(column) = &plan.conf {
            let conf = self.text(row, column, line)?.map(|t| ConfStatus::parse(&t)).transpose();
            flags.conf = conf.map_err(|e| self.fault(&e, column, line))?.unwrap_or(flags.conf);
        }
        if let Some(column) = &plan.revision
            && let Some(text) = self.text(row, column, line)?
        {
            let message = format!("\"{text}\" is not a count of revisions: write 0, 1, 2 …");
            flags.revision =
                text.parse().map_err(|_| self.findings.error(line, plan.name(column.at), message))?;
        }
        let remarks = self.remarks(row, line)?;
        Observation::new(period, value, flags, remarks).map_err(|e| {
            let column = plan.status.as_ref().map_or(cell.at, |c| c.at);
            self.findings.error(line, plan.name(column), e.to_string())
        })
    }

    fn remarks(&mut self, row: &csv::ByteRecord, line: u64) -> Result<Attributes, Noted> {
        let mut list: Vec<(AttributeId, String)> = Vec::new();
        for (id, column) in &self.plan.remarks {
            if let Some(text) = self.text(row, column, line)? {
                if let Err(e) = Attributes::new(Attachment::Observation, [(*id, &text)]) {
                    return Err(self.fault(&e, column, line));
                }
                list.push((*id, text));
            }
        }
        if list.is_empty() {
            return Ok(Attributes::none());
        }
        let all = Attributes::new(Attachment::Observation, list);
        all.map_err(|e| self.findings.error(line, None, e.to_string()))
    }

    /// The code in a column; none for an empty cell, without allocating.
    fn text(&mut self, row: &csv::ByteRecord, column: &Column, line: u64) -> Result<Option<String>, Noted> {
        let field = row.get(column.at).unwrap_or_default().trim_ascii();
        if field.is_empty() {
            return Ok(None);
        }
        match str::from_utf8(field) {
            Ok(text) => Ok(Some(column.code(text).to_owned()).filter(|code| !code.is_empty())),
            Err(_) => Err(self.findings.error(line, self.plan.name(column.at), NOT_UTF8.to_owned())),
        }
    }

    fn fault(&mut self, error: &ModelError, column: &Column, line: u64) -> Noted {
        let name = self.plan.name(column.at);
        self.findings.error(line, name, explain(error, name))
    }
}

const NOT_UTF8: &str = "the text is not UTF-8: save the file as CSV (UTF-8)";

/// The number without its separators. What does not fit is too long for a number and stays as it is, to be
/// refused.
fn without<'b>(field: &'b [u8], separator: u8, plain: &'b mut [u8; MAX_NUMBER_BYTES]) -> &'b [u8] {
    if !field.contains(&separator) || field.len() > MAX_NUMBER_BYTES {
        return field;
    }
    let mut length = 0;
    for byte in field.iter().filter(|b| **b != separator) {
        plain[length] = *byte;
        length += 1;
    }
    &plain[..length]
}

/// `TIME_PERIOD "x" refused` says its column already.
fn explain_period(error: &ModelError, column: Option<&str>) -> String {
    let text = error.to_string();
    match column.and_then(|c| text.strip_prefix(c)) {
        Some(rest) => rest.trim_start().to_owned(),
        None => text,
    }
}
