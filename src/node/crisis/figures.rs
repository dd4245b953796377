//! Crises in numbers, for charts and alarms: how many lanes and bulletins, and how long ours have waited to be acknowledged.

use std::collections::BTreeMap;

use crate::feed::{EntryKind, FeedId, PublisherId, Seq};
use crate::model::Millis;
use crate::node::engine::{Engine, NodeError};
use crate::node::metrics::CrisisFigures;
use crate::policy::{Agreement, Standing};

/// How many entries behind a member's last receipt are looked at for the first that is owed one.
const MAX_LOOKED_AT: u64 = 64;

impl Engine {
    /// How crises stand.
    ///
    /// # Errors
    /// [`NodeError`] when what is stored cannot be read.
    pub(in crate::node) fn crisis_figures(&mut self) -> Result<CrisisFigures, NodeError> {
        let (mut figures, now) = (CrisisFigures::default(), self.now());
        let book = self.house.book();
        let standing = |lane: &&Agreement| book.standing(lane, now);
        figures.proposed =
            book.lanes().filter(|lane| matches!(standing(lane), Standing::Proposed { .. })).count() as u64;
        let open: Vec<Agreement> = self.open_lanes().cloned().collect();
        for lane in &open {
            figures.lanes += 1;
            figures.drills += u64::from(lane.text().crisis.lane().is_some_and(|lane| lane.drill));
            figures.waiting += self.house.crisis.all_waiting(lane.id()).count() as u64;
            figures.bulletins += self.board(lane.id())?.tally().len() as u64;
            let since = self.oldest_unanswered(lane)?;
            let age = since.map_or(0, |since| now.0.saturating_sub(since.0) / 1_000);
            figures.oldest_unanswered = figures.oldest_unanswered.max(u64::try_from(age).unwrap_or(0));
        }
        Ok(figures)
    }

    /// When the oldest of our entries in a lane was signed that a member has not acknowledged.
    fn oldest_unanswered(&self, lane: &Agreement) -> Result<Option<Millis>, NodeError> {
        let first = self.unacknowledged(lane)?.into_values().min();
        first.map_or(Ok(None), |first| self.first_owed(lane, first))
    }

    /// Who reads us in a lane: those who have signed that they hold all our bulletins, and the others.
    pub(super) fn lane_receipts(&self, lane: &Agreement) -> Result<[Vec<PublisherId>; 2], NodeError> {
        let [mut hold, mut lack] = [Vec::new(), Vec::new()];
        for (reader, first) in self.unacknowledged(lane)? {
            let is_owed = self.first_owed(lane, first)?.is_some();
            if is_owed { &mut lack } else { &mut hold }.push(reader);
        }
        Ok([hold, lack])
    }

    /// The first of our entries in a lane that each of its readers has not acknowledged; nothing while there are none.
    fn unacknowledged(&self, lane: &Agreement) -> Result<BTreeMap<PublisherId, u64>, NodeError> {
        let feed = FeedId::new(self.us(), lane.id());
        let Some(head) = self.store.durable(&feed) else { return Ok(BTreeMap::new()) };
        let mut next: BTreeMap<PublisherId, u64> =
            lane.readers(&self.us()).into_iter().map(|reader| (reader, 0)).collect();
        for receipt in self.store.derived().receipts(&feed)? {
            let of = next.get_mut(&receipt.recipient).filter(|_| receipt.seq <= head.seq);
            of.into_iter().for_each(|next| *next = (*next).max(receipt.seq.0 + 1));
        }
        Ok(next)
    }

    /// When the first of our entries from a place on was signed that is owed a receipt.
    fn first_owed(&self, lane: &Agreement, first: u64) -> Result<Option<Millis>, NodeError> {
        let feed = FeedId::new(self.us(), lane.id());
        let Some(head) = self.store.durable(&feed) else { return Ok(None) };
        for seq in first..=head.seq.0.min(first.saturating_add(MAX_LOOKED_AT)) {
            let header = self.store.header(&feed, Seq(seq))?;
            if header.header().kind != EntryKind::Receipt {
                return Ok(Some(header.header().time));
            }
        }
        Ok(None)
    }
}
