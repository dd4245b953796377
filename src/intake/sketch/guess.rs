//! What the columns of a table are taken for.

use std::collections::{BTreeMap, BTreeSet};

use crate::intake::concept::Concept;
use crate::intake::mapping::Scheme;
use crate::intake::sketch::sample::Sample;
use crate::intake::sketch::words;
use crate::model::{Dimension, Period, PeriodKind};

/// Different words of a column that are looked at.
const MAX_WORDS: usize = 500;

/// Words that offices write where there is no number.
const MISSING: [&str; 14] =
    ["..", "...", "…", ":", "-", "--", "–", "x", "n/a", "N/A", "NA", "na", "n.a.", "#N/A"];

/// What a table is taken for.
#[derive(Debug)]
pub(super) struct Guess {
    /// Which column is what.
    pub(super) columns: Vec<(Concept, usize)>,
    pub(super) values: Values,
    pub(super) numbers: Written,
    /// How areas are written, and how many of the words are no area.
    pub(super) schemes: Vec<(Dimension, Scheme)>,
    /// Words of columns, or of the names of columns, and the codes they stand for; none where nobody knows.
    pub(super) words: Vec<(Dimension, Vec<Word>)>,
    /// Words of the column of periods that are none.
    pub(super) no_periods: Vec<String>,
    pub(super) freq: &'static str,
}

/// A word of the file, and the code that it stands for.
pub(super) type Word = (String, Option<String>);

/// Where values stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Values {
    One(usize),
    /// Columns with the code of each, of this dimension; without one, each has its indicator.
    Several(Option<Dimension>, Vec<(usize, String)>),
    Periods(String),
    /// Columns named by areas; and those that are not and are no other column.
    Areas(Vec<String>),
}

/// How numbers are written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) thousands: Option<char>,
    pub(super) decimal: Option<char>,
    pub(super) missing: BTreeSet<String>,
    pub(super) flags: bool,
    /// A number has a point before three digits: either could be meant.
    pub(super) doubt: Option<String>,
}

/// # Errors
/// If no column has numbers.
pub(super) fn guess(sample: &Sample) -> Result<Guess, String> {
    let count = sample.header.len();
    let looks: Vec<Look> = (0..count).map(|at| Look::at(sample, at)).collect();
    let numeric: Vec<bool> = looks.iter().map(|look| look.numbers > 6).collect();
    let wide = wide(sample, &numeric);
    let across = |at: usize| match &wide {
        Some((_, columns)) => columns.contains(&at),
        None => false,
    };
    let mut columns = Vec::new();
    let mut scores: Vec<(u32, usize, Concept)> = Vec::new();
    for at in (0..count).filter(|at| !across(*at)) {
        for concept in Concept::all() {
            let score = looks[at].score(concept);
            if score > 0 {
                scores.push((score, at, concept));
            }
        }
    }
    // The surest first; of equals, the one further left.
    scores.sort_by_key(|(score, at, _)| (std::cmp::Reverse(*score), *at));
    for (_, at, concept) in scores {
        let is_used = columns.iter().any(|(known, column)| *known == concept || *column == at);
        let is_across = match &wide {
            Some((Wide::Periods(_), _)) => concept == Concept::Period || concept == Concept::Value,
            Some((Wide::Areas, _)) => {
                concept == Concept::Dimension(Dimension::CounterpartArea) || concept == Concept::Value
            }
            None => false,
        };
        if !is_used && !is_across {
            columns.push((concept, at));
        }
    }
    one_area(sample, &mut columns);
    let values = values(sample, &mut columns, (&numeric, wide.as_ref()))?;
    let period = columns.iter().find(|(concept, _)| *concept == Concept::Period).map(|(_, at)| *at);
    let no_periods = period.map_or_else(Vec::new, |at| {
        distinct(sample.column(at)).into_iter().filter(|word| Period::parse(word).is_err()).collect()
    });
    let mut guess = Guess {
        numbers: written(sample, &value_columns(sample, &values)),
        freq: frequency(sample, period),
        columns,
        values,
        schemes: Vec::new(),
        words: Vec::new(),
        no_periods,
    };
    codes(sample, &mut guess);
    Ok(guess)
}

/// Rows in which two columns are compared.
const COMPARED: usize = 200;

