//! What cards that came, or that we issue, call for: the log, telling partners, and looking through what is held.

use super::Exchange;
use crate::feed::Card;
use crate::node::engine::{Engine, NodeError};
use crate::node::fault_kind::FaultKind;
use crate::sync::Input;

impl Exchange {
    /// Writes cards that came into the log, tells ours to who lacks it, and drops what a revoked key was not allowed to
    /// sign.
    pub(super) fn follow_cards(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        if !engine.may_record() {
            // The operator is told elsewhere why nothing can be written; a card counts all the same.
            return Ok(());
        }
        for seen in engine.record_cards()? {
            self.note(FaultKind::Card, &seen);
        }
        engine.tell_card()?;
        for state in engine.review()? {
            let (feed, next) = (state.place.feed, state.place.seq);
            self.note(
                FaultKind::CutOff,
                &format!(
                    "feed {feed}: entries from {next} on were signed by a revoked key and are cut off here"
                ),
            );
            self.unreceipted.entry(feed).and_modify(|first| *first = (*first).min(next));
            engine.looked.remove(&feed);
            self.tell(Input::Reset { state: Box::new(state) }, engine)?;
        }
        Ok(())
    }

    /// A partner's card has come otherwise than in its correspondence.
    pub(super) fn take_card(&mut self, card: &Card, engine: &mut Engine) -> Result<(), NodeError> {
        engine.house.receive_card(card);
        self.refresh(engine)
    }
}
