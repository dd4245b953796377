//! The form of a regional profile of which its digest is made.

use std::fmt::{self, Display, Write};

use super::{BySex, Matrix, Measure, Profile};
use crate::crypto::Hash;

/// The canonical form: UTF-8 lines that end with a line feed, fields with one blank between them, `-` where there is
/// no value.
///
/// ```text
/// corridor/region/1 AGREEMENT                                  64 hexadecimal digits
/// member COUNTRY PUBLISHER reporting|missing                   in the order of countries
/// coverage INDICATOR N M                                       every core indicator in the order of the catalogue
/// total INDICATOR FREQ BASIS DURATION UNIT PERIOD TOTAL MALE FEMALE CELLS WITHHELD
/// flow INDICATOR FREQ BASIS DURATION UNIT PERIOD ORIGIN DESTINATION TOTAL MALE FEMALE
/// ```
///
/// Totals are in the order of measures and periods, flows in that of measures, periods, and reporter and counterpart.
/// The digest is the SHA-256 of these bytes.
pub const FORM: &str = "corridor/region/1";

pub(super) fn digest(profile: &Profile) -> Hash {
    Hash::of(&[text(profile).as_bytes()])
}

fn text(profile: &Profile) -> String {
    let mut text = format!("{FORM} {}\n", profile.agreement.to_hex());
    let mut line = |words: fmt::Arguments<'_>| {
        text.write_fmt(words).expect("writing to a string does not fail");
        text.push('\n');
    };
    for member in &profile.members {
        let reports = if profile.reporting.contains(&member.country) { "reporting" } else { "missing" };
        line(format_args!("member {} {} {reports}", member.country, member.publisher.to_hex()));
    }
    for one in &profile.coverage {
        line(format_args!("coverage {} {} {}", one.indicator, one.reporting.len(), profile.members.len()));
    }
    for one in &profile.totals {
        let (measure, sum) = (words(&one.measure), Values(&one.sum));
        line(format_args!("total {measure} {} {sum} {} {}", one.period, one.cells, one.withheld));
    }
    profile.matrices.iter().for_each(|matrix| flows(matrix, &mut text));
    text
}

/// The lines of a matrix, in which the first words are the same: a region of the whole world has a hundred thousand.
fn flows(matrix: &Matrix, text: &mut String) {
    let first = format!("flow {} {} ", words(&matrix.measure), matrix.period);
    text.reserve(matrix.flows.len() * (first.len() + FLOW_BYTES));
    for flow in &matrix.flows {
        for part in [&first, &*flow.origin, " ", &flow.destination] {
            text.push_str(part);
        }
        writeln!(text, " {}", Values(&flow.value)).expect("writing to a string does not fail");
    }
}

/// What a flow takes beside its first words, mostly: two countries and three numbers.
const FLOW_BYTES: usize = 32;

fn words(measure: &Measure) -> String {
    let Measure { indicator, freq, basis, duration, unit } = measure;
    format!("{indicator} {freq} {basis} {duration} {unit}")
}

/// Written without a text of its own.
struct Values<'a>(&'a BySex);

impl Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in [self.0.total, self.0.male, self.0.female].iter().enumerate() {
            f.write_str(if at == 0 { "" } else { " " })?;
            match value {
                Some(value) => write!(f, "{value}")?,
                None => f.write_str("-")?,
            }
        }
        Ok(())
    }
}
