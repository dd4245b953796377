//! Our own feeds in recovery: the node may have signed entries that it no longer holds.
//!
//! Such a feed is pulled from whoever holds it, as another's is. It is settled once a partner who may read or carry it has shown
//! all its heads, nobody who is connected has announced more of it than is durable here, and no list is still to come.
//! So a node never signs a second entry for a place that a partner can show it is taken. That includes an entry of which
//! a partner has the signed header alone, having begun it or held it back for its date: nobody may hold the whole, and
//! then the feed waits until the operator decides.

use std::collections::BTreeSet;

use super::Replica;
use crate::feed::{FeedId, Seq};
use crate::sync::io::{Event, Recovering, SessionId};

impl Replica {
    /// Whether a feed of ours may lack entries that we have signed.
    pub(super) fn is_recovering(&self, feed: &FeedId) -> bool {
        feed.publisher == self.us && self.recovering.includes(feed)
    }

    pub(super) fn recover(&mut self, recovering: Recovering) {
        self.recovering = recovering;
        let recovering = &self.recovering;
        self.shown.retain(|feed, _| recovering.includes(feed));
        self.look_at_own = true;
        let us = self.us;
        let announced = self.sessions.values().flat_map(|session| session.announced.keys());
        let ours: BTreeSet<FeedId> = announced.filter(|feed| feed.publisher == us).copied().collect();
        ours.into_iter().for_each(|feed| self.reconcile(feed));
    }

    /// A partner has shown an entry that one of our keys has signed and that is not here.
    pub(super) fn note_shown(&mut self, feed: FeedId, seq: Seq) {
        let last = self.shown.entry(feed).or_insert(seq);
        *last = seq.max(*last);
    }

    /// Looks which of our feeds in recovery have all that there is of them.
    pub(super) fn settle_own(&mut self) {
        // What another node of ours may make longer at any time is never settled.
        if !std::mem::take(&mut self.look_at_own) || !self.recovering.any() || self.recovering.follows {
            return;
        }
        let ready = self.sessions.values().filter(|session| session.is_ready());
        let agreements = ready.flat_map(|session| session.agreements.iter().chain(&session.carries));
        let feeds: BTreeSet<FeedId> = agreements.map(|agreement| FeedId::new(self.us, *agreement)).collect();
        for feed in feeds.into_iter().filter(|feed| self.recovering.includes(feed)).collect::<Vec<_>>() {
            if let Some(session) = self.settled_by(&feed) {
                self.recovering.settle(feed);
                self.resubscribe(feed);
                self.event(Event::OwnFeedSettled { feed, session });
            }
        }
    }

    /// A session that shows that a feed of ours has all that there is of it.
    pub(super) fn settled_by(&self, feed: &FeedId) -> Option<SessionId> {
        let state = self.feeds.get(feed);
        let durable = state.and_then(|state| state.durable);
        let frozen = state.is_some_and(|state| state.fork.is_some());
        let moving = state.is_some_and(|state| state.in_entry() || state.place.head() != durable);
        let lost = self.shown.get(feed).is_some_and(|seq| durable.is_none_or(|ours| ours.seq < *seq));
        if frozen || moving || lost {
            return None;
        }
        let mut shown = None;
        for (id, session) in self.sessions.iter().filter(|(id, _)| self.is_readable(**id, feed)) {
            let announced = session.announced.get(feed);
            let more = announced.is_some_and(|head| {
                durable.is_none_or(|ours| {
                    head.seq > ours.seq || head.seq == ours.seq && head.entry != ours.entry
                })
            });
            if more || !session.whole {
                return None;
            }
            shown = Some(*id);
        }
        shown
    }
}
