//! What governments have to say: random series of all classes, with a value in every cell that is found again wherever it
//! gets to, and that stays what it is when it is rounded.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::cast::{COUNTRIES, PARTS};
use crate::simulation::sim::random::Random;

/// An indicator, as the catalogue has it.
pub(crate) struct Indicator {
    pub(crate) code: &'static str,
    basis: &'static str,
    unit: &'static str,
    /// The breakdowns that it has: Sex, Age, Occupation, Reason, Geography.
    splits: &'static str,
    /// The sensitivity class.
    pub(crate) class: u8,
    /// Counts of people: small ones never leave, and others may be closed for their sake. How many are too few.
    pub(crate) too_few: Option<i64>,
}

const fn indicator(
    code: &'static str,
    (basis, unit, splits): (&'static str, &'static str, &'static str),
    class: u8,
    too_few: Option<i64>,
) -> Indicator {
    Indicator { code, basis, unit, splits, class, too_few }
}

/// The indicators of the cases.
pub(crate) const INDICATORS: [Indicator; 13] = [
    indicator("CR_BORDER", ("CIT", "PS", "SAG"), 1, None),
    indicator("DP_ASSOC", ("_Z", "COUNT", "G"), 1, None),
    indicator("DP_PROJ", ("_Z", "COUNT", "G"), 0, None),
    indicator("EF_REGEMI", ("CIT", "PS", "SAOG"), 0, Some(5)),
    indicator("LM_DEMAND", ("_Z", "POSTS", "OG"), 1, None),
    indicator("LM_DEPLOY", ("CIT", "PS", "SAOR"), 1, Some(5)),
    indicator("MF_PERMSET", ("CIT", "PS", "SAR"), 0, Some(5)),
    indicator("MS_FBORN", ("BIR", "PS", "SAG"), 0, Some(5)),
    indicator("RE_RECV", ("_Z", "USD", ""), 0, None),
    indicator("RP_ASYAPP", ("CIT", "PS", "SA"), 3, Some(5)),
    indicator("RP_REFHOST", ("CIT", "PS", "SAG"), 3, Some(5)),
    indicator("RT_READM", ("CIT", "PS", "SAR"), 2, Some(5)),
    indicator("TR_VICT", ("CIT", "PS", "SAR"), 2, Some(11)),
];

/// A series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// Whose.
    pub(crate) publisher: usize,
    /// Its key with dots.
    pub(crate) key: String,
    /// Which of [`INDICATORS`].
    pub(crate) indicator: usize,
    pub(crate) counterpart: &'static str,
    pub(crate) freq: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) age: &'static str,
    pub(crate) occupation: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) place: String,
    /// The class that is stated with it, if one is.
    pub(crate) stated: Option<u8>,
    /// It says that no rule of disclosure applies.
    pub(crate) exempt: bool,
}

impl Series {
    /// The yearly total of an indicator.
    fn total(publisher: usize, indicator: usize) -> Self {
        Self {
            publisher,
            key: String::new(),
            indicator,
            counterpart: "_T",
            freq: "A",
            sex: "_T",
            age: "_T",
            occupation: "_T",
            reason: "_T",
            place: "_T".to_owned(),
            stated: None,
            exempt: false,
        }
    }

    /// The stricter of the catalogue's class and the stated one.
    pub(crate) fn class(&self) -> u8 {
        INDICATORS[self.indicator].class.max(self.stated.unwrap_or(0))
    }
}

/// One value as it was submitted.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// The series, by its number.
    pub(crate) series: usize,
    pub(crate) year: i64,
    /// The part of the year, in the series' frequency; 0 for a year.
    pub(crate) part: i64,
    pub(crate) value: i64,
}

impl Statement {
    /// Its period as it is written.
    pub(crate) fn period(&self, freq: &str) -> String {
        let Self { year, part, .. } = self;
        match freq {
            "Q" => format!("{year}-Q{part}"),
            "M" => format!("{year}-{part:02}"),
            _ => format!("{year}"),
        }
    }
}

/// Everything that was ever submitted in a case, by all.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) series: Vec<Series>,
    pub(crate) by_key: BTreeMap<String, usize>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) by_value: BTreeMap<i64, usize>,
}

/// The least value that is searched for. All of them fit 45 bits when doubled, and need 40 at least.
pub(crate) const SMALLEST: i64 = 1_000_000_000_000;

