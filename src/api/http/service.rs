//! What every route has: the node, places for those who ask it, and the ways to ask.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::access::{Access, Attempts};
use super::guard::Refusal;
use super::portal::Kept;
use super::v1::{
    Analyses, Bucket, CITE_BURST, CITE_EVERY, MAX_LISTENERS, Summaries, VERIFY_BURST, VERIFY_EVERY,
};
use super::{EmptyResult, MAX_REQUESTS, Manner};
use crate::api::Node;
use crate::model::codelist::Language;
use crate::node::{Answer, Caller, NodeError, Payload, Reader, Request, Scope};

/// A reader of each scope with the news that it is as of: everybody's, and the government's.
type Readers = [Option<(u64, Reader)>; 2];

/// The node, and places for those who ask it. Clones share them.
#[derive(Clone)]
pub(super) struct Service<N> {
    pub(super) node: N,
    pub(super) places: Arc<Semaphore>,
    pub(super) attempts: Arc<Attempts>,
    /// Places for those who wait for what is new.
    pub(super) listeners: Arc<Semaphore>,
    pub(super) citations: Arc<Bucket>,
    pub(super) checks: Arc<Bucket>,
    pub(super) summaries: Summaries,
    pub(super) analyses: Analyses,
    /// What a question of SDMX gets to which there is no figure.
    pub(super) empty: EmptyResult,
    /// Of pages for who asks for none that there is.
    pub(super) language: Language,
    pub(super) pages: Kept,
    /// The newest reader of each scope, and the news that it is as of.
    readers: Arc<Mutex<Readers>>,
}

impl<N: Node> Service<N> {
    pub(super) fn new(node: N, manner: Manner) -> Self {
        Self {
            node,
            places: Arc::new(Semaphore::new(MAX_REQUESTS)),
            attempts: Arc::default(),
            listeners: Arc::new(Semaphore::new(MAX_LISTENERS)),
            citations: Arc::new(Bucket::new(CITE_EVERY, CITE_BURST)),
            checks: Arc::new(Bucket::new(VERIFY_EVERY, VERIFY_BURST)),
            summaries: Summaries::default(),
            analyses: Analyses::default(),
            empty: manner.empty,
            language: manner.language,
            pages: Kept::default(),
            readers: Arc::default(),
        }
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
        // Read before the node is asked: what moves meanwhile makes the reader look older than it is.
        let news = *self.node.news().borrow();
        let place = usize::from(access.scope == Scope::Government);
        if let Some((as_of, reader)) = &self.readers()[place]
            && *as_of == news
        {
            return Ok(reader.clone());
        }
        match self.node.ask(Request::Reader(access.scope), Payload::none(), access.caller.clone()).await {
            Ok(Answer::Reader(reader)) => {
                self.readers()[place] = Some((news, reader.clone()));
                Ok(reader)
            }
            Ok(Answer::Value(_) | Answer::Json(_) | Answer::Rows(_)) => Err(other_form()),
            Err(error) => Err(failed(&error)),
        }
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
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
