//! The form of a regional profile of which its digest is made.

use std::fmt::Write;

use super::{BySex, Measure, Profile};
use crate::crypto::Hash;
use crate::model::Decimal;

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
    let mut line = |words: std::fmt::Arguments<'_>| {
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
        let (measure, sum) = (words(&one.measure), values(&one.sum));
        line(format_args!("total {measure} {} {sum} {} {}", one.period, one.cells, one.withheld));
    }
    for one in &profile.flows {
        let (measure, value) = (words(&one.measure), values(&one.value));
        line(format_args!("flow {measure} {} {} {} {value}", one.period, one.origin, one.destination));
    }
    text
}

fn words(measure: &Measure) -> String {
    [&measure.indicator, &measure.freq, &measure.basis, &measure.duration, &measure.unit]
        .map(String::as_str)
        .join(" ")
}

fn values(value: &BySex) -> String {
    let text = |value: Option<Decimal>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    [value.total, value.male, value.female].map(text).join(" ")
}
