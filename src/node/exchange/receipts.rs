//! Receipts: what is held of others is acknowledged, signed, and under an agreement of many not each entry for itself.
//!
//! Every receipt goes to all who may read under the agreement. In a crisis of nineteen who all report, a receipt for each
//! entry would be eighteen entries more for each, to eighteen readers each. So where there are more than two, the first
//! receipt is signed at once, and the next ones together, in one entry, after a pause that grows with their number: then
//! a member has as many to take in a second as a pair of partners has, however many they are. A receipt stands for
//! all entries before it, so nothing is left out.

use std::collections::BTreeMap;

use super::Exchange;
use crate::feed::{AgreementId, EntryKind, FeedId, Seq, SignedHeader};
use crate::model::{Millis, Receipt, Record};
use crate::node::engine::{Engine, NodeError};

/// The pause between two entries of receipts, for each party of the agreement: a tenth of a second.
const PAUSE: i64 = 100;

/// Receipts that are due under agreements of many.
#[derive(Debug, Default)]
pub(super) struct Owed {
    receipts: BTreeMap<AgreementId, BTreeMap<FeedId, Receipt>>,
    /// When receipts were signed last.
    signed: BTreeMap<AgreementId, Millis>,
}

impl Exchange {
    /// Whether it is not yet known which receipts an interrupted run still owes.
    pub(in crate::node) fn owes_receipts(&self) -> bool {
        !self.receipts_known
    }

    /// Signs receipts that an interrupted run still owes. The view must be folded: it says what was signed before.
    pub(in crate::node) fn take_receipts(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        self.receipts_known = true;
        let us = engine.home().us();
        let foreign: Vec<FeedId> = engine.store().feeds().filter(|feed| feed.publisher != us).collect();
        for feed in foreign {
            let first = self.first_unreceipted(&feed, engine)?;
            self.unreceipted.insert(feed, first);
            if let Some(newest) = engine.store().durable_header(&feed)? {
                self.take_received(&newest, engine)?;
            }
        }
        Ok(())
    }

    /// Signs a receipt for all entries of a feed up to this one, unless they are receipts themselves; under an agreement
    /// of many it is signed with others.
    pub(super) fn sign_receipt(
        &mut self,
        newest: &SignedHeader,
        engine: &mut Engine,
    ) -> Result<(), NodeError> {
        let (feed, seq) = (newest.header().feed, newest.header().seq);
        if engine.may_append(&FeedId::new(engine.home().us(), feed.agreement)).is_err() {
            self.receipts_put_off = true;
            return Ok(());
        }
        let first = self.unreceipted.get(&feed).copied().unwrap_or(Seq(0));
        let owed = feed.agreement != AgreementId::public()
            && engine.house().book().readable(feed.publisher, self.clock.now()).contains(&feed.agreement);
        let mut due = false;
        for at in first.0..=seq.0 {
            due |= owed && engine.store().header(&feed, Seq(at))?.header().kind != EntryKind::Receipt;
        }
        if owed {
            self.unreceipted.insert(feed, seq.next());
        }
        if !due {
            return Ok(());
        }
        let receipt = Receipt {
            publisher: feed.publisher.0,
            agreement: feed.agreement.0,
            seq: seq.0,
            entry: newest.id().0,
            received_at: self.clock.now(),
        };
        if parties(feed.agreement, engine) > 2 {
            self.owed.receipts.entry(feed.agreement).or_default().insert(feed, receipt);
            return Ok(());
        }
        self.figures.receipts += 1;
        engine.append(feed.agreement, EntryKind::Receipt, vec![Record::Receipt(receipt)]).map(|_| ())
    }

    /// Signs the receipts under agreements of many whose pause is over.
    pub(super) fn sign_owed(&mut self, engine: &mut Engine) -> Result<(), NodeError> {
        let now = self.clock.now();
        let is_due = |agreement: &AgreementId, engine: &Engine| {
            let pause = PAUSE.saturating_mul(i64::try_from(parties(*agreement, engine)).unwrap_or(i64::MAX));
            let last = self.owed.signed.get(agreement);
            last.is_none_or(|last| !(0..pause).contains(&(now.0 - last.0)))
        };
        let due: Vec<AgreementId> =
            self.owed.receipts.keys().filter(|agreement| is_due(agreement, engine)).copied().collect();
        for agreement in due {
            let Some(receipts) = self.owed.receipts.remove(&agreement) else { continue };
            self.owed.signed.insert(agreement, now);
            if engine.may_append(&FeedId::new(engine.home().us(), agreement)).is_err() {
                self.receipts_put_off = true;
                continue;
            }
            self.figures.receipts += receipts.len() as u64;
            let records = receipts.into_values().map(Record::Receipt).collect();
            engine.append(agreement, EntryKind::Receipt, records)?;
        }
        Ok(())
    }
}

/// How many take part in an agreement; a correspondence has two.
fn parties(agreement: AgreementId, engine: &Engine) -> usize {
    engine.house().book().get(&agreement).map_or(2, |agreement| agreement.text().parties.len())
}
