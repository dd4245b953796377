//! `changes`: entries that became visible since a cursor; at once, by long poll, or as server-sent events.
//!
//! A cursor is made of the feeds of the scope alone (`node/changes.rs`). Who waits is woken when anything moves and hears
//! something only when an entry of the scope came: so neither what is sent nor when tells of other feeds. While nothing
//! comes, a byte now and then shows both ends that the other is there.

#![expect(
    unused_qualifications,
    reason = "the macro that documents a route writes the paths of its parameters"
)]

use std::io;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use utoipa::{IntoParams, ToSchema};

use super::params::{Params, asked, limit};
use super::schema::Problem;
use super::views::Unbuffered;
use crate::api::Node;
use crate::api::http::access::Access;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, anonymous};
use crate::node::changes::Since;
use crate::node::clock::stopwatch;
use crate::node::{Payload, Request, Scope};

/// Entries of one answer if nobody says otherwise, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 500;
/// The longest wait.
const MAX_WAIT: u64 = 60;
/// Those who wait or listen at one time.
pub(in crate::api::http) const MAX_LISTENERS: usize = 64;
/// While nothing comes, a byte is sent so often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// After something moved, what else moves is waited for this long.
const GATHER: Duration = Duration::from_millis(100);
/// A listener is let go after this long, and comes again by itself.
const MAX_LISTENING: Duration = Duration::from_secs(3_600);

/// Entries that became visible.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Changes {
    /// The oldest first.
    entries: Vec<Change>,
    /// What to ask with next time. Opaque.
    next: String,
    /// Whether there is more at once.
    more: bool,
}

/// A signed entry of a feed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Change {
    publisher: String,
    /// The publisher's country code; the start of its id where its card is not held.
    country: String,
    agreement: String,
    agreement_name: String,
    /// Its place in the feed, counted from 0.
    seq: u64,
    /// Its id: 64 hexadecimal digits.
    entry: String,
    released_at: String,
    /// `release`, `retraction`, `receipt`, `correspondence` or `sealing`.
    kind: String,
    /// Records in it.
    records: u64,
    /// What to ask with to go on behind this entry. Opaque.
    cursor: String,
}

/// Since when, and how long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichChanges {
    /// A cursor from an answer before; `now` for what comes from now on; nothing for all that is held.
    #[param(example = "now")]
    since: Option<String>,
    /// How long to wait for something if there is nothing, up to 60 seconds.
    #[param(pattern = "^([0-9]|[1-5][0-9]|60)s?$", example = "30s")]
    wait: Option<String>,
    /// How many at most, 100 if nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Entries that became visible since a cursor.
///
/// With `Accept: text/event-stream` they come as server-sent events named `entry`, each with a cursor as its id, for as
/// long as the connection stands; `Last-Event-ID` goes before `since`. Else the answer is one page, and `wait` lets it
/// come when there is something.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "feeds", params(WhichChanges),
    responses((status = 200, description = "A page, or a stream of events",
               content((Changes = "application/json"), (String = "text/event-stream"))),
              (status = "4XX", body = Problem), (status = "5XX", body = Problem)),
    security((), ("token" = []))
)]
pub(super) async fn changes<N: Node>(
    State(service): State<Service<N>>,
    access: Access,
    Params(which): Params<WhichChanges>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let limit = limit(which.limit, PAGE, MAX_PAGE)?;
    let wait = which.wait.as_deref().map_or(Ok(Duration::ZERO), seconds)?;
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_stream = text(header::ACCEPT).is_some_and(|accept| accept.contains("text/event-stream"));
    let last = text(header::HeaderName::from_static("last-event-id")).filter(|_| is_stream);
    let mut listener = Listener {
        news: service.node.news(),
        since: None,
        limit,
        access,
        service,
        _place: None,
        ends: now() + if is_stream { MAX_LISTENING } else { wait },
    };
    listener.since = listener.begin(last.or(which.since.as_deref())).await?;
    if is_stream {
        listener.sit_down()?;
        return Ok(listener.stream());
    }
    let page = listener.page().await?;
    if !page.entries.is_empty() || wait.is_zero() {
        return Ok(Json(page).into_response());
    }
    listener.sit_down()?;
    Ok(listener.poll())
}

/// Somebody who wants to hear what comes.
struct Listener<N> {
    service: Service<N>,
    access: Access,
    since: Option<Since>,
    limit: usize,
    news: watch::Receiver<u64>,
    ends: Instant,
    _place: Option<OwnedSemaphorePermit>,
}

/// What came while one waited.
enum Came {
    Page(Changes),
    Nothing,
    /// The time is over, or the token.
    End,
}

impl<N: Node> Listener<N> {
    /// From where on; `now` is asked of the node.
    async fn begin(&mut self, text: Option<&str>) -> Result<Option<Since>, Refusal> {
        match text {
            None => Ok(None),
            Some("now") => Since::parse(&self.ask(0).await?.next).map(Some).ok_or(Refusal::FAILED),
            Some(text) => Since::parse(text).map(Some).ok_or(Refusal::CURSOR),
        }
    }

    /// Takes a place among those who wait.
    fn sit_down(&mut self) -> Result<(), Refusal> {
        let place = std::sync::Arc::clone(&self.service.listeners).try_acquire_owned();
        self._place = Some(place.map_err(|_| Refusal::BUSY)?);
        Ok(())
    }

