//! A sheet, row by row.

use std::collections::HashSet;
use std::io::Cursor;

use calamine::{DataRef, Xlsx, XlsxCellReader, XlsxFormulaMetadata};

use crate::intake::batch::{Batch, Note};
use crate::intake::finding::Severity;
use crate::intake::plan::Plan;
use crate::intake::rows::{Header, RowSource};
use crate::intake::workbook::cell::{self, Places};
use crate::intake::workbook::merged::Merged;
use crate::intake::workbook::{Workbook, guarded, refusal};
use crate::intake::{MAX_COLUMNS, MAX_ROW_BYTES};

/// Columns that a sheet can have.
const SHEET_COLUMNS: u32 = 16_384;

const ORDER: &str = "the cells of the sheet are not in order: open the workbook, and save it again as XLSX";

/// The rows of a sheet with the line that each has there.
pub(in crate::intake) struct SheetRows<'w> {
    cells: XlsxCellReader<'w, Cursor<Vec<u8>>>,
    merged: Merged,
    sheet: String,
    is_stale: bool,
    is_mapped: bool,
    skip: u32,
    /// The first cell of the next row.
    ahead: Option<Cell>,
    /// Where the last cell stood.
    seen: Option<(u32, u32)>,
    over: bool,
    row: Vec<Cell>,
    places: Places,
    /// The first column of the table, from 0, and how many it has.
    first: u32,
    names: Vec<String>,
    /// The columns of the table with values.
    values: HashSet<usize>,
    /// What was said once already of a column.
    said: HashSet<(&'static str, u32)>,
    notes: Vec<Note>,
}

/// A cell in which something stands.
#[derive(Debug)]
struct Cell {
    row: u32,
    column: u32,
    text: String,
    remark: Option<&'static str>,
}

const KEPT: &str = "formulas stand in this column, here first: each is read by the value that was kept with it when the file was saved";
const NOISE: &str = "numbers of this column, here first, have more than the 15 digits that sheets keep: the rest is left \
                     over from their arithmetic, and was rounded off";
const BEYOND: &str =
    "cells stand beside the table, in a column without a name, here first: they are not read";
const MERGED: &str = "this cell is a part of several that were merged, and has a value only if they have several: unmerge \
                      them, and write one in each row";

impl<'w> SheetRows<'w> {
    /// # Errors
    /// Why the sheet cannot be read.
    pub(super) fn new(workbook: &'w mut Workbook, (skip, is_mapped): (u32, bool)) -> Result<Self, String> {
        let Workbook { xlsx, sheet, beside, is_stale } = workbook;
        let merged = xlsx.merge_cells_by_sheet_name(sheet).map_err(|error| refusal(&error))?;
        let merged = Merged::new(&merged)?;
        let message = beside.clone();
        let note = |message| Note { severity: Severity::Warning, line: 1, column: None, message };
        let notes = message.map(note).into_iter().collect();
        let cells = xlsx.worksheet_cells_reader(sheet).map_err(|error| refusal(&error))?;
        Ok(Self {
            cells,
            merged,
            sheet: sheet.clone(),
            is_stale: *is_stale,
            is_mapped,
            skip,
            ahead: None,
            seen: None,
            over: false,
            row: Vec::new(),
            places: Places::default(),
            first: 0,
            names: Vec::new(),
            values: HashSet::new(),
            said: HashSet::new(),
            notes,
        })
    }

    /// The next cell in which something stands.
    fn next_cell(&mut self) -> Result<Option<Cell>, String> {
        while !self.over {
            let next = self.cells.next_cell_with_formula_metadata().map_err(|error| refusal(&error))?;
            let Some(next) = next else {
                self.over = true;
                break;
            };
            let (row, column) = next.pos;
            let (mut text, noise) = cell::text(&next.value);
            let mut remark = noise.then_some(NOISE);
            if let Some(formula) = &next.formula {
                remark = Some(KEPT);
                if self.is_stale || next.value == DataRef::Empty {
                    (text, remark) = (written(formula), None);
                }
            }
            if column >= SHEET_COLUMNS {
                return Err(ORDER.to_owned());
            }
            if text.len() > MAX_ROW_BYTES {
                return Err(format!(
                    "the text of {}{} is longer than 256 KiB",
                    cell::letters(column),
                    u64::from(row) + 1
                ));
            }
            if !text.trim().is_empty() {
                if self.seen.replace((row, column)).is_some_and(|seen| seen >= (row, column)) {
                    return Err(ORDER.to_owned());
                }
                return Ok(Some(Cell { row, column, text, remark }));
            }
        }
        Ok(None)
    }

