//! Federations in simulated trouble. `CORRIDOR_SEED=n` replays one run with its trace, `CORRIDOR_SEEDS=n` runs more
//! of them, from `CORRIDOR_FIRST` on. `scripts/simulate` does both.

#[path = "../sim/sim.rs"]
pub(crate) mod sim;

use std::str::FromStr;

use sim::run::run;

/// How many runs CI makes.
const SEEDS: u64 = 200;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn federations_in_trouble_lose_nothing_leak_nothing_and_agree_in_the_end() {
    if let Some(seed) = setting("CORRIDOR_SEED") {
        let passed = run(seed, true).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
        println!("seed {seed}: {passed:?}");
        return;
    }
    let first = setting("CORRIDOR_FIRST").unwrap_or(0);
    let count = setting("CORRIDOR_SEEDS").unwrap_or(SEEDS);
    std::panic::set_hook(Box::new(|_| {}));
    let (mut failed, mut events, mut entries, mut forks) = (Vec::new(), 0, 0, 0);
    for seed in first..first + count {
        match run(seed, false) {
            Ok(passed) => {
                events += passed.events;
                entries += passed.entries;
                forks += passed.forks;
            }
            Err(what) => failed.push((seed, what)),
        }
    }
    drop(std::panic::take_hook());
    println!("{events} events, {entries} entries held, {forks} proofs of forks held");
    for (seed, what) in &failed {
        println!("seed {seed}: {what}\n  CORRIDOR_SEED={seed} scripts/simulate");
    }
    println!("{} passed, {} failed", count - failed.len() as u64, failed.len());
    assert!(failed.is_empty(), "{} of {count} runs failed; the first: {:?}", failed.len(), failed.first());
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [1, 7, 42] {
        let (one, other) = (run(seed, false), run(seed, false));
        assert!(one.is_ok(), "{one:?}");
        assert_eq!(one, other, "seed {seed}");
    }
    assert_ne!(run(1, false).map(|passed| passed.hash), run(2, false).map(|passed| passed.hash));
}
