//! The exchange with partners: carries the replication machine's outputs to store and network, and back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::acts::ActName;
use super::clock::Clock;
use super::daemon::{fault_row, the_node};
use super::engine::{Engine, NodeError};
use super::fault_kind::FaultKind;
use super::metrics::Figures;
use super::sealing::Look;
use super::standby::Role;
use crate::crypto::PublicKey;
use crate::feed::{AgreementId, Card, EntryKind, FeedId, Fork, Keyring, PublisherId, Seq, SignedHeader};
use crate::model::Millis;
use crate::net::{Carrier, NetCommand, NetEvent, NodeId, PartnerPeer};
use crate::store::StoreError;
use crate::sync::{self, Event, Input, Output, Recovering, Replica, Seating, SessionId};
use crate::wire;

use self::receipts::Owed;
pub(super) use self::standby::HELD;
use self::urgent::Urgent;

mod ahead;
mod bundles;
mod cards;
mod receipts;
mod recovery;
mod sealed;
mod standby;
mod urgent;

/// How many faults are kept to be shown; older ones are in the log of acts.
const MAX_FAULTS: usize = 256;
/// A partner's faults are written into the log of acts at most so often, so that nobody fills our disk: one minute.
const FAULT_PAUSE: i64 = 60_000;

/// A session that stands.
struct Open {
    peer: NodeId,
    publisher: PublisherId,
    remote: String,
}

/// A session whose other end is a file.
struct WithBundle {
    session: u64,
    /// What we have said in it.
    said: VecDeque<sync::Message>,
    /// Why the machine has ended it.
    ended: Option<String>,
}

/// The exchange.
pub(super) struct Exchange {
    replica: Replica,
    net: Box<dyn Carrier>,
    clock: Clock,
    open: BTreeMap<u64, Open>,
    keyring: Arc<Keyring>,
    partners: Vec<PartnerPeer>,
    granted: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    /// Of which agreements partners are couriers.
    couriers: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    seating: Seating,
    urgent: Urgent,
    /// When what we carry was looked through last.
    carried_at: Millis,
    /// Of each foreign feed that is owed receipts, the first entry that none of ours covers.
    unreceipted: BTreeMap<FeedId, Seq>,
    faults: VecDeque<Value>,
    fault_logged: BTreeMap<PublisherId, Millis>,
    listening: BTreeSet<String>,
    /// Own feeds of which partners have shown more than is here, and how much.
    ahead: BTreeMap<FeedId, Seq>,
    /// What the machine was told of own feeds in recovery.
    recovering: Recovering,
    /// When and why the last session with a partner ended, or could not begin.
    ended: BTreeMap<PublisherId, (Millis, String)>,
    /// Whether the node was in recovery at the last look.
    waiting: bool,
    /// The session with a bundle that is being taken in.
    bundle: Option<WithBundle>,
    bundles: u64,
    /// Whether what we have signed receipts for was read from the view.
    receipts_known: bool,
    /// Receipts that are due under agreements of many.
    owed: Owed,
    /// Whether receipts could not be signed when they were due.
    receipts_put_off: bool,
    /// Until when a standby of ours is waited for before this node leads.
    asks_until: Option<Millis>,
    /// What the node was at the last look.
    role: Role,
    figures: Figures,
}

