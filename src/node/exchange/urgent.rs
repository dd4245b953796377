//! What goes before all else: crisis lanes, and the correspondence by which they are declared.
//!
//! Lanes go first as a whole, in every queue and at the border of every block: at the store that is read from, at the
//! line, and at the loop of the one who receives. So a member that comes back has all that stands in a lane before the
//! first block of anything else. Within a feed entries keep their order, as each is held to the one before it; but who lacks
//! more than one gets the newest whole bulletin of each feed first, ahead of its history, to look at ([`super::ahead`]). A lane
//! is small, about a megabyte in a month: three minutes and a quarter of a line of 64 kbit/s that loses a tenth.

use std::collections::BTreeSet;

use super::{Exchange, peers_of};
use crate::feed::{AgreementId, FeedId, PublisherId};
use crate::model::Millis;
use crate::net::{NetCommand, NodeId};
use crate::node::engine::{Engine, NodeError};
use crate::policy::Standing;
use crate::sync::{Input, Message, SessionId};

/// Members of a lane who are away are tried again for what is new in it at most so often: five seconds.
const DIAL_PAUSE: i64 = 5_000;

/// What goes before all else, and how far that was acted upon.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    agreements: BTreeSet<AgreementId>,
    lanes: BTreeSet<AgreementId>,
    /// Feeds of which something was sent before they became urgent, by session: what follows may not overtake it.
    late: BTreeSet<(u64, FeedId)>,
    dialled: Option<Millis>,
}

impl Urgent {
    /// Whether a message may be overtaken by what is sent later.
    pub(super) fn may_wait(&self, session: SessionId, message: &Message) -> bool {
        let Message::Data { feed, .. } = message else { return false };
        !self.agreements.contains(&feed.agreement) || self.late.contains(&(session.0, *feed))
    }

    /// A session is over.
    pub(super) fn forget(&mut self, session: u64) {
        self.late.retain(|(of, _)| *of != session);
    }
}

impl Exchange {
    /// Which agreements go before all others, those of crisis lanes among them.
    pub(in crate::node) fn urgent(&self) -> &BTreeSet<AgreementId> {
        &self.urgent.agreements
    }

    /// Whether a crisis lane is declared and not over.
    pub(in crate::node) fn is_crisis(&self) -> bool {
        !self.urgent.lanes.is_empty()
    }

    /// Compares what is urgent with what the machine was told; a lane that is new has all its members dialled at once.
    pub(super) fn refresh_urgent(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let (house, us, now) = (engine.house(), engine.home().us(), self.clock.now());
        let book = house.book();
        let alive = book.lanes().filter(|lane| !matches!(book.standing(lane, now), Standing::Over { .. }));
        let lanes: BTreeSet<AgreementId> = alive.map(crate::policy::Agreement::id).collect();
        let mut agreements: BTreeSet<AgreementId> =
            house.partners().map(|card| AgreementId::correspondence(us, card.publisher())).collect();
        agreements.extend(&lanes);
        if agreements == self.urgent.agreements {
            return Ok(());
        }
        let new: BTreeSet<AgreementId> = agreements.difference(&self.urgent.agreements).copied().collect();
        for session in self.open.keys() {
            let served = self.replica.served(SessionId(*session)).map(|(feed, _)| feed);
            let late = served.filter(|feed| new.contains(&feed.agreement)).map(|feed| (*session, feed));
            self.urgent.late.extend(late);
        }
        let begun: Vec<AgreementId> = lanes.difference(&self.urgent.lanes).copied().collect();
        (self.urgent.agreements, self.urgent.lanes) = (agreements.clone(), lanes);
        self.urgent.dialled = None;
        begun.into_iter().for_each(|lane| self.dial_members(lane, engine));
        self.tell(Input::Urgent { agreements }, engine)
    }

    /// Something new of ours stands in a feed: if it is a lane's, its members who are away are tried now.
    pub(super) fn dial_for(&mut self, feed: &FeedId, engine: &Engine) {
        if feed.publisher == engine.home().us() && self.urgent.lanes.contains(&feed.agreement) {
            self.dial_members(feed.agreement, engine);
        }
    }

    fn dial_members(&mut self, lane: AgreementId, engine: &Engine) {
        let now = self.clock.now();
        let paused = |last: Millis| (0..DIAL_PAUSE).contains(&(now.0 - last.0));
        if self.urgent.dialled.is_some_and(paused) {
            return;
        }
        self.urgent.dialled = Some(now);
        let Some(agreement) = engine.house().book().get(&lane) else { return };
        let connected: BTreeSet<PublisherId> = self.open.values().map(|open| open.publisher).collect();
        let away = agreement.text().parties.iter().filter(|party| !connected.contains(&party.publisher));
        let cards = away.filter_map(|party| engine.house().keyring().get(&party.publisher));
        let nodes: Vec<NodeId> =
            cards.flat_map(|card| peers_of(card, now, &BTreeSet::new())).map(|peer| peer.node).collect();
        for peer in nodes {
            if let Err(error) = self.net.send(NetCommand::DialNow { peer }) {
                tracing::debug!(%error, "not dialled");
            }
        }
    }
}
