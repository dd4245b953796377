//! The one that was away comes back; the crisis is over; what was restricted is erased, and that is signed.

use corridor::cli::demo::checks::Checks;
use serde_json::json;

use super::cast::{AWAY, COURIER, CUT_OFF, Cast};
use super::{LANE, how_long, lane_at, picture};

/// H+12: XOF comes back and gets all of it.
pub(super) fn returns(cast: &mut Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.9 XOF comes back after half a day.");
    let expected = picture(cast.node("XOA"))["bulletins"].clone();
    cast.node_mut(AWAY).start()?;
    let node = cast.node(AWAY);
    let lane = how_long(|| lane_at(node).is_some_and(|lane| lane["standing"] == "in force"));
    let all = how_long(|| {
        let shown = picture(node);
        shown["bulletins"] == expected && shown["ahead"] == json!([])
    });
    let log = std::fs::read_to_string(node.log())?;
    let ahead = log.matches("ahead of its history").count();
    println!("  {ahead} times the newest of a member came ahead of its history");
    println!(
        "  the lane after {:.1} s, all {expected} bulletins {:.1} s later",
        lane.unwrap_or_default().as_secs_f64(),
        all.unwrap_or_default().as_secs_f64()
    );
    checks.is("XOF has the lane", lane.is_some(), "it has not");
    checks.is("XOF is complete", all.is_some(), &picture(node)["bulletins"].to_string());
    node.ask(&["crisis", "report", "--lane", LANE, "--set", "CR_NATREG:XLA=7000"])?;
    checks.eventually("all see what XOF reports now", || {
        super::origin(&picture(cast.node(CUT_OFF)), AWAY)["known"]["count"] == 7_000
    });
    Ok(())
}

/// Nothing can be read outside the nineteen.
pub(super) fn outside(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.11 Outside the nineteen nothing can be read.");
    let courier = cast.node(COURIER);
    let rows = courier.get(&["MIGPROFILE", "--history"])?;
    let crisis = rows
        .iter()
        .filter(|row| row["indicator"].as_str().is_some_and(|code| code.starts_with("CR_")))
        .count();
    checks.equal("crisis figures that the courier can read", &json!(crisis), 0);
    let carried = courier.ask(&["status"])?["carried"].as_array().map_or(0, Vec::len);
    checks.is("though it carries feeds of the lane", carried > 0, "it carries none");
    for node in [cast.node(CUT_OFF), cast.node("XOB")] {
        for path in ["", "metrics", "api/v1/feeds"] {
            let page = page(node.page(), path)?;
            let told = ["CR_BORDER", "CR_NEED", "197929", "197 929", "389767"]
                .into_iter()
                .find(|word| page.contains(word));
            checks.is(
                &format!("{}'s open page /{path} tells no figure", node.country()),
                told.is_none(),
                &format!("{told:?}"),
            );
        }
    }
    for node in cast.members() {
        let rows = node.get(&["MIGPROFILE", "--public"]).unwrap_or_default();
        checks.is(
            &format!("nothing of it is public at {}", node.country()),
            rows.is_empty(),
            &format!("{} rows", rows.len()),
        );
    }
    Ok(())
}

fn page(address: &str, path: &str) -> anyhow::Result<String> {
    use std::io::{Read, Write};
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(host)?;
    stream
        .write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Day 28 and later: the lane is closed, the detail goes, the summary and what was learnt stay.
pub(super) fn end(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.12 XLA ends the crisis; after the retention all is erased, and all have signed that.");
    let host = cast.node(CUT_OFF);
    let learnt = "Give the officers at both gates one list of convoy numbers.";
    host.ask(&["crisis", "end", LANE, "--lessons", learnt])?;
    for node in cast.members() {
        checks.eventually(&format!("the lane is over at {}", node.country()), || {
            lane_at(node).is_some_and(|lane| lane["standing"] == "over")
        });
    }
    let (status, _) =
        cast.node("XTA").try_ask(&["crisis", "report", "--lane", LANE, "--set", "CR_BORDER:XOA=1"])?;
    checks.is("nothing more can be reported", status == 1, &format!("the exit status is {status}"));
    let members: Vec<&str> =
        cast.members().map(|node| node.country()).filter(|code| *code != CUT_OFF).collect();
    let confirmed = || -> Vec<String> {
        let shown = picture(host);
        let rows = shown["erasures"].as_array().cloned().unwrap_or_default();
        rows.iter().filter_map(|row| Some(row["country"].as_str()?.to_owned())).collect()
    };
    let took = how_long(|| members.iter().all(|code| confirmed().iter().any(|one| one == code)));
    let signed = confirmed().into_iter().filter(|code| members.contains(&code.as_str())).count();
    println!("  {signed} have confirmed after {:.1} s", took.unwrap_or_default().as_secs_f64());
    checks.equal("members that have signed that they erased", &json!(signed), 18);
    for node in cast.members() {
        let code = node.country();
        let none = || {
            let rows = node.get(&["MIGPROFILE", "--history"]).unwrap_or_default();
            rows.iter().all(|row| row["ref_area"] == code)
        };
        checks.eventually(&format!("at {code} nothing is left but its own"), none);
        let shown = picture(node);
        let kept = shown["summary"]["totals"]["crossed"] == 389_767 && shown["lessons"][CUT_OFF] == learnt;
        checks.is(
            &format!("{code} keeps the summary and what was learnt"),
            kept,
            &format!("{} {}", shown["summary"], shown["lessons"]),
        );
    }
    for node in [host, cast.node("XOB"), cast.node(COURIER)] {
        let doctor = node.ask(&["doctor"])?;
        checks.is(
            &format!("what is left at {} verifies", node.country()),
            doctor["healthy"] == true,
            &doctor.to_string(),
        );
    }
    Ok(())
}
