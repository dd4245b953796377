//! Feed files, which are the truth, and sled over them, which is derived. The only room that names `sled`.
//!
//! ```text
//! SignedEntry / VerifiedFrame ─▶ feed files (append, then one fsync for a batch) ─▶ heads that are durable
//!                                     │
//!                                     └──fold──▶ overlay in memory ──▶ sled: pages of the view, receipts, cursors
//!                                                        └───────────┬──────────┘
//!                                                                 queries
//! ```
//!
//! What goes in is verified, by type: an own [`crate::feed::SignedEntry`] or a [`crate::feed::VerifiedFrame`].
//! Appending only writes; [`Store::commit`] makes everything appended so far durable with one fsync per file and
//! says which entries are whole and durable now. Nothing may be acknowledged, announced or receipted before.
//!
//! sled holds nothing of its own. When it does not open, or disagrees with the feed files, it is deleted and
//! folded again, and the caller is told. A failed write to a feed file is never passed over: the store refuses
//! to go on, and the node stops.
//!
//! Every byte on disk is listed in [`layout`]. Start reading there, then [`feed_file`].

pub mod layout;
pub mod feed_file;
pub mod feeds;
pub mod derived;
pub mod ask;
mod entries;
pub mod backup;
pub mod fold;
mod overlay;
mod packed;
pub mod recovery;
mod syncs;
mod write_out;
pub mod keys;
pub mod records;

pub use ask::RowReader;
pub use derived::{Derived, ReceiptRow};
pub use feeds::{Repair, Store, quarantine};
pub use records::{Records, StoredEntry};
pub use recovery::{RecoveryCause, RecoveryMark};

use std::path::PathBuf;

use crate::feed::{CodecError, FeedId, Seq};
use crate::view::PageError;

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{action} {path}: {source}{}", remedy(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// Another process has the directory.
    #[error("{0} is in use by another corridor process; stop it, or talk to it by its control socket")]
    InUse(PathBuf),
    /// A feed file holds something else than what was written.
    #[error(
        "feed {feed}, entry {seq}: damaged at byte {offset} of {path}: {what}; restore it from a backup or a partner"
    )]
    Damaged {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
        /// The file.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// There is no such entry here.
    #[error("feed {feed} has no entry {seq} here")]
    NoEntry {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
    },
    /// The entry's payload was erased: it cannot be handed on.
    #[error("feed {feed}: the payload of entry {seq} was erased here")]
    Erased {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
    },
    /// An entry was appended out of its place: a defect of the caller.
    #[error("feed {feed}: entry {seq} does not go here")]
    OutOfPlace {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
    },
    /// A write failed before; what is in memory is no longer what is on disk.
    #[error("the store stopped after a failed write; mend the disk and start the node again")]
    Stopped,
    /// The derived database is broken; the feed files are not touched by it.
    #[error("the derived database is broken: {0}; it is rebuilt from the feed files")]
    Derived(String),
    /// The directory was written by a newer version.
    #[error("the store has format {found}, this version knows {known}: install a newer corridor")]
    Format {
        /// What the directory says.
        found: u32,
        /// What this code knows.
        known: u32,
    },
    /// A file of the store does not read as what it should be.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl StoreError {
    fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// What the operator can do about a refusal of the operating system; begins with a semicolon, or is empty.
pub(crate) fn remedy(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match (error.kind(), error.raw_os_error()) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => "; free space on this disk",
        (ErrorKind::ReadOnlyFilesystem, _) => {
            "; check the disk, which systems make read-only after errors, and mount it for writing"
        }
        (ErrorKind::PermissionDenied, _) => "; give this user the right to it",
        (ErrorKind::OutOfMemory, _) => "; give the node more memory",
        (_, Some(EIO)) => {
            "; check the disk and its cable, and move the directory to another one if it fails again"
        }
        (_, Some(EMFILE | ENFILE)) => {
            "; raise the limit of open files (LimitNOFILE of the service, `ulimit -n`)"
        }
        _ => "",
    }
}

/// Numbers of errors that have no kind of their own, the same on all systems that this program is built for.
const EIO: i32 = 5;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        let remedy = match &error {
            sled::Error::Io(error) => remedy(error),
            _ => "",
        };
        Self::Derived(format!("{error}{remedy}"))
    }
}

impl From<PageError> for StoreError {
    fn from(error: PageError) -> Self {
        Self::Derived(error.to_string())
    }
}

impl From<CodecError> for StoreError {
    fn from(error: CodecError) -> Self {
        Self::Derived(error.to_string())
    }
}

#[cfg(test)]
mod testing;
