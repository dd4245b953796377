//! The replica: what one node knows of its feeds and sessions, and what it does with each input.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::feed::Feed;
use self::session::Session;
use super::config::{Config, MAX_WINDOW, MIN_WINDOW, VERSIONS};
use super::fault::Fault;
use super::io::{Event, FeedState, Input, Output, Recovering, Seating, SessionId};
use super::message::{FEATURE_DIGEST, FEATURE_LATEST, FEATURE_PROMPT, FEATURE_RESOLUTION, Message, Versions};
use crate::crypto::{Network, PublicKey};
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{AgreementId, FeedId, Fork, HeadRef, Keyring, PublisherId, Seq, SignedHeader};
use crate::model::Millis;

mod ahead;
mod feed;
mod forks;
mod own;
mod pace;
mod pull;
mod serve;
mod session;
mod time;

/// Replication of one node. See the [room's front page](super) for the rules.
#[derive(Debug)]
pub struct Replica {
    config: Config,
    network: Network,
    us: PublisherId,
    keyring: Arc<Keyring>,
    feeds: BTreeMap<FeedId, Feed>,
    sessions: BTreeMap<SessionId, Session>,
    /// By partner, the agreements of which it is a courier.
    couriers: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    seating: Seating,
    /// Agreements whose feeds go before all others.
    urgent: Arc<BTreeSet<AgreementId>>,
    /// Feeds whose next entry is held, with the time when it is due.
    held: BTreeMap<FeedId, Millis>,
    /// Feeds of which others have announced more than their source delivers, with the time since when.
    lagging: BTreeMap<FeedId, Millis>,
    recovering: Recovering,
    /// Entries of our own feeds that are not here, and whose headers by our keys a partner has shown: the last of each.
    shown: BTreeMap<FeedId, Seq>,
    /// Something has changed that may settle a feed of ours that is in recovery.
    look_at_own: bool,
    now: Millis,
    out: Vec<Output>,
}

/// The agreements that came and those that went.
type Change = (Vec<AgreementId>, Vec<AgreementId>);

/// What can be said of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStatus {
    /// The session.
    pub session: SessionId,
    /// The node at the other end.
    pub node: PublicKey,
    /// For whom it speaks.
    pub publisher: PublisherId,
    /// Whether it has said Hello.
    pub ready: bool,
    /// Whether its first list of heads is complete.
    pub listed: bool,
    /// How many feeds are pulled from it.
    pub pulling: usize,
    /// How many feeds it pulls.
    pub serving: usize,
}

impl Replica {
    /// A replica without sessions, for the feeds that are on disk. It opens nothing that is sealed and carries nothing.
    pub fn new(
        config: Config,
        network: Network,
        us: PublisherId,
        keyring: Arc<Keyring>,
        feeds: Vec<FeedState>,
    ) -> Self {
        Self::seated(config, network, us, (keyring, Seating::default()), feeds)
    }

    /// The same for a node that can do this with what travels sealed.
    pub fn seated(
        config: Config,
        network: Network,
        us: PublisherId,
        (keyring, seating): (Arc<Keyring>, Seating),
        feeds: Vec<FeedState>,
    ) -> Self {
        let window = config.window.clamp(MIN_WINDOW, MAX_WINDOW);
        let config = Config { window, ..config };
        let open = |state: FeedState| (state.place.feed, Feed::open(state, &network, &keyring, &seating));
        let feeds = feeds.into_iter().map(open).collect();
        Self {
            config,
            network,
            us,
            keyring,
            feeds,
            sessions: BTreeMap::new(),
            couriers: BTreeMap::new(),
            seating,
            urgent: Arc::default(),
            held: BTreeMap::new(),
            lagging: BTreeMap::new(),
            recovering: Recovering::default(),
            shown: BTreeMap::new(),
            look_at_own: false,
            now: Millis(i64::MIN),
            out: Vec::new(),
        }
    }

