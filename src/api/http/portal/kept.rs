//! Pages that were made a moment ago, for who asks the same again.
//!
//! A page depends on the heads of its scope, so it is kept under their tag. One page is made at a time, while others wait
//! for it or for their turn: a crowd makes each page once. While heads move faster than pages can be made, a page may be
//! [`FRESH`] old.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::Mutex as Turn;

use crate::api::http::guard::Refusal;
use crate::node::clock::stopwatch;

/// Bytes of pages that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Pages that are kept.
const MAX_PAGES: usize = 2_048;
/// So old may a page be whose heads have moved since.
const FRESH: Duration = Duration::from_secs(1);

/// A page that was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// The tag of the heads that it was made from.
    pub(super) tag: String,
    /// The page.
    pub(super) html: Bytes,
    question: String,
    at: Instant,
}

/// The newest pages; clones share them.
#[derive(Clone, Debug, Default)]
pub(in crate::api::http) struct Kept {
    pages: Arc<Mutex<Pages>>,
    turn: Arc<Turn<()>>,
}

/// Pages in the order in which they were made, and their bytes.
#[derive(Debug, Default)]
struct Pages {
    all: VecDeque<Made>,
    bytes: usize,
}

impl Kept {
    /// The page that answers a question: one that is kept, or a new one. What does not depend on the heads alone is always
    /// made anew.
    ///
    /// # Errors
    /// What making it says.
    pub(super) async fn of(
        &self,
        question: &str,
        tag: &str,
        is_of_the_heads: bool,
        make: impl AsyncFnOnce() -> Result<String, Refusal>,
    ) -> Result<Made, Refusal> {
        if is_of_the_heads && let Some(made) = self.known(question, tag) {
            return Ok(made);
        }
        let _turn = self.turn.lock().await;
        if is_of_the_heads && let Some(made) = self.known(question, tag) {
            return Ok(made);
        }
        let html = Bytes::from(make().await?);
        let made = Made { tag: tag.to_owned(), html, question: question.to_owned(), at: stopwatch() };
        if is_of_the_heads {
            self.pages.lock().unwrap_or_else(PoisonError::into_inner).keep(made.clone());
        }
        Ok(made)
    }

    fn known(&self, question: &str, tag: &str) -> Option<Made> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let made = pages.all.iter().rev().find(|made| made.question == question)?;
        (made.tag == tag || made.at.elapsed() < FRESH).then(|| made.clone())
    }
}

impl Pages {
    fn keep(&mut self, made: Made) {
        if let Some(at) = self.all.iter().position(|one| one.question == made.question) {
            self.drop_at(at);
        }
        self.bytes += made.html.len();
        self.all.push_back(made);
        while self.bytes > MAX_BYTES || self.all.len() > MAX_PAGES {
            self.drop_at(0);
        }
    }

    fn drop_at(&mut self, at: usize) {
        self.bytes -= self.all.remove(at).map_or(0, |gone| gone.html.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_is_made_once_until_its_heads_move() {
        let (kept, mut made) = (Kept::default(), 0);
        for (tag, is_of_the_heads, wanted) in [("a", true, 1), ("a", true, 1), ("a", false, 2)] {
            let page = kept.of("q", tag, is_of_the_heads, async || {
                made += 1;
                Ok(format!("{tag}{made}"))
            });
            page.await.unwrap();
            assert_eq!(made, wanted, "{tag}");
        }
        assert!(kept.known("q", "a").is_some() && kept.known("r", "a").is_none());
        kept.pages.lock().unwrap().all[0].at = stopwatch().checked_sub(FRESH).unwrap();
        assert!(kept.known("q", "b").is_none(), "the heads have moved");
    }

    #[tokio::test]
    async fn pages_have_room_for_so_many_bytes_and_no_failure_is_kept() {
        let kept = Kept::default();
        assert!(kept.of("bad", "a", true, async || Err(Refusal::NOTHING)).await.is_err());
        for number in 0..5 {
            let page = async || Ok("x".repeat(MAX_BYTES / 3));
            kept.of(&number.to_string(), "a", true, page).await.unwrap();
        }
        let pages = kept.pages.lock().unwrap();
        assert!(pages.bytes <= MAX_BYTES && pages.all.len() == 3 && pages.all[0].question == "2");
    }
}