impl Exchange {
    pub(super) fn new(
        engine: &mut Engine,
        config: sync::Config,
        net: Box<dyn Carrier>,
    ) -> Result<Self, NodeError> {
        let store = engine.store();
        let mut ids: BTreeSet<FeedId> = store.feeds().collect();
        // A feed may be forked in its first place, with nothing of it here.
        ids.extend(engine.house().forked_feeds());
        let feeds = ids.into_iter().map(|feed| recovery::state_of(engine, feed)).collect::<Result<_, _>>()?;
        let keyring = Arc::clone(engine.house().keyring());
        let (network, us) = (engine.home().network().clone(), engine.home().us());
        let seating = engine.seating()?;
        let standing = (Arc::clone(&keyring), seating.clone());
        Ok(Self {
            replica: Replica::seated(config, network, us, standing, feeds),
            couriers: BTreeMap::new(),
            seating,
            urgent: Urgent::default(),
            carried_at: Millis(0),
            net,
            clock: engine.clock().clone(),
            open: BTreeMap::new(),
            keyring,
            partners: Vec::new(),
            granted: BTreeMap::new(),
            unreceipted: BTreeMap::new(),
            faults: VecDeque::new(),
            fault_logged: BTreeMap::new(),
            listening: BTreeSet::new(),
            ahead: BTreeMap::new(),
            recovering: Recovering::default(),
            ended: BTreeMap::new(),
            waiting: false,
            bundle: None,
            bundles: 0,
            receipts_known: false,
            owed: Owed::default(),
            receipts_put_off: false,
            asks_until: None,
            role: engine.role(),
            figures: Figures::default(),
        })
    }

    /// Names the partners to the network.
    pub(super) fn start(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        self.refresh(engine)?;
        self.refresh_seating(engine)
    }

    pub(super) fn on_net(&mut self, event: NetEvent, engine: &mut Engine) -> Result<(), NodeError> {
        match event {
            NetEvent::Listening { address } => {
                tracing::info!(%address, "listening");
                self.listening.insert(address);
                Ok(())
            }
            NetEvent::SessionOpened { peer, session, remote } => self.opened(peer, session, remote, engine),
            NetEvent::Frame { peer, session, bytes } => self.frame(peer, session, &bytes, engine),
            NetEvent::SessionClosed { session, reason, .. } => {
                tracing::info!(session, %reason, "session closed");
                self.urgent.forget(session);
                if let Some(open) = self.open.remove(&session) {
                    self.note_end(open.publisher, &reason);
                }
                self.tell(Input::Closed { session: SessionId(session) }, engine)
            }
            NetEvent::Refused { remote, reason } => {
                tracing::info!(%remote, %reason, "refused");
                Ok(())
            }
            NetEvent::DialFailed { peer, reason } => {
                tracing::debug!(%peer, %reason, "dial failed");
                if let Some(publisher) = self.keyring.publisher_of(&PublicKey(peer.0), self.clock.now()) {
                    self.note_end(publisher, &reason);
                }
                Ok(())
            }
        }
    }

    fn opened(
        &mut self,
        peer: NodeId,
        session: u64,
        remote: String,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        let node = PublicKey(peer.0);
        let Some(publisher) = self.keyring.publisher_of(&node, self.clock.now()) else {
            self.close(peer, session, "no accepted card has a mandate for this node");
            return Ok(());
        };
        tracing::info!(session, %remote, partner = %engine.country_of(&publisher), "session opened");
        self.open.insert(session, Open { peer, publisher, remote });
        let agreements = self.granted.get(&publisher).cloned().unwrap_or_default();
        self.tell(Input::Opened { session: SessionId(session), node, publisher, agreements }, engine)
    }

    fn frame(
        &mut self,
        peer: NodeId,
        session: u64,
        bytes: &[u8],
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        match wire::decode(bytes) {
            Ok(message) => self.tell(Input::Received { session: SessionId(session), message }, engine),
            Err(error) => {
                self.close(peer, session, &error.to_string());
                let Some(open) = self.open.get(&session) else { return Ok(()) };
                let publisher = open.publisher;
                let what = format!("sent what is no message: {error}");
                self.record_fault(publisher, (&what, &what), engine)
            }
        }
    }

    /// Time has passed: agreements may have begun or ended, and sessions may have fallen silent.
    pub(super) fn tick(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        self.tend_role(engine)?;
        self.refresh(engine)?;
        let house = FeedId::new(engine.home().us(), AgreementId::house());
        if engine.may_append(&house).is_ok() {
            if self.receipts_put_off {
                (self.receipts_put_off, self.receipts_known) = (false, false);
            }
            self.tend_sealed(engine)?;
        }
        self.sign_owed(engine)?;
        self.tell(Input::Tick, engine)
    }

