//! Four weeks of border bulletins: six a day of six states, 40 nationalities by women, men and children.

use std::path::Path;

use anyhow::Context;
use corridor::api::control::{Client, Payload};
use corridor::cli::demo::checks::Checks;
use corridor::cli::demo::government::Government;
use corridor::node::Request;
use corridor::node::crisis::{CrisisRequest, ReportRequest};
use corridor::node::home::socket;
use serde_json::{Value, json};

use super::cast::{CUT_OFF, Cast, ORIGINS, TRANSIT, in_parallel};
use super::{LANE, counted, how_long, picture};
use crate::world::text;

/// What each state has counted by the end of day 28.
const TOTALS: [i64; 6] = [197_929, 158_234, 17_617, 9_987, 3_200, 2_800];
const ALL: i64 = 389_767;
const DAYS: usize = 28;
const A_DAY: usize = 6;
const NATIONALITIES: usize = 40;
const GROUPS: [(&str, &str); 3] = [("F", "Y_GE18"), ("M", "Y_GE18"), ("_T", "Y0T17")];
/// Cells of one state's bulletin.
const CELLS: usize = NATIONALITIES * GROUPS.len();
/// Days whose bulletins go by the command line, as a duty officer sends them.
const BY_HAND: usize = 1;
/// Which bulletin of XTA is of the convoy that XTB reports too, and its id.
pub(super) const CONVOY: (usize, &str) = (3, "CONVOY-7");
/// Which bulletin of XTC has a digit too many at first.
pub(super) const WRONG: usize = 4;

/// A state's bulletin: which of the state, and its number from 0.
pub(super) struct Bulletin {
    state: usize,
    number: usize,
}

impl Bulletin {
    pub(super) fn of(state: &str, number: usize) -> Self {
        Self {
            state: TRANSIT.iter().position(|one| *one == state).expect("it is a state of transit"),
            number,
        }
    }

    pub(super) fn id(&self) -> String {
        match (TRANSIT[self.state], self.number) {
            ("XTA", number) if number == CONVOY.0 => CONVOY.1.to_owned(),
            (state, number) => format!("{state}-{number:03}"),
        }
    }

    pub(super) fn observed(&self) -> String {
        format!("2011-03-{:02}T{:02}:00:00Z", 1 + self.number / A_DAY, 4 * (self.number % A_DAY))
    }

    /// The cells, as rows of a table; the shares of all bulletins make up the total of the state.
    pub(super) fn table(&self, times: i64) -> String {
        let all = (DAYS * A_DAY * CELLS) as i64;
        let mut table = "INDICATOR,COUNTERPART_AREA,SEX,AGE,SUBNAT,OBS_VALUE\n".to_owned();
        for nationality in 0..NATIONALITIES {
            let code = match ORIGINS.get(nationality) {
                Some(code) => (*code).to_owned(),
                None => format!(
                    "X{}{}",
                    char::from(b'P' + (nationality / 26) as u8),
                    char::from(b'A' + (nationality % 26) as u8)
                ),
            };
            for (group, (sex, age)) in GROUPS.iter().enumerate() {
                let at = ((self.number * NATIONALITIES + nationality) * GROUPS.len() + group) as i64;
                let count = TOTALS[self.state] * (at + 1) / all - TOTALS[self.state] * at / all;
                let place = format!("XT-{:02}", self.state + 1);
                table += &format!("CR_BORDER,{code},{sex},{age},{place},{}\n", count * times);
            }
        }
        table
    }

    /// The sum of its cells.
    pub(super) fn sum(&self) -> i64 {
        self.table(1).lines().skip(1).filter_map(|row| row.rsplit(',').next()?.parse::<i64>().ok()).sum()
    }
}

/// Sends a table as a duty officer does, with more words.
pub(super) fn by_hand(
    node: &Government,
    path: &Path,
    (table, observed): (&str, &str),
    words: &[&str],
) -> anyhow::Result<Value> {
    std::fs::write(path, table)?;
    let file = text(path);
    let report = ["crisis", "report", &file, "--lane", LANE, "--observed", observed];
    node.ask(&[&report[..], words].concat())
}

/// Sends a bulletin by the socket that the command line uses.
fn by_socket(client: &mut Client, bulletin: &Bulletin) -> anyhow::Result<()> {
    let table = bulletin.table(1).into_bytes();
    let request = ReportRequest {
        lane: Some(LANE.to_owned()),
        file: format!("{}.csv", bulletin.id()),
        bulletin: Some(bulletin.id()),
        observed: bulletin.observed(),
        ..ReportRequest::default()
    };
    let length = table.len() as u64;
    let payload = Payload { length, bytes: &mut std::io::Cursor::new(table) };
    let said = client.call(&Request::Crisis(CrisisRequest::Report(request)), Some(payload), &mut |_| true)?;
    let said = said.context("no answer")?;
    anyhow::ensure!(said["accepted"] == true && said["waiting"] == false, "{said}");
    Ok(())
}

