//! Torture: daemons and commands are killed at random moments, and nothing that was acknowledged may be missing.
//!
//! A model remembers which releases PHL has acknowledged to its operator, and up to where CAN has signed receipts.
//! After every kill the files are compared with it: what was acknowledged is there, every release is there whole or
//! not at all, `doctor` finds nothing, the exchange completes, and both nodes answer the same.
//!
//! `scripts/torture` runs many rounds; the ordinary tests run a few. The seed is printed: with it the same kills
//! are tried again, though not at the same instruction.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;
use serde_json::Value;

use crate::world::{World, command, files, run, stderr, stdout, text};

/// How long nodes may take to be of one mind again on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Rows of the longest release.
const MAX_ROWS: u64 = 1500;
const INDICATOR: &str = "EF_REGEMI";

#[test]
fn a_few_kills_lose_nothing() {
    let mut torture = Torture::new(20_260_101);
    torture.play(3);
    assert_eq!(torture.checks.failed(), 0);
}

#[test]
#[ignore = "long: scripts/torture runs it"]
fn many_kills_lose_nothing() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let now = clock::now().0.unsigned_abs();
    let mut torture = Torture::new(number("CORRIDOR_TORTURE_SEED").unwrap_or(now));
    torture.play(number("CORRIDOR_TORTURE_ROUNDS").unwrap_or(50));
    assert_eq!(torture.checks.failed(), 0);
}

/// What is going on when something is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// The daemon takes a file in.
    Submit,
    /// The daemon releases it.
    Release,
    /// A release is on its way to the partner.
    Sync,
    /// A command takes a file in, without a daemon.
    SubmitAlone,
    /// A command releases it, without a daemon.
    ReleaseAlone,
}

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Phl,
    Can,
    Command,
}

/// What is done to the victim's disk before it starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disk {
    Untouched,
    NoDatabase,
    DamagedDatabase,
    /// Garbage behind what was written last in an own feed.
    GarbageTail,
    /// Of what nobody was told is durable, only a part has reached the disk.
    TornTail,
}

/// A release that was acknowledged.
#[derive(Clone, Debug)]
struct Acknowledged {
    entry: String,
    rows: u64,
}

struct Torture {
    world: World,
    random: Random,
    checks: Checks,
    /// By round; what the operator was told is released.
    releases: BTreeMap<u64, Acknowledged>,
    /// The highest entry of PHL for which CAN's receipt was seen, with its id.
    receipted: Option<(u64, String)>,
    kills: BTreeMap<(Phase, Victim), u64>,
    damages: BTreeMap<String, u64>,
    /// How long the last one took that nobody disturbed, by phase.
    usual: BTreeMap<Phase, Duration>,
}

impl Torture {
    fn new(seed: u64) -> Self {
        println!("\nseed {seed}");
        Self {
            world: World::agreed(),
            random: Random(seed),
            checks: Checks::default(),
            releases: BTreeMap::new(),
            receipted: None,
            kills: BTreeMap::new(),
            damages: BTreeMap::new(),
            usual: BTreeMap::new(),
        }
    }

    fn play(&mut self, rounds: u64) {
        for round in 0..rounds {
            self.round(round);
        }
        for ((phase, victim), count) in &self.kills {
            println!("kills in {phase:?} of {victim:?}: {count}");
        }
        println!("done to disks: {:?}", self.damages);
        println!("{}", self.checks.summary());
    }

    fn round(&mut self, round: u64) {
        let phases = [
            Phase::Submit,
            Phase::Release,
            Phase::Sync,
            Phase::SubmitAlone,
            Phase::ReleaseAlone,
            Phase::Sync,
        ];
        let phase = phases[self.random.below(phases.len() as u64) as usize];
        let victim = match phase {
            Phase::SubmitAlone | Phase::ReleaseAlone => Victim::Command,
            Phase::Submit => Victim::Phl,
            Phase::Release | Phase::Sync if self.random.below(2) == 0 => Victim::Phl,
            Phase::Release | Phase::Sync => Victim::Can,
        };
        let most = if self.random.below(3) == 0 { MAX_ROWS } else { 40 };
        let rows = 1 + self.random.below(most);
        let file = figures(&self.world.path(&format!("round-{round}.csv")), round, rows);
        let name = format!("round {round}: {victim:?} killed in {phase:?} of {rows} rows");
        let before = lengths(&self.world.phl);
        let acknowledged = self.kill(phase, victim, &file);
        let disk = self.damage(phase, victim, acknowledged.is_some(), &before);
        let name = format!("{name}, {disk:?}");
        if let Some(released) = acknowledged.as_ref().and_then(|value| released(value, rows)) {
            self.releases.insert(round, released);
        }
        let failed = self.checks.failed();
        self.after_the_kill(&name, victim);
        self.finish(&name, round, rows, &file);
        self.of_one_mind(&name);
        if self.checks.failed() == failed {
            self.checks.pass(&name);
        }
    }

