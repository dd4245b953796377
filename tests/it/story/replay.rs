//! Steps 1 to 5: the Philippines and Canada, with the figures that both have published.

use std::path::Path;

use corridor::cli::demo::checks::{Checks, pair};
use corridor::cli::demo::government::Government;
use corridor::model::{AttributeId, Millis};
use corridor::node::clock;
use serde_json::{Value, json};

use super::{Pair, distinct, said, stated};

/// The years from 1981 to 2013.
const YEARS: usize = 33;
/// Two years, in milliseconds.
const TERM: i64 = 2 * 365 * 86_400_000;
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/data/mirror_phl_can_1981_2013.csv");

/// A side of the corridor: who, the mapping of its column, its indicator, its series, and the definition that it
/// counts by.
type Side<'a> = (&'a Government, &'static str, &'static str, &'static str, &'static str);

/// Plays the steps.
pub(super) fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<Pair> {
    println!("\nA.1 The Philippines and Canada accept each other's cards.");
    let names = [("PHL", "Philippines (replay)"), ("CAN", "Canada (replay)")];
    let pair = Pair::meet(dir, names, "ARR-1", checks)?;
    agree(&pair, checks)?;
    exchange(&pair, checks)?;
    compare(&pair, checks)?;
    Ok(pair)
}

fn agree(pair: &Pair, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.2 Both sign ARR-1: statistics, rule D5, from today for two years.");
    let until = clock::now().saturating_add(TERM).to_string();
    let what = ["--indicator", "EF_REGEMI", "--indicator", "MF_PERMSET", "--purpose", "STAT"];
    let how = ["--disclosure-rule", "D5", "--until", &until];
    pair.agree(&[&what[..], &how].concat(), checks)?;
    let [one, other] = [pair.show(&pair.one)?, pair.show(&pair.other)?];
    for (clause, expected) in [
        ("purpose", json!("STAT")),
        ("disclosure_rule", json!("D5")),
        ("parties", json!(["CAN", "PHL"])),
        ("end", json!(until)),
    ] {
        let sorted = |value: &Value| {
            let mut list: Vec<Value> = value[clause].as_array().cloned().unwrap_or_default();
            list.sort_by_key(Value::to_string);
            if value[clause].is_array() { json!(list) } else { value[clause].clone() }
        };
        checks.equal(&format!("{clause} of ARR-1 at CAN"), &sorted(&other), expected);
    }
    let indicators = &other["scope"][0]["indicators"];
    checks.equal("the indicators of ARR-1 at CAN", indicators, json!(["EF_REGEMI", "MF_PERMSET"]));
    let start = Millis::parse(other["start"].as_str().unwrap_or_default()).unwrap_or(Millis(0));
    let age = clock::now().since(start);
    checks.is("ARR-1 starts today", (0..86_400_000).contains(&age), &other["start"].to_string());
    checks.is("both have signed the same bytes", one["agreement"] == other["agreement"], "the ids differ");
    Ok(())
}

fn sides(pair: &Pair) -> [Side<'_>; 2] {
    let key = "A.PHL.CAN.EF_REGEMI.CIT._T._T._T._T._T._T._T._T.PS";
    let mirrored = "A.CAN.PHL.MF_PERMSET.CIT._T._T._T._T._T._T._T._T.PS";
    [
        (&pair.one, "phl_can_origin", "EF_REGEMI", key, "CFO-REGISTERED-EMIGRANTS"),
        (&pair.other, "phl_can_destination", "MF_PERMSET", mirrored, "CAN-PERMANENT-RESIDENTS"),
    ]
}

fn exchange(pair: &Pair, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.3, A.4 Each submits its 33 years and releases them; they cross.");
    for (node, map, ..) in sides(pair) {
        let submitted = node.ask(&["submit", FILE, "--map", map])?;
        checks.equal(
            &format!("observations that {} submits", node.country()),
            &submitted["observations"],
            YEARS,
        );
        node.ask(&["release"])?;
    }
    for ((publisher, _, indicator, key, definition), reader) in
        sides(pair).into_iter().zip([&pair.other, &pair.one])
    {
        let (publisher, reader_name) = (publisher.country(), reader.country());
        let held = || reader.get(&[indicator, "--from", publisher]).unwrap_or_default();
        checks.eventually(&format!("{reader_name} holds all {YEARS} figures of {publisher}"), || {
            held().len() == YEARS
        });
        let status = distinct(&held(), "obs_status");
        let name = format!("{publisher}'s published figures are exact and free at {reader_name}");
        checks.is(&name, status.len() == 1 && status.contains("\"A\""), &format!("{status:?}"));
        let series = said(reader, indicator, key, "2013", &pair.data.join(format!("{publisher}.json")))?;
        checks.equal(
            &format!("the definition that {publisher} counts by, as {reader_name} holds it signed,"),
            &stated(&series, AttributeId::DefId),
            definition,
        );
    }
    pair.same_heads("A.4", checks);
    Ok(())
}

fn compare(pair_of: &Pair, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.5 Both counts side by side, at both ends.");
    for node in [&pair_of.one, &pair_of.other] {
        let country = node.country();
        let mirror = node.ask(&["mirror", "PHL", "CAN", "EF_REGEMI"])?;
        let summary = &mirror["summary"];
        for (field, expected) in [
            ("pairs", json!(YEARS)),
            ("min_ratio", json!("1.072")),
            ("max_ratio", json!("1.834")),
            ("mean_ratio", json!("1.416")),
            ("flagged", json!(30)),
        ] {
            checks.equal(&format!("{field} of the mirror at {country}"), &summary[field], expected);
        }
        let last = pair(&mirror, "2013");
        checks.equal(&format!("PHL's count of 2013 at {country}"), &last["origin_value"], "19041");
        checks.equal(&format!("CAN's count of 2013 at {country}"), &last["destination_value"], "29544");
    }
    Ok(())
}
