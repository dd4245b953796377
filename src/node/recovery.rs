//! Recovery: this node may have signed entries that it no longer holds, so it signs nothing behind them.
//!
//! ```text
//!  restore, init --recover ──▶ mark in the directory ──▶ own feeds are pulled from partners (sync)
//!                                     │                              │
//!                 release, receipts … refused      a partner has shown all that it holds: settled
//!                                     ▲                              │
//!                                     └── recover --override ────────┴──▶ the feed goes on
//! ```
//!
//! The house feed has no readers. It goes on at once, and what was in it alone is lost: the status says what that may be.
//! What partners' feeds and our own feeds at partners say comes back by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::acts::ActName;
use super::daemon::the_node;
use super::engine::{Engine, NodeError};
use super::request::Caller;
use crate::feed::{AgreementId, Card, FeedId, PublisherId, Sealing, Seq};
use crate::model::{Millis, ObsStatus, Record};
use crate::protect;
use crate::store::{RecoveryCause, RecoveryMark};
use crate::sync::Recovering;

/// The mark, and what will stand in it once what was appended is durable.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    mark: Option<RecoveryMark>,
    settled: BTreeSet<AgreementId>,
    begun: bool,
    ended: bool,
}

impl Recovery {
    pub(super) fn new(mark: Option<RecoveryMark>) -> Self {
        Self { mark, ..Self::default() }
    }

    /// What of our feeds may lack entries.
    pub(super) fn recovering(&self, us: PublisherId) -> Recovering {
        let Some(mark) = &self.mark else { return Recovering::default() };
        let feeds = |agreements: &BTreeSet<AgreementId>| {
            agreements.iter().map(|agreement| FeedId::new(us, *agreement)).collect()
        };
        Recovering {
            all: mark.cause != RecoveryCause::Behind,
            settled: feeds(&mark.settled),
            doubted: feeds(&mark.doubted),
            follows: false,
        }
    }
}

impl Engine {
    /// Whether a feed of ours may lack entries that we have signed.
    pub(super) fn is_recovering(&self, feed: &FeedId) -> bool {
        feed.publisher == self.us() && self.recovery.recovering(self.us()).includes(feed)
    }

    /// Our feeds that wait for a partner's answer. What nobody may read now nobody can show: such a feed stays as it is
    /// until it is needed.
    pub(super) fn waiting(&self) -> Vec<FeedId> {
        if self.recovery.mark.is_none() {
            return Vec::new();
        }
        let mut agreements = BTreeSet::from([AgreementId::public()]);
        for partner in self.house.partners().map(Card::publisher) {
            agreements.extend(self.house.book().readable(partner, self.now()));
        }
        let feeds = agreements.into_iter().map(|agreement| FeedId::new(self.us(), agreement));
        feeds.filter(|feed| self.is_recovering(feed) && self.house.fork(feed).is_none()).collect()
    }

    /// Whether the node as a whole is in recovery: not every own feed that it knows of was settled once, or one with
    /// figures is not settled now.
    pub(super) fn in_recovery(&self) -> bool {
        let Some(mark) = &self.recovery.mark else { return false };
        let letters: BTreeSet<AgreementId> = self
            .house
            .partners()
            .map(|card| AgreementId::correspondence(self.us(), card.publisher()))
            .collect();
        let waiting = self.waiting();
        let figures = waiting.iter().any(|feed| !letters.contains(&feed.agreement));
        let begun = mark.cause != RecoveryCause::Behind && !mark.ended;
        let doubted = waiting.iter().any(|feed| mark.doubted.contains(&feed.agreement));
        (begun && !waiting.is_empty()) || figures || doubted
    }

    /// Why nothing may be signed in a feed, and what to do.
    pub(super) fn recovery_text(&self, feed: &FeedId) -> String {
        let name = self.agreement_name(&feed.agreement);
        let holders = self.holders_of(*feed);
        let from = if holders.is_empty() { "a partner".to_owned() } else { holders.join(" or ") };
        format!(
            "in recovery: {}, so our feed {name:?} may be longer elsewhere than here, and signing now could fork it. \
             Let {from} connect: it is asked what it holds, and what is missing comes back by itself (`corridor status` \
             shows what waits). If no partner will ever answer: `corridor recover --override`",
            self.recovery_cause()
        )
    }

    fn recovery_cause(&self) -> String {
        match &self.recovery.mark {
            Some(RecoveryMark { cause: RecoveryCause::Restored, made: Some(made), .. }) => {
                format!("this node was restored from a backup of {made}")
            }
            Some(RecoveryMark { cause: RecoveryCause::Restored, .. }) => {
                "this node was restored from a backup".to_owned()
            }
            Some(RecoveryMark { cause: RecoveryCause::Lost, .. }) => {
                "this node has lost its directory and was made anew from its keys".to_owned()
            }
            Some(RecoveryMark { cause: RecoveryCause::TakenOver, .. }) => {
                "this node has taken the place of another one of this government".to_owned()
            }
            Some(RecoveryMark { cause: RecoveryCause::Behind, .. }) | None => {
                "more of an own feed is elsewhere than here".to_owned()
            }
        }
    }

