//! What a partner's new card means for what is held of it: entries that its keys were not allowed to sign go.
//!
//! - From the first entry on that is behind what stands of a revoked key, our copy of the feed is cut: what its
//!   government signs for that place comes instead. A mandate that is no longer on the card cuts nothing.
//! - Figures in entries that keep their place and are not vouched for are erased, and their publisher is told.
//!
//! Our own feeds are never cut: what is in them has left, and the next release is reckoned against it.

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use crate::feed::{Card, EntryKind, FeedId, PublisherId, Refusal, Seq, SignedHeader};
use crate::policy::Why;
use crate::sync::FeedState;

const DISOWNED: &str =
    "its government does not vouch for it: the node key that signed it was revoked as of an earlier time";

/// Before this place the revocations of a card touch nothing.
fn first_to_judge(card: &Card, feed: FeedId) -> u64 {
    let stands = card.body().revocations.iter().map(|one| one.stand(feed.agreement));
    stands.map(|stand| stand.vouched.min(stand.held.saturating_sub(1))).min().unwrap_or(u64::MAX)
}

impl Engine {
    /// Puts all that is held of partners whose cards have changed to those cards. Returns the feeds that were cut.
    pub(super) fn review(&mut self) -> Result<Vec<FeedState>, NodeError> {
        let mut cut = Vec::new();
        for publisher in std::mem::take(&mut self.review) {
            let card = self.house.archive().get(&publisher).filter(|_| publisher != self.us()).cloned();
            let Some(card) = card else { continue };
            let feeds: Vec<FeedId> = self.store.feeds().filter(|feed| feed.publisher == publisher).collect();
            for feed in feeds {
                if !self.review_feed(feed, &card, &mut cut)? {
                    // Something of it is being appended: at the next turn.
                    self.review.insert(publisher);
                }
            }
        }
        if !cut.is_empty() {
            self.house = self.house.anew(self.home.card());
            self.house.catch_up(&self.store)?;
        }
        Ok(cut)
    }

    fn review_feed(
        &mut self,
        feed: FeedId,
        card: &Card,
        cut: &mut Vec<FeedState>,
    ) -> Result<bool, NodeError> {
        let Some(head) = self.store.durable(&feed) else { return Ok(true) };
        let (mut refused, mut disowned): (Option<SignedHeader>, Vec<SignedHeader>) = (None, Vec::new());
        let unsettled = self.unsettled.get(&feed).copied();
        for seq in first_to_judge(card, feed).min(unsettled.map_or(u64::MAX, |seq| seq.0))..=head.seq.0 {
            let header = self.store.header(&feed, Seq(seq))?;
            if unsettled == Some(Seq(seq)) || card.judge(header.header()) == Err(Refusal::Revoked) {
                refused = Some(header);
                break;
            }
            let says = matches!(header.header().kind, EntryKind::Release | EntryKind::Retraction);
            let gone = self.store.erased(&feed).iter().any(|places| places.contains(&Seq(seq)));
            if says && !gone && !card.vouches(header.header()) {
                disowned.push(header);
            }
        }
        if let Some(first) = refused {
            if !self.store.cut(feed, first.header().seq)? {
                return Ok(false);
            }
            self.unsettled.remove(&feed);
            self.without_figures.remove(&feed);
            self.cut_off(feed, head.seq, &first)?;
            let (place, newest) = (self.store.place(feed), self.store.newest(&feed).cloned());
            let resolutions = self.house.resolutions().filter(|one| one.feed() == feed).cloned().collect();
            let fork = self.house.fork(&feed);
            cut.push(FeedState { place, partial: Vec::new(), newest, fork, resolutions });
        }
        for header in disowned {
            let seq = header.header().seq;
            if !self.store.erase(&[(feed, seq..=seq)])? {
                return Ok(false);
            }
            self.confirm_erasure(seq, crate::feed::HeadRef::from(&header), (Why::Disowned, DISOWNED))?;
        }
        Ok(true)
    }

    /// Writes into the log what was cut off; the header is the proof of what was signed with the key.
    fn cut_off(&mut self, feed: FeedId, last: Seq, first: &SignedHeader) -> Result<(), NodeError> {
        let header = first.header();
        tracing::warn!(%feed, first = header.seq.0, last = last.0, "cut off what a revoked key had signed");
        let details = serde_json::json!({
            "publisher": feed.publisher.to_hex(),
            "country": self.country_of(&feed.publisher),
            "agreement": feed.agreement.to_hex(),
            "title": self.agreement_name(&feed.agreement),
            "first": header.seq.0,
            "last": last.0,
            "node": header.node.to_hex(),
            "header": super::forks::to_hex(&first.to_bytes()),
        });
        self.done(ActName::EntriesCutOff, &super::daemon::the_node(), details, Vec::new()).map(|_| ())
    }

    /// Whether a feed of a partner may hold figures that are not vouched for: it is looked through again then.
    pub(super) fn review_if_doubted(&mut self, publisher: PublisherId) {
        let doubts = |card: &Card| {
            let all = card.body().revocations.iter().flat_map(|one| &one.stands);
            all.into_iter().any(|stand| stand.vouched < stand.end)
        };
        if self.house.archive().get(&publisher).is_some_and(doubts) {
            self.review.insert(publisher);
        }
    }
}
