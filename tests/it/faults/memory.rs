//! Processes that have no more files or memory: real limits, set by prlimit, and a small machine.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;

use super::row::{Row, seconds};
use super::shim::{EMFILE, Shim};
use crate::ledger::{Ledger, figures};
use crate::world::{World, ask, text};

const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the daemon itself can be reached: a command would else open the store without it.
fn listens(node: &Government) -> bool {
    UnixStream::connect(corridor::node::home::socket(node.dir())).is_ok()
}

/// Whether a program is here.
pub(super) fn is_here(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Memory of a process in KiB: `VmHWM` is the most that was resident.
pub(super) fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

/// So few files that the node hardly starts, or must stop at work; every number in between.
pub(super) fn few_files(row: &mut Row) {
    if !is_here("prlimit") {
        return row.skip("there is no prlimit");
    }
    let (mut world, mut ledger) = (World::agreed(), Ledger::default());
    let (mut refused, mut stopped, mut went_on) = (0, 0, 0);
    for round in 0..row.count(2, 12) {
        world.phl.stop();
        let limit = 10 + row.random.below(40);
        world.phl.start_by(&["prlimit", &format!("--nofile={limit}")], &[]);
        let file = figures(&world.path(&format!("round-{round}.csv")), round, 20);
        let begun = clock::stopwatch();
        let up = world.phl.launch().is_ok() && wait(Duration::from_secs(3), || listens(&world.phl));
        let submitted = up && world.phl.try_ask(&["submit", &file]).is_ok_and(|(status, _)| status == 0);
        let released = world.phl.try_ask(&["release"]).ok().filter(|(status, _)| submitted && *status == 0);
        if let Some((_, answer)) = &released {
            ledger.acknowledge(round, 20, answer);
        }
        match world.phl.ended(Duration::from_millis(500)) {
            Some(status) if up => {
                stopped += 1;
                ledger.holds("it stops with status 1", status.code() == Some(1), || format!("{status:?}"));
            }
            Some(status) => {
                refused += 1;
                ledger.holds("it refuses with status 1", status.code() == Some(1), || format!("{status:?}"));
            }
            None => went_on += 1,
        }
        let log = fs::read_to_string(world.phl.log()).unwrap_or_default();
        ledger.holds("nothing panicked", !log.contains("panicked"), || log.clone());
        ledger.holds("the log stays short", log.len() < 1 << 20, || format!("{} bytes", log.len()));
        world.phl.kill();
        world.phl.start_by(&[], &[]);
        ledger.is_kept(&world, false);
        world.phl.start().expect("it starts with enough files");
        ledger.finish(&world, (round, 20), &file);
        ledger.is_delivered(&world);
        row.recovered(begun.elapsed());
        ledger.is_of_one_mind(&world);
        row.tried(&format!("{limit} files, up: {up}, released: {}", released.is_some()), &mut ledger);
    }
    row.note(format!("{refused} did not start, {stopped} stopped at work, {went_on} went on"));
}

/// Connections cannot be accepted for a while.
pub(super) fn no_accept(row: &mut Row) {
    let mut shims = Vec::new();
    let mut world = World::prepared(|phl, can| {
        shims.push(Shim::under(phl, false, &[], &[]));
        // Only CAN dials.
        can.start_by(&[], &[("CORRIDOR_NET_LISTEN", "[]"), ("CORRIDOR_NET_RECONNECT_MAX", "1s")]);
    });
    let mut ledger = Ledger::default();
    for round in 0..row.count(1, 6) {
        world.can.stop();
        let before = shims[0].struck().len();
        shims[0].fail("accept4", "-", EMFILE, 0);
        world.can.launch().expect("it can be started");
        std::thread::sleep(Duration::from_secs(2));
        let struck = shims[0].struck().len() - before;
        ledger.holds("the fault struck", struck > 0, || "it did not".to_owned());
        // A loop without a pause would strike a hundred thousand times in these two seconds.
        ledger.holds("it does not go round in circles", struck < 20_000, || format!("{struck} calls"));
        shims[0].mend();
        let begun = clock::stopwatch();
        let up = wait(PATIENCE, || world.phl.ask(&["peers"]).is_ok());
        ledger.holds("it answers again", up, || "it does not".to_owned());
        let file = figures(&world.path(&format!("round-{round}.csv")), round, 20);
        ask(&world.phl, &["submit", &file]);
        let answer = ask(&world.phl, &["release"]);
        ledger.acknowledge(round, 20, &answer);
        ledger.is_delivered(&world);
        row.recovered(begun.elapsed());
        ledger.is_of_one_mind(&world);
        row.tried(&format!("{struck} calls failed"), &mut ledger);
    }
}

/// Less and less address space, until it does not even start: `ulimit -v`.
pub(super) fn little_memory(row: &mut Row) {
    if !is_here("prlimit") {
        return row.skip("there is no prlimit");
    }
    let (mut world, mut ledger) = (World::agreed(), Ledger::default());
    let mut ends = Vec::new();
    for (round, mebibytes) in
        (0..row.count(3, 12)).zip([220_u64, 300, 160, 190, 250, 400, 270, 175, 205, 235, 285, 320])
    {
        world.phl.stop();
        world.phl.start_by(&["prlimit", &format!("--as={}", mebibytes << 20)], &[]);
        let file = figures(&world.path(&format!("round-{round}.csv")), round, 1_500);
        let begun = clock::stopwatch();
        let up = world.phl.launch().is_ok() && wait(Duration::from_secs(4), || listens(&world.phl));
        let submitted = up && world.phl.try_ask(&["submit", &file]).is_ok_and(|(status, _)| status == 0);
        let released = world.phl.try_ask(&["release"]).ok().filter(|(status, _)| submitted && *status == 0);
        if let Some((_, answer)) = &released {
            ledger.acknowledge(round, 1_500, answer);
        }
        let status = world.phl.ended(Duration::from_millis(500));
        // Rust ends a process that gets no memory with SIGABRT: as good as a kill, and nothing is half done.
        ledger.holds("an end is not a success", status.is_none_or(|status| !status.success()), || {
            format!("{status:?}")
        });
        let end = match status {
            None => "went on",
            Some(_) if up => "ended at work",
            Some(_) => "did not start",
        };
        ends.push(format!("{mebibytes} MiB {end}"));
        world.phl.kill();
        world.phl.start_by(&[], &[]);
        ledger.is_kept(&world, false);
        world.phl.start().expect("it starts with enough memory");
        ledger.finish(&world, (round, 1_500), &file);
        ledger.is_delivered(&world);
        row.recovered(begun.elapsed());
        ledger.is_of_one_mind(&world);
        row.tried(&format!("{mebibytes} MiB of addresses, {end}"), &mut ledger);
    }
    row.note(ends.join(", "));
}

/// Ten million observations on one processor with 256 MiB.
pub(super) fn small_machine(row: &mut Row) {
    let rows: usize = if row.quick { 100_000 } else { 10_000_000 };
    let (Some(of_phl), Some(of_can)) = (Limits::new("phl"), Limits::new("can")) else {
        return row
            .skip("no control group can be made that limits memory, and no prlimit and taskset are here");
    };
    let bound = of_phl.words();
    let mut world = World::prepared(|phl, can| {
        for (node, limits) in [(phl, &of_phl), (can, &of_can)] {
            let launcher = limits.launcher();
            node.start_by(&launcher.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        }
    });
    let mut ledger = Ledger::default();
    let file = world.path("many.csv");
    write_many(&file, rows).expect("the file can be written");
    let begun = clock::stopwatch();
    let phl = &world.phl;
    for words in [&["submit", &text(&file)][..], &["release"]] {
        let done = phl.try_ask(words).is_ok_and(|(status, _)| status == 0);
        ledger.holds(&format!("{} is done within {bound}", words[0]), done, || {
            format!("{:?}", fs::read_to_string(phl.log()).unwrap_or_default().lines().last())
        });
    }
    let released = begun.elapsed();
    let counts = |node: &Government| {
        let feeds = node.ask(&["feeds"]).unwrap_or_default();
        let all = feeds["feeds"].as_array().cloned().unwrap_or_default();
        let public = all.iter().find(|feed| feed["country"] == "PHL" && feed["agreement_name"] == "public");
        public.and_then(|feed| feed["observations"].as_u64()).unwrap_or(0)
    };
    let synced = wait(Duration::from_secs(600), || counts(&world.can) == rows as u64);
    ledger.holds("the partner holds all", synced, || counts(&world.can).to_string());
    let all = begun.elapsed();
    let peaks = [&world.phl, &world.can].map(|node| node.pid().map_or(0, peak) / 1_024);
    let mut started = Vec::new();
    for node in [&mut world.phl, &mut world.can] {
        node.stop();
        let begun = clock::stopwatch();
        let up = node.start();
        ledger.holds("it starts again", up.is_ok(), || format!("{up:?}"));
        started.push(begun.elapsed());
    }
    let begun = clock::stopwatch();
    let one = world.can.get(&["MS_FBORN", "M.PHL.CAN", "--from", "PHL"]).unwrap_or_default().len();
    ledger.holds("a corridor is found", one > 0, || "it is not".to_owned());
    let query = begun.elapsed();
    row.note(format!(
        "{rows} observations, {bound}: released in {}, at the partner after {}, most memory {} and {} MiB, start {} and {}, a corridor's {one} figures in {}",
        seconds(released), seconds(all), peaks[0], peaks[1], seconds(started[0]), seconds(started[1]), seconds(query)
    ));
    row.tried("submit, release, sync, restart, query", &mut ledger);
}

/// What bounds the memory of a daemon.
struct Limits {
    group: Option<std::path::PathBuf>,
}

impl Limits {
    /// A control group of version 2 or 1, if one can be made; else the address space is bounded.
    fn new(node: &str) -> Option<Self> {
        if !is_here("taskset") {
            return None;
        }
        let name = format!("corridor-{}-{node}", std::process::id());
        for (root, file) in
            [("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")]
        {
            let group = std::path::Path::new(root).join(&name);
            let made = fs::create_dir(&group).is_ok();
            // Elsewhere than under a controller this is a directory like any other.
            let limit = group.join(file);
            if made && limit.exists() && fs::write(&limit, (256_u64 << 20).to_string()).is_ok() {
                return Some(Self { group: Some(group) });
            }
            let _not_made = fs::remove_dir(&group);
        }
        is_here("prlimit").then_some(Self { group: None })
    }

    /// What it does, in words.
    fn words(&self) -> &'static str {
        match self.group {
            Some(_) => "each node in 256 MiB (control group) on one processor",
            None => "each node with 1 GiB of addresses on one processor",
        }
    }

    /// The words before the program.
    fn launcher(&self) -> Vec<String> {
        let script = match &self.group {
            Some(group) => {
                let procs = group.join("cgroup.procs");
                format!("echo $$ > {} && exec taskset -c 0 \"$@\"", procs.display())
            }
            None => format!("exec prlimit --as={} taskset -c 0 \"$@\"", 1_u64 << 30),
        };
        ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
    }
}

impl Drop for Limits {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            let _stays = fs::remove_dir(group);
        }
    }
}

