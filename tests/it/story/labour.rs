//! Steps 6 to 8: two states that do not exist exchange monthly figures of workers, protected under rule D5.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::model::AttributeId;
use corridor::node::clock;
use serde_json::{Value, json};

use super::figures::{DEPLOY, Flow, draw, months, with_margins};
use super::ledger::{Ledger, under};
use super::{Pair, distinct, said};
use crate::attacker::{Cell, Form, attack, editions};

/// Permits that XAB has given to workers from XAA.
const PERMITS: Flow =
    Flow { area: "XAB", counterpart: "XAA", indicator: "LM_WPERMIT", freq: "M", unit: "PS" };
/// Posts in XAB that are open to workers from XAA.
const DEMAND: Flow =
    Flow { area: "XAB", counterpart: "XAA", indicator: "LM_DEMAND", freq: "Q", unit: "POSTS" };
/// Workers of XAA who would take them.
pub(super) const SUPPLY: Flow =
    Flow { area: "XAA", counterpart: "XAB", indicator: "LM_SUPPLY", freq: "Q", unit: "PS" };
/// The quarter of demand and supply.
pub(super) const QUARTER: &str = "2026-Q4";

/// A true count that is found again wherever it goes; XAB may have it to the nearest five.
pub(super) const DISTINCT: i64 = 918_273;
/// A figure that goes to XAB as it is, in an entry of its own, whose bytes show it.
pub(super) const SECRET: i64 = 719_283_745;
/// The finest cells of a side, and those with all margins.
const FINEST: usize = 24 * 9 * 6 * 2;
const ALL: usize = 24 * 10 * 7 * 3;
/// Finest cells that XAA corrects, and by how much.
const CORRECTED: usize = 26;
const CORRECTION: i64 = 20;
/// A count that stays large whatever is corrected.
const LARGE: i64 = 60;
/// For how many seconds the parties may keep what they have once the agreement is over.
const RETENTION: &str = "3";

/// The pair of states and what XAA knows of its figures.
pub(super) struct Invented {
    pub(super) pair: Pair,
    pub(super) xaa: Ledger,
}

/// Plays the steps.
pub(super) fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<Invented> {
    println!("\nA.6 XAA and XAB agree on labour migration, and exchange 24 months under rule D5.");
    let pair = Pair::meet(dir, [("XAA", "State A"), ("XAB", "State B")], "Labour corridor", checks)?;
    let what = ["LM_DEPLOY", "LM_WPERMIT", "LM_DEMAND", "LM_SUPPLY"].map(|code| ["--indicator", code]);
    let how = ["--purpose", "STAT", "--disclosure-rule", "D5", "--retention-seconds", RETENTION];
    pair.agree(&[what.as_flattened(), &how].concat(), checks)?;

    let mut deployed = draw(&DEPLOY, &months(2024, 24), 2011);
    deployed.insert(DEPLOY.cell("2025-12", ["M", "OC7", "F"]), DISTINCT);
    let permitted = draw(&PERMITS, &months(2024, 24), 1949);
    let (mut xaa, mut xab) = (Ledger::default(), Ledger::default());
    for (publisher, reader, ledger, flow, finest) in [
        (&pair.one, &pair.other, &mut xaa, &DEPLOY, &deployed),
        (&pair.other, &pair.one, &mut xab, &PERMITS, &permitted),
    ] {
        exchange((&pair, publisher, reader), ledger, flow, finest, checks)?;
    }
    pair.same_heads("A.6", checks);
    demand_and_supply(&pair, (&mut xaa, &mut xab), checks)?;
    correct(&pair, &mut xaa, deployed, checks)?;
    Ok(Invented { pair, xaa })
}