    /// A release is compared with, and protected against, all that ever left: nothing leaves while that is not known.
    pub(super) fn may_release(&self) -> Result<(), NodeError> {
        match self.waiting().first() {
            Some(feed) if self.in_recovery() => Err(NodeError::Recovering(self.recovery_text(feed))),
            Some(_) | None => Ok(()),
        }
    }

    /// What the status says of recovery; nothing if there never was any.
    pub(super) fn recovery_status(&self) -> Value {
        let Some(mark) = &self.recovery.mark else { return Value::Null };
        let waiting: Vec<Value> = self
            .waiting()
            .iter()
            .map(|feed| {
                json!({
                    "agreement": feed.agreement.to_hex(),
                    "agreement_name": self.agreement_name(&feed.agreement),
                    "held": self.store.durable(feed).map_or(0, |head| head.seq.0 + 1),
                    "partners": self.holders_of(*feed),
                })
            })
            .collect();
        let missing = match (mark.cause, mark.made) {
            (RecoveryCause::Restored, Some(made)) => format!(
                "acts after {made}: partners accepted, paused or removed, drafts, submissions and their exact values, \
                 the log. What partners hold comes back; repeat the rest, and submit again what was released since"
            ),
            (RecoveryCause::Restored, None) => {
                "acts after the backup: partners accepted, paused or removed, drafts, \
                 submissions and their exact values, the log"
                    .to_owned()
            }
            (RecoveryCause::Lost, _) => {
                "all acts: partners accepted (add their cards again), drafts, submissions and \
                 their exact values, the log. What partners hold comes back; submit again what was released"
                    .to_owned()
            }
            (RecoveryCause::TakenOver, _) => {
                "what the other node wrote in its last moment and this one had not received: look whether the last acts \
                 and submissions are in `corridor audit`"
                    .to_owned()
            }
            (RecoveryCause::Behind, _) => "none that is known".to_owned(),
        };
        json!({
            "why": mark.cause.as_str(),
            "text": self.recovery_cause(),
            "since": mark.since.to_string(),
            "backup_made": mark.made.map(|made| made.to_string()),
            "ended": mark.ended,
            "waiting": waiting,
            "missing": missing,
        })
    }

    /// A partner has shown all that it holds of a feed of ours, and we hold that. What has come back is written into
    /// the log of acts: the house knows no exact values of it.
    pub(super) fn settle_feed(&mut self, feed: FeedId) -> Result<(), NodeError> {
        let Some(mark) = &self.recovery.mark else { return Ok(()) };
        let held = mark.held.get(&feed.agreement).copied();
        // Of a feed that the mark does not name nothing was here, unless the mark is younger than the feed.
        let held = held.unwrap_or(if mark.cause == RecoveryCause::Behind { u64::MAX } else { 0 });
        let now = self.store.durable(&feed).map_or(0, |head| head.seq.0 + 1);
        let name = self.agreement_name(&feed.agreement);
        // A standby has followed its feeds from whoever had them, from couriers too: it opens what it has in its first hour.
        let first = if mark.cause == RecoveryCause::TakenOver { 0 } else { held };
        let Some(embargoes) = self.open_recovered(feed, first..now)? else {
            tracing::warn!(
                %feed,
                "what came back of our own feed is sealed, and the secret in keys/content that opens it is not here: the feed \
                 stays in recovery"
            );
            return Ok(());
        };
        tracing::info!(%feed, name, held, now, "a feed of ours is settled");
        self.recovery.settled.insert(feed.agreement);
        if now > held {
            let guarded = self.guarded_of(feed, held..now)?;
            let details = json!({
                "agreement": feed.agreement.to_hex(), "title": name, "first": held, "last": now - 1, "guarded": guarded,
                "embargoes": embargoes,
            });
            self.done(ActName::Recovered, &the_node(), details, Vec::new())?;
        }
        Ok(())
    }

    /// Opens what came back sealed of a feed of ours, as by a courier; without that nobody could say what has left. Returns
    /// what is under embargo still, or nothing if something cannot be opened.
    fn open_recovered(
        &mut self,
        feed: FeedId,
        places: std::ops::Range<u64>,
    ) -> Result<Option<Vec<Value>>, NodeError> {
        let mut embargoes = Vec::new();
        for seq in places.map(Seq) {
            let header = self.store.header(&feed, seq)?;
            let Sealing::Sealed(sealed) = header.header().sealing else { continue };
            if !self.is_closed(&header)? {
                continue;
            }
            if sealed.opens > self.now().0 {
                embargoes.push(json!({ "seq": seq.0, "opens_at": Millis(sealed.opens).to_string() }));
                continue;
            }
            let key = self.key_of_own(feed, seq)?;
            if self.open_entry(feed, seq, &key)?.is_some() {
                return Ok(None);
            }
        }
        Ok(Some(embargoes))
    }

