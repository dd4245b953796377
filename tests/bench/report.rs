//! What was measured: samples, their medians, the table, the JSON, and the comparison with an earlier run.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use crate::wanted::Wanted;

/// A measure that is worse by more than this many per cent fails a comparison.
const WORSE: f64 = 25.0;
/// What the machine can do is not ours to make better or worse.
const MACHINE: &str = "machine_";

/// What an observation costs at a size, against what it costs at [`SMALL`]: the name of the ratio, and of what.
pub(crate) const GROWTH: [(&str, &str); 6] = [
    ("growth_import", "import"),
    ("growth_release", "release"),
    ("growth_sync", "sync"),
    ("growth_fold", "fold_publisher"),
    ("growth_disk", "disk_total"),
    ("growth_rebuild", "rebuild_rate"),
];
/// The size that others are compared with; smaller ones show the cost of beginning.
const SMALL: usize = 100_000;
/// A cost that has grown by more than this many times is pointed out.
const GROWN: f64 = 1.5;

/// Which way is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Higher,
    Lower,
}

/// All samples of one measure at one size.
struct Series {
    measure: &'static str,
    size: usize,
    unit: &'static str,
    better: Better,
    samples: Vec<f64>,
}

/// Everything measured, in the order of first measurement.
#[derive(Default)]
pub(crate) struct Report {
    series: Vec<Series>,
}

impl Series {
    fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        }
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    fn ends(&self) -> (f64, f64) {
        let sorted = self.sorted();
        (sorted[0], sorted[sorted.len() - 1])
    }
}

impl Report {
    /// Takes a sample.
    #[expect(clippy::too_many_arguments, reason = "a sample with all that names it, from many callers")]
    pub(crate) fn add(
        &mut self,
        measure: &'static str,
        size: usize,
        value: f64,
        unit: &'static str,
        better: Better,
    ) {
        match self.series.iter_mut().find(|known| known.measure == measure && known.size == size) {
            Some(known) => known.samples.push(value),
            None => self.series.push(Series { measure, size, unit, better, samples: vec![value] }),
        }
    }

    /// Median and 99th percentile, in milliseconds.
    pub(crate) fn percentiles(
        &mut self,
        (p50, p99): (&'static str, &'static str),
        size: usize,
        mut times: Vec<Duration>,
    ) {
        times.sort();
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100).saturating_sub(1)];
        for (measure, time) in [(p50, at(50)), (p99, at(99))] {
            self.add(measure, size, time.as_secs_f64() * 1000.0, "ms", Better::Lower);
        }
    }

    /// Keeps what is wanted, and what the machine can do.
    pub(crate) fn keep(&mut self, wanted: &Wanted) {
        self.series.retain(|one| one.measure.starts_with(MACHINE) || wanted.has(one.measure));
    }

    /// Adds how the cost of an observation grows with the size, where more than one was measured.
    pub(crate) fn grow(&mut self) {
        for (name, of) in GROWTH {
            let Some(small) = self.find(of, SMALL) else { continue };
            let (before, better) = (small.median(), small.better);
            let larger = self.series.iter().filter(|one| one.measure == of && one.size > SMALL);
            let ratio = |now: f64| match better {
                Better::Higher => before / now,
                Better::Lower => now / before,
            };
            let grown: Vec<(usize, f64)> = larger.map(|one| (one.size, ratio(one.median()))).collect();
            for (size, ratio) in grown {
                self.add(name, size, ratio, "times", Better::Lower);
            }
        }
    }

    fn find(&self, measure: &str, size: usize) -> Option<&Series> {
        self.series.iter().find(|one| one.measure == measure && one.size == size)
    }

    fn median(&self, measure: &str, size: usize) -> Option<f64> {
        self.find(measure, size).map(Series::median)
    }

    /// The list that scripts read.
    pub(crate) fn json(&self) -> Value {
        let rows = self.series.iter().map(|one| {
            let (min, max) = one.ends();
            json!({
                "measure": one.measure,
                "size": one.size,
                "value": rounded(one.median()),
                "unit": one.unit,
                "min": rounded(min),
                "max": rounded(max),
            })
        });
        rows.collect()
    }

    /// The table that people read.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:<36} {:>10} {:>12} {:>12} {:>12} {:<8}\n",
            "measure", "size", "median", "min", "max", "unit"
        );
        for one in &self.series {
            let (min, max) = one.ends();
            let size = if one.size == 0 { "-".to_owned() } else { one.size.to_string() };
            let [median, min, max] = [one.median(), min, max].map(shown);
            let line = format!(
                "{:<36} {size:>10} {median:>12} {min:>12} {max:>12} {:<8} {}",
                one.measure,
                one.unit,
                self.share(one).unwrap_or_default()
            );
            text += &format!("{}\n", line.trim_end());
        }
        text
    }

    /// A figure as a share of what the machine can do, where that says something.
    fn share(&self, one: &Series) -> Option<String> {
        let limit = |name| self.median(name, 0);
        match one.measure {
            "sync" => {
                let bytes = self.median("sync_wire", one.size)? * one.median();
                Some(format!("{:.2} % of loopback", 100.0 * bytes / 1e9 / limit("machine_loopback")?))
            }
            // The submission, the release in the public and in the house feed, the receiver: one after another.
            "latency_p50" => {
                let disk = 4.0 * self.median("latency_one_fdatasync", one.size)?;
                Some(format!("4 fdatasync, one after another: {disk:.2} ms"))
            }
            "import" => {
                let bytes = self.median("import_bytes", one.size)? * one.median();
                Some(format!(
                    "{:.1} % of SHA-256 over the file",
                    100.0 * bytes / 1e9 / limit("machine_sha256")?
                ))
            }
            measure if GROWTH.iter().any(|(name, _)| *name == measure) => {
                (one.median() > GROWN).then(|| format!("GROWS: more than {GROWN} times"))
            }
            _ => None,
        }
    }

    /// The change against a saved run, and whether all is well.
    pub(crate) fn compare(&self, saved: &str) -> anyhow::Result<(String, bool)> {
        let saved: Vec<Value> = serde_json::from_str(saved).context("the saved run is no JSON list")?;
        let key = |row: &Value| Some((row["measure"].as_str()?.to_owned(), row["size"].as_u64()?));
        let before: BTreeMap<(String, u64), f64> =
            saved.iter().filter_map(|row| Some((key(row)?, row["value"].as_f64()?))).collect();
        let (mut text, mut well) = (String::new(), true);
        for one in &self.series {
            let Some(old) = before.get(&(one.measure.to_owned(), one.size as u64)) else { continue };
            let new = one.median();
            let change = if *old == 0.0 { 0.0 } else { 100.0 * (new - old) / old };
            let worse = match one.better {
                Better::Higher => -change,
                Better::Lower => change,
            };
            let failed = worse > WORSE && !one.measure.starts_with(MACHINE);
            well &= !failed;
            let verdict = if failed { "  WORSE" } else { "" };
            text += &format!(
                "{:<36} {:>10} {:>12} -> {:>12} {:<8} {change:>+8.1} %{verdict}\n",
                one.measure,
                one.size,
                shown(*old),
                shown(new),
                one.unit
            );
        }
        Ok((text, well))
    }
}

fn shown(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
