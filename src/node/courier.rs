//! Couriers: a node that an agreement names to store and forward what it cannot read.
//!
//! What it carries lies in feed files like all else, sealed. It is let go of once every reader has acknowledged it (the
//! acknowledgements pass through here, and are open), or when the agreement is over and its retention with it. Of one
//! publisher no more is carried than the quota allows. What the parties say of the agreement itself is handed on too, so
//! that those that never meet can sign it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::acts::document;
use super::engine::{Engine, NodeError};
use crate::feed::{AgreementId, Card, EntryKind, FeedId, PublisherId, Seq};
use crate::model::{DocumentKind, Record};
use crate::policy::{Agreement, Consent, Standing};
use crate::sync::Seating;

impl Engine {
    /// What this node can do with what travels sealed.
    pub(super) fn seating(&mut self) -> Result<Seating, NodeError> {
        let carried = self.house.book().carried(self.us(), self.now());
        Ok(Seating { keys: self.sealing_secrets()?, carried: Arc::new(carried), full: BTreeSet::new() })
    }

    /// The agreements of which we are a courier, whether in force or not.
    fn carried_agreements(&self) -> Vec<&Agreement> {
        self.house.book().agreements().filter(|agreement| agreement.carries(&self.us())).collect()
    }

    /// The feeds of others that lie here sealed.
    fn carried_feeds(&self) -> Vec<FeedId> {
        let carried: BTreeSet<AgreementId> =
            self.carried_agreements().into_iter().map(Agreement::id).collect();
        self.store
            .feeds()
            .filter(|feed| feed.publisher != self.us() && carried.contains(&feed.agreement))
            .collect()
    }

    /// Tells each party of an agreement that we carry what the others have said of it, once.
    pub(super) fn hand_on_words(&mut self) -> Result<(), NodeError> {
        let partners: BTreeSet<PublisherId> = self.house.partners().map(Card::publisher).collect();
        let mut due: Vec<(PublisherId, Vec<Record>)> = Vec::new();
        for agreement in self.carried_agreements() {
            for party in agreement.text().bound().filter(|party| partners.contains(party)) {
                let said = agreement
                    .words()
                    .filter(|word| word.party() != party && !self.house.was_told(party, word));
                let mut records = Vec::new();
                for word in said {
                    let kind = match word.consent() {
                        Consent::Agreed => DocumentKind::AgreementSignature,
                        Consent::Ended => DocumentKind::AgreementEnd,
                    };
                    let id = format!("{}/{}", agreement.id().to_hex(), word.party().short());
                    let title = &agreement.text().title;
                    records.extend(document(kind, &id, title, "application/octet-stream", &word.to_bytes())?);
                }
                if !records.is_empty() {
                    let (id, bytes) = (agreement.id().to_hex(), agreement.text().to_bytes());
                    let title = &agreement.text().title;
                    records.extend(document(
                        DocumentKind::AgreementText,
                        &id,
                        title,
                        "application/octet-stream",
                        &bytes,
                    )?);
                    due.push((party, records));
                }
            }
        }
        for (party, records) in due {
            let feed = AgreementId::correspondence(self.us(), party);
            if self.may_append(&FeedId::new(self.us(), feed)).is_ok() {
                self.append(feed, EntryKind::Correspondence, records)?;
            }
        }
        Ok(())
    }

    /// The last entry of a carried feed that every reader has acknowledged.
    fn acknowledged_by_all(&self, feed: &FeedId) -> Result<Option<Seq>, NodeError> {
        let Some(agreement) = self.house.book().get(&feed.agreement) else { return Ok(None) };
        let receipts = self.store.derived().receipts(feed)?;
        let of =
            |reader: &PublisherId| receipts.iter().find(|one| one.recipient == *reader).map(|one| one.seq);
        let readers = agreement.readers(&feed.publisher);
        let all: Option<Vec<Seq>> = readers.iter().map(of).collect();
        Ok(all.and_then(|all| all.into_iter().min()))
    }

    /// Erases what all readers have acknowledged, and all of an agreement that is over and whose readers may keep it for
    /// as long as they need: a courier needs nothing. (Where a retention was agreed, it goes with that.)
    pub(super) fn let_go_of_carried(&mut self) -> Result<(), NodeError> {
        for feed in self.carried_feeds() {
            let Some(agreement) = self.house.book().get(&feed.agreement) else { continue };
            let over = matches!(self.house.book().standing(agreement, self.now()), Standing::Over { .. })
                && agreement.text().retention == 0;
            let upto = match over {
                true => self.store.durable(&feed).map(|head| head.seq),
                false => self.acknowledged_by_all(&feed)?,
            };
            let Some(upto) = upto else { continue };
            // What went before the last start is known by its marks.
            let gone = self.store.erased(&feed).iter().map(|places| *places.end());
            let gone = gone.chain(self.let_go.get(&feed).copied()).max();
            let first = gone.map_or(Seq(0), Seq::next);
            if first > upto {
                continue;
            }
            let mut figures = false;
            for seq in first.0..=upto.0 {
                let kind = self.store.header(&feed, Seq(seq))?.header().kind;
                figures |= !matches!(kind, EntryKind::Receipt);
            }
            if !figures || self.store.erase(&[(feed, first..=upto)])? {
                self.let_go.insert(feed, upto);
                tracing::debug!(%feed, %upto, "carried no longer: all readers have it");
            }
        }
        Ok(())
    }

    /// How many bytes are carried, by publisher.
    fn carried_bytes(&self) -> BTreeMap<PublisherId, u64> {
        let mut bytes = BTreeMap::new();
        for feed in self.carried_feeds() {
            *bytes.entry(feed.publisher).or_default() += self.store.bytes_kept(&feed);
        }
        bytes
    }

    /// The publishers of whom as much is carried as is allowed.
    pub(super) fn over_quota(&self) -> BTreeSet<PublisherId> {
        let quota = self.sealing.quota;
        self.carried_bytes().into_iter().filter(|(_, bytes)| *bytes >= quota).map(|(who, _)| who).collect()
    }

    /// What is carried and for whom, as `status` shows it.
    pub(super) fn carried(&self) -> Result<Value, NodeError> {
        let mut rows = Vec::new();
        for feed in self.carried_feeds() {
            let Some(agreement) = self.house.book().get(&feed.agreement) else { continue };
            let head = self.store.durable(&feed).map(|head| head.seq);
            let receipts = self.store.derived().receipts(&feed)?;
            let owed = agreement.readers(&feed.publisher).into_iter().filter(|reader| {
                let held = receipts.iter().find(|one| one.recipient == *reader).map(|one| one.seq);
                held < head
            });
            rows.push(json!({
                "publisher": self.country_of(&feed.publisher),
                "agreement": agreement.text().title,
                "head_seq": head.map(|seq| seq.0),
                "bytes": self.store.bytes_kept(&feed),
                "quota": self.sealing.quota,
                "owed_to": owed.map(|reader| self.country_of(&reader)).collect::<Vec<_>>(),
            }));
        }
        Ok(json!(rows))
    }
}
