//! Federations in simulated trouble. `CORRIDOR_SEED=n` replays one run with its trace, `CORRIDOR_SEEDS=n` runs more
//! of them, from `CORRIDOR_FIRST` on, `CORRIDOR_NODES=n` with so many governments. `scripts/simulate` does all.

#[path = "../sim/sim.rs"]
pub(crate) mod sim;

use std::str::FromStr;

use sim::run::{Passed, run};

/// How many runs CI makes.
const SEEDS: u64 = 150;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn federations_in_trouble_lose_nothing_leak_nothing_and_agree_in_the_end() {
    let governments = setting("CORRIDOR_NODES");
    if let Some(seed) = setting("CORRIDOR_SEED") {
        let passed = run(seed, governments, true).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        println!("seed {seed}: {passed:?}");
        return;
    }
    let first = setting("CORRIDOR_FIRST").unwrap_or(0);
    let count = setting("CORRIDOR_SEEDS").unwrap_or(SEEDS);
    let (mut failed, mut all, mut largest) = (Vec::new(), Passed::default(), 0);
    for seed in first..first + count {
        match run(seed, governments, false) {
            Ok(passed) => {
                largest = largest.max(passed.nodes);
                add(&mut all, &passed);
            }
            Err(what) => failed.push((seed, what)),
        }
    }
    let Passed { nodes, entries, forks, millis, tally, .. } = all;
    println!(
        "{:.0} simulated hours of {nodes} nodes ({largest} in the largest run), {} events, {} messages",
        millis as f64 / 3.6e6,
        tally.events,
        tally.messages
    );
    println!(
        "{} crashes, {} partitions, {} restores from old backups, {} own entries taken back, {} settled feeds doubted, \
         {} in recovery to the end, {forks} proofs of forks held",
        tally.crashes, tally.partitions, tally.restores, tally.recovered, tally.doubts, tally.unsettled
    );
    println!(
        "{} sealed entries carried, {} pairs of parties never met, {} feeds forked by a restored publisher",
        tally.carried, tally.apart, tally.signed_twice
    );
    println!(
        "{} changes of keys, {} partners removed, {} times an entry was held for its date, {} shown ahead of their \
         history, {entries} entries held",
        tally.key_changes, tally.removals, tally.held, tally.shown
    );
    for (seed, what) in &failed {
        println!("seed {seed}: {what}\n  CORRIDOR_SEED={seed} scripts/simulate");
    }
    println!("{} passed, {} failed", count - failed.len() as u64, failed.len());
    assert!(failed.is_empty(), "{} of {count} runs failed; the first: {:?}", failed.len(), failed.first());
}

fn add(all: &mut Passed, one: &Passed) {
    all.nodes += one.nodes;
    all.entries += one.entries;
    all.forks += one.forks;
    all.millis += one.millis;
    let (sum, tally) = (&mut all.tally, &one.tally);
    sum.events += tally.events;
    sum.messages += tally.messages;
    sum.crashes += tally.crashes;
    sum.partitions += tally.partitions;
    sum.restores += tally.restores;
    sum.recovered += tally.recovered;
    sum.doubts += tally.doubts;
    sum.unsettled += tally.unsettled;
    sum.carried += tally.carried;
    sum.signed_twice += tally.signed_twice;
    sum.apart += tally.apart;
    sum.key_changes += tally.key_changes;
    sum.removals += tally.removals;
    sum.held += tally.held;
    sum.shown += tally.shown;
}

#[test]
fn eighty_governments_agree_in_the_end() {
    let passed = run(3, Some(80), false);
    assert!(
        passed.as_ref().is_ok_and(|passed| passed.nodes >= 80),
        "{passed:?}\n  CORRIDOR_SEED=3 CORRIDOR_NODES=80 scripts/simulate"
    );
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [1, 7, 42] {
        let (one, other) = (run(seed, None, false), run(seed, None, false));
        assert!(one.is_ok(), "{one:?}");
        assert_eq!(one, other, "seed {seed}");
    }
    assert_ne!(run(1, None, false).map(|passed| passed.hash), run(2, None, false).map(|passed| passed.hash));
}
