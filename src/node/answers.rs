//! Answers from the views: status, feeds, values.

use serde_json::{Value, json};

use super::acts::ActName;
use super::daemon::fault_row;
use super::engine::{Engine, NodeError, Rows};
use super::fault_kind::FaultKind;
use super::node_state::NodeState;
use super::request::{Caller, GetRequest};
use super::rows::{RowPlace, RowWriter};
use crate::feed::{AgreementId, EntryKind, FeedId, PublisherId, Seq};
use crate::model::{Dimension, Known, Millis, SeriesPattern, catalogue};
use crate::store::{Derived, ReceiptRow};
use crate::view::{Moment, Query};

impl Engine {
    pub(super) fn status(&mut self) -> Result<Value, NodeError> {
        let feeds = self.feeds()?;
        let card = self.home.card();
        let partners: Result<Vec<Value>, NodeError> =
            self.house.partners().map(|partner| self.partner_status(partner.publisher())).collect();
        let repairs: Vec<Value> = self
            .store
            .repairs()
            .iter()
            .map(|repair| fault_row(None, FaultKind::Repaired, &repair.to_string()))
            .chain(self.refused_by_others())
            .chain(self.compromised_keys())
            .collect();
        Ok(json!({
            "country": card.country(),
            "name": card.name("en"),
            "network": card.network().as_str(),
            "publisher_id": self.us().to_hex(),
            "fingerprint": self.us().fingerprint(),
            "node_id": self.key_in_use().map(|node| node.to_hex()),
            "role": self.role().as_str(),
            "state": if self.in_recovery() { NodeState::Recovery } else { NodeState::Offline }.as_str(),
            "recovery": self.recovery_status(),
            "addresses": card.body().addresses,
            "feeds": feeds["feeds"],
            "partners": partners?,
            "erasures": self.erasures(None),
            "crises": self.crisis_status(),
            "carried": self.carried()?,
            "faults": repairs,
        }))
    }

    pub(super) fn feeds(&mut self) -> Result<Value, NodeError> {
        self.store.fold()?;
        let ids: Vec<FeedId> = self.store.feeds().collect();
        let mut feeds = Vec::new();
        for feed in ids {
            let Some(head) = self.store.durable(&feed) else { continue };
            feeds.push(json!({
                "publisher": feed.publisher.to_hex(),
                "country": self.country_of(&feed.publisher),
                "agreement": feed.agreement.to_hex(),
                "agreement_name": self.agreement_name(&feed.agreement),
                "with": self.correspondent(&feed.agreement),
                "head_seq": head.seq.0,
                "head_hash": head.entry.to_hex(),
                "observations": self.store.derived().observations(&feed)?,
                "erased": erased_of(self.store.erased(&feed)),
                "closed": self.closed_of(&feed)?,
                "frozen_at": self.house.fork(&feed).map(|fork| fork.seq().0),
            }));
        }
        Ok(json!({ "feeds": feeds, "forks": self.describe_forks() }))
    }

    /// What a partner has acknowledged of our entries, and what it has not. Receipts themselves are not owed
    /// one, and under the public agreement nobody owes any.
    fn partner_status(&self, partner: PublisherId) -> Result<Value, NodeError> {
        let (mut acknowledged, mut behind) = (0_u64, 0_u64);
        let readable = self.house.book().readable(partner, self.now());
        for agreement in readable.into_iter().filter(|agreement| *agreement != AgreementId::public()) {
            let feed = FeedId::new(self.us(), agreement);
            let Some(head) = self.store.durable(&feed) else { continue };
            let receipts = self.store.derived().receipts(&feed)?;
            // A receipt for what another has signed in our name covers nothing.
            let ours = |seq: Seq| self.store.header(&feed, seq).ok().map(|header| header.id());
            let receipts: Vec<_> =
                receipts.into_iter().filter(|receipt| ours(receipt.seq) == Some(receipt.entry)).collect();
            let next = next_unacknowledged(&receipts, partner, head.seq);
            acknowledged += next;
            for seq in next..=head.seq.0 {
                let owed = self.store.header(&feed, Seq(seq))?.header().kind != EntryKind::Receipt;
                behind += u64::from(owed);
            }
        }
        Ok(json!({
            "country": self.country_of(&partner),
            "publisher_id": partner.to_hex(),
            "connected": false,
            "paused": self.house.is_paused(&partner),
            "behind": behind,
            "acknowledged": acknowledged,
        }))
    }

    pub(super) fn get(&mut self, get: &GetRequest) -> Result<Rows, NodeError> {
        let publishers = match &get.from {
            Some(from) => vec![self.publisher(from)?],
            None => Vec::new(),
        };
        self.store.fold()?;
        rows(self.store.derived(), get, publishers)
    }

