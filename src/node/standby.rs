//! Which of a government's nodes writes its feeds: one at a time, and the others follow.
//!
//! ```text
//!  init --standby ─▶ request ─▶ standby add (main, national key) ─▶ card with its mandate, and a grant ─▶ standby join
//!
//!            ┌── follows ──── take-over, or the main hands over ───▶ leads, once partners have shown their heads
//!  a node is ┤      ▲
//!            └── leads ──── its feeds are seen to go on under a standby's key ───▶ follows, by itself
//! ```
//!
//! Who leads stands in the house feed: whoever signed its newest entry, or the node to which that entry hands over. A node
//! that follows signs nothing at all: [`Engine::may_append`] refuses. A node that leads and has a standby asks it at every
//! start whether it has gone on, before it signs; if nobody answers in time it leads, because a standby takes over by a
//! person's act alone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::request::{Caller, Request};
use crate::crypto::{Hash, PublicKey};
use crate::feed::{AgreementId, EntryId, FeedId, Purpose, Seq};
use crate::model::Millis;

/// What the house feed says of who leads.
#[derive(Clone, Debug, Default)]
pub(super) struct Lead {
    leader: Option<PublicKey>,
    /// When it began to lead, by the clock of who wrote that down.
    since: Millis,
    /// The nodes that follow, or have to: those that were added, and those that led before another.
    standbys: BTreeSet<PublicKey>,
}

impl Lead {
    /// An entry of the house feed, in its order.
    pub(super) fn signed(&mut self, node: PublicKey, time: Millis) {
        if self.standbys.contains(&node) {
            self.passes_to(node, time);
        }
        // A key that was no standby's is the leader's next one.
        self.leader = Some(node);
    }

    /// An act about standbys: which, and which node it names.
    pub(super) fn take(&mut self, act: &str, node: &str, time: Millis) {
        let Some(node) = Hash::from_hex(node).map(|hash| PublicKey(hash.0)) else { return };
        if act == "standby hand over" {
            self.passes_to(node, time);
        } else if self.leader != Some(node) {
            self.standbys.insert(node);
        }
    }

    fn passes_to(&mut self, node: PublicKey, time: Millis) {
        self.standbys.remove(&node);
        self.standbys.extend(self.leader.replace(node));
        self.since = time;
    }
}

/// What a node is to its government's feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It writes them.
    Leads,
    /// It will write them once it knows that no standby has gone on.
    Asks,
    /// It follows them.
    Follows,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Leads, Self::Asks, Self::Follows];

    /// The word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leads => "main",
            Self::Asks => "asking",
            Self::Follows => "standby",
        }
    }
}

/// What this process knows of its role beside the house feed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// The directory says that it is, or was last, a standby's.
    marked: bool,
    /// Its standby is being asked.
    asks: bool,
    /// Our feeds were seen to go on under a standby's key, when this leadership was the last that the house feed knew.
    passed: Option<Millis>,
    /// The act that makes it lead is being written.
    taking: bool,
}

impl Engine {
    /// At opening: what the directory and the feeds say.
    pub(super) fn find_role(&mut self) -> Result<(), NodeError> {
        let asks = !self.house.lead.standbys.is_empty();
        self.standing = Standing { marked: self.home.is_standby(), asks, ..Standing::default() };
        self.standing.passed = self.was_continued()?.then_some(self.house.lead.since);
        self.follow_role()
    }

    /// What this node is now.
    pub(super) fn role(&self) -> Role {
        match self.standing {
            Standing { taking: true, .. } => Role::Leads,
            _ if self.follows() => Role::Follows,
            Standing { asks: true, .. } => Role::Asks,
            Standing { .. } => Role::Leads,
        }
    }

    fn follows(&self) -> bool {
        let (lead, key) = (&self.house.lead, self.key_in_use());
        let led = key.is_some() && lead.leader == key;
        let other = key.is_some_and(|key| lead.standbys.contains(&key));
        self.standing.passed == Some(lead.since) || other || (self.standing.marked && !led)
    }

    /// Whether this node may write our feeds; if not, why, and what to do.
    pub(super) fn leads(&self) -> Result<(), NodeError> {
        match self.role() {
            Role::Leads => Ok(()),
            Role::Asks => Err(NodeError::Standby(ASKS.to_owned())),
            Role::Follows => Err(NodeError::Standby(FOLLOWS.to_owned())),
        }
    }

    /// Whether there are other nodes of ours, to be spoken with.
    pub(super) fn has_fellows(&self) -> bool {
        self.standing.marked || !self.house.lead.standbys.is_empty()
    }

    /// Whether this is the key of one of our nodes that follow.
    pub(super) fn is_standby_key(&self, node: &PublicKey) -> bool {
        self.house.lead.standbys.contains(node)
    }

