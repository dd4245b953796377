//! What the commands on keys say: what was done, what partners do, what stays valid, and what is left to do.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::cli::print;
use crate::feed::Card;

/// Before a succession that theft calls for.
pub(super) const NATIONAL_STOLEN: &str = "\
Who has the national key can sign cards and mandates in our name. It cannot appoint a successor: the card that our
partners hold has long announced the hash of the next national key, and that one succeeds now. From its card on:
  - whatever the stolen key signs is refused by everybody who has the new card, whatever date it bears;
  - our publisher id and fingerprint stay: they are the hash of our first national key for ever;
  - all our node keys are mandated again by the next key; all entries, agreements and receipts stay valid;
  - a node key that the thief has mandated counts for nothing; what it signed for our feeds is thrown out once it is
    revoked: corridor key revoke NODE_KEY (64 digits) --reason compromised.
If the node key may be stolen too, run `corridor key compromised` afterwards.";

fn told(value: &Value) -> String {
    match print::list(&value["told"]) {
        nobody if nobody.is_empty() => "There is no partner to be told.\n".to_owned(),
        partners => format!("Told, in the correspondence with each: {partners}.\n"),
    }
}

fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub(super) fn rotated(value: &Value, overlap: u32, now: bool) -> String {
    let mut text = String::new();
    if let Some(next) = value["next"].as_str() {
        let _ = writeln!(text, "The next node key is {next}.");
        text += &told(value);
        let _ = writeln!(
            text,
            "The key in use stays mandated for {overlap} days beside it, or to the end of its own term if that is earlier."
        );
    }
    if now {
        let _ = writeln!(text, "The node key {} signs from now on.", field(value, "node"));
        text += "Restart the daemon, if one runs, to be reached under it.\n";
    } else {
        text += "It takes over at the first start of the daemon at which every partner that is not paused has acknowledged \
                 the new card;\n`corridor key list` says for whom it waits, `corridor key rotate --now` does not wait.\n";
    }
    text
}

pub(super) fn revoked(value: &Value) -> String {
    let mut text = format!("Revoked: {}.\n", print::list(&value["revoked"]));
    text += &told(value);
    text +=
        "What it has signed up to now stands. From the new card on partners refuse anything else by it.\n";
    text
}

pub(super) fn compromised(value: &Value, card: &Path) -> String {
    let mut text = format!("Revoked as compromised: {}.\n", print::list(&value["revoked"]));
    text += &told(value);
    if value["switched"] == true {
        text += "A new node key signs from now on. Restart the daemon, if one runs: partners keep no session with the old key.\n";
    }
    let _ = write!(
        text,
        "\nWhat partners do as soon as they have the new card\n\
         \x20 - they end every session with the revoked key and open none;\n\
         \x20 - they refuse every entry by it at a later place than those that this node knows, whatever time it claims,\n\
         \x20   and cut off such entries if they hold some;\n\
         \x20 - they show the revocation: corridor partner show, corridor status.\n\
         \nWhat stays valid\n\
         \x20 - all entries by it up to those places: they can be read, cited and verified with the new card;\n\
         \x20 - agreements and receipts that it has signed in them.\n\
         \nThe new card has to reach every partner. Where no line of the old key stood just now, hand it over again, as the\n\
         first time, or in a bundle: {}\n",
        card.display()
    );
    let doubted = value["not_vouched"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !doubted.is_empty() {
        text += "\nNot vouched for any more: they keep their place in the feed, partners erase their figures, and nobody can \
                 cite them.\nLook at each; take back what is wrong (corridor retract), and release again what is right.\n";
        for one in doubted {
            let (title, seq) = (field(one, "title"), &one["seq"]);
            let _ = writeln!(text, "  {title}, entry {seq}: {}, {}", field(one, "kind"), field(one, "time"));
        }
    }
    text
}

pub(super) fn succeeded(value: &Value, card: &Card, file: &Path) -> String {
    let mut text = format!(
        "The national key {} has succeeded; it is number {} in our line.\n",
        card.body().national_key(),
        card.body().line.len()
    );
    text += &told(value);
    let _ = write!(
        text,
        "Publisher id and fingerprint are what they were: {}\n\
         All mandates are signed again by it; entries, agreements and receipts stay valid. A card by the former key is\n\
         refused by everybody who has the new one. A partner whom no line reaches gets it by hand or in a bundle: {}\n\
         The next national key was made anew: move national.age and next-national.age to safe places, not to the same one.\n",
        card.publisher().fingerprint(),
        file.display()
    );
    text
}