/// One side's 24 months go out, and the other side sees of them what the rule allows.
fn exchange(
    (pair, publisher, reader): (&Pair, &Government, &Government),
    ledger: &mut Ledger,
    flow: &Flow,
    finest: &BTreeMap<Cell, i64>,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let (from, code) = (publisher.country(), flow.indicator);
    let all = with_margins(finest);
    checks.equal(&format!("finest cells of {code}"), &json!(finest.len()), FINEST);
    let share = 100 * finest.values().filter(|value| is_small(**value)).count() / FINEST;
    checks.is(
        &format!("a third of {code}'s finest cells is small"),
        (30..37).contains(&share),
        &format!("{share} %"),
    );
    let submitted = ledger.submit(publisher, &pair.data.join(format!("{code}.csv")), flow, &all)?;
    checks.equal(&format!("cells of {code} with all margins"), &submitted["observations"], ALL);
    let ahead = publisher.ask(&["release", "--dry-run"])?;
    let released = ledger.release(publisher, pair.title, &[])?;
    let held = || reader.get(&[code, "--from", from]).unwrap_or_default();
    checks.eventually(&format!("{} holds {ALL} cells of {code}", reader.country()), || held().len() == ALL);
    let rows = held();
    as_the_rule_says(&format!("{code} at {}", reader.country()), &rows, &all, checks);
    for (what, said) in [("look ahead", under(&ahead, pair.title)), ("release", Some(released.said))] {
        let said = said.unwrap_or_default();
        as_was_said(&format!("what the {what} says of {code}"), &said, (&rows, &all), checks);
    }
    let faults = reader.ask(&["status"])?["faults"].clone();
    checks.equal(&format!("what {} holds against {from}", reader.country()), &faults, json!([]));
    not_to_be_worked_out(&format!("{code} at {}", reader.country()), reader, flow, ledger, checks)
}

fn is_small(value: i64) -> bool {
    (1..5).contains(&value)
}

/// Holds what a reader has against the truth: small counts closed, all closed ones alike, others to the nearest
/// fives, zeros shown.
pub(super) fn as_the_rule_says(what: &str, rows: &[Value], truth: &BTreeMap<Cell, i64>, checks: &mut Checks) {
    let forms: BTreeMap<Cell, Form> = rows.iter().map(|row| (Cell::of(row), Form::of(row))).collect();
    let mut wrong: [Vec<String>; 4] = Default::default();
    let (mut shown, mut closed, mut complementary, mut zeros) = (0, 0, 0, 0);
    for (cell, truth) in truth {
        let form = forms.get(cell);
        let fault = match (form, *truth) {
            (None, _) => Some(0),
            (Some(Form::Closed), truth) => {
                closed += 1;
                complementary += usize::from(!is_small(truth));
                None
            }
            (Some(Form::Shown(0)), 0) => {
                zeros += 1;
                None
            }
            (Some(Form::Shown(_)), truth) if is_small(truth) => Some(1),
            (Some(Form::Shown(value)), truth) => {
                shown += 1;
                let fits = *value > 0 && value % 5 == 0 && (value - truth).abs() < 5;
                (!fits).then_some(2)
            }
        };
        if *truth == 0 && form != Some(&Form::Shown(0)) {
            wrong[3].push(format!("{cell:?}: {form:?}"));
        }
        if let Some(kind) = fault {
            wrong[kind].push(format!("{cell:?}: {truth}, {form:?}"));
        }
    }
    println!(
        "  {what}: {shown} rounded, {zeros} zeros, {closed} closed, of which {complementary} are not small"
    );
    let names = [
        "every cell is there",
        "every count below 5 is closed",
        "all others are rounded to a multiple of 5",
        "zeros are shown",
    ];
    for (name, wrong) in names.iter().zip(wrong) {
        checks.is(
            &format!("{what}: {name}"),
            wrong.is_empty(),
            &format!("{} are not: {:?}", wrong.len(), wrong.first()),
        );
    }
    let closed_rows = || rows.iter().filter(|row| row["obs_value"].is_null());
    let flags = ["obs_status", "conf_status", "revision"].map(|field| distinct(closed_rows(), field));
    let fields: BTreeSet<Vec<&String>> =
        closed_rows().filter_map(|row| Some(row.as_object()?.keys().collect())).collect();
    let alike = flags[0] == BTreeSet::from(["\"Q\"".to_owned()])
        && flags[1] == BTreeSet::from(["\"C\"".to_owned()])
        && flags[2].len() == 1
        && fields.len() == 1;
    checks.is(
        &format!("{what}: closed cells are Q and C and nothing tells them apart"),
        alike,
        &format!("{flags:?}"),
    );
    checks.is(&format!("{what}: more is closed than what is small"), complementary > 0, "nothing is");
}