    /// Begins the phase and kills at a random moment of it; what the killed or disturbed command answered.
    fn kill(&mut self, phase: Phase, victim: Victim, file: &str) -> Option<Value> {
        let (submit, release) = (["submit", file], ["release"]);
        if matches!(phase, Phase::SubmitAlone | Phase::ReleaseAlone) {
            self.world.phl.stop();
        }
        if matches!(phase, Phase::Release | Phase::Sync | Phase::ReleaseAlone) {
            let output = run(&self.world.phl, &[&["--json"], &submit[..]].concat());
            assert!(output.status.success(), "an undisturbed submission is taken in: {}", stderr(&output));
        }
        let args: &[&str] =
            if matches!(phase, Phase::Submit | Phase::SubmitAlone) { &submit } else { &release };
        let started = clock::stopwatch();
        let mut child = begin(&self.world.phl, args);
        let mut answer = None;
        if phase == Phase::Sync {
            answer = answer_of(child.take());
        }
        let usual = self.usual.get(&phase).copied().unwrap_or(Duration::from_millis(150));
        // Reading and unlocking come first, writing last: half of the kills aim there.
        let (usual, late) = (usual.as_micros() as u64, self.random.below(2) == 0);
        let delay =
            if late { usual * 3 / 4 + self.random.below(usual / 3) } else { self.random.below(usual) };
        std::thread::sleep(Duration::from_micros(delay));
        match victim {
            Victim::Phl => self.world.phl.kill(),
            Victim::Can => self.world.can.kill(),
            Victim::Command => child.kill(),
        }
        *self.kills.entry((phase, victim)).or_default() += 1;
        if phase != Phase::Sync {
            answer = answer_of(child.take());
            if answer.is_some() {
                self.usual.insert(phase, started.elapsed());
            }
        }
        answer
    }

    /// Does something to the disk of the node that is down.
    fn damage(&mut self, phase: Phase, victim: Victim, told: bool, before: &Lengths) -> Disk {
        let alone = matches!(phase, Phase::SubmitAlone | Phase::ReleaseAlone);
        let node = if victim == Victim::Can { &self.world.can } else { &self.world.phl };
        let db = node.dir().join("db");
        let mut disk = match self.random.below(8) {
            0 => Disk::NoDatabase,
            1 => Disk::DamagedDatabase,
            2 => Disk::GarbageTail,
            3 | 4 if !told && (alone || phase == Phase::Submit) => Disk::TornTail,
            _ => Disk::Untouched,
        };
        match disk {
            Disk::Untouched => {}
            Disk::NoDatabase => drop(fs::remove_dir_all(&db)),
            Disk::DamagedDatabase => {
                for file in files(&db, "db") {
                    overwrite(&file, &mut self.random);
                }
            }
            Disk::GarbageTail => {
                let own = own_feeds(node);
                let file = &own[self.random.below(own.len() as u64) as usize];
                let length = 1 + self.random.below(300);
                let garbage: Vec<u8> = (0..length).map(|_| self.random.below(256) as u8).collect();
                let mut file = OpenOptions::new().append(true).open(file).expect("an own feed");
                file.write_all(&garbage).expect("it can be written");
            }
            Disk::TornTail => disk = tear(node, before, &mut self.random),
        }
        *self.damages.entry(format!("{disk:?}")).or_default() += 1;
        disk
    }

