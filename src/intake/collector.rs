//! Rows come in, series grow.

use std::collections::HashMap;

use crate::intake::batch::Row;
use crate::intake::contributions::MAX_SENSITIVE;
use crate::intake::draft::Draft;
use crate::intake::figure::Figure;
use crate::intake::finding::{Findings, Noted};
use crate::intake::flags::{self, Marks};
use crate::intake::keys::Keys;
use crate::intake::number::MAX_NUMBER_BYTES;
use crate::intake::plan::{Cell, Column, Plan};
use crate::intake::resolver::NOT_UTF8;
use crate::intake::sdmx_csv;
use crate::intake::{MAX_OBSERVATIONS, Rules};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Dimension, Flags, ModelError, ObsStatus,
    Observation, Period,
};
use crate::protect::primary::Concentration;

/// Texts of periods that are kept with what they mean: every day of a century.
const MAX_PERIODS: usize = 36_525;

/// Units that count persons or things, so that a value is never below zero.
const COUNTED: [&str; 3] = ["PS", "COUNT", "POSTS"];

/// Is this a unit that counts?
pub(super) fn counts(unit: &str) -> bool {
    COUNTED.contains(&unit)
}

/// Collects the observations of a file by series.
pub(super) struct Collector<'a> {
    pub(super) plan: &'a Plan,
    pub(super) findings: &'a mut Findings,
    /// What contributions to a total are held to.
    pub(super) concentration: Option<Concentration>,
    keys: Keys<'a>,
    draft: Draft,
    periods: HashMap<Box<[u8]>, Period>,
    /// That rows of other countries are left out.
    others: Option<Noted>,
}

/// A value as a cell has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    Value(Decimal),
    Missing(Option<ObsStatus>),
}

impl<'a> Collector<'a> {
    pub(super) fn new(plan: &'a Plan, rules: Rules<'a>, findings: &'a mut Findings) -> Self {
        let keys = Keys::new(plan, rules);
        let concentration = rules.concentration;
        Self {
            plan,
            findings,
            concentration,
            keys,
            draft: Draft::default(),
            periods: HashMap::new(),
            others: None,
        }
    }

    pub(super) const fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    pub(super) fn into_draft(self) -> Draft {
        Draft { series: self.keys.into_list(), columns: self.plan.value_columns(), ..self.draft }
    }

    /// Takes a row as long as the header.
    pub(super) fn row(&mut self, row: Row<'_>) {
        let plan = self.plan;
        if !plan.conditions.iter().all(|c| c.holds(row)) {
            return;
        }
        if let Some(at) = plan.action
            && self.action(row, at).is_err()
        {
            return;
        }
        self.keys.begin(row);
        if plan.own && !self.keys.is_own() {
            let message = "the row is of another country than this node's: left out".to_owned();
            match self.others {
                Some(noted) => self.findings.again(noted, row.line),
                None => self.others = Some(self.findings.warning(row.line, None, message)),
            }
            return;
        }
        for cell in &plan.cells {
            // What is wrong was noted where it was found.
            let _noted = self.cell(row, cell);
        }
    }

    /// Whether a row states something: what is to be done with it is told or usual.
    fn action(&mut self, row: Row<'_>, at: usize) -> Result<(), Noted> {
        let message = match row.get(at).trim_ascii() {
            b"" | b"I" | b"A" | b"M" | b"R" => return Ok(()),
            b"D" => sdmx_csv::DELETE.to_owned(),
            _ => "it is no action: write I, A, M or R, or leave it out".to_owned(),
        };
        Err(self.findings.error(row.line, self.plan.name(at), message))
    }

