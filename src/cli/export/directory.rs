//! A directory of Parquet files, and the manifest that says what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::args::{Export, Global};
use crate::cli::ask;
use crate::node::Request;
use crate::node::clock;
use crate::node::columnar::{ColumnarWriter, Layout};
use crate::node::export::{ExportHead, Told};

/// The manifest's name; readers pass over names that begin so.
const MANIFEST: &str = "_corridor_export.json";
/// Where files are until they are whole.
const STAGING: &str = ".staging";
/// Held while an export runs.
const LOCK: &str = ".lock";
/// The form of the manifest that is written and read.
const FORM: u32 = 1;
/// Files that are written at one time; another one closes that which is filled longest.
const MAX_OPEN: usize = 16;
/// The longest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 256 << 20;

/// What the files of a directory are of.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    form: u32,
    /// The node's publisher.
    node: String,
    /// Whether only what everybody may read is here.
    public: bool,
    /// Counts the runs that wrote something.
    generation: u64,
    made_at: String,
    heads: Vec<Told>,
    files: Vec<FileRow>,
}

/// A file with its rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    path: String,
    rows: u64,
}

/// Brings a directory up to what the node holds.
pub(super) fn export(global: &Global, args: &Export) -> anyhow::Result<Value> {
    let dir = &args.parquet;
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    let lock = File::create(dir.join(LOCK)).with_context(|| format!("writing into {}", dir.display()))?;
    if lock.try_lock().is_err() {
        bail!("another export into {} is under way", dir.display());
    }
    // What cannot be read is replaced if everything is written anew.
    let old = if args.full { read(dir).unwrap_or_default() } else { read(dir)? };
    let old = match old {
        Some(old) if old.public != args.public => {
            let what = if old.public { "public figures" } else { "all figures" };
            bail!("{} holds an export of {what}: give this one another directory", dir.display());
        }
        Some(old) => old,
        None => {
            must_be_ours(dir)?;
            Manifest { form: FORM, public: args.public, ..Manifest::default() }
        }
    };
    sweep(dir, &old.files)?;
    let generation = old.generation.saturating_add(1);
    let known = if args.full { Vec::new() } else { old.heads.clone() };
    let mut run = Run::new(dir, generation, &old.node)?;
    run.fill(global, Request::Export { public: args.public, known: known.clone() })?;
    let (head, files, rows) = run.finish()?;
    let anew = args.full || head.anew;
    let kept = if anew { Vec::new() } else { old.files };
    let summary = json!({
        "directory": dir, "files_written": files.len(), "rows_written": rows, "anew": anew,
        "feeds": head.feeds.len(), "files": kept.len() + files.len(),
    });
    if anew || head.feeds != known {
        let (made_at, files) = (clock::now().to_string(), [kept, files].concat());
        let (form, public, heads) = (FORM, args.public, head.feeds);
        settle(dir, &Manifest { form, node: head.node, public, generation, made_at, heads, files })?;
    }
    fs::remove_dir_all(dir.join(STAGING)).context("removing what was staged")?;
    Ok(summary)
}

/// Moves the files in under their names, writes the manifest, and removes what it no longer names.
fn settle(dir: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let staging = dir.join(STAGING);
    for file in &manifest.files {
        let (from, to) = (staging.join(&file.path), dir.join(&file.path));
        if from.exists() {
            let above = to.parent().context("a file lies in a directory")?;
            fs::create_dir_all(above).with_context(|| format!("creating {}", above.display()))?;
            fs::rename(&from, &to).with_context(|| format!("naming {}", to.display()))?;
            sync(above)?;
        }
    }
    let fresh = staging.join(MANIFEST);
    let mut file = File::create(&fresh).with_context(|| format!("creating {}", fresh.display()))?;
    serde_json::to_writer_pretty(&mut file, manifest)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&fresh, dir.join(MANIFEST)).context("naming the manifest")?;
    sync(dir)?;
    sweep(dir, &manifest.files)
}

/// The manifest of a directory, if it has one.
fn read(dir: &Path) -> anyhow::Result<Option<Manifest>> {
    let path = dir.join(MANIFEST);
    match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(found) if found.len() > MAX_MANIFEST => bail!("{} is too long to be a manifest", path.display()),
        Ok(_) | Err(_) => {}
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .with_context(|| format!("{} cannot be read: --full writes everything anew", path.display()))?;
    if manifest.form != FORM {
        bail!("{} was written by another version: --full writes everything anew", path.display());
    }
    if let Some(bad) = manifest.files.iter().find(|file| !is_inside(&file.path)) {
        bail!("{} names a file that is not of an export: {}", path.display(), bad.path);
    }
    Ok(Some(manifest))
}

/// A directory without a manifest must hold nothing that an export could take for its own.
fn must_be_ours(dir: &Path) -> anyhow::Result<()> {
    for item in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let name = item?.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with("publisher=") && name != MANIFEST && name != LOCK && name != STAGING {
            bail!("{} holds {name} already: give an export a directory of its own", dir.display());
        }
    }
    Ok(())
}

/// Whether a path is one that an export makes: `publisher=…/indicator=…/….parquet`.
fn is_inside(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let [publisher, indicator, file] = parts.as_slice() else { return false };
    publisher.starts_with("publisher=") && indicator.starts_with("indicator=") && file.ends_with(".parquet")
}

