//! Bulletins of a crisis where the line is bad, where there is none, and where the node that reports is killed: the rows
//! `net-bulletin`, `net-month` and `standby-bulletin`.

use std::time::Duration;

use corridor::api::control::{Client, ClientError};
use corridor::cli::demo::government::{Government, wait};
use corridor::node::crisis::{CrisisRequest, ReportRequest};
use corridor::node::home::socket;
use corridor::node::{Request, clock};
use serde_json::{Value, json};

use super::net::Wan;
use super::proxy::Line;
use super::row::{Row, seconds};
use super::standby::{is_followed, runs};
use crate::world::{World, ask, eventually, text};

/// What the arrangement and its lane are called.
const ARRANGEMENT: &str = "ARR";
const LANE: &str = "LC-1";
/// A bulletin over a good line may take so long, and one over a bad line.
const GOOD: Duration = Duration::from_secs(60);
const BAD: Duration = Duration::from_secs(300);
/// Routine figures in so many releases lie before the bulletin on the bad line.
const ROUTINE: u64 = 12;

/// All bulletins of a month over a bad line may take so long.
const MONTH: Duration = Duration::from_secs(600);
/// Whose nationals cross.
const ORIGINS: &str = "AFG BGD BEN BFA CMR TCD CHN EGY ERI ETH GHA GIN IND IDN IRQ JOR KEN LBN LBR MLI MRT MAR NPL NER NGA \
                       PAK PSE PHL SEN SLE SOM SDN SYR THA TGO TUN TUR UGA VNM YEM";

/// A crisis is in force at both.
fn declare(world: &World) {
    let (phl, can) = (&world.phl, &world.can);
    let draft = ["agreement", "draft", "--title", ARRANGEMENT, "--with", "CAN", "--purpose", "PROTECT"];
    let terms =
        ["--indicator", "CR_*", "--retention-days", "1", "--crisis-signatures", "1", "--crisis-days", "7"];
    ask(phl, &[&draft[..], &terms, &["--any-counterpart", "--ceiling", "S2"]].concat());
    ask(phl, &["agreement", "propose", ARRANGEMENT]);
    eventually("CAN has the arrangement", || can.ask(&["agreement", "show", ARRANGEMENT]).is_ok());
    ask(can, &["agreement", "sign", ARRANGEMENT]);
    eventually("the arrangement is in force", || {
        phl.ask(&["agreement", "show", ARRANGEMENT]).is_ok_and(|said| said["standing"] == "in force")
    });
    ask(phl, &["crisis", "declare", ARRANGEMENT, "--area", "PHL", "--name", LANE]);
    eventually("the lane is in force at CAN", || {
        can.ask(&["crisis", "list"]).is_ok_and(|said| said["lanes"][0]["standing"] == "in force")
    });
}

/// Reports that so many have crossed, under this id.
fn report(node: &Government, number: u64) {
    let (set, id) = (format!("CR_BORDER:CAN={}", 100 + number), format!("B-{number}"));
    let observed = format!("2026-01-01T00:{:02}:00Z", number % 60);
    ask(
        node,
        &["crisis", "report", "--lane", LANE, "--bulletin", &id, "--observed", &observed, "--set", &set],
    );
}

/// How many bulletins a node shows.
fn bulletins(node: &Government) -> u64 {
    node.ask(&["crisis", "show", LANE]).ok().and_then(|shown| shown["bulletins"].as_u64()).unwrap_or(0)
}

/// Over a good line, then over a bad one on which routine figures are under way, then by a bundle.
pub(super) fn over_a_bad_line(row: &mut Row) {
    let mut wan = Wan::new(row, "15s");
    wan.is_connected();
    declare(&wan.world);
    let begun = clock::stopwatch();
    report(&wan.world.phl, 1);
    let came = wait(GOOD, || bulletins(&wan.world.can) == 1);
    row.holds("a bulletin comes over a good line in a minute", came, || "it does not".to_owned());
    row.note(format!("over a good line in {}", seconds(begun.elapsed())));

    for number in 0..row.count(1, 3) {
        wan.set(Line::cut());
        (0..ROUTINE).for_each(|_| wan.release(1_500));
        wan.set(bad_line());
        wan.reset();
        wan.is_connected();
        let begun = clock::stopwatch();
        report(&wan.world.phl, 2 + number);
        let came = wait(BAD, || bulletins(&wan.world.can) == 2 + number);
        let took = begun.elapsed();
        row.holds("a bulletin comes over a bad line in five minutes", came, || "it does not".to_owned());
        let behind = ask(&wan.world.phl, &["status"])["partners"][0]["behind"].as_u64().unwrap_or(0);
        row.holds("it overtakes the routine figures", behind > 1, || {
            format!("only {behind} entries are behind")
        });
        row.note(format!("over the bad line in {}, {behind} entries still behind it", seconds(took)));
        wan.set(Line::good());
        wan.converge(row, begun);
        wan.tried(row, "a bulletin before routine figures");
    }
    by_bundle(row, &mut wan);
}

/// 64 kbit/s, 800 ms there and back, and every tenth packet is lost.
fn bad_line() -> Line {
    Line {
        delay: Duration::from_millis(400),
        jitter: Duration::from_millis(100),
        bandwidth: 64_000,
        loss: 10,
        ..Line::good()
    }
}

