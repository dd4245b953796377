//! Figures with the shape of real ones: the United Nations' stocks of one destination by origin and sex, spread
//! over more periods and broken down by age, education, length of stay and state.
//!
//! Half of the observations are of years, in series of fifteen, and half of months, in series of 120: one group in
//! [`MONTHLY`] has monthly figures too. Groups come in the order in which countries publish more: totals by origin
//! and sex, then by age, by education, by length of stay, by state. A file with fewer observations is the beginning
//! of a longer one, so that series and their mix of lengths are alike at all sizes. There are 29 million.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;

/// Whose figures they are.
pub(crate) const COUNTRY: &str = "AUS";
/// The header of a tidy file: every dimension of the data structure, then the observation. The figures are published
/// already, as the United Nations' are: no rule for small numbers changes them.
const HEADER: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,EDUCATION_LEV,OCCUPATION,ACTIVITY,\
                      REASON,DURATION,SUBNAT,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,DISC_RULE\n";
/// What stands before the header and before each row of SDMX-CSV 2.0.
const SDMX_LEAD: [&str; 2] = ["STRUCTURE,STRUCTURE_ID,ACTION,", "dataflow,AUS:MIGRATION(1.0),R,"];
/// A census in five years, then registers every year: what a country's table looks like.
const YEARS: [u16; 15] =
    [1990, 1995, 2000, 2005, 2010, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024];
/// The decade of the monthly figures.
const DECADE: std::ops::Range<u16> = 2015..2025;
/// One group in so many has monthly figures: as many observations of months as of years.
const MONTHLY: usize = 8;
/// Years that [`YEARS`] leaves free, for figures that come later.
const LATER: [u16; 2] = [1985, 1986];
/// The year of the single observations.
pub(crate) const SINGLE: u16 = 1984;
/// Observations in a group of three series, on average.
const IN_GROUP: usize = 90;
/// Cells with fewer persons are left out of tables, as countries do.
const LEAST: f64 = 20.0;
const SEXES: [&str; 3] = ["_T", "F", "M"];
/// Age groups with their share of all in thousandths.
const AGES: [(&str, f64); 17] = [
    ("_T", 1000.0),
    ("Y0T4", 21.0),
    ("Y5T9", 27.0),
    ("Y10T14", 33.0),
    ("Y15T19", 44.0),
    ("Y20T24", 75.0),
    ("Y25T29", 104.0),
    ("Y30T34", 117.0),
    ("Y35T39", 112.0),
    ("Y40T44", 98.0),
    ("Y45T49", 85.0),
    ("Y50T54", 72.0),
    ("Y55T59", 59.0),
    ("Y60T64", 48.0),
    ("Y65T69", 37.0),
    ("Y70T74", 28.0),
    ("Y_GE75", 40.0),
];
const EDUCATION: [(&str, f64); 10] = [
    ("_T", 1000.0),
    ("ISCED11_0", 55.0),
    ("ISCED11_1", 120.0),
    ("ISCED11_2", 190.0),
    ("ISCED11_3", 270.0),
    ("ISCED11_4", 60.0),
    ("ISCED11_5", 75.0),
    ("ISCED11_6", 140.0),
    ("ISCED11_7", 75.0),
    ("ISCED11_8", 15.0),
];
const STAY: [(&str, f64); 7] = [
    ("_T", 1000.0),
    ("Y_LT1", 70.0),
    ("Y1T4", 210.0),
    ("Y5T9", 230.0),
    ("Y_GE10", 400.0),
    ("PERM", 310.0),
    ("_U", 90.0),
];
const STATES: [(&str, f64); 9] = [
    ("_T", 1000.0),
    ("AU-NSW", 318.0),
    ("AU-VIC", 258.0),
    ("AU-QLD", 204.0),
    ("AU-WA", 110.0),
    ("AU-SA", 72.0),
    ("AU-TAS", 21.0),
    ("AU-ACT", 18.0),
    ("AU-NT", 10.0),
];
/// Shares stand in thousandths, in four dimensions.
const WHOLE: f64 = 1e12;
/// How far a figure may lie from its share, above and below together. A part is at most 0.4 of its total, so with
/// this it stays the smaller one.
const NOISE: f64 = 0.6;
/// The noise of totals.
const CALM: f64 = 0.04;
/// By how much a month's figure is above or below the year's, at most.
const SEASON: f64 = 0.03;

/// The stocks of one destination.
pub(crate) struct Source {
    origins: Vec<Origin>,
}

/// Persons of one origin.
struct Origin {
    code: String,
    /// Women and men by year.
    years: BTreeMap<u16, [f64; 2]>,
    most: f64,
}

/// The three series of one origin and breakdown.
struct Group<'a> {
    origin: &'a Origin,
    codes: [&'static str; 4],
    /// Of all persons of the origin.
    share: f64,
}

