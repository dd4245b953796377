//! The manifest of a copy of public pages and figures: who made it, when, of which entries, and the hash of the list of
//! its files, signed by the node key. So a folder on any web server is as good as the node itself, and no worse.
//!
//! A JSON text in one fixed form, as a citation is: any other byte is found, because the text is made again from what
//! was verified and compared.
//!
//! ```json
//! {
//!   "corridor": "site/1",
//!   "network": "main",
//!   "claim": { "publisher": "…", "country": "ESP", "made_at": "…", "files": 12, "bytes": 3456, "list_sha256": "…",
//!              "sources": [ { "publisher": "…", "agreement": "…", "seq": 5, "entry": "…" }, … ] },
//!   "card": "base64 of the maker's signed card",
//!   "node": "hex of the node key", "signature": "base64, 64 bytes"
//! }
//! ```
//!
//! Verified are the card under its national key, that it lets the node key release at the time of making, and the
//! signature (`corridor/site/1`). That the national key is the country's is for the reader to know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::codec::{self, Decode, Encode};
use super::head::HeadRef;
use super::id::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use super::identity::{Card, CardError, Purpose};
use crate::crypto::{Context, Hash, Network, NodeSigner, PublicKey, Signature};
use crate::model::Millis;

/// What the field `corridor` says of a manifest.
pub const FORM: &str = "site/1";
/// The most feeds that a copy is made of.
pub const MAX_SOURCES: usize = 4096;
/// The longest manifest that is read, in bytes.
pub const MAX_SITE: usize = 2 << 20;

/// The manifest; verified, because it cannot be made otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteManifest {
    card: Card,
    node: PublicKey,
    body: Body,
    signature: Signature,
}

/// What is signed; the order of fields is the format.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Body {
    publisher: PublisherId,
    made_at: i64,
    files: u64,
    bytes: u64,
    list: [u8; 32],
    sources: Vec<HeadRef>,
}

/// The files of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteFiles {
    /// How many there are, without list and manifest.
    pub files: u64,
    /// How long they are together.
    pub bytes: u64,
    /// The SHA-256 of the list.
    pub list: Hash,
}

impl SiteManifest {
    /// Signs for the government of this card.
    ///
    /// # Errors
    /// [`SiteFault`] when its readers would refuse it.
    pub fn sign(
        card: Card,
        files: SiteFiles,
        mut sources: Vec<HeadRef>,
        time: Millis,
        signer: &dyn NodeSigner,
    ) -> Result<Self, SiteFault> {
        sources.sort_unstable();
        let SiteFiles { files, bytes, list } = files;
        let body = Body { publisher: card.publisher(), made_at: time.0, files, bytes, list: list.0, sources };
        let signature = signer.sign(Context::Site, card.network(), &codec::encode(&body));
        Self { card, node: signer.public_key(), body, signature }.verified()
    }

    fn verified(self) -> Result<Self, SiteFault> {
        let body = &self.body;
        let in_order = body.sources.is_sorted_by(|a, b| a.feed < b.feed);
        let public = body.sources.iter().all(|source| source.feed.agreement == AgreementId::public());
        if !in_order || !public || body.sources.len() > MAX_SOURCES || body.publisher != self.card.publisher()
        {
            return Err(SiteFault::Field("claim"));
        }
        if !self.card.allows(&self.node, Purpose::Release, Millis(body.made_at)) {
            return Err(SiteFault::Mandate);
        }
        let message = codec::encode(body);
        let signed = self.node.verify(Context::Site, self.card.network(), &message, &self.signature);
        signed.map_err(|_| SiteFault::Signature)?;
        Ok(self)
    }

    /// The card of the government that made the copy.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// When it was made.
    pub fn made_at(&self) -> Millis {
        Millis(self.body.made_at)
    }

    /// The files.
    pub fn files(&self) -> SiteFiles {
        let Body { files, bytes, list, .. } = self.body;
        SiteFiles { files, bytes, list: Hash(list) }
    }

    /// The newest entries of the public feeds that it was made of.
    pub fn sources(&self) -> &[HeadRef] {
        &self.body.sources
    }

    /// What is claimed, for people and for JSON.
    pub fn claim(&self) -> Value {
        let source = |head: &HeadRef| {
            json!({
                "publisher": head.feed.publisher.to_hex(),
                "agreement": head.feed.agreement.to_hex(),
                "seq": head.seq.0,
                "entry": head.entry.to_hex(),
            })
        };
        json!({
            "publisher": self.body.publisher.to_hex(),
            "country": self.card.country(),
            "made_at": self.made_at().to_string(),
            "files": self.body.files,
            "bytes": self.body.bytes,
            "list_sha256": Hash(self.body.list).to_hex(),
            "sources": self.body.sources.iter().map(source).collect::<Vec<_>>(),
        })
    }