    /// Takes one input at this time; returns what is to be done, in order.
    pub fn handle(&mut self, input: Input, now: Millis) -> Vec<Output> {
        if now < self.now {
            self.turned_back(now);
        }
        self.now = now;
        match input {
            Input::Opened { session, node, publisher, agreements } => {
                self.opened(session, node, publisher, agreements);
            }
            Input::Closed { session } => self.forget(session),
            Input::Received { session, message } => self.received(session, message),
            Input::Granted { publisher, agreements } => self.granted(publisher, &agreements),
            Input::Carries { publisher, agreements } => self.carries(publisher, agreements),
            Input::Seated { seating } => self.seat(seating),
            Input::Urgent { agreements } => self.hurry(agreements),
            Input::Cards { keyring } => self.cards(keyring),
            Input::Stored { newest } => self.stored(&newest),
            Input::Abandoned { feed } => self.abandoned(feed),
            Input::Reset { state } => self.reset(*state),
            Input::Recover { recovering } => self.recover(recovering),
            Input::Read { session, feed, from, next, frames } => {
                self.read(session, feed, (from, next), frames);
            }
            Input::HeaderRead { session, feed, seq, header } => {
                self.header_read(session, feed, seq, header.as_ref());
            }
            Input::LatestRead { session, feed, seq, frames } => self.latest_read(session, feed, seq, frames),
            Input::Tick => self.tick(),
        }
        self.settle_own();
        std::mem::take(&mut self.out)
    }

    /// Whose replica it is.
    pub fn us(&self) -> PublisherId {
        self.us
    }

