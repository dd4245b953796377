//! Daemons and commands are killed at random moments, and nothing that was acknowledged may be missing: the row
//! `kills` of the table of faults.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use corridor::cli::demo::government::Government;
use corridor::node::clock;
use serde_json::Value;

use super::row::Row;
use crate::ledger::{Ledger, Random, figures, head};
use crate::world::{World, ask, command, files, run, stderr};

/// Rows of the longest release.
const MAX_ROWS: u64 = 1500;

/// As many kills as the row asks for.
pub(super) fn kills(row: &mut Row) {
    let rounds = row.count(10, 50);
    let mut torture = Torture::new(row.random.below(u64::MAX));
    for round in 0..rounds {
        torture.round(round, row);
    }
    for ((phase, victim), count) in &torture.kills {
        println!("  kills in {phase:?} of {victim:?}: {count}");
    }
    println!("  done to disks: {:?}", torture.damages);
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

struct Torture {
    world: World,
    random: Random,
    ledger: Ledger,
    kills: BTreeMap<(Phase, Victim), u64>,
    damages: BTreeMap<String, u64>,
    /// How long the last one took that nobody disturbed, by phase.
    usual: BTreeMap<Phase, Duration>,
}

impl Torture {
    fn new(seed: u64) -> Self {
        Self {
            world: World::agreed(),
            random: Random(seed),
            ledger: Ledger::default(),
            kills: BTreeMap::new(),
            damages: BTreeMap::new(),
            usual: BTreeMap::new(),
        }
    }

    fn round(&mut self, round: u64, row: &mut Row) {
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
        if let Some(answer) = &acknowledged {
            self.ledger.acknowledge(round, rows, answer);
        }
        let started = self.after_the_kill(victim);
        self.ledger.finish(&self.world, (round, rows), &file);
        self.ledger.is_delivered(&self.world);
        row.recovered(started.elapsed());
        self.ledger.is_of_one_mind(&self.world);
        row.tried(&format!("{name}, {disk:?}"), &mut self.ledger);
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

    /// What the killed node's files hold, before any partner can help it; then it starts again. When it began to.
    fn after_the_kill(&mut self, victim: Victim) -> Instant {
        let node = if victim == Victim::Can { &self.world.can } else { &self.world.phl };
        if self.random.below(2) == 0 {
            let feeds = ask(node, &["feeds"]);
            if victim == Victim::Can {
                let held = head(&feeds, "PHL");
                let receipted = self.ledger.receipted.as_ref().map(|(seq, _)| *seq);
                let fine = receipted.is_none_or(|receipted| held.is_some_and(|(seq, _)| seq >= receipted));
                self.ledger.holds("CAN holds what it has receipted", fine, || {
                    format!("receipted {receipted:?}, held {feeds}")
                });
            } else {
                self.ledger.is_kept(&self.world, false);
            }
        }
        let node = if victim == Victim::Can { &mut self.world.can } else { &mut self.world.phl };
        let begun = clock::stopwatch();
        let started = node.start();
        let log = node.log();
        self.ledger.holds("the killed node starts", started.is_ok(), || {
            format!("{started:?}: {}", fs::read_to_string(log).unwrap_or_default())
        });
        self.ledger.is_kept(&self.world, false);
        begun
    }
}

/// A command that runs.
pub(super) struct Running(Option<Child>);

impl Running {
    pub(super) fn take(&mut self) -> Option<Child> {
        self.0.take()
    }

    fn kill(&mut self) {
        if let Some(child) = &mut self.0 {
            let _gone = child.kill();
        }
    }
}

pub(super) fn begin(node: &Government, args: &[&str]) -> Running {
    let child = command(node).arg("--json").args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    Running(Some(child.expect("the program can be run")))
}

/// What a command answered, if it ended well.
pub(super) fn answer_of(child: Option<Child>) -> Option<Value> {
    let output = child?.wait_with_output().expect("the program ends");
    if output.status.success() { serde_json::from_slice(&output.stdout).ok() } else { None }
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
