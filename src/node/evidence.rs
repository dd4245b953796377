//! Evidence: citations, the log of acts, and the check of everything that is stored.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::engine::{Engine, NodeError, Rows};
use super::reader::Scope;
use crate::crypto::{Hash, inclusion_path, merkle};
use crate::feed::assembler::{Position, Seat};
use crate::feed::citation::Citation;
use crate::feed::head::Place;
use crate::feed::{AgreementId, Assembler, Card, EntryKind, FeedId, Frame, FrameKind, Seq, record};
use crate::model::{Document, DocumentKind, Period, Record, SeriesKey, SeriesPattern};
use crate::store::{Records, StoreError};
use crate::view::{EntryRef, Query};

/// How much of a feed is read at once for checking, in bytes.
const CHECK_STEP: usize = 1 << 20;

/// Where a feed does not verify.
pub(super) struct FeedFault {
    /// The first entry that is not as it was signed.
    pub(super) seq: Seq,
    /// What is wrong, with feed, entry and place.
    pub(super) what: String,
}

/// An observation that is to be cited, and the entry that states it.
struct Cited {
    feed: FeedId,
    seq: Seq,
    card: Card,
    key: SeriesKey,
    period: Period,
}

impl Cited {
    /// The citation with its claim, from all records of the entry.
    fn prove(&self, records: Records) -> Result<Value, NodeError> {
        let (key, period) = (&self.key, self.period);
        let (mut leaves, mut found): (Vec<Hash>, Option<(usize, Vec<u8>)>) = (Vec::new(), None);
        let header = records.header().clone();
        for record in records {
            let record = record?;
            let bytes = record::encode(&record);
            if let Record::Series(series) = record
                && series.key() == key
                && series.observations().iter().any(|observation| observation.period() == period)
            {
                found = Some((leaves.len(), bytes.clone()));
            }
            leaves.push(merkle::leaf_hash(&bytes));
        }
        let missing = || {
            let (feed, seq) = (self.feed, self.seq);
            NodeError::NotFound(format!("entry {seq} of feed {feed} does not state {key} {period}"))
        };
        let (index, record) = found.ok_or_else(missing)?;
        let path = inclusion_path(&leaves, index).ok_or_else(missing)?;
        let citation = Citation::new(self.card.clone(), header, record, path, period)
            .map_err(|error| NodeError::Refused(error.to_string()))?;
        Ok(json!({ "claim": citation.claim(), "citation": citation.to_text() }))
    }
}

impl Engine {
    pub(super) fn cite(&mut self, key: &str, period: &str, from: Option<&str>) -> Result<Value, NodeError> {
        let cited = self.cited((key, period), from, Vec::new())?;
        let records = self.store.records(&cited.feed, cited.seq)?;
        cited.prove(records)
    }

    /// The citation of what this scope shows, as the one row of an answer: an entry is read from its first byte for it,
    /// and that must not hold up the node's loop.
    pub(super) fn prove(
        &mut self,
        (key, period): (&str, &str),
        from: &str,
        (scope, agreement): (Scope, Option<AgreementId>),
    ) -> Result<Rows, NodeError> {
        let mut agreements = scope.agreements();
        if let Some(only) = agreement {
            let is_open = agreements.is_empty() || agreements.contains(&only);
            let closed = || NodeError::NotFound("nothing of that agreement is shown here".to_owned());
            agreements = is_open.then(|| vec![only]).ok_or_else(closed)?;
        }
        let cited = self.cited((key, period), Some(from), agreements)?;
        let records = Mutex::new(Some(self.store.records(&cited.feed, cited.seq)?));
        Ok(Rows::new(move |each| {
            let records = records.lock().unwrap_or_else(PoisonError::into_inner).take();
            let records = records.ok_or_else(|| NodeError::Refused("a citation is made once".to_owned()))?;
            each(&cited.prove(records)?.to_string());
            Ok(())
        }))
    }

    /// Which entry states an observation last.
    fn cited(
        &mut self,
        (key, period): (&str, &str),
        from: Option<&str>,
        agreements: Vec<AgreementId>,
    ) -> Result<Cited, NodeError> {
        let (key, period) = (SeriesKey::parse(key)?, Period::parse(period)?);
        let publisher = self.publisher(from.unwrap_or_else(|| key.ref_area()))?;
        self.store.fold()?;
        let publishers = vec![publisher];
        let pattern = SeriesPattern::parse(key.as_str())?;
        let query = Query { publishers, agreements, ..Query::current(pattern) };
        let mut newest: Option<(FeedId, EntryRef)> = None;
        self.store.derived().query(&query, &mut |series| {
            for (_, _, entry) in series.stated().filter(|(stated, _, _)| *stated == period) {
                if newest.as_ref().is_none_or(|(_, known)| known.time < entry.time) {
                    newest = Some((series.feed, *entry));
                }
            }
            true
        })?;
        let missing =
            || NodeError::NotFound(format!("nothing is stated for {key} {period} by that publisher"));
        let (feed, entry) = newest.ok_or_else(missing)?;
        let card = self.house.keyring().get(&feed.publisher).cloned();
        let card =
            card.ok_or_else(|| NodeError::NotFound("the publisher's card is no longer here".to_owned()))?;
        Ok(Cited { feed, seq: entry.seq, card, key, period })
    }

