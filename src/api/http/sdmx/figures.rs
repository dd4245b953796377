//! `data`: figures, written while they are read and no faster than the client takes them.
//!
//! An answer that is short is made at once, so that it is known whether there is anything in it; a long one is made anew
//! on a thread of its own, piece by piece, and needs the memory of one series; only what is asked for in another order than the
//! stored one is held in memory first, and has a bound (`sorted.rs`).

use std::io::{self, ErrorKind, Write};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task;

use super::negotiate::{Offer, Wish, labels};
use super::select::{self, Pass, Plan};
use super::sorted::{MAX_SORTED, Sorted, Tell};
use super::{EmptyResult, Failure, Question, data_offers, message_id};
use crate::api::http::service::failed;
use crate::api::http::v1;
use crate::node::{NodeError, Reader, clock};
use crate::sdmx::data::{Action, DataFormat, DataHead, DataWriter, Detail, Layout, SeriesContext};
use crate::sdmx::query::{Data, Fault, Sort};
use crate::view::Version;

/// An answer up to so many bytes is made at once; pieces of a longer one are as long.
const PIECE: usize = 64 * 1_024;
/// Pieces of a long answer that wait for the reader.
const PIECES: usize = 4;
/// Versions of one period at most: each is a data set, and a walk over the series.
const MAX_VERSIONS: usize = 100;

/// A message that is to be written.
struct Job {
    reader: Reader,
    parts: Vec<Part>,
    format: DataFormat,
    head: DataHead,
    offset: u64,
    limit: Option<u64>,
}

/// What a message tells of one flow.
struct Part {
    plan: Plan,
    passes: Vec<Pass>,
    /// What each pass tells, where that is not told in the order in which it is stored.
    sorted: Option<Vec<Sorted>>,
}