/// Ages of five years.
const AGES: [&str; 15] = [
    "Y0T4", "Y5T9", "Y10T14", "Y15T19", "Y20T24", "Y25T29", "Y30T34", "Y35T39", "Y40T44", "Y45T49", "Y50T54",
    "Y55T59", "Y60T64", "Y65T69", "Y70T74",
];

/// A dimension and its codes: the total last, and whether the parts before it make all of it.
type Split = (char, &'static [&'static str], bool);
const SPLITS: [Split; 4] = [
    ('S', &["F", "M", "_T"], true),
    ('A', &["Y0T17", "Y18T59", "_T"], false),
    ('O', &["OC71", "_T"], false),
    ('R', &["EDU", "FAM", "_T"], false),
];

impl Figures {
    /// A file with figures of a publisher: its statements, by their numbers, and its text.
    pub(crate) fn file(&mut self, random: &mut Random, publisher: usize) -> (Vec<usize>, String) {
        let mut statements = Vec::new();
        for _ in 0..3 + random.below(5) {
            let indicator = random.below(INDICATORS.len());
            for group in self.groups(random, (publisher, indicator)) {
                statements.extend(self.cells(random, &group));
            }
        }
        // Of one cell that came up twice the first statement counts.
        let mut seen = std::collections::BTreeSet::new();
        statements.retain(|at| {
            let Statement { series, year, part, .. } = self.statements[*at];
            seen.insert((series, year, part))
        });
        let text = self.text(&statements);
        (statements, text)
    }

    /// A large file, of which nothing needs protection: its entry is longer than a message.
    pub(crate) fn large_file(&mut self, random: &mut Random, publisher: usize) -> (Vec<usize>, String) {
        let mut statements = Vec::new();
        let (indicator, border) = (0, &INDICATORS[0]);
        assert_eq!((border.code, border.too_few), ("CR_BORDER", None));
        for counterpart in COUNTRIES.into_iter().filter(|one| !one.is_empty() && *one != COUNTRIES[publisher])
        {
            for (sex, age) in ["F", "M"].iter().flat_map(|sex| AGES.iter().map(move |age| (*sex, *age))) {
                let series = self.number(Series {
                    counterpart,
                    freq: "M",
                    sex,
                    age,
                    ..Series::total(publisher, indicator)
                });
                for month in 0..120 {
                    let value = SMALLEST + (random.next() % 200_000_000_000) as i64 * 10;
                    statements.push(self.state(series, (2010 + month / 12, month % 12 + 1), value));
                }
            }
        }
        let text = self.text(&statements);
        (statements, text)
    }

    /// One value that only an agreement on protection opens.
    pub(crate) fn victims(
        &mut self,
        random: &mut Random,
        publisher: usize,
        counterpart: &'static str,
    ) -> usize {
        let indicator = INDICATORS.len() - 1;
        let series = self.number(Series { counterpart, ..Series::total(publisher, indicator) });
        let value = SMALLEST + (random.next() % 200_000_000_000) as i64 * 10;
        self.state(series, (2020, 0), value)
    }

    fn state(&mut self, series: usize, (year, part): (i64, i64), value: i64) -> usize {
        let number = self.statements.len();
        self.statements.push(Statement { series, year, part, value });
        if value >= SMALLEST {
            assert_eq!(self.by_value.insert(value, number), None, "values are unique");
        }
        number
    }

