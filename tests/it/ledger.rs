//! What tests that break things remember: which releases PHL has acknowledged to its operator, and up to where CAN
//! has signed receipts. After every fault the nodes are compared with it: what was acknowledged is there, every
//! release is there whole or not at all, `doctor` finds nothing, the exchange completes, and both nodes answer the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use serde_json::Value;

use crate::world::{World, ask, run, stderr, stdout, text};

/// How long nodes may take to be of one mind again on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const INDICATOR: &str = "EF_REGEMI";

/// A release that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) entry: String,
    pub(crate) rows: u64,
}

/// The ledger of a [`World`], and what was found to be wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By round; what the operator was told is released.
    pub(crate) releases: BTreeMap<u64, Acknowledged>,
    /// The highest entry of PHL for which CAN's receipt was seen, with its id.
    pub(crate) receipted: Option<(u64, String)>,
    /// What did not hold.
    pub(crate) failures: Vec<String>,
}

impl Ledger {
    /// Takes note when it is not so.
    pub(crate) fn holds(&mut self, what: &str, so: bool, why: impl FnOnce() -> String) {
        if !so {
            self.failures.push(format!("{what}: {}", why()));
        }
    }

    /// Takes note of what an answer to `release` acknowledges.
    pub(crate) fn acknowledge(&mut self, round: u64, rows: u64, answer: &Value) {
        self.releases.extend(released(answer, rows).map(|release| (round, release)));
    }

    /// Every release at PHL is whole, and none that was acknowledged is missing.
    pub(crate) fn is_kept(&mut self, world: &World, complete: bool) {
        let found = counts(&csv(&world.phl));
        let mut wrong = Vec::new();
        for (round, release) in &self.releases {
            let (rows, entries) = found.get(round).cloned().unwrap_or_default();
            if rows != release.rows || entries != [release.entry.clone()] {
                wrong.push(format!("round {round}: {rows} rows of {entries:?} instead of {release:?}"));
            }
        }
        for (round, (rows, entries)) in &found {
            let whole = entries.len() == 1 && *rows == rows_of(&world.path(&format!("round-{round}.csv")));
            if !whole || (complete && !self.releases.contains_key(round)) {
                wrong.push(format!("round {round}: {rows} rows of {entries:?} are no whole release"));
            }
        }
        self.holds("what was acknowledged is there, whole", wrong.is_empty(), || wrong.join("; "));
    }

