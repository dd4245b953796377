//! Figures with the shape of real ones: the United Nations' stocks of one destination by origin and sex, spread
//! over more years and broken down by age, education and length of stay.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

/// Whose figures they are.
pub(crate) const COUNTRY: &str = "AUS";
/// The header of a tidy file: every dimension of the data structure, then the observation.
const HEADER: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,EDUCATION_LEV,OCCUPATION,ACTIVITY,\
                      REASON,DURATION,SUBNAT,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n";
/// A census in five years, then registers every year: what a country's table looks like.
const YEARS: [u16; 15] =
    [1990, 1995, 2000, 2005, 2010, 2015, 2016, 2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024];
/// Years that [`YEARS`] leaves free, for figures that come later.
pub(crate) const LATER: [u16; 2] = [1985, 1986];
/// The year of the single observations.
pub(crate) const SINGLE: u16 = 1984;
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
const STAY: [(&str, f64); 8] = [
    ("_T", 1000.0),
    ("Y_LT1", 70.0),
    ("Y1T4", 210.0),
    ("Y5T9", 230.0),
    ("Y_GE10", 400.0),
    ("PERM", 310.0),
    ("M_GE12", 880.0),
    ("_U", 90.0),
];

/// The stocks of one destination.
pub(crate) struct Source {
    /// By origin: women and men by year.
    stocks: BTreeMap<String, BTreeMap<u16, [f64; 2]>>,
}

/// A series: its key, and the size of its last figure before noise.
struct Cell<'a> {
    origin: &'a str,
    years: &'a BTreeMap<u16, [f64; 2]>,
    sex: usize,
    codes: [&'static str; 3],
    share: f64,
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
        Ok(Self { stocks })
    }

    fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        STAY.into_iter().flat_map(move |stay| {
            EDUCATION.into_iter().flat_map(move |education| {
                AGES.into_iter().flat_map(move |age| {
                    self.stocks.iter().flat_map(move |(origin, years)| {
                        (0..SEXES.len())
                            .map(move |sex| Cell {
                                origin,
                                years,
                                sex,
                                codes: [age.0, education.0, stay.0],
                                share: age.1 * education.1 * stay.1 / 1e9,
                            })
                            .filter(Cell::is_shown)
                    })
                })
            })
        })
    }

    /// A tidy file with so many observations.
    pub(crate) fn file(&self, observations: usize) -> String {
        let mut text = String::with_capacity(HEADER.len() + observations * 80);
        text.push_str(HEADER);
        let rows = self.cells().flat_map(|cell| YEARS.into_iter().map(move |year| cell.row(year)));
        text.extend(rows.take(observations));
        text
    }

    /// A tidy file with so many observations of years that [`Source::file`] has not.
    pub(crate) fn later(&self, observations: usize) -> String {
        let rows = self.cells().flat_map(|cell| LATER.into_iter().map(move |year| cell.row(year)));
        HEADER.chars().chain(rows.take(observations).collect::<String>().chars()).collect()
    }

    /// A tidy file with one observation, and the key of its series.
    pub(crate) fn single(&self, number: usize) -> Option<(String, String)> {
        let cell = self.cells().nth(number)?;
        Some((format!("{HEADER}{}", cell.row(SINGLE)), cell.key()))
    }

    /// Keys of the first series, and of whole corridors with all their breakdowns.
    pub(crate) fn keys(&self, count: usize) -> (Vec<String>, Vec<String>) {
        let stride = 7;
        let series = self.cells().step_by(stride).take(count).map(|cell| cell.key()).collect();
        let corridors = self.stocks.keys().cycle().step_by(stride).take(count);
        (series, corridors.map(|origin| format!("A.{COUNTRY}.{origin}")).collect())
    }
}

impl Cell<'_> {
    fn key(&self) -> String {
        let [age, education, stay] = self.codes;
        let sex = SEXES[self.sex];
        format!("A.{COUNTRY}.{}.MS_FBORN.BIR.{sex}.{age}.{education}._T._T._T.{stay}._T.PS", self.origin)
    }

    /// Whether a country would print it: cells that are nearly empty are left out of tables.
    fn is_shown(&self) -> bool {
        let most = self.years.values().map(|[women, men]| women + men).fold(0.0, f64::max);
        most * self.share >= 20.0
    }

    fn row(&self, year: u16) -> String {
        let [age, education, stay] = self.codes;
        let sex = SEXES[self.sex];
        // The total is what its parts make, or the check refuses the file.
        let value = if self.sex == 0 {
            self.value(1, year) + self.value(2, year)
        } else {
            self.value(self.sex, year)
        };
        let mut row = String::with_capacity(96);
        let written = writeln!(
            row,
            "A,{COUNTRY},{},MS_FBORN,BIR,{sex},{age},{education},_T,_T,_T,{stay},_T,PS,{year},{value},A",
            self.origin
        );
        debug_assert!(written.is_ok(), "a string takes everything");
        row
    }

    /// The stock of women (1) or men (2) between the two years of the source around this one, by this cell's share, some
    /// more or less.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of persons")]
    fn value(&self, sex: usize, year: u16) -> u64 {
        let before = self.years.range(..=year).next_back().or_else(|| self.years.iter().next());
        let after = self.years.range(year..).next().or_else(|| self.years.iter().next_back());
        let (Some((y0, v0)), Some((y1, v1))) = (before, after) else { return 0 };
        let of = |sexes: &[f64; 2]| sexes[sex - 1];
        let span = f64::from(y1.saturating_sub(*y0)).max(1.0);
        let stock = of(v0) + (of(v1) - of(v0)) * f64::from(year.saturating_sub(*y0)) / span;
        let width = if self.share < 1.0 { 0.6 } else { 0.04 };
        let noise = 1.0 + width * (self.noise(sex, year) - 0.5);
        (stock * self.share * noise).round() as u64
    }

    /// Between 0 and 1, the same for the same cell and year in every run (FNV-1a).
    fn noise(&self, sex: usize, year: u16) -> f64 {
        let [age, education, stay] = self.codes;
        let parts = [self.origin, SEXES[sex], age, education, stay];
        let bytes = parts.iter().flat_map(|part| part.bytes()).chain(year.to_le_bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        f64::from(u32::try_from((hash ^ (hash >> 29)) & 0xf_ffff).unwrap_or_default()) / f64::from(0x10_0000)
    }
}
