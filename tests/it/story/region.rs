//! Story B: sixteen governments of a regional process, each with its own daemon and its own figures, and a regional
//! profile that every one of them computes for itself. `trouble` has what goes wrong in it, `pages` what its pages
//! show, `editions` what of it they sign, `corridors` a group in which some are origins and some destinations.

mod corridors;
mod editions;
mod pages;
mod trouble;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use serde_json::{Value, json};

use crate::world::{BINARY, files, text};

/// Who they are, by code and by name.
const MEMBERS: [(&str, &str); 16] = [
    ("AGO", "Angola (replay)"),
    ("BWA", "Botswana (replay)"),
    ("COD", "DR Congo (replay)"),
    ("COM", "Comoros (replay)"),
    ("LSO", "Lesotho (replay)"),
    ("MDG", "Madagascar (replay)"),
    ("MOZ", "Mozambique (replay)"),
    ("MUS", "Mauritius (replay)"),
    ("MWI", "Malawi (replay)"),
    ("NAM", "Namibia (replay)"),
    ("SWZ", "Eswatini (replay)"),
    ("SYC", "Seychelles (replay)"),
    ("TZA", "Tanzania (replay)"),
    ("ZAF", "South Africa (replay)"),
    ("ZMB", "Zambia (replay)"),
    ("ZWE", "Zimbabwe (replay)"),
];
/// Those that are off while the others report.
const OFF: [&str; 3] = ["COD", "COM", "SYC"];
/// How many of them must sign.
const QUORUM: &str = "11";
const TITLE: &str = "Southern Africa";
/// Runs the group's business and carries its entries, which it cannot read.
const SECRETARIAT: (&str, &str) = ("XSE", "Secretariat (invented)");
const MATRIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/undesa_ims2024_stock_od_sex.csv");
/// Rows of the matrix between the sixteen: eight years, two sexes.
const ROWS: u64 = 1840;
/// Nodes that are made at one time: opening keys takes 64 MiB each.
const PARALLEL: usize = 4;

#[test]
fn b_sixteen_members_compute_one_regional_profile() {
    super::played(play);
}

fn play(dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    let mut all = meet(dir, checks)?;
    let secretariat = secretariat(&all, dir)?;
    agree(&all, checks)?;
    knows_no_value(&secretariat, &all, checks)?;
    thirteen_report(&mut all, dir, checks)?;
    all_report(&mut all, dir, checks)?;
    let edition = editions::signed(&all, &secretariat, checks)?;
    the_largest_withdraws(&all, checks)?;
    editions::unchanged(&all, &edition, checks)?;
    trouble::equivocation(&mut all, dir, checks)?;
    trouble::overlap(&all, dir, checks)?;
    trouble::leaving(&all, dir, checks)?;
    editions::after_all(&all, trouble::LEAVER, &edition, checks);
    carried_unread(&secretariat, &all, checks)?;
    a_survivor_has_it_all(&mut all, checks)
}

/// Sixteen running nodes, each of which has accepted the cards of all others.
fn meet(dir: &Path, checks: &mut Checks) -> anyhow::Result<Vec<Government>> {
    println!("\nB.1 Sixteen governments start their nodes and accept each other's cards.");
    let mut all = Vec::new();
    for some in MEMBERS.chunks(PARALLEL) {
        let made: Vec<anyhow::Result<Government>> =
            in_parallel(some, |(code, name)| Government::create(Path::new(BINARY), dir, code, name));
        all.extend(made.into_iter().collect::<anyhow::Result<Vec<_>>>()?);
    }
    let cards: Vec<(String, String)> =
        all.iter().map(|node| (node.country().to_owned(), text(&node.card()))).collect();
    let accepted = in_parallel(&all, |node| {
        for (_, card) in cards.iter().filter(|(country, _)| country != node.country()) {
            node.ask(&["partner", "add", "--yes", card])?;
        }
        anyhow::Ok(())
    });
    accepted.into_iter().collect::<anyhow::Result<()>>()?;
    let partners = all.len() - 1;
    checks.eventually(&format!("each of the {} is connected to the {partners} others", all.len()), || {
        all.iter().all(|node| node.connected().is_ok_and(|connected| connected == partners))
    });
    Ok(all)
}

