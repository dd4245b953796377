//! The first quarter of an hour, with what the host and the origins have on their registers; and the way home.

use std::time::{Duration, Instant};

use corridor::cli::demo::checks::Checks;
use serde_json::json;

use super::cast::{AWAY, CUT_OFF, Cast, ORIGINS, in_parallel};
use super::{LANE, origin, picture};
use crate::story::figures::Dice;
use crate::world::text;

/// Sections of activity: building, trade, farming, hotels, households, oil.
const SECTORS: [&str; 6] = ["A", "B", "F", "G", "I", "T"];
/// Nationalities beside those of the twelve origins.
const OTHERS: usize = 108;
const AREAS: usize = 12;

/// What origin number `n` has registered, and what the host says: of XOB 41 000 and 60 000.
const fn registered(n: usize) -> i64 {
    if n == 1 { 41_000 } else { 2_000 + 1_000 * n as i64 }
}

const fn present(n: usize) -> i64 {
    if n == 1 { 60_000 } else { 1_500 + 500 * n as i64 }
}

/// H+0:15: XLA's last permits, 120 nationalities by 12 areas and 6 sectors; the origins' registers by area.
pub(super) fn first_figures(cast: &Cast, declared: Instant, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.2 The host sends its permits, the origins their registers; the gap shows.");
    let host = cast.node(CUT_OFF);
    let begun = super::now();
    let mut totals = vec!["crisis", "report", "--lane", LANE, "--bulletin", "XLA-NOW"];
    let sets: Vec<String> = (0..12).map(|n| format!("CR_NATPRES:{}={}", ORIGINS[n], present(n))).collect();
    totals.extend(sets.iter().flat_map(|set| ["--set", set]));
    host.ask(&totals)?;
    let reporting: Vec<usize> = (0..12).filter(|n| ORIGINS[*n] != AWAY).collect();
    in_parallel(&reporting, |n| {
        let mut words = vec!["crisis".to_owned(), "report".to_owned(), "--lane".to_owned(), LANE.to_owned()];
        for area in 0..12 {
            let share = registered(*n) / 12 + i64::from(area < registered(*n) % 12);
            words.extend(["--set".to_owned(), format!("CR_NATREG:XLA:C:XL-{:02}={share}", area + 1)]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        cast.node(ORIGINS[*n]).ask(&words).map(|_| ())
    })?;
    let usable = |node: &corridor::cli::demo::government::Government| {
        let now = picture(node);
        let xob = origin(&now, "XOB");
        xob["known"]["count"] == 41_000 && xob["present"]["count"] == 60_000
    };
    let mut slowest = Duration::ZERO;
    for node in cast.present() {
        checks.eventually(
            &format!("{} sees that of XOB 41000 are known and 60000 present", node.country()),
            || usable(node),
        );
        slowest = slowest.max(declared.elapsed());
    }
    println!(
        "  first usable figures at all {:.1} s after the declaration, {:.1} s after the first report",
        slowest.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
    checks.is(
        "first usable figures are at all in 30 s",
        slowest < Duration::from_secs(30),
        &format!("{slowest:?}"),
    );
    let shown = picture(cast.node("XOB"));
    let xob = origin(&shown, "XOB");
    checks.equal(
        "what XOB cannot account for, with more present than known",
        &xob["unaccounted"],
        41_000 - 60_000,
    );
    checks.equal("what is said to be present rests on", &xob["present"]["from"], json!(["XLA"]));
    checks.is("and how old it is", xob["present"]["age_seconds"].is_u64(), &xob.to_string());

    permits(cast, checks)
}

/// XLA's last permits, by nationality, area and sector; small counts of them are closed.
fn permits(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    let mut dice = Dice(2011);
    let mut table = "INDICATOR,COUNTERPART_AREA,ACTIVITY,SUBNAT,OBS_VALUE\n".to_owned();
    let mut cells = 0;
    let others = (0..OTHERS)
        .map(|n| format!("X{}{}", char::from(b'P' + (n / 26) as u8), char::from(b'A' + (n % 26) as u8)));
    for nationality in ORIGINS.iter().map(|code| (*code).to_owned()).chain(others) {
        for area in 1..=AREAS {
            for sector in SECTORS {
                table += &format!(
                    "CR_NATPRES,{nationality},{sector},XL-{area:02},{}\n",
                    dice.below(4) + dice.below(3) * dice.below(90)
                );
                cells += 1;
            }
        }
    }
    let file = cast.data.join("permits.csv");
    std::fs::write(&file, table)?;
    let host = cast.node(CUT_OFF);
    let begun = super::now();
    let sent = host.ask(&["crisis", "report", &text(&file), "--lane", LANE, "--bulletin", "XLA-PERMITS"])?;
    println!(
        "  {cells} cells of permits went in {:.1} s: {}",
        begun.elapsed().as_secs_f64(),
        sent["released"]["protection"]
    );
    checks.equal("cells of permits", &sent["observations"], cells);
    checks.is(
        "small counts of permits are closed",
        sent["released"]["protection"]["suppressed"].as_u64() > Some(1000),
        &sent["released"].to_string(),
    );
    checks.eventually("XOC has the permits by area", || {
        picture(cast.node("XOC"))["places"].as_array().is_some_and(|rows| {
            rows.iter()
                .any(|row| row["publisher"] == "XLA" && row["place"] == "XL-12" && row["kind"] == "present")
        })
    });
    Ok(())
}

/// H+24 and later: arrivals at home, 2 500 to 3 500 a day.
pub(super) fn home(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.8 People arrive at home; what is left is unaccounted for.");
    let mut total = 0;
    for (day, count) in [("2011-03-03", 2_500), ("2011-03-04", 3_500)] {
        let set = format!("CR_ARRIV:XLA={count}");
        let observed = format!("{day}T20:00:00Z");
        cast.node("XOA").ask(&[
            "crisis",
            "report",
            "--lane",
            LANE,
            "--observed",
            &observed,
            "--set",
            &set,
        ])?;
        total += count;
    }
    let arrived = |picture: &serde_json::Value| origin(picture, "XOA")["home"]["count"] == total;
    checks.eventually("XLA sees who arrived in XOA", || arrived(&picture(cast.node(CUT_OFF))));
    let shown = picture(cast.node("XOA"));
    let xoa = origin(&shown, "XOA");
    let count = |kind: &str| xoa[kind]["count"].as_i64().unwrap_or_default();
    let left = count("known") - count("present") - count("crossed") - count("home");
    checks.is(
        "XOA's balance is known less present, crossed and home",
        xoa["unaccounted"] == left && count("crossed") > 0,
        &xoa.to_string(),
    );
    let days = shown["days"].as_array().cloned().unwrap_or_default();
    let of = |day: &str| days.iter().find(|row| row["day"] == day).cloned().unwrap_or_default();
    checks.equal("arrivals of 4 March", &of("2011-03-04")["home"], 3_500);
    Ok(())
}
