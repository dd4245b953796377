//! Proofs of forks: two signed headers for one place, which anybody can check offline.
//!
//! A JSON text in one fixed form, as a citation is: any other byte is found, because the text is made again from what
//! was verified and compared. The two headers stand in the order of their ids, so that a fork has one proof.
//!
//! ```json
//! {
//!   "corridor": "fork/1",
//!   "network": "main",
//!   "claim": { "publisher": "…", "country": "ESP", "agreement": "…", "seq": 5,
//!              "entries": ["…", "…"], "times": ["…", "…"], "kept": null },
//!   "card": "base64 of the publisher's signed card",
//!   "headers": ["base64", "base64"], "signatures": ["base64, 64 bytes", "…"],
//!   "resolution": null
//! }
//! ```
//!
//! Verified are: the card under its national key, both headers' signatures, that the card mandates both node keys for
//! the times and kinds of the entries, that both are for one place and differ, and the publisher's resolution, if there
//! is one. That the national key is the country's is for the reader to know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::citation::CitationFault;
use super::head::Fork;
use super::header::SignedHeader;
use super::identity::{Card, Keyring};
use super::resolution::Resolution;
use crate::crypto::{Network, Signature};

/// What the field `corridor` says of a proof of a fork.
pub const FORM: &str = "fork/1";

/// A fork with the card of the publisher who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    card: Card,
    fork: Fork,
    resolution: Option<Resolution>,
}

impl ForkProof {
    /// A proof of a fork with its publisher's card, and the resolution if the publisher has given one.
    ///
    /// # Errors
    /// [`CitationFault`] when the parts do not prove what they should.
    pub fn new(
        card: Card,
        (one, other): (SignedHeader, SignedHeader),
        resolution: Option<Resolution>,
    ) -> Result<Self, CitationFault> {
        let mut keyring = Keyring::default();
        keyring.insert(card.clone());
        if [&one, &other].iter().any(|header| !keyring.may_sign(header.header())) {
            return Err(CitationFault::Mandate);
        }
        let (one, other) = if one.id() < other.id() { (one, other) } else { (other, one) };
        let fork = Fork::of(one, other, &keyring).ok_or(CitationFault::NoFork)?;
        if let Some(resolution) = &resolution {
            let place = (resolution.feed(), resolution.seq()) == (fork.feed(), fork.seq());
            if !place || !resolution.verify(card.network(), &keyring) {
                return Err(CitationFault::Resolution);
            }
        }
        Ok(Self { card, fork, resolution })
    }

    /// The publisher's card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The fork.
    pub fn fork(&self) -> &Fork {
        &self.fork
    }

    /// What the publisher has decided, if it has.
    pub fn resolution(&self) -> Option<&Resolution> {
        self.resolution.as_ref()
    }

    fn headers(&self) -> [&SignedHeader; 2] {
        let (one, other) = self.fork.headers();
        [one, other]
    }

    /// What is proven, for people and for JSON.
    pub fn claim(&self) -> Value {
        json!({
            "publisher": self.fork.feed().publisher.to_hex(),
            "country": self.card.country(),
            "agreement": self.fork.feed().agreement.to_hex(),
            "seq": self.fork.seq().0,
            "entries": self.headers().map(|header| header.id().to_hex()),
            "times": self.headers().map(|header| header.header().time.to_string()),
            "kept": self.resolution.as_ref().map(|one| one.kept().to_hex()),
        })
    }

    /// The proof's text.
    pub fn to_text(&self) -> String {
        let value = json!({
            "corridor": FORM,
            "network": self.card.network().as_str(),
            "claim": self.claim(),
            "card": BASE64.encode(self.card.to_bytes()),
            "headers": self.headers().map(|header| BASE64.encode(header.signed_bytes())),
            "signatures": self.headers().map(|header| BASE64.encode(header.signature().0)),
            "resolution": self.resolution.as_ref().map(|one| BASE64.encode(one.to_bytes())),
        });
        let mut text =
            serde_json::to_string_pretty(&value).expect("a value made of texts and numbers is JSON");
        text.push('\n');
        text
    }

    /// Reads and verifies a proof.
    ///
    /// # Errors
    /// [`CitationFault`] naming what does not hold.
    pub fn from_text(text: &str) -> Result<Self, CitationFault> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| CitationFault::Json(error.to_string()))?;
        if value["corridor"] != FORM {
            return Err(CitationFault::Json(format!("the field corridor is not {FORM}")));
        }
        let network = value["network"].as_str().and_then(|name| Network::parse(name).ok());
        let network = network.ok_or(CitationFault::Field("network"))?;
        let card = Card::from_bytes(&bytes(&value["card"], "card")?)?;
        if *card.network() != network {
            return Err(CitationFault::Field("network"));
        }
        let header = |at: usize| {
            let signature = bytes(&value["signatures"][at], "signatures")?;
            let signature = Signature(signature.try_into().map_err(|_| CitationFault::Field("signatures"))?);
            SignedHeader::verify(&network, &bytes(&value["headers"][at], "headers")?, signature)
                .map_err(|error| CitationFault::Header(error.to_string()))
        };
        let resolution = match &value["resolution"] {
            Value::Null => None,
            coded => {
                let read = Resolution::from_bytes(&bytes(coded, "resolution")?);
                Some(read.map_err(|_| CitationFault::Resolution)?)
            }
        };
        let proof = Self::new(card, (header(0)?, header(1)?), resolution)?;
        let meant = proof.to_text();
        match meant.bytes().zip(text.bytes()).position(|(a, b)| a != b) {
            None if meant.len() == text.len() => Ok(proof),
            at => Err(CitationFault::Text { at: at.unwrap_or(meant.len().min(text.len())) }),
        }
    }
}

fn bytes(value: &Value, field: &'static str) -> Result<Vec<u8>, CitationFault> {
    let text = value.as_str().ok_or(CitationFault::Field(field))?;
    BASE64.decode(text).map_err(|_| CitationFault::Field(field))
}

#[cfg(test)]
mod tests;
