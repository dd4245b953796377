//! Other nodes of this government: whom a standby follows, and what a main node asks before it leads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Exchange, peers_of};
use crate::crypto::PublicKey;
use crate::feed::{AgreementId, FeedId, Fork, HeadRef, Seq};
use crate::model::Millis;
use crate::net::{NodeId, PartnerPeer};
use crate::node::Caller;
use crate::node::engine::{Engine, NodeError};
use crate::node::fault_kind::FaultKind;
use crate::node::standby::Role;
use crate::sync::{Input, SessionId};

/// How long partners are waited for after that, who might show what a standby has written.
const PARTNERS: i64 = 5_000;
/// How long a person waits for the word that all is written while a standby does not say that it holds it.
pub(in crate::node) const HELD: i64 = 2_000;
/// How long a standby is waited for at the start of a main node, in milliseconds: enough for a slow line and for one that
/// is just starting too.
const PATIENCE: i64 = 15_000;

impl Engine {
    /// The other nodes of this government that may speak for it, where there are standbys.
    pub(super) fn fellows(&self, now: Millis) -> Vec<PartnerPeer> {
        let key = self.key_in_use().map(|key| NodeId(key.0));
        let wanted = self.has_fellows();
        let others = |peer: &PartnerPeer| wanted && Some(peer.node) != key;
        peers_of(self.home().card(), now, self.relays()).into_iter().filter(others).collect()
    }

    /// What another node of this government may read here: all there is.
    fn all_agreements(&self) -> BTreeSet<AgreementId> {
        let (us, house) = (self.home().us(), self.house());
        let letters = house.partners().map(|card| AgreementId::correspondence(us, card.publisher()));
        let mut all = BTreeSet::from([AgreementId::house(), AgreementId::public()]);
        all.extend(letters);
        all.extend(house.book().agreements().map(crate::policy::Agreement::id));
        all.extend(self.store().feeds().map(|feed| feed.agreement));
        all
    }
}

impl Exchange {
    /// Lets our other nodes read everything, if there are such.
    pub(super) fn grant_fellows(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        if !engine.has_fellows() {
            return Ok(());
        }
        let (publisher, agreements) = (engine.home().us(), engine.all_agreements());
        if self.granted.get(&publisher) == Some(&agreements) {
            return Ok(());
        }
        self.granted.insert(publisher, agreements.clone());
        self.tell(Input::Granted { publisher, agreements }, engine)
    }

    /// What is due by the clock because of what this node is: a main node that asks its standby leads once that has shown
    /// its heads, or has not in time; one that follows opens and erases without signing.
    pub(super) fn tend_role(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let now = self.clock.now();
        match engine.role() {
            Role::Asks => {
                let latest = now.saturating_add(PATIENCE);
                // A clock that is set back makes nobody wait longer.
                let until = self.asks_until.map_or(latest, |until| until.min(latest));
                self.asks_until = Some(until);
                let house = FeedId::new(engine.home().us(), AgreementId::house());
                let answered = self.replica.has_all_of(&house) && engine.outvoted.is_empty();
                let public = FeedId::new(engine.home().us(), AgreementId::public());
                let shown = self.replica.has_all_of(&public) || until.saturating_add(PARTNERS) <= now;
                if answered || (until <= now && shown) {
                    tracing::info!(answered, "this node leads: its standby has not taken over");
                    engine.has_asked()?;
                }
            }
            Role::Follows => engine.tend_followed()?,
            Role::Leads => {}
        }
        self.role = engine.role();
        Ok(())
    }

    /// Whether nobody but our own nodes is to be spoken with: what this node wrote last and reached nobody must not reach a
    /// partner after another node has written something else in its place.
    pub(super) fn asks_ours_alone(&self, engine: &Engine) -> bool {
        let now = self.clock.now();
        engine.role() == Role::Asks && self.asks_until.is_none_or(|until| now < until)
    }

    /// Feeds of ours stand otherwise on disk, because what reached nobody was set aside.
    pub(in crate::node) fn set_back(
        &mut self,
        feeds: Vec<FeedId>,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        for feed in feeds {
            self.note(FaultKind::SetAside, &format!(
                "feed {feed}: what this node wrote last had reached nobody when another node of ours took over; it is kept aside"
            ));
            let state = Box::new(super::recovery::state_of(engine, feed)?);
            self.tell(Input::Reset { state }, engine)?;
        }
        self.refresh_recovery(engine)
    }

    /// What our standbys that are connected are to hold before people are told that it is written; nothing where there are
    /// none.
    pub(in crate::node) fn to_be_held(&self, engine: &Engine) -> Vec<HeadRef> {
        if engine.role() != Role::Leads || self.standbys(engine).next().is_none() {
            return Vec::new();
        }
        let us = engine.home().us();
        self.replica.heads().filter(|head| head.feed.publisher == us).collect()
    }

    /// Whether every standby that is connected holds these.
    pub(in crate::node) fn is_held(&self, heads: &[HeadRef], engine: &Engine) -> bool {
        self.standbys(engine).all(|session| {
            let held: BTreeMap<FeedId, Seq> =
                self.replica.announced(session).map(|head| (head.feed, head.seq)).collect();
            heads.iter().all(|head| held.get(&head.feed).is_some_and(|seq| *seq >= head.seq))
        })
    }