    fn cell(&mut self, row: Row<'_>, cell: &Cell) -> Result<(), Noted> {
        let (number, letters) = match self.plan.flags {
            true => flags::split(row.get(cell.at)),
            false => (row.get(cell.at), &[][..]),
        };
        let found = self.found(number, cell.at, row.line)?;
        let marks = self.marks(row, (cell, letters))?;
        let marks = if self.plan.flags { marks.beside(found) } else { marks };
        if matches!(found, Found::Missing(None)) && marks.status.is_none() && self.plan.skips_missing {
            return Ok(());
        }
        let period = match (cell.period, self.plan.period) {
            (Some(period), _) => period,
            (None, Some(at)) => self.period(row.get(at), at, row.line)?,
            // Every plan has the one or the other.
            (None, None) => return Ok(()),
        };
        let series = self.keys.series(row, cell.group, period, self.findings)?;
        let observation = self.observation(row, (period, found, marks), cell)?;
        if let Some(value) = observation.value().filter(Decimal::is_negative)
            && counts(self.keys.code(series, Dimension::UnitMeasure))
        {
            let indicator = self.keys.code(series, Dimension::Indicator);
            let message = format!("{value} is below zero, and {indicator} counts: correct it");
            return Err(self.findings.error(row.line, self.plan.name(cell.at), message));
        }
        let level = self.level(row, observation.value())?;
        self.push(series, (observation, level), row.line)
    }

    fn push(
        &mut self,
        series: u32,
        (observation, level): (Observation, Option<Decimal>),
        line: u64,
    ) -> Result<(), Noted> {
        let draft = &mut self.draft;
        let period = draft.periods.number(observation.period());
        let Some(period) = period.filter(|_| draft.figures.len() < MAX_OBSERVATIONS) else {
            let message = format!("more than {MAX_OBSERVATIONS} values: split the file");
            return Err(self.findings.error(line, None, message));
        };
        if draft.levels.len() == MAX_SENSITIVE && level.is_some() {
            let message = format!("more than {MAX_SENSITIVE} totals that few contribute to: split the file");
            return Err(self.findings.error(line, None, message));
        }
        draft.levels.extend(level.map(|level| (series, period, level)));
        draft.figures.push(Figure::pack((series, period), observation, line, &mut draft.aside));
        Ok(())
    }

