//! `verify`: checks a citation or the proof of a fork, offline and without a node.

use anyhow::Context;
use serde_json::json;

use super::args::{Global, Verify};
use super::{Outcome, print};
use crate::feed::citation::{Citation, MAX_CITATION};
use crate::feed::fork_proof::FORM;
use crate::feed::{Card, FeedId, ForkProof};

/// `verify`
///
/// # Errors
/// When the files cannot be read.
pub fn run(global: &Global, args: &Verify) -> anyhow::Result<Outcome> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let card = args.card.as_ref().map(|file| read_card(file)).transpose()?;
    match check(&bytes, card.as_ref()) {
        Ok(Checked::Fork(proof)) => {
            let value = json!({
                "valid": true,
                "publisher": proof.fork().feed().publisher.to_hex(),
                "country": proof.card().country(),
                "feed": feed_name(&proof.fork().feed()),
                "seq": proof.fork().seq().0,
                "network": proof.card().network().as_str(),
                "fingerprint": proof.card().publisher().fingerprint(),
                "claim": proof.claim(),
            });
            print::value(&value, global.json)?;
            Ok(Outcome::Done)
        }
        Ok(Checked::Citation(citation)) => {
            let header = citation.header().header();
            let value = json!({
                "valid": true,
                "publisher": header.feed.publisher.to_hex(),
                "country": citation.card().country(),
                "feed": feed_name(&header.feed),
                "seq": header.seq.0,
                "released_at": header.time.to_string(),
                "network": citation.card().network().as_str(),
                "fingerprint": header.feed.publisher.fingerprint(),
                "claim": citation.claim(),
            });
            print::value(&value, global.json)?;
            if !global.json && card.is_none() {
                eprintln!(
                    "\nThe proof holds. That the key is the country's own, compare the fingerprint with the government,"
                );
                eprintln!("or give the card that it handed to you: --card FILE");
            }
            Ok(Outcome::Done)
        }
        Err(reason) => {
            print::value(&json!({ "valid": false, "reason": reason }), global.json)?;
            Ok(Outcome::Unproven)
        }
    }
}

fn read_card(file: &std::path::Path) -> anyhow::Result<Card> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Card::from_text(&text).with_context(|| file.display().to_string())
}

/// What a file turned out to prove.
enum Checked {
    Citation(Box<Citation>),
    Fork(Box<ForkProof>),
}

fn feed_name(feed: &FeedId) -> String {
    format!("{}/{}", feed.publisher.to_hex(), feed.agreement.to_hex())
}

fn check(bytes: &[u8], card: Option<&Card>) -> Result<Checked, String> {
    if bytes.len() > MAX_CITATION {
        return Err("the file is longer than any citation".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("the file is not UTF-8: {error}"))?;
    let is_fork =
        serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value["corridor"] == FORM);
    let (checked, publisher) = if is_fork {
        let proof = ForkProof::from_text(text).map_err(|error| error.to_string())?;
        let publisher = proof.card().publisher();
        (Checked::Fork(Box::new(proof)), publisher)
    } else {
        let citation = Citation::from_text(text).map_err(|error| error.to_string())?;
        let publisher = citation.card().publisher();
        (Checked::Citation(Box::new(citation)), publisher)
    };
    match card {
        Some(card) if card.publisher() != publisher => {
            Err("the citation is of another government than the card that was given".to_owned())
        }
        Some(_) | None => Ok(checked),
    }
}