/// Holds what the publisher was told against what the reader sees, and what is true.
fn as_was_said(
    what: &str,
    said: &Value,
    (rows, truth): (&[Value], &BTreeMap<Cell, i64>),
    checks: &mut Checks,
) {
    let number = |field: &str| said["protection"][field].as_u64().unwrap_or(u64::MAX);
    let count = |is: &dyn Fn(&Form) -> bool| rows.iter().map(Form::of).filter(|form| is(form)).count() as u64;
    let small = truth.values().filter(|value| is_small(**value)).count() as u64;
    let closed = count(&|form| *form == Form::Closed);
    let zeros = count(&|form| *form == Form::Shown(0));
    let rounded = count(&|form| !matches!(form, Form::Closed | Form::Shown(0)));
    let expected = [
        ("shown", 0),
        ("zero", zeros),
        ("rounded", rounded),
        ("suppressed", small),
        ("complementary", closed - small),
        ("missing", 0),
        ("open_before", 0),
    ];
    let wrong: Vec<_> = expected.iter().filter(|(field, value)| number(field) != *value).collect();
    let name = format!("{what} is what the reader sees");
    checks.is(&name, wrong.is_empty(), &format!("it should be {wrong:?} in {}", said["protection"]));
    // A look ahead names every cell that does not leave as it is.
    if let Some(cells) = said["cells"].as_array() {
        let named = cells.len() as u64;
        let all = named == closed + rounded;
        checks.is(&format!("{what} names every cell that it closes or rounds"), all, &format!("{named} are"));
    }
}

/// Attacks all that a reader ever got of a flow.
pub(super) fn not_to_be_worked_out(
    what: &str,
    reader: &Government,
    flow: &Flow,
    ledger: &Ledger,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    // Of every feed that the reader has: those under agreements, and the public one.
    let history = reader.get(&[flow.indicator, "--history", "--from", flow.area])?;
    attacked(what, &history, (flow, ledger), checks);
    Ok(())
}

/// Attacks all versions that somebody has of a flow.
pub(super) fn attacked(what: &str, history: &[Value], (flow, ledger): (&Flow, &Ledger), checks: &mut Checks) {
    let known = |row: &Value| ledger.releases.iter().any(|(entry, _)| row["entry"] == entry.as_str());
    let strange = history.iter().filter(|row| !known(row)).count();
    checks.is(
        &format!("{what}: every version came with a release"),
        strange == 0,
        &format!("{strange} did not"),
    );
    let of_flow = |truth: &BTreeMap<Cell, i64>| {
        let table = &flow.cell("", [""; 3]).table;
        truth
            .iter()
            .filter(|(cell, _)| cell.table == *table)
            .map(|(cell, value)| (cell.clone(), *value))
            .collect()
    };
    let releases: Vec<(String, BTreeMap<Cell, i64>)> =
        ledger.releases.iter().map(|(entry, truth)| (entry.clone(), of_flow(truth))).collect();
    let mut small = BTreeSet::new();
    for (_, truth) in &releases {
        small.extend(truth.iter().filter(|(_, value)| is_small(**value)));
    }
    let found = attack(&editions(history, &releases));
    println!("  {what}: {} small counts attacked over {} releases", found.attacked, releases.len());
    let attacked = format!("{} of {} were attacked, {} absurd", found.attacked, small.len(), found.absurd);
    let complete = found.attacked >= small.len() && !small.is_empty() && found.absurd == 0;
    checks.is(
        &format!("{what}: the attack looks at every small count and finds nothing false"),
        complete,
        &attacked,
    );
    let first = found.opened.first().map(ToString::to_string).unwrap_or_default();
    let why = format!("{} can not; {first}", found.opened.len());
    checks.is(&format!("{what}: every small count can be all of 1 to 4"), found.opened.is_empty(), &why);
    let recovered = found.opened.iter().filter(|one| one.is_recovered()).count();
    checks.is(&format!("{what}: no small count is recovered"), recovered == 0, &format!("{recovered} are"));
}

