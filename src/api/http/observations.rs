//! `/api/v1/observations`: figures as JSON, in the form of `corridor get --json`, or as CSV with the same columns.
//!
//! | parameter | is |
//! |---|---|
//! | `flow` | `MIGPROFILE`, or an indicator's code |
//! | `key` | an SDMX key; empty parts mean any |
//! | `as_of` | as of this moment: RFC 3339 or a date |
//! | `history` | `true` for every version |
//! | `publisher` | only this one's statements |
//! | `format` | `json` or `csv` |
//! | `limit`, `cursor` | one page; without `limit`, all |
//!
//! A short answer is made at once. A long one is made while it is read, and no faster.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task;
use utoipa::IntoParams;

use super::guard::Refusal;
use super::v1::params::{asked, is_public, limit, pattern};
use crate::model::Millis;
use crate::node::Scope;
use crate::node::engine::Rows;
use crate::node::request::GetRequest;
use crate::node::rows::{RowPlace, columns};

/// An answer up to so many bytes is made at once; pieces of a longer one are as long.
const PIECE: usize = 64 * 1_024;
/// Pieces of a long answer that wait for the reader.
const PIECES: usize = 4;
/// Observations of one page at most.
const MAX_PAGE: usize = 10_000;

/// What a reader may ask.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// `MIGPROFILE` for all, or an indicator's code.
    #[param(example = "MS_FBORN")]
    flow: Option<String>,
    /// An SDMX key: 14 places or fewer with dots, each empty for any, or codes with `+`.
    #[param(example = "A.ITA.PHL")]
    key: Option<String>,
    /// As of this moment: RFC 3339, or a date.
    #[param(example = "2026-01-31")]
    as_of: Option<String>,
    /// Every version, with corrections and retractions.
    #[serde(default)]
    history: bool,
    /// Whose statements: country code or publisher id.
    #[param(example = "ITA")]
    publisher: Option<String>,
    /// `json` if nothing is said.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// How many; without it all come in one answer. Of JSON only.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// In what form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Csv,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    format: Format,
    limit: Option<usize>,
}

/// The question as the node takes it, narrowed to what the reader may see, and the form of its answer.
pub(super) fn question(question: Asked, scope: Scope) -> Result<(GetRequest, Form), Refusal> {
    let Asked { flow, key, as_of, history, publisher, format, limit: wanted, cursor } = question;
    pattern(flow.as_deref(), key.as_deref())?;
    if let Some(moment) = &as_of {
        Millis::parse(moment).map_err(|error| asked(&error))?;
    }
    if as_of.is_some() && history {
        return Err(Refusal::question("a history is of all times: leave `as_of` or `history` out"));
    }
    if cursor.as_deref().is_some_and(|cursor| RowPlace::parse(cursor).is_err()) {
        return Err(Refusal::CURSOR);
    }
    let limit = wanted.map(|wanted| limit(Some(wanted), MAX_PAGE, MAX_PAGE)).transpose()?;
    if limit.is_some() && format == Format::Csv {
        return Err(Refusal::question("CSV comes whole: leave `limit` out, or narrow `key`"));
    }
    let (flow, public) = (flow.unwrap_or_else(|| "MIGPROFILE".to_owned()), is_public(scope));
    let request = GetRequest { flow, key, as_of, history, from: publisher, public, after: cursor };
    Ok((request, Form { format, limit }))
}

/// The rows as one text. The place among the readers is given back when the last row is made.
pub(super) fn answer(rows: Rows, form: Form, place: OwnedSemaphorePermit) -> Result<Response, Refusal> {
    let short = task::block_in_place(|| short(&rows, form)).map_err(|error| {
        tracing::error!(%error, "observations cannot be read");
        Refusal::FAILED
    })?;
    let body = short.map_or_else(|| long(rows, form, place), Body::from);
    let kind = match form.format {
        Format::Json => "application/json",
        Format::Csv => "text/csv; charset=utf-8; header=present",
    };
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
}

/// The whole answer, if it is short.
fn short(rows: &Rows, form: Form) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    write(rows, form, &mut text, &mut |text| text.len() < PIECE)?;
    Ok((text.len() < PIECE).then_some(text))
}

/// The answer piece by piece, made on a thread that may wait. When the rows break off, so does the answer.
fn long(rows: Rows, form: Form, place: OwnedSemaphorePermit) -> Body {
    let (pieces, inbox) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    task::spawn_blocking(move || {
        let mut text = Vec::new();
        let made = write(&rows, form, &mut text, &mut |text| {
            text.len() < PIECE || pieces.blocking_send(Ok(std::mem::take(text).into())).is_ok()
        });
        // A reader that is gone needs no rest.
        let _ = pieces.blocking_send(made.map(|()| text.into()));
        drop(place);
    });
    // What compresses it asks once more after its end.
    Body::from_stream(stream::unfold(inbox, async |mut inbox| Some((inbox.recv().await?, inbox))).fuse())
}

/// Takes away what is there of a text, if it is much, and says whether more is wanted.
type GoOn<'a> = &'a mut dyn FnMut(&mut Vec<u8>) -> bool;

/// Appends the answer to a text.
fn write(rows: &Rows, form: Form, text: &mut Vec<u8>, go_on: GoOn<'_>) -> io::Result<()> {
    match form.format {
        Format::Json => write_json(rows, form.limit, text, go_on),
        Format::Csv => write_csv(rows, text, go_on),
    }
}

fn write_json(rows: &Rows, limit: Option<usize>, text: &mut Vec<u8>, go_on: GoOn<'_>) -> io::Result<()> {
    text.extend_from_slice(b"{\"observations\":[");
    let (mut separator, mut count, mut last, mut next) = ("\n", 0, String::new(), None);
    let read = rows.each(&mut |row| {
        if limit.is_some_and(|limit| count == limit) {
            next = RowPlace::of_row(&last);
            return false;
        }
        count += 1;
        if limit == Some(count) {
            row.clone_into(&mut last);
        }
        text.extend_from_slice(separator.as_bytes());
        text.extend_from_slice(row.as_bytes());
        separator = ",\n";
        go_on(text)
    });
    read.map_err(io::Error::other)?;
    text.extend_from_slice(b"\n]");
    if limit.is_some() {
        text.extend_from_slice(b",\"next\":");
        serde_json::to_writer(&mut *text, &next.map(|place| place.to_text()))?;
    }
    text.extend_from_slice(b"}\n");
    Ok(())
}

fn write_csv(rows: &Rows, text: &mut Vec<u8>, go_on: GoOn<'_>) -> io::Result<()> {
    let (columns, mut failed) = (columns(), None);
    record(text, columns.iter().map(String::as_str))?;
    let read = rows.each(&mut |row| {
        let written =
            serde_json::from_str(row).map_err(io::Error::other).and_then(|row: serde_json::Value| {
                record(text, columns.iter().map(|column| cell(&row[column.as_str()])))
            });
        failed = written.err();
        failed.is_none() && go_on(text)
    });
    read.map_err(io::Error::other)?;
    failed.map_or(Ok(()), Err)
}

/// A line of CSV as RFC 4180 has it.
fn record<T: AsRef<[u8]>>(text: &mut Vec<u8>, cells: impl Iterator<Item = T>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(text);
    writer.write_record(cells)?;
    writer.flush()
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
