//! The derived database's engine by itself, and another one with the same work: values of the length of a packed
//! page under sorted keys, written in batches as a fold writes them, read again in any order.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use redb::{Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::clock::timed;
use crate::outside;
use crate::report::{Better, Report};

/// What the names of the measures begin with.
pub(crate) const STEM: &str = "engines";
/// The argument that makes this program do one engine's work.
pub(crate) const ONE: &str = "--engine";
/// A page of 24 KiB is about this long when it is packed; packed bytes are like random ones.
const PAGE: usize = 5 << 10;
/// Pages in one batch.
const BATCH: usize = 64;
/// One page in so many is written again, and one in so many is read.
const SOME: usize = 10;
/// Memory that the engine may use for its cache in bytes, as the node lets sled.
const CACHE: u64 = 64 << 20;
/// A number that shares no divisor with the number of pages: multiples of it visit all in no order.
const STRIDE: usize = 7_919;

/// What one engine's process prints, in the order of [`work`]: unit, and which way is up.
const MEASURES: [(&str, Better); 6] = [
    ("pages/s", Better::Higher),
    ("pages/s", Better::Higher),
    ("pages/s", Better::Higher),
    ("pages/s", Better::Higher),
    ("MiB", Better::Lower),
    ("B/B", Better::Lower),
];
/// The engines with the names of their measures.
const ENGINES: [(&str, [&str; 6]); 2] = [
    (
        "sled",
        [
            "engines_sled_insert",
            "engines_sled_rewrite",
            "engines_sled_scan",
            "engines_sled_read",
            "engines_sled_memory",
            "engines_sled_disk",
        ],
    ),
    (
        "redb",
        [
            "engines_redb_insert",
            "engines_redb_rewrite",
            "engines_redb_scan",
            "engines_redb_read",
            "engines_redb_memory",
            "engines_redb_disk",
        ],
    ),
];

/// What the derived database asks of an engine.
trait Engine: Sized {
    /// Opens or makes a database in a directory.
    fn open(dir: &Path) -> anyhow::Result<Self>;
    /// Writes these pages, all or none; they need not be on disk yet.
    fn put(&self, pages: &[usize]) -> anyhow::Result<()>;
    /// Writes out what is still in memory.
    fn flush(&self) -> anyhow::Result<()>;
    /// Length of a page.
    fn read(&self, page: usize) -> anyhow::Result<usize>;
    /// Length of all pages, read in order.
    fn scan(&self) -> anyhow::Result<usize>;
}

/// So many pages in each engine. Each works in a process of its own, so that memory which one leaves behind is not
/// used by the next.
pub(crate) fn play(dir: &Path, pages: usize, report: &mut Report) -> anyhow::Result<()> {
    for (name, measures) in ENGINES {
        let (place, count) = (dir.join(name), pages.to_string());
        let mut me = Command::new(std::env::current_exe()?);
        let output = me.args([ONE, name, &count]).arg(place).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the work with {name} ended with {}", output.status);
        let text = String::from_utf8(output.stdout)?;
        let values: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        ensure!(values.len() == MEASURES.len(), "the work with {name} said {text:?}");
        for ((measure, value), (unit, better)) in measures.into_iter().zip(values).zip(MEASURES) {
            report.add(measure, pages, value, unit, better);
        }
    }
    Ok(())
}

/// The work of one engine, in a process that was started with [`ONE`] and these arguments.
pub(crate) fn one(args: &[String]) -> anyhow::Result<()> {
    let [name, pages, dir] = args else { bail!("{ONE} takes a name, a number and a directory") };
    let (pages, dir) = (pages.parse()?, Path::new(dir));
    let values = match name.as_str() {
        "sled" => work::<Sled>(dir, pages)?,
        "redb" => work::<Redb>(dir, pages)?,
        other => bail!("there is no engine {other}"),
    };
    println!("{}", values.map(|value| value.to_string()).join(" "));
    Ok(())
}