fn demand_and_supply(
    pair: &Pair,
    (xaa, xab): (&mut Ledger, &mut Ledger),
    checks: &mut Checks,
) -> anyhow::Result<()> {
    println!("\nA.7 XAB says how many posts are open, XAA how many workers there are.");
    let one = |flow: &Flow, occupation: &'static str, value: i64| {
        BTreeMap::from([(flow.cell(QUARTER, ["_T", occupation, "_T"]), value)])
    };
    let mut posts = one(&DEMAND, "OC2221", 1_840);
    posts.extend(one(&DEMAND, "OC71", 6_300));
    xab.submit(&pair.other, &pair.data.join("posts.csv"), &DEMAND, &posts)?;
    xab.release(&pair.other, pair.title, &[])?;
    for (name, occupation, value) in [("nurses", "OC2221", 1_215), ("others", "OC72", SECRET)] {
        let cells = one(&SUPPLY, occupation, value);
        xaa.submit(&pair.one, &pair.data.join(format!("{name}.csv")), &SUPPLY, &cells)?;
        xaa.release(&pair.one, pair.title, &[])?;
    }
    for node in [&pair.one, &pair.other] {
        let held = |indicator: &str| {
            let rows = node.get(&[indicator]).unwrap_or_default();
            let pair = |row: &Value| format!("{} {}", row["occupation"], row["obs_value"]).replace('"', "");
            rows.iter().map(pair).collect::<Vec<_>>()
        };
        let secret = format!("OC72 {SECRET}");
        for (indicator, expected) in
            [("LM_DEMAND", vec!["OC2221 1840", "OC71 6300"]), ("LM_SUPPLY", vec!["OC2221 1215", &secret])]
        {
            let name = format!("{indicator} at {} is {}", node.country(), expected[0]);
            checks.eventually(&name, || held(indicator) == expected);
        }
    }
    Ok(())
}

/// XAA corrects finest cells that are large, and with them their margins.
fn correct(
    pair: &Pair,
    xaa: &mut Ledger,
    mut finest: BTreeMap<Cell, i64>,
    checks: &mut Checks,
) -> anyhow::Result<()> {
    println!(
        "\nA.8 XAA corrects {CORRECTED} cells by {CORRECTION} each, and the margins that they are part of."
    );
    let (before, moment) = (current(&pair.other)?, clock::now().to_string());
    let old = with_margins(&finest);
    let chosen = choose(&finest, &before);
    checks.equal("cells that are corrected", &json!(chosen.len()), CORRECTED);
    chosen.iter().filter_map(|cell| finest.get_mut(cell).map(|value| *value += CORRECTION)).count();
    let new = with_margins(&finest);
    let changed: BTreeSet<&Cell> =
        new.iter().filter(|(cell, value)| old[*cell] != **value).map(|(cell, _)| cell).collect();
    println!("  with their margins {} of {ALL} cells change", changed.len());
    xaa.submit(&pair.one, &pair.data.join("corrected.csv"), &DEPLOY, &new)?;
    let (status, _) = pair.one.try_ask(&["release"])?;
    checks.is(
        "a correction without a reason is refused",
        status == 1,
        &format!("the exit status is {status}"),
    );
    let released = xaa.release(&pair.one, pair.title, &["--reason", "ERROR"])?;
    pair.same_heads("A.8", checks);

    let history = pair.other.get(&["LM_DEPLOY", "--history", "--from", "XAA"])?;
    let delta: Vec<&Value> = history.iter().filter(|row| row["entry"] == released.entry.as_str()).collect();
    let forms: BTreeMap<Cell, Form> = delta.iter().map(|row| (Cell::of(row), Form::of(row))).collect();
    let after = current(&pair.other)?;
    let differ: BTreeSet<&Cell> = new.keys().filter(|cell| before[*cell] != after[*cell]).collect();
    checks.is(
        &format!("only the delta goes over: the {} cells of {ALL} that look otherwise now", differ.len()),
        forms.keys().collect::<BTreeSet<_>>() == differ && delta.len() == differ.len(),
        &format!("{} came, of {} cells", delta.len(), forms.len()),
    );
    checks.equal("observations that the release says it revised", &released.said["revised"], differ.len());
    let moved = |cell: &&Cell| match (before[*cell], after[*cell]) {
        (Form::Shown(before), Form::Shown(after)) => after - before == new[*cell] - old[*cell],
        // What hides others may change with them.
        (Form::Closed, _) | (_, Form::Closed) => !is_small(new[*cell]),
    };
    checks.is(
        &format!("all {CORRECTED} are among them, and each moved as the truth did"),
        chosen.iter().all(|cell| differ.contains(cell) && changed.contains(cell)) && differ.iter().all(moved),
        &format!("{:?} did not", differ.iter().find(|cell| !moved(cell))),
    );
    checks.is(
        "they are revision 1",
        delta.iter().all(|row| row["revision"] == 1),
        &format!("{:?}", distinct(delta.iter().copied(), "revision")),
    );
    let rows = pair.other.get(&["LM_DEPLOY", "--from", "XAA"])?;
    as_the_rule_says("LM_DEPLOY at XAB after the correction", &rows, &new, checks);
    old_values_stay(pair, (&before, &moment), (&history, &chosen[0]), checks)?;
    not_to_be_worked_out("LM_DEPLOY at XAB after the correction", &pair.other, &DEPLOY, xaa, checks)
}

