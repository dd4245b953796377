//! The bytes of a file, made plain: no byte order mark, one kind of line end, no row without end.

use std::io::{self, Read};

use crate::intake::MAX_ROW_BYTES;

/// Bytes read ahead to see what kind of file it is.
const AHEAD: u64 = 4096;

/// A file without byte order mark, without its first lines, with `\n` at the end of every line.
///
/// It gives at most [`MAX_ROW_BYTES`] between two calls of [`Source::row_done`], so that no reader on top of it
/// can be made to buffer a whole file.
pub(super) struct Source<'a> {
    input: &'a mut (dyn Read + Send),
    ahead: Vec<u8>,
    given: usize,
    skip: u32,
    allowance: usize,
    after_cr: bool,
    last: u8,
    ended: bool,
}

/// The message of the error that ends a row without end.
pub(super) const ROW_TOO_LONG: &str =
    "the row is longer than 256 KiB: a quotation mark is probably not closed; close it";

impl<'a> Source<'a> {
    /// A source that leaves out some lines at the beginning.
    pub(super) fn new(input: &'a mut (dyn Read + Send), skip: u32) -> io::Result<Self> {
        let mut ahead = Vec::new();
        (&mut *input).take(AHEAD).read_to_end(&mut ahead)?;
        let given = if ahead.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let allowance = MAX_ROW_BYTES;
        Ok(Self { input, ahead, given, skip, allowance, after_cr: false, last: b'\n', ended: false })
    }

    /// Why the file cannot be a CSV file in UTF-8, if it starts like another kind.
    pub(super) fn foreign(&self) -> Option<&'static str> {
        match self.ahead.as_slice() {
            [b'P', b'K', 3, 4, ..] => Some("this is a workbook, not CSV: save the sheet as CSV (UTF-8)"),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("the text is UTF-16: save the file as CSV (UTF-8)"),
            [0x1f, 0x8b, ..] => Some("the file is compressed: unpack it first"),
            _ => None,
        }
    }

    /// What the file starts with.
    pub(super) fn start(&self) -> &[u8] {
        let given = &self.ahead[self.given..];
        given.trim_ascii_start()
    }

    /// The delimiter that the first line has most of.
    pub(super) fn delimiter(&self) -> u8 {
        let line = self.ahead[self.given..].split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
        let count = |d: u8| line.iter().filter(|b| **b == d).count();
        // The last of equals wins, so a line without any has a comma.
        [b'\t', b';', b','].into_iter().max_by_key(|d| count(*d)).unwrap_or(b',')
    }

    /// The next row may have its full length again.
    pub(super) const fn row_done(&mut self) {
        self.allowance = MAX_ROW_BYTES;
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given < self.ahead.len() {
            let rest = &self.ahead[self.given..];
            let n = rest.len().min(buffer.len());
            buffer[..n].copy_from_slice(&rest[..n]);
            self.given += n;
            return Ok(n);
        }
        self.input.read(buffer)
    }

    /// `\r\n` and `\r` become `\n`; how many bytes are left.
    fn plain_ends(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_cr && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            let second = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            if !second {
                bytes[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }

    /// Removes the lines at the beginning that are not read; how many bytes are left.
    fn drop_lines(&mut self, bytes: &mut [u8]) -> usize {
        let mut start = 0;
        while self.skip > 0 {
            match bytes[start..].iter().position(|b| *b == b'\n') {
                Some(end) => {
                    start += end + 1;
                    self.skip -= 1;
                }
                None => return 0,
            }
        }
        bytes.copy_within(start.., 0);
        bytes.len() - start
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.allowance == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, ROW_TOO_LONG));
        }
        let most = buffer.len().min(self.allowance);
        let buffer = &mut buffer[..most];
        while !self.ended && !buffer.is_empty() {
            let read = match self.fill(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if read == 0 {
                self.ended = true;
                let open = self.last != b'\n';
                buffer[0] = b'\n';
                return Ok(usize::from(open));
            }
            let plain = self.plain_ends(&mut buffer[..read]);
            let left = if self.skip > 0 { self.drop_lines(&mut buffer[..plain]) } else { plain };
            if left > 0 {
                self.last = buffer[left - 1];
                self.allowance -= left;
                return Ok(left);
            }
        }
        Ok(0)
    }
}
