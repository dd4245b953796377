//! The one check of what somebody holds as evidence: a citation, or the proof of a fork.

use serde_json::{Value, json};

use super::citation::{Citation, MAX_CITATION};
use super::fork_proof::{FORM, ForkProof};
use super::header::Header;
use super::id::FeedId;
use super::identity::Card;

/// Evidence that holds, in words for people and programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// `{"valid": true, "publisher", "country", "feed", "seq", …}`; a citation also says when it was released.
    pub value: Value,
    /// Whether it is a citation; else it is the proof of a fork.
    pub is_citation: bool,
}

/// Verifies evidence; with a card it must be of that government.
///
/// # Errors
/// Why it does not hold.
pub fn verify(bytes: &[u8], card: Option<&Card>) -> Result<Evidence, String> {
    if bytes.len() > MAX_CITATION {
        return Err("the file is longer than any citation".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("the file is not UTF-8: {error}"))?;
    let is_fork = serde_json::from_str::<Value>(text).is_ok_and(|value| value["corridor"] == FORM);
    let (evidence, publisher) = if is_fork {
        let proof = ForkProof::from_text(text).map_err(|error| error.to_string())?;
        (Evidence { value: of_fork(&proof), is_citation: false }, proof.card().publisher())
    } else {
        let citation = Citation::from_text(text).map_err(|error| error.to_string())?;
        (Evidence { value: of_citation(&citation), is_citation: true }, citation.card().publisher())
    };
    match card {
        Some(card) if card.publisher() != publisher => {
            Err("the citation is of another government than the card that was given".to_owned())
        }
        Some(_) | None => Ok(evidence),
    }
}

fn of_citation(citation: &Citation) -> Value {
    let header: &Header = citation.header().header();
    json!({
        "valid": true,
        "publisher": header.feed.publisher.to_hex(),
        "country": citation.card().country(),
        "feed": feed_name(&header.feed),
        "seq": header.seq.0,
        "released_at": header.time.to_string(),
        "network": citation.card().network().as_str(),
        "fingerprint": header.feed.publisher.fingerprint(),
        "claim": citation.claim(),
    })
}

fn of_fork(proof: &ForkProof) -> Value {
    json!({
        "valid": true,
        "publisher": proof.fork().feed().publisher.to_hex(),
        "country": proof.card().country(),
        "feed": feed_name(&proof.fork().feed()),
        "seq": proof.fork().seq().0,
        "network": proof.card().network().as_str(),
        "fingerprint": proof.card().publisher().fingerprint(),
        "claim": proof.claim(),
    })
}

fn feed_name(feed: &FeedId) -> String {
    format!("{}/{}", feed.publisher.to_hex(), feed.agreement.to_hex())
}
