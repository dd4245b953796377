//! Citations: one observation with everything that a third party needs to verify it offline.
//!
//! A citation is a JSON text in one fixed form: the keys in this order, two spaces of indentation, one newline at
//! the end. Any other byte is found, because the text is made again from what was verified and compared.
//!
//! ```json
//! {
//!   "corridor": "citation/1",
//!   "network": "main",
//!   "claim": { "publisher": "…", "country": "ESP", "agreement": "…", "seq": 0, "released_at": "…",
//!              "key": "A.ESP.ITA.MF_IMM_PREV.…", "time_period": "2017", "obs_value": "22203",
//!              "obs_status": "A", "conf_status": "F", "revision": 0 },
//!   "card": "base64 of the publisher's signed card",
//!   "header": "base64 of the entry's header", "signature": "base64, 64 bytes",
//!   "record": "base64 of the record", "leaf_index": 0, "tree_size": 1, "path": ["hex", …]
//! }
//! ```
//!
//! Verified are: the card under its national key and that under the line from the first one, the mandate of the node
//! key for the time and kind of the entry, and, if the key was revoked, the entry's place, the header's signature, the record's path to the header's root, and that the claim is what the record
//! says. That the national key is the country's is for the reader to know: from a card accepted before, or by
//! comparing the fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::header::SignedHeader;
use super::identity::{Card, CardError, Refusal};
use super::record;
use crate::crypto::{Hash, InclusionPath, Network, Signature, merkle, root_from_path};
use crate::model::{Observation, Period, Record, Series};

/// The longest citation that is read, in bytes: a record of 60 KiB with the rest around it.
pub const MAX_CITATION: usize = 256 << 10;

/// One record with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    card: Card,
    header: SignedHeader,
    series: Series,
    record: Vec<u8>,
    path: InclusionPath,
    period: Period,
}

impl Citation {
    /// Cites one period of a series record.
    ///
    /// # Errors
    /// [`CitationFault`] when the parts do not prove what they should.
    pub fn new(
        card: Card,
        header: SignedHeader,
        record: Vec<u8>,
        path: InclusionPath,
        period: Period,
    ) -> Result<Self, CitationFault> {
        match card.judge(header.header()) {
            Err(Refusal::Mandate) => return Err(CitationFault::Mandate),
            Ok(()) if card.vouches(header.header()) => {}
            Ok(()) | Err(Refusal::Revoked) => return Err(CitationFault::Revoked),
        }
        let root = root_from_path(merkle::leaf_hash(&record), &path);
        let content = header.header().content;
        if path.size != content.record_count || root != Some(content.record_root) {
            return Err(CitationFault::Path);
        }
        let Ok(Record::Series(series)) = record::decode(&record) else { return Err(CitationFault::Record) };
        let this = Self { card, header, series, record, path, period };
        if this.observation().is_some() { Ok(this) } else { Err(CitationFault::Period(period.to_string())) }
    }

    /// The publisher's card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The entry's header.
    pub fn header(&self) -> &SignedHeader {
        &self.header
    }

    /// The series as the entry states it, with all its periods.
    pub fn series(&self) -> &Series {
        &self.series
    }

    fn observation(&self) -> Option<&Observation> {
        self.series.observations().iter().find(|observation| observation.period() == self.period)
    }

    /// What is cited, for people and for JSON.
    pub fn claim(&self) -> Value {
        let header = self.header.header();
        let observation = self.observation();
        json!({
            "publisher": header.feed.publisher.to_hex(),
            "country": self.card.country(),
            "agreement": header.feed.agreement.to_hex(),
            "seq": header.seq.0,
            "released_at": header.time.to_string(),
            "key": self.series.key().as_str(),
            "time_period": self.period.to_string(),
            "obs_value": observation.and_then(Observation::value).map(|value| value.to_string()),
            "obs_status": observation.map(|o| o.status().code().to_string()),
            "conf_status": observation.map(|o| o.conf().code().to_string()),
            "revision": observation.map(Observation::revision),
        })
    }

    /// The citation's text.
    pub fn to_text(&self) -> String {
        let path: Vec<String> = self.path.hashes.iter().map(|hash| hash.to_hex()).collect();
        let value = json!({
            "corridor": "citation/1",
            "network": self.card.network().as_str(),
            "claim": self.claim(),
            "card": BASE64.encode(self.card.to_bytes()),
            "header": BASE64.encode(self.header.signed_bytes()),
            "signature": BASE64.encode(self.header.signature().0),
            "record": BASE64.encode(&self.record),
            "leaf_index": self.path.index,
            "tree_size": self.path.size,
            "path": path,
        });
        let mut text =
            serde_json::to_string_pretty(&value).expect("a value made of texts and numbers is JSON");
        text.push('\n');
        text
    }

