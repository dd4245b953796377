//! Disclosure control: a month's table by occupation, activity and sex, many of them, and one large table.

use std::collections::BTreeMap;

use corridor::model::{Attributes, Decimal, Dimension, Observation, Period, PeriodKind, Series, SeriesKey};
use corridor::protect::{Held, RoundingKey, Rules, protect};
use divan::Bencher;
use divan::counter::ItemsCount;
use zeroize::Zeroizing;

type Breakdown = (Dimension, &'static [&'static str]);

const OCCUPATIONS: Breakdown =
    (Dimension::Occupation, &["OC1", "OC2", "OC3", "OC4", "OC5", "OC6", "OC7", "OC8", "OC9"]);
const ACTIVITIES: Breakdown = (Dimension::Activity, &["A", "C", "F", "I", "Q", "T"]);
const SEXES: Breakdown = (Dimension::Sex, &["F", "M"]);
const AGES: Breakdown = (
    Dimension::Age,
    &[
        "Y0T4", "Y5T9", "Y10T14", "Y15T19", "Y20T24", "Y25T29", "Y30T34", "Y35T39", "Y40T44", "Y45T49",
        "Y50T54", "Y55T59", "Y60T64", "Y65T69", "Y70T74", "Y_GE75",
    ],
);
const ORIGINS: [&str; 20] = [
    "ITA", "FRA", "DEU", "MAR", "COL", "ECU", "ROU", "GBR", "USA", "PHL", "IND", "CHN", "PAK", "BGD", "NGA",
    "SEN", "UKR", "POL", "PRT", "BRA",
];

/// A count of which a third are below five, the others up to some hundred; the same for the same number.
fn count(seed: u64) -> i64 {
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = mixed ^ (mixed >> 32);
    let size = if mixed.is_multiple_of(3) { 1 + (mixed >> 8) % 4 } else { 5 + (mixed >> 8) % 300 };
    i64::try_from(size).unwrap_or(1)
}

/// A table by these breakdowns with all margins, for so many months; `seed` tells tables apart.
fn table(origin: &str, breakdowns: &[Breakdown], months: u32, seed: u64) -> Vec<Series> {
    let mut leaves: Vec<Vec<&str>> = vec![Vec::new()];
    for (_, codes) in breakdowns {
        let longer = |leaf: &Vec<&'static str>| {
            let leaf = leaf.clone();
            codes.iter().map(move |code| [leaf.as_slice(), &[*code]].concat())
        };
        leaves = leaves.iter().flat_map(longer).collect();
    }
    let mut values: BTreeMap<Vec<&str>, Vec<i64>> = BTreeMap::new();
    for (at, leaf) in leaves.iter().enumerate() {
        let counts: Vec<i64> = (0..u64::from(months))
            .map(|month| count(seed * 10_000_000 + at as u64 * 1_000 + month))
            .collect();
        for margin in 0..1_u32 << leaf.len() {
            let code =
                |(place, code): (usize, &&'static str)| if margin >> place & 1 == 1 { "_T" } else { *code };
            let sums = values.entry(leaf.iter().enumerate().map(code).collect()).or_default();
            sums.resize(counts.len(), 0);
            sums.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        }
    }
    let whole = format!("M.ESP.{origin}.LM_WPERMIT.CIT._T._T._T._T._T._T._T._T.PS");
    let whole = SeriesKey::parse(&whole).expect("the codes are in their lists");
    let series = values.into_iter().map(|(codes, values)| {
        let key = breakdowns.iter().zip(codes).fold(whole.clone(), |key, ((dimension, _), code)| {
            key.with(*dimension, code).expect("the codes are in their lists")
        });
        let observed = (24_000..).zip(values).map(|(month, value)| {
            let period =
                Period::from_ordinal(PeriodKind::Month, month).expect("a month of the year 2000 or later");
            Observation::reported(period, Decimal::from(value))
        });
        Series::new(key, Attributes::none(), observed.collect()).expect("months, each once")
    });
    series.collect()
}

fn measure(bencher: Bencher<'_, '_>, series: &[Series]) {
    let key = RoundingKey::new(Zeroizing::new([7; 32]));
    let cells = series.iter().map(|one| one.observations().len()).sum::<usize>();
    let (held, rules) = (Held::default(), Rules::default());
    bencher
        .counter(ItemsCount::new(cells))
        .bench_local(|| protect(series, &held, &rules, &key).expect("it can be protected").report.secondary);
}

/// 24 months of 9 occupations by 6 activities by 2 sexes, with all margins: 5 040 cells, 2 592 of them inner ones.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn monthly_table(bencher: Bencher<'_, '_>) {
    measure(bencher, &table("ITA", &[OCCUPATIONS, ACTIVITIES, SEXES], 24, 0));
}

/// Twenty such tables at once: 100 800 cells.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn hundred_thousand(bencher: Bencher<'_, '_>) {
    let tables = (0..).zip(ORIGINS);
    let tables = tables.flat_map(|(seed, origin)| table(origin, &[OCCUPATIONS, ACTIVITIES, SEXES], 24, seed));
    measure(bencher, &tables.collect::<Vec<_>>());
}

/// One month by age, too, so that all cells hang together: 17 times 210 cells, thirty of them in one release.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn thirty_months_by_age(bencher: Bencher<'_, '_>) {
    measure(bencher, &table("ITA", &[AGES, OCCUPATIONS, ACTIVITIES, SEXES], 30, 0));
}