    /// Repeats what was not acknowledged, as an operator would: submits if it is not there, releases if it waits.
    pub(crate) fn finish(&mut self, world: &World, (round, rows): (u64, u64), file: &str) {
        let phl = &world.phl;
        let list = ask(phl, &["submissions"]);
        let file_name = format!("round-{round}.csv");
        let ours: Vec<&Value> = list["submissions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["file"] == *file_name)
            .collect();
        self.holds("the submission is there once at most", ours.len() <= 1, || list.to_string());
        let whole = ours.iter().all(|one| one["observations"] == rows);
        self.holds("the submission is whole", whole, || list.to_string());
        if ours.is_empty() {
            ask(phl, &["submit", file]);
        }
        if !ours.iter().any(|one| one["released"] == true) {
            let value = ask(phl, &["release"]);
            // Its entries were whole before the fault, and only the word that it is done was missing.
            let found = counts(&csv(phl)).remove(&round);
            let entry = found.and_then(|(_, entries)| entries.first().cloned()).unwrap_or_default();
            let release = released(&value, rows).unwrap_or(Acknowledged { entry, rows });
            self.releases.entry(round).or_insert(release);
        } else if let Some((_, entries)) = counts(&csv(phl)).remove(&round) {
            let entry = entries.first().cloned().unwrap_or_default();
            self.releases.entry(round).or_insert(Acknowledged { entry, rows });
        }
        self.is_kept(world, true);
    }

    /// Waits until CAN holds all that PHL has released, and has said so.
    pub(crate) fn is_delivered(&mut self, world: &World) -> bool {
        let World { phl, can, .. } = world;
        let synced = wait(PATIENCE, || {
            heads(world).is_some_and(|(ours, theirs)| ours == theirs) && phl.nothing_owed().unwrap_or(false)
        });
        self.holds("the exchange completes", synced, || {
            format!(
                "heads {:?}\nPHL {:?}\nCAN {:?}",
                heads(world),
                phl.ask(&["status"]),
                can.ask(&["status"])
            )
        });
        synced
    }

    /// Both hold the same, in good health, without a fork or a fault.
    pub(crate) fn is_of_one_mind(&mut self, world: &World) {
        let World { phl, can, .. } = world;
        let synced = self.is_delivered(world);
        if let Some((ours, _)) = heads(world).filter(|_| synced) {
            let earlier = self.receipted.replace(ours.clone());
            let forward = earlier.is_none_or(|(seq, _)| seq <= ours.0);
            self.holds("heads go forward", forward, || format!("{ours:?}"));
        }
        self.holds("both answer the same", csv(phl) == csv(can), || "they differ".to_owned());
        for node in [phl, can] {
            let (status, value) = node.try_ask(&["doctor"]).expect("doctor runs");
            self.holds(&format!("{} is healthy", node.country()), status == 0, || value.to_string());
            let status = ask(node, &["status"]);
            let faults: Vec<&str> = status["faults"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one["what"].as_str())
                .collect();
            let mended = |what: &&str| what.starts_with("feed ") || what.starts_with("the derived database");
            let fine = status["state"] == "running" && faults.iter().all(mended);
            self.holds(&format!("{} sees no fault", node.country()), fine, || {
                format!("{} {faults:?}", status["state"])
            });
        }
    }
}

/// The heads of PHL's feed under the agreement at PHL and at CAN.
fn heads(world: &World) -> Option<(Head, Head)> {
    let (ours, theirs) = (world.phl.ask(&["feeds"]).ok()?, world.can.ask(&["feeds"]).ok()?);
    Some((head(&ours, "PHL")?, head(&theirs, "PHL")?))
}

/// The place of a newest entry and its id.
type Head = (u64, String);

/// All versions of the figures under the agreement that PHL has released, as CSV.
pub(crate) fn csv(node: &Government) -> String {
    let output = run(node, &["get", INDICATOR, "--history", "--format", "csv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// Rows and entries by round, which is the period.
fn counts(csv: &str) -> BTreeMap<u64, (u64, Vec<String>)> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).expect("the column is there");
    let (period, value, entry) = (column("time_period"), column("obs_value"), column("entry"));
    let mut found: BTreeMap<u64, (u64, Vec<String>)> = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let round = round_of(cells[period]);
        let right = cells[value].parse::<u64>().is_ok_and(|value| value / FACTOR == round + 1);
        let (rows, entries) = found.entry(round).or_default();
        *rows += u64::from(right);
        if !entries.iter().any(|known| known == cells[entry]) {
            entries.push(cells[entry].to_owned());
        }
    }
    found
}

/// A value is the round's number after one, and the row's number.
const FACTOR: u64 = 10_000;
const FIRST_YEAR: u64 = 1900;

fn period(round: u64) -> String {
    format!("{}-{:02}", FIRST_YEAR + round / 12, round % 12 + 1)
}

fn round_of(period: &str) -> u64 {
    let (year, month) = period.split_once('-').expect("a month");
    let number = |text: &str| text.parse::<u64>().expect("a number");
    (number(year) - FIRST_YEAR) * 12 + number(month) - 1
}

/// One month's figures by age, sex and occupation.
pub(crate) fn figures(path: &Path, round: u64, rows: u64) -> String {
    let occupations: Vec<&str> = include_str!("../../config/codelists/CL_OCCUPATION.csv")
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .filter(|code| code.starts_with("OC"))
        .collect();
    let mut csv =
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,OCCUPATION,TIME_PERIOD,OBS_VALUE\n".to_owned();
    for row in 0..rows {
        let sex = ["F", "M", "_T"][(row / occupations.len() as u64) as usize];
        let occupation = occupations[(row % occupations.len() as u64) as usize];
        let value = (round + 1) * FACTOR + row;
        csv += &format!("M,PHL,CAN,{INDICATOR},CIT,{sex},{occupation},{},{value}\n", period(round));
    }
    fs::write(path, csv).expect("the file can be written");
    text(path)
}

fn rows_of(file: &Path) -> u64 {
    fs::read_to_string(file).map_or(0, |text| text.lines().count() as u64 - 1)
}

/// What an answer to `release` says of the agreement.
pub(crate) fn released(answer: &Value, rows: u64) -> Option<Acknowledged> {
    let all = answer["released"].as_array()?;
    let entry = all.iter().find(|one| one["title"] == crate::world::TITLE)?["entry"].as_str()?;
    Some(Acknowledged { entry: entry.to_owned(), rows })
}

/// The head of a publisher's feed under the agreement.
pub(crate) fn head(feeds: &Value, country: &str) -> Option<Head> {
    let list = feeds["feeds"].as_array()?;
    let feed = list
        .iter()
        .find(|feed| feed["country"] == country && feed["agreement_name"] == crate::world::TITLE)?;
    Some((feed["head_seq"].as_u64()?, feed["head_hash"].as_str()?.to_owned()))
}

/// Random numbers from a seed: `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