    /// The sessions, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = SessionStatus> {
        self.sessions.iter().map(|(id, session)| SessionStatus {
            session: *id,
            node: session.node,
            publisher: session.publisher,
            ready: session.is_ready(),
            listed: session.listed,
            pulling: session.pull.asked.len(),
            serving: session.serve.wanted.len(),
        })
    }

    /// The newest durable entry of every feed that is here.
    pub fn heads(&self) -> impl Iterator<Item = HeadRef> {
        self.feeds.values().filter_map(|feed| feed.durable)
    }

    /// The proofs of all feeds that are frozen.
    pub fn frozen(&self) -> impl Iterator<Item = &Fork> {
        self.feeds.values().filter_map(|feed| feed.fork.as_deref())
    }

    /// The next frame of a feed that is missing here.
    pub fn position(&self, feed: &FeedId) -> Option<Position> {
        self.feeds.get(feed).map(Feed::position)
    }

    /// The session that a feed is pulled from.
    pub fn source(&self, feed: &FeedId) -> Option<SessionId> {
        self.feeds.get(feed).and_then(|feed| feed.source)
    }

    /// Whether somebody who may read a feed of ours is connected, and everybody who is has shown all heads, none of them
    /// further than what is here.
    pub fn has_all_of(&self, feed: &FeedId) -> bool {
        self.settled_by(feed).is_some()
    }

    /// What a session's partner has announced of its feeds.
    pub fn announced(&self, session: SessionId) -> impl Iterator<Item = HeadRef> {
        self.sessions.get(&session).into_iter().flat_map(|session| session.announced.values().copied())
    }

    /// How far a session's partner was sent the feeds that it pulls: the next frame of each.
    pub fn served(&self, session: SessionId) -> impl Iterator<Item = (FeedId, Position)> {
        let wanted = self.sessions.get(&session).map(|session| &session.serve.wanted);
        wanted.into_iter().flatten().map(|(feed, position)| (*feed, *position))
    }

    fn opened(
        &mut self,
        id: SessionId,
        node: PublicKey,
        publisher: PublisherId,
        agreements: BTreeSet<AgreementId>,
    ) {
        self.forget(id);
        if self.sessions.len() >= self.config.max_sessions {
            return self.close(id, Fault::Busy);
        }
        let mut session = Session::new(node, publisher, agreements, &self.config, self.now);
        session.carries = self.couriers.get(&publisher).cloned().unwrap_or_default();
        session.carried = Arc::clone(&self.seating.carried);
        session.serve.set_urgent(&self.urgent);
        self.sessions.insert(id, session);
        let network = self.network.as_str().to_owned();
        let window = self.config.window;
        let features = FEATURE_DIGEST | FEATURE_RESOLUTION | FEATURE_PROMPT | FEATURE_LATEST;
        self.send(id, Message::Hello { versions: VERSIONS, features, network, window });
    }

    fn received(&mut self, id: SessionId, message: Message) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let done = match (session.is_ready(), message) {
            (false, Message::Hello { versions, features, network, window }) => {
                session.digests = features & FEATURE_DIGEST != 0;
                session.list_behind_differs = session.digests;
                session.resolutions = features & FEATURE_RESOLUTION != 0;
                session.serve.ahead.is_known = features & FEATURE_LATEST != 0;
                if features & FEATURE_PROMPT != 0 {
                    session.serve.pace.begin();
                }
                self.on_hello(id, versions, network, window)
            }
            (_, Message::Bye { reason }) => Err(Fault::Bye(reason)),
            (false, _) => Err(Fault::Protocol("something before hello")),
            (true, message) => {
                let afforded = session.allowance.spend(cost(&message), self.now);
                afforded.and_then(|()| self.on_message(id, message))
            }
        };
        if let Err(fault) = done {
            self.fail(id, fault);
        }
    }

    fn on_message(&mut self, id: SessionId, message: Message) -> Result<(), Fault> {
        match message {
            Message::Hello { .. } | Message::Bye { .. } => Err(Fault::Protocol("a second hello")),
            Message::Have { heads, last } => self.on_have(id, heads, last),
            Message::Digest { digest } => self.on_digest(id, digest),
            Message::Differs => self.on_differs(id),
            // Without bytes credit would not bound how many of them come.
            Message::Data { frames, .. } | Message::Latest { frames, .. } if frames.is_empty() => {
                Err(Fault::Protocol("frames that are none"))
            }
            Message::Credit { bytes: 0 } => Err(Fault::Protocol("a credit of nothing")),
            Message::Want { feed, from } => self.on_want(id, feed, from),
            Message::Unwant { feed } => self.on_unwant(id, feed),
            Message::Data { feed, from, frames } => self.on_data(id, feed, from, &frames),
            Message::Latest { feed, seq, frames } => self.on_latest(id, feed, seq, frames),
            Message::Credit { bytes } => self.on_credit(id, bytes),
            Message::Ping { nonce } => self.on_ping(id, nonce),
            Message::Pong { nonce } => self.on_pong(id, nonce),
            Message::Show { feed, seq } => self.on_show(id, feed, seq),
            Message::Header { feed, seq, bytes } => self.on_header(id, feed, seq, bytes.as_deref()),
            Message::Proof { one, other } => self.on_proof(id, &one, &other),
            Message::Resolution { bytes } => self.on_resolution(id, &bytes),
        }
    }

    fn on_hello(
        &mut self,
        id: SessionId,
        theirs: Versions,
        network: String,
        window: u32,
    ) -> Result<(), Fault> {
        if VERSIONS.common(theirs).is_none() {
            return Err(Fault::Versions { theirs });
        }
        if network != self.network.as_str() {
            return Err(Fault::Network { theirs: network });
        }
        if !(MIN_WINDOW..=MAX_WINDOW).contains(&window) {
            return Err(Fault::Protocol("a window that is too small or too large"));
        }
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.greeting = None;
        (session.serve.window, session.serve.credit) = (window.into(), window.into());
        let (node, publisher) = (session.node, session.publisher);
        self.event(Event::SessionReady { session: id, node, publisher });
        self.introduce(id);
        Ok(())
    }

    /// Sets what goes before all else, and lets it go at once where it waits.
    fn hurry(&mut self, agreements: BTreeSet<AgreementId>) {
        self.urgent = Arc::new(agreements);
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.serve.set_urgent(&self.urgent);
            }
            self.pump(id);
        }
    }

    fn granted(&mut self, publisher: PublisherId, agreements: &BTreeSet<AgreementId>) {
        self.look_at_own = true;
        self.change(publisher, &|session| session.grant(agreements));
    }

    fn carries(&mut self, publisher: PublisherId, agreements: BTreeSet<AgreementId>) {
        self.change(publisher, &|session| session.carry(&agreements));
        self.couriers.insert(publisher, agreements);
    }

    fn seat(&mut self, seating: Seating) {
        self.seating = seating;
        let carried = Arc::clone(&self.seating.carried);
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.carried = Arc::clone(&carried);
                session.pull.refused.clear();
            }
            self.reconcile_announced(id, &|_| true);
        }
    }

    /// Changes what the sessions of a partner may have; `by` says which agreements came and went.
    fn change(&mut self, publisher: PublisherId, by: &dyn Fn(&mut Session) -> Change) {
        let of_publisher =
            |(id, session): (&SessionId, &Session)| (session.publisher == publisher).then_some(*id);
        let ids: Vec<_> = self.sessions.iter().filter_map(of_publisher).collect();
        for id in ids {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            let (added, gone) = by(session);
            if session.is_ready() {
                self.change_serving(id, &added, &gone);
                self.announce_all(id, &|feed| added.contains(&feed.agreement));
                let changed =
                    |feed: &FeedId| added.contains(&feed.agreement) || gone.contains(&feed.agreement);
                self.reconcile_announced(id, &changed);
            }
        }
    }

    fn cards(&mut self, keyring: Arc<Keyring>) {
        self.keyring = keyring;
        self.end_revoked();
        self.review_feeds();
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.pull.refused.clear();
            }
            self.reconcile_announced(id, &|_| true);
        }
    }

    /// Ends the sessions of nodes whose keys were revoked.
    fn end_revoked(&mut self) {
        let keyring = Arc::clone(&self.keyring);
        let revoked = |(id, session): (&SessionId, &Session)| {
            keyring.is_revoked(&session.publisher, &session.node).then_some(*id)
        };
        let ids: Vec<SessionId> = self.sessions.iter().filter_map(revoked).collect();
        ids.into_iter().for_each(|id| self.fail(id, Fault::Revoked));
    }

    /// What was begun with an entry that may not be signed any more begins anew, and a proof of a fork counts no longer
    /// of which one side has lost its mandate for that place.
    fn review_feeds(&mut self) {
        let keyring = Arc::clone(&self.keyring);
        let mut changed = Vec::new();
        for (id, feed) in &mut self.feeds {
            let seen = feed.seen.take_if(|seen| !keyring.may_sign(seen.header()));
            feed.ahead.take_if(|ahead| !keyring.may_sign(ahead.header()));
            let in_hand = feed.pending().is_some_and(|pending| !keyring.may_sign(pending.header()));
            // Without a card nothing is known of its keys: a government that was removed may be accepted again.
            let known = keyring.get(&id.publisher).is_some();
            let void = |fork: &mut Box<Fork>| known && !fork.holds(&keyring);
            if in_hand {
                feed.restart();
                feed.seen = None;
            }
            if feed.fork.take_if(void).is_some() || in_hand || seen.is_some() {
                changed.push(*id);
            }
        }
        changed.into_iter().for_each(|feed| self.resubscribe(feed));
    }

    fn stored(&mut self, newest: &SignedHeader) {
        let head = HeadRef::from(newest);
        let feed = self.feeds.entry(head.feed).or_insert_with(|| Feed::new(Place::first(head.feed)));
        if feed.durable.is_some_and(|durable| durable.seq >= head.seq) {
            return;
        }
        feed.durable = Some(head);
        self.look_at_own |= head.feed.publisher == self.us;
        if head.seq >= feed.place.seq {
            feed.restart();
            feed.advance(newest);
            self.held.remove(&head.feed);
            self.resubscribe(head.feed);
        }
        self.spread(head);
        self.caught_up(head);
    }

    /// The entry in hand is kept no longer. Who still delivers it is asked for all of it.
    fn abandoned(&mut self, feed: FeedId) {
        if let Some(state) = self.feeds.get_mut(&feed) {
            state.restart();
            self.resubscribe(feed);
        }
    }

    fn caught_up(&mut self, head: HeadRef) {
        let newer = |session: &Session| session.announced.get(&head.feed).is_some_and(|h| h.seq > head.seq);
        if head.feed.publisher != self.us && !self.sessions.values().any(newer) {
            self.event(Event::CaughtUp { head });
        }
    }

    /// A feed stands otherwise on disk: it is followed from there, and its readers are told.
    fn reset(&mut self, state: FeedState) {
        let feed = state.place.feed;
        if let Some(source) = self.source(&feed) {
            self.unsubscribe(source, feed);
        }
        let fresh = Feed::open(state, &self.network, &self.keyring, &self.seating);
        let durable = fresh.durable;
        self.feeds.insert(feed, fresh);
        self.held.remove(&feed);
        self.lagging.remove(&feed);
        for session in self.sessions.values_mut() {
            session.pull.refused.remove(&feed);
        }
        for id in self.readers(&feed) {
            self.announce_resolutions(id, &|one| *one == feed);
            if let Some(head) = durable {
                self.send(id, Message::Have { heads: vec![head], last: true });
            }
        }
        self.look_at_own = true;
        self.reconcile(feed);
    }

    /// Forgets a session and looks for other sources for what was pulled from it.
    fn forget(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.look_at_own = true;
        let mut feeds: Vec<FeedId> = session.pull.asked.into_keys().collect();
        feeds.sort_by_key(|feed| !self.is_urgent(feed));
        for feed in feeds {
            if let Some(state) = self.feeds.get_mut(&feed) {
                state.source = None;
            }
            self.lagging.remove(&feed);
            self.reconcile(feed);
        }
    }

    /// Ends a session for what its peer did.
    fn fail(&mut self, id: SessionId, fault: Fault) {
        if let Some(session) = self.sessions.get(&id).filter(|_| fault.is_hostile()) {
            let (node, publisher) = (session.node, session.publisher);
            self.event(Event::FaultRecorded { node, publisher, what: fault.clone() });
        }
        self.close(id, fault);
        self.forget(id);
    }

    fn close(&mut self, id: SessionId, fault: Fault) {
        if let Some(reason) = fault.bye() {
            self.send(id, Message::Bye { reason });
        }
        self.out.push(Output::Close { session: id, fault });
    }

    fn send(&mut self, session: SessionId, message: Message) {
        self.out.push(Output::Send { session, message });
    }

    fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }
}

/// What a message costs us, in units of about a microsecond; what answers a question of ours is free, and so are
/// bytes of frames, which credit bounds.
fn cost(message: &Message) -> u64 {
    match message {
        Message::Have { heads, .. } => 2 + 2 * heads.len() as u64,
        Message::Want { .. } | Message::Unwant { .. } => 4,
        // An entry is verified that nothing is appended of.
        Message::Latest { .. } => 200,
        // Two signatures are verified.
        Message::Proof { .. } => 200,
        Message::Resolution { .. } => 100,
        // The digest of all heads that the partner may read.
        Message::Digest { .. } | Message::Differs => 20,
        Message::Credit { .. } | Message::Ping { .. } | Message::Show { .. } | Message::Data { .. } => 2,
        Message::Hello { .. } | Message::Bye { .. } | Message::Pong { .. } | Message::Header { .. } => 1,
    }
}

#[cfg(test)]
mod tests;
