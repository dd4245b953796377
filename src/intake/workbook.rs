//! Workbooks of offices (XLSX): which sheet is read, and why a file is refused that cannot be.
//!
//! A workbook is a zip archive, so it is held in memory, at most [`MAX_BYTES`]. Nothing in it is believed: every part
//! is unpacked once and counted (`parts`) before the reader of sheets sees it, and that reader is kept from taking the
//! node down, should it meet what it does not expect.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{Reader, SheetType, SheetVisible, Xlsx};

use crate::intake::Mapping;

mod cell;
mod merged;
mod parts;
mod sheet;

pub(super) use cell::Places;
pub(super) use sheet::SheetRows;

/// Bytes of the largest workbook: a full sheet of a million rows and some ten columns.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Sheets that a message names, and the letters of each name.
const MAX_NAMED: usize = 20;
const MAX_NAME: usize = 40;

/// The beginnings of a zip archive, and of what came before it: an `.xls` file, or an encrypted workbook.
const ZIP: [&[u8]; 3] = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
const OLD: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What an encrypted workbook has in the old container, in UTF-16.
const ENCRYPTED: &str = "EncryptedPackage";

/// Something in the file that the reader of sheets did not expect.
const ODD: &str =
    "the workbook is damaged, or was not written as XLSX says: open it, and save it again as XLSX";

/// A workbook whose parts were measured, and the sheet of it that is read.
pub(super) struct Workbook {
    xlsx: Xlsx<Cursor<Vec<u8>>>,
    sheet: String,
    /// What else there is, in words.
    beside: Option<String>,
    /// The file says that values beside formulas are to be worked out anew.
    is_stale: bool,
}

impl Workbook {
    /// Does a file that begins so have sheets, or look as if it had?
    pub(super) fn is_one(head: &[u8]) -> bool {
        head.starts_with(OLD) || ZIP.iter().any(|zip| head.starts_with(zip))
    }

    /// Takes the file in and looks for the sheet: that of this name, or the first that can be seen and has data.
    ///
    /// # Errors
    /// Why it is refused, and what to do.
    pub(super) fn load(input: &mut (dyn Read + Send), wanted: Option<&str>) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let most = MAX_BYTES as u64 + 1;
        input.take(most).read_to_end(&mut bytes).map_err(|e| format!("the file cannot be read: {e}"))?;
        if bytes.starts_with(OLD) {
            return Err(old(&bytes).to_owned());
        }
        if bytes.len() > MAX_BYTES {
            return Err(format!(
                "the workbook is larger than {} MiB: save its sheet as CSV (UTF-8)",
                MAX_BYTES >> 20
            ));
        }
        let parts = parts::measure(&bytes)?;
        let opened = guarded(|| Xlsx::new(Cursor::new(bytes)).map_err(|error| refusal(&error)))?;
        let (beside, is_stale) = (None, parts.is_stale);
        let mut workbook = Self { xlsx: opened, sheet: String::new(), beside, is_stale };
        guarded(|| workbook.choose(wanted))?;
        Ok(workbook)
    }

    /// The rows of the sheet, as a mapping sees them if there is one.
    ///
    /// # Errors
    /// Why the sheet cannot be read.
    pub(super) fn rows(&mut self, mapping: Option<&Mapping>) -> Result<SheetRows<'_>, String> {
        let skip = mapping.map_or(0, |mapping| mapping.file.skip_lines);
        guarded(|| SheetRows::new(self, (skip, mapping.is_some())))
    }

    /// The first rows of the sheet, with their lines.
    ///
    /// # Errors
    /// Why the sheet cannot be read.
    pub(super) fn sample(
        &mut self,
        (rows, bytes): (usize, usize),
    ) -> Result<Vec<(u64, Vec<String>)>, String> {
        guarded(|| SheetRows::new(self, (0, true))?.sample(rows, bytes))
    }

    fn choose(&mut self, wanted: Option<&str>) -> Result<(), String> {
        let all: Vec<(String, bool)> = self
            .xlsx
            .sheets_metadata()
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
            .collect();
        let mut chosen = wanted.and_then(|wanted| all.iter().find(|(name, _)| name.trim() == wanted.trim()));
        for sheet in all.iter().filter(|(_, visible)| *visible) {
            if wanted.is_none() && chosen.is_none() && sheet::has_data(&mut self.xlsx, &sheet.0)? {
                chosen = Some(sheet);
            }
        }
        let Some((name, _)) = chosen else {
            let list = listed(&all);
            return Err(match wanted {
                _ if all.is_empty() => "the workbook has no sheet with cells".to_owned(),
                Some(wanted) => format!("the workbook has no sheet {}: it has {list}", named(wanted)),
                None => format!(
                    "no sheet that can be seen has data; the workbook has {list}: name one with --sheet"
                ),
            });
        };
        let others: Vec<(String, bool)> = all.iter().filter(|(other, _)| other != name).cloned().collect();
        self.beside = (!others.is_empty()).then(|| {
            format!(
                "the sheet {} is read; not read: {}, which --sheet chooses by name",
                named(name),
                listed(&others)
            )
        });
        name.clone_into(&mut self.sheet);
        Ok(())
    }
}

/// Does what may meet a file that the reader of sheets does not expect, which then panics: that is the file's fault.
/// What it worked on is not used again.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(ODD.to_owned()))
}

/// What a file in the old container is.
fn old(bytes: &[u8]) -> &'static str {
    let encrypted: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if bytes.windows(encrypted.len()).any(|window| window == encrypted) {
        return "the workbook is encrypted: save it without a password";
    }
    "this is an old kind of office file, as .xls: save it as XLSX, or its sheet as CSV (UTF-8)"
}

/// The words of the reader of sheets.
fn refusal(error: &calamine::XlsxError) -> String {
    format!("{ODD} ({})", cell::short(&error.to_string(), 200))
}

fn named(name: &str) -> String {
    format!("\"{}\"", cell::short(name, MAX_NAME))
}

/// Names of sheets, the hidden ones marked.
fn listed(sheets: &[(String, bool)]) -> String {
    let hidden = |visible: bool| if visible { "" } else { " (hidden)" };
    let mut names: Vec<String> = sheets
        .iter()
        .take(MAX_NAMED)
        .map(|(name, visible)| format!("{}{}", named(name), hidden(*visible)))
        .collect();
    if let Some(more) = sheets.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}
