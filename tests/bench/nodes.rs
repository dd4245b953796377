//! Measures real daemons from outside: publishing, fetching, asking, starting, and what it costs in bytes, memory
//! and processor time. `scripts/bench` runs it; nothing here asserts a time.
//!
//! | measure | is |
//! |---|---|
//! | `machine_*` | what this machine can do by itself, and how fast the figures are made |
//! | `import`, `release`, `publish` | a tidy file until it is checked and durable; its release until it is signed and durable; both |
//! | `import_sdmx`, `publish_sdmx` | the same figures as SDMX-CSV 2.0, at a node of their own |
//! | `fold_publisher` | the first `status` after the release, which folds all into the publisher's view |
//! | `sync`, `sync_visible` | a fresh partner, from the session's opening until all is durable; until its `status` counts all |
//! | `*_bytes`, `*_wire_bytes` | bytes in the exchange's frames, as the node counts; bytes at the sockets in both directions |
//! | `query_*` | one series, or all annual series of one corridor, over the control socket |
//! | `query_http_*` | one series over HTTP |
//! | `served_*` | all figures of the partner as one message over HTTP, in three forms; `..._first` until its first bytes |
//! | `query_in_process_*` | the same in this process, the first (`cold`) and the second time after the store is opened |
//! | `memory_*_peak_PHASE`, `memory_*_idle` | most resident memory during the phase alone; after it |
//! | `memory_receiver_started` | after a restart and the catch-up; `…_peak_rebuild` also has the 64 MiB that open the key |
//! | `disk_*` | bytes of files for each observation; `…_publisher_end` after all rounds of `latency` |
//! | `catch_up`, `catch_up_visible` | 1 000 new observations after an outage, from the session's opening |
//! | `start`, `start_unlock` | a node that holds all, from its process to its first answer; what of this opens the key |
//! | `latency_*` | one observation: from its file, or from its release, to the partner's answer; `answered` to the publisher's |
//! | `reconnect`, `reconnect_listed` | from the session's opening until both greeted; until the connection fell silent |
//! | `rebuild` | a start without the derived database, until the first `status` |
//! | `backup`, `backup_verify`, `restore` | commands, from start to end, each with the 64 MiB that open the key: a backup of a node that runs, written and read back; read again; a directory made from it |
//! | `growth_*` | cost of an observation at this size, against 100 k |
//! | `burst_*` | releases of one observation each, over 16 conversations: answered, and counted by the partner's `status` |
//! | `bulletin_*` | a bulletin of a crisis, from its table to the member's picture: `idle`, and `busy` with so many routine observations on their way to the same member |
//! | `feeds_200_*` | as `reconnect`, of two nodes that hold 200 feeds |
//! | `many_*` | a public edition of 1 000 observations to many partners: from the request until the first and the last has it durable |
//! | `undesa_*` | the real matrix, all destinations: bytes of an observation at the sockets and at the receiver |
//! | `daily_*` | one corridor's figures of each day of ten years, 3 653 in a series: over the socket, and over HTTP |
//! | `guarded_*` | monthly tables with all margins, a third of the cells small: a release that protects and audits them; the same again, against what was released |
//! | `readers_page_*`, `readers_errors` | 200 people who open a page each second for a minute: from the request to the whole page; pages that did not come |
//! | `page_KIND_bytes`, `page_KIND_gzip` | a kind of page in its heaviest form, where the whole matrix is held: as it stands, and packed |
//! | `page_KIND_first`, `..._made`, `..._again` | the first page after a start; one that is made while all that it rests on is there; one that was made before |
//! | `readers_sync_idle_*`, `..._busy_*` | a figure from its release to the partner's answer, before they come and while they read |
//! | `engines_*` | 5 KiB values under sorted keys: in order until they are on disk, one in ten again in no order, read in order, read in no order |

mod backup;
mod bulletin;
mod burst;
mod clock;
mod data;
mod engines;
mod feeds;
mod guarded;
mod inside;
mod machine;
mod many;
mod node;
mod outside;
mod pages;
mod play;
mod readers;
mod real;
mod report;
mod served;
mod wanted;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use self::data::Source;
use self::node::Node;
use self::play::Run;
use self::report::Report;
use self::wanted::Wanted;

/// The figures that are spread out.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/undesa_ims2024_stock_od_sex.csv");
/// From so many observations on, a run is long and is repeated less.
const LONG: usize = 500_000;
/// From so many on, even less.
const VERY_LONG: usize = 5_000_000;
/// Routine observations that are fetched beside bulletins.
const BESIDE: usize = 10_000_000;
/// Partners of one publisher: some, and nearly all governments.
const MANY: [usize; 2] = [80, 200];

/// Publishers of the matrix in a quick run; in a usual one all.
const SOME: usize = 24;

