//! A node in several groups leaks nothing between them, and gives everyone what it may have: random governments,
//! agreements, figures and links, with real nodes and the real bytes between them.
//!
//! ```text
//!  case ──▶ world: engines, stores and exchanges on disk, the frames between them in hand
//!    │        │ every frame, when it is sent        all files, all that was sent, when it is over
//!    ▼        ▼                                       ▼
//!  ledger: who may have what, by the words ──▶ judged ──▶ searched for every value, key and name
//! ```
//!
//! `CORRIDOR_LEAK_SEED=n` runs one case and prints what happens in it, `CORRIDOR_LEAK_CASES=n` sets how many are run
//! in all, `CORRIDOR_LEAK_FIRST=n` from which on. Start reading at [`ledger`], then [`case`], then [`verdict`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use case::Case;
use verdict::Passed;

mod case;
mod cast;
mod figures;
mod grep;
mod ledger;
mod scenes;
mod verdict;
mod world;

/// How many cases CI runs, and in how many tests side by side.
const CASES: u64 = 1_000;
const CHUNKS: u64 = 4;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(seed: u64, print: bool) -> Result<Passed, String> {
    let run = || {
        let mut case = Case::new(seed, print);
        case.play();
        case.finish()
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(|one| (*one).to_owned())).unwrap_or_default())
    })
}

fn chunk(number: u64) {
    if let Some(seed) = setting("CORRIDOR_LEAK_SEED") {
        if number == 0 {
            let passed = run(seed, true).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
            println!("seed {seed}: {passed:?}");
        }
        return;
    }
    let first = setting("CORRIDOR_LEAK_FIRST").unwrap_or(0);
    let count = setting("CORRIDOR_LEAK_CASES").unwrap_or(CASES).div_ceil(CHUNKS);
    std::panic::set_hook(Box::new(|_| {}));
    let (mut failed, mut sum) = (Vec::new(), Passed::default());
    for seed in (first..).skip((number * count) as usize).take(count as usize) {
        match run(seed, false) {
            Ok(passed) => sum += passed,
            Err(what) => failed.push((seed, what)),
        }
    }
    drop(std::panic::take_hook());
    println!("{sum:?}");
    for (seed, what) in &failed {
        println!(
            "seed {seed}: {what}\n  CORRIDOR_LEAK_SEED={seed} cargo test --release --test it leak:: -- --nocapture"
        );
    }
    assert!(failed.is_empty(), "{} of {count} cases failed; the first: {:?}", failed.len(), failed.first());
    assert!(sum.arrived as u64 >= count, "so little has arrived that nothing is shown: {sum:?}");
    assert!(sum.withheld as u64 >= count, "so little was withheld that nothing is shown: {sum:?}");
}

#[test]
fn nothing_leaks_between_groups_in_the_first_quarter_of_cases() {
    chunk(0);
}

#[test]
fn nothing_leaks_between_groups_in_the_second_quarter_of_cases() {
    chunk(1);
}

#[test]
fn nothing_leaks_between_groups_in_the_third_quarter_of_cases() {
    chunk(2);
}

#[test]
fn nothing_leaks_between_groups_in_the_last_quarter_of_cases() {
    chunk(3);
}

#[test]
fn the_same_seed_is_the_same_case() {
    let sent = |seed: u64| {
        let mut case = Case::new(seed, false);
        case.play();
        case.wire
    };
    for seed in [1, 7, 42] {
        assert!(sent(seed) == sent(seed), "seed {seed}");
    }
    assert!(sent(1) != sent(2));
}
