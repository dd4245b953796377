//! The file that comes with a request, on its way to the thread that reads it.
//!
//! A small one is kept whole. A large one goes by in pieces: whoever receives it waits while a few of them are
//! unread, so a client is never faster than the check, and memory does not grow with the file.

use std::io::{self, Cursor, ErrorKind, Read};

use tokio::sync::mpsc;

use crate::crypto::{Hash, Hasher};

/// Bytes of a payload that is kept whole and read at once: so few that this takes less than a millisecond.
pub const MAX_WHOLE: u64 = 64 * 1_024;
/// Bytes of a piece: far more than what it costs to hand one over is worth.
pub const PIECE: usize = 256 * 1_024;
/// Pieces that wait to be read: the sender works while the reader does.
const PIECES: usize = 4;

/// The file that comes with a request; most have none.
#[derive(Debug)]
pub struct Payload(Bytes);

#[derive(Debug)]
enum Bytes {
    Whole(Cursor<Vec<u8>>),
    Pieces(Pieces),
}

#[derive(Debug)]
struct Pieces {
    inbox: mpsc::Receiver<Vec<u8>>,
    piece: Cursor<Vec<u8>>,
    /// Bytes that have not come yet.
    missing: u64,
}

/// Where the pieces of a payload are put in.
#[derive(Debug)]
pub struct PieceSender(mpsc::Sender<Vec<u8>>);

impl PieceSender {
    /// Hands a piece on, waiting while too many are unread. `false` once nobody wants any more.
    pub async fn send(&self, piece: Vec<u8>) -> bool {
        self.0.send(piece).await.is_ok()
    }
}

impl Payload {
    /// No file.
    pub fn none() -> Self {
        Self::whole(Vec::new())
    }

    /// A file that is here.
    pub fn whole(bytes: Vec<u8>) -> Self {
        Self(Bytes::Whole(Cursor::new(bytes)))
    }

    /// A file of this length that comes in pieces. Reading it blocks, and fails if the sender goes away before the
    /// last byte: a part of a file never passes for all of it.
    pub fn pieces(length: u64) -> (PieceSender, Self) {
        let (sender, inbox) = mpsc::channel(PIECES);
        let pieces = Pieces { inbox, piece: Cursor::default(), missing: length };
        (PieceSender(sender), Self(Bytes::Pieces(pieces)))
    }

    /// Is it here, so that reading it never waits?
    pub const fn is_whole(&self) -> bool {
        matches!(self.0, Bytes::Whole(_))
    }
}

impl Read for Payload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pieces = match &mut self.0 {
            Bytes::Whole(bytes) => return bytes.read(buffer),
            Bytes::Pieces(pieces) => pieces,
        };
        loop {
            let read = pieces.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() || pieces.missing == 0 {
                return Ok(read);
            }
            let next = pieces.inbox.blocking_recv().ok_or(ErrorKind::UnexpectedEof)?;
            pieces.missing = pieces.missing.saturating_sub(next.len() as u64);
            pieces.piece = Cursor::new(next);
        }
    }
}

/// Takes the digest of bytes as they are read, and remembers when they broke off.
pub(super) struct Hashed<'a> {
    bytes: &'a mut (dyn Read + Send),
    hasher: Hasher,
    broken: Option<io::Error>,
}

impl<'a> Hashed<'a> {
    pub(super) fn new(bytes: &'a mut (dyn Read + Send)) -> Self {
        Self { bytes, hasher: Hasher::default(), broken: None }
    }

    /// Reads what is left; the digest of all bytes.
    pub(super) fn finish(mut self) -> io::Result<Hash> {
        if self.broken.is_none() {
            io::copy(&mut self, &mut io::sink())?;
        }
        self.broken.map_or_else(|| Ok(self.hasher.finish()), Err)
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer);
        match &read {
            Ok(read) => self.hasher.update(&buffer[..*read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => self.broken = Some(io::Error::new(error.kind(), error.to_string())),
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_one_file() {
        let (sender, mut payload) = Payload::pieces(6);
        for piece in ["ab", "", "cde", "f"] {
            sender.0.try_send(piece.into()).unwrap();
        }
        let mut text = String::new();
        payload.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcdef");
        assert!(!payload.is_whole() && Payload::none().is_whole());
    }

    #[test]
    fn a_part_of_a_file_is_an_error_that_stays() {
        let (sender, mut payload) = Payload::pieces(6);
        sender.0.try_send(b"abc".to_vec()).unwrap();
        drop(sender);
        let mut hashed = Hashed::new(&mut payload);
        let error = io::copy(&mut hashed, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(hashed.finish().unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn the_digest_is_of_all_bytes_however_many_were_read() {
        let text = b"a file longer than the part that was looked at".to_vec();
        let mut payload = Payload::whole(text.clone());
        let mut hashed = Hashed::new(&mut payload);
        hashed.read_exact(&mut [0; 5]).unwrap();
        assert_eq!(hashed.finish().unwrap(), Hash::of(&[&text]));
    }
}