    async fn ask(&self, limit: usize) -> Result<Changes, Refusal> {
        let _place = self.service.place()?;
        let request = Request::Changes { scope: self.access.scope, since: self.since.clone(), limit };
        let value = self.service.value(request, self.access.caller.clone()).await?;
        serde_json::from_value(value).map_err(|error| {
            tracing::error!(%error, "changes are not what is documented");
            Refusal::FAILED
        })
    }

    /// The next page; the cursor goes on.
    async fn page(&mut self) -> Result<Changes, Refusal> {
        self.news.mark_unchanged();
        let page = self.ask(self.limit).await?;
        self.since = Since::parse(&page.next);
        Ok(page)
    }

    /// Waits for entries, but no longer than to the next heartbeat.
    async fn next(&mut self) -> Came {
        let beat = (now() + HEARTBEAT).min(self.ends);
        loop {
            match timeout_at(beat, self.news.changed()).await {
                Err(_) if now() >= self.ends => return Came::End,
                Err(_) => return Came::Nothing,
                // The node stops.
                Ok(Err(_)) => return Came::End,
                Ok(Ok(())) => {}
            }
            sleep(GATHER).await;
            if !self.may_listen().await {
                return Came::End;
            }
            match self.page().await {
                Ok(page) if page.entries.is_empty() => {}
                Ok(page) => return Came::Page(page),
                // A node that is busy is asked again later.
                Err(refusal) if refusal.code == Refusal::BUSY.code => {
                    sleep_until((now() + HEARTBEAT).min(self.ends)).await;
                    self.news.mark_changed();
                    return Came::Nothing;
                }
                Err(_) => return Came::End,
            }
        }
    }

    /// Whether the token, if there is one, still holds.
    async fn may_listen(&self) -> bool {
        let Some(token) = self.access.token else { return self.access.scope == Scope::Public };
        self.service.node.ask(Request::Admit(token), Payload::none(), anonymous()).await.is_ok()
    }

    /// One page when there is something, or an empty one at the end. Before it there are blank lines, which JSON allows.
    fn poll(self) -> Response {
        let body = stream::unfold(Some(self), async |state| {
            let mut listener = state?;
            match listener.next().await {
                Came::Nothing => Some((Ok(Bytes::from_static(b"\n")), Some(listener))),
                Came::Page(page) => Some((json(&page), None)),
                Came::End => {
                    let next = listener.since.clone().unwrap_or_default().to_text();
                    Some((json(&Changes { entries: Vec::new(), next, more: false }), None))
                }
            }
        });
        let mut response = Body::from_stream(body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.extensions_mut().insert(Unbuffered);
        response
    }

    /// Events for as long as the connection stands.
    fn stream(mut self) -> Response {
        // What is there already comes first.
        self.news.mark_changed();
        let head = Bytes::from_static(b"retry: 3000\n\n");
        let body = stream::unfold((Some(head), Some(self)), async |(head, state)| {
            let mut listener = state?;
            if let Some(head) = head {
                return Some((Ok::<_, io::Error>(head), (None, Some(listener))));
            }
            match listener.next().await {
                Came::Nothing => Some((Ok(Bytes::from_static(b":\n\n")), (None, Some(listener)))),
                Came::End => None,
                Came::Page(page) => {
                    if page.more {
                        listener.news.mark_changed();
                    }
                    let events: Result<String, serde_json::Error> = page.entries.iter().map(event).collect();
                    let events = events.map(Bytes::from).map_err(io::Error::other);
                    Some((events, (None, Some(listener))))
                }
            }
        });
        let mut response = Body::from_stream(body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        response.extensions_mut().insert(Unbuffered);
        response
    }
}

/// A server-sent event; the cursor and the JSON have no line breaks.
fn event(entry: &Change) -> Result<String, serde_json::Error> {
    let data = serde_json::to_string(entry)?;
    Ok(format!("id: {}\nevent: entry\ndata: {data}\n\n", entry.cursor))
}

fn json(page: &Changes) -> io::Result<Bytes> {
    serde_json::to_vec(page).map(Bytes::from).map_err(io::Error::other)
}

fn seconds(text: &str) -> Result<Duration, Refusal> {
    let number = text.strip_suffix('s').unwrap_or(text);
    let is_plain = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.parse::<u64>().ok().filter(|seconds| is_plain && *seconds <= MAX_WAIT);
    seconds.map(Duration::from_secs).ok_or_else(|| {
        asked(&format!("`wait` is a number of seconds up to {MAX_WAIT}, such as 30s, not {text:?}"))
    })
}

fn now() -> Instant {
    Instant::from_std(stopwatch())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_a_number_of_seconds() {
        for (text, wanted) in [("0", 0), ("30s", 30), ("60", 60), ("05s", 5)] {
            assert_eq!(seconds(text).unwrap(), Duration::from_secs(wanted), "{text}");
        }
        for text in ["", "s", "61", "-1", "+1", "1.5", "1m", "30ss", "999999999999999999999"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_is_three_lines_whatever_an_agreement_is_called() {
        let entry = Change {
            publisher: String::new(),
            country: "PHL".to_owned(),
            agreement: String::new(),
            agreement_name: "one\ndata: two\r\n".to_owned(),
            seq: 1,
            entry: String::new(),
            released_at: String::new(),
            kind: "release".to_owned(),
            records: 2,
            cursor: "AQ".to_owned(),
        };
        let text = event(&entry).unwrap();
        assert!(text.starts_with("id: AQ\nevent: entry\ndata: {") && text.ends_with("}\n\n"), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
