//! The copy while it is made: files are written once, and what has not changed is the file of the old copy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::lists::{self, Listed, Taker, blocks_line, list_line};
use super::{BLOCKS, LIST, MANIFEST, MAX_FILES};
use crate::crypto::Hash;
use crate::feed::{SiteFiles, SiteManifest};

/// A copy that is being made.
pub(super) struct Stage {
    dir: PathBuf,
    old: PathBuf,
    /// The old copy's files, if its manifest holds.
    known: BTreeMap<String, (Hash, usize)>,
    files: BTreeMap<String, Listed>,
    written: u64,
}

/// A file that is being written.
pub(super) struct SiteFile {
    path: String,
    out: BufWriter<File>,
    taker: Taker,
}

impl Write for SiteFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.taker.take(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Stage {
    /// Begins a copy in an empty folder, beside an old one if there is one.
    pub(super) fn new(dir: &Path, old: &Path) -> Self {
        let known = old_list(old).unwrap_or_default();
        Self { dir: dir.to_owned(), old: old.to_owned(), known, files: BTreeMap::new(), written: 0 }
    }

    /// How many files were written, and not taken over.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Whether a file is in the copy.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn create(&self, path: &str) -> anyhow::Result<SiteFile> {
        let file = self.make_room(path)?;
        let out = File::create(&file).with_context(|| format!("creating {}", file.display()))?;
        Ok(SiteFile { path: path.to_owned(), out: BufWriter::new(out), taker: Taker::default() })
    }

    /// Ends a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(&mut self, file: SiteFile) -> anyhow::Result<()> {
        let SiteFile { path, mut out, taker } = file;
        out.flush().with_context(|| format!("writing {path}"))?;
        drop(out);
        let listed = taker.finish();
        let old = self.old.join(&path);
        if is_file(&old) && File::open(&old).and_then(Taker::of).is_ok_and(|old| old == listed) {
            let new = self.dir.join(&path);
            fs::remove_file(&new)?;
            self.link(&path)?;
        } else {
            self.written += 1;
        }
        self.add(path, listed)
    }

    /// Adds a short file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let mut taker = Taker::default();
        taker.take(bytes);
        let old = self.old.join(path);
        if is_file(&old) && fs::read(&old).is_ok_and(|old| old == bytes) {
            self.make_room(path)?;
            self.link(path)?;
        } else {
            let file = self.make_room(path)?;
            fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
            self.written += 1;
        }
        self.add(path.to_owned(), taker.finish())
    }

    /// Takes a file of the old copy over, if it is still what was signed.
    ///
    /// # Errors
    /// When there is one and it cannot be taken over.
    pub(super) fn keep(&mut self, path: &str) -> anyhow::Result<bool> {
        let Some((hash, _)) = self.known.get(path) else { return Ok(false) };
        let old = self.old.join(path);
        let listed = is_file(&old).then(|| File::open(&old).and_then(Taker::of).ok()).flatten();
        let Some(listed) = listed.filter(|listed| listed.hash == *hash) else { return Ok(false) };
        self.make_room(path)?;
        self.link(path)?;
        self.add(path.to_owned(), listed)?;
        Ok(true)
    }

    fn add(&mut self, path: String, listed: Listed) -> anyhow::Result<()> {
        if self.files.len() >= MAX_FILES {
            bail!("a copy has {MAX_FILES} files at most");
        }
        if self.files.insert(path.clone(), listed).is_some() {
            bail!("{path} was written twice");
        }
        Ok(())
    }

    /// The same file under two names for as long as both copies are there; where that cannot be, another one.
    fn link(&self, path: &str) -> anyhow::Result<()> {
        let (old, new) = (self.old.join(path), self.dir.join(path));
        if fs::hard_link(&old, &new).is_err() {
            fs::copy(&old, &new).with_context(|| format!("copying {}", old.display()))?;
        }
        Ok(())
    }

    fn make_room(&self, path: &str) -> anyhow::Result<PathBuf> {
        let file = self.dir.join(path);
        let above = file.parent().context("a file lies in a folder")?;
        fs::create_dir_all(above).with_context(|| format!("creating {}", above.display()))?;
        Ok(file)
    }

    /// Writes the file of checksums and the list, and says what is to be signed.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn list(&mut self) -> anyhow::Result<SiteFiles> {
        let mut blocks = self.create(BLOCKS)?;
        for (path, listed) in &self.files {
            blocks.write_all(blocks_line(path, listed).as_bytes())?;
        }
        self.finish(blocks)?;
        let mut list = self.create(LIST)?;
        for (path, listed) in &self.files {
            list.write_all(list_line(path, &listed.hash).as_bytes())?;
        }
        let (files, bytes) = (self.files.len() as u64, self.files.values().map(|listed| listed.size).sum());
        list.flush()?;
        let hash = list.taker.finish().hash;
        Ok(SiteFiles { files, bytes, list: hash })
    }

    /// Writes the manifest: the last file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn seal(&self, manifest: &str) -> anyhow::Result<()> {
        fs::write(self.dir.join(MANIFEST), manifest).context("writing the manifest")
    }
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

/// The files of the old copy, if it is whole enough to be believed.
fn old_list(old: &Path) -> Option<BTreeMap<String, (Hash, usize)>> {
    let manifest = lists::read_text(&old.join(MANIFEST), crate::feed::site::MAX_SITE as u64).ok()?;
    let manifest = SiteManifest::from_text(&manifest).ok()?;
    let text = lists::read_lines(&old.join(LIST)).ok()?;
    let (files, bad) = lists::read_list(&text);
    (bad.is_empty() && Hash::of(&[text.as_bytes()]) == manifest.files().list).then_some(files)
}
