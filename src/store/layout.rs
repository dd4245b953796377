//! Every file, tree, key and value that the store writes.
//!
//! # Directory
//!
//! ```text
//! format                              the format number as text
//! lock                                held by the process that has the directory
//! keys/national.age  keys/node.age    32-byte seeds, encrypted (0600)
//! keys/next-national.age              the national key that the card announces
//! keys/after-next-national.age        the one after it, while a succession is under way
//! keys/former-national-<number>.age   national keys that were succeeded
//! keys/node-next.age                  the node key that is to take over
//! keys/node.pub  keys/node-next.pub   the public halves of the two, as 64 hexadecimal digits
//! card.txt                            our own partner card
//! feeds/<publisher>/<agreement>/      both as 64 hexadecimal digits
//!     <first seq, 12 digits>.feed     a segment: magic, then frames (crate::feed::frame)
//!     <first seq, 12 digits>.index    where the segment's entries lie; derived
//!     erased                          whose payloads were erased: lines of a first and a last seq, as text
//!     opened                          keys of entries that came sealed: lines of a seq and 64 digits (0600)
//! aside/<publisher>/<agreement>/      what was cut off a feed: of a line that was given up, or behind damage
//!     <first seq, 12 digits>-<n>.feed
//! recovery                            that own feeds may lack entries ([`super::recovery`])
//! db/                                 sled; derived
//! control.sock                        the running daemon's door (0600)
//! ```
//!
//! # Bytes of a segment
//!
//! [`SEGMENT_MAGIC`], then frames: for each entry one Head, its Table frames, its Blocks; of an entry that travels
//! sealed too its Seal frames after the Head, and where it came sealed, Sealed frames for the rest. But for that the
//! bytes after the magic are the same on every node that holds the feed. Where an entry was erased, one Erased frame without body
//! stands for its Blocks.
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
//! | `P` alone | the first page: length u32 LE, zstd of the bytes that [`crate::view::page`] lists |
//! | `P` view key as text, 0, feed id (64), period u64 BE | a page from that period of that row on, as above |
//! | `R` feed id (64), recipient (32) | the recipient's newest receipt: seq u64 LE, entry id (32), time i64 LE |
//! | `O` feed id (64) | number of observations folded, u64 LE |
//! | `V` | [`DERIVED_VERSION`] u32 LE |
//!
//! Pages hold what was folded up to the cursors, and maybe more; what was folded later and is not yet on pages is
//! in memory alone (`super::overlay`) and is folded again from the feed files when the process ends before it was
//! written out. A period stands in a key as its first millisecond times 8 plus its kind, with the sign bit
//! turned; 0 stands before all periods. A page ends where the next one begins.

use std::path::{Path, PathBuf};

use crate::feed::{FeedId, Seq};
use crate::model::Period;
use crate::view::RowId;

/// The format of the directory.
pub const FORMAT: u32 = 1;
/// The format of what is in sled; another one is not migrated but folded again.
pub const DERIVED_VERSION: u32 = 3;
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

/// The file with the keys of a feed's entries that came sealed and were opened.
pub fn opened(feed: &Path) -> PathBuf {
    feed.join("opened")
}

/// The file that says which entries' payloads of a feed were erased.
pub fn erased(feed: &Path) -> PathBuf {
    feed.join("erased")
}

/// What was cut off a feed.
pub fn aside(dir: &Path, feed: &FeedId) -> PathBuf {
    dir.join("aside").join(feed.publisher.to_hex()).join(feed.agreement.to_hex())
}

/// The mark of recovery.
pub fn recovery(dir: &Path) -> PathBuf {
    dir.join("recovery")
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

/// The key of the page that begins with a period of a row; without one, with the row's first.
pub fn page_key(row: &RowId, from: Option<Period>) -> Vec<u8> {
    let mut key = page_row(row);
    key.extend_from_slice(&from.map_or(0, period_order).to_be_bytes());
    key
}

/// What the keys of all pages begin with that begin within this row.
pub fn page_row(row: &RowId) -> Vec<u8> {
    let mut key = page_prefix(&row.key);
    key.reserve(73);
    key.push(0);
    key.extend_from_slice(&row.feed.publisher.0);
    key.extend_from_slice(&row.feed.agreement.0);
    key
}

/// The least key of a page that begins with a view key that begins so.
pub fn page_prefix(view_key: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + view_key.len());
    key.push(PAGE);
    key.extend_from_slice(view_key.as_bytes());
    key
}

/// A number that orders periods as they are ordered.
pub fn period_order(period: Period) -> u64 {
    let number = period.start_millis() << 3 | i64::from(period.kind().code());
    number.cast_unsigned() ^ (1 << 63)
}