    fn standbys(&self, engine: &Engine) -> impl Iterator<Item = SessionId> {
        let is_one = |open: &super::Open| engine.is_standby_key(&PublicKey(open.peer.0));
        self.open.iter().filter(move |(_, open)| is_one(open)).map(|(id, _)| SessionId(*id))
    }

    /// Two of our nodes have signed an entry for one place: the standby's took over, and this one stops.
    pub(super) fn fork_among_ours(&mut self, fork: &Fork, engine: &mut Engine) -> Result<(), NodeError> {
        let (one, other) = fork.headers();
        let by_standby = [one, other].iter().any(|header| {
            engine.is_standby_key(&header.header().node) && engine.is_after_us(header.header().time)
        });
        if fork.feed().publisher == engine.home().us() && by_standby {
            engine.step_down("it has signed another entry for a place in our feeds")?;
        }
        Ok(())
    }

    /// Why this node takes no requests, if it is not the one that leads.
    pub(super) fn role_reason(&self) -> Option<String> {
        match self.role {
            Role::Leads => None,
            Role::Asks => Some("role asking: the standby is asked whether it has taken over".to_owned()),
            Role::Follows => {
                Some("role standby: another node of this government writes its feeds".to_owned())
            }
        }
    }

    /// Begins to lead, by a person's act.
    pub(in crate::node) fn take_over(
        &mut self,
        force: bool,
        caller: &Caller,
        engine: &mut Engine,
    ) -> Result<Value, NodeError> {
        let leader = engine.leader().filter(|leader| self.sessions_with(leader).next().is_some());
        if leader.is_some() && !force && engine.role() == Role::Follows {
            return Err(NodeError::Refused(
                "the node that leads is connected: let it hand over (`corridor standby hand-over` there); two nodes that \
                 write at once fork this government's feeds. To take over all the same: --force"
                    .to_owned(),
            ));
        }
        let value = engine.standby_take_over(caller)?;
        // What else is to be signed waits until partners have shown what they hold.
        self.refresh_recovery(engine)?;
        Ok(value)
    }

    /// Lets a connected standby lead.
    pub(in crate::node) fn hand_over(
        &mut self,
        node: Option<&str>,
        caller: &Caller,
        engine: &mut Engine,
    ) -> Result<Value, NodeError> {
        let connected: BTreeSet<PublicKey> = self.open.values().map(|open| PublicKey(open.peer.0)).collect();
        engine.standby_hand_over((node, &connected), caller)
    }

    fn sessions_with(&self, node: &PublicKey) -> impl Iterator<Item = SessionId> {
        let peer = NodeId(node.0);
        let with = move |(id, open): (&u64, &super::Open)| (open.peer == peer).then_some(SessionId(*id));
        self.open.iter().filter_map(with)
    }

    /// Which of our nodes leads, which follow, who of them is connected, and how many entries one lacks.
    pub(in crate::node) fn standby_show(&self, engine: &Engine) -> Value {
        let mut value = engine.standby_show();
        value["leader_connected"] =
            json!(engine.leader().is_some_and(|key| self.sessions_with(&key).count() > 0));
        value["behind"] = json!(self.behind(engine));
        let Value::Array(rows) = &mut value["standbys"] else { return value };
        for row in rows {
            let key = row["node"].as_str().and_then(crate::crypto::Hash::from_hex);
            let session = key.and_then(|key| self.sessions_with(&PublicKey(key.0)).next());
            row["connected"] = json!(session.is_some());
            row["behind"] = json!(session.map(|session| self.owed_to(session, engine)));
        }
        value
    }

    /// How many entries of our feeds others have announced and are not here.
    fn behind(&self, engine: &Engine) -> u64 {
        let us = engine.home().us();
        let mut lacking = BTreeMap::new();
        for session in self.open.keys() {
            for head in self.replica.announced(SessionId(*session)).filter(|head| head.feed.publisher == us) {
                let held = engine.store().durable(&head.feed).map_or(0, |head| head.seq.0 + 1);
                let most: &mut u64 = lacking.entry(head.feed).or_default();
                *most = (*most).max((head.seq.0 + 1).saturating_sub(held));
            }
        }
        lacking.values().sum()
    }

    /// How many entries of our feeds a session's node has not been sent.
    fn owed_to(&self, session: SessionId, engine: &Engine) -> u64 {
        let us = engine.home().us();
        let announced = self.replica.announced(session).map(|head| (head.feed, head.seq.0 + 1));
        let served = self.replica.served(session).map(|(feed, next)| (feed, next.seq.0));
        let mut held = BTreeMap::new();
        for (feed, next) in announced.chain(served) {
            let most: &mut u64 = held.entry(feed).or_default();
            *most = (*most).max(next);
        }
        let heads = self.replica.heads().filter(|head| head.feed.publisher == us);
        heads.map(|head| (head.seq.0 + 1).saturating_sub(held.get(&head.feed).copied().unwrap_or(0))).sum()
    }
}
