//! A file as it arrives: seen from its beginning, so that what it is can be told before it is read.

use std::io::{Cursor, Read};

use crate::intake::finding::Findings;
use crate::intake::shipped::Head;
use crate::intake::shipped::{self, Recognised};
use crate::intake::table::{self, Input, Pace};
use crate::intake::workbook::Workbook;
use crate::intake::{Listing, Mapping, Report, Rules};

/// Bytes looked at to tell what a file is: the widest header of the mappings that come with the program, and more.
const HEAD: u64 = 64 * 1024;

/// Rows and bytes of a sheet that are looked at for the same.
const SAMPLE: (usize, usize) = (64, 64 * 1024);

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// It has the names of the data structure.
    #[default]
    Tidy,
    /// By a mapping.
    Mapping(Box<Mapping>),
    /// By the mapping that its header fits.
    Auto,
}

/// What is asked of a file's reader besides.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// How it is to be read.
    pub choice: Choice,
    /// Are rows with errors left out, and the others taken?
    pub good_part: bool,
    /// The sheet of a workbook that is read; if none, the first that can be seen and has data.
    pub sheet: Option<String>,
}

/// Reads a file of any kind that is known, as [`crate::intake::read`] reads a table.
/// Every finding goes into the listing, if there is one.
pub fn open(
    input: &mut (dyn Read + Send),
    wishes: &Wishes,
    rules: &Rules<'_>,
    listing: Option<Listing>,
) -> Report {
    let findings = Findings::listed(listing);
    let mut head = Vec::new();
    if let Err(error) = (&mut *input).take(HEAD).read_to_end(&mut head) {
        return refused(format!("the file cannot be read: {error}"), findings);
    }
    let is_workbook = Workbook::is_one(&head);
    if wishes.sheet.is_some() && !is_workbook {
        let why = "a sheet was named, and this file is no workbook: leave the sheet out";
        return refused(why.to_owned(), findings);
    }
    if !is_workbook {
        let mut whole = Cursor::new(head.clone()).chain(input);
        return chosen(Input::Text(&mut whole), Ok(Head::Text(&head)), wishes, (rules, findings));
    }
    let loaded = Workbook::load(&mut Cursor::new(head).chain(input), wishes.sheet.as_deref());
    let mut workbook = match loaded {
        Ok(workbook) => workbook,
        Err(why) => return refused(why, findings),
    };
    let rows = match wishes.choice {
        Choice::Auto => workbook.sample(SAMPLE),
        Choice::Tidy | Choice::Mapping(_) => Ok(Vec::new()),
    };
    let head = rows.as_deref().map(Head::Rows).map_err(Clone::clone);
    chosen(Input::Workbook(&mut workbook), head, wishes, (rules, findings))
}

/// Reads rows as they are to be read.
fn chosen(
    input: Input<'_>,
    head: Result<Head<'_>, String>,
    wishes: &Wishes,
    (rules, findings): (&Rules<'_>, Findings),
) -> Report {
    let pace = Pace { good_part: wishes.good_part, ..Pace::default() };
    let mapping = match &wishes.choice {
        Choice::Tidy => None,
        Choice::Mapping(mapping) => Some(((**mapping).clone(), None)),
        Choice::Auto => match head.map(|head| shipped::recognise(head, rules.country)) {
            Ok(Recognised::Tidy) => None,
            Ok(Recognised::Mapping { name, mapping, why }) => Some((*mapping, Some((name, why)))),
            Ok(Recognised::Unclear(why)) | Err(why) => return refused(why, findings),
        },
    };
    let (mapping, recognised) = mapping.unzip();
    let mut report = table::read(input, mapping.as_ref(), *rules, (pace, findings));
    report.recognised = recognised.flatten();
    report
}

/// A report of a file that cannot be read at all.
fn refused(why: String, mut findings: Findings) -> Report {
    findings.error(1, None, why);
    let (findings, tally) = findings.finish();
    Report { findings, tally, ..Report::default() }
}