    /// What a cell with a number says.
    pub(super) fn found(&mut self, field: &[u8], at: usize, line: u64) -> Result<Found, Noted> {
        let field = field.trim_ascii();
        if let Some((_, status)) = self.plan.missing.iter().find(|(word, _)| word == field) {
            return Ok(Found::Missing(*status));
        }
        if let Some(why) = field.first().and_then(|first| of_a_sheet(*first)) {
            return Err(self.findings.error(line, self.plan.name(at), unworked(field, why)));
        }
        let mut plain = [0; MAX_NUMBER_BYTES];
        let Some(digits) = self.plan.numbers.plain(field, &mut plain) else {
            let text = String::from_utf8_lossy(field);
            let message = format!(
                "\"{text}\" is not written as the mapping says numbers are: correct it, or thousands and decimal there"
            );
            return Err(self.findings.error(line, self.plan.name(at), message));
        };
        let number = str::from_utf8(digits).map_err(|_| NOT_UTF8.to_owned());
        let number = number.and_then(|text| Decimal::parse(text).map_err(|e| e.to_string()));
        number.map(Found::Value).map_err(|why| self.findings.error(line, self.plan.name(at), why))
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

    /// What the column of the status says, and the letters after the value.
    fn marks(&mut self, row: Row<'_>, (cell, letters): (&Cell, &[u8])) -> Result<Marks, Noted> {
        let plan = self.plan;
        let mut at = cell.at;
        let mut written = letters.to_vec();
        if let Some(column) = &plan.status
            && let Some(text) = self.text(row, column)?
        {
            if !plan.flags {
                let status = ObsStatus::parse(text).map_err(|e| self.fault(&e, column, row.line))?;
                return Ok(Marks { status: Some(status), ..Marks::default() });
            }
            at = column.at;
            written.extend_from_slice(text.as_bytes());
        }
        flags::meaning(&written).map_err(|why| self.findings.error(row.line, plan.name(at), why))
    }

    fn observation(
        &mut self,
        row: Row<'_>,
        (period, found, marks): (Period, Found, Marks),
        cell: &Cell,
    ) -> Result<Observation, Noted> {
        let plan = self.plan;
        let (value, implied) = match found {
            Found::Value(value) => (Some(value), None),
            Found::Missing(implied) => (None, implied),
        };
        let mut flags = Flags::default();
        flags.status = marks.status.or(implied).unwrap_or(flags.status);
        flags.conf = marks.conf.unwrap_or(flags.conf);
        flags.revision = u32::from(marks.revised);
        if let Some(column) = &plan.conf {
            let conf = self.text(row, column)?.map(ConfStatus::parse).transpose();
            flags.conf = conf.map_err(|e| self.fault(&e, column, row.line))?.unwrap_or(flags.conf);
        }
        if let Some(column) = &plan.revision
            && let Some(text) = self.text(row, column)?
        {
            let message = || format!("\"{text}\" is not a count of revisions: write 0, 1, 2 …");
            flags.revision =
                text.parse().map_err(|_| self.findings.error(row.line, plan.name(column.at), message()))?;
        }
        let remarks = self.remarks(row, marks.remark.as_deref())?;
        Observation::new(period, value, flags, remarks).map_err(|e| {
            let column = plan.status.as_ref().map_or(cell.at, |c| c.at);
            self.findings.error(row.line, plan.name(column), e.to_string())
        })
    }

    fn remarks(&mut self, row: Row<'_>, remark: Option<&str>) -> Result<Attributes, Noted> {
        let mut list: Vec<(AttributeId, &str)> = Vec::new();
        let plan = self.plan;
        let own = plan.remarks.iter().any(|(id, _)| *id == AttributeId::CommentObs);
        list.extend(remark.filter(|_| !own).map(|text| (AttributeId::CommentObs, text)));
        for (id, column) in &plan.remarks {
            if let Some(text) = self.text(row, column)? {
                if let Err(e) = Attributes::new(Attachment::Observation, [(*id, text)]) {
                    return Err(self.fault(&e, column, row.line));
                }
                list.push((*id, text));
            }
        }
        if list.is_empty() {
            return Ok(Attributes::none());
        }
        let all = Attributes::new(Attachment::Observation, list);
        all.map_err(|e| self.findings.error(row.line, None, e.to_string()))
    }

    /// The code in a column; none for an empty cell.
    fn text<'r>(&mut self, row: Row<'r>, column: &'r Column) -> Result<Option<&'r str>, Noted> {
        let field = column.field(row);
        if field.is_empty() {
            return Ok(None);
        }
        match str::from_utf8(field) {
            Ok(text)
                if let Some(why) =
                    of_a_sheet(field[0]).filter(|_| field[0] == b'=' && self.plan.is_sheet) =>
            {
                Err(self.findings.error(row.line, self.plan.name(column.at), unworked(text.as_bytes(), why)))
            }
            Ok(text) if let Some(why) = column.refuses(text) => {
                Err(self.findings.error(row.line, self.plan.name(column.at), why))
            }
            Ok(text) => Ok(Some(column.code(text)).filter(|code| !code.is_empty())),
            Err(_) => Err(self.findings.error(row.line, self.plan.name(column.at), NOT_UTF8.to_owned())),
        }
    }

    fn fault(&mut self, error: &ModelError, column: &Column, line: u64) -> Noted {
        let name = self.plan.name(column.at);
        let message = self.findings.explain(error, name);
        self.findings.error(line, name, message)
    }
}

/// What a sheet leaves in a cell that has no value of its own, by the first letter.
const fn of_a_sheet(first: u8) -> Option<&'static str> {
    match first {
        b'=' => Some("is a formula and not its value: open the sheet, and save it with values"),
        b'#' => Some("is the error of a formula: correct it in the sheet"),
        _ => None,
    }
}

fn unworked(field: &[u8], why: &str) -> String {
    let text: String = String::from_utf8_lossy(field).chars().take(100).collect();
    format!("\"{text}\" {why}")
}

/// `TIME_PERIOD "x" refused` says its column already.
fn explain_period(error: &ModelError, column: Option<&str>) -> String {
    let text = error.to_string();
    match column.and_then(|c| text.strip_prefix(c)) {
        Some(rest) => rest.trim_start().to_owned(),
        None => text,
    }
}