    /// Whether a feed of ours holds an entry of a standby that is younger than the leadership that the house feed knows.
    fn was_continued(&self) -> Result<bool, NodeError> {
        let (us, lead) = (self.us(), &self.house.lead);
        for feed in self.store.feeds().filter(|feed| feed.publisher == us) {
            if let Some(newest) = self.store.durable_header(&feed)?
                && lead.standbys.contains(&newest.header().node)
                && newest.header().time > lead.since
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an entry is younger than the leadership that the house feed knows: one of before was signed by who led then.
    pub(super) fn is_after_us(&self, time: Millis) -> bool {
        time > self.house.lead.since
    }

    /// Another node of ours holds this entry in a place of a feed of ours that we follow.
    pub(super) fn compare_own(&mut self, feed: FeedId, seq: Seq, entry: EntryId) {
        if self.store.header(&feed, seq).is_ok_and(|header| header.id() != entry) {
            let from = self.outvoted.entry(feed).or_insert(seq);
            *from = seq.min(*from);
        }
    }

    /// Sets aside what this node wrote last and reached nobody, where the node that leads has written something else; returns
    /// the feeds. Nothing may wait for a commit.
    pub(super) fn give_up_outvoted(&mut self) -> Result<Vec<FeedId>, NodeError> {
        let mut given_up = Vec::new();
        for (feed, seq) in std::mem::take(&mut self.outvoted) {
            let file = self.store.set_aside(&feed, seq)?;
            let file = file.map(|file| file.display().to_string()).unwrap_or_default();
            tracing::warn!(%feed, seq = seq.0, file, "entries of this node that reached nobody are set aside");
            given_up.push(feed);
        }
        if !given_up.is_empty() {
            self.house = self.house.anew(self.home.card());
            self.house.catch_up(&self.store)?;
            (self.truths, self.submitted) = Default::default();
            self.follow_role()?;
        }
        Ok(given_up)
    }

    /// Our feeds were seen to go on under a standby's key: from now on this node follows.
    pub(super) fn step_down(&mut self, why: &str) -> Result<(), NodeError> {
        if self.role() != Role::Follows {
            tracing::warn!("another node of ours leads now ({why}): this one follows from here on");
            self.standing.passed = Some(self.house.lead.since);
            self.follow_role()?;
        }
        Ok(())
    }

    /// The standby has answered, or did not in time: this node leads, unless its feeds have gone on meanwhile.
    pub(super) fn has_asked(&mut self) -> Result<(), NodeError> {
        self.standing.asks = false;
        match self.was_continued()? {
            true => self.step_down("its entries are in our feeds"),
            false => Ok(()),
        }
    }

    /// Makes the directory say what the house feed says, and begins what a change of role calls for. Done again after a
    /// crash, it comes to the same.
    pub(super) fn follow_role(&mut self) -> Result<(), NodeError> {
        let led = self.house.lead.leader.is_some() && self.house.lead.leader == self.key_in_use();
        if led && self.standing.taking {
            // What it calls for was begun with the act.
            self.home.mark_standby(false)?;
            self.standing = Standing::default();
        }
        match (self.follows(), self.standing.marked) {
            (true, false) => {
                self.home.mark_standby(true)?;
                self.standing.marked = true;
                // What was frozen because another node had gone on is followed now.
                let house = &self.house;
                self.frozen.retain(|feed| house.fork(feed).is_some());
            }
            (false, true) => {
                tracing::warn!("this node leads from now on");
                self.begin_after_another()?;
                self.home.mark_standby(false)?;
                self.standing = Standing::default();
            }
            (true, true) | (false, false) => {}
        }
        Ok(())
    }

    /// What a node that follows does by the clock, without signing: figures whose embargo or retention is over.
    pub(super) fn tend_followed(&mut self) -> Result<(), NodeError> {
        for (agreement, seq, opens) in self.pending_embargoes() {
            let feed = FeedId::new(self.us(), agreement);
            if opens <= self.now() {
                let key = self.key_of_own(feed, seq)?;
                if let Some(fault) = self.open_entry(feed, seq, &key)? {
                    tracing::warn!(%feed, %seq, "an entry of ours cannot be opened: {fault}");
                }
            }
        }
        let (us, mut due) = (self.us(), Vec::new());
        for feed in self.store.feeds().filter(|feed| feed.publisher != us) {
            let Some(last) = self.house.erased(&feed) else { continue };
            let here = self.store.durable(&feed).is_some_and(|head| head.seq >= last);
            if here && !self.store.erased(&feed).iter().any(|range| range.contains(&last)) {
                due.push((feed, Seq(0)..=last));
            }
        }
        if !due.is_empty() {
            self.store.erase(&due)?;
        }
        Ok(())
    }

    /// What can be asked of standbys.
    pub(super) fn standby(&mut self, request: Request, caller: &Caller) -> Result<Value, NodeError> {
        match request {
            Request::StandbyAdd { card, node } => self.standby_add(&card, &node, caller),
            Request::StandbyShow => Ok(self.standby_show()),
            _ => Err(NodeError::Refused("no daemon runs here: `corridor run`, then ask again".to_owned())),
        }
    }

    fn standby_add(&mut self, card: &str, node: &str, caller: &Caller) -> Result<Value, NodeError> {
        let mut value = self.card_issue(card, ActName::StandbyCard, caller)?;
        let details = json!({ "node": node, "leader": self.key_in_use().map(PublicKey::to_hex) });
        self.done(ActName::StandbyAdd, caller, details, Vec::new())?;
        value["standby"] = json!(node);
        Ok(value)
    }

    pub(super) fn standby_show(&self) -> Value {
        let (lead, key) = (&self.house.lead, self.key_in_use());
        let led = self.role() == Role::Leads;
        let leader = if led { key } else { lead.leader };
        let row = |node: &PublicKey| json!({ "node": node.to_hex(), "this": key == Some(*node) });
        json!({
            "role": self.role().as_str(),
            "node": key.map(PublicKey::to_hex),
            "leader": leader.map(PublicKey::to_hex),
            "since": (lead.since > Millis(0)).then(|| lead.since.to_string()),
            "standbys": lead.standbys.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// The node that leads, as far as is known here.
    pub(super) fn leader(&self) -> Option<PublicKey> {
        self.house.lead.leader
    }

    /// Begins to write our feeds, by a person's act: the first entry of the house feed under this key.
    pub(super) fn standby_take_over(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        if self.role() != Role::Follows {
            return Err(NodeError::Refused(
                "this node is no standby: it writes our feeds already".to_owned(),
            ));
        }
        let signer = self.signer()?;
        let key = signer.public_key();
        if !self.house.lead.standbys.contains(&key) {
            return Err(NodeError::Refused(NEVER_FOLLOWED.to_owned()));
        }
        if !self.home.card().allows(&key, Purpose::Release, self.now()) {
            return Err(NodeError::Refused(
                "the card has no mandate for this node that holds now".to_owned(),
            ));
        }
        let details = json!({ "node": key.to_hex(), "before": self.leader().map(PublicKey::to_hex) });
        self.begin_after_another()?;
        let before = self.standing;
        self.standing = Standing { taking: true, marked: true, ..Standing::default() };
        if let Err(error) = self.done(ActName::StandbyTakeOver, caller, details.clone(), Vec::new()) {
            self.standing = before;
            return Err(error);
        }
        Ok(details)
    }

    /// Lets a standby that is connected write our feeds from now on.
    pub(super) fn standby_hand_over(
        &mut self,
        (node, connected): (Option<&str>, &BTreeSet<PublicKey>),
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        self.leads()?;
        let house = FeedId::new(self.us(), AgreementId::house());
        self.may_append(&house)?;
        let named = |key: &&PublicKey| node.is_none_or(|text| key.to_hex().starts_with(&text.to_lowercase()));
        let mandated = |key: &&PublicKey| self.home.card().allows(key, Purpose::Release, self.now());
        let found: Vec<PublicKey> =
            self.house.lead.standbys.iter().filter(named).filter(mandated).copied().collect();
        let [to] = found[..] else {
            let what = if found.is_empty() { "there is no such standby" } else { "several standbys fit" };
            return Err(NodeError::Refused(format!("{what}: `corridor standby show` lists them")));
        };
        if !connected.contains(&to) {
            return Err(NodeError::Refused(
                "this standby is not connected, and could lack our newest entries: start it, and ask again"
                    .to_owned(),
            ));
        }
        let details = json!({ "node": to.to_hex(), "before": self.key_in_use().map(PublicKey::to_hex) });
        self.done(ActName::StandbyHandOver, caller, details.clone(), Vec::new())?;
        Ok(details)
    }
}

const FOLLOWS: &str = "this node is a standby: another node of this government writes its feeds, and this one signs \
     nothing. `corridor standby show` says which; if that one is gone, `corridor standby take-over`";
const ASKS: &str = "this node has a standby, and signs nothing before it has asked that one whether it has taken over. The \
     running daemon does that in some seconds; where none runs: `corridor run`";
const NEVER_FOLLOWED: &str = "this standby has not yet received what its government's main node holds, so it cannot take its \
     place: let the two connect";

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> PublicKey {
        PublicKey([n; 32])
    }

    #[test]
    fn who_signs_leads_and_who_led_before_follows() {
        let (main, standby, next) = (key(1), key(2), key(3));
        let mut lead = Lead::default();
        lead.signed(main, Millis(1));
        lead.take("standby add", &standby.to_hex(), Millis(1));
        assert_eq!((lead.leader, lead.standbys.contains(&standby)), (Some(main), true));
        lead.signed(next, Millis(2));
        assert_eq!(
            (lead.leader, lead.standbys.len()),
            (Some(next), 1),
            "a key that rotates is the same node's"
        );
        lead.signed(standby, Millis(3));
        assert_eq!((lead.leader, lead.since), (Some(standby), Millis(3)));
        assert_eq!(lead.standbys, BTreeSet::from([next]));
        lead.take("standby hand over", &next.to_hex(), Millis(4));
        assert_eq!((lead.leader, lead.standbys), (Some(next), BTreeSet::from([standby])));
    }
}
