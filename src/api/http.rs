//! HTTP: health, metrics, and what everybody may read of a node.
//!
//! | route | says |
//! |---|---|
//! | `/`, `/en/...`, `/fr/...`, `/es/...` | the portal: pages for people (`portal.rs`) |
//! | `/api/v1/status` | the state of the node as JSON |
//! | `/api/v1/observations` | figures as JSON or CSV (`observations.rs`) |
//! | `/api/v1/...` | the rest of the open JSON API, and `/api/v1/openapi.json` (`v1.rs`) |
//! | `/sdmx/...` | structures and data as SDMX-REST has them (`sdmx.rs`) |
//! | `/healthz` | `ok` while the node's loop answers |
//! | `/readyz` | `ready` while the node does its work |
//! | `/metrics` | counters and gauges for Prometheus |
//!
//! Who brings no token sees what everybody may read; `public.rs` is the filter for the status, a [`crate::node::Reader`]
//! of the public scope for all else. A token of `corridor token create`, as `Authorization: Bearer ...`, opens what this
//! government may read; one that does not hold is refused, never taken for none (`access.rs`). Nothing here changes
//! anything but who is signed in to the operator's pages (`portal/operator.rs`), whose cookie opens those and nothing else.
//! Start reading at [`serve`], then `routes.rs`.

mod access;
mod guard;
mod listener;
mod metrics;
mod observations;
mod portal;
mod public;
mod routes;
mod sdmx;
mod service;
pub mod site;
mod v1;
mod withdrawn;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task;
use tokio::time::sleep;

use super::Node;
use crate::model::codelist::Language;
use listener::Bounded;
pub use sdmx::EmptyResult;

/// What the operator chooses of how pages and answers look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// What a question of SDMX gets to which there is no figure.
    pub empty: EmptyResult,
    /// The language of pages for who asks for none that there is.
    pub language: Language,
}

impl Default for Manner {
    fn default() -> Self {
        Self { empty: EmptyResult::default(), language: Language::En }
    }
}

/// Connections at one time; more wait in the operating system's queue.
pub const MAX_CONNECTIONS: usize = 256;

/// Requests that ask the node at one time; one more is told to come again.
pub const MAX_REQUESTS: usize = 32;

/// Longest body of a request in bytes: a citation that is to be verified. No other route reads one.
pub const MAX_BODY: u64 = 256 * 1_024;

/// How long a request may take before the reader is told that the node is busy.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A loop that does not answer for this long is not healthy.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection on which no byte moves for this long is closed.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests under way when the daemon stops get this long to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Listens at once and serves until `shutdown`, in the future that is returned. The address is the one bound: with
/// port 0 the operating system chose it.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    address: SocketAddr,
    node: impl Node,
    manner: Manner,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<(SocketAddr, impl Future<Output = io::Result<()>> + Send)> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("http.listen {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(named)?;
    let bound = listener.local_addr().map_err(named)?;
    if !bound.ip().is_loopback() {
        tracing::warn!(
            address = %bound,
            "http.listen is reached from other machines without TLS: tokens, and what they open, can be read on the \
             way. Listen on 127.0.0.1 behind a proxy that speaks TLS before anybody uses a token"
        );
    }
    Ok((bound, run(Bounded::new(listener), node, manner, shutdown)))
}

async fn run(
    listener: Bounded,
    node: impl Node,
    manner: Manner,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Beside the requests: one that needs it before it is there waits for it on a thread that may block.
    drop(task::spawn_blocking(portal::warm));
    let stopping = Arc::new(Notify::new());
    let notice = Arc::clone(&stopping);
    let app = routes::router(node, manner).into_make_service_with_connect_info::<listener::Remote>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        notice.notify_one();
    });
    tokio::select! {
        ended = serving.into_future() => ended,
        () = async { stopping.notified().await; sleep(DRAIN).await } => Ok(()),
    }
}
