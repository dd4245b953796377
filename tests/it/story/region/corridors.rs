//! A group in which roles decide who reports: eleven origins and seven destinations, all with their own daemons.

use std::path::Path;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use serde_json::{Value, json};

use super::{MATRIX, PARALLEL, in_parallel, list, newest, report, same_digest};
use crate::world::{BINARY, text};

const ORIGINS: [&str; 11] = ["AFG", "BGD", "CHN", "IDN", "IND", "LKA", "NPL", "PAK", "PHL", "THA", "VNM"];
const DESTINATIONS: [&str; 7] = ["ARE", "BHR", "KWT", "MYS", "OMN", "QAT", "SAU"];
const TITLE: &str = "Origins and destinations";
/// Rows of the matrix from the eleven to the seven: eight years, two sexes, 61 corridors.
const ROWS: u64 = 976;

#[test]
#[ignore = "eighteen daemons: scripts/story ADD runs it"]
fn b_eleven_origins_and_seven_destinations_report_by_their_roles() {
    super::super::played(play);
}

fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.9 Eleven origins and seven destinations in one group.");
    let all = meet(dir, checks)?;
    agree(&all, checks)?;
    let file = dir.join("matrix.csv");
    let rows = std::fs::read_to_string(MATRIX)?;
    let ours = rows.lines().enumerate().filter(|(at, row)| {
        let codes: Vec<&str> = row.split(',').take(2).collect();
        *at == 0 || DESTINATIONS.contains(&codes[0]) && ORIGINS.contains(&codes[1])
    });
    std::fs::write(&file, ours.map(|(_, row)| format!("{row}\n")).collect::<String>())?;
    let (destinations, origins): (Vec<&Government>, Vec<&Government>) =
        all.iter().partition(|node| DESTINATIONS.contains(&node.country()));
    let counts = in_parallel(&destinations, |node| report(node, &file));
    let counts = counts.into_iter().collect::<anyhow::Result<Vec<u64>>>()?;
    checks.equal("rows that the destinations report", &json!(counts.iter().sum::<u64>()), ROWS);
    for node in &origins {
        let (_, said) = node.try_ask(&["submit", &text(&file), "--map", "undesa_stock"])?;
        let none = said["observations"].as_u64().unwrap_or_default() == 0;
        checks.is(
            &format!("{} has nothing to report of others' counts", node.country()),
            none,
            &said.to_string(),
        );
    }
    totals(&all, checks)
}

fn meet(dir: &Path, checks: &mut Checks) -> anyhow::Result<Vec<Government>> {
    let codes: Vec<&str> = ORIGINS.into_iter().chain(DESTINATIONS).collect();
    let mut all = Vec::new();
    for some in codes.chunks(PARALLEL) {
        let made = in_parallel(some, |code| Government::create(Path::new(BINARY), dir, code, code));
        all.extend(made.into_iter().collect::<anyhow::Result<Vec<_>>>()?);
    }
    let cards: Vec<String> = all.iter().map(|node: &Government| text(&node.card())).collect();
    let accepted = in_parallel(&all, |node| {
        for card in cards.iter().filter(|card| **card != text(&node.card())) {
            node.ask(&["partner", "add", "--yes", card])?;
        }
        anyhow::Ok(())
    });
    accepted.into_iter().collect::<anyhow::Result<()>>()?;
    checks.eventually("all eighteen are connected to each other", || {
        all.iter().all(|node| node.connected().is_ok_and(|connected| connected == all.len() - 1))
    });
    Ok(all)
}

fn agree(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    let with: Vec<String> = all[1..]
        .iter()
        .map(|node| {
            let role = if DESTINATIONS.contains(&node.country()) { "destination" } else { "origin" };
            format!("{}={role}", node.country())
        })
        .collect();
    let mut draft = vec!["agreement", "draft", "--title", TITLE, "--role", "origin", "--signatures", "12"];
    draft.extend(["--indicator", "MS_FBORN", "--purpose", "STAT"]);
    with.iter().for_each(|party| draft.extend(["--with", party]));
    all[0].ask(&draft)?;
    all[0].ask(&["agreement", "propose", TITLE])?;
    let show = |node: &Government| node.ask(&["agreement", "show", TITLE]).unwrap_or_default();
    checks.eventually("all have the proposal", || all.iter().all(|node| !show(node).is_null()));
    let signed = in_parallel(&all[1..], |node| node.ask(&["agreement", "sign", TITLE]).map(drop));
    signed.into_iter().collect::<anyhow::Result<()>>()?;
    checks.eventually("it is in force at all, with eighteen signatures", || {
        all.iter().all(|node| {
            let value = show(node);
            value["standing"] == "in force" && list(&value["signed"]).len() == all.len()
        })
    });
    Ok(())
}

fn totals(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    let profiles = || in_parallel(all, |node| node.ask(&["region", TITLE]).unwrap_or_default());
    checks.eventually("all eighteen compute 23 904 663 of the same entries", || {
        let profiles = profiles();
        profiles.iter().all(|one| newest(one)["total"] == "23904663") && same_digest(&profiles)
    });
    let profile: Value = all[0].ask(&["region", TITLE])?;
    let sum = newest(&profile);
    println!("  2024: women {}, men {}, reporting {}", sum["female"], sum["male"], sum["reporting"]);
    checks.equal(
        "women and men of 2024",
        &json!([sum["female"], sum["male"]]),
        json!(["5367878", "18536785"]),
    );
    let largest = &profile["largest"][0];
    checks.equal(
        "the largest corridor",
        &json!([largest["origin"], largest["destination"], largest["total"]]),
        json!(["IND", "ARE", "3248545"]),
    );
    let reporting: Vec<Value> = list(&profile["reporting"]);
    checks.equal("who reports", &json!(reporting), json!(DESTINATIONS));
    checks.equal("corridors in 2024", &json!(list(&profile["matrix"]).len()), 61);
    Ok(())
}
