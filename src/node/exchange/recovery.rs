//! What the exchange does for feeds that may lack entries, and for those whose fork was resolved.

use serde_json::{Value, json};

use super::Exchange;
use crate::crypto::PublicKey;
use crate::feed::{AgreementId, FeedId, Resolution, Seq};
use crate::model::Millis;
use crate::node::Caller;
use crate::node::acts::ActName;
use crate::node::engine::{Engine, NodeError};
use crate::node::fault_kind::FaultKind;
use crate::node::health::finding;
use crate::node::node_state::NodeState;
use crate::sync::{FeedState, Input};

/// How a feed stands on disk, with what is known of its forks.
pub(super) fn state_of(engine: &Engine, feed: FeedId) -> Result<FeedState, NodeError> {
    let (store, house) = (engine.store(), engine.house());
    Ok(FeedState {
        place: store.place(feed),
        partial: store.partial(&feed)?,
        newest: store.newest(&feed).cloned(),
        fork: house.fork(&feed),
        resolutions: house.resolutions().filter(|one| one.feed() == feed).cloned().collect(),
    })
}

impl Exchange {
    /// Tells the machine which of our feeds are in recovery, if that has changed, and logs what is new of it.
    pub(super) fn refresh_recovery(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        if engine.may_sign() && engine.may_record() {
            engine.log_recovery()?;
        }
        let recovering = engine.recovering();
        if recovering != self.recovering {
            self.recovering = recovering.clone();
            self.tell(Input::Recover { recovering }, engine)?;
            // Receipts that were held back meanwhile are due.
            self.receipts_known = false;
        }
        Ok(())
    }

    /// A partner has shown that it holds more of a feed of ours than we do: this is an old state of this node, or somebody
    /// else has its key, or another node of ours has gone on. People know which.
    pub(super) fn own_ahead(
        &mut self,
        (feed, seq): (FeedId, Seq),
        (node, time): (PublicKey, Millis),
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        if engine.is_recovering(&feed) || self.recovering.follows {
            return Ok(());
        }
        if engine.is_standby_key(&node) {
            if engine.is_after_us(time) {
                engine.step_down("a partner holds more of our feeds, signed by it")?;
            } else if feed.agreement != AgreementId::house() {
                // What the node that led before this one had written and nobody had shown: it is taken before we go on.
                engine.doubt(feed)?;
            }
            return self.refresh_recovery(engine);
        }
        if self.ahead.insert(feed, seq).is_none() {
            engine.freeze(feed);
            let whose = match engine.is_node_key(&node) {
                true => {
                    "with this node's own key: if this directory was put back from an old copy, `corridor recover --old-copy` \
                         takes back what it lacks; if it was not, somebody else has the key, and `corridor key compromised` \
                         ends that"
                }
                false => "by another node of ours",
            };
            self.note(FaultKind::Ahead, &format!(
                "a partner holds our own feed {feed} up to entry {seq}, further than this node, signed {whose}. Nothing is \
                 appended to it here"
            ));
        }
        Ok(())
    }

    /// The operator says that this directory is an old copy: what partners hold of our feeds is taken back.
    pub(in crate::node) fn recover_old_copy(
        &mut self,
        caller: &Caller,
        engine: &mut Engine,
    ) -> Result<Value, NodeError> {
        if self.ahead.is_empty() {
            return Err(NodeError::Refused(
                "no partner has shown more of our feeds than is here: nothing is to be taken back".to_owned(),
            ));
        }
        let names: Vec<String> =
            self.ahead.keys().map(|feed| engine.agreement_name(&feed.agreement)).collect();
        let details = json!({ "feeds": names });
        engine.done(ActName::RecoverOldCopy, caller, details.clone(), Vec::new())?;
        for feed in std::mem::take(&mut self.ahead).into_keys() {
            // One that is forked stays as it is until that is resolved.
            if engine.house().fork(&feed).is_none() {
                engine.frozen.remove(&feed);
                engine.doubt(feed)?;
            }
        }
        self.refresh_recovery(engine)?;
        Ok(details)
    }

