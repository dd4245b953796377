//! Measures real daemons from outside: publishing, fetching, asking, starting, and what it costs in bytes, memory
//! and processor time. `scripts/bench` runs it; nothing here asserts a time.

mod clock;
mod data;
mod machine;
mod node;
mod play;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use self::data::Source;
use self::play::Run;
use self::report::Report;

/// The figures that are spread out.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/undesa_ims2024_stock_od_sex.csv");
/// From so many observations on, a run is long and is repeated less.
const LONG: usize = 500_000;

/// What was asked for.
#[derive(Default)]
struct Options {
    quick: bool,
    json: bool,
    sizes: Vec<usize>,
    repeat: Option<usize>,
    measures: Vec<String>,
    compare: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> anyhow::Result<bool> {
    let options = Options::parse(std::env::args().skip(1))?;
    let saved = options.compare.as_deref().map(std::fs::read_to_string).transpose();
    let saved = saved.context("reading the run to compare with")?;
    let temporary = tempfile::tempdir()?;
    let dir =
        std::env::var_os("CORRIDOR_BENCH_DIR").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let source = Source::read(Path::new(SOURCE))?;
    let nodes = play::nodes(&dir.join("made"))?;
    let mut report = Report::default();
    for size in options.sizes() {
        for number in 1..=options.repeats(size) {
            eprintln!("{size} observations, run {number}");
            if number == 1 {
                machine::measure(&dir, &mut report)?;
            }
            let rounds = if options.quick { 100 } else { 300 };
            let root = dir.join(format!("{size}-{number}"));
            std::fs::create_dir(&root)?;
            let mut run = Run { source: &source, nodes: &nodes, size, rounds, report: &mut report };
            run.play(&root)?;
            std::fs::remove_dir_all(&root)?;
        }
    }
    report.keep(&options.measures);
    if options.json {
        println!("{:#}", report.json());
    } else {
        print!("{}", report.table());
    }
    let Some(saved) = saved else { return Ok(true) };
    let (text, well) = report.compare(&saved)?;
    if options.json {
        eprint!("{text}");
    } else {
        print!("\n{text}");
    }
    Ok(well)
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut options = Self::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--quick" => options.quick = true,
                "--json" => options.json = true,
                "--size" => {
                    let text = value()?.replace('_', "");
                    options.sizes = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--repeat" => options.repeat = Some(value()?.parse()?),
                "--measure" => options.measures = value()?.split(',').map(str::to_owned).collect(),
                "--compare" => options.compare = Some(value()?.into()),
                other => anyhow::bail!("{other} is not known; see the head of scripts/bench"),
            }
        }
        Ok(options)
    }

    fn sizes(&self) -> Vec<usize> {
        match (self.sizes.is_empty(), self.quick) {
            (false, _) => self.sizes.clone(),
            (true, true) => vec![10_000, 100_000],
            (true, false) => vec![10_000, 100_000, 1_000_000],
        }
    }

    fn repeats(&self, size: usize) -> usize {
        let usual = match (self.quick, size > LONG) {
            (true, _) | (false, true) => 3,
            (false, false) => 5,
        };
        self.repeat.unwrap_or(usual).max(1)
    }
}
