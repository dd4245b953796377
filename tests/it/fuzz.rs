//! Fuzzing of everything that reads bytes, and of the replica: thousands of inputs near the real ones.
//!
//! The inputs are changed examples: bits flipped, lengths and counts set to their edges, pieces removed, repeated and
//! exchanged, words put for other words. The examples lie in `tests/corpus`, made by the product's own code, beside
//! inputs that once failed (`once-…`), which are tried first for ever. Where a checksum or a signature would hide what
//! lies behind it, it is put right or made: many targets sign what was changed, as a hostile partner would.
//!
//! Each check says what must hold: no panic; what is accepted is encoded to the same bytes and verifies; memory and time
//! have bounds. A run is the same for the same seed. An input that fails is made small and written to a file.
//!
//! The stable toolchain gives no coverage, so nothing guides the changes but chance: the examples decide what is reached.
//! A fuzzing library would not help there: on stable, `bolero` draws bytes at random and does not change examples, and
//! random bytes do not get past the first signature.
//!
//! `scripts/check` also runs each for a minute, beside the tests. `scripts/fuzz` runs longer, one target or all, and makes the examples anew after a format has changed.

mod cast;
mod doors;
mod mutate;
mod run;
mod sdmx;
mod signed;
mod talk;
mod views;
mod workbook;
mod written;

use std::fs;

use run::{Budget, Outcome, Target};

/// Inputs that once failed begin with this; the others are made.
const ONCE: &str = "once-";
/// The most memory that the process may take while it runs one target, in MiB: the rooms promise far less.
const MAX_MEMORY: u64 = 512;

macro_rules! targets {
    ($($name:ident, $cases:literal, $check:path, $examples:path, $mend:expr;)+) => {
        const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            cases: $cases,
            check: $check,
            examples: $examples,
            mend: $mend,
        }),+];

        /// A quick run of each; `scripts/fuzz` runs longer.
        mod quick {
            $(#[test]
            fn $name() {
                super::quick(stringify!($name));
            })+
        }
    };
}

targets! {
    message, 100_000, talk::message, talk::message_examples, None;
    conversation, 3_000, talk::conversation, talk::conversation_examples, None;
    header, 20_000, signed::header, signed::header_examples, None;
    card, 10_000, signed::card, signed::card_examples, None;
    card_text, 20_000, signed::card_text, signed::card_text_examples, None;
    mandate, 10_000, signed::mandate, signed::mandate_examples, None;
    frames, 8_000, signed::frames_of_a_feed, signed::frames_examples, Some(signed::mend_frames);
    signed_entry, 3_000, signed::signed_entry, signed::signed_entry_examples, None;
    block, 20_000, signed::block, signed::block_examples, None;
    columns, 20_000, signed::columns, signed::columns_examples, None;
    record, 60_000, signed::record, signed::record_examples, None;
    citation, 10_000, signed::citation, signed::citation_examples, None;
    bundle, 5_000, signed::bundle, signed::bundle_examples, None;
    manifest, 3_000, signed::manifest, signed::manifest_examples, None;
    agreement, 8_000, written::agreement, written::agreement_examples, None;
    consent, 10_000, written::consent, written::consent_examples, None;
    erasure, 60_000, written::erasure, written::erasure_examples, None;
    edition, 20_000, written::edition, written::edition_examples, None;
    table, 10_000, written::table, written::table_examples, None;
    workbook, 1_500, workbook::workbook, workbook::examples, None;
    sdmx_csv, 3_000, sdmx::message, sdmx::csv_examples, None;
    sdmx_ml, 3_000, sdmx::message, sdmx::xml_examples, None;
    sdmx_rest, 20_000, sdmx::address, sdmx::address_examples, None;
    mapping, 20_000, written::mapping, written::mapping_examples, None;
    settings, 3_000, written::settings, written::settings_examples, None;
    words, 20_000, written::words, written::words_examples, None;
    store, 120, doors::store, doors::store_examples, None;
    socket, 6_000, doors::socket, doors::socket_examples, None;
    pages, 2_000, doors::pages, doors::pages_examples, None;
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name")
}

fn quick(name: &str) {
    let target = target(name);
    let outcome = run::run(target, 1, Budget::Cases(target.cases));
    if let Some((path, what)) = outcome.failure {
        panic!("{name}: {what}\n  the input: {}\n  scripts/fuzz --replay {name} FILE", path.display());
    }
}

