//! Disks that become full, fail, or can no longer be written to; processes that have no more files or memory.
//!
//! Each time a daemon works, the fault strikes, and the daemon must stop by itself with a line that says what to do.
//! Then the fault is gone, it starts, and everything goes on as if nothing had been.

use std::fs;
use std::time::Duration;

use corridor::cli::demo::government::Government;
use corridor::node::clock;

use super::row::Row;
use super::shim::{EIO, ENOSPC, EROFS, Shim};
use crate::ledger::{Ledger, figures};
use crate::world::World;

/// How long a node may take to stop by itself on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Releases after which the fault must have struck.
const MOST_RELEASES: u64 = 40;
/// What a daemon that stops by itself may have written to its log about it, in bytes: it does not go round in circles.
const MOST_LOG: usize = 16 << 10;

/// Whose disk it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Phl,
    Can,
}

/// What fails.
struct Fault {
    calls: &'static str,
    path: &'static str,
    error: i32,
    /// So many calls may pass first, at most.
    passes: u64,
    victims: &'static [Victim],
    /// Rows of a release.
    rows: u64,
    /// What the log must say: the operator's way out.
    remedy: &'static str,
}

const BOTH: &[Victim] = &[Victim::Phl, Victim::Can];
const PUBLISHER: &[Victim] = &[Victim::Phl];

pub(super) fn full_on_append(row: &mut Row) {
    let fault = Fault {
        calls: "write",
        path: "/feeds/",
        error: ENOSPC,
        passes: 12,
        victims: BOTH,
        rows: 30,
        remedy: "free space",
    };
    play(row, &fault, (4, 24));
}

pub(super) fn full_in_a_long_release(row: &mut Row) {
    let fault = Fault {
        calls: "write,pwrite",
        path: "/feeds/",
        error: ENOSPC,
        passes: 3,
        victims: BOTH,
        rows: 1500,
        remedy: "free space",
    };
    play(row, &fault, (2, 16));
}

pub(super) fn failing_write(row: &mut Row) {
    let fault = Fault {
        calls: "write,writev,pwrite",
        path: "/feeds/",
        error: EIO,
        passes: 12,
        victims: BOTH,
        rows: 30,
        remedy: "check the disk",
    };
    play(row, &fault, (2, 16));
}

pub(super) fn failing_sync(row: &mut Row) {
    let fault = Fault {
        calls: "fsync,fdatasync",
        path: "/feeds/",
        error: EIO,
        passes: 8,
        victims: BOTH,
        rows: 30,
        remedy: "check the disk",
    };
    play(row, &fault, (4, 24));
}

pub(super) fn read_only(row: &mut Row) {
    let fault = Fault {
        calls: "writing,fsync,fdatasync",
        path: "-",
        error: EROFS,
        passes: 20,
        victims: BOTH,
        rows: 30,
        remedy: "mount it for writing",
    };
    play(row, &fault, (2, 16));
}

pub(super) fn no_more_files(row: &mut Row) {
    let fault = Fault {
        calls: "open",
        path: "/feeds/",
        error: super::shim::EMFILE,
        passes: 6,
        victims: PUBLISHER,
        rows: 30,
        remedy: "raise the limit of open files",
    };
    play(row, &fault, (1, 10));
}

/// The database is derived: whatever becomes of its files, the feed files are the truth. It is written out when
/// nothing else is done, and at the end.
pub(super) fn full_database(row: &mut Row) {
    let mut shims = Vec::new();
    let world = World::prepared(|phl, _| shims.push(Shim::under(phl, false, &[], &[])));
    let mut case = Case { world, ledger: Ledger::default(), next: 0 };
    let (mut struck, mut ended) = (0, 0);
    for _ in 0..row.count(2, 12) {
        let before = shims[0].struck().len();
        let passes = row.random.below(6);
        shims[0].fail(
            "write,writev,pwrite,ftruncate,open,fsync,fdatasync,sync_file_range",
            "/db/",
            ENOSPC,
            passes,
        );
        let (mut last, mut status) = ((0, String::new()), None);
        for _ in 0..4 {
            let round = case.next;
            case.next += 1;
            last = (round, figures(&case.world.path(&format!("round-{round}.csv")), round, 1_500));
            let submitted = case.world.phl.try_ask(&["submit", &last.1]).is_ok_and(|(status, _)| status == 0);
            let answer = case.world.phl.try_ask(&["release"]).ok();
            let answer = answer.filter(|(status, _)| submitted && *status == 0);
            if let Some((_, value)) = &answer {
                case.ledger.acknowledge(round, 1_500, value);
            }
            status = case.world.phl.ended(Duration::from_millis(100));
            if status.is_some() || answer.is_none() {
                break;
            }
        }
        if status.is_none() {
            // The end in order writes the database out.
            case.world.phl.stop();
        }
        ended += usize::from(status.is_some());
        let strikes = shims[0].struck().len() - before;
        case.ledger.holds("the fault struck", strikes > 0, || "it did not".to_owned());
        struck += strikes;
        shims[0].mend();
        case.ledger.is_kept(&case.world, false);
        let begun = clock::stopwatch();
        let started = case.world.phl.start();
        case.ledger.holds("it starts again", started.is_ok(), || format!("{started:?}"));
        case.ledger.finish(&case.world, (last.0, 1_500), &last.1);
        case.ledger.is_delivered(&case.world);
        row.recovered(begun.elapsed());
        case.ledger.is_of_one_mind(&case.world);
        row.tried(&format!("after {passes} calls"), &mut case.ledger);
    }
    row.note(format!("{struck} calls failed, {ended} times the node stopped at work and else at its end"));
}