/// The reason is signed with the new value, and the old values can still be asked for.
fn old_values_stay(
    pair: &Pair,
    (before, moment): (&BTreeMap<Cell, Form>, &str),
    (history, one): (&[Value], &Cell),
    checks: &mut Checks,
) -> anyhow::Result<()> {
    let file = pair.data.join("corrected.json");
    let series = said(&pair.other, "LM_DEPLOY", &DEPLOY.key(one), &one.period, &file)?;
    let observation = series.observations().iter().find(|one_of| one_of.period().to_string() == one.period);
    let reason = observation.and_then(|observation| observation.attributes().get(AttributeId::RevReason));
    checks.equal("the reason that XAB holds signed", &json!(reason), "ERROR");
    let then = pair.other.get(&["LM_DEPLOY", "--from", "XAA", "--as-of", moment])?;
    let then: BTreeMap<Cell, Form> = then.iter().map(|row| (Cell::of(row), Form::of(row))).collect();
    checks.is("as of before the correction XAB holds what it held", then == *before, "it does not");
    let versions: Vec<Form> = history.iter().filter(|row| Cell::of(row) == *one).map(Form::of).collect();
    let old = before.get(one).copied();
    checks.is(
        "the history holds the old value and the new one",
        versions.len() == 2 && versions.first().copied() == old && versions.last().copied() != old,
        &format!("{versions:?}"),
    );
    Ok(())
}

fn current(reader: &Government) -> anyhow::Result<BTreeMap<Cell, Form>> {
    let rows = reader.get(&["LM_DEPLOY", "--from", "XAA"])?;
    Ok(rows.iter().map(|row| (Cell::of(row), Form::of(row))).collect())
}

/// Finest cells that are large and shown: one of every month, and then a second.
fn choose(finest: &BTreeMap<Cell, i64>, shown: &BTreeMap<Cell, Form>) -> Vec<Cell> {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut candidates = Vec::new();
    for (cell, value) in finest {
        let is_shown = matches!(shown.get(cell), Some(Form::Shown(_)));
        if is_shown && *value >= LARGE && *value != DISTINCT {
            let rank = taken.entry(&cell.period).or_default();
            candidates.push((*rank, cell));
            *rank += 1;
        }
    }
    candidates.sort_unstable();
    candidates.into_iter().take(CORRECTED).map(|(_, cell)| cell.clone()).collect()
}