/// The examples are the product's own, and it takes them.
#[test]
fn the_corpus_is_accepted() {
    for target in TARGETS {
        let corpus = run::corpus(target.name);
        assert!(!corpus.is_empty(), "{}: scripts/fuzz --make-corpus", target.name);
        let made = corpus.iter().filter(|(name, _)| !name.starts_with(ONCE));
        let accepted = made.filter(|(_, bytes)| run::attempt(target, bytes) == Ok(true)).count();
        assert!(accepted > 0, "{}: no example is accepted; scripts/fuzz --make-corpus", target.name);
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = |seed| {
        let Outcome { cases, accepted, .. } = run::run(target("message"), seed, Budget::Cases(2_000));
        (cases, accepted)
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the target at this place is of this part, `2/4` being every fourth from the second on.
fn is_of(part: &str, at: usize) -> bool {
    let (which, of) = part.split_once('/').expect("a part is WHICH/OF");
    let number =
        |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0).expect("a part is of numbers");
    at % number(of) == number(which) - 1
}

/// What `scripts/fuzz` runs.
#[test]
#[ignore = "as long as you like: scripts/fuzz"]
fn long() {
    let only = setting("CORRIDOR_FUZZ_TARGET");
    let seconds = setting("CORRIDOR_FUZZ_SECONDS").and_then(|text| text.parse().ok()).unwrap_or(60);
    let seed = setting("CORRIDOR_FUZZ_SEED").and_then(|text| text.parse().ok()).unwrap_or(1);
    let part = setting("CORRIDOR_FUZZ_PART");
    let chosen = TARGETS.iter().enumerate().filter(|(at, target)| {
        only.as_deref().is_none_or(|only| only == target.name)
            && part.as_deref().is_none_or(|part| is_of(part, *at))
    });
    let (mut passed, mut failed) = (0, 0);
    println!(
        "{:<14} {:>9} {:>10} {:>9} {:>10} {:>8}",
        "target", "cases", "cases/s", "accepted", "slowest", "memory"
    );
    for (_, target) in chosen {
        let before = run::peak_memory().unwrap_or(0);
        let Outcome { cases, accepted, seconds, slowest, failure } =
            run::run(target, seed, Budget::Seconds(seconds));
        let memory = run::peak_memory().unwrap_or(0);
        println!(
            "{:<14} {cases:>9} {:>10.0} {:>8.1}% {:>7.1} ms {memory:>4} MiB",
            target.name,
            cases as f64 / seconds.max(0.001),
            accepted as f64 * 100.0 / cases as f64,
            slowest.as_secs_f64() * 1e3,
        );
        let too_much = memory > MAX_MEMORY && memory > before;
        if let Some((path, what)) = &failure {
            println!("FAIL {}: {what}\n  the input: {}", target.name, path.display());
        } else if too_much {
            println!("FAIL {}: {memory} MiB of memory", target.name);
        }
        if failure.is_some() || too_much { failed += 1 } else { passed += 1 }
    }
    println!("{passed} passed, {failed} failed");
    assert!(passed + failed > 0, "no target of this name");
    assert_eq!(failed, 0);
}

/// Tries one input.
#[test]
#[ignore = "one input by hand: scripts/fuzz --replay"]
fn replay() {
    let name = setting("CORRIDOR_FUZZ_TARGET").expect("a target");
    let file = setting("CORRIDOR_FUZZ_FILE").expect("a file");
    let bytes = fs::read(file).expect("the file can be read");
    println!("accepted: {}", (target(&name).check)(&bytes));
}

/// Makes the examples anew; inputs that once failed stay.
#[test]
#[ignore = "writes into the repository: scripts/fuzz --make-corpus"]
fn make_corpus() {
    for target in TARGETS {
        let dir = run::corpus_dir(target.name);
        fs::create_dir_all(&dir).expect("the folder can be made");
        for (name, _) in run::corpus(target.name).iter().filter(|(name, _)| !name.starts_with(ONCE)) {
            fs::remove_file(dir.join(name)).expect("an example can be removed");
        }
        for (name, bytes) in (target.examples)() {
            assert!(!name.starts_with(ONCE));
            fs::write(dir.join(name), bytes).expect("an example can be written");
        }
    }
}