    /// The manifest's text.
    pub fn to_text(&self) -> String {
        let value = json!({
            "corridor": FORM,
            "network": self.card.network().as_str(),
            "claim": self.claim(),
            "card": BASE64.encode(self.card.to_bytes()),
            "node": self.node.to_hex(),
            "signature": BASE64.encode(self.signature.0),
        });
        let mut text =
            serde_json::to_string_pretty(&value).expect("a value made of texts and numbers is JSON");
        text.push('\n');
        text
    }

    /// Reads and verifies a manifest.
    ///
    /// # Errors
    /// [`SiteFault`] naming what does not hold.
    pub fn from_text(text: &str) -> Result<Self, SiteFault> {
        if text.len() > MAX_SITE {
            return Err(SiteFault::Json("longer than any manifest".to_owned()));
        }
        let value: Value = serde_json::from_str(text).map_err(|error| SiteFault::Json(error.to_string()))?;
        if value["corridor"] != FORM {
            return Err(SiteFault::Json(format!("the field corridor is not {FORM}")));
        }
        let card = Card::from_bytes(&bytes(&value["card"]).ok_or(SiteFault::Field("card"))?)?;
        let network = value["network"].as_str().and_then(|name| Network::parse(name).ok());
        if network.as_ref() != Some(card.network()) {
            return Err(SiteFault::Field("network"));
        }
        let node = value["node"].as_str().and_then(Hash::from_hex).ok_or(SiteFault::Field("node"))?;
        let signature = bytes(&value["signature"]).and_then(|bytes| bytes.try_into().ok());
        let signature = Signature(signature.ok_or(SiteFault::Field("signature"))?);
        let body = claimed(&value["claim"], card.publisher())?;
        let manifest = Self { card, node: PublicKey(node.0), body, signature };
        // Before the signature: it says where, which a signature cannot.
        let meant = manifest.to_text();
        match meant.bytes().zip(text.bytes()).position(|(a, b)| a != b) {
            None if meant.len() == text.len() => manifest.verified(),
            at => Err(SiteFault::Text { at: at.unwrap_or(meant.len().min(text.len())) }),
        }
    }
}

/// What a text claims to be signed.
fn claimed(claim: &Value, publisher: PublisherId) -> Result<Body, SiteFault> {
    let made_at = claim["made_at"].as_str().and_then(|text| Millis::parse(text).ok());
    let list = claim["list_sha256"].as_str().and_then(Hash::from_hex);
    let sources = claim["sources"].as_array().ok_or(SiteFault::Field("claim.sources"))?;
    let sources: Option<Vec<HeadRef>> = sources.iter().map(source).collect();
    Ok(Body {
        publisher,
        made_at: made_at.ok_or(SiteFault::Field("claim.made_at"))?.0,
        files: claim["files"].as_u64().ok_or(SiteFault::Field("claim.files"))?,
        bytes: claim["bytes"].as_u64().ok_or(SiteFault::Field("claim.bytes"))?,
        list: list.ok_or(SiteFault::Field("claim.list_sha256"))?.0,
        sources: sources.ok_or(SiteFault::Field("claim.sources"))?,
    })
}

fn source(value: &Value) -> Option<HeadRef> {
    let text = |field: &str| value[field].as_str();
    let (publisher, agreement) =
        (PublisherId::from_hex(text("publisher")?)?, AgreementId::from_hex(text("agreement")?)?);
    let (seq, entry) = (Seq(value["seq"].as_u64()?), EntryId::from_hex(text("entry")?)?);
    Some(HeadRef { feed: FeedId::new(publisher, agreement), seq, entry })
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    BASE64.decode(value.as_str()?).ok()
}

/// Why a manifest does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SiteFault {
    /// The text is no manifest.
    #[error("this is no manifest of a copy: {0}")]
    Json(String),
    /// A field is missing or malformed.
    #[error("the field {0} is missing or damaged")]
    Field(&'static str),
    /// The card does not verify.
    #[error("the card in it: {0}")]
    Card(#[from] CardError),
    /// The key that signed had no mandate for it.
    #[error("the node key that signed it has no mandate on the card for that time")]
    Mandate,
    /// The signature does not verify.
    #[error("the signature is not that of the node key over what the claim says: one of the two was altered")]
    Signature,
    /// The text differs from the one that its content makes.
    #[error("byte {at} is not what its content makes it: the text was altered")]
    Text {
        /// The first byte that differs.
        at: usize,
    },
}

#[cfg(test)]
mod tests;