    /// Reads and verifies a citation.
    ///
    /// # Errors
    /// [`CitationFault`] naming what does not hold.
    pub fn from_text(text: &str) -> Result<Self, CitationFault> {
        if text.len() > MAX_CITATION {
            return Err(CitationFault::Json("longer than any citation".to_owned()));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| CitationFault::Json(error.to_string()))?;
        if value["corridor"] != "citation/1" {
            return Err(CitationFault::Json("the field corridor is not citation/1".to_owned()));
        }
        let network =
            Network::parse(string(&value, "network")?).map_err(|_| CitationFault::Field("network"))?;
        let card = Card::from_bytes(&bytes(&value, "card")?)?;
        if *card.network() != network {
            return Err(CitationFault::Field("network"));
        }
        let signature = bytes(&value, "signature")?;
        let signature = Signature(signature.try_into().map_err(|_| CitationFault::Field("signature"))?);
        let header = SignedHeader::verify(&network, &bytes(&value, "header")?, signature)
            .map_err(|error| CitationFault::Header(error.to_string()))?;
        let path = path(&value)?;
        let period = Period::parse(value["claim"]["time_period"].as_str().unwrap_or_default())
            .map_err(|_| CitationFault::Field("claim.time_period"))?;
        let citation = Self::new(card, header, bytes(&value, "record")?, path, period)?;
        let meant = citation.to_text();
        match meant.bytes().zip(text.bytes()).position(|(a, b)| a != b) {
            None if meant.len() == text.len() => Ok(citation),
            at => Err(CitationFault::Text { at: at.unwrap_or(meant.len().min(text.len())) }),
        }
    }
}

fn string<'a>(value: &'a Value, field: &'static str) -> Result<&'a str, CitationFault> {
    value[field].as_str().ok_or(CitationFault::Field(field))
}

fn bytes(value: &Value, field: &'static str) -> Result<Vec<u8>, CitationFault> {
    BASE64.decode(string(value, field)?).map_err(|_| CitationFault::Field(field))
}

fn path(value: &Value) -> Result<InclusionPath, CitationFault> {
    let number = |field| value[field].as_u64().ok_or(CitationFault::Field(field));
    let items = value["path"].as_array().ok_or(CitationFault::Field("path"))?;
    let hashes: Option<Vec<Hash>> = items.iter().map(|item| item.as_str().and_then(Hash::from_hex)).collect();
    let hashes = hashes.ok_or(CitationFault::Field("path"))?;
    Ok(InclusionPath { index: number("leaf_index")?, size: number("tree_size")?, hashes })
}

/// Why a citation does not prove what it says.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CitationFault {
    /// The text is no citation.
    #[error("this is no citation: {0}")]
    Json(String),
    /// A field is missing or malformed.
    #[error("the field {0} is missing or damaged")]
    Field(&'static str),
    /// The card does not verify.
    #[error("the card in it: {0}")]
    Card(#[from] CardError),
    /// The header does not verify.
    #[error("the header in it: {0}")]
    Header(String),
    /// The key that signed the entry had no mandate for it.
    #[error("the node key that signed the entry has no mandate on the card for that time")]
    Mandate,
    /// The key that signed the entry was revoked, and the entry is none of those that stand.
    #[error(
        "the node key that signed the entry was revoked by its government, which does not vouch for this entry"
    )]
    Revoked,
    /// The record is not the one that the header commits to.
    #[error("the path does not lead from the record to the root in the header: one of the three was altered")]
    Path,
    /// The two headers are not of one place, or are one entry.
    #[error("the two headers are no fork: they are for different places, or are one entry")]
    NoFork,
    /// The resolution is not this publisher's, or of another place.
    #[error("the resolution in it is not signed by the publisher's national key, or is of another place")]
    Resolution,
    /// The record is no series.
    #[error("the record is malformed or no series")]
    Record,
    /// The record does not have the period.
    #[error("the record states nothing for {0}")]
    Period(String),
    /// The text differs from the one that its verified content makes.
    #[error("byte {at} is not what the signed content makes it: the claim or the text was altered")]
    Text {
        /// The first byte that differs.
        at: usize,
    },
}

#[cfg(test)]
mod tests;
