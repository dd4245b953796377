//! What of the exchange concerns sealing: who carries what, what came closed, and what is opened later.

use super::{Exchange, Look};
use crate::feed::{AgreementId, Card, EntryKind, FeedId, PublisherId, Seq, SignedHeader};
use crate::node::engine::{Engine, NodeError};
use crate::node::fault_kind::FaultKind;
use crate::sync::{Input, Seating, SessionId};

impl Exchange {
    /// What is due by the clock: keys, embargoes, and what is carried. The house feed takes entries.
    pub(super) fn tend_sealed(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        engine.tend_sealing_keys()?;
        engine.hand_on_words()?;
        engine.tend_embargoes()?;
        self.open_what_is_due(engine)?;
        self.tend_carried(engine)?;
        self.refresh_seating(engine)
    }

    /// Looks at what has come of a feed for what concerns sealing: takes note of keys and openings, and returns the last
    /// entry before which, and at which, nothing is closed to us.
    pub(super) fn look_through(
        &mut self,
        newest: &SignedHeader,
        first: Seq,
        engine: &mut Engine,
    ) -> Result<Option<SignedHeader>, NodeError> {
        let (feed, last) = (newest.header().feed, newest.header().seq);
        if engine.may_append(&FeedId::new(engine.home().us(), AgreementId::house())).is_err() {
            // What is learnt could not be written down: it is looked at again when it can.
            self.receipts_put_off = true;
            return Ok(None);
        }
        let Look { next, mut closed } =
            engine.looked.get(&feed).copied().unwrap_or(Look { next: first, closed: None });
        for seq in (next.0..=last.0).map(Seq) {
            let header = if seq == last { newest.clone() } else { engine.store().header(&feed, seq)? };
            if header.header().kind == EntryKind::Sealing {
                for fault in engine.take_sealing(feed, seq)? {
                    self.record_fault(feed.publisher, (&fault, &fault), engine)?;
                }
            } else if closed.is_none() && engine.is_closed(&header)? {
                closed = Some(seq);
            }
        }
        while let Some(seq) = closed.filter(|seq| *seq <= last) {
            if engine.is_closed(&engine.store().header(&feed, seq)?)? {
                break;
            }
            closed = Some(seq.next());
        }
        closed = closed.filter(|seq| *seq <= last);
        engine.looked.insert(feed, Look { next: last.next(), closed });
        match closed {
            None => Ok(Some(newest.clone())),
            Some(Seq(0)) => Ok(None),
            Some(seq) => Ok(Some(engine.store().header(&feed, Seq(seq.0 - 1))?)),
        }
    }

    /// Tells the machine what has changed of what it can do with what is sealed, and of who carries what.
    pub(super) fn refresh_seating(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let now = self.clock.now();
        let partners: Vec<PublisherId> = engine.house().partners().map(Card::publisher).collect();
        for publisher in partners {
            let agreements = engine.house().book().carried(publisher, now);
            if self.couriers.get(&publisher).map_or(!agreements.is_empty(), |known| *known != agreements) {
                self.couriers.insert(publisher, agreements.clone());
                self.tell(Input::Carries { publisher, agreements }, engine)?;
            }
        }
        let seating = Seating { full: self.seating.full.clone(), ..engine.seating()? };
        let same = seating == self.seating;
        self.seating = seating.clone();
        if same { Ok(()) } else { self.tell(Input::Seated { seating }, engine) }
    }

    /// Whether a session's partner is a courier of a feed's agreement, and so reads nothing that is open.
    pub(super) fn is_courier(&self, session: SessionId, feed: &FeedId) -> bool {
        let publisher = self.open.get(&session.0).map(|open| open.publisher);
        let carries = publisher.and_then(|publisher| self.couriers.get(&publisher));
        carries.is_some_and(|agreements| agreements.contains(&feed.agreement))
    }

    /// Opens what others have told us the keys of, and acknowledges it.
    pub(super) fn open_what_is_due(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let (opened, faults) = engine.take_openings()?;
        for fault in faults {
            self.note(FaultKind::Sealed, &fault);
        }
        for feed in opened {
            if let Some(newest) = engine.store().durable_header(&feed)?
                && self.receipts_known
            {
                self.take_received(&newest, engine)?;
            }
        }
        Ok(())
    }

    /// Whether a publisher has just come to have as much carried as it may.
    pub(super) fn is_full_now(&mut self, feed: FeedId, engine: &Engine) -> bool {
        let publisher = feed.publisher;
        let known = self.seating.full.contains(&publisher);
        if known
            || !self.seating.carried.contains(&feed.agreement)
            || !engine.over_quota().contains(&publisher)
        {
            return false;
        }
        let who = engine.country_of(&publisher);
        self.note(FaultKind::Quota, &format!(
            "as much is carried of {who} as is allowed here (courier.quota): nothing more of it is taken until its readers \
             have acknowledged some"
        ));
        self.seating.full.insert(publisher)
    }

    /// As a courier: lets go of what all have acknowledged, and sees to it that nobody has more carried than it may.
    pub(super) fn tend_carried(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let now = self.clock.now();
        if now.0.saturating_sub(self.carried_at.0) < engine.sealing.tidy {
            return Ok(());
        }
        self.carried_at = now;
        engine.let_go_of_carried()?;
        let full = engine.over_quota();
        if full != self.seating.full {
            let seating = Seating { full, ..self.seating.clone() };
            self.seating = seating.clone();
            self.tell(Input::Seated { seating }, engine)?;
        }
        Ok(())
    }
}
