//! What every route has: the node, places for those who ask it, and the ways to ask.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::MAX_REQUESTS;
use super::access::{Access, Attempts};
use super::guard::Refusal;
use crate::api::Node;
use crate::node::{Answer, Caller, NodeError, Payload, Reader, Request};

/// The node, and places for those who ask it. Clones share them.
#[derive(Clone)]
pub(super) struct Service<N> {
    pub(super) node: N,
    pub(super) places: Arc<Semaphore>,
    pub(super) attempts: Arc<Attempts>,
}

impl<N: Node> Service<N> {
    pub(super) fn new(node: N) -> Self {
        Self { node, places: Arc::new(Semaphore::new(MAX_REQUESTS)), attempts: Arc::default() }
    }

    /// A place among those who ask, until it is dropped.
    ///
    /// # Errors
    /// [`Refusal::BUSY`] when there is none.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::BUSY)
    }

    /// The views as this request may see them. Asking them blocks: do it in `block_in_place` or on a blocking thread.
    ///
    /// # Errors
    /// [`Refusal`] when the node cannot answer.
    pub(super) async fn reader(&self, access: &Access) -> Result<Reader, Refusal> {
        match self.node.ask(Request::Reader(access.scope), Payload::none(), access.caller.clone()).await {
            Ok(Answer::Reader(reader)) => Ok(reader),
            Ok(Answer::Value(_) | Answer::Json(_) | Answer::Rows(_)) => Err(other_form()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Asks for one value.
    ///
    /// # Errors
    /// [`Refusal`] when the node refuses or fails.
    pub(super) async fn value(&self, request: Request, caller: Caller) -> Result<Value, Refusal> {
        match self.node.ask(request, Payload::none(), caller).await {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Rows(_) | Answer::Json(_) | Answer::Reader(_)) => Err(other_form()),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Nobody in particular.
pub(super) fn anonymous() -> Caller {
    Caller { who: "anonymous".to_owned(), from: "http".to_owned() }
}

/// What a reader hears of a failure that is the node's own: nothing but the request's number.
pub(super) fn failed(error: &NodeError) -> Refusal {
    tracing::error!(code = error.code(), %error, "request failed");
    Refusal::FAILED
}

pub(super) fn other_form() -> Refusal {
    tracing::error!("another form of answer than was asked for");
    Refusal::FAILED
}