    /// Reads on to the cells of the next row in which something stands.
    fn next_row(&mut self) -> Result<Option<u32>, String> {
        self.row.clear();
        let mut bytes = 0;
        loop {
            let next = match self.ahead.take() {
                Some(cell) => Some(cell),
                None => self.next_cell()?,
            };
            let Some(cell) = next else { break };
            let last = self.row.last();
            if last.is_some_and(|last| last.row != cell.row) {
                self.ahead = Some(cell);
                break;
            }
            self.merged.see((cell.row, cell.column), &cell.text);
            if cell.row < self.skip {
                continue;
            }
            bytes += cell.text.len();
            if bytes > MAX_ROW_BYTES {
                return Err("the row is longer than 256 KiB".to_owned());
            }
            self.row.push(cell);
        }
        Ok(self.row.first().map(|cell| cell.row))
    }

    /// The line that the reading came to, as a sheet counts.
    fn line(&self) -> u64 {
        self.row.last().map_or(1, |cell| u64::from(cell.row) + 1)
    }

    /// The row as fields, as many as there are names.
    fn push(&mut self, row: u32, batch: &mut Batch) -> Result<(), String> {
        let (mut record, mut at) = (csv::ByteRecord::new(), 0);
        let mut bytes = 0;
        let line = u64::from(row) + 1;
        for (place, column) in (self.first..).take(self.names.len()).enumerate() {
            while self.row.get(at).is_some_and(|cell| cell.column < column) {
                self.say(at, None, BEYOND);
                at += 1;
            }
            let field = match self.row.get(at).filter(|cell| cell.column == column) {
                Some(cell) => {
                    let remark = cell.remark;
                    if let Some(remark) = remark {
                        self.say(at, Some(place), remark);
                    }
                    at += 1;
                    &self.row[at - 1].text
                }
                None => match self.merged.text((row, column)) {
                    Some(_) if self.values.contains(&place) => {
                        let (column, message) = (Some(self.names[place].clone()), MERGED.to_owned());
                        self.notes.push(Note { severity: Severity::Error, line, column, message });
                        ""
                    }
                    Some(text) => text,
                    None => "",
                },
            };
            bytes += field.len();
            if bytes > MAX_ROW_BYTES {
                return Err("the row is longer than 256 KiB".to_owned());
            }
            record.push_field(field.as_bytes());
        }
        for at in at..self.row.len() {
            self.say(at, None, BEYOND);
        }
        batch.push(&record, line);
        Ok(())
    }

    /// Says something of a column once: of the cell at this place of the row, whose column is this one of the table.
    fn say(&mut self, at: usize, place: Option<usize>, what: &'static str) {
        let cell = &self.row[at];
        // Of columns without a name, of which there may be any number, one is enough.
        if !self.said.insert((what, place.map_or(u32::MAX, |_| cell.column))) {
            return;
        }
        let (column, line) = (place.map(|place| self.names[place].clone()), u64::from(cell.row) + 1);
        let mut message = what.to_owned();
        if place.is_none() {
            message.push_str(&format!(" ({}{line})", cell::letters(cell.column)));
        }
        self.notes.push(Note { severity: Severity::Warning, line, column, message });
    }

