//! The socket's place in the file system: nobody but its owner can ever open it.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A socket that is listened on; its name goes away with it.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    /// The user that this process acts for, which is the owner of what it makes.
    pub(super) owner: u32,
}

impl Socket {
    /// Listens at a path. The socket is made inside a directory of its own that others cannot enter, because its
    /// first permissions are whatever the umask leaves, and is moved to its place when they are right. The move
    /// also takes the place of a socket that a killed daemon left behind.
    pub(super) fn bind(path: &Path) -> io::Result<(Self, UnixListener)> {
        if UnixStream::connect(path).is_ok() {
            let text = format!("a daemon already listens on {}", path.display());
            return Err(io::Error::new(ErrorKind::AddrInUse, text));
        }
        let nursery = path.with_extension("new");
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        clear(&nursery).map_err(named)?;
        DirBuilder::new().mode(0o700).create(&nursery).map_err(named)?;
        let born = nursery.join("s");
        let bound = UnixListener::bind(&born).and_then(|listener| {
            fs::set_permissions(&born, Permissions::from_mode(0o600))?;
            let owner = fs::symlink_metadata(&born)?.uid();
            fs::rename(&born, path)?;
            listener.set_nonblocking(true)?;
            Ok((Self { path: path.to_owned(), owner }, listener))
        });
        clear(&nursery).map_err(named)?;
        bound.map_err(named)
    }

    /// Whether this user may talk to the daemon: its own user, and root.
    pub(super) fn admits(&self, user: u32) -> bool {
        user == self.owner || user == 0
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Nothing is lost when it stays: the next daemon takes its place.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what an attempt before this one left.
fn clear(nursery: &Path) -> io::Result<()> {
    match fs::remove_dir_all(nursery) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