    /// Indicators of which entries of ours show something whose form depends on what else their readers hold.
    fn guarded_of(&self, feed: FeedId, places: std::ops::Range<u64>) -> Result<BTreeSet<String>, NodeError> {
        let (rule, mut guarded) = (self.strictest_rule(&[feed.agreement]), BTreeSet::new());
        for seq in places {
            self.store.read_records(&feed, Seq(seq), &mut |record| {
                let Record::Series(series) = record else { return };
                let closed = series.observations().iter().any(|one| one.status() == ObsStatus::Suppressed);
                if closed || protect::is_needed(&series, rule) {
                    guarded.insert(series.key().indicator().to_owned());
                }
            })?;
        }
        Ok(guarded)
    }

    /// Writes the beginning and the end of recovery into the log, each once.
    pub(super) fn log_recovery(&mut self) -> Result<(), NodeError> {
        let Some(mark) = &self.recovery.mark else { return Ok(()) };
        let (begun, ended) = (mark.begun || self.recovery.begun, mark.ended || self.recovery.ended);
        if !begun {
            tracing::warn!("in recovery: {}", self.recovery_cause());
            let details = self.recovery_status();
            self.recovery.begun = true;
            self.done(ActName::RecoveryBegun, &the_node(), details, Vec::new())?;
        } else if !ended && self.recovery.settled.is_empty() && self.waiting().is_empty() {
            tracing::info!("recovery has ended: every own feed is settled");
            self.recovery.ended = true;
            self.done(ActName::RecoveryEnded, &the_node(), json!({}), Vec::new())?;
        }
        Ok(())
    }

    /// The operator decides that no partner will answer: what waits goes on as it is here.
    pub(super) fn recover_override(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        let waiting = self.waiting();
        if waiting.is_empty() {
            return Err(NodeError::Refused(
                "no feed of ours waits for a partner's answer: there is nothing to override".to_owned(),
            ));
        }
        let warning = "if a partner holds more of these feeds, the next entry in them is a fork: every partner sees it, \
                       stops following the feed, and only a signed resolution heals it";
        let names: Vec<String> = waiting.iter().map(|feed| self.agreement_name(&feed.agreement)).collect();
        let ids: Vec<String> = waiting.iter().map(|feed| feed.agreement.to_hex()).collect();
        let details = json!({ "feeds": names, "agreements": ids, "warning": warning });
        self.done(ActName::RecoverOverride, caller, details.clone(), Vec::new())?;
        self.recovery.settled.extend(waiting.iter().map(|feed| feed.agreement));
        Ok(details)
    }

    /// This node writes our feeds from now on, which another one has written: each waits until it is known how far that
    /// one came.
    pub(super) fn begin_after_another(&mut self) -> Result<(), NodeError> {
        let (us, now) = (self.us(), self.now());
        let mut mark = RecoveryMark::new(RecoveryCause::TakenOver, now);
        for feed in self.store.feeds().filter(|feed| feed.publisher == us) {
            let held = self.store.durable(&feed).map_or(0, |head| head.seq.0 + 1);
            mark.held.insert(feed.agreement, held);
        }
        mark.save(self.home.dir())?;
        self.recovery = Recovery::new(Some(mark));
        Ok(())
    }

    /// More of a feed of ours is elsewhere than here: it is in recovery from now on, also after a restart.
    pub(super) fn doubt(&mut self, feed: FeedId) -> Result<(), NodeError> {
        let now = self.now();
        let held = self.store.durable(&feed).map_or(0, |head| head.seq.0 + 1);
        let mark = self.recovery.mark.get_or_insert_with(|| RecoveryMark::new(RecoveryCause::Behind, now));
        mark.doubted.insert(feed.agreement);
        mark.settled.remove(&feed.agreement);
        mark.held.insert(feed.agreement, held);
        (mark.begun, mark.ended) = (false, false);
        self.recovery.settled.remove(&feed.agreement);
        (self.recovery.begun, self.recovery.ended) = (false, false);
        Ok(mark.save(self.home.dir())?)
    }

    /// What was appended about recovery is durable: the mark follows.
    pub(super) fn commit_recovery(&mut self) -> Result<(), NodeError> {
        let Recovery { mark: Some(mark), settled, begun, ended } = &mut self.recovery else { return Ok(()) };
        if settled.is_empty() && !*begun && !*ended {
            return Ok(());
        }
        for agreement in std::mem::take(settled) {
            mark.doubted.remove(&agreement);
            if mark.cause != RecoveryCause::Behind {
                mark.settled.insert(agreement);
            }
        }
        mark.begun |= std::mem::take(begun);
        mark.ended |= std::mem::take(ended);
        Ok(mark.save(self.home.dir())?)
    }
}