    /// Entries that had begun to come were given up: should they come again, they begin anew.
    pub(super) fn abandoned(&mut self, feeds: Vec<FeedId>, engine: &mut Engine) -> Result<(), NodeError> {
        feeds.into_iter().try_for_each(|feed| self.tell(Input::Abandoned { feed }, engine))
    }

    /// What is durable now: the machine announces and pushes it, we sign receipts for what is others'.
    pub(super) fn on_durable(
        &mut self,
        moved: Vec<SignedHeader>,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        let mut decided = false;
        for newest in moved {
            let feed = newest.header().feed;
            decided |= matches!(
                newest.header().kind,
                EntryKind::Act | EntryKind::Correspondence | EntryKind::Receipt | EntryKind::Sealing
            );
            self.tell(Input::Stored { newest: newest.clone() }, engine)?;
            self.dial_for(&feed, engine);
            engine.review_if_doubted(feed.publisher);
            if feed.publisher != engine.home().us() && self.receipts_known {
                self.take_received(&newest, engine)?;
            }
        }
        if decided || !engine.review.is_empty() {
            self.refresh(engine)?;
            self.refresh_seating(engine)?;
            let house = FeedId::new(engine.home().us(), AgreementId::house());
            if engine.may_append(&house).is_ok() {
                // The key of what was just released under embargo goes to its couriers at once.
                engine.tend_embargoes()?;
            }
            self.open_what_is_due(engine)?;
        }
        self.sign_owed(engine)
    }

    /// Others' entries up to this one are durable: what its agreement covers gets a receipt, and what it does not is
    /// erased and held against its publisher.
    fn take_received(&mut self, newest: &SignedHeader, engine: &mut Engine) -> Result<(), NodeError> {
        let feed = newest.header().feed;
        if self.seating.carried.contains(&feed.agreement) {
            return Ok(());
        }
        let first = self.unreceipted.get(&feed).copied().unwrap_or(Seq(0));
        // Of what is closed to us nothing can be said, nor of what follows it.
        let Some(newest) = &self.look_through(newest, first, engine)? else { return Ok(()) };
        let seq = newest.header().seq;
        let wrong = engine.check_received(feed, first..=seq)?;
        for one in &wrong {
            self.record_fault(feed.publisher, (&one.what(), &one.logged()), engine)?;
        }
        if wrong.iter().any(|one| one.seq() == seq) {
            // No receipt for what is not held; the next entry's covers those before this one.
            return Ok(());
        }
        self.sign_receipt(newest, engine)
    }

    /// Compares what the house has decided with what network and machine were told.
    fn refresh(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        self.waiting = engine.in_recovery();
        self.refresh_recovery(engine)?;
        let keyring = Arc::clone(engine.house().keyring());
        if keyring != self.keyring || self.granted.is_empty() {
            self.keyring = Arc::clone(&keyring);
            self.tell(Input::Cards { keyring }, engine)?;
        }
        let (house, now) = (engine.house(), self.clock.now());
        let active: Vec<Card> =
            house.partners().filter(|card| !house.is_paused(&card.publisher())).cloned().collect();
        let mut partners = engine.fellows(now);
        if !self.asks_ours_alone(engine) {
            partners.extend(active.iter().flat_map(|card| peers_of(card, now, engine.relays())));
        }
        if partners != self.partners {
            match self.net.send(NetCommand::SetPartners(partners.clone())) {
                Ok(()) => self.partners = partners,
                Err(error) => tracing::warn!(%error, "partners not told to the network yet"),
            }
        }
        for card in active {
            let publisher = card.publisher();
            let agreements = engine.house().book().readable(publisher, now);
            if self.granted.get(&publisher) != Some(&agreements) {
                self.granted.insert(publisher, agreements.clone());
                self.tell(Input::Granted { publisher, agreements }, engine)?;
            }
        }
        self.grant_fellows(engine)?;
        self.refresh_urgent(engine)?;
        self.follow_cards(engine)
    }