/// Code and name of one country, side by side, are not two ends of a corridor.
fn one_area(sample: &Sample, columns: &mut Vec<(Concept, usize)>) {
    let at = |wanted: Dimension| {
        columns.iter().find(|(concept, _)| *concept == Concept::Dimension(wanted)).map(|(_, at)| *at)
    };
    let (Some(reporter), Some(counterpart)) = (at(Dimension::RefArea), at(Dimension::CounterpartArea)) else {
        return;
    };
    let area = |row: &[String], at: usize| {
        row.get(at).and_then(|word| words::area(word.trim())).map(|(code, _)| code)
    };
    let rows = sample.rows.iter().take(COMPARED);
    let mut pairs =
        rows.filter_map(|(_, row)| Some((area(row, reporter)?, area(row, counterpart)?))).peekable();
    if pairs.peek().is_some() && pairs.all(|(one, other)| one == other) {
        columns.retain(|(_, column)| *column != counterpart);
    }
}

/// Columns named by periods or by areas.
enum Wide {
    Periods(String),
    Areas,
}

fn wide(sample: &Sample, numeric: &[bool]) -> Option<(Wide, Vec<usize>)> {
    let places = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let named = sample.header.iter().enumerate();
        named.filter(|(_, name)| is(name)).map(|(at, _)| at).collect()
    };
    for prefix in ["", "F", "Y", "YR", "y", "x", "X"] {
        let columns =
            places(&|name| name.strip_prefix(prefix).is_some_and(|rest| Period::parse(rest).is_ok()));
        if columns.len() >= 2 {
            return Some((Wide::Periods(prefix.to_owned()), columns));
        }
    }
    let areas = places(&|name| words::area(name).is_some_and(|(_, how)| how != Some(Scheme::Numeric)));
    (areas.len() >= 3 && areas.iter().filter(|at| numeric[**at]).count() * 2 > areas.len())
        .then_some((Wide::Areas, areas))
}

/// Rows of which a column's looks are taken.
const LOOKED_AT: usize = 1000;

/// What a column looks like: how many tenths of what stands in it are so.
struct Look {
    named: Vec<(Concept, u32)>,
    is_empty: bool,
    numbers: u32,
    periods: u32,
    areas: u32,
    sexes: u32,
}

impl Look {
    fn at(sample: &Sample, at: usize) -> Self {
        let mut words: BTreeMap<&str, u32> = BTreeMap::new();
        for word in sample.column(at).take(LOOKED_AT) {
            *words.entry(word).or_default() += 1;
        }
        let all: u32 = words.values().sum();
        let tenths = |is: fn(&str) -> bool| {
            let so: u32 = words.iter().filter(|(word, _)| is(word)).map(|(_, count)| count).sum();
            so * 10 / all.max(1)
        };
        Self {
            named: words::named(&sample.header[at]),
            is_empty: words.is_empty(),
            numbers: tenths(is_number),
            periods: tenths(is_period),
            areas: if tenths(is_area) > 0 { tenths(|word| is_area(word) || is_rest(word)) } else { 0 },
            sexes: tenths(|word| words::code(Dimension::Sex, word).is_some_and(|code| code != "_T")),
        }
    }

    /// How sure it is that the column is for something; 0 if it is not.
    fn score(&self, concept: Concept) -> u32 {
        let by_name =
            self.named.iter().find(|(named, _)| *named == concept).map_or(0, |(_, sure)| *sure * 10);
        let is_numeric = self.numbers > 6;
        match concept {
            Concept::Period if self.periods > 5 => by_name + self.periods,
            Concept::Period => 0,
            Concept::Value if is_numeric && (self.periods <= 8 || by_name > 0) => by_name,
            Concept::Value => 0,
            Concept::Dimension(dimension @ (Dimension::RefArea | Dimension::CounterpartArea)) => {
                match (by_name, self.areas) {
                    (0, 0..=6) => 0,
                    (0, _) if dimension == Dimension::RefArea => 1,
                    (sure, 0..=2) if sure > 0 && !self.is_empty => 0,
                    (sure, tenths) => sure + tenths,
                }
            }
            Concept::Dimension(Dimension::Sex) if self.sexes >= 5 => by_name + self.sexes,
            Concept::Dimension(_) if is_numeric => 0,
            Concept::Dimension(_) | Concept::Attribute(_) => by_name,
        }
    }
}

