//! What goes wrong in a crisis: the host is cut off, a list of names is sent, a convoy is reported twice, a digit too many.

use corridor::cli::demo::checks::Checks;
use serde_json::json;

use super::bulletins::{Bulletin, CONVOY, WRONG, by_hand};
use super::cast::{COURIER, CUT_OFF, Cast};
use super::{LANE, counted, origin, picture};
use crate::world::text;

/// Why XTC corrects its bulletin.
pub(super) const REASON: &str = "a digit too many at the second gate";
/// A count of the stranded that is found again wherever it can be read.
pub(super) const STRANDED: i64 = 15_000;

/// H+1: XLA reaches nobody but the courier, which cannot read.
pub(super) fn cut_off(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.3 XLA is cut off from all but the courier; its figures arrive all the same.");
    let host = cast.node(CUT_OFF);
    let others: Vec<&str> =
        cast.members().map(|node| node.country()).filter(|code| *code != CUT_OFF).collect();
    for other in &others {
        host.ask(&["partner", "pause", other])?;
    }
    checks.eventually("XLA is connected to the courier alone", || host.connected().is_ok_and(|n| n == 1));
    let set = format!("CR_NEED:XOB:_T:STRAND={STRANDED}");
    host.ask(&[
        "crisis",
        "report",
        "--lane",
        LANE,
        "--bulletin",
        "XLA-CUT",
        "--set",
        &set,
        "--set",
        "CR_NEED:XOA:_T:MED=7",
    ])?;
    let needs = |node: &corridor::cli::demo::government::Government| picture(node)["needs"].clone();
    for node in cast.present().filter(|node| node.country() != CUT_OFF) {
        checks.eventually(
            &format!("{} has the cut-off host's figure by the courier", node.country()),
            || {
                needs(node).as_array().is_some_and(|rows| {
                    rows.iter().any(|row| row["origin"] == "XOB" && row["count"] == STRANDED)
                })
            },
        );
    }
    let small =
        needs(cast.node("XOA")).as_array().is_some_and(|rows| rows.iter().any(|row| row["origin"] == "XOA"));
    checks.is("a need of seven people is closed under rule D11", !small, "it is shown");
    let courier = cast.node(COURIER);
    let (status, said) = courier.try_ask(&["crisis", "show", LANE])?;
    let reads = status == 0
        && (said["needs"].as_array().is_some_and(|rows| !rows.is_empty())
            || !said["totals"]["present"].is_null());
    checks.is("the courier that carries it reads nothing", !reads, &said.to_string());
    let rows = courier.get(&["MIGPROFILE", "--history"])?;
    let crisis = rows
        .iter()
        .filter(|row| row["indicator"].as_str().is_some_and(|code| code.starts_with("CR_")))
        .count();
    checks.equal("crisis figures at the courier", &json!(crisis), 0);
    for other in &others {
        host.ask(&["partner", "pause", other, "--resume"])?;
    }
    checks.eventually("XLA is back", || host.connected().is_ok_and(|connected| connected >= others.len()));
    Ok(())
}

/// H+36: a list of names is refused, and where it goes is said.
pub(super) fn name_list(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.4 A list of names is refused.");
    let node = cast.node("XTB");
    let file = cast.data.join("people.csv");
    std::fs::write(
        &file,
        "INDICATOR,COUNTERPART_AREA,SURNAME,PASSPORT,OBS_VALUE\nCR_NEED,XOA,Doe,P1234567,1\n",
    )?;
    let (status, said) = node.try_ask(&["crisis", "report", &text(&file), "--lane", LANE])?;
    let way = said["lawful_way"].as_str().unwrap_or_default();
    checks.is(
        "it is refused, and the consular channel is named",
        status == 1 && way.contains("consular"),
        &said.to_string(),
    );
    let place =
        ["crisis", "report", "--lane", LANE, "--set", "CR_BORDER:XOA=4", "--place", "call +218 91 555 0101"];
    let (status, said) = node.try_ask(&place)?;
    checks.is(
        "a telephone number as the place too",
        status == 1 && said.to_string().contains("telephone"),
        &said.to_string(),
    );
    let name = ["crisis", "report", "--lane", LANE, "--set", "CR_BORDER:XOA=4", "--place", "Amina Yusuf"];
    let (status, said) = node.try_ask(&name)?;
    let said = said.to_string();
    checks.is(
        "a name alone as the place too, with what to do",
        status == 1 && said.contains("--new-place") && said.contains("consular"),
        &said,
    );
    Ok(())
}