/// A tidy file of monthly figures by counterpart, sex, age and period.
fn write_many(path: &std::path::Path, rows: usize) -> std::io::Result<()> {
    use std::io::Write;
    let areas: Vec<&str> = include_str!("../../../config/codelists/iso3166_1_en_fr_es_ar.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            line.split(',').find(|cell| cell.len() == 3 && cell.chars().all(|c| c.is_ascii_uppercase()))
        })
        .filter(|code| *code != "PHL")
        .collect();
    let ages: Vec<String> = (0..15).map(|n| format!("Y{}T{}", n * 5, n * 5 + 4)).collect();
    let mut out = std::io::BufWriter::new(fs::File::create(path)?);
    writeln!(out, "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,TIME_PERIOD,OBS_VALUE,DISC_RULE")?;
    let mut written = 0;
    for age in &ages {
        for sex in ["F", "M"] {
            for area in &areas {
                for month in 0..12 * 120 {
                    if written == rows {
                        return out.flush();
                    }
                    let (year, month) = (1900 + month / 12, month % 12 + 1);
                    writeln!(
                        out,
                        "M,PHL,{area},MS_FBORN,BIR,{sex},{age},{year}-{month:02},{},D0",
                        20 + written % 9_973
                    )?;
                    written += 1;
                }
            }
        }
    }
    out.flush()
}