    pub(super) fn audit(&mut self, verify: bool) -> Result<Value, NodeError> {
        let feed = FeedId::new(self.us(), AgreementId::house());
        let mut acts = Vec::new();
        for seq in 0..self.house_seq().0 {
            if self.store.header(&feed, Seq(seq))?.header().kind != EntryKind::Act {
                continue;
            }
            let mut documents = Vec::new();
            let header = self.store.read_records(&feed, Seq(seq), &mut |record| match record {
                Record::Document(document) if document.kind() == DocumentKind::Act => {
                    documents.push(document);
                }
                Record::Series(_) | Record::Retraction(_) | Record::Document(_) | Record::Receipt(_) => {}
            })?;
            // Acts that were carried out together stand in one entry.
            for parts in documents.chunk_by(|a, b| a.label() == b.label()) {
                let body = Document::join(parts).unwrap_or_default();
                let mut act: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                act["seq"] = json!(seq);
                act["time"] = json!(header.header().time.to_string());
                act["entry"] = json!(header.id().to_hex());
                acts.push(act);
            }
        }
        let mut value = json!({ "acts": acts });
        if verify {
            let fault = self.verify_feed(feed)?.err();
            value["valid"] = json!(fault.is_none());
            value["reason"] = json!(fault.map(|fault| fault.what));
        }
        Ok(value)
    }

    /// Checks every feed from its first byte (signatures, mandates, places, hashes, canonical form), and all else that an
    /// operator may have to mend.
    pub(super) fn doctor(&mut self) -> Result<Value, NodeError> {
        let feeds: Vec<FeedId> = self.store.feeds().collect();
        let (mut checked, mut findings) = (Vec::new(), Vec::new());
        let mut healthy = true;
        for feed in feeds {
            let result = self.verify_feed(feed)?;
            healthy &= result.is_ok();
            findings.extend(result.as_ref().err().map(|fault| self.damage_finding(feed, fault)));
            checked.push(json!({
                "publisher": feed.publisher.to_hex(),
                "country": self.country_of(&feed.publisher),
                "agreement": feed.agreement.to_hex(),
                "agreement_name": self.agreement_name(&feed.agreement),
                "entries": result.as_ref().ok(),
                "fault": result.as_ref().err().map(|fault| &fault.what),
            }));
        }
        findings.extend(self.other_findings());
        let warnings = self.key_warnings();
        Ok(json!({ "healthy": healthy, "findings": findings, "feeds": checked, "key_warnings": warnings }))
    }

    /// Verifies a feed as if a stranger had sent it; the number of entries, or what is wrong and where.
    pub(super) fn verify_feed(&mut self, feed: FeedId) -> Result<Result<u64, FeedFault>, NodeError> {
        let keyring = self.house.archive().clone();
        let mut assembler = Assembler::new(self.network().clone(), Place::first(feed));
        let mut at = Position { seq: Seq(0), part: 0 };
        loop {
            let (bytes, next) = match self.store.stored_frames(&feed, at, CHECK_STEP) {
                Ok(read) => read,
                Err(error @ (StoreError::Damaged { .. } | StoreError::NoEntry { .. })) => {
                    let what = error.to_string();
                    return Ok(Err(FeedFault { seq: assembler.place().seq, what }));
                }
                Err(error) => return Err(error.into()),
            };
            if bytes.is_empty() {
                return Ok(Ok(at.seq.0));
            }
            let mut rest = bytes.as_slice();
            while let Ok(Some(frame)) = Frame::read(rest) {
                if frame.kind == FrameKind::Head {
                    // What came sealed is looked into where its key is here.
                    let key = self.store.key_of(&feed, assembler.position().seq).cloned();
                    assembler.reseat(key.map_or_else(Seat::default, Seat::Holder));
                }
                let taken = match frame.kind {
                    FrameKind::Erased => assembler.pass_erased(),
                    FrameKind::Head
                    | FrameKind::Table
                    | FrameKind::Block
                    | FrameKind::Seal
                    | FrameKind::Sealed => assembler.accept(&keyring, &frame).map(|_| ()),
                };
                if let Err(fault) = taken {
                    let place = assembler.position();
                    let what = format!("feed {feed}, entry {}, frame {}: {fault}", place.seq, place.part);
                    return Ok(Err(FeedFault { seq: place.seq, what }));
                }
                rest = &rest[frame.bytes.len()..];
            }
            at = next;
        }
    }
}