/// Removes the files that no manifest names: of a run that was stopped, or of one before.
fn sweep(dir: &Path, named: &[FileRow]) -> anyhow::Result<()> {
    let named: BTreeSet<&str> = named.iter().map(|file| file.path.as_str()).collect();
    let children = |path: &Path, start: &str| -> anyhow::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for item in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
            let item = item?;
            let name = item.file_name().to_string_lossy().into_owned();
            if name.starts_with(start) {
                found.push((name, item.path()));
            }
        }
        Ok(found)
    };
    for (publisher, path) in children(dir, "publisher=")? {
        for (indicator, path) in children(&path, "indicator=")? {
            for (file, path) in children(&path, "part-")? {
                let is_named = named.contains(format!("{publisher}/{indicator}/{file}").as_str());
                if !is_named && file.ends_with(".parquet") {
                    fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
                }
            }
            // What is empty now goes too; what is not stays.
            let _stays = fs::remove_dir(&path);
        }
        let _stays = fs::remove_dir(&path);
    }
    Ok(())
}

fn sync(dir: &Path) -> anyhow::Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).with_context(|| format!("syncing {}", dir.display()))
}

/// One run: files that are being written.
struct Run {
    staging: PathBuf,
    generation: u64,
    /// Whose export the directory holds; empty before the first.
    node: String,
    /// The first row.
    head: Option<ExportHead>,
    /// By publisher and indicator, the one that was begun last at the end.
    open: Vec<(String, String, ColumnarWriter<File>)>,
    parts: BTreeMap<String, u32>,
    files: Vec<FileRow>,
}

impl Run {
    fn new(dir: &Path, generation: u64, node: &str) -> anyhow::Result<Self> {
        let staging = dir.join(STAGING);
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).context("removing what a run before has left");
            }
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&staging).with_context(|| format!("creating {}", staging.display()))?;
        let (open, parts, files) = (Vec::new(), BTreeMap::new(), Vec::new());
        Ok(Self { staging, generation, node: node.to_owned(), head: None, open, parts, files })
    }

    fn fill(&mut self, global: &Global, request: Request) -> anyhow::Result<()> {
        let mut failed = Ok(());
        ask::ask(global, request, &mut |row| {
            failed = if self.head.is_some() { self.take(&row) } else { self.take_head(row) };
            failed.is_ok()
        })?;
        failed
    }

    fn take_head(&mut self, row: Value) -> anyhow::Result<()> {
        let head: ExportHead =
            serde_json::from_value(row).context("the node does not say what it exports")?;
        if !self.node.is_empty() && self.node != head.node {
            bail!("the directory holds an export of another node, {}: give this one its own", self.node);
        }
        self.head = Some(head);
        Ok(())
    }

    fn take(&mut self, row: &Value) -> anyhow::Result<()> {
        let text = |field: &str| row[field].as_str().with_context(|| format!("a row has no {field}"));
        let (publisher, indicator) = (text("publisher")?, text("indicator")?);
        let is_it = |(p, i, _): &(String, String, ColumnarWriter<File>)| p == publisher && i == indicator;
        let at = match self.open.iter().rposition(is_it) {
            Some(at) => at,
            None => {
                // Rows come indicator by indicator: what is open of others is complete.
                while self.open.len() >= MAX_OPEN
                    || self.open.first().is_some_and(|(_, other, _)| other != indicator)
                {
                    self.close_first()?;
                }
                let writer = self.begin(publisher, indicator)?;
                self.open.push((publisher.to_owned(), indicator.to_owned(), writer));
                self.open.len() - 1
            }
        };
        Ok(self.open[at].2.row(row)?)
    }

    fn begin(&mut self, publisher: &str, indicator: &str) -> anyhow::Result<ColumnarWriter<File>> {
        let feeds = self.head.iter().flat_map(|head| &head.feeds);
        let feed = feeds.into_iter().find(|feed| feed.publisher == publisher);
        let name = &feed.context("a row is of a publisher without a feed")?.name;
        let place = format!("publisher={name}/indicator={}", escaped(indicator));
        let part = self.parts.entry(place.clone()).or_default();
        let path = format!("{place}/part-{:06}-{part:03}.parquet", self.generation);
        *part += 1;
        let file = self.staging.join(&path);
        fs::create_dir_all(self.staging.join(&place)).context("creating a directory for a partition")?;
        self.files.push(FileRow { path, rows: 0 });
        let out = File::create(&file).with_context(|| format!("creating {}", file.display()))?;
        Ok(ColumnarWriter::new(out, Layout::Partition)?)
    }

    /// Ends the file that was begun first.
    fn close_first(&mut self) -> anyhow::Result<()> {
        let (.., writer) = self.open.remove(0);
        let at = self.files.len() - 1 - self.open.len();
        self.files[at].rows = writer.rows();
        Ok(writer.finish()?.sync_all()?)
    }

    fn finish(mut self) -> anyhow::Result<(ExportHead, Vec<FileRow>, u64)> {
        while !self.open.is_empty() {
            self.close_first()?;
        }
        let rows = self.files.iter().map(|file| file.rows).sum();
        Ok((self.head.context("the node exports nothing")?, self.files, rows))
    }
}

/// A code in a path as Hive writes it: an agency's code has a colon.
fn escaped(code: &str) -> String {
    code.replace('%', "%25").replace(':', "%3A").replace('/', "%2F").replace('=', "%3D")
}
