//! What goes ahead of a lane's history: read here for who lacks much of it, and shown here when it comes.

use super::Exchange;
use crate::feed::assembler::Position;
use crate::feed::{FeedId, SignedHeader};
use crate::node::engine::{Engine, NodeError};
use crate::node::fault_kind::FaultKind;
use crate::sync::{Input, SessionId};

impl Exchange {
    /// The answer to [`crate::sync::Output::ReadLatest`].
    pub(super) fn read_latest(
        &mut self,
        (session, feed): (SessionId, FeedId),
        (after, limit): (Position, u32),
        engine: &mut Engine,
    ) -> Input {
        let none = (after.seq, Vec::new());
        let (seq, frames) = match self.is_courier(session, &feed) {
            true => none,
            false => engine.latest_frames(&feed, after, limit as usize).unwrap_or_else(|error| {
                self.note(FaultKind::Unread, &error.to_string());
                none
            }),
        };
        Input::LatestRead { session, feed, seq, frames }
    }

    /// Shows what came ahead, or holds it against its publisher.
    pub(super) fn show_latest(
        &mut self,
        header: &SignedHeader,
        frames: &[u8],
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        match engine.show_ahead(header, frames)? {
            Some(wrong) => {
                self.record_fault(header.header().feed.publisher, (&wrong.what(), &wrong.logged()), engine)
            }
            None => {
                let (feed, seq) = (header.header().feed, header.header().seq);
                tracing::info!(%feed, seq = seq.0, "an entry came ahead of its history");
                Ok(())
            }
        }
    }
}