fn is_area(word: &str) -> bool {
    words::area(word).is_some_and(|(_, how)| how != Some(Scheme::Numeric))
}

/// All areas together, others, or unknown: what stands among areas and is none.
fn is_rest(word: &str) -> bool {
    words::code(Dimension::CounterpartArea, word).is_some_and(|code| code.starts_with('_'))
}

fn is_period(word: &str) -> bool {
    let is_year =
        word.len() != 4 || matches!(word.as_bytes(), [b'1', b'8' | b'9', ..] | [b'2', b'0' | b'1', ..]);
    is_year && Period::parse(word).is_ok()
}

/// A number, with whatever separators, and letters after it.
fn is_number(word: &str) -> bool {
    let number = word.strip_prefix('-').unwrap_or(word).trim_end_matches(|c: char| c.is_ascii_lowercase());
    let is_part = |c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '.' | ',');
    MISSING.contains(&word) || number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(is_part)
}

/// # Errors
/// If no column has numbers.
fn values(
    sample: &Sample,
    columns: &mut Vec<(Concept, usize)>,
    (numeric, wide): (&[bool], Option<&(Wide, Vec<usize>)>),
) -> Result<Values, String> {
    let free = |columns: &[(Concept, usize)], at: usize| !columns.iter().any(|(_, used)| *used == at);
    match wide {
        Some((Wide::Periods(prefix), _)) => return Ok(Values::Periods(prefix.clone())),
        Some((Wide::Areas, areas)) => {
            let others = (0..sample.header.len()).filter(|at| !areas.contains(at) && free(columns, *at));
            let names = others.map(|at| sample.header[at].clone()).filter(|name| !name.is_empty());
            return Ok(Values::Areas(names.collect()));
        }
        None => {}
    }
    let named = columns.iter().find(|(concept, _)| *concept == Concept::Value).map(|(_, at)| *at);
    if let Some(at) = named {
        columns.retain(|(concept, _)| *concept != Concept::Value);
        return Ok(Values::One(at));
    }
    let free: Vec<usize> = (0..sample.header.len()).filter(|at| numeric[*at] && free(columns, *at)).collect();
    let name = |at: &usize| sample.header[*at].clone();
    let sexes: Vec<(usize, String)> =
        free.iter().filter_map(|at| Some((*at, words::code(Dimension::Sex, &name(at))?))).collect();
    match &*free {
        [] => Err("no column has numbers: is this the right file, or the right sheet?".to_owned()),
        [one] => Ok(Values::One(*one)),
        _ if sexes.len() >= 2 => Ok(Values::Several(Some(Dimension::Sex), sexes)),
        several => Ok(Values::Several(None, several.iter().map(|at| (*at, name(at))).collect())),
    }
}

fn value_columns(sample: &Sample, values: &Values) -> Vec<usize> {
    let named = |is: &dyn Fn(&str) -> bool| {
        (0..sample.header.len()).filter(|at| is(&sample.header[*at])).collect::<Vec<_>>()
    };
    match values {
        Values::One(at) => vec![*at],
        Values::Several(_, columns) => columns.iter().map(|(at, _)| *at).collect(),
        Values::Periods(prefix) => {
            named(&|name| name.strip_prefix(prefix.as_str()).is_some_and(|rest| Period::parse(rest).is_ok()))
        }
        Values::Areas(_) => named(&|name| words::area(name).is_some()),
    }
}

/// How the numbers of these columns are written.
fn written(sample: &Sample, columns: &[usize]) -> Written {
    let mut written = Written::default();
    for word in columns.iter().flat_map(|at| sample.column(*at)) {
        if MISSING.contains(&word) {
            written.missing.insert(word.to_owned());
            continue;
        }
        let number = word.trim_end_matches(|c: char| c.is_ascii_lowercase() || c == ' ');
        written.flags |= number.len() < word.len() && !number.is_empty();
        let digits = number.trim_start_matches('-');
        if digits.contains([' ', '\u{a0}', '\u{2009}', '\u{202f}']) {
            written.thousands = Some(' ');
        }
        match (digits.rfind('.'), digits.rfind(',')) {
            (Some(point), Some(comma)) if point < comma => {
                (written.thousands, written.decimal) = (Some('.'), Some(','));
            }
            (Some(_), Some(_)) => written.thousands = Some(','),
            (None, Some(_)) if in_threes(digits, ',') => {
                written.thousands = written.thousands.or(Some(',')).filter(|_| written.decimal.is_none());
            }
            (None, Some(_)) => written.decimal = Some(','),
            (Some(_), None) if digits.matches('.').count() > 1 => written.thousands = Some('.'),
            (Some(_), None) if in_threes(digits, '.') => written.doubt = Some(number.to_owned()),
            (Some(_) | None, None) => {}
        }
    }
    if written.thousands == written.decimal {
        written.thousands = None;
    }
    written
}