/// A bulletin of a border point: who crossed, by nationality, as women, men and children.
fn of_the_month(number: u64) -> (Request, Option<Vec<u8>>) {
    let mut table = "INDICATOR,COUNTERPART_AREA,SEX,AGE,SUBNAT,OBS_VALUE\n".to_owned();
    for (at, origin) in (0_u64..).zip(ORIGINS.split(' ')) {
        for (group, (sex, age)) in (0_u64..).zip([("F", "Y_GE18"), ("M", "Y_GE18"), ("_T", "Y0T17")]) {
            let count = 5 + (number * 7919 + at * 104_729 + group * 1_299_709) % 400;
            table += &format!("CR_BORDER,{origin},{sex},{age},PH-01,{count}\n");
        }
    }
    let minutes = 40 * number;
    let (days, hours, minutes) = (1 + minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let request = ReportRequest {
        lane: Some(LANE.to_owned()),
        file: "border.csv".to_owned(),
        bulletin: Some(format!("B-{number}")),
        observed: format!("2026-01-{days:02}T{hours:02}:{minutes:02}:00Z"),
        ..ReportRequest::default()
    };
    (Request::Crisis(CrisisRequest::Report(request)), Some(table.into_bytes()))
}

/// A member was away for a month of bulletins and of routine figures, and comes back over a bad line.
pub(super) fn after_a_month(row: &mut Row) {
    let mut wan = Wan::new(row, "15s");
    wan.is_connected();
    declare(&wan.world);
    wan.set(Line::cut());
    let count = row.count(168, 1_008);
    let asked: Vec<(Request, Option<Vec<u8>>)> = (0..count).map(of_the_month).collect();
    let mut client = Client::connect(&socket(wan.world.phl.dir())).expect("a socket").expect("it runs");
    let mut accepted = 0;
    let each = &mut |answer: Result<Option<Value>, ClientError>| {
        let said = answer.expect("it answers").expect("with a value");
        accepted += u64::from(said["accepted"] == true && said["waiting"] == false);
    };
    client.call_all(&asked, each).expect("all are answered");
    row.holds("all bulletins are accepted", accepted == count, || format!("{accepted} of {count}"));
    (0..ROUTINE).for_each(|_| wan.release(1_500));
    wan.set(bad_line());
    wan.reset();
    wan.is_connected();
    let begun = clock::stopwatch();
    let came = wait(MONTH, || bulletins(&wan.world.can) == count);
    let took = begun.elapsed();
    let behind = ask(&wan.world.phl, &["status"])["partners"][0]["behind"].as_u64().unwrap_or(0);
    row.holds("all bulletins come", came, || format!("{} of {count}", bulletins(&wan.world.can)));
    row.holds("before the routine figures", behind >= ROUTINE, || {
        format!("only {behind} entries are behind")
    });
    row.note(format!("{count} bulletins of {} observations in {}", count * 120, seconds(took)));
    wan.set(Line::good());
    wan.converge(row, begun);
    wan.tried(row, "a month of bulletins");
}

/// There is no network at all.
fn by_bundle(row: &mut Row, wan: &mut Wan) {
    let before = bulletins(&wan.world.can);
    wan.set(Line { open: false, ..Line::cut() });
    wan.reset();
    report(&wan.world.phl, 50);
    let stick = text(&wan.world.path("stick"));
    ask(&wan.world.phl, &["bundle", "export", "--to", "CAN", "--output", &stick]);
    ask(&wan.world.can, &["bundle", "import", &stick]);
    let after = bulletins(&wan.world.can);
    row.holds("a bundle brings the bulletin", after == before + 1, || format!("{after} after {before}"));
    ask(&wan.world.can, &["bundle", "import", &stick]);
    row.holds("and twice changes nothing", bulletins(&wan.world.can) == after, || "it does".to_owned());
    wan.set(Line::good());
    wan.tried(row, "a bulletin in a bundle");
}

/// The node that reports is killed, and its standby goes on with the same feed.
pub(super) fn by_a_standby(row: &mut Row) {
    let mut world = World::agreed();
    declare(&world);
    let mut other = world.phl.standby().expect("a standby");
    other.start().expect("the standby starts");
    for round in 0..row.count(2, 8) {
        let follows = wait(GOOD, || is_followed(&world.phl));
        row.holds("the standby has everything", follows, || "it has not".to_owned());
        report(&world.phl, 2 * round);
        world.phl.kill();
        let begun = clock::stopwatch();
        let is_alone = || other.ask(&["standby", "show"]).is_ok_and(|one| one["leader_connected"] == false);
        row.holds("the standby sees that the other is gone", wait(GOOD, is_alone), || {
            "it does not".to_owned()
        });
        ask(&other, &["standby", "take-over"]);
        std::mem::swap(&mut world.phl, &mut other);
        row.holds("the standby leads", wait(GOOD, || runs(&world.phl)), || "it does not".to_owned());
        report(&world.phl, 2 * round + 1);
        let came = wait(GOOD, || bulletins(&world.can) == 2 * round + 2);
        row.holds("both bulletins are at CAN", came, || format!("{}", bulletins(&world.can)));
        row.recovered(begun.elapsed());
        row.holds("the killed node starts", other.start().is_ok(), || "it does not".to_owned());
        row.holds("and follows", wait(GOOD, || is_followed(&world.phl)), || "it does not".to_owned());
        for node in [&world.phl, &other, &world.can] {
            let forks = ask(node, &["feeds"])["forks"].clone();
            row.holds("there is no fork", forks == json!([]), || forks.to_string());
        }
        row.tried("the reporting node was killed", &mut crate::ledger::Ledger::default());
    }
}
