//! Steps 9 and 10: one side is away and catches up; the agreement ends and what was given is erased; and no log has
//! told anything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::model::Millis;
use serde_json::{Value, json};

use super::Pair;
use super::figures::{DEPLOY, draw, months, with_margins};
use super::labour::{DISTINCT, Invented, QUARTER, SECRET, SUPPLY, as_the_rule_says, not_to_be_worked_out};
use super::ledger::{Ledger, under};
use crate::attacker::Cell;

/// Months that are released one by one while the reader is away.
const MONTHS: u32 = 4;
/// Cells of a month with all margins.
const CELLS: usize = 10 * 7 * 3;
/// What a session costs beside what is missing, in bytes.
const GREETINGS: u64 = 32 << 10;

/// XAB is off while XAA goes on; it comes back and catches up.
pub(super) fn outage(invented: &mut Invented, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.9 XAB is off while XAA releases {MONTHS} months, one by one; it comes back.");
    let Invented { pair, xaa } = invented;
    let before = pair.head(&pair.one, &pair.one)?["head_seq"].as_u64().unwrap_or_default();
    pair.other.stop();
    let log = std::fs::read_to_string(pair.other.log())?.len();
    let (mut entries, mut truth) = (Vec::new(), BTreeMap::new());
    for (seed, month) in (0..).zip(months(2026, MONTHS)) {
        let cells = with_margins(&draw(&DEPLOY, std::slice::from_ref(&month), 86 + seed));
        xaa.submit(&pair.one, &pair.data.join(format!("{month}.csv")), &DEPLOY, &cells)?;
        entries.push(xaa.release(&pair.one, pair.title, &[])?.entry);
        truth.extend(cells);
    }
    pair.other.start()?;
    pair.same_heads("A.9", checks);
    caught_up(pair, (before, &entries, log), checks)?;
    let rows = pair.other.get(&["LM_DEPLOY", "--from", "XAA"])?;
    let new: Vec<Value> = rows.into_iter().filter(|row| truth.contains_key(&Cell::of(row))).collect();
    as_the_rule_says("the new months at XAB", &new, &truth, checks);
    not_to_be_worked_out("LM_DEPLOY at XAB after its return", &pair.other, &DEPLOY, xaa, checks)
}

fn caught_up(
    pair: &Pair,
    (before, entries, log): (u64, &[String], usize),
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let history = pair.other.get(&["LM_DEPLOY", "--history", "--from", "XAA"])?;
    let of = |entry: &String| -> Vec<&Value> {
        history.iter().filter(|row| row["entry"] == entry.as_str()).collect()
    };
    let cells = |entry: &String| of(entry).into_iter().map(Cell::of).collect::<BTreeSet<_>>().len();
    let whole = |entry: &String| of(entry).len() == CELLS && cells(entry) == CELLS;
    checks.is(
        &format!("each of the {MONTHS} releases is there with its {CELLS} cells, none twice"),
        entries.iter().all(whole),
        &format!("{:?}", entries.iter().map(|entry| (of(entry).len(), cells(entry))).collect::<Vec<_>>()),
    );
    let time = |row: &Value| Millis::parse(row["released_at"].as_str()?).ok();
    let times: Vec<BTreeSet<Millis>> =
        entries.iter().map(|entry| of(entry).into_iter().filter_map(time).collect()).collect();
    let in_order = times.windows(2).all(|pair| pair[0].last() <= pair[1].first());
    checks.is("they are in the order in which they were released", in_order, &format!("{times:?}"));
    let twice = history.iter().map(|row| (Cell::of(row), row["entry"].to_string()));
    checks.is(
        "in the whole history nothing is twice",
        twice.collect::<BTreeSet<_>>().len() == history.len(),
        &format!("of {} versions some are", history.len()),
    );
    let after = pair.head(&pair.other, &pair.one)?;
    let seq = after["head_seq"].as_u64().unwrap_or_default();
    checks.is(
        "no entry is missing and none is there twice",
        seq >= before + u64::from(MONTHS) && pair.head(&pair.one, &pair.one)?["head_seq"] == seq,
        &format!("from {before} to {seq}"),
    );
    let doctor = pair.other.ask(&["doctor"])?;
    checks.is("all that XAB holds verifies", doctor["healthy"] == true, &doctor.to_string());
    one_session(pair, log, checks)
}

/// One session was enough, and it carried what was missing and no more.
fn one_session(pair: &Pair, log: usize, checks: &mut Checks) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(pair.other.log())?;
    let ready = text[log..].lines().filter(|line| line.contains("session ready")).count();
    checks.equal("sessions that XAB had since its return", &json!(ready), 1);
    let peers = pair.other.ask(&["peers"])?;
    let sizes = std::fs::read_dir(pair.other.dir().join("feeds"))?.flatten();
    let held: u64 = sizes.map(|item| bytes_of(&item.path())).sum();
    let received = peers["peers"][0]["bytes_in"].as_u64().unwrap_or_default();
    println!("  XAB holds {held} bytes of feeds and received {received} to catch up");
    checks.is(
        "catching up took only what was missing",
        (1..held / 3 + GREETINGS).contains(&received),
        &format!("{received} bytes came in, {held} are held"),
    );
    Ok(())
}

