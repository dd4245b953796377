//! Cells that were made one: what stands in the first is meant for those below it, too.

use std::collections::HashMap;

use calamine::Dimensions;

/// Cells that were made one, of a sheet.
const MAX_MERGED: usize = 100_000;

/// Columns of cells that were made one over several rows.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The last row of each, by its first row and column.
    ends: HashMap<(u32, u32), u32>,
    /// What stands in those that the rows being read belong to: the last row and the text, by column.
    open: HashMap<u32, (u32, String)>,
}

impl Merged {
    /// # Errors
    /// If there are more than anybody makes by hand.
    pub(super) fn new(all: &[Dimensions]) -> Result<Self, String> {
        if all.len() > MAX_MERGED {
            return Err(format!(
                "more than {MAX_MERGED} cells of the sheet are merged: save it as CSV (UTF-8)"
            ));
        }
        let over_rows = all.iter().filter(|one| one.end.0 > one.start.0);
        let ends = over_rows.map(|one| (one.start, one.end.0)).collect();
        Ok(Self { ends, open: HashMap::new() })
    }

    /// Notes a cell with its text, which may be the first of several.
    pub(super) fn see(&mut self, at: (u32, u32), text: &str) {
        if let Some(end) = self.ends.get(&at) {
            self.open.insert(at.1, (*end, text.to_owned()));
        }
    }

    /// The text of the cell that this one is a part of.
    pub(super) fn text(&self, (row, column): (u32, u32)) -> Option<&str> {
        if self.open.is_empty() {
            return None;
        }
        self.open.get(&column).filter(|(end, _)| row <= *end).map(|(_, text)| text.as_str())
    }
}
