//! Figures of which a third are small: how long a release takes that protects and audits them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::ensure;
use corridor::node::Request;
use corridor::node::request::ReleaseRequest;

use crate::clock::timed;
use crate::data::COUNTRY;
use crate::node::Node;
use crate::report::{Better, Report};

/// What the names of these measures begin with.
pub(crate) const GUARDED: &str = "guarded";

/// Other ends of corridors; with several, their total is stated, too.
const ORIGINS: [&str; 19] = [
    "BGD", "EGY", "ETH", "GHA", "IND", "IDN", "KEN", "NPL", "NGA", "PAK", "PHL", "LKA", "VNM", "CHN", "ITA",
    "GBR", "NZL", "ZAF", "FJI",
];
const SEXES: [&str; 2] = ["F", "M"];
const OCCUPATIONS: [&str; 9] = ["OC1", "OC2", "OC3", "OC4", "OC5", "OC6", "OC7", "OC8", "OC9"];
const ACTIVITIES: [&str; 6] = ["A", "C", "F", "G", "I", "Q"];
const TOTAL: &str = "_T";
const YEARS: [u16; 2] = [2023, 2024];

/// Monthly tables of two years by sex, occupation and activity with all their margins: of one corridor, and of many
/// with their total.
pub(crate) fn release(node: &Node, root: &Path, report: &mut Report) -> anyhow::Result<()> {
    for origins in [&ORIGINS[..1], &ORIGINS[..]] {
        let mut a = node.copy(&root.join(origins.len().to_string()))?;
        a.start(&Request::Card)?;
        let (text, cells) = tables(origins)?;
        a.submit(&text)?;
        a.peak()?;
        let (new, first) = timed(|| a.release());
        ensure!(new? == cells as u64, "not all {cells} observations were released");
        let peak = a.peak()?;
        let request = ReleaseRequest { submission: Some("s1".to_owned()), ..ReleaseRequest::default() };
        let (value, again) = timed(|| a.ask(&Request::Release(request)));
        let part = value?["released"][0].clone();
        ensure!(part["unchanged"] == cells, "releasing the same again changed something: {part}");
        ensure!(part["protection"]["suppressed"].as_u64() > Some(0), "nothing was small: {part}");
        a.stop()?;
        let mut add = |measure, value, unit| report.add(measure, cells, value, unit, Better::Lower);
        add("guarded_release", first.as_secs_f64() * 1e3, "ms");
        add("guarded_release_again", again.as_secs_f64() * 1e3, "ms");
        add("guarded_memory_peak", peak, "MiB");
    }
    Ok(())
}

/// A tidy file of the tables, and how many observations it has.
fn tables(origins: &[&str]) -> anyhow::Result<(String, usize)> {
    let mut text =
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,OCCUPATION,ACTIVITY,TIME_PERIOD,OBS_VALUE\n"
            .to_owned();
    let (mut draw, mut count) = (Draw(7), 0);
    for month in YEARS.iter().flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}"))) {
        let mut cells: BTreeMap<[&str; 4], u64> = BTreeMap::new();
        for origin in origins {
            for occupation in OCCUPATIONS {
                for activity in ACTIVITIES {
                    for sex in SEXES {
                        add(&mut cells, [*origin, occupation, activity, sex], draw.cell());
                    }
                }
            }
        }
        cells.retain(|codes, _| origins.len() > 1 || codes[0] != TOTAL);
        count += cells.len();
        for ([origin, occupation, activity, sex], value) in cells {
            writeln!(
                text,
                "M,{COUNTRY},{origin},MS_FBORN,BIR,{sex},{occupation},{activity},{month},{value}"
            )?;
        }
    }
    Ok((text, count))
}

/// Adds a cell to itself and to every margin that it is part of.
fn add<'a>(cells: &mut BTreeMap<[&'a str; 4], u64>, codes: [&'a str; 4], value: u64) {
    for margin in 0..16_usize {
        let code = |at: usize| if margin >> at & 1 == 1 { TOTAL } else { codes[at] };
        *cells.entry([code(0), code(1), code(2), code(3)]).or_default() += value;
    }
}

/// Numbers that look like chance and are the same in every run.
struct Draw(u64);

impl Draw {
    /// A third are from 1 to 4, a third some, a third many.
    fn cell(&mut self) -> u64 {
        match self.below(3) {
            0 => 1 + self.below(4),
            1 => 5 + self.below(56),
            _ => self.below(400),
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}
