//! What every kind of file is to the checks behind it: a header, and rows as long as the header.

use crate::intake::batch::Batch;
use crate::intake::plan::Plan;
use crate::intake::sdmx_csv::Role;
use crate::intake::workbook::Places;

/// A file, row by row. It is read on one thread while another looks at what was read.
pub(super) trait RowSource: Send {
    /// The header; nothing for an empty file, or the line and the reason why it cannot be read.
    fn header(&mut self) -> Result<Option<Header>, (u64, String)>;

    /// Reads on until the batch is full or the file is over.
    fn fill(&mut self, batch: &mut Batch);

    /// Learns what the columns are for, before the first row.
    fn know(&mut self, _plan: &Plan) {}

    /// What its cells are called, if they have names beside those of lines and columns.
    fn places(&self) -> Option<Places> {
        None
    }
}

/// The names of columns, and what each is for where the kind of file says so.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) names: csv::ByteRecord,
    /// The line it stands on.
    pub(super) line: u64,
    /// Of SDMX, by column. A table tells it by names alone.
    pub(super) roles: Option<Vec<Role>>,
    /// Whether a person may have written it, so that a text that looks like a formula is one.
    pub(super) is_sheet: bool,
}