fn play(row: &mut Row, fault: &Fault, (quick, full): (u64, u64)) {
    let mut shims = Vec::new();
    let world = World::prepared(|phl, can| {
        shims.extend([phl, can].map(|node| Shim::under(node, false, &[], &[])));
    });
    let mut case = Case { world, ledger: Ledger::default(), next: 0 };
    let mut struck = 0;
    for number in 0..row.count(quick, full) {
        let victim = fault.victims[(number % fault.victims.len() as u64) as usize];
        let shim = &shims[usize::from(victim == Victim::Can)];
        let passes = row.random.below(fault.passes + 1);
        let before = shim.struck().len();
        case.strike(row, shim, (fault, victim, passes));
        let strikes = shim.struck().split_off(before);
        case.ledger.holds("the fault struck", !strikes.is_empty(), || "it did not".to_owned());
        if fault.calls.contains("fsync") && fault.error == EIO {
            let mut files: Vec<&String> = strikes.iter().collect();
            files.sort_unstable();
            files.dedup();
            case.ledger
                .holds("no failed sync is tried again", files.len() == strikes.len(), || strikes.join(", "));
        }
        struck += strikes.len();
        row.tried(&format!("{victim:?}, after {passes} calls"), &mut case.ledger);
    }
    row.note(format!("{struck} calls failed"));
}

struct Case {
    world: World,
    ledger: Ledger,
    next: u64,
}

impl Case {
    fn victim(&mut self, victim: Victim) -> &mut Government {
        if victim == Victim::Can { &mut self.world.can } else { &mut self.world.phl }
    }

    /// Works until the fault has stopped the victim, takes the fault away, and goes on.
    fn strike(&mut self, row: &mut Row, shim: &Shim, (fault, victim, passes): (&Fault, Victim, u64)) {
        let log = self.victim(victim).log();
        let logged = fs::read(&log).map_or(0, |text| text.len());
        shim.fail(fault.calls, fault.path, fault.error, passes);
        let mut last = (0, String::new());
        let mut status = None;
        for _ in 0..MOST_RELEASES {
            let round = self.next;
            self.next += 1;
            let file = figures(&self.world.path(&format!("round-{round}.csv")), round, fault.rows);
            let phl = &self.world.phl;
            let submitted = phl.try_ask(&["submit", &file]).is_ok_and(|(status, _)| status == 0);
            let answer = phl.try_ask(&["release"]).ok().filter(|(status, _)| submitted && *status == 0);
            let done = answer.is_some();
            if let Some((_, value)) = answer {
                self.ledger.acknowledge(round, fault.rows, &value);
            }
            last = (round, file);
            let wait = if done { Duration::from_millis(100) } else { PATIENCE };
            status = self.victim(victim).ended(wait);
            if status.is_some() || !done {
                break;
            }
        }
        let code = status.and_then(|status| status.code());
        self.ledger
            .holds("the node stops by itself with status 1", code == Some(1), || format!("{status:?}"));
        self.says_what_to_do(&log, logged, fault.remedy);
        shim.mend();
        self.victim(victim).kill();
        self.ledger.is_kept(&self.world, false);
        let begun = clock::stopwatch();
        let started = self.victim(victim).start();
        self.ledger.holds("it starts again", started.is_ok(), || format!("{started:?}"));
        self.ledger.is_kept(&self.world, false);
        self.ledger.finish(&self.world, (last.0, fault.rows), &last.1);
        self.ledger.is_delivered(&self.world);
        row.recovered(begun.elapsed());
        self.ledger.is_of_one_mind(&self.world);
    }

    fn says_what_to_do(&mut self, log: &std::path::Path, from: usize, remedy: &str) {
        let bytes = fs::read(log).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("the node stops")).collect();
        let clear = matches!(&lines[..], [line] if line.contains(remedy));
        self.ledger.holds(&format!("one line of the log says {remedy:?}"), clear, || text.clone());
        self.ledger.holds("the log stays short", text.len() < MOST_LOG, || format!("{} bytes", text.len()));
        self.ledger.holds("nothing panicked", !text.contains("panicked"), || text.clone());
    }
}