    /// Takes the row that was read for the header.
    fn names(&mut self, row: u32) -> Result<(), String> {
        // What was merged with the cells above stands for the name, too.
        let (first, last) =
            (self.row.first().map_or(0, |c| c.column), self.row.last().map_or(0, |c| c.column));
        let above = |column: &u32| self.merged.text((row, *column)).is_some();
        let first = (0..first).find(above).unwrap_or(first);
        let last = (last + 1..SHEET_COLUMNS).take_while(above).last().unwrap_or(last);
        if (last - first) as usize >= MAX_COLUMNS {
            return Err(format!("more than {MAX_COLUMNS} columns: split the table"));
        }
        self.first = first;
        self.names = vec![String::new(); (last - first) as usize + 1];
        for (name, column) in self.names.iter_mut().zip(first..) {
            if let Some(text) = self.merged.text((row, column)) {
                text.trim().clone_into(name);
            }
        }
        for cell in &self.row {
            cell.text.trim().clone_into(&mut self.names[(cell.column - first) as usize]);
        }
        Ok(())
    }

    /// The first rows with their lines, each from the first column of the sheet: at most so many rows, and bytes.
    ///
    /// # Errors
    /// Why the sheet cannot be read.
    pub(super) fn sample(&mut self, rows: usize, bytes: usize) -> Result<Vec<(u64, Vec<String>)>, String> {
        let (mut sample, mut size) = (Vec::new(), 0);
        while sample.len() < rows && size < bytes {
            let Some(row) = self.next_row()? else { break };
            let columns = self.row.last().map_or(0, |cell| cell.column as usize + 1).min(MAX_COLUMNS);
            let mut fields = vec![String::new(); columns];
            for (column, field) in (0..).zip(&mut fields) {
                if let Some(text) = self.merged.text((row, column)) {
                    text.clone_into(field);
                }
            }
            for cell in &self.row {
                if let Some(field) = fields.get_mut(cell.column as usize) {
                    cell.text.clone_into(field);
                }
            }
            size += fields.iter().map(String::len).sum::<usize>() + columns;
            sample.push((u64::from(row) + 1, fields));
        }
        Ok(sample)
    }
}

impl RowSource for SheetRows<'_> {
    fn header(&mut self) -> Result<Option<Header>, (u64, String)> {
        let row = guarded(|| self.next_row()).map_err(|why| (self.line(), why))?;
        let Some(row) = row else { return Ok(None) };
        let line = u64::from(row) + 1;
        self.names(row).map_err(|why| (line, why))?;
        for note in &mut self.notes {
            note.line = line;
        }
        let names: csv::ByteRecord = self.names.iter().map(String::as_bytes).collect();
        let sdmx = if self.is_mapped { None } else { crate::intake::sdmx_csv::read(&names) };
        let (names, roles) = sdmx.map_or((names, None), |(names, roles)| (names, Some(roles)));
        let written = names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        self.places = Places::new(&self.sheet, self.first, written);
        Ok(Some(Header { names, line, roles, is_sheet: true }))
    }

    fn fill(&mut self, batch: &mut Batch) {
        batch.clear();
        while !batch.is_full() {
            let pushed = guarded(|| match self.next_row()? {
                Some(row) => self.push(row, batch).map(|()| true),
                None => Ok(false),
            });
            match pushed {
                Ok(true) => {}
                Ok(false) => batch.end = Some(Ok(())),
                Err(why) => batch.end = Some(Err((self.line(), why))),
            }
            if batch.end.is_some() {
                break;
            }
        }
        batch.notes.append(&mut self.notes);
    }

    fn know(&mut self, plan: &Plan) {
        self.values = plan.cells.iter().map(|cell| cell.at).collect();
    }

    fn places(&self) -> Option<Places> {
        Some(self.places.clone())
    }
}

/// Does anything stand in a sheet?
pub(super) fn has_data(xlsx: &mut Xlsx<Cursor<Vec<u8>>>, name: &str) -> Result<bool, String> {
    let mut cells = xlsx.worksheet_cells_reader(name).map_err(|error| refusal(&error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| refusal(&error))? {
        if *cell.get_value() != DataRef::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A formula as a sheet shows it.
fn written(formula: &XlsxFormulaMetadata) -> String {
    let text = match formula {
        XlsxFormulaMetadata::Normal { formula } | XlsxFormulaMetadata::Shared { formula, .. } => {
            formula.as_str()
        }
        // Written once for all cells that share it; and whatever else there may be.
        _ => "…",
    };
    format!("={}", cell::short(text, 100))
}