/// What was asked for.
#[derive(Default)]
struct Options {
    quick: bool,
    json: bool,
    sizes: Vec<usize>,
    repeat: Option<usize>,
    wanted: Wanted,
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
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = args.as_slice()
        && first == engines::ONE
    {
        return engines::one(rest).map(|()| true);
    }
    let options = Options::parse(args.into_iter())?;
    let saved = options.compare.as_deref().map(std::fs::read_to_string).transpose();
    let saved = saved.context("reading the run to compare with")?;
    let temporary = tempfile::tempdir()?;
    let dir =
        std::env::var_os("CORRIDOR_BENCH_DIR").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let source = Source::read(Path::new(SOURCE))?;
    let nodes = play::nodes(&dir.join("made"))?;
    let mut bench = Bench { options: &options, dir: &dir, source, nodes, report: Report::default() };
    machine::measure(&dir, &mut bench.report)?;
    bench.sizes()?;
    bench.scenes()?;
    let mut report = bench.report;
    report.grow();
    report.keep(&options.wanted);
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

/// A whole run of this program.
struct Bench<'a> {
    options: &'a Options,
    dir: &'a Path,
    source: Source,
    /// Publisher and partner, freshly made, to be copied.
    nodes: (Node, Node),
    report: Report,
}

impl Bench<'_> {
    /// One government and one partner, at all sizes.
    fn sizes(&mut self) -> anyhow::Result<()> {
        if !play::is_wanted(&self.options.wanted) {
            return Ok(());
        }
        for size in self.options.sizes() {
            for number in 1..=self.options.repeats(size) {
                let dir =
                    self.make(&format!("{size} observations, run {number}"), &format!("{size}-{number}"))?;
                let mut run = Run {
                    source: &self.source,
                    nodes: &self.nodes,
                    size,
                    rounds: if self.options.quick { 100 } else { 300 },
                    wanted: &self.options.wanted,
                    report: &mut self.report,
                    released: 0,
                };
                run.play(&dir)?;
                std::fs::remove_dir_all(&dir)?;
            }
        }
        Ok(())
    }

    /// What has a size of its own.
    fn scenes(&mut self) -> anyhow::Result<()> {
        let (quick, wanted) = (self.options.quick, &self.options.wanted);
        if wanted.any(&[burst::STEM]) {
            let releases = if quick { 500 } else { 10_000 };
            let dir = self.make(&format!("a burst of {releases} releases"), burst::STEM)?;
            burst::play(&self.source, &self.nodes, (&dir, releases), &mut self.report)?;
        }
        if wanted.any(&[bulletin::STEM]) {
            let routine = if quick { 200_000 } else { BESIDE };
            let routine = self.options.sizes.first().copied().unwrap_or(routine);
            let dir = self.make(&format!("bulletins beside {routine} observations"), bulletin::STEM)?;
            bulletin::play(&self.source, &self.nodes, (&dir, routine), &mut self.report)?;
            std::fs::remove_dir_all(&dir)?;
        }
        if wanted.any(&[readers::STEM]) {
            let (size, seconds) = if quick { (10_000, 15) } else { (100_000, 60) };
            let dir = self.make("people at the pages", readers::STEM)?;
            let time = std::time::Duration::from_secs(seconds);
            readers::play(&self.source, &self.nodes, (&dir, size, time), &mut self.report)?;
        }
        if wanted.any(&[pages::STEM]) {
            let dir = self.make("each kind of page", "pages")?;
            let publishers = if quick { SOME } else { usize::MAX };
            pages::play(Path::new(SOURCE), (&dir, publishers), &mut self.report)?;
        }
        if wanted.any(&[feeds::STEM]) {
            let dir = self.make("200 feeds and nothing new", feeds::STEM)?;
            feeds::play(&self.nodes, &dir, &mut self.report)?;
        }
        if wanted.any(&[real::MATRIX]) {
            let dir = self.make("the whole matrix of the United Nations", real::MATRIX)?;
            real::matrix(Path::new(SOURCE), (&self.nodes.1, &dir), &mut self.report)?;
        }
        if wanted.any(&[guarded::GUARDED]) {
            let dir = self.make("tables with small cells", guarded::GUARDED)?;
            guarded::release(&self.nodes.0, &dir, &mut self.report)?;
        }
        if wanted.any(&[real::DAILY]) {
            let dir = self.make("a decade of daily counts", real::DAILY)?;
            real::daily(&self.nodes.0, &dir, &mut self.report)?;
        }
        if wanted.any(&[engines::STEM]) {
            let pages = if quick { 4_000 } else { 40_000 };
            let dir = self.make(&format!("{pages} pages in each database"), engines::STEM)?;
            engines::play(&dir, pages, &mut self.report)?;
            std::fs::remove_dir_all(&dir)?;
        }
        // A quick run has no time for them unless they are asked for.
        if wanted.any(&[many::STEM]) && !(quick && wanted.is_all()) {
            for partners in MANY {
                let dir =
                    self.make(&format!("{partners} partners"), &format!("{}-{partners}", many::STEM))?;
                many::play(&self.source, (&dir, partners), &mut self.report)?;
                std::fs::remove_dir_all(&dir)?;
            }
        }
        Ok(())
    }

    /// Says what comes next and makes a directory for it.
    fn make(&self, what: &str, name: &str) -> anyhow::Result<PathBuf> {
        eprintln!("{what}");
        let dir = self.dir.join(name);
        std::fs::create_dir(&dir)?;
        Ok(dir)
    }
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
                "--measure" => options.wanted = Wanted::parse(&value()?),
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
            (true, false) => vec![10_000, 100_000, 1_000_000, 10_000_000],
        }
    }

    fn repeats(&self, size: usize) -> usize {
        let usual = match size {
            VERY_LONG.. => 1,
            LONG.. => 3,
            _ if self.quick => 2,
            _ => 5,
        };
        self.repeat.unwrap_or(usual).max(1)
    }
}