fn work<E: Engine>(dir: &Path, pages: usize) -> anyhow::Result<[f64; MEASURES.len()]> {
    let rate = |count: usize, time: Duration| count as f64 / time.as_secs_f64();
    std::fs::create_dir(dir)?;
    let me = std::process::id();
    let before = outside::memory(me, "VmRSS")?;
    let engine = E::open(dir)?;
    let sorted: Vec<usize> = (0..pages).collect();
    let put = |numbers: &[usize]| numbers.chunks(BATCH).try_for_each(|batch| engine.put(batch));
    let (done, time) = timed(|| put(&sorted).and_then(|()| engine.flush()));
    done?;
    let insert = rate(pages, time);
    let mixed: Vec<usize> = (0..pages / SOME).map(|number| number * STRIDE % pages).collect();
    let (done, time) = timed(|| put(&mixed).and_then(|()| engine.flush()));
    done?;
    let rewrite = rate(mixed.len(), time);
    let memory = outside::memory(me, "VmHWM")? - before;
    drop(engine);

    let engine = E::open(dir)?;
    let (length, time) = timed(|| engine.scan());
    ensure!(length? == pages * PAGE, "not all pages are there");
    let scan = rate(pages, time);
    drop(engine);
    let engine = E::open(dir)?;
    let (done, time) = timed(|| {
        mixed.iter().try_for_each(|page| {
            ensure!(engine.read(*page)? == PAGE, "a page is not whole");
            Ok(())
        })
    });
    done?;
    drop(engine);
    let stored = outside::directory_bytes(dir) as f64 / (pages * PAGE) as f64;
    Ok([insert, rewrite, scan, rate(mixed.len(), time), memory, stored])
}

/// Like the key of a page: long, and much like its neighbours'.
fn key(page: usize) -> Vec<u8> {
    format!("PMS_FBORN.AUS.GBR.BIR.F.Y25T29.ISCED11_6._T._T._T.Y1T4._T.PS.{page:08}").into_bytes()
}

/// Different for each page and without a pattern.
fn value(page: usize) -> Vec<u8> {
    let mut state = page as u64 + 1;
    let mut bytes = Vec::with_capacity(PAGE);
    while bytes.len() < PAGE {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

/// As `corridor::store` opens it.
struct Sled {
    db: sled::Db,
    dir: std::path::PathBuf,
}

impl Engine for Sled {
    fn open(dir: &Path) -> anyhow::Result<Self> {
        let config = sled::Config::new().path(dir).cache_capacity(CACHE).flush_every_ms(None);
        Ok(Self { db: config.open()?, dir: dir.to_owned() })
    }

    fn put(&self, pages: &[usize]) -> anyhow::Result<()> {
        let mut batch = sled::Batch::default();
        pages.iter().for_each(|page| batch.insert(key(*page), value(*page)));
        Ok(self.db.apply_batch(batch)?)
    }

    /// With a real fsync: sled's own is none on Linux.
    fn flush(&self) -> anyhow::Result<()> {
        self.db.flush()?;
        Ok(std::fs::File::open(self.dir.join("db"))?.sync_all()?)
    }

    fn read(&self, page: usize) -> anyhow::Result<usize> {
        Ok(self.db.get(key(page))?.context("the page is there")?.len())
    }

    fn scan(&self) -> anyhow::Result<usize> {
        self.db.iter().try_fold(0, |sum, item| Ok(sum + item?.1.len()))
    }
}

/// A copy-on-write B-tree in one file. Batches that are not flushed are commits without fsync.
struct Redb(redb::Database);

const PAGES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("derived");

impl Redb {
    fn write(&self, durability: Durability, pages: &[usize]) -> anyhow::Result<()> {
        let mut change = self.0.begin_write()?;
        change.set_durability(durability)?;
        {
            let mut table = change.open_table(PAGES)?;
            for page in pages {
                table.insert(key(*page).as_slice(), value(*page).as_slice())?;
            }
        }
        Ok(change.commit()?)
    }
}

impl Engine for Redb {
    fn open(dir: &Path) -> anyhow::Result<Self> {
        let cache = usize::try_from(CACHE)?;
        Ok(Self(redb::Database::builder().set_cache_size(cache).create(dir.join("db.redb"))?))
    }

    fn put(&self, pages: &[usize]) -> anyhow::Result<()> {
        self.write(Durability::None, pages)
    }

    fn flush(&self) -> anyhow::Result<()> {
        self.write(Durability::Immediate, &[])
    }

    fn read(&self, page: usize) -> anyhow::Result<usize> {
        let table = self.0.begin_read()?.open_table(PAGES)?;
        let found = table.get(key(page).as_slice())?.context("the page is there")?;
        Ok(found.value().len())
    }

    fn scan(&self) -> anyhow::Result<usize> {
        let table = self.0.begin_read()?.open_table(PAGES)?;
        table.iter()?.try_fold(0, |sum, item| Ok(sum + item?.1.value().len()))
    }
}
