//! `verify`: checks a citation, the proof of a fork or a published copy, offline and without a node.

use anyhow::Context;
use serde_json::json;

use super::args::{Global, Verify};
use super::{Outcome, print, site};
use crate::feed::{Card, evidence};

/// `verify`
///
/// # Errors
/// When the files cannot be read.
pub fn run(global: &Global, args: &Verify) -> anyhow::Result<Outcome> {
    if args.file.is_dir() {
        let card = args.card.as_ref().map(|file| read_card(file)).transpose()?;
        return site::verify(global, &args.file, card.as_ref());
    }
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
    let card = args.card.as_ref().map(|file| read_card(file)).transpose()?;
    match evidence::verify(&bytes, card.as_ref()) {
        Ok(evidence) => {
            print::value(&evidence.value, global.json)?;
            if evidence.is_citation && !global.json && card.is_none() {
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
