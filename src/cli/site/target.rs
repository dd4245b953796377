//! The folder that a copy is published as: it is replaced as a whole, or stays as it is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::MANIFEST;

/// A folder, the place beside it where the next one is made, and the lock of the run.
pub(super) struct Target {
    dir: PathBuf,
    beside: PathBuf,
    /// Where the old one is for a moment, where a system cannot exchange two names.
    aside: PathBuf,
    above: PathBuf,
    _lock: File,
}

impl Target {
    /// Prepares a folder for a run. What a run before has left is removed.
    ///
    /// # Errors
    /// When another run is under way, or something else is in the folder.
    pub(super) fn open(dir: &Path) -> anyhow::Result<Self> {
        let dir = match fs::canonicalize(dir) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => std::path::absolute(dir)?,
            Err(error) => return Err(error).with_context(|| format!("opening {}", dir.display())),
        };
        let (Some(name), Some(above)) = (dir.file_name(), dir.parent()) else {
            bail!("{} cannot be replaced: name a folder below another one", dir.display());
        };
        fs::create_dir_all(above).with_context(|| format!("creating {}", above.display()))?;
        let hidden = |end: &str| {
            let mut text = OsString::from(".");
            text.push(name);
            text.push(end);
            above.join(text)
        };
        let (beside, aside, lock) = (hidden(".new"), hidden(".old"), hidden(".lock"));
        let lock = File::create(&lock).with_context(|| {
            format!("writing beside {}: a copy is made there before it takes its place", dir.display())
        })?;
        if lock.try_lock().is_err() {
            bail!("another run publishes {} now", dir.display());
        }
        let this = Self { above: above.to_owned(), beside, aside, _lock: lock, dir };
        if !this.dir.exists() && this.aside.exists() {
            fs::rename(&this.aside, &this.dir).context("putting back what a run before has moved")?;
        }
        this.must_be_ours()?;
        Ok(this)
    }

    fn must_be_ours(&self) -> anyhow::Result<()> {
        if !self.dir.exists() || self.dir.join(MANIFEST).is_file() {
            return Ok(());
        }
        let mut items = fs::read_dir(&self.dir).with_context(|| format!("reading {}", self.dir.display()))?;
        match items.next() {
            None => Ok(()),
            Some(_) => bail!(
                "{} holds something else than a copy: give it a folder of its own, which is replaced as a whole",
                self.dir.display()
            ),
        }
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// An empty folder beside it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin(&self) -> anyhow::Result<&Path> {
        for left in [&self.beside, &self.aside] {
            remove(left)?;
        }
        fs::create_dir(&self.beside).with_context(|| format!("creating {}", self.beside.display()))?;
        Ok(&self.beside)
    }

    /// Makes what is beside durable and puts it in the folder's place.
    ///
    /// # Errors
    /// When it cannot be done; then the old folder stands.
    pub(super) fn put_in_place(&self) -> anyhow::Result<()> {
        let new = File::open(&self.beside)?;
        rustix::fs::syncfs(&new).context("making the copy durable")?;
        if !self.dir.exists() {
            fs::rename(&self.beside, &self.dir).context("naming the copy")?;
        } else if renameat_with(CWD, &self.beside, CWD, &self.dir, RenameFlags::EXCHANGE).is_err() {
            // A file system that cannot exchange: for a moment there is none, and `open` puts the old one back.
            fs::rename(&self.dir, &self.aside).context("moving the old copy aside")?;
            fs::rename(&self.beside, &self.dir).context("naming the copy")?;
        }
        File::open(&self.above).and_then(|above| above.sync_all()).context("making its name durable")?;
        remove(&self.beside)?;
        remove(&self.aside)
    }

    /// Removes what was made beside.
    pub(super) fn give_up(&self) {
        if let Err(error) = remove(&self.beside) {
            eprintln!("note: {error:#}");
        }
    }
}

fn remove(dir: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", dir.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
