//! A guess as a mapping file, with what is to be looked at in comments.

use std::fmt::Write as _;

use crate::intake::concept::Concept;
use crate::intake::mapping::Scheme;
use crate::intake::sketch::BLANK;
use crate::intake::sketch::guess::{Guess, Values, Written};
use crate::intake::sketch::sample::Sample;
use crate::intake::sketch::words;
use crate::model::{Dimension, Period, text};

/// Words of a column that are listed, and bytes of one.
const MAX_LISTED: usize = 300;
const MAX_WORD: usize = 200;

/// The mapping file.
pub(super) fn toml(sample: &Sample, guess: &Guess) -> String {
    let mut text = format!(
        "# A draft: look at every line, and put a code where {BLANK} stands. `corridor explain` lists the indicators.\n"
    );
    form(&mut text, sample, &guess.numbers);
    if of(guess, Dimension::RefArea).is_some() {
        text += "reporters = \"own\"                 # rows of other countries are left out\n";
    }
    text += "# repeats = \"sum\"                 # if several rows are parts of one figure: add them up\n";
    hidden(&mut text, &guess.numbers);
    constants(&mut text, sample, guess);
    columns(&mut text, sample, guess);
    values(&mut text, sample, guess);
    codes(&mut text, guess);
    skipped(&mut text, sample, guess);
    attributes(&mut text);
    unused(&mut text, sample, guess);
    text
}

/// How the file is written.
fn form(text: &mut String, sample: &Sample, numbers: &Written) {
    let mut line = |name: &str, value: String, why: &str| {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{:<34} # {why}", format!("{name} = {value}"));
    };
    if sample.delimiter != ',' {
        line("delimiter", quoted(&sample.delimiter.to_string()), "between fields");
    }
    if sample.is_split {
        line("split", quoted(","), "the first column holds several");
    }
    if sample.skip > 0 {
        line("skip_lines", sample.skip.to_string(), "lines before the header");
    }
    if let Some(thousands) = numbers.thousands {
        line("thousands", quoted(&thousands.to_string()), "between thousands");
    }
    if let Some(decimal) = numbers.decimal {
        line("decimal", quoted(&decimal.to_string()), "before decimals");
    }
    if let Some(number) = numbers.doubt.as_deref().filter(|_| numbers.thousands.is_none()) {
        let why = format!("{} is read with decimals: write this line if it has thousands", quoted(number));
        line("# thousands", quoted("."), &why);
    }
    if numbers.flags {
        line("flags", quoted("eurostat"), "letters after numbers, as `123 p`");
    }
    if !numbers.missing.is_empty() {
        let words =
            [String::new()].into_iter().chain(numbers.missing.iter().cloned()).filter(|word| word != HIDDEN);
        let list: Vec<String> = words.map(|word| quoted(&word)).collect();
        line("missing", format!("[{}]", list.join(", ")), "no value here: the cell is skipped");
    }
}

/// What offices write where a number is too small to be shown.
const HIDDEN: &str = "--";

/// A hidden number is told as one, and not left out as if nobody had counted.
fn hidden(text: &mut String, numbers: &Written) {
    if numbers.missing.contains(HIDDEN) {
        *text += "\n[missing_status]                   # no value here, with its status of OBS_STATUS\n";
        let _ = writeln!(text, "{:<34} # hidden; M if it means that there is nothing", "\"--\" = \"Q\"");
    }
}

fn of(guess: &Guess, dimension: Dimension) -> Option<usize> {
    guess.columns.iter().find(|(concept, _)| *concept == Concept::Dimension(dimension)).map(|(_, at)| *at)
}

fn constants(text: &mut String, sample: &Sample, guess: &Guess) {
    *text += "\n[constants]                        # one code in the whole file\n";
    if of(guess, Dimension::Freq).is_none() {
        let _ = writeln!(text, "FREQ = \"{}\"", guess.freq);
    }
    if of(guess, Dimension::RefArea).is_none() {
        *text += "REF_AREA = \"$COUNTRY\"              # the own country of the node\n";
    }
    let by_column = matches!(guess.values, Values::Several(None, _));
    if of(guess, Dimension::Indicator).is_none() && !by_column {
        let _ = writeln!(text, "INDICATOR = \"{BLANK}\"             # what is measured");
    }
    if of(guess, Dimension::Basis).is_none() {
        let names = of(guess, Dimension::CounterpartArea).map_or("", |at| &sample.header[at]);
        let basis = basis(&text::plain(names));
        let _ = writeln!(
            text,
            "BASIS = \"{basis}\"                 # what ties people to the counterpart: CIT citizenship, BIR birth, RES \
             residence, _Z none"
        );
    }
    let across = matches!(guess.values, Values::Areas(_));
    if of(guess, Dimension::CounterpartArea).is_none() && !across {
        *text += "COUNTERPART_AREA = \"_T\"            # all countries together\n";
    }
}

fn basis(name: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["citizen", "nationalit", "nacionalidad", "ciudadan"]) || name == "nat" => "CIT",
        () if has(&["birth", "naissance", "nacimiento"]) => "BIR",
        () if has(&["residence", "residencia"]) => "RES",
        () => BLANK,
    }
}

