//! The draft of a mapping for a file that no mapping is for: what its columns are taken for, to be looked over by a
//! person, with what nobody can guess left to fill in.
//!
//! The beginning of the file is looked at, at most [`SAMPLE`]. Columns are known by their names, in English, French and
//! Spanish (`words`), and by what stands in them: years, countries, sexes, ages, numbers (`guess`). What comes out is a
//! mapping file ([`crate::intake::mapping`]) that is one as it stands, but that no file is taken with before [`BLANK`]
//! is filled in, and the first records as they would be read.

use std::io::Read;

use crate::intake::batch::{Batch, Row};
use crate::intake::finding::Findings;
use crate::intake::number::MAX_NUMBER_BYTES;
use crate::intake::plan::{self, Origin, Plan};
use crate::intake::rows::Header;
use crate::intake::{Mapping, Rules};
use crate::model::Dimension;

mod guess;
mod sample;
mod words;
mod write;

use sample::Sample;

/// Rows and bytes of a file that are looked at.
const SAMPLE: (usize, usize) = (5000, 1024 * 1024);

/// What stands where nobody can guess.
pub const BLANK: &str = "FILL_IN";

/// Records of the preview.
const PREVIEW: usize = 8;

/// The draft of a mapping.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// The mapping file, with comments.
    pub mapping: String,
    /// The first records by it: dimension codes with dots, period, value.
    pub preview: Vec<[String; 3]>,
    /// What is to be mended in the file itself, or in the draft.
    pub problems: Vec<String>,
}

/// Drafts a mapping for a table; for a sheet of a workbook, if it is one.
///
/// # Errors
/// Why the file is no table.
pub fn sketch(input: &mut (dyn Read + Send), sheet: Option<&str>) -> Result<Sketch, String> {
    let sample = Sample::take(input, sheet)?;
    let guess = guess::guess(&sample)?;
    let mapping = write::toml(&sample, &guess);
    let parsed = Mapping::parse(&mapping).map_err(|error| format!("the draft is none: {error}"))?;
    let mut findings = Findings::default();
    let names: csv::ByteRecord = sample.header.iter().map(String::as_bytes).collect();
    let header = Header { names, line: sample.line, roles: None, is_sheet: true };
    // The country is the node's; nothing is submitted here.
    let rules = Rules { country: Some("$COUNTRY"), ..Rules::default() };
    let plan = plan::plan(&header, Some(&parsed), rules, &mut findings);
    let preview = plan.map_or_else(Vec::new, |plan| preview(&plan, &sample));
    let problems = findings.finish().0.iter().map(ToString::to_string).collect();
    Ok(Sketch { mapping, preview, problems })
}

/// The first records by a plan.
fn preview(plan: &Plan, sample: &Sample) -> Vec<[String; 3]> {
    let mut batch = Batch::new(PREVIEW * 16);
    for (line, fields) in &sample.rows {
        if batch.is_full() {
            break;
        }
        let fields: csv::ByteRecord = (0..sample.header.len())
            .map(|at| fields.get(at).map_or(&[][..], |field| field.as_bytes()))
            .collect();
        batch.push(&fields, *line);
    }
    let rows = batch.rows().filter(|row| plan.conditions.iter().all(|condition| condition.holds(*row)));
    rows.flat_map(|row| records(plan, row)).take(PREVIEW).collect()
}

/// The records of a row.
fn records(plan: &Plan, row: Row<'_>) -> Vec<[String; 3]> {
    let text = |at: usize| String::from_utf8_lossy(row.get(at).trim_ascii()).into_owned();
    let of_row = |dimension: Dimension| match &plan.dimensions[dimension.position()] {
        Origin::Absent => "_".to_owned(),
        Origin::Constant(code) => code.clone(),
        Origin::Column(column) => column.code(&text(column.at)).to_owned(),
    };
    let mut records = Vec::new();
    for cell in &plan.cells {
        let field = row.get(cell.at).trim_ascii();
        if plan.missing.iter().any(|(word, _)| word == field) {
            continue;
        }
        let own = &plan.groups[usize::from(cell.group)];
        let code = |dimension: Dimension| match own.iter().find(|(d, _)| *d == dimension) {
            Some((_, code)) => code.clone(),
            None => of_row(dimension),
        };
        let key = Dimension::ALL.map(code).join(".");
        let period =
            cell.period.map_or_else(|| plan.period.map_or_else(String::new, text), |p| p.to_string());
        let mut plain = [0; MAX_NUMBER_BYTES];
        let value = plan.numbers.plain(field, &mut plain).unwrap_or(field);
        records.push([key, period, String::from_utf8_lossy(value).into_owned()]);
    }
    records
}

#[cfg(test)]
mod tests;