fn bytes_of(path: &Path) -> u64 {
    match path.is_dir() {
        true => {
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|item| bytes_of(&item.path())).sum()
        }
        false => std::fs::metadata(path).map_or(0, |data| data.len()),
    }
}

/// XAA ends the agreement: nothing more flows, and XAB erases what it has and confirms it.
pub(super) fn end(invented: &Invented, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nA.10 XAA ends the agreement.");
    let Invented { pair, .. } = invented;
    let (xaa, xab) = (&pair.one, &pair.other);
    let found = holds_secret(&xab.dir().join("feeds"));
    checks.is("before the end the secret figure is in XAB's files", found, "it is not to be found");
    let last = pair.head(xaa, xaa)?["head_seq"].clone();
    xaa.ask(&["agreement", "end", pair.title])?;
    let standing = |node| pair.show(node).map(|value| value["standing"].clone()).unwrap_or_default();
    checks.equal("at once the agreement at XAA", &standing(xaa), "over");
    checks.eventually("the agreement is over at XAB", || standing(xab) == "over");
    let clock = || {
        let value = pair.show(xab).unwrap_or_default();
        value["erase_at"].is_string() || value["erasures"].as_array().is_some_and(|all| !all.is_empty())
    };
    checks.eventually("the retention clock runs at XAB", clock);

    let cell = BTreeMap::from([(SUPPLY.cell(QUARTER, ["_T", "OC8", "_T"]), 4_715)]);
    Ledger::default().submit(xaa, &pair.data.join("late.csv"), &SUPPLY, &cell)?;
    let (status, said) = xaa.try_ask(&["release"])?;
    let nothing = under(&said, pair.title).is_none_or(|one| one["entry"].is_null());
    checks.is("a later release has nothing for the agreement", status == 0 && nothing, &said.to_string());
    for node in [xaa, xab] {
        let name = format!("the last entry of XAA's feed at {}", node.country());
        checks.equal(&name, &pair.head(node, xaa)?["head_seq"], last.clone());
    }

    for (eraser, publisher) in [(xab, xaa), (xaa, xab)] {
        let name = format!("{} confirms to {} that it has erased", eraser.country(), publisher.country());
        checks.eventually(&name, || {
            let value = pair.show(publisher).unwrap_or_default();
            value["erasures"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["country"] == eraser.country()))
        });
    }
    let agreement = pair.show(xab)?["agreement"].clone();
    let mut left = xab.get(&["MIGPROFILE", "--history", "--from", "XAA"])?;
    left.retain(|row| row["agreement"] == agreement);
    let name = "no value that XAA gave under the agreement can be read at XAB";
    checks.is(name, left.is_empty(), &format!("{} can", left.len()));
    checks.is("the secret figure is in none of XAB's files", !holds_secret(xab.dir()), "it is");
    let doctor = xab.ask(&["doctor"])?;
    checks.is("what is left at XAB verifies", doctor["healthy"] == true, &doctor.to_string());
    let own = xaa.get(&["LM_SUPPLY", "--from", "XAA"])?;
    let secret = SECRET.to_string();
    let kept = own.iter().any(|row| row["obs_value"] == secret.as_str());
    checks.is("XAA keeps its own figures", kept, &format!("{} are left", own.len()));
    Ok(())
}

/// Whether the bytes of the secret figure are in any file below a directory.
fn holds_secret(path: &Path) -> bool {
    // A signed number is coded as twice itself, its four bytes as they are.
    let bytes = u32::try_from(SECRET * 2).expect("it fits").to_le_bytes();
    match path.is_dir() {
        true => {
            std::fs::read_dir(path).into_iter().flatten().flatten().any(|item| holds_secret(&item.path()))
        }
        false => std::fs::read(path).unwrap_or_default().windows(4).any(|window| window == bytes),
    }
}

/// No log has told a figure.
pub(super) fn logs(nodes: &[&Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nNo log tells a figure.");
    let rounded = DISTINCT - DISTINCT % 5;
    let secrets = [DISTINCT, rounded, rounded + 5, SECRET, 19_041].map(|value| value.to_string());
    for node in nodes {
        let text = std::fs::read_to_string(node.log())?;
        let told =
            text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| secrets.iter().any(|s| s == word));
        let works = text.contains("session ready");
        checks.is(
            &format!("the log of {} tells of sessions and of no figure", node.country()),
            works && told.is_none(),
            &format!("{told:?} in {} bytes", text.len()),
        );
    }
    Ok(())
}
