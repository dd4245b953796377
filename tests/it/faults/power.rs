//! Power cuts: what was written and not synced is gone.
//!
//! The shim notes what the daemon syncs. After a SIGKILL at a random moment every feed file is cut back to the length
//! that it had when it was synced last, or to any length from there on, as a disk may have written more by itself; a
//! file whose directory was not synced after it was made is gone. The database is dropped, kept, or an older copy of
//! it put in its place: it may hold anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use corridor::cli::demo::government::Government;
use corridor::node::clock;

use super::row::Row;
use super::shim::Shim;
use crate::ledger::{Ledger, Random, figures};
use crate::world::{World, command, files, text};

pub(super) fn cuts(row: &mut Row) {
    let mut shims = Vec::new();
    let world = World::prepared(|phl, can| {
        shims.extend([phl, can].map(|node| Shim::under(node, true, &[], &[])));
    });
    let (mut world, mut ledger) = (world, Ledger::default());
    let (mut cut_files, mut cut_bytes) = (0, 0);
    for round in 0..row.count(5, 50) {
        let is_can = row.random.below(3) == 0;
        let most = if row.random.below(3) == 0 { 1_500 } else { 40 };
        let rows = 1 + row.random.below(most);
        let file = figures(&world.path(&format!("round-{round}.csv")), round, rows);
        let node = if is_can { &world.can } else { &world.phl };
        let old = world.path("older-database");
        let copied = row.random.below(2) == 0 && copy(&node.dir().join("db"), &old).is_ok();
        let delay = Duration::from_micros(row.random.below(200_000));
        let answer = cut_off(&mut world, &shims, &file, (is_can, delay));
        if let Some(answer) = &answer {
            ledger.acknowledge(round, rows, answer);
        }
        let shim = &shims[usize::from(is_can)];
        let node = if is_can { &world.can } else { &world.phl };
        let (files, bytes) = lose_what_was_not_synced(node, shim, &mut row.random);
        (cut_files, cut_bytes) = (cut_files + files, cut_bytes + bytes);
        let database = match row.random.below(3) {
            0 => "no database",
            1 if copied => {
                let db = node.dir().join("db");
                let _old = fs::remove_dir_all(&db);
                copy(&old, &db).expect("it can be copied back");
                "an older database"
            }
            _ => "the database as it was",
        };
        if !is_can {
            ledger.is_kept(&world, false);
        }
        let begun = clock::stopwatch();
        let node = if is_can { &mut world.can } else { &mut world.phl };
        let started = node.start();
        ledger.holds("it starts again", started.is_ok(), || format!("{started:?}"));
        ledger.is_kept(&world, false);
        ledger.finish(&world, (round, rows), &file);
        ledger.is_delivered(&world);
        row.recovered(begun.elapsed());
        ledger.is_of_one_mind(&world);
        let who = if is_can { "CAN" } else { "PHL" };
        row.tried(
            &format!("{who} after {} ms, {rows} rows, {bytes} bytes lost, {database}", delay.as_millis()),
            &mut ledger,
        );
    }
    row.note(format!("{cut_bytes} bytes of {cut_files} files that were not synced were dropped"));
}

/// Takes a file in and releases it, and cuts the power after so long; what the release answered.
fn cut_off(
    world: &mut World,
    shims: &[Shim],
    file: &str,
    (is_can, delay): (bool, Duration),
) -> Option<serde_json::Value> {
    let mut work = Vec::new();
    for words in [&["submit", file][..], &["release"]] {
        let mut asked = command(&world.phl);
        asked.arg("--json").args(words).stdout(Stdio::piped()).stderr(Stdio::null());
        // When the daemon is gone the second one finds none, and writes by itself.
        shims[0].under_command(&mut asked);
        work.push(asked);
    }
    std::thread::scope(|scope| {
        let asked = scope.spawn(move || {
            let mut last = None;
            for mut one in work {
                let output = one.output().ok().filter(|output| output.status.success())?;
                last = serde_json::from_slice(&output.stdout).ok();
            }
            last
        });
        std::thread::sleep(delay);
        if is_can {
            world.can.kill()
        } else {
            world.phl.kill()
        }
        asked.join().expect("no panic")
    })
}

/// What a journal says of files: made since, synced up to; and directories synced.
#[derive(Default)]
struct Durable {
    /// Files that were made while the shim watched, and whose directory was not synced since.
    fresh: BTreeSet<PathBuf>,
    lengths: BTreeMap<PathBuf, u64>,
    made: BTreeSet<PathBuf>,
}

impl Durable {
    fn read(journal: &[String]) -> Self {
        let mut this = Self::default();
        for line in journal {
            let (what, rest) = line.split_at(2);
            match what.trim_end() {
                "C" => {
                    this.lengths.remove(Path::new(rest));
                    this.fresh.insert(rest.into());
                    this.made.insert(rest.into());
                }
                "S" => {
                    let (length, path) = rest.split_once(' ').expect("a length and a path");
                    let length = length.parse().expect("a length");
                    // A file may have been cut and synced: what was synced last counts.
                    this.lengths.insert(path.into(), length);
                }
                "D" => this.fresh.retain(|file| file.parent() != Some(Path::new(rest))),
                "R" => {
                    let (from, to) = rest.split_once('\t').expect("two paths");
                    if let Some(length) = this.lengths.remove(Path::new(from)) {
                        this.lengths.insert(to.into(), length);
                    }
                    this.fresh.remove(Path::new(from));
                    if this.made.remove(Path::new(from)) {
                        this.made.insert(to.into());
                    }
                }
                _ => {
                    this.lengths.remove(Path::new(rest));
                    this.fresh.remove(Path::new(rest));
                    this.made.remove(Path::new(rest));
                }
            }
        }
        this
    }
}

/// Cuts the feed files of a node that was killed; how many, and by how many bytes.
fn lose_what_was_not_synced(node: &Government, shim: &Shim, random: &mut Random) -> (u64, u64) {
    let journal = shim.journal();
    assert!(journal.iter().any(|line| line.starts_with("S ")), "the journal says what was synced");
    let durable = Durable::read(&journal);
    let dir = fs::canonicalize(node.dir().join("feeds")).expect("it has feeds");
    let (mut count, mut bytes) = (0, 0);
    for path in files(&dir, "") {
        let length = fs::metadata(&path).map_or(0, |data| data.len());
        if durable.fresh.contains(&path) && random.below(2) == 0 {
            fs::remove_file(&path).expect("it can be removed");
            (count, bytes) = (count + 1, bytes + length);
            continue;
        }
        // What was there before the shim watched is durable as it is; a file that it saw made is so far as it was synced.
        let known = durable.lengths.get(&path).copied();
        let synced = known.unwrap_or(if durable.made.contains(&path) { 0 } else { length });
        if synced >= length {
            continue;
        }
        let keep = if random.below(2) == 0 { synced } else { synced + random.below(length - synced) };
        let file = OpenOptions::new().write(true).open(&path).expect("a file of a feed");
        file.set_len(keep).expect("it can be cut");
        (count, bytes) = (count + 1, bytes + length - keep);
    }
    (count, bytes)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for path in files(from, "") {
        let inside = path.strip_prefix(from).map_err(std::io::Error::other)?;
        let target = to.join(inside);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(&path, &target)
            .map_err(|error| std::io::Error::other(format!("{}: {error}", text(&path))))?;
    }
    Ok(())
}
