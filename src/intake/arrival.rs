//! A file as it arrives: seen from its beginning, so that what it is can be told before it is read.

use std::io::{Cursor, Read};

use crate::intake::finding::Findings;
use crate::intake::shipped::{self, Recognised};
use crate::intake::table::{self, Pace};
use crate::intake::{Mapping, Report, Rules};

/// Bytes looked at to tell what a file is: the widest header of the mappings that come with the program, and more.
const HEAD: u64 = 64 * 1024;

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
}

/// Reads a file of any kind that is known, as [`crate::intake::read`] reads a table.
pub fn open(input: &mut (dyn Read + Send), wishes: &Wishes, rules: &Rules<'_>) -> Report {
    let mut head = Vec::new();
    if let Err(error) = (&mut *input).take(HEAD).read_to_end(&mut head) {
        return refused(format!("the file cannot be read: {error}"));
    }
    let pace = Pace { good_part: wishes.good_part, ..Pace::default() };
    let mapping = match &wishes.choice {
        Choice::Tidy => None,
        Choice::Mapping(mapping) => Some(((**mapping).clone(), None)),
        Choice::Auto => match shipped::recognise(&head, rules.country) {
            Recognised::Tidy => None,
            Recognised::Mapping { name, mapping, why } => Some((*mapping, Some((name, why)))),
            Recognised::Unclear(why) => return refused(why),
        },
    };
    let mut whole = Cursor::new(head).chain(input);
    let (mapping, recognised) = mapping.unzip();
    let mut report = table::read(&mut whole, mapping.as_ref(), *rules, pace);
    report.recognised = recognised.flatten();
    report
}

/// A report of a file that cannot be read at all.
fn refused(why: String) -> Report {
    let mut findings = Findings::default();
    findings.error(1, None, why);
    Report { findings: findings.finish().0, ..Report::default() }
}
