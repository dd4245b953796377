//! The table of faults: what happens to real daemons, one row after the other. `scripts/torture` plays them.
//!
//! Every row says how many times it was tried and how long it took until all was well again; it fails if anything
//! that was acknowledged is lost, if anything is half done, or if the fault did not strike.

mod attacks;
mod bulletin;
mod clocks;
mod disk;
mod hostile;
mod kills;
mod memory;
mod net;
mod power;
pub(crate) mod proxy;
mod relay;
mod row;
mod shim;
mod standby;

use std::panic::{AssertUnwindSafe, catch_unwind};

use corridor::node::clock;

use self::row::{Kind, Row};

/// All rows, in the order in which they are played.
const ROWS: &[Kind] = &[
    Kind {
        name: "kills",
        what: "SIGKILL at a random moment, and damage to the disk",
        quick: true,
        play: kills::kills,
    },
    Kind {
        name: "disk-full",
        what: "ENOSPC on an append, at publisher and recipient",
        quick: true,
        play: disk::full_on_append,
    },
    Kind {
        name: "disk-full-long",
        what: "ENOSPC in the middle of a long release",
        quick: true,
        play: disk::full_in_a_long_release,
    },
    Kind { name: "disk-write-error", what: "EIO on a write", quick: true, play: disk::failing_write },
    Kind {
        name: "disk-sync-error",
        what: "EIO on fsync, which is never tried again",
        quick: true,
        play: disk::failing_sync,
    },
    Kind {
        name: "disk-read-only",
        what: "EROFS on everything that writes",
        quick: true,
        play: disk::read_only,
    },
    Kind {
        name: "files-out",
        what: "EMFILE on opening a feed file",
        quick: false,
        play: disk::no_more_files,
    },
    Kind {
        name: "disk-full-database",
        what: "ENOSPC on the files of the database",
        quick: true,
        play: disk::full_database,
    },
    Kind { name: "files-few", what: "`ulimit -n` of 10 to 50", quick: true, play: memory::few_files },
    Kind {
        name: "files-accept",
        what: "EMFILE on accepting connections",
        quick: true,
        play: memory::no_accept,
    },
    Kind {
        name: "memory-little",
        what: "`ulimit -v` of 160 to 400 MiB",
        quick: false,
        play: memory::little_memory,
    },
    Kind {
        name: "small-machine",
        what: "10 million observations in 256 MiB on one processor",
        quick: false,
        play: memory::small_machine,
    },
    Kind {
        name: "power-cut",
        what: "SIGKILL, and all that was not synced is gone",
        quick: true,
        play: power::cuts,
    },
    Kind {
        name: "clock-jumps",
        what: "a day back and ahead, ten years ahead and back",
        quick: true,
        play: clocks::jumps,
    },
    Kind {
        name: "net-slow",
        what: "64 kbit/s, 800 ms there and back, 10 % of packets lost",
        quick: false,
        play: net::slow,
    },
    Kind {
        name: "net-bulletin",
        what: "bulletins over 64 kbit/s, 800 ms and 10 % loss, while routine figures cross, and by a bundle",
        quick: true,
        play: bulletin::over_a_bad_line,
    },
    Kind {
        name: "net-month",
        what: "a month of bulletins over 64 kbit/s, 800 ms and 10 % loss to a member that comes back",
        quick: false,
        play: bulletin::after_a_month,
    },
    Kind {
        name: "standby-bulletin",
        what: "SIGKILL of the node that reports; its standby goes on with the lane",
        quick: true,
        play: bulletin::by_a_standby,
    },
    Kind {
        name: "net-one-way",
        what: "one direction is dead for seconds, then the other",
        quick: true,
        play: net::one_way,
    },
    Kind {
        name: "net-half-open",
        what: "connections that carry nothing and are not closed",
        quick: true,
        play: net::half_open,
    },
    Kind {
        name: "net-flapping",
        what: "the line goes and comes every few seconds",
        quick: true,
        play: net::flapping,
    },
    Kind {
        name: "net-resets",
        what: "connections are reset in the middle of a long transfer",
        quick: true,
        play: net::resets,
    },
    Kind {
        name: "net-nat",
        what: "one side listens nowhere, or where nobody can reach it",
        quick: true,
        play: net::behind_nat,
    },
    Kind {
        name: "net-relay",
        what: "neither can be reached: a third carries, and is killed",
        quick: true,
        play: relay::relayed,
    },
    Kind { name: "net-crossed-dials", what: "both dial at once", quick: true, play: net::crossed_dials },
    Kind {
        name: "net-halves",
        what: "four nodes in two halves, joined again",
        quick: true,
        play: net::halves,
    },
    Kind {
        name: "standby",
        what: "SIGKILL of the node that leads in the middle of its work; its standby takes over, it returns and steps down",
        quick: true,
        play: standby::takes_over,
    },
    Kind {
        name: "hostile-strangers",
        what: "slow-loris, thousands of connections, unknown keys, while single figures cross",
        quick: true,
        play: hostile::strangers,
    },
    Kind {
        name: "hostile-places",
        what: "hanging handshakes from everywhere, and a partner that must get in",
        quick: true,
        play: hostile::places,
    },
    Kind {
        name: "hostile-partners",
        what: "floods, garbage, bombs and lies of an accepted partner, while single figures cross",
        quick: true,
        play: hostile::partners,
    },
];

#[test]
#[ignore = "long: scripts/torture plays them"]
fn every_fault_of_the_table_is_survived() {
    let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok());
    let only = text("CORRIDOR_TORTURE_ONLY");
    let is_asked =
        |kind: &&Kind| only.as_ref().is_none_or(|names| names.split(',').any(|name| kind.name == name));
    if text("CORRIDOR_TORTURE_LIST").is_some() {
        ROWS.iter().for_each(|kind| println!("ROW {} {}", kind.name, kind.what));
        return;
    }
    for name in only.iter().flat_map(|names| names.split(',')) {
        assert!(ROWS.iter().any(|kind| kind.name == name), "there is no row {name}: see --list");
    }
    let quick = text("CORRIDOR_TORTURE_QUICK").is_some();
    let seed = number("CORRIDOR_TORTURE_SEED").unwrap_or(clock::now().0.unsigned_abs());
    println!("\nseed {seed}");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for kind in ROWS.iter().filter(is_asked).filter(|kind| !quick || kind.quick || only.is_some()) {
        println!("row {}: {}", kind.name, kind.what);
        let mut row = Row::new(seed, quick, number("CORRIDOR_TORTURE_ROUNDS"));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (kind.play)(&mut row))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            row.fail(text.unwrap_or_else(|| "a panic".to_owned()));
        }
        let line = row.line(kind.name);
        println!("{line}");
        match &line[..4] {
            "PASS" => passed += 1,
            "SKIP" => skipped += 1,
            _ => failed += 1,
        }
    }
    if skipped > 0 {
        println!("{skipped} skipped");
    }
    println!("{passed} passed, {failed} failed");
    assert!(failed == 0 && passed + skipped > 0, "{failed} rows failed");
}
