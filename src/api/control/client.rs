//! The command line's end of the socket.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use super::frame::{AskRef, Fault, Reply};
use super::{MAX_ANSWER, MAX_PAYLOAD, MAX_REQUEST};
use crate::node::Request;

/// How many requests are sent before their answers are read: few enough for what the socket holds of both.
const AT_ONCE: usize = 128;

/// A conversation with a daemon. Blocks.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
}

/// The bytes that go with a request, and how many they are.
pub struct Payload<'a> {
    /// How many bytes are sent; the source must have as many.
    pub length: u64,
    /// Where they come from.
    pub bytes: &'a mut (dyn Read + Send),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The daemon says no; its own words.
    #[error(transparent)]
    Refused(#[from] Fault),
    /// A request or payload that the daemon would not take.
    #[error("{what} of {length} bytes is longer than the daemon takes, {limit} bytes")]
    TooLong {
        /// Request or payload.
        what: &'static str,
        /// How long it is.
        length: u64,
        /// How long it may be.
        limit: u64,
    },
    /// The file to be sent cannot be read, or is shorter than it was.
    #[error("cannot read what is to be sent: {0}")]
    Payload(io::Error),
    /// The connection broke.
    #[error("the daemon went away before it answered, what it did is in its log: {0}")]
    Broken(io::Error),
    /// What came is no answer.
    #[error("the daemon's answer is not understood, is it of another version? {0}")]
    Garbled(String),
}

impl Client {
    /// Reaches the daemon that listens at a path; `None` when there is none.
    ///
    /// # Errors
    /// When there is a socket that cannot be opened, as when it is another user's.
    pub fn connect(path: &Path) -> io::Result<Option<Self>> {
        match UnixStream::connect(path) {
            Ok(stream) => Ok(Some(Self { stream: BufReader::new(stream) })),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks. Rows of a long answer go to `on_row`; when it returns `false` the conversation ends there. What is
    /// returned is the value of a short answer.
    ///
    /// # Errors
    /// [`ClientError`]; after any but [`ClientError::Refused`] and [`ClientError::TooLong`] connect again.
    pub fn call(
        &mut self,
        request: &Request,
        payload: Option<Payload<'_>>,
        on_row: &mut dyn FnMut(Value) -> bool,
    ) -> Result<Option<Value>, ClientError> {
        let sent = self.send(request, payload);
        if let Err(error @ (ClientError::TooLong { .. } | ClientError::Payload(_))) = sent {
            return Err(error);
        }
        loop {
            // A daemon that refused early has hung up; why stands in what it sent before.
            let reply = match (self.reply(), &sent) {
                (Err(_), Err(_)) => return sent.map(|()| None),
                (reply, _) => reply?,
            };
            match reply {
                Reply::Row(row) => {
                    if !on_row(row) {
                        // The daemon sees it at its next write and stops making rows.
                        let _ = self.stream.get_ref().shutdown(Shutdown::Both);
                        return Ok(None);
                    }
                }
                Reply::End(value) => return Ok(value),
                Reply::Error(fault) => return Err(fault.into()),
            }
        }
    }

    /// Asks many things that have short answers, each with its file if it has one, without waiting for an answer
    /// before the next request: `each` gets the answers in the order of the requests, refused ones too.
    ///
    /// # Errors
    /// [`ClientError`] when the conversation breaks; what was asked last may or may not have been done.
    pub fn call_all(
        &mut self,
        asked: &[(Request, Option<Vec<u8>>)],
        each: &mut dyn FnMut(Result<Option<Value>, ClientError>),
    ) -> Result<(), ClientError> {
        for some in asked.chunks(AT_ONCE) {
            let mut bytes = Vec::new();
            for (request, file) in some {
                let file = file.as_deref().unwrap_or_default();
                bytes.extend(head(request, file.len() as u64)?);
                bytes.extend_from_slice(file);
            }
            self.stream.get_mut().write_all(&bytes).map_err(ClientError::Broken)?;
            for _ in some {
                match self.reply()? {
                    Reply::End(value) => each(Ok(value)),
                    Reply::Error(fault) => each(Err(fault.into())),
                    Reply::Row(_) => return Err(ClientError::Garbled("rows came unasked".to_owned())),
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, request: &Request, payload: Option<Payload<'_>>) -> Result<(), ClientError> {
        let head = head(request, payload.as_ref().map_or(0, |payload| payload.length))?;
        let stream = self.stream.get_mut();
        stream.write_all(&head).map_err(ClientError::Broken)?;
        match payload {
            Some(payload) => copy(payload, stream),
            None => Ok(()),
        }
    }

    fn reply(&mut self) -> Result<Reply, ClientError> {
        let mut prefix = [0; 4];
        self.stream.read_exact(&mut prefix).map_err(ClientError::Broken)?;
        let length = u32::from_le_bytes(prefix);
        if length > MAX_ANSWER {
            return Err(ClientError::Garbled(format!("a frame of {length} bytes exceeds {MAX_ANSWER}")));
        }
        let mut text = Vec::new();
        let stream = Read::by_ref(&mut self.stream);
        let read = stream.take(length.into()).read_to_end(&mut text).map_err(ClientError::Broken)?;
        if read < length as usize {
            return Err(ClientError::Broken(ErrorKind::UnexpectedEof.into()));
        }
        serde_json::from_slice(&text).map_err(|error| ClientError::Garbled(error.to_string()))
    }
}

/// Bytes of a file that are read at once.
const COPY: usize = 256 * 1_024;

/// A request as it stands before its payload.
fn head(request: &Request, payload: u64) -> Result<Vec<u8>, ClientError> {
    within("a payload", payload, MAX_PAYLOAD)?;
    let ask = serde_json::to_vec(&AskRef { request, payload })
        .map_err(|error| ClientError::Garbled(error.to_string()))?;
    within("a request", ask.len() as u64, MAX_REQUEST.into())?;
    let prefix = u32::try_from(ask.len()).expect("a request within MAX_REQUEST fits into 32 bits");
    Ok([&prefix.to_le_bytes()[..], &ask].concat())
}

/// Sends exactly the bytes that were announced, or breaks the connection off, so that a file that shrank meanwhile
/// is never taken for a whole one.
fn copy(payload: Payload<'_>, stream: &mut UnixStream) -> Result<(), ClientError> {
    let mut left = payload.length;
    let mut buffer = vec![0; COPY.min(usize::try_from(left).unwrap_or(COPY))];
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = match payload.bytes.read(&mut buffer[..want]) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        let read = match read {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                let _ = stream.shutdown(Shutdown::Both);
                return Err(ClientError::Payload(error));
            }
            Ok(read) => read,
        };
        stream.write_all(&buffer[..read]).map_err(ClientError::Broken)?;
        left -= read as u64;
    }
    Ok(())
}

fn within(what: &'static str, length: u64, limit: u64) -> Result<(), ClientError> {
    if length > limit { Err(ClientError::TooLong { what, length, limit }) } else { Ok(()) }
}
