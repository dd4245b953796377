//! The loop: inputs are made and checked until the cases or the seconds are used up, and a failure is made small.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use corridor::crypto::Hash;

use super::mutate::Stock;
use crate::quiet::quietly;
use crate::simulation::sim::random::Random;

/// One decoder, or one machine, and how it is tried.
pub(super) struct Target {
    /// Its name, also of its corpus.
    pub(super) name: &'static str,
    /// How many cases the ordinary tests make.
    pub(super) cases: u64,
    /// Says whether the input was accepted; panics when something does not hold.
    pub(super) check: fn(&[u8]) -> bool,
    /// Examples by name, made by the product's own code.
    pub(super) examples: fn() -> Vec<(String, Vec<u8>)>,
    /// Puts right what would only be noticed first: checksums. Half of the inputs go through it.
    pub(super) mend: Option<fn(&mut Vec<u8>)>,
}

/// How long to go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Budget {
    Cases(u64),
    Seconds(u64),
}

/// What came of a run.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) cases: u64,
    pub(super) accepted: u64,
    pub(super) seconds: f64,
    /// The longest that one case took.
    pub(super) slowest: Duration,
    /// The input that failed, made small, where it was written, and what failed.
    pub(super) failure: Option<(PathBuf, String)>,
}

/// How many smaller inputs are tried when one has failed.
const SHRINK_TRIES: usize = 2_000;
/// No honest input and no hostile one may keep a decoder busy for longer, on whatever busy machine.
const TOO_SLOW: Duration = Duration::from_secs(20);

/// The examples of a target as they lie in the repository, by name.
pub(super) fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(corpus_dir(name)) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, fs::read(path).ok()?))
    };
    files.iter().filter_map(read).collect()
}

/// Where they lie.
pub(super) fn corpus_dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The input of a case: it depends on nothing else, so any case can be made again by itself.
fn input(target: &Target, stock: &Stock, seed: u64, case: u64) -> Vec<u8> {
    let mix = Hash::of(&[target.name.as_bytes(), &seed.to_le_bytes(), &case.to_le_bytes()]).0;
    let mut random = Random::new(mix[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let mut bytes = stock.input(&mut random);
    if let Some(mend) = target.mend.filter(|_| random.chance(50)) {
        mend(&mut bytes);
    }
    bytes
}

/// Runs a target; the corpus as it is comes first.
pub(super) fn run(target: &Target, seed: u64, budget: Budget) -> Outcome {
    let corpus = corpus(target.name);
    assert!(!corpus.is_empty(), "{} has no corpus: scripts/fuzz --make-corpus", target.name);
    let stock = Stock::of(corpus.iter().map(|(_, bytes)| bytes.clone()).collect());
    let mark = Mark::new(target.name, seed);
    let start = now();
    let mut outcome = Outcome { cases: 0, accepted: 0, seconds: 0.0, slowest: Duration::ZERO, failure: None };
    let first = corpus.len() as u64;
    let goes_on = |cases: u64| match budget {
        Budget::Cases(most) => cases < first + most,
        Budget::Seconds(most) => cases < first || start.elapsed().as_secs() < most,
    };
    while outcome.failure.is_none() && goes_on(outcome.cases) {
        let example = usize::try_from(outcome.cases).ok().and_then(|at| corpus.get(at));
        let bytes = example
            .map_or_else(|| input(target, &stock, seed, outcome.cases - first), |(_, bytes)| bytes.clone());
        mark.case(&bytes);
        let before = now();
        match attempt(target, &bytes) {
            Ok(accepted) => outcome.accepted += u64::from(accepted),
            Err(what) => outcome.failure = Some(failed(target, bytes.clone(), what)),
        }
        let took = before.elapsed();
        outcome.slowest = outcome.slowest.max(took);
        if took > TOO_SLOW && outcome.failure.is_none() {
            outcome.failure = Some(written(target, &bytes, &format!("one case took {took:?}")));
        }
        outcome.cases += 1;
    }
    outcome.seconds = start.elapsed().as_secs_f64();
    mark.done();
    outcome
}

/// Checks one input.
pub(super) fn attempt(target: &Target, bytes: &[u8]) -> Result<bool, String> {
    quietly(|| (target.check)(bytes))
}

/// Makes a failing input as short as cheap tries make it, and writes it down.
fn failed(target: &Target, bytes: Vec<u8>, what: String) -> (PathBuf, String) {
    let (mut small, mut said, mut tries) = (bytes, what, 0);
    let mut piece = small.len().div_ceil(2);
    while piece > 0 && tries < SHRINK_TRIES {
        let (mut at, mut shorter) = (0, false);
        while at < small.len() && tries < SHRINK_TRIES {
            let end = (at + piece).min(small.len());
            let candidate = [&small[..at], &small[end..]].concat();
            tries += 1;
            match attempt(target, &candidate) {
                Err(what) => (small, said, shorter) = (candidate, what, true),
                Ok(_) => at = end,
            }
        }
        piece = if shorter && piece > 1 { piece } else { piece / 2 };
        piece = piece.min(small.len());
    }
    written(target, &small, &said)
}

fn written(target: &Target, bytes: &[u8], what: &str) -> (PathBuf, String) {
    let path = scratch().join(format!("{}-{}", target.name, Hash::of(&[bytes]).short()));
    fs::write(&path, bytes).expect("the failing input can be written");
    (path, what.to_owned())
}

/// Where failing inputs go.
fn scratch() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&dir).expect("the folder for failing inputs can be made");
    dir
}

/// The input that is being tried, on disk: a stack that overflows takes the process with it, and then this is all
/// that is left.
struct Mark {
    path: PathBuf,
    file: fs::File,
}

impl Mark {
    fn new(name: &str, seed: u64) -> Self {
        let path = scratch().join(format!("{name}-{seed}-running-{}", std::process::id()));
        let file = fs::File::create(&path).expect("the folder for failing inputs can be written to");
        Self { path, file }
    }

    fn case(&self, bytes: &[u8]) {
        let put = self.file.set_len(bytes.len() as u64).and_then(|()| self.file.write_all_at(bytes, 0));
        put.expect("the input that is being tried can be written");
    }

    fn done(self) {
        fs::remove_file(&self.path).expect("the mark can be removed");
    }
}

/// The most memory that the process has had, in MiB, where the system says so.
pub(super) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib >> 10)
}

#[expect(clippy::disallowed_methods, reason = "a budget in seconds, and how fast it goes")]
fn now() -> Instant {
    Instant::now()
}