    /// What the killed node's files hold, before any partner can help it; then it starts again.
    fn after_the_kill(&mut self, name: &str, victim: Victim) {
        let node = if victim == Victim::Can { &self.world.can } else { &self.world.phl };
        if self.random.below(2) == 0 {
            let feeds = ask(node, &["feeds"]);
            if victim == Victim::Can {
                let held = head(&feeds, "PHL");
                let receipted = self.receipted.as_ref().map(|(seq, _)| *seq);
                let fine = receipted.is_none_or(|receipted| held.is_some_and(|(seq, _)| seq >= receipted));
                self.checks.holds(&format!("{name}: CAN holds what it has receipted"), fine, || {
                    format!("receipted {receipted:?}, held {feeds}")
                });
            } else {
                self.holds_what_was_acknowledged(name, false);
            }
        }
        let node = if victim == Victim::Can { &mut self.world.can } else { &mut self.world.phl };
        let started = node.start();
        self.checks.holds(&format!("{name}: the killed node starts"), started.is_ok(), || {
            format!("{started:?}: {}", fs::read_to_string(node.log()).unwrap_or_default())
        });
        self.holds_what_was_acknowledged(name, false);
    }

    /// Every release at PHL is whole, and none that was acknowledged is missing.
    fn holds_what_was_acknowledged(&mut self, name: &str, complete: bool) {
        let found = counts(&csv(&self.world.phl));
        let mut wrong = Vec::new();
        for (round, release) in &self.releases {
            let (rows, entries) = found.get(round).cloned().unwrap_or_default();
            if rows != release.rows || entries != [release.entry.clone()] {
                wrong.push(format!("round {round}: {rows} rows of {entries:?} instead of {release:?}"));
            }
        }
        for (round, (rows, entries)) in &found {
            let whole =
                entries.len() == 1 && *rows == rows_of(&self.world.path(&format!("round-{round}.csv")));
            if !whole || (complete && !self.releases.contains_key(round)) {
                wrong.push(format!("round {round}: {rows} rows of {entries:?} are no whole release"));
            }
        }
        self.checks.holds(
            &format!("{name}: what was acknowledged is there, whole"),
            wrong.is_empty(),
            || wrong.join("; "),
        );
    }

    /// Repeats what was not acknowledged, as an operator would: submits if it is not there, releases if it waits.
    fn finish(&mut self, name: &str, round: u64, rows: u64, file: &str) {
        let phl = &self.world.phl;
        let list = ask(phl, &["submissions"]);
        let file_name = format!("round-{round}.csv");
        let ours: Vec<&Value> = list["submissions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["file"] == *file_name)
            .collect();
        self.checks.holds(&format!("{name}: the submission is there once at most"), ours.len() <= 1, || {
            list.to_string()
        });
        let whole = ours.iter().all(|one| one["observations"] == rows);
        self.checks.holds(&format!("{name}: the submission is whole"), whole, || list.to_string());
        if ours.is_empty() {
            ask(phl, &["submit", file]);
        }
        if !ours.iter().any(|one| one["released"] == true) {
            let value = ask(phl, &["release"]);
            // Its entries were whole before the kill, and only the word that it is done was missing.
            let found = counts(&csv(phl)).remove(&round);
            let entry = found.and_then(|(_, entries)| entries.first().cloned()).unwrap_or_default();
            let release = released(&value, rows).unwrap_or(Acknowledged { entry, rows });
            self.releases.entry(round).or_insert(release);
        } else if let Some((_, entries)) = counts(&csv(phl)).remove(&round) {
            let entry = entries.first().cloned().unwrap_or_default();
            self.releases.entry(round).or_insert(Acknowledged { entry, rows });
        }
        self.holds_what_was_acknowledged(name, true);
    }

    /// Both hold the same, in good health, without a fork or a fault.
    fn of_one_mind(&mut self, name: &str) {
        let World { phl, can, .. } = &self.world;
        let heads = || {
            let (ours, theirs) = (phl.ask(&["feeds"]).ok()?, can.ask(&["feeds"]).ok()?);
            Some((head(&ours, "PHL")?, head(&theirs, "PHL")?))
        };
        let synced = wait(PATIENCE, || {
            heads().is_some_and(|(ours, theirs)| ours == theirs) && phl.nothing_owed().unwrap_or(false)
        });
        self.checks.holds(&format!("{name}: the exchange completes"), synced, || {
            format!("heads {:?}\nPHL {}\nCAN {}", heads(), ask(phl, &["status"]), ask(can, &["status"]))
        });
        if let Some((ours, _)) = heads().filter(|_| synced) {
            let earlier = self.receipted.replace(ours.clone());
            let forward = earlier.is_none_or(|(seq, _)| seq <= ours.0);
            self.checks.holds(&format!("{name}: heads go forward"), forward, || format!("{ours:?}"));
        }
        let same = csv(phl) == csv(can);
        self.checks.holds(&format!("{name}: both answer the same"), same, || "they differ".to_owned());
        for node in [phl, can] {
            let (status, value) = node.try_ask(&["doctor"]).expect("doctor runs");
            self.checks
                .holds(&format!("{name}: {} is healthy", node.country()), status == 0, || value.to_string());
            let status = ask(node, &["status"]);
            let faults: Vec<&str> = status["faults"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one["what"].as_str())
                .collect();
            let mended = |what: &&str| what.starts_with("feed ") || what.starts_with("the derived database");
            let fine = status["state"] == "running" && faults.iter().all(mended);
            self.checks.holds(&format!("{name}: {} sees no fault", node.country()), fine, || {
                format!("{} {faults:?}", status["state"])
            });
        }
    }
}

/// A check that is silent when it holds: a round has one line.
trait Holds {
    fn holds(&mut self, name: &str, so: bool, why: impl FnOnce() -> String);
}

impl Holds for Checks {
    fn holds(&mut self, name: &str, so: bool, why: impl FnOnce() -> String) {
        if !so {
            self.fail(name, &why());
        }
    }
}

/// A command that runs.
struct Running(Option<Child>);

impl Running {
    fn take(&mut self) -> Option<Child> {
        self.0.take()
    }