    /// Gives the machine an input and carries out what it wants, and what that leads to.
    fn tell(&mut self, input: Input, engine: &mut Engine) -> Result<(), NodeError> {
        let mut wanted: VecDeque<Output> = self.replica.handle(input, self.clock.now()).into();
        while let Some(output) = wanted.pop_front() {
            match output {
                Output::Send { session, message } => self.send(session, &message),
                Output::Close { session, fault } => self.closed_by_machine(session, &fault.to_string()),
                Output::Append { frame } => {
                    self.figures.frames_appended += 1;
                    engine.store_mut().append_frame(&frame)?;
                    if self.is_full_now(frame.entry().header().header().feed, engine) {
                        let seated = Input::Seated { seating: self.seating.clone() };
                        wanted.extend(self.replica.handle(seated, self.clock.now()));
                    }
                }
                Output::Read { session, feed, from, limit } => {
                    let is_courier = self.is_courier(session, &feed);
                    let read = match is_courier && feed.publisher == engine.home().us() {
                        true => engine.sealed_frames(&feed, from, limit as usize),
                        false => engine
                            .store_mut()
                            .read_frames(&feed, from, limit as usize)
                            .map_err(NodeError::from),
                    };
                    let (frames, next) = match read {
                        Ok(read) => read,
                        Err(NodeError::Store(StoreError::Erased { .. }))
                            if is_courier || self.seating.carried.contains(&feed.agreement) =>
                        {
                            (Vec::new(), from)
                        }
                        Err(error) => {
                            self.note(FaultKind::Unread, &error.to_string());
                            (Vec::new(), from)
                        }
                    };
                    wanted.extend(
                        self.replica
                            .handle(Input::Read { session, feed, from, next, frames }, self.clock.now()),
                    );
                }
                Output::ReadHeader { session, feed, seq } => {
                    let header = engine.store().header(&feed, seq).ok();
                    wanted.extend(
                        self.replica
                            .handle(Input::HeaderRead { session, feed, seq, header }, self.clock.now()),
                    );
                }
                Output::ReadLatest { session, feed, from, limit } => {
                    let read = self.read_latest((session, feed), (from, limit), engine);
                    wanted.extend(self.replica.handle(read, self.clock.now()));
                }
                Output::Latest { header, frames } => self.show_latest(&header, &frames, engine)?,
                Output::Fork(fork) => self.forked(&fork, engine)?,
                Output::Resolution(resolution) => engine.record_resolution(&resolution)?,
                Output::Event(event) => self.event(event, engine)?,
            }
        }
        Ok(())
    }

    fn send(&mut self, session: SessionId, message: &sync::Message) {
        if let Some(bundle) = self.bundle.as_mut().filter(|bundle| bundle.session == session.0) {
            bundle.said.push_back(message.clone());
            return;
        }
        let Some(open) = self.open.get(&session.0) else { return };
        let peer = open.peer;
        let sent = wire::encode(message).map_err(|error| error.to_string()).and_then(|bytes| {
            let command = match self.urgent.may_wait(session, message) {
                true => NetCommand::SendLast { peer, session: session.0, bytes },
                false => NetCommand::Send { peer, session: session.0, bytes },
            };
            self.net.send(command).map_err(|error| error.to_string())
        });
        if let Err(error) = sent {
            self.close(peer, session.0, &format!("cannot send: {error}"));
        }
    }

    fn close(&self, peer: NodeId, session: u64, reason: &str) {
        tracing::info!(session, %reason, "closing session");
        let command = NetCommand::Close { peer, session, reason: reason.to_owned() };
        if let Err(error) = self.net.send(command) {
            tracing::warn!(session, %error, "session not closed");
        }
    }

    fn closed_by_machine(&mut self, session: SessionId, reason: &str) {
        if let Some(bundle) = self.bundle.as_mut().filter(|bundle| bundle.session == session.0) {
            bundle.ended = Some(reason.to_owned());
            return;
        }
        let Some(open) = self.open.remove(&session.0) else { return };
        self.close(open.peer, session.0, reason);
        self.note_end(open.publisher, reason);
    }