    /// Feeds stand otherwise on disk since their forks were resolved.
    pub(in crate::node) fn reset(
        &mut self,
        feeds: Vec<FeedId>,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        for feed in feeds {
            let resolved = engine.house().resolutions().filter(|one| one.feed() == feed);
            if let Some(first) = resolved.map(Resolution::seq).min() {
                let owed = self.unreceipted.entry(feed).or_insert(first);
                *owed = first.min(*owed);
            }
            self.note(
                FaultKind::ForkResolved,
                &format!("feed {feed}: its publisher has resolved the fork, it goes on"),
            );
            engine.looked.remove(&feed);
            let state = Box::new(state_of(engine, feed)?);
            self.tell(Input::Reset { state }, engine)?;
        }
        self.receipts_known = false;
        self.refresh_recovery(engine)
    }

    /// The first entry of a foreign feed that our newest receipt does not cover. A receipt for an entry that was given up
    /// covers nothing behind the place of the fork.
    pub(super) fn first_unreceipted(&self, feed: &FeedId, engine: &Engine) -> Result<Seq, NodeError> {
        let us = engine.home().us();
        let receipts = engine.store().derived().receipts(feed)?;
        let Some(ours) = receipts.iter().find(|receipt| receipt.recipient == us) else { return Ok(Seq(0)) };
        let here = engine.store().header(feed, ours.seq).ok().map(|header| header.id());
        if here == Some(ours.entry) {
            return Ok(ours.seq.next());
        }
        let resolved = engine.house().resolutions().filter(|one| one.feed() == *feed);
        Ok(resolved.map(Resolution::seq).min().unwrap_or(ours.seq.next()).min(ours.seq.next()))
    }

    /// Adds what only the exchange knows: partners with whom no session stands, and why the last one ended.
    pub(in crate::node) fn complete_doctor(&self, value: &mut Value, engine: &Engine) {
        let Value::Array(findings) = &mut value["findings"] else { return };
        for card in engine.house().partners() {
            let publisher = card.publisher();
            if engine.house().is_paused(&publisher)
                || self.open.values().any(|open| open.publisher == publisher)
            {
                continue;
            }
            let country = engine.country_of(&publisher);
            let ended = self.ended.get(&publisher).map_or_else(
                || "it was not reached since this daemon started".to_owned(),
                |(time, why)| format!("at {time}: {why}"),
            );
            let what = format!("no session stands with {country}; {ended}");
            let versions = self.ended.get(&publisher).is_some_and(|(_, why)| why.contains("version"));
            let (check, advice) = if versions {
                (
                    "version",
                    "one of the two nodes must be updated: compare `corridor --version` with the partner",
                )
            } else {
                (
                    "partner",
                    "ask whether its daemon runs; compare the addresses of its card (`corridor partner show`), \
                             firewall and DNS; `corridor partner ping` dials at once",
                )
            };
            findings.push(finding(check, "warning", &card.body().addresses.join(", "), &what, advice));
        }
    }

    /// What the operator is told of recovery, and what is known here of own feeds elsewhere.
    pub(super) fn state(&self, engine: &Engine) -> Value {
        let recovers = engine.in_recovery() || !self.ahead.is_empty();
        json!(if recovers { NodeState::Recovery } else { NodeState::Running }.as_str())
    }

    /// Why nothing may be released, if that is so.
    pub(super) fn recovery_reason(&self) -> Option<String> {
        if !self.ahead.is_empty() {
            return Some("another node of ours has gone on with own feeds".to_owned());
        }
        self.waiting.then(|| {
            "in recovery: this node may have signed more than it holds, and no partner has yet shown what it holds: \
             `corridor status`"
                .to_owned()
        })
    }
}