    fn kill(&mut self) {
        if let Some(child) = &mut self.0 {
            let _gone = child.kill();
        }
    }
}

fn begin(node: &Government, args: &[&str]) -> Running {
    let child = command(node).arg("--json").args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    Running(Some(child.expect("the program can be run")))
}

/// What a command answered, if it ended well.
fn answer_of(child: Option<Child>) -> Option<Value> {
    let output = child?.wait_with_output().expect("the program ends");
    if output.status.success() { serde_json::from_slice(&output.stdout).ok() } else { None }
}

fn ask(node: &Government, args: &[&str]) -> Value {
    node.ask(args).expect("the node answers")
}

/// All versions of the figures under the agreement that PHL has released, as CSV.
fn csv(node: &Government) -> String {
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
fn figures(path: &Path, round: u64, rows: u64) -> String {
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
fn released(answer: &Value, rows: u64) -> Option<Acknowledged> {
    let all = answer["released"].as_array()?;
    let entry = all.iter().find(|one| one["title"] == crate::world::TITLE)?["entry"].as_str()?;
    Some(Acknowledged { entry: entry.to_owned(), rows })
}

/// The head of a publisher's feed under the agreement.
fn head(feeds: &Value, country: &str) -> Option<(u64, String)> {
    let list = feeds["feeds"].as_array()?;
    let feed = list
        .iter()
        .find(|feed| feed["country"] == country && feed["agreement_name"] == crate::world::TITLE)?;
    Some((feed["head_seq"].as_u64()?, feed["head_hash"].as_str()?.to_owned()))
}

/// The newest files of a node's own feeds.
fn own_feeds(node: &Government) -> Vec<PathBuf> {
    let card = fs::read_to_string(node.card()).expect("a card");
    let card = corridor::feed::Card::from_text(&card).expect("a card");
    files(&node.dir().join("feeds").join(card.publisher().to_hex()), ".feed")
}

type Lengths = BTreeMap<PathBuf, u64>;

fn lengths(node: &Government) -> Lengths {
    let length = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.len());
    own_feeds(node).into_iter().map(|path| (path.clone(), length(&path))).collect()
}

/// Cuts what was added to own feeds somewhere, as a power cut does with what was not synced.
fn tear(node: &Government, before: &Lengths, random: &mut Random) -> Disk {
    let mut torn = Disk::Untouched;
    for (path, length) in lengths(node) {
        let Some(old) = before.get(&path).filter(|old| **old < length) else { continue };
        let keep = old + random.below(length - old);
        let file = OpenOptions::new().write(true).open(&path).expect("an own feed");
        file.set_len(keep).expect("it can be cut");
        torn = Disk::TornTail;
    }
    torn
}

fn overwrite(path: &Path, random: &mut Random) {
    let Ok(mut bytes) = fs::read(path) else { return };
    if bytes.is_empty() {
        return;
    }
    let from = random.below(bytes.len().min(1 << 16) as u64) as usize;
    let until = (from + 200).min(bytes.len());
    bytes[from..until].fill(0x5A);
    fs::write(path, bytes).expect("it can be written");
}

/// Random numbers from a seed: `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