/// The first days go by hand: each bulletin is at every node within a minute.
pub(super) fn first_days(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.5 Every four hours six states report who crossed.");
    let mut slowest = std::time::Duration::ZERO;
    for number in 0..BY_HAND * A_DAY {
        in_parallel(&TRANSIT, |state| {
            let one = Bulletin::of(state, number);
            let times = if (*state, number) == ("XTC", WRONG) { 10 } else { 1 };
            let (id, observed) = (one.id(), one.observed());
            let path = cast.data.join(format!("{id}.csv"));
            // The first bulletin of a state makes its place known.
            let words = ["--bulletin", &id, "--place", "the border", "--new-place"];
            let words = if number == 0 { &words[..] } else { &words[..4] };
            by_hand(cast.node(state), &path, (&one.table(times), &observed), words).map(|_| ())
        })?;
        let expected: i64 = (0..=number).map(|number| Bulletin::of("XTA", number).sum()).sum();
        for node in cast.present() {
            let took = how_long(|| counted(&picture(node), "XTA", "crossed") == expected);
            let took = took.with_context(|| format!("{} lacks bulletin {number}", node.country()))?;
            slowest = slowest.max(took);
        }
    }
    println!(
        "  a bulletin is at every node, and asked for there, {:.2} s after it was accepted",
        slowest.as_secs_f64()
    );
    checks.is(
        "a bulletin is at every reachable node in 60 s",
        slowest.as_secs() < 60,
        &format!("{slowest:?}"),
    );
    let again = Bulletin::of("XTD", 0);
    let (status, said) = cast.node("XTD").try_ask(&[
        "crisis",
        "report",
        "--lane",
        LANE,
        "--bulletin",
        &again.id(),
        "--set",
        "CR_BORDER:XOA=1",
    ])?;
    checks.is("a bulletin's id is not used twice", status == 1, &said.to_string());
    Ok(())
}

/// The other days.
pub(super) fn rest(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.7 Four weeks pass: {} bulletins of {CELLS} observations.", TRANSIT.len() * DAYS * A_DAY);
    let begun = super::now();
    in_parallel(&TRANSIT, |state| {
        let mut client = Client::connect(&socket(cast.node(state).dir()))?.context("the daemon runs")?;
        (BY_HAND * A_DAY..DAYS * A_DAY)
            .try_for_each(|number| by_socket(&mut client, &Bulletin::of(state, number)))
    })?;
    println!("  reported in {:.1} s", begun.elapsed().as_secs_f64());
    let host = cast.node(CUT_OFF);
    let all = how_long(|| picture(host)["totals"]["crossed"]["count"] == ALL);
    checks.is("the host has all four weeks", all.is_some(), &picture(host)["totals"].to_string());
    println!("  all at the host {:.1} s after that", all.unwrap_or_default().as_secs_f64());
    Ok(())
}

/// Day 28: the totals are the same at all nodes, and exact.
pub(super) fn totals(cast: &Cast, checks: &mut Checks) -> anyhow::Result<()> {
    println!("\nC.10 The totals of day 28.");
    for node in cast.members() {
        let found = how_long(|| picture(node)["totals"]["crossed"]["count"] == ALL);
        let shown = picture(node);
        let each: Vec<Value> = TRANSIT.iter().map(|state| counted(&shown, state, "crossed")).collect();
        let so = found.is_some() && json!(each) == json!(TOTALS);
        let name = format!("{} has {} of the six states, {ALL} together", node.country(), json!(TOTALS));
        checks.is(&name, so, &format!("{} and {}", json!(each), shown["totals"]["crossed"]["count"]));
        checks.is(
            &format!("{} counts the convoy once and shows the correction", node.country()),
            shown["duplicates"][0]["left_out"] == "XTB"
                && shown["corrections"][0]["reason"] == super::trouble::REASON,
            &format!("{} {}", shown["duplicates"], shown["corrections"]),
        );
    }
    let rows = cast.node("XOL").get(&["CR_BORDER"])?;
    let crossings = rows.iter().filter(|row| row["subnat"] != "_T").count();
    // The convoy that XTB reported too stands in its feed, and is not added up.
    checks.equal(
        "observations of border crossings at XOL",
        &json!(crossings),
        TRANSIT.len() * DAYS * A_DAY * CELLS + CELLS,
    );
    Ok(())
}
