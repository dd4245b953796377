//! How people and programs talk to a running node: the control socket, and HTTP. The only room that names axum
//! and maud.
//!
//! ```text
//!  corridor CLI ── control::Client ──▶ Unix socket, own user only ──┐
//!                                                                   ├── Node::ask(Request) ──▶ the node's loop
//!  browser, programs, Prometheus ──▶ HTTP, anonymous or a token ─────┘
//! ```
//!
//! What goes in: a [`Node`] to ask, an address or path, and a future that ends the service. What comes out: a
//! future that serves; whoever runs the daemon drives it.
//!
//! Every act comes by [`control`]: the operating system says who is at the other end, and nobody but the user of
//! the daemon and root is heard. [`http`] answers questions of strangers, so it shows them what everybody may read and
//! nothing else; a token of an operator opens what this government may read, and the link of `corridor sign-in` pages that
//! show how the node does. It has no route that changes more than who is signed in, and
//! bounds everything: connections, time, length, attempts.
//!
//! What it never does: decide who may have what, or open the store.
//! Start reading at [`Node`], then [`control`], then [`http`].

use std::future::Future;

use tokio::sync::watch;

use crate::node::metrics::Metric;
use crate::node::{Answer, Caller, NodeError, NodeHandle, Payload, Pending, Request};

pub mod control;
#[cfg(test)]
mod fake;
pub mod http;

/// A running node, as this room sees it.
pub trait Node: Clone + Send + Sync + 'static {
    /// Hands a request to the node; `payload` belongs to requests that carry a file. Requests that are sent one
    /// after the other are carried out in this order, whenever their answers are waited for.
    ///
    /// # Errors
    /// [`NodeError`] when the node refuses it as it is.
    fn send(
        &self,
        request: Request,
        payload: Payload,
        caller: Caller,
    ) -> impl Future<Output = Result<Pending, NodeError>> + Send;

    /// Asks the node and waits for the answer.
    ///
    /// # Errors
    /// [`NodeError`] when the node refuses or fails.
    fn ask(
        &self,
        request: Request,
        payload: Payload,
        caller: Caller,
    ) -> impl Future<Output = Result<Answer, NodeError>> + Send {
        async move { self.send(request, payload, caller).await?.answer().await }
    }

    /// A number that rises when anything may have become visible.
    fn news(&self) -> watch::Receiver<u64>;

    /// What is counted, now.
    fn metrics(&self) -> Vec<Metric>;

    /// Whether the node does its work.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    fn is_ready(&self) -> Result<(), String>;
}

impl Node for NodeHandle {
    async fn send(&self, request: Request, payload: Payload, caller: Caller) -> Result<Pending, NodeError> {
        Self::send(self, request, payload, caller).await
    }

    fn news(&self) -> watch::Receiver<u64> {
        Self::news(self)
    }

    fn metrics(&self) -> Vec<Metric> {
        Self::metrics(self)
    }

    fn is_ready(&self) -> Result<(), String> {
        Self::is_ready(self)
    }
}
