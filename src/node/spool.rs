//! Large files on their way in or out: kept in the node's directory while they are needed, and never to be found there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::engine::NodeError;

/// A file without a name: it is gone with its last handle, whatever becomes of the process.
#[derive(Debug, Clone)]
pub(super) struct Spool(Arc<File>);

/// Told apart within one process; between processes by its number.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Spool {
    /// An empty one on the disk of a node's directory.
    ///
    /// # Errors
    /// [`NodeError::Io`] when it cannot be made.
    pub(super) fn create(dir: &Path) -> Result<Self, NodeError> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("spool-{}-{number}", std::process::id()));
        // Left by a process of the same number that was killed between the two next lines.
        let _left = fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(NodeError::io("creating", &path))?;
        fs::remove_file(&path).map_err(NodeError::io("removing the name of", &path))?;
        Ok(Self(Arc::new(file)))
    }

    /// One that holds all of an input.
    ///
    /// # Errors
    /// [`NodeError`] when it cannot be made, or the input breaks off.
    pub(super) fn fill(dir: &Path, mut input: impl Read) -> Result<Self, NodeError> {
        let spool = Self::create(dir)?;
        io::copy(&mut input, &mut &*spool.0).map_err(NodeError::Payload)?;
        Ok(spool)
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut &*self.0, bytes)
    }

    /// Reads bytes at a place.
    ///
    /// # Errors
    /// What the operating system says; also when so many are not there.
    pub(super) fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Reads it from its beginning.
    pub(super) fn reader(&self) -> impl Read + use<> {
        let file = Arc::clone(&self.0);
        io::BufReader::with_capacity(1 << 16, Reader { file, at: 0 })
    }

    /// How many bytes.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

impl io::Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &*self.0, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Reader {
    file: Arc<File>,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