/// Are there three digits after every separator?
fn in_threes(digits: &str, separator: char) -> bool {
    let mut parts = digits.split(separator);
    let first = parts.next().map_or(0, str::len);
    (1..=3).contains(&first) && !digits.starts_with('0') && parts.all(|part| part.len() == 3)
}

fn frequency(sample: &Sample, period: Option<usize>) -> &'static str {
    let mut periods: Box<dyn Iterator<Item = &str>> = match period {
        Some(at) => Box::new(sample.column(at)),
        None => Box::new(sample.header.iter().map(String::as_str)),
    };
    match periods.find_map(|word| Period::parse(word).ok()).map(|period| period.kind()) {
        Some(PeriodKind::Month) => "M",
        Some(PeriodKind::Quarter) => "Q",
        Some(PeriodKind::HalfYear) => "S",
        Some(PeriodKind::Week) => "W",
        Some(PeriodKind::Day) => "D",
        Some(_) | None => "A",
    }
}

fn distinct<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for word in words {
        if seen.len() >= MAX_WORDS {
            break;
        }
        seen.insert(word);
    }
    seen.into_iter().map(str::to_owned).collect()
}

/// How areas are written, and what other words stand for.
fn codes(sample: &Sample, guess: &mut Guess) {
    let mut lists: Vec<(Dimension, Vec<String>)> = Vec::new();
    for (concept, at) in &guess.columns {
        if let Concept::Dimension(dimension) = concept {
            lists.push((*dimension, distinct(sample.column(*at))));
        }
    }
    if let Values::Areas(others) = &guess.values {
        let used: Vec<&str> = guess.columns.iter().map(|(_, at)| sample.header[*at].as_str()).collect();
        let names =
            sample.header.iter().map(String::as_str).filter(|name| !name.is_empty() && !used.contains(name));
        let total = |name: &str| words::code(Dimension::CounterpartArea, name).is_some();
        let names = names.filter(|name| !others.iter().any(|other| other == name) || total(name));
        lists.push((Dimension::CounterpartArea, distinct(names)));
    }
    for (dimension, list) in lists {
        let is_area = matches!(dimension, Dimension::RefArea | Dimension::CounterpartArea);
        let scheme = if is_area { scheme(&list) } else { None };
        if let Some(scheme) = scheme.filter(|scheme| *scheme != Scheme::Alpha3) {
            guess.schemes.push((dimension, scheme));
        }
        let known = |word: &str| {
            let by_scheme = words::area(word).is_some_and(|(_, how)| how.is_some() && how == scheme);
            let is_code = scheme.is_none_or(|scheme| scheme == Scheme::Alpha3)
                && dimension.codelist().is_none_or(|list| list.contains(word));
            (is_area && by_scheme) || is_code
        };
        let rest = list.into_iter().filter(|word| !known(word));
        let words: Vec<_> =
            rest.map(|word| (words::code(dimension, &word), word)).map(|(c, w)| (w, c)).collect();
        if !words.is_empty() {
            guess.words.push((dimension, words));
        }
    }
}

/// How most of the words are written that are areas.
fn scheme(words: &[String]) -> Option<Scheme> {
    let all = [Scheme::Alpha3, Scheme::Alpha2, Scheme::Numeric, Scheme::Name];
    let count = |scheme: Scheme| {
        words.iter().filter(|w| words::area(w).is_some_and(|(_, how)| how == Some(scheme))).count()
    };
    all.into_iter()
        .map(|scheme| (count(scheme), scheme))
        .filter(|(n, _)| *n > 0)
        .max_by_key(|(n, _)| *n)
        .map(|(_, s)| s)
}