    /// Keeps why there is no session with a partner; what was said of versions is kept against what follows from it.
    fn note_end(&mut self, publisher: PublisherId, reason: &str) {
        let known = self.ended.get(&publisher).is_some_and(|(_, why)| why.contains("sync versions"));
        if !known || reason.contains("sync versions") {
            self.ended.insert(publisher, (self.clock.now(), reason.to_owned()));
        }
    }

    fn event(&mut self, event: Event, engine: &mut Engine) -> Result<(), NodeError> {
        match event {
            Event::SessionReady { session, publisher, .. } => {
                tracing::info!(session = session.0, partner = %engine.country_of(&publisher), "session ready");
                Ok(())
            }
            Event::CaughtUp { head } => {
                tracing::debug!(feed = %head.feed, seq = head.seq.0, "caught up");
                Ok(())
            }
            Event::FaultRecorded { publisher, what, .. } => {
                let what = what.to_string();
                self.record_fault(publisher, (&what, &what), engine)
            }
            // Where another node of ours has written something else, what is here is set aside, and told of then.
            Event::Refused { feed, .. }
                if self.recovering.follows && feed.publisher == engine.home().us() =>
            {
                Ok(())
            }
            Event::Refused { session, feed, fault } => {
                let from = self.open.get(&session.0).map(|open| engine.country_of(&open.publisher));
                let (from, feed_of) = (from.unwrap_or_default(), engine.country_of(&feed.publisher));
                self.note(
                    FaultKind::NotTaken,
                    &format!("{from}: an entry of {feed_of} (feed {feed}) was not taken: {fault}"),
                );
                Ok(())
            }
            Event::Held { feed, seq, until } => {
                self.note(
                    FaultKind::Future,
                    &format!("feed {feed}: entry {seq} is dated in the future and held until {until}"),
                );
                Ok(())
            }
            Event::Settled { feed, seq } => {
                engine.unsettled.insert(feed, seq);
                engine.review.insert(feed.publisher);
                self.follow_cards(engine)
            }
            Event::OwnFeedAhead { feed, seq, node, time, .. } => {
                self.own_ahead((feed, seq), (node, time), engine)
            }
            Event::OwnFeedDiffers { feed, seq, entry } => {
                engine.compare_own(feed, seq, entry);
                Ok(())
            }
            Event::OwnFeedSettled { feed, .. } => engine.settle_feed(feed),
        }
    }

    fn forked(&mut self, fork: &Fork, engine: &mut Engine) -> Result<(), NodeError> {
        self.note(
            FaultKind::Fork,
            &format!("feed {} is forked: its publisher signed two entries {}", fork.feed(), fork.seq()),
        );
        self.fork_among_ours(fork, engine)?;
        engine.record_fork(fork)
    }

