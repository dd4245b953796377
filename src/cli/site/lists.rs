//! The list of files and the file of checksums: text, a line for each file, in the order of paths.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;

use super::{MAX_FILES, MAX_LIST};
use crate::crypto::{Hash, Hasher};

/// Bytes of a file that have a checksum of their own.
pub(super) const BLOCK: usize = 1_024;

/// What is written down of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// SHA-256 of it.
    pub(super) hash: Hash,
    /// Its length.
    pub(super) size: u64,
    /// CRC-32 of each [`BLOCK`], eight digits each.
    pub(super) blocks: String,
}

/// Takes down what goes by.
#[derive(Debug, Default)]
pub(super) struct Taker {
    hasher: Hasher,
    size: u64,
    block: crc32fast::Hasher,
    filled: usize,
    blocks: String,
}

impl Taker {
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.block.update(now);
            self.filled += now.len();
            if self.filled == BLOCK {
                self.end_block();
            }
            bytes = rest;
        }
    }

    fn end_block(&mut self) {
        let sum = std::mem::take(&mut self.block).finalize();
        write!(self.blocks, "{sum:08x}").expect("writing to a string does not fail");
        self.filled = 0;
    }

    pub(super) fn finish(mut self) -> Listed {
        if self.filled > 0 {
            self.end_block();
        }
        Listed { hash: self.hasher.finish(), size: self.size, blocks: self.blocks }
    }

    /// What a file is, read piece by piece.
    pub(super) fn of(mut file: impl Read) -> std::io::Result<Listed> {
        let (mut taker, mut buffer) = (Self::default(), vec![0; 64 * 1_024]);
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(taker.finish()),
                Ok(read) => taker.take(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A line of the list.
pub(super) fn list_line(path: &str, hash: &Hash) -> String {
    format!("{hash}  {path}\n")
}

/// A line of the file of checksums.
pub(super) fn blocks_line(path: &str, listed: &Listed) -> String {
    format!("{path}\t{}\t{}\n", listed.size, listed.blocks)
}

/// What is wrong with a line of a list: its number, from 1, and why.
pub(super) type BadLine = (usize, String);

/// The list's paths with their hashes and line numbers, and the lines that are none.
pub(super) fn read_list(text: &str) -> (BTreeMap<String, (Hash, usize)>, Vec<BadLine>) {
    let (mut files, mut bad) = (BTreeMap::new(), Vec::new());
    let mut before = String::new();
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if files.len() >= MAX_FILES {
            bad.push((number, format!("a copy has {MAX_FILES} files at most")));
            break;
        }
        match line.split_once("  ").map(|(hash, path)| (Hash::from_hex(hash), path)) {
            Some((Some(hash), path)) if is_inside(path) && *path > *before => {
                before = path.to_owned();
                files.insert(path.to_owned(), (hash, number));
            }
            Some((Some(_), path)) if is_inside(path) => {
                bad.push((number, format!("{path} is out of order")));
            }
            Some(_) | None => bad.push((number, "it is not a hash and the path of a file".to_owned())),
        }
    }
    (files, bad)
}

/// Lengths and checksums by path, with the line that says them.
pub(super) type Blocks = BTreeMap<String, (u64, String, usize)>;

/// The files' lengths and checksums, with line numbers, and the lines that are none.
pub(super) fn read_blocks(text: &str) -> (Blocks, Vec<BadLine>) {
    let (mut files, mut bad) = (BTreeMap::new(), Vec::new());
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)).take(MAX_FILES) {
        let mut parts = line.splitn(3, '\t');
        match (parts.next(), parts.next().and_then(|size| size.parse::<u64>().ok()), parts.next()) {
            (Some(path), Some(size), Some(blocks)) if is_inside(path) => {
                files.insert(path.to_owned(), (size, blocks.to_owned(), number));
            }
            _ => bad.push((number, "it is not a path, a length and checksums".to_owned())),
        }
    }
    (files, bad)
}

/// Whether a path stays inside the folder: names of plain characters with single slashes.
pub(super) fn is_inside(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~');
    let name = |name: &str| !name.is_empty() && !name.starts_with('.') && name.chars().all(plain);
    path.split('/').all(name)
}

/// A text file of a bounded length.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read_text(path: &Path, most: u64) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it is longer than {most} bytes"));
    }
    String::from_utf8(bytes).map_err(|error| format!("byte {} is no text", error.utf8_error().valid_up_to()))
}

/// The list or the file of checksums.
///
/// # Errors
/// As [`read_text`].
pub(super) fn read_lines(path: &Path) -> Result<String, String> {
    read_text(path, MAX_LIST)
}