/// H+6: people in need of protection are told to nobody whose government they may flee.
pub(super) fn protection(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    let node = cast.node("XTA");
    let report = ["crisis", "report", "--lane", LANE, "--set", "CR_NEED:XOB:_T:PROT=40"];
    let (status, said) = node.try_ask(&report)?;
    checks.is(
        "a protection cell of an origin that reads the lane is refused",
        status == 1,
        &said.to_string(),
    );
    let set = ["CR_NEED:XOB:XT-01:STRAND=15000", "CR_NEED:XOA:XT-01:STRAND=8000"];
    node.ask(&["crisis", "report", "--lane", LANE, "--set", set[0], "--set", set[1]])?;
    checks.eventually("XOB sees the stranded at XTA's border beside those in XLA", || {
        let shown = picture(cast.node("XOB"));
        shown["needs"].as_array().is_some_and(|rows| {
            rows.iter().any(|row| {
                row["origin"] == "XOB" && row["need"] == "STRAND" && row["count"] == STRANDED + 15_000
            })
        })
    });
    Ok(())
}

/// H+8: two states report one convoy under one id, and it counts once.
pub(super) fn twice(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.6 A convoy is reported twice, and a digit too many is corrected.");
    let before = counted(&picture(cast.node("XOD")), "XTB", "crossed");
    let convoy = Bulletin::of("XTA", CONVOY.0);
    let path = cast.data.join("convoy.csv");
    // As XTB saw it, half an hour later.
    let words = ["--bulletin", CONVOY.1, "--place", "the road from XTA", "--new-place"];
    by_hand(
        cast.node("XTB"),
        &path,
        (&convoy.table(1).replace("XT-01", "XT-02"), "2011-03-01T12:30:00Z"),
        &words,
    )?;
    for node in cast.present() {
        checks.eventually(&format!("{} counts the convoy once", node.country()), || {
            let shown = picture(node);
            shown["duplicates"][0]["counted"] == "XTA" && shown["duplicates"][0]["left_out"] == "XTB"
        });
    }
    checks.equal(
        "what XTB has counted for itself",
        &counted(&picture(cast.node("XOD")), "XTB", "crossed"),
        before,
    );
    Ok(())
}

/// H+30: a figure was ten times too large; all show the correction and its reason.
pub(super) fn ten_times(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    let (one, node) = (Bulletin::of("XTC", WRONG), cast.node("XTC"));
    let before = counted(&picture(cast.node("XOE")), "XTC", "crossed").as_i64().unwrap_or_default();
    let path = cast.data.join("right.csv");
    let id = one.id();
    let (status, _) =
        node.try_ask(&["crisis", "report", "--lane", LANE, "--corrects", &id, "--set", "CR_BORDER:XOA=1"])?;
    checks.is(
        "a correction without a reason is refused",
        status == 2,
        &format!("the exit status is {status}"),
    );
    by_hand(node, &path, (&one.table(1), &one.observed()), &["--corrects", &id, "--reason", REASON])?;
    let right = before - 9 * one.sum();
    for node in cast.present() {
        checks.eventually(&format!("{} shows the corrected figure, and why", node.country()), || {
            let shown = picture(node);
            counted(&shown, "XTC", "crossed") == right && shown["corrections"][0]["reason"] == REASON
        });
    }
    let history = cast.node("XOE").get(&["CR_BORDER", "--history", "--from", "XTC"])?;
    let revised = history.iter().filter(|row| row["revision"] == 1).count();
    checks.is("the history holds what was said before", revised > 0, "nothing was revised");
    checks.is(
        "an origin sees its people in it",
        !origin(&picture(cast.node("XOE")), "XOE").is_null(),
        "it does not",
    );
    Ok(())
}