/// A year or a month.
#[derive(Clone, Copy)]
struct When {
    year: u16,
    /// 1 to 12; 0 for the year.
    month: u16,
}

/// What of a group is written.
struct Periods {
    freq: char,
    all: Vec<(When, String)>,
}

impl Source {
    /// Reads the rows of [`COUNTRY`].
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut stocks: BTreeMap<String, BTreeMap<u16, [f64; 2]>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let [destination, origin, year, sex, stock, ..] = fields.as_slice() else { continue };
            // Codes that only the source knows stand for "other", which no partner is.
            if *destination != COUNTRY || matches!(*origin, "OOO" | "XCX") {
                continue;
            }
            let sexes = stocks.entry((*origin).to_owned()).or_default().entry(year.parse()?).or_default();
            sexes[usize::from(*sex == "male")] = stock.parse()?;
        }
        anyhow::ensure!(!stocks.is_empty(), "{} has no rows of {COUNTRY}", path.display());
        let origins = stocks.into_iter().map(|(code, years)| Origin::new(code, years));
        Ok(Self { origins: origins.collect() })
    }

    fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        STATES.into_iter().flat_map(move |state| {
            STAY.into_iter().flat_map(move |stay| {
                EDUCATION.into_iter().flat_map(move |education| {
                    AGES.into_iter().flat_map(move |age| {
                        let codes = [age.0, education.0, stay.0, state.0];
                        let share = age.1 * education.1 * stay.1 * state.1 / WHOLE;
                        let shown = self.origins.iter().filter(move |one| one.most * share >= LEAST);
                        shown.map(move |origin| Group { origin, codes, share })
                    })
                })
            })
        })
    }

    /// Writes a tidy file with so many observations; how long it is in bytes.
    pub(crate) fn write(&self, out: impl Write, observations: usize) -> anyhow::Result<u64> {
        self.write_rows(Rows::new(out, observations)?)
    }

    /// The same observations as SDMX-CSV 2.0.
    pub(crate) fn write_sdmx(&self, out: impl Write, observations: usize) -> anyhow::Result<u64> {
        self.write_rows(Rows::led(out, observations, SDMX_LEAD)?)
    }

    fn write_rows(&self, mut out: Rows<impl Write>) -> anyhow::Result<u64> {
        let (years, months, observations) = (Periods::years(&YEARS), Periods::months(), out.left);
        for (number, group) in self.groups().enumerate() {
            if out.left == 0 {
                break;
            }
            out.group(&group, &years)?;
            if number % MONTHLY == 0 {
                out.group(&group, &months)?;
            }
        }
        anyhow::ensure!(out.left == 0, "the figures reach for {} observations only", observations - out.left);
        Ok(out.end()?)
    }

    /// A tidy file with so many observations of years that [`Source::write`] has not.
    pub(crate) fn later(&self, observations: usize) -> anyhow::Result<String> {
        let (years, mut text) = (Periods::years(&LATER), Vec::new());
        let mut out = Rows::new(&mut text, observations)?;
        self.groups().take(observations).try_for_each(|group| out.group(&group, &years))?;
        out.end()?;
        Ok(String::from_utf8(text)?)
    }

    /// Tidy files with one observation each, and the keys of their series.
    pub(crate) fn singles(&self, count: usize) -> anyhow::Result<Vec<(String, String)>> {
        let years = Periods::years(&[SINGLE]);
        let one = |group: Group<'_>| {
            let mut text = Vec::new();
            let mut out = Rows::new(&mut text, 1)?;
            out.group(&group, &years)?;
            out.end()?;
            Ok((String::from_utf8(text)?, group.key("_T")))
        };
        let files: anyhow::Result<Vec<_>> = self.groups().take(count).map(one).collect();
        let files = files?;
        anyhow::ensure!(files.len() == count, "there are {} single observations only", files.len());
        Ok(files)
    }

    /// Keys of series from all over the first so many observations, and of the corridors that they belong to.
    pub(crate) fn keys(&self, observations: usize, count: usize) -> (Vec<String>, Vec<String>) {
        // The share of groups with months is exact over eight of them only.
        let groups = (observations / IN_GROUP).saturating_sub(MONTHLY).max(1);
        let step = (groups / count).max(1);
        let some = || self.groups().take(groups).step_by(step).take(count);
        let series = some().zip(SEXES.into_iter().cycle()).map(|(group, sex)| group.key(sex)).collect();
        let origins: BTreeSet<&str> = some().map(|group| group.origin.code.as_str()).collect();
        (series, origins.into_iter().map(|origin| format!("A.{COUNTRY}.{origin}")).collect())
    }
}

impl Origin {
    fn new(code: String, years: BTreeMap<u16, [f64; 2]>) -> Self {
        let most = years.values().map(|[women, men]| women + men).fold(0.0, f64::max);
        Self { code, years, most }
    }

