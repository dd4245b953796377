//! Monthly figures of two states that do not exist, drawn by a generator whose seed is fixed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::attacker::Cell;
use crate::world::text;

/// ISCO-08 major groups, the armed forces aside.
const OCCUPATIONS: [&str; 9] = ["OC1", "OC2", "OC3", "OC4", "OC5", "OC6", "OC7", "OC8", "OC9"];
/// ISIC sections: farming, industry, building, trade, hotels, health.
const ACTIVITIES: [&str; 6] = ["A", "C", "F", "G", "I", "Q"];
const SEXES: [&str; 2] = ["F", "M"];
const TOTAL: &str = "_T";
/// The columns of the files.
const COLUMNS: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,OCCUPATION,ACTIVITY,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE";

/// Which figures: who says them, about whom, of what, in which unit and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) area: &'static str,
    pub(crate) counterpart: &'static str,
    pub(crate) indicator: &'static str,
    pub(crate) freq: &'static str,
    pub(crate) unit: &'static str,
}

/// Workers that XAA has let go to XAB.
pub(crate) const DEPLOY: Flow =
    Flow { area: "XAA", counterpart: "XAB", indicator: "LM_DEPLOY", freq: "M", unit: "PS" };
impl Flow {
    /// A cell of the flow; codes of sex, occupation and activity.
    pub(crate) fn cell(&self, period: &str, codes: [&str; 3]) -> Cell {
        let Self { area, counterpart, indicator, freq, unit } = self;
        let table = format!("{area}.{counterpart}.{indicator}.{freq}.CIT._T._T._T._T._T.{unit}");
        Cell { table, period: period.to_owned(), codes: codes.map(str::to_owned) }
    }

    /// The key of a cell's series.
    pub(crate) fn key(&self, cell: &Cell) -> String {
        let Self { area, counterpart, indicator, freq, unit } = self;
        let [sex, occupation, activity] = &cell.codes;
        format!(
            "{freq}.{area}.{counterpart}.{indicator}.CIT.{sex}._T._T.{occupation}.{activity}._T._T._T.{unit}"
        )
    }

    /// Writes cells as a tidy CSV.
    pub(crate) fn write(&self, path: &Path, cells: &BTreeMap<Cell, i64>) -> String {
        let Self { area, counterpart, indicator, freq, unit } = self;
        let mut csv = format!("{COLUMNS}\n");
        for (Cell { period, codes: [sex, occupation, activity], .. }, value) in cells {
            let key =
                format!("{freq},{area},{counterpart},{indicator},CIT,{sex},{occupation},{activity},{unit}");
            csv += &format!("{key},{period},{value}\n");
        }
        std::fs::write(path, csv).expect("the file can be written");
        text(path)
    }
}

/// The months from January of a year on.
pub(crate) fn months(year: u32, count: u32) -> Vec<String> {
    (0..count).map(|at| format!("{}-{:02}", year + at / 12, at % 12 + 1)).collect()
}

/// The finest cells of these months: one in three is between 1 and 4, some are zero.
pub(crate) fn draw(flow: &Flow, months: &[String], seed: u64) -> BTreeMap<Cell, i64> {
    let mut dice = Dice(seed);
    let mut cells = BTreeMap::new();
    for month in months {
        for occupation in OCCUPATIONS {
            for activity in ACTIVITIES {
                for sex in SEXES {
                    cells.insert(flow.cell(month, [sex, occupation, activity]), dice.count());
                }
            }
        }
    }
    cells
}

/// Cells with every total over sex, occupation, activity and their combinations.
pub(crate) fn with_margins(finest: &BTreeMap<Cell, i64>) -> BTreeMap<Cell, i64> {
    let mut all = BTreeMap::new();
    for (cell, value) in finest {
        for totals in 0..8_u32 {
            let mut sum = cell.clone();
            let summed = |(at, _): &(usize, &mut String)| totals >> at & 1 == 1;
            sum.codes.iter_mut().enumerate().filter(summed).for_each(|(_, code)| TOTAL.clone_into(code));
            *all.entry(sum).or_default() += value;
        }
    }
    all
}

/// Numbers that look as if drawn by chance: [SplitMix64](https://doi.org/10.1145/2714064.2660195).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn count(&mut self) -> i64 {
        let value = match self.below(100) {
            0..8 => 0,
            8..41 => 1 + self.below(4),
            41..75 => 5 + self.below(25),
            75..95 => 30 + self.below(170),
            _ => 200 + self.below(1800),
        };
        i64::try_from(value).expect("it is small")
    }
}