    /// Shows a peer's fault, writes to the daemon's log what that may say of it, and writes it into the log of acts unless one was written just before.
    fn record_fault(
        &mut self,
        publisher: PublisherId,
        (what, logged): (&str, &str),
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        let country = engine.country_of(&publisher);
        self.figures.faults += 1;
        tracing::warn!(%country, "{logged}");
        self.show_fault(FaultKind::Peer, &format!("{country}: {what}"));
        let last = self.fault_logged.get(&publisher).copied().unwrap_or(Millis(0));
        // A clock that was set back must not silence the log until it has come there again.
        if (0..FAULT_PAUSE).contains(&(self.clock.now().0 - last.0)) {
            return Ok(());
        }
        self.fault_logged.insert(publisher, self.clock.now());
        let details = json!({ "publisher": publisher.to_hex(), "country": country, "fault": what, "code": FaultKind::Peer.code() });
        match engine.done(ActName::FaultOfAPeer, &the_node(), details, Vec::new()) {
            Err(error) if error.is_fatal() => Err(error),
            // What cannot be signed now is in the daemon's log all the same.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn note(&mut self, kind: FaultKind, what: &str) {
        tracing::warn!("{what}");
        self.show_fault(kind, what);
    }

    /// Keeps a fault to be shown to the operator.
    fn show_fault(&mut self, kind: FaultKind, what: &str) {
        self.faults.push_back(fault_row(Some(self.clock.now()), kind, what));
        if self.faults.len() > MAX_FAULTS {
            self.faults.pop_front();
        }
    }

    /// Fills in what only the exchange knows.
    pub(super) fn complete_status(&self, status: &mut Value, engine: &Engine) {
        status["state"] = self.state(engine);
        status["listening"] = json!(self.listening);
        if let Value::Array(partners) = &mut status["partners"] {
            for partner in partners {
                let id = partner["publisher_id"].as_str().and_then(PublisherId::from_hex);
                let session = self.open.iter().find(|(_, open)| Some(open.publisher) == id);
                partner["connected"] = json!(session.is_some());
                let Some((session, _)) = session else { continue };
                // Under the public agreement nobody signs receipts: what counts is what was handed over.
                let public = FeedId::new(engine.home().us(), AgreementId::public());
                let ours = engine.store().durable(&public).map_or(0, |head| head.seq.0 + 1);
                let handed = self.replica.served(SessionId(*session)).find(|(feed, _)| *feed == public);
                let missing = ours.saturating_sub(handed.map_or(0, |(_, next)| next.seq.0));
                partner["behind"] = json!(partner["behind"].as_u64().unwrap_or(0) + missing);
            }
        }
        if let Value::Array(faults) = &mut status["faults"] {
            faults.extend(self.faults.iter().cloned());
        }
    }

    /// Dials a partner now and says whether a session stands.
    pub(super) fn ping(&self, card: &Card) -> Value {
        for peer in peers_of(card, self.clock.now(), &BTreeSet::new()) {
            if let Err(error) = self.net.send(NetCommand::DialNow { peer: peer.node }) {
                tracing::debug!(%error, "not dialled");
            }
        }
        let connected = self.open.values().any(|open| open.publisher == card.publisher());
        json!({ "country": card.country(), "connected": connected })
    }

    pub(super) fn peers(&self, engine: &Engine) -> Value {
        let traffic = self.net.stats().peers;
        let peers: Vec<Value> = self
            .open
            .iter()
            .map(|(session, open)| {
                let bytes = traffic.get(&open.peer).copied().unwrap_or_default();
                json!({
                    "country": engine.country_of(&open.publisher),
                    "publisher_id": open.publisher.to_hex(),
                    "node": open.peer.to_string(),
                    "session": session,
                    "remote": open.remote,
                    "relayed": open.remote.contains("/p2p-circuit"),
                    "bytes_in": bytes.bytes_in,
                    "bytes_out": bytes.bytes_out,
                })
            })
            .collect();
        json!({ "peers": peers, "listening": self.listening })
    }

    /// What is counted here; bytes are counted by the network.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            sessions: self.open.len() as u64,
            partners: self.granted.keys().filter(|one| **one != self.replica.us()).count() as u64,
            feeds: self.replica.heads().count() as u64,
            ..self.figures
        }
    }

    /// Why the node is not ready, if it is not.
    pub(super) fn not_ready(&self) -> Option<String> {
        if let Some(why) = self.role_reason() {
            return Some(why);
        }
        if !self.receipts_known {
            return Some("the views are being folded from the feed files".to_owned());
        }
        self.recovery_reason()
    }

    /// Ends all sessions in order.
    pub(super) fn stop(&self) {
        if let Err(error) = self.net.send(NetCommand::Shutdown) {
            tracing::debug!(%error, "the network has stopped already");
        }
    }
}

/// A partner's nodes, each with all addresses of the card.
fn peers_of(card: &Card, now: Millis, relays: &BTreeSet<String>) -> Vec<PartnerPeer> {
    let addresses = &card.body().addresses;
    let id = card.publisher().to_hex();
    let relay =
        relays.iter().any(|named| card.country() == named || named.len() > 3 && id.starts_with(named));
    card.nodes(now)
        .map(|node| PartnerPeer { node: NodeId(node.0), addresses: addresses.clone(), relay })
        .collect()
}
