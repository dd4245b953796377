//! What doctor finds beside what is stored: place, what is wrong, what to do. And the repair of damaged feeds.

use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::evidence::FeedFault;
use super::request::Caller;
use crate::feed::{AgreementId, Card, FeedId};
use crate::model::Millis;
use crate::store::Repair;

/// No clock is before this: the day on which this version was written, 2026-11-01.
const WRITTEN: Millis = Millis(1_793_491_200_000);
/// Entries of others may be dated so far ahead before the clock is suspected: ten minutes.
const AHEAD: i64 = 600_000;

/// One thing that is wrong, or may be.
pub(super) fn finding(check: &str, level: &str, place: &str, what: &str, advice: &str) -> Value {
    json!({ "check": check, "level": level, "place": place, "what": what, "advice": advice })
}

impl Engine {
    /// A feed that does not verify, and where its entries can be had.
    pub(super) fn damage_finding(&self, feed: FeedId, fault: &FeedFault) -> Value {
        let place = format!(
            "{}, feed {} of {}, from entry {} on",
            crate::store::layout::feed(self.home.dir(), &feed).display(),
            self.agreement_name(&feed.agreement),
            self.country_of(&feed.publisher),
            fault.seq
        );
        let advice = if feed.agreement == AgreementId::house() {
            "nobody else has the house feed: stop the daemon, move the directory away and `corridor restore` the newest \
             backup; what is missing of other feeds comes back from partners"
                .to_owned()
        } else {
            let from = self.holders_of(feed);
            let from =
                if from.is_empty() { "no partner that is known".to_owned() } else { from.join(" or ") };
            format!(
                "stop the daemon and run `corridor doctor --repair`: the damaged part is kept under aside/, and the entries \
                 are fetched again from {from}"
            )
        };
        finding("feed", "error", &place, &fault.what, &advice)
    }

    /// Who may hold a feed: its publisher, partners who may read it, and couriers.
    pub(super) fn holders_of(&self, feed: FeedId) -> Vec<String> {
        let (book, now) = (self.house.book(), self.now());
        let may = |card: &&Card| {
            let partner = card.publisher();
            partner == feed.publisher
                || book.readable(partner, now).contains(&feed.agreement)
                || book.carried(partner, now).contains(&feed.agreement)
        };
        self.house.partners().filter(may).map(|card| self.country_of(&card.publisher())).collect()
    }

    /// Clock, recovery, forks, and what opening had to mend.
    pub(super) fn other_findings(&self) -> Vec<Value> {
        let mut findings = self.clock_findings();
        for repair in self.store.repairs() {
            let (check, advice) = match repair {
                Repair::Rebuilt { .. } => (
                    "database",
                    "nothing: it was folded again from the feed files. If it comes again and again, look at the disk",
                ),
                Repair::TornTail { .. } | Repair::UnfinishedEntry { .. } => (
                    "feed",
                    "nothing: a write that a crash interrupted was never acknowledged. If no crash is known, look at the disk",
                ),
            };
            findings.push(finding(check, "warning", "", &repair.to_string(), advice));
        }
        if self.in_recovery() {
            let waiting = self.waiting();
            let text = waiting.first().map(|feed| self.recovery_text(feed)).unwrap_or_default();
            findings.push(finding("recovery", "error", "", &text, "let the partners connect, or override"));
        }
        for fork in self.house.forks() {
            if self.house.resolution(&fork.feed(), fork.seq()).is_some() {
                continue;
            }
            let country = self.country_of(&fork.feed().publisher);
            let place = format!("feed {} of {country}", self.agreement_name(&fork.feed().agreement));
            let what =
                format!("its publisher signed two entries {}: nothing more of it is taken", fork.seq());
            let advice = if fork.feed().publisher == self.us() {
                "`corridor fork resolve FEED --keep ENTRY --reason …`, with the national key".to_owned()
            } else {
                format!("ask {country} to resolve it; `corridor cite --fork {country}` writes the proof")
            };
            findings.push(finding("fork", "error", &place, &what, &advice));
        }
        findings
    }

    fn clock_findings(&self) -> Vec<Value> {
        let (now, us) = (self.now(), self.us());
        let newest = |ours: bool| {
            let feeds = self.store.feeds().filter(|feed| (feed.publisher == us) == ours);
            feeds.filter_map(|feed| Some(self.store.newest(&feed)?.header().time)).max()
        };
        let advice = "set the machine's clock (timedatectl, chrony); entries are dated by it";
        let mut findings = Vec::new();
        if now < WRITTEN {
            let what = format!("the clock says {now}, which is before this version of corridor was written");
            findings.push(finding("clock", "error", "", &what, advice));
        }
        if let Some(own) = newest(true).filter(|own| *own > now) {
            let what = format!("the clock says {now}, and our own newest entry is dated {own}");
            findings.push(finding("clock", "error", "", &what, advice));
        }
        if let Some(other) = newest(false).filter(|other| other.0 > now.0 + AHEAD) {
            let what = format!(
                "the clock says {now}, and a partner's newest entry is dated {other}: one of the two is wrong"
            );
            findings.push(finding("clock", "warning", "", &what, advice));
        }
        findings
    }

    /// Cuts every damaged feed at its last good entry, and keeps what was behind that aside. Others' entries come back
    /// by themselves; a feed of our own is in recovery until they have. Nothing may wait for a commit.
    pub(super) fn mend(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        let feeds: Vec<FeedId> = self.store.feeds().collect();
        let (mut mended, mut kept) = (Vec::new(), Vec::new());
        for feed in feeds {
            let Err(fault) = self.verify_feed(feed)? else { continue };
            if feed.agreement == AgreementId::house() {
                kept.push(self.damage_finding(feed, &fault));
                continue;
            }
            let lost = self.store.place(feed).seq.0.saturating_sub(fault.seq.0);
            let file = self.store.set_aside(&feed, fault.seq)?;
            if feed.publisher == self.us() {
                self.doubt(feed)?;
            }
            mended.push(json!({
                "publisher": feed.publisher.to_hex(),
                "country": self.country_of(&feed.publisher),
                "agreement": feed.agreement.to_hex(),
                "agreement_name": self.agreement_name(&feed.agreement),
                "first": fault.seq.0,
                "entries": lost,
                "aside": file.map(|file| file.display().to_string()),
                "what": fault.what,
                "from": self.holders_of(feed),
            }));
        }
        if !mended.is_empty() && self.leads().is_ok() {
            self.done(ActName::DoctorRepair, caller, json!({ "mended": mended }), Vec::new())?;
        }
        Ok(json!({ "mended": mended, "findings": kept }))
    }
}
