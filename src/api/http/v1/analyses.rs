//! Analysis that was made a moment ago, for who asks the same again.
//!
//! A region or a report of quality walks over every series of its scope. So one is made at a time, while others wait for
//! it, and the last few answers are kept under the state of the heads, the day, and the question.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task;

use super::views::tag;
use crate::node::{InsightRequest, NodeError, Reader};

/// Answers that are kept.
const KEPT: usize = 16;
/// Milliseconds of a day: what is due changes from day to day.
const DAY: i64 = 86_400_000;

/// The newest answers, each with what it is of; the newest last.
#[derive(Clone, Debug, Default)]
pub(in crate::api::http) struct Analyses(Arc<Mutex<Answers>>);

type Answers = VecDeque<(String, Arc<Value>)>;

impl Analyses {
    /// The answer to a question about what a reader shows.
    ///
    /// # Errors
    /// [`NodeError`] when the question makes no sense, or the database is broken.
    pub(super) async fn of(
        &self,
        reader: &Reader,
        request: &InsightRequest,
    ) -> Result<Arc<Value>, NodeError> {
        let of = format!("{} {} {request:?}", tag(reader), reader.now().0.div_euclid(DAY));
        let mut kept = self.0.lock().await;
        if let Some((_, value)) = kept.iter().find(|(one, _)| *one == of) {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(task::block_in_place(|| reader.insight(request))?);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((of, Arc::clone(&value)));
        Ok(value)
    }
}
