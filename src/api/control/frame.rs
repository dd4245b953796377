//! What goes over the socket: a length and JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MAX_ANSWER;
use crate::node::Request;

/// A request and how many bytes follow it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pub(super) request: Request,
    #[serde(default)]
    pub(super) payload: u64,
}

/// The same, to be written.
#[derive(Debug, Serialize)]
pub(super) struct AskRef<'a> {
    pub(super) request: &'a Request,
    pub(super) payload: u64,
}

/// One frame of an answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reply {
    /// One row of many.
    Row(Value),
    /// The answer is complete: its value, or nothing after rows.
    End(Option<Value>),
    /// There is no answer, or no more of it.
    Error(Fault),
}

/// As [`Reply::End`], of a value that is JSON already.
#[derive(Serialize)]
pub(super) struct End<'a> {
    pub(super) end: &'a RawValue,
}

/// Why the node did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// A short word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

impl Fault {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// Appends the frame of a [`Reply::Row`] whose value is JSON text already.
pub(super) fn row_frame(frames: &mut Vec<u8>, row: &str) -> Result<(), Fault> {
    framed(frames, |frames| {
        frames.extend_from_slice(b"{\"row\":");
        frames.extend_from_slice(row.as_bytes());
        frames.push(b'}');
        Ok(())
    })
}

/// Appends a frame; one that is too long becomes an error in its place, and the answer ends there.
pub(super) fn push(frames: &mut Vec<u8>, reply: &impl Serialize) -> Result<(), Fault> {
    framed(frames, |frames| serde_json::to_writer(frames, reply))
}

fn framed(
    frames: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
) -> Result<(), Fault> {
    let start = frames.len();
    frames.extend_from_slice(&[0; 4]);
    let written = write(frames);
    let length = u32::try_from(frames.len() - start - 4).unwrap_or(u32::MAX);
    if written.is_err() || length > MAX_ANSWER {
        frames.truncate(start);
        return Err(Fault::new("too_long", format!("one frame of the answer exceeds {MAX_ANSWER} bytes")));
    }
    frames[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}