fn in_parallel<T: Sync, R: Send>(some: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = some.iter().map(|one| scope.spawn(|| act(one))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// The secretariat's node: all sixteen know its card, and it knows theirs.
fn secretariat(all: &[Government], dir: &Path) -> anyhow::Result<Government> {
    let (code, name) = SECRETARIAT;
    let node = Government::create(Path::new(BINARY), dir, code, name)?;
    let card = text(&node.card());
    let told = in_parallel(all, |member| member.ask(&["partner", "add", "--yes", &card]).map(drop));
    told.into_iter().collect::<anyhow::Result<()>>()?;
    for member in all {
        node.ask(&["partner", "add", "--yes", &text(&member.card())])?;
    }
    Ok(node)
}

/// The secretariat has the text with all signatures, is not bound by it, and no key was told to it.
fn knows_no_value(node: &Government, all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    checks.eventually("the secretariat has the agreement that all have signed", || {
        let value = node.ask(&["agreement", "show", TITLE]).unwrap_or_default();
        value["standing"] == "in force" && list(&value["signed"]).len() == all.len()
    });
    checks.eventually("each of the sixteen knows the sealing keys of the fifteen others", || {
        in_parallel(all, keys_known).into_iter().all(|known| known == all.len() - 1)
    });
    let (status, said) = node.try_ask(&["agreement", "sign", TITLE])?;
    checks.is("the secretariat, which carries, cannot sign it", status != 0, &said.to_string());
    Ok(())
}

/// Of how many others a node has been told the key to which what is carried is sealed.
fn keys_known(node: &Government) -> usize {
    let acts = node.ask(&["audit"]).map(|log| list(&log["acts"])).unwrap_or_default();
    let told = acts.iter().filter(|act| act["act"] == "sealing key" && act["country"].is_string());
    told.map(|act| act["country"].to_string()).collect::<BTreeSet<_>>().len()
}

/// What the secretariat has carried it cannot read: not one figure that is the group's alone.
fn carried_unread(node: &Government, all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.1 The secretariat carried entries of the group, and has read none.");
    let of_group = |feed: &Value| feed["agreement_name"] == TITLE && feed["head_seq"].is_u64();
    let carried = list(&node.ask(&["feeds"])?["feeds"]).iter().filter(|feed| of_group(feed)).count();
    checks.is("it holds feeds of the group", carried > 0, "it holds none");
    checks.equal(
        "figures of the group's own indicator that it can query",
        &json!(node.get(&[trouble::OWN])?.len()),
        0,
    );
    let shows = |node: &Government| {
        files(&node.dir().join("feeds"), ".feed")
            .iter()
            .any(|file| holds(file, trouble::CLOSED_KEY.as_bytes()))
    };
    checks.is("a member's files show the key of such a figure", shows(find(all, "AGO")), "none does");
    checks.is("the secretariat's files do not", !shows(node), "one does");
    Ok(())
}

/// Whether a file has these bytes in it.
fn holds(file: &Path, bytes: &[u8]) -> bool {
    let all = std::fs::read(file).unwrap_or_default();
    all.windows(bytes.len()).any(|window| window == bytes)
}

/// One drafts the group's agreement, all sign; eleven signatures put it in force.
fn agree(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.2 One text for sixteen parties: in force once {QUORUM} have signed the same bytes.");
    let drafter = find(all, "ZAF");
    let mut draft = vec!["agreement", "draft", "--title", TITLE, "--signatures", QUORUM];
    draft.extend(["--indicator", "MS_FBORN", "--indicator", trouble::OWN]);
    draft.extend(["--purpose", "STAT: a regional migration profile", "--with", "XSE=courier"]);
    for party in all.iter().filter(|node| node.country() != "ZAF") {
        draft.extend(["--with", party.country()]);
    }
    drafter.ask(&draft)?;
    drafter.ask(&["agreement", "propose", TITLE])?;
    let show = |node: &Government| node.ask(&["agreement", "show", TITLE]).unwrap_or_default();
    checks.eventually("all have the proposal", || all.iter().all(|node| !show(node).is_null()));
    let others = || all.iter().filter(|node| node.country() != "ZAF");
    for party in others().take(9) {
        party.ask(&["agreement", "sign", TITLE])?;
    }
    checks.equal(
        "with ten signatures it",
        &show(others().next().context("a party")?)["standing"],
        "proposed",
    );
    for party in others().skip(9) {
        party.ask(&["agreement", "sign", TITLE])?;
    }
    let signed = |node: &Government| {
        let value = show(node);
        value["standing"] == "in force" && value["signed"].as_array().map(Vec::len) == Some(all.len())
    };
    checks.eventually("it is in force at all, with sixteen signatures", || all.iter().all(signed));
    let ids: BTreeSet<String> = all.iter().map(|node| show(node)["agreement"].to_string()).collect();
    checks.is("all have signed the same bytes", ids.len() == 1, &format!("{ids:?}"));
    Ok(())
}

/// The rows of the matrix that are about the sixteen, as one file; each node takes those that it counts.
fn matrix(dir: &Path) -> anyhow::Result<PathBuf> {
    let file = dir.join("matrix.csv");
    let source = std::fs::read_to_string(MATRIX)?;
    let inside = |code: &str| MEMBERS.iter().any(|(member, _)| *member == code);
    let rows = source.lines().enumerate().filter(|(at, row)| {
        let mut fields = row.split(',');
        *at == 0 || fields.next().is_some_and(inside) && fields.next().is_some_and(inside)
    });
    std::fs::write(&file, rows.map(|(_, row)| format!("{row}\n")).collect::<String>())?;
    Ok(file)
}

/// How many observations a member submits and releases.
fn report(node: &Government, file: &Path) -> anyhow::Result<u64> {
    let submitted = node.ask(&["submit", &text(file), "--map", "undesa_stock"])?;
    node.ask(&["release"])?;
    submitted["observations"].as_u64().with_context(|| format!("no count in {submitted}"))
}

/// Three are off: the profile names them, and puts nothing in their place.
fn thirteen_report(all: &mut [Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.3, B.5 {} are off; thirteen report what they count.", OFF.join(", "));
    let file = matrix(dir)?;
    all.iter_mut().filter(|node| OFF.contains(&node.country())).for_each(Government::stop);
    let running: Vec<&Government> = all.iter().filter(|node| !OFF.contains(&node.country())).collect();
    let reported = in_parallel(&running, |node| report(node, &file));
    reported.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let profiles = || in_parallel(&running, |node| region(node));
    checks.eventually("all thirteen compute 3 393 688 of the same entries", || {
        let profiles = profiles();
        profiles.iter().all(|one| newest(one)["total"] == "3393688") && same_digest(&profiles)
    });
    let profiles = profiles();
    checks.is(
        &format!("each of them names {} as missing", OFF.join(", ")),
        profiles.iter().all(|profile| profile["missing"] == json!(OFF)),
        &format!("{:?}", profiles.iter().map(|profile| &profile["missing"]).collect::<Vec<_>>()),
    );
    let profile = &profiles[0];
    checks.equal("members that report", &json!(list(&profile["reporting"]).len()), 13);
    let coverage = list(&profile["coverage"]).into_iter().find(|one| one["indicator"] == "MS_FBORN");
    let coverage = coverage.unwrap_or_default();
    checks.equal(
        "coverage of MS_FBORN",
        &json!(format!("{}/{}", coverage["count"], coverage["members"])),
        "13/16",
    );
    pages::shown(
        &[find_of(&running, "AGO"), find_of(&running, "ZWE")],
        ["3,393,688"].as_slice(),
        &OFF,
        checks,
    )?;
    let inside =
        list(&profile["matrix"]).iter().any(|flow| OFF.iter().any(|off| flow["destination"] == *off));
    checks.is("no cell of a missing member is filled in", !inside, "one is");
    Ok(())
}

/// The three come back, catch up and report: sixteen nodes compute one profile.
fn all_report(all: &mut [Government], dir: &Path, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.4 The three come back and report too.");
    let file = dir.join("matrix.csv");
    for node in all.iter_mut().filter(|node| OFF.contains(&node.country())) {
        node.start()?;
        report(node, &file)?;
    }
    checks.eventually("all sixteen compute the same profile, 3 606 655 of sixteen members", || {
        let profiles: Vec<Value> = in_parallel(all, region);
        profiles.iter().all(|one| newest(one)["total"] == "3606655" && newest(one)["reporting"] == 16)
            && same_digest(&profiles)
    });
    let rows: Vec<usize> = in_parallel(all, |node| {
        node.get(&["MS_FBORN", "--from", node.country()]).map_or(0, |rows| rows.len())
    });
    // Each figure stands twice: in the feed of the agreement and, since MS_FBORN is open to everybody, in the public one.
    checks.equal("observations that the sixteen stated", &json!(rows.iter().sum::<usize>()), 2 * ROWS);
    let sums = in_parallel(all, |node| {
        let newest = newest(&region(node));
        json!(["total", "female", "male"].map(|field| newest[field].clone()))
    });
    let expected = json!(["3606655", "1650927", "1955728"]);
    checks.is(
        &format!("total, women and men of 2024 are {expected} at each of the sixteen"),
        sums.iter().all(|sums| *sums == expected),
        &json!(sums).to_string(),
    );
    let profile = region(&all[0]);
    checks.equal("the sum of 1990", &total(&profile, "1990")["total"], "3362478");
    checks.equal("who is missing", &profile["missing"], json!([]));
    checks.equal("corridors in 2024", &json!(list(&profile["matrix"]).len()), 115);
    let largest = &profile["largest"][0];
    checks.equal(
        "the largest corridor",
        &json!([largest["origin"], largest["destination"], largest["total"]]),
        json!(["ZWE", "ZAF", "1072620"]),
    );
    let some = ["AGO", "COM", "ZAF", "ZWE"].map(|country| find(all, country));
    pages::shown(&some, &["3,606,655", "1,650,927", "1,955,728"], &[], checks)?;
    println!("  digest {}", profile["digest"].as_str().unwrap_or_default());
    Ok(())
}

/// Without its largest member's figures of the year the sum does not stand for the region, and says so.
fn the_largest_withdraws(all: &[Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.5 South Africa takes its figures of 2024 back.");
    let zaf = find(all, "ZAF");
    let before = region(zaf)["digest"].clone();
    let rows = zaf.get(&["MS_FBORN", "A.ZAF", "--from", "ZAF"])?;
    let keys: BTreeSet<String> = rows.iter().filter(|row| row["time_period"] == "2024").map(key_of).collect();
    for key in &keys {
        zaf.ask(&["retract", key, "2024", "--reason", "the census is being examined"])?;
    }
    let is_so = |profile: &Value| {
        let sum = newest(profile);
        sum["total"] == "1516488" && sum["is_representative"] == false && sum["reporting"] == 15
    };
    checks.eventually("all sixteen compute 1 516 488, and say that it is not representative", || {
        let profiles: Vec<Value> = in_parallel(all, region);
        profiles.iter().all(is_so) && same_digest(&profiles)
    });
    let profile = region(&all[0]);
    checks.is("the digest is another one", profile["digest"] != before, "it is the same");
    pages::shown(&[find(all, "ZAF"), find(all, "BWA")], &["1,516,488"], &[], checks)?;
    println!("  {} of what was known last", newest(&profile)["known_share"].as_str().unwrap_or_default());
    Ok(())
}

/// Nobody is in the middle: whoever is left computes the same.
fn a_survivor_has_it_all(all: &mut [Government], checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nB.4 All but one are killed.");
    let before = region(&all[0]);
    all[1..].iter_mut().for_each(Government::kill);
    let after = all[0].ask(&["region", TITLE])?;
    checks.is("the last one computes the same profile, byte for byte", after == before, "it differs");
    Ok(())
}

fn find<'a>(all: &'a [Government], country: &str) -> &'a Government {
    all.iter().find(|node| node.country() == country).expect("it is one of the sixteen")
}

fn find_of<'a>(some: &[&'a Government], country: &str) -> &'a Government {
    some.iter().find(|node| node.country() == country).expect("it is one of these")
}

fn region(node: &Government) -> Value {
    node.ask(&["region", TITLE]).unwrap_or_default()
}

fn total(profile: &Value, period: &str) -> Value {
    let mut all = profile["indicators"].as_array().into_iter().flatten();
    all.find(|one| one["time_period"] == period).cloned().unwrap_or_default()
}

fn newest(profile: &Value) -> Value {
    total(profile, "2024")
}

fn same_digest(profiles: &[Value]) -> bool {
    let digests: BTreeSet<String> = profiles.iter().map(|one| one["digest"].to_string()).collect();
    digests.len() == 1 && profiles.iter().all(|one| one["digest"].is_string())
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// The series key of a row.
fn key_of(row: &Value) -> String {
    let parts = corridor::model::Dimension::ALL.iter().map(|one| one.id().to_lowercase());
    parts.map(|name| row[name].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>().join(".")
}
