//! `verify`: checks a citation, offline and without a node.

use anyhow::Context;
use serde_json::json;

use super::args::{Global, Verify};
use super::{Outcome, print};
use crate::feed::Card;
use crate::feed::citation::{Citation, MAX_CITATION};

/// `verify`
///
/// # Errors
/// When the files cannot be read.
pub fn run(global: &Global, args: &Verify) -> anyhow::Result<Outcome> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let card = args.card.as_ref().map(|file| read_card(file)).transpose()?;
    match check(&bytes, card.as_ref()) {
        Ok(citation) => {
            let header = citation.header().header();
            let value = json!({
                "valid": true,
                "publisher": header.feed.publisher.to_hex(),
                "country": citation.card().country(),
                "feed": format!("{}/{}", header.feed.publisher.to_hex(), header.feed.agreement.to_hex()),
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

fn check(bytes: &[u8], card: Option<&Card>) -> Result<Citation, String> {
    if bytes.len() > MAX_CITATION {
        return Err("the file is longer than any citation".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("the file is not UTF-8: {error}"))?;
    let citation = Citation::from_text(text).map_err(|error| error.to_string())?;
    match card {
        Some(card) if card.publisher() != citation.card().publisher() => {
            Err("the citation is of another government than the card that was given".to_owned())
        }
        Some(_) | None => Ok(citation),
    }
}