    /// A publisher by country code or id: ourselves or a partner.
    pub(super) fn publisher(&self, text: &str) -> Result<PublisherId, NodeError> {
        let card = self.home.card();
        if card.country().eq_ignore_ascii_case(text) || self.us().to_hex() == text {
            return Ok(self.us());
        }
        self.partner(text).map(|card| card.publisher())
    }

    pub(super) fn rebuild(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        self.store.rebuild("an operator asked for it")?;
        self.store.fold()?;
        let (mut entries, mut observations, mut feeds) = (0, 0, 0);
        for feed in self.store.feeds() {
            entries += self.store.durable(&feed).map_or(0, |head| head.seq.0 + 1);
            observations += self.store.derived().observations(&feed)?;
            feeds += 1;
        }
        let details = json!({ "feeds": feeds, "entries": entries, "observations": observations });
        if self.leads().is_ok() {
            self.done(ActName::Rebuild, caller, details.clone(), Vec::new())?;
        }
        let mut value = json!({ "rebuilt": details });
        if let (Value::Object(value), Value::Object(feeds)) = (&mut value, self.feeds()?) {
            value.extend(feeds);
        }
        Ok(value)
    }
}

/// Which entries were erased: first and last of each stretch.
pub(super) fn erased_of(places: &[std::ops::RangeInclusive<Seq>]) -> Value {
    places.iter().map(|places| json!([places.start().0, places.end().0])).collect()
}

/// The observations that are asked for, of these publishers; of all if none is named. The view must be folded.
pub(super) fn rows(
    derived: &Derived,
    get: &GetRequest,
    publishers: Vec<PublisherId>,
) -> Result<Rows, NodeError> {
    let (query, derived) = (query(get, publishers)?, derived.clone());
    let after = get.after.as_deref().map(RowPlace::parse).transpose()?;
    Ok(Rows::new(move |each| {
        let (mut writer, mut written) = (RowWriter::default(), Ok(true));
        let (start, mut after) = (after.as_ref().map_or("", RowPlace::view_key), after.as_ref());
        derived.query_from(&query, start, &mut |mut series| {
            if after.is_some_and(|place| place.passes(&mut series)) {
                after = None;
            }
            written = writer.series(&series, each);
            matches!(written, Ok(true))
        })?;
        written.map(|_| ())
    }))
}

/// The place after the entry up to which a partner has acknowledged a feed of ours. What a partner signs is its own word:
/// it counts for an entry that there is.
fn next_unacknowledged(receipts: &[ReceiptRow], partner: PublisherId, head: Seq) -> u64 {
    let receipt = receipts.iter().find(|receipt| receipt.recipient == partner);
    receipt.filter(|receipt| receipt.seq <= head).map_or(0, |receipt| receipt.seq.next().0)
}

/// What a request asks of the view.
pub(super) fn query(get: &GetRequest, publishers: Vec<PublisherId>) -> Result<Query, NodeError> {
    let mut pattern = match &get.key {
        Some(key) => {
            let pattern = SeriesPattern::parse(key)?;
            pattern.check_codes()?;
            pattern
        }
        None => SeriesPattern::any(),
    };
    if catalogue::get(&get.flow).is_some() || get.flow.contains(':') {
        pattern = pattern.with(Dimension::Indicator, &get.flow);
    } else if get.flow != "MIGPROFILE" {
        let hint = Known::Indicators.hint(Dimension::Indicator.id(), &get.flow);
        let message = format!("there is no flow {:?}: use MIGPROFILE or an indicator{hint}", get.flow);
        return Err(NodeError::NotFound(message));
    }
    let moment = match (&get.as_of, get.history) {
        (Some(_), true) => {
            return Err(NodeError::Refused(
                "a history is of all times: leave --as-of or --history out".to_owned(),
            ));
        }
        (Some(time), false) => Moment::AsOf(Millis::parse(time)?),
        (None, true) => Moment::History,
        (None, false) => Moment::Current,
    };
    let agreements = if get.public { vec![AgreementId::public()] } else { Vec::new() };
    Ok(Query { pattern, publishers, agreements, moment, heads: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::EntryId;

    #[test]
    fn a_receipt_for_an_entry_that_there_is_not_acknowledges_nothing() {
        let partner = PublisherId([2; 32]);
        let feed = FeedId::new(PublisherId([1; 32]), AgreementId([3; 32]));
        let receipt = |seq| ReceiptRow {
            feed,
            recipient: partner,
            seq: Seq(seq),
            entry: EntryId::NONE,
            received_at: Millis(0),
        };
        let next = |seq| next_unacknowledged(&[receipt(seq)], partner, Seq(4));
        assert_eq!([0, 3, 4, 5, u64::MAX].map(next), [1, 4, 5, 0, 0]);
        assert_eq!(next_unacknowledged(&[receipt(3)], PublisherId([4; 32]), Seq(4)), 0);
    }
}