    /// Women and men between the two years of the source around this moment.
    fn stock(&self, when: When) -> [f64; 2] {
        let before = self.years.range(..=when.year).next_back().or_else(|| self.years.iter().next());
        let after = self.years.range(when.year + 1..).next().or_else(|| self.years.iter().next_back());
        let (Some((y0, v0)), Some((y1, v1))) = (before, after) else { return [0.0; 2] };
        let span = f64::from(y1.saturating_sub(*y0)).max(1.0);
        let passed = f64::from(when.year.saturating_sub(*y0)) + f64::from(when.month) / 12.0;
        let part = (passed / span).min(1.0);
        // Each origin has its own season, the same for all its parts.
        let peak = f64::from(self.code.bytes().map(u16::from).sum::<u16>());
        let turn = std::f64::consts::TAU * (f64::from(when.month) + peak) / 12.0;
        let season = if when.month == 0 { 1.0 } else { 1.0 + SEASON * turn.sin() };
        [0, 1].map(|sex| (v0[sex] + (v1[sex] - v0[sex]) * part) * season)
    }
}

impl Group<'_> {
    fn key(&self, sex: &str) -> String {
        let [age, education, stay, state] = self.codes;
        let origin = &self.origin.code;
        format!("A.{COUNTRY}.{origin}.MS_FBORN.BIR.{sex}.{age}.{education}._T._T._T.{stay}.{state}.PS")
    }

    /// What all rows of a series begin with.
    fn prefix(&self, freq: char, sex: &str) -> String {
        let [age, education, stay, state] = self.codes;
        let origin = &self.origin.code;
        format!("{freq},{COUNTRY},{origin},MS_FBORN,BIR,{sex},{age},{education},_T,_T,_T,{stay},{state},PS,")
    }

    /// Women and men in each period: the origin's by this group's share, some more or less.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of persons")]
    fn values(&self, periods: &Periods) -> Vec<[u64; 2]> {
        let seeds = ["F", "M"].map(|sex| hash(self.prefix(periods.freq, sex).as_bytes()));
        let width = if self.share < 1.0 { NOISE } else { CALM };
        let of = |when: When| {
            let stock = self.origin.stock(when);
            [0, 1].map(|sex| {
                let noise = 1.0 + width * (chance(seeds[sex], when) - 0.5);
                (stock[sex] * self.share * noise).round() as u64
            })
        };
        periods.all.iter().map(|(when, _)| of(*when)).collect()
    }
}

impl Periods {
    fn years(years: &[u16]) -> Self {
        let year = |year: &u16| (When { year: *year, month: 0 }, year.to_string());
        Self { freq: 'A', all: years.iter().map(year).collect() }
    }

    fn months() -> Self {
        let months = DECADE.flat_map(|year| (1..=12).map(move |month| When { year, month }));
        let named = months.map(|when| (when, format!("{}-{:02}", when.year, when.month)));
        Self { freq: 'M', all: named.collect() }
    }
}

/// A tidy file while it is written, up to a number of observations.
struct Rows<W: Write> {
    out: BufWriter<W>,
    left: usize,
    length: u64,
    /// What each row begins with.
    lead: &'static str,
}

impl<W: Write> Rows<W> {
    fn new(out: W, observations: usize) -> io::Result<Self> {
        Self::led(out, observations, ["", ""])
    }

    fn led(out: W, observations: usize, [header, lead]: [&'static str; 2]) -> io::Result<Self> {
        let mut rows =
            Self { out: BufWriter::with_capacity(1 << 20, out), left: observations, length: 0, lead };
        rows.put(header.as_bytes())?;
        rows.put(HEADER.as_bytes())?;
        Ok(rows)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// The total, women and men. The total is what its parts make, or the check refuses the file.
    fn group(&mut self, group: &Group<'_>, periods: &Periods) -> io::Result<()> {
        let values = group.values(periods);
        let mut row = Vec::with_capacity(128);
        for (sex, code) in SEXES.into_iter().enumerate() {
            let prefix = group.prefix(periods.freq, code);
            for ((_, period), [women, men]) in periods.all.iter().zip(&values) {
                if self.left == 0 {
                    return Ok(());
                }
                self.left -= 1;
                row.clear();
                row.extend_from_slice(self.lead.as_bytes());
                row.extend_from_slice(prefix.as_bytes());
                row.extend_from_slice(period.as_bytes());
                writeln!(row, ",{},A,D0", [women + men, *women, *men][sex])?;
                self.put(&row)?;
            }
        }
        Ok(())
    }

    fn end(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.length)
    }
}

/// Between 0 and 1, the same for the same series and period in every run.
fn chance(seed: u64, when: When) -> f64 {
    let mixed = (seed ^ u64::from(when.year * 16 + when.month)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    f64::from(u32::try_from(mixed >> 40).unwrap_or_default()) / f64::from(1 << 24)
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
