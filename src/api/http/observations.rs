//! `/api/v1/observations`: public figures as JSON, in the form of `corridor get --json`.
//!
//! | parameter | is |
//! |---|---|
//! | `flow` | `MIGPROFILE`, or an indicator's code |
//! | `key` | an SDMX key; empty parts mean any |
//! | `as_of` | as of this moment: RFC 3339 or a date |
//! | `history` | `true` for every version |
//!
//! A short answer is made at once. A long one is made while it is read, and no faster.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task;

use super::guard::Refusal;
use crate::node::Scope;
use crate::node::engine::Rows;
use crate::node::request::GetRequest;

/// An answer up to so many bytes is made at once; pieces of a longer one are as long.
const PIECE: usize = 64 * 1_024;
/// Pieces of a long answer that wait for the reader.
const PIECES: usize = 4;

/// What a reader may ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    flow: Option<String>,
    key: Option<String>,
    as_of: Option<String>,
    #[serde(default)]
    history: bool,
}

/// The question as the node takes it, narrowed to what the reader may see.
pub(super) fn question(
    asked: Result<Query<Asked>, QueryRejection>,
    scope: Scope,
) -> Result<GetRequest, Refusal> {
    let Query(Asked { flow, key, as_of, history }) = asked.map_err(|_| Refusal::QUESTION)?;
    let flow = flow.unwrap_or_else(|| "MIGPROFILE".to_owned());
    Ok(GetRequest { flow, key, as_of, history, from: None, public: scope == Scope::Public, after: None })
}

/// The rows as one JSON object. The place among the readers is given back when the last row is made.
pub(super) fn answer(rows: Rows, place: OwnedSemaphorePermit) -> Result<Response, Refusal> {
    let short = task::block_in_place(|| short(&rows)).map_err(|error| {
        tracing::error!(%error, "observations cannot be read");
        Refusal::FAILED
    })?;
    let body = short.map_or_else(|| long(rows, place), Body::from);
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The whole answer, if it is short.
fn short(rows: &Rows) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    write(rows, &mut text, &mut |text| text.len() < PIECE)?;
    Ok((text.len() < PIECE).then_some(text))
}

/// The answer piece by piece, made on a thread that may wait. When the rows break off, so does the answer.
fn long(rows: Rows, place: OwnedSemaphorePermit) -> Body {
    let (pieces, inbox) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    task::spawn_blocking(move || {
        let mut text = Vec::new();
        let made = write(&rows, &mut text, &mut |text| {
            text.len() < PIECE || pieces.blocking_send(Ok(std::mem::take(text).into())).is_ok()
        });
        // A reader that is gone needs no rest.
        let _ = pieces.blocking_send(made.map(|()| text.into()));
        drop(place);
    });
    Body::from_stream(stream::unfold(inbox, async |mut inbox| Some((inbox.recv().await?, inbox))))
}

/// Appends the answer to a text; `go_on` may take what is there away, and says whether more is wanted.
fn write(rows: &Rows, text: &mut Vec<u8>, go_on: &mut dyn FnMut(&mut Vec<u8>) -> bool) -> io::Result<()> {
    text.extend_from_slice(b"{\"observations\":[");
    let mut separator = "\n";
    let read = rows.each(&mut |row| {
        text.extend_from_slice(separator.as_bytes());
        text.extend_from_slice(row.as_bytes());
        separator = ",\n";
        go_on(text)
    });
    read.map_err(io::Error::other)?;
    text.extend_from_slice(b"\n]}\n");
    Ok(())
}