fn columns(text: &mut String, sample: &Sample, guess: &Guess) {
    *text += "\n[columns]\n";
    for (concept, at) in &guess.columns {
        let _ = writeln!(text, "{} = {}", concept.id(), quoted(&sample.header[*at]));
    }
    if let Values::One(at) = guess.values {
        let _ = writeln!(text, "OBS_VALUE = {}", quoted(&sample.header[at]));
    }
}

fn values(text: &mut String, sample: &Sample, guess: &Guess) {
    match &guess.values {
        Values::One(_) => {}
        Values::Periods(prefix) => {
            *text += "\n[wide]                             # a column for each period\n";
            if !prefix.is_empty() {
                let _ = writeln!(text, "prefix = {}", quoted(prefix));
            }
        }
        Values::Areas(others) => {
            *text += "\n[wide]                             # a column for each country\n";
            *text += "dimension = \"COUNTERPART_AREA\"\n";
            let others = others.iter().filter(|name| words::code(Dimension::CounterpartArea, name).is_none());
            let list: Vec<String> = others.map(|name| quoted(name)).collect();
            if !list.is_empty() {
                let _ = writeln!(
                    text,
                    "skip = [{}]  # not read; a code for any of them stands in [values]",
                    list.join(", ")
                );
            }
        }
        Values::Several(dimension, columns) => {
            *text += "\n# Columns with values: take out those that are no figure.\n";
            for (at, code) in columns {
                let name = quoted(&sample.header[*at]);
                let (dimension, code) = match dimension {
                    Some(dimension) => (dimension.id(), code.as_str()),
                    None => (Dimension::Indicator.id(), BLANK),
                };
                let _ =
                    writeln!(text, "[[value]]\ncolumn = {name}\nconstants = {{ {dimension} = \"{code}\" }}");
            }
        }
    }
}

fn codes(text: &mut String, guess: &Guess) {
    if !guess.schemes.is_empty() {
        *text += "\n[schemes]                          # how countries are written\n";
    }
    for (dimension, scheme) in &guess.schemes {
        let name = match scheme {
            Scheme::Alpha3 => "alpha3",
            Scheme::Alpha2 => "alpha2",
            Scheme::Numeric => "numeric",
            Scheme::Name => "name",
        };
        let _ = writeln!(text, "{} = \"{name}\"", dimension.id());
    }
    for (dimension, list) in &guess.words {
        let _ = writeln!(text, "\n[values.{}]", dimension.id());
        for (word, code) in list.iter().filter(|(word, _)| word.len() <= MAX_WORD).take(MAX_LISTED) {
            let _ = match code {
                Some(code) => writeln!(text, "{} = {}", quoted(word), quoted(code)),
                None => writeln!(text, "# {} = \"{BLANK}\"", quoted(word)),
            };
        }
    }
}

fn skipped(text: &mut String, sample: &Sample, guess: &Guess) {
    let period = guess.columns.iter().find(|(concept, _)| *concept == Concept::Period);
    if let Some((_, at)) = period.filter(|_| !guess.no_periods.is_empty()) {
        let words = guess.no_periods.iter().filter(|word| word.len() <= MAX_WORD).take(MAX_LISTED);
        let list: Vec<String> = words.map(|word| quoted(word)).collect();
        *text += "\n[skip]                             # rows that are left out\n";
        let _ = writeln!(text, "{} = [{}]", quoted(&sample.header[*at]), list.join(", "));
    }
}

fn attributes(text: &mut String) {
    *text += "\n[attributes]                       # of all series; the check names those that are missing\n";
    for (name, what) in [
        ("DEF_ID", "the definition that was followed"),
        ("MIN_STAY_MONTHS", "months after which a stay counts"),
        ("SOURCE_LEVEL", "NAT, INT …"),
        ("SOURCE_TYPE", "REGISTER, CENSUS, SURVEY …"),
        ("DATA_PROVIDER", "the office, as PHL-CFO"),
    ] {
        let _ = writeln!(text, "{:<34} # {what}", format!("# {name} = \"{BLANK}\""));
    }
}

/// Columns that the draft does not use, and in which rows differ.
fn unused(text: &mut String, sample: &Sample, guess: &Guess) {
    if matches!(guess.values, Values::Areas(_)) {
        return;
    }
    let is_used = |at: usize| {
        let has_value = match &guess.values {
            Values::One(value) => *value == at,
            Values::Several(_, columns) => columns.iter().any(|(column, _)| *column == at),
            Values::Periods(prefix) => sample.header[at]
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| Period::parse(rest).is_ok()),
            Values::Areas(_) => false,
        };
        has_value || guess.columns.iter().any(|(_, column)| *column == at)
    };
    for at in (0..sample.header.len()).filter(|at| !is_used(*at)) {
        let mut words: Vec<&str> = sample.column(at).take(1000).collect();
        words.sort_unstable();
        words.dedup();
        if words.len() < 2 || sample.header[at].is_empty() {
            continue;
        }
        let some: Vec<String> = words.iter().take(4).map(|word| quoted(&shortened(word))).collect();
        let _ = writeln!(
            text,
            "\n# Not used: {} ({} …). If rows differ in it alone, name it in [columns], or choose by [filter].",
            quoted(&sample.header[at]),
            some.join(", ")
        );
    }
}

fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}

/// A basic string of TOML, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