impl Part {
    /// What each pass tells, sorted, or that it is too much; `left` as [`Sorted::new`] has it.
    fn sort(
        &self,
        reader: &Reader,
        (sort, is_flat): (&Sort, bool),
        left: &mut usize,
    ) -> Result<Result<Vec<Sorted>, Fault>, NodeError> {
        let mut all = Vec::new();
        for pass in &self.passes {
            match Sorted::new(reader, (&self.plan, *pass), (sort, is_flat), left)? {
                Ok(sorted) => all.push(sorted),
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok(all))
    }

    /// Calls `tell` with what a pass tells of each series, until it says `false`.
    fn walk(&self, reader: &Reader, at: usize, tell: &mut Tell<'_>) -> io::Result<()> {
        if let Some(sorted) = self.sorted.as_ref().and_then(|sorted| sorted.get(at)) {
            sorted.walk(tell);
            return Ok(());
        }
        let Some(pass) = self.passes.get(at) else { return Ok(()) };
        let walked = self.plan.walk(reader, &mut |series| {
            let versions = self.plan.versions(&series, *pass);
            versions.is_empty() || tell(&series, versions)
        });
        walked.map_err(io::Error::other)
    }
}

/// The answer to a question for figures.
pub(super) fn answer(question: Question, data: Data) -> Result<Response, Failure> {
    let flows = select::flows(&question.reader, &data.target)?;
    let offers = data_offers(data.target.generation, &question.headers);
    let offer = question.agree(&offers, &Wish { format: data.target.format.as_deref() })?;
    let Offer::Data(format) = offer else {
        return Err(Fault::syntax("data have forms of data").into());
    };
    let tag = question.tag(&v1::tag(&question.reader), offer);
    if let Some(known) = question.known(&tag) {
        return Ok(known);
    }
    let head = DataHead {
        is_test: question.reader.is_training(),
        flows: flows.iter().map(|flow| flow.name(&question.reader)).collect(),
        layout: if data.is_flat { Layout::Flat } else { Layout::Series },
        detail: data.detail,
        attributes: data.attributes.clone(),
        labels: labels(&question.headers, offer),
        ..DataHead::new(&message_id(&tag), clock::now(), &question.sender())
    };
    let mut left = MAX_SORTED;
    let parts = flows.into_iter().map(|flow| part(&question, &data, (flow, format), &mut left));
    let parts = parts.collect::<Result<Vec<Part>, Failure>>()?;
    let (offset, limit) = (data.offset, data.limit);
    let job = Job { reader: question.reader.clone(), parts, format, head, offset, limit };
    let body = match task::block_in_place(|| short(&job)) {
        Ok(Some((_, 0))) if question.empty != EmptyResult::Message => {
            return Err(match question.empty {
                EmptyResult::NoContent => Failure::NoContent,
                EmptyResult::NotFound | EmptyResult::Message => select::nothing(&data.selection).into(),
            });
        }
        Ok(Some((text, _))) => Body::from(text),
        Ok(None) => long(job, question.place),
        Err(error) => {
            tracing::error!(%error, "figures cannot be read");
            return Err(super::Refusal::FAILED.into());
        }
    };
    let mut response = ([(header::CONTENT_TYPE, offer.media_type())], body).into_response();
    v1::mark(response.headers_mut(), &tag, &question.reader);
    Ok(response)
}

/// What is told of a flow; `left` is how many observations of the question may be sorted yet.
fn part(
    question: &Question,
    data: &Data,
    (flow, format): (select::Flow, DataFormat),
    left: &mut usize,
) -> Result<Part, Failure> {
    let mut plan = Plan::new(&question.reader, flow, data.selection.clone())?;
    plan.ends = data.ends;
    (plan.history, plan.as_of, plan.newest_first) = (data.history, data.as_of, data.sort.is_newest_first());
    let passes = task::block_in_place(|| plan.passes(&question.reader, MAX_VERSIONS));
    let mut passes = passes.map_err(|error| failed(&error))??;
    if format == DataFormat::Csv1 {
        // It has no word for what is taken back.
        passes.retain(|pass| !pass.takes_back);
    }
    let is_csv = matches!(format, DataFormat::Csv1 | DataFormat::Csv2);
    let is_flat = data.detail.has_observations() && (is_csv || data.is_flat);
    let mut part = Part { plan, passes, sorted: None };
    if !data.sort.is_stored(is_flat) {
        let sorted = task::block_in_place(|| part.sort(&question.reader, (&data.sort, is_flat), left));
        part.sorted = Some(sorted.map_err(|error| failed(&error))??);
    }
    Ok(part)
}

/// The whole answer and how much is in it, if it is short.
fn short(job: &Job) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut text = Vec::new();
    match write(job, Brief(&mut text)) {
        Ok(count) => Ok(Some((text, count))),
        Err(error) if error.kind() == ErrorKind::StorageFull => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer piece by piece. When the figures break off, so does the answer.
fn long(job: Job, place: OwnedSemaphorePermit) -> Body {
    streamed(place, move |out| write(&job, out).map(|_| ()))
}

/// What is written on a thread of its own, piece by piece as the reader takes it, with its place held until the end.
pub(in crate::api::http) fn streamed(
    place: OwnedSemaphorePermit,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Body {
    let (pieces, inbox) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    task::spawn_blocking(move || {
        let mut out = Pieces { text: Vec::new(), pieces: pieces.clone() };
        if let Err(error) = write(&mut out).and_then(|()| out.flush()) {
            // A reader that is gone needs no rest.
            let _ = pieces.blocking_send(Err(error));
        }
        drop(place);
    });
    // What compresses it asks once more after its end.
    Body::from_stream(stream::unfold(inbox, async |mut inbox| Some((inbox.recv().await?, inbox))).fuse())
}

/// Takes no more than a piece.
struct Brief<'a>(&'a mut Vec<u8>);

impl Write for Brief<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > PIECE {
            return Err(ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends what it gets in pieces.
struct Pieces {
    text: Vec<u8>,
    pieces: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.text));
        self.pieces.blocking_send(Ok(piece)).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

/// What is still passed over, and what may still be told.
struct Count {
    skip: u64,
    left: u64,
    told: u64,
}

impl Count {
    /// How many of so many are passed over first, and how many are told then.
    fn take(&mut self, many: usize) -> (usize, usize) {
        let many = many as u64;
        let skipped = self.skip.min(many);
        let told = (many - skipped).min(self.left);
        self.skip -= skipped;
        self.left -= told;
        self.told += told;
        // Both are at most what was a usize.
        (usize::try_from(skipped).unwrap_or(usize::MAX), usize::try_from(told).unwrap_or(usize::MAX))
    }

    /// Leaves of a series what is told; where series alone are told, it counts as one.
    fn cut(&mut self, versions: &mut Vec<Version>, detail: Detail) {
        if detail.has_observations() {
            let (skipped, told) = self.take(versions.len());
            versions.drain(..skipped);
            versions.truncate(told);
        } else if self.take(1).1 == 0 {
            versions.clear();
        }
    }
}

/// Writes a message and says how many observations, or series where those alone are told, are in it.
fn write(job: &Job, out: impl Write) -> io::Result<u64> {
    let mut writer = DataWriter::new(job.format, &job.head, out)?;
    let mut count = Count { skip: job.offset, left: job.limit.unwrap_or(u64::MAX), told: 0 };
    let names_of = |series: &crate::view::SeriesView| {
        let country = job.reader.publishers().get(&series.feed.publisher).map_or("", |known| &known.country);
        let head = job.reader.heads().iter().find(|head| head.feed == series.feed);
        (country, head.map_or("", |head| head.agreement.as_str()))
    };
    let all = job.parts.iter().enumerate();
    let walks = all.flat_map(|(flow, part)| (0..part.passes.len()).map(move |at| (flow, part, at)));
    for (walk, (flow, part, at)) in walks.enumerate() {
        if walk > 0 {
            let takes_back = part.passes.get(at).is_some_and(|pass| pass.takes_back);
            writer.data_set_of(flow, if takes_back { Action::Delete } else { job.head.action })?;
        }
        let mut broken = None;
        part.walk(&job.reader, at, &mut |series, mut versions| {
            count.cut(&mut versions, job.head.detail);
            if !versions.is_empty() {
                let (country, agreement) = names_of(series);
                let (key, attributes, publisher) = (&series.key, &series.attributes, series.feed.publisher);
                let context = SeriesContext { key, attributes, publisher, country, agreement };
                broken = writer.series(&context, &versions).err();
            }
            broken.is_none() && count.left > 0
        })?;
        if let Some(error) = broken {
            return Err(error);
        }
        if count.left == 0 {
            break;
        }
    }
    writer.end()?;
    Ok(count.told)
}