    /// Series of an indicator that differ in one dimension, the total last. Which dimension, and the codes of all the
    /// others, are the same whenever a publisher speaks of the same: so no two groups make part and whole.
    fn groups(
        &mut self,
        random: &mut Random,
        (publisher, indicator): (usize, usize),
    ) -> Vec<(Vec<usize>, bool)> {
        let Indicator { splits, class, .. } = INDICATORS[indicator];
        let mut fixed = Random::new((publisher * 100 + indicator) as u64);
        let split = SPLITS.iter().filter(|(letter, ..)| splits.contains(*letter)).collect::<Vec<_>>();
        let split = if split.is_empty() || fixed.chance(30) { None } else { Some(**fixed.pick(&split)) };
        let freq = *fixed.pick(&["A", "A", "Q", "M"]);
        let stated = fixed.chance(25).then(|| class.max(fixed.clone().below(4) as u8));
        let exempt = class == 0 && stated.is_none() && fixed.chance(40);
        let total = fixed.chance(10);
        let place = fixed.below(4);
        let others: Vec<&'static str> =
            COUNTRIES.into_iter().filter(|one| !one.is_empty() && *one != COUNTRIES[publisher]).collect();
        let mut groups = Vec::new();
        for _ in 0..1 + random.below(3) {
            let counterpart = if total { "_T" } else { *random.pick(&[&others[..], &["053"]].concat()) };
            let geography = splits.contains('G');
            let place = match place {
                0 if geography => PARTS[publisher].to_owned(),
                1 if geography && others.contains(&counterpart) => {
                    let of = COUNTRIES.iter().position(|one| *one == counterpart).unwrap_or(0);
                    format!("C:{}", PARTS[of])
                }
                _ => "_T".to_owned(),
            };
            let total = Series::total(publisher, indicator);
            groups.push(self.group(Series { counterpart, freq, place, stated, exempt, ..total }, split));
        }
        groups
    }

    fn group(&mut self, base: Series, split: Option<Split>) -> (Vec<usize>, bool) {
        let Some((letter, codes, whole)) = split else { return (vec![self.number(base)], true) };
        let members = codes.iter().map(|code| {
            let mut one = base.clone();
            *match letter {
                'S' => &mut one.sex,
                'A' => &mut one.age,
                'O' => &mut one.occupation,
                _ => &mut one.reason,
            } = code;
            self.number(one)
        });
        (members.collect(), whole)
    }

    fn number(&mut self, mut series: Series) -> usize {
        let Indicator { code, basis, unit, .. } = INDICATORS[series.indicator];
        let Series { publisher, counterpart, freq, sex, age, occupation, reason, place, .. } = &series;
        let area = COUNTRIES[*publisher];
        series.key = format!(
            "{freq}.{area}.{counterpart}.{code}.{basis}.{sex}.{age}._T.{occupation}._T.{reason}._T.{place}.{unit}"
        );
        let next = self.series.len();
        let number = *self.by_key.entry(series.key.clone()).or_insert(next);
        if number == next {
            self.series.push(series);
        }
        number
    }

    /// Values for some periods of a group.
    fn cells(&mut self, random: &mut Random, (group, whole): &(Vec<usize>, bool)) -> Vec<usize> {
        let first = &self.series[group[0]];
        let protected = INDICATORS[first.indicator].too_few.filter(|_| !first.exempt);
        let parts = match first.freq {
            "Q" => 1..=4,
            "M" => 1..=12,
            _ => 0..=0,
        };
        let mut made = Vec::new();
        for year in 2015..2021 {
            if !random.chance(40) {
                continue;
            }
            let part = random.between(*parts.start(), *parts.end());
            let mut sum = 0;
            for (at, series) in group.iter().enumerate() {
                let large = SMALLEST + (random.next() % 200_000_000_000) as i64 * 10;
                let value = match (at + 1 == group.len(), protected) {
                    // Of a series for itself: nothing is added up with it.
                    (true, Some(few)) if at == 0 && random.chance(15) => random.between(1, few - 1),
                    (true, _) if at > 0 && *whole => sum,
                    (true, _) if at > 0 => sum + large,
                    (_, _) => large,
                };
                sum += value;
                made.push(self.state(*series, (year, part), value));
            }
        }
        made
    }

    /// The file as a ministry sends it.
    fn text(&self, statements: &[usize]) -> String {
        let mut text = String::from(
            "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,OCCUPATION,REASON,SUBNAT,TIME_PERIOD,OBS_VALUE,SENS_CLASS,DISC_RULE\n",
        );
        for at in statements {
            let statement = &self.statements[*at];
            let series = &self.series[statement.series];
            let Series { counterpart, freq, sex, age, occupation, reason, place, .. } = series;
            let Indicator { code, basis, .. } = INDICATORS[series.indicator];
            let stated = series.stated.map_or(String::new(), |class| format!("S{class}"));
            let rule = if series.exempt { "D0" } else { "" };
            let (area, period) = (COUNTRIES[series.publisher], statement.period(freq));
            let line = format!(
                "{freq},{area},{counterpart},{code},{basis},{sex},{age},{occupation},{reason},{place},{period},{},{stated},{rule}",
                statement.value
            );
            writeln!(text, "{line}").expect("text can be written to");
        }
        text
    }
}
