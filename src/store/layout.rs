//! Every file, tree, key and value that the store writes.
//!
//! # Directory
//!
//! ```text
//! format                              the format number as text
//! lock                                held by the process that has the directory
//! keys/national.age  keys/node.age    32-byte seeds, encrypted (0600)
//! card.txt                            our own partner card
//! feeds/<publisher>/<agreement>/      both as 64 hexadecimal digits
//!     <first seq, 12 digits>.feed     a segment: magic, then frames (crate::feed::frame)
//!     <first seq, 12 digits>.index    where the segment's entries lie; derived
//! db/                                 sled; derived
//! control.sock                        the running daemon's door (0600)
//! ```
//!
//! # Bytes of a segment
//!
//! [`SEGMENT_MAGIC`], then frames: for each entry one Head, its Table frames, its Blocks. The bytes after the
//! magic are the same on every node that holds the feed.
//!
//! # Bytes of an index
//!
//! One [`INDEX_ROW`]-byte row per entry: offset of its Head frame u64 | length of its frames u64 | crc32 of the
//! two u32, all little-endian. A row that is missing or does not check is found again by reading the segment.
//!
//! # sled, tree `derived`
//!
//! | key | value |
//! |---|---|
//! | `C` feed id (64) | how far it is folded: next seq u64 LE, id of the entry before it (32) |
//! | `P` first view key of the page, as text | zstd of [`crate::view::Page::to_bytes`] |
//! | `R` feed id (64), recipient (32) | the recipient's newest receipt: seq u64 LE, entry id (32), time i64 LE |
//! | `O` feed id (64) | number of observations folded, u64 LE |
//! | `V` | [`DERIVED_VERSION`] u32 LE |

use std::path::{Path, PathBuf};

use crate::feed::{FeedId, Seq};

/// The format of the directory.
pub const FORMAT: u32 = 1;
/// The format of what is in sled; another one is not migrated but folded again.
pub const DERIVED_VERSION: u32 = 1;
/// The first bytes of a segment.
pub const SEGMENT_MAGIC: &[u8; 16] = b"CORRIDOR FEED 1\n";
/// A segment that is longer than this is followed by a new one at the next entry, in bytes.
pub const SEGMENT_LENGTH: u64 = 64 << 20;
/// Length of an index row in bytes.
pub const INDEX_ROW: usize = 20;

/// The name of the sled tree.
pub const TREE: &str = "derived";
/// Prefix of cursors.
pub const CURSOR: u8 = b'C';
/// Prefix of pages.
pub const PAGE: u8 = b'P';
/// Prefix of receipts.
pub const RECEIPT: u8 = b'R';
/// Prefix of observation counts.
pub const COUNT: u8 = b'O';
/// Key of the version.
pub const VERSION: &[u8] = b"V";

/// The directory of all feeds.
pub fn feeds(dir: &Path) -> PathBuf {
    dir.join("feeds")
}

/// The directory of a feed.
pub fn feed(dir: &Path, feed: &FeedId) -> PathBuf {
    feeds(dir).join(feed.publisher.to_hex()).join(feed.agreement.to_hex())
}

/// A segment's file name.
pub fn segment(first: Seq) -> String {
    format!("{:012}.feed", first.0)
}

/// The directory of sled.
pub fn db(dir: &Path) -> PathBuf {
    dir.join("db")
}

/// A key of a feed in sled.
pub fn feed_key(prefix: u8, feed: &FeedId) -> Vec<u8> {
    let mut key = Vec::with_capacity(97);
    key.push(prefix);
    key.extend_from_slice(&feed.publisher.0);
    key.extend_from_slice(&feed.agreement.0);
    key
}

/// A key of a page in sled.
pub fn page_key(first: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + first.len());
    key.push(PAGE);
    key.extend_from_slice(first.as_bytes());
    key
}
