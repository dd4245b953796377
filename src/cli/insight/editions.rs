//! Editions of a regional profile: signed, and shown.

use serde_json::{Value, json};

use super::list;
use crate::cli::args::Global;
use crate::cli::{Outcome, ask, print};
use crate::node::{RegionSign, Request};

/// `region AGREEMENT --sign EDITION`
pub(super) fn sign(global: &Global, sign: RegionSign) -> anyhow::Result<Outcome> {
    let value = ask::value(global, Request::RegionSign(sign))?;
    if global.json {
        print::value(&value, true)?;
        return Ok(Outcome::Done);
    }
    let text = |field: &str| print::cell(&value[field]);
    let what = match (value["signed"].as_str(), value["as_of"].as_str()) {
        (Some("before"), _) => "was signed here before",
        (_, Some("now")) => "signed as it is computed here now",
        _ => "signed as it is computed here of the entries that others signed",
    };
    print::text(&format!(
        "edition {} of {}: {what}\ndigest {}\n",
        text("edition"),
        text("title"),
        text("digest")
    ))?;
    if value["changed_from"].is_string() {
        print::text(&format!("in place of {}\n", text("changed_from")))?;
    }
    let missing = print::list(&value["missing"]);
    if !missing.is_empty() {
        print::text(&format!("missing in it: {missing}\n"))?;
    }
    print::text(&format!("{}\n", count(&value, "signatures", value["adopted"] == true)))?;
    Ok(Outcome::Done)
}

/// The editions, the newest first.
pub(super) fn show(editions: &[Value]) -> anyhow::Result<()> {
    if editions.is_empty() {
        return Ok(());
    }
    print::text("\neditions\n")?;
    let row = |one: &Value| {
        json!({
            "edition": one["edition"],
            "signatures": count(one, "signed", one["adopted"] == true),
            "digest": short(&one["digest"]),
            "today": if one["is_current"] == true { "the same digest" } else { "another digest" },
            "not_signed": one["not_signed"],
        })
    };
    let columns = ["edition", "signatures", "digest", "today", "not_signed"];
    print::table(&columns, &editions.iter().map(row).collect::<Vec<_>>())?;
    let mut rows = Vec::new();
    for edition in editions {
        for signed in list(&edition["digests"]) {
            rows.extend(list(&signed["signers"]).iter().map(|signer| signer_row(edition, &signed, signer)));
        }
    }
    print::table(&["edition", "signed_by", "time", "digest", "computed_here", "had_signed_before"], &rows)?;
    Ok(())
}

fn signer_row(edition: &Value, signed: &Value, signer: &Value) -> Value {
    let before: Vec<String> = list(&signer["changed_from"]).iter().map(short).collect();
    json!({
        "edition": edition["edition"],
        "signed_by": signer["country"],
        "time": signer["time"],
        "digest": short(&signed["digest"]),
        "computed_here": match signer["recomputed"].as_str() {
            Some("same") => "of the same entries, the same digest".to_owned(),
            Some("another") => "of the same entries, ANOTHER digest".to_owned(),
            _ => format!("not: {}", print::cell(&signer["why"])),
        },
        "had_signed_before": before.join(", "),
    })
}

/// How many of how many have signed, and what that means.
fn count(value: &Value, field: &str, adopted: bool) -> String {
    let (signed, of, needed) = (&value[field], &value["of"], &value["needed"]);
    match adopted {
        true => format!("{signed} of {of}, adopted"),
        false => format!("{signed} of {of}, {needed} adopt it"),
    }
}

fn short(digest: &Value) -> String {
    digest.as_str().unwrap_or_default().chars().take(16).collect()
}
